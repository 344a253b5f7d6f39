//! A bounce counts against the address that bounced, not against a newer address.

use candor::campaign::{CampaignKind, CampaignStatus};
use candor::scope::ScopeMode;

use super::server::Server;
use super::{HEADER, addresses, counted, freeze_all, notices, plain, received, row, stands};
use crate::house::House;
use crate::people::Scene;
use crate::sending::{Sending, local};

const ALL: &str = "name;ssn";

/// Person 0 at this address, and a second person.
fn list(first: &str) -> String {
    HEADER.to_owned() + &row((0, first, "en", ALL, "")) + &plain(1, ALL)
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_a_former_address_that_bounces_later_leaves_the_new_one_to_be_tried() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let server = Server::start().await;
    scene.import(&house, &list("gone0@example.org")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    freeze_all(&house).await;
    let sending = Sending::start(&house, vec![local(server.port, 2)]);
    server.asked.acquire().await.unwrap().forget();
    // The message is on a connection. The list gives another address before the relay answers.
    scene
        .take(&house, ScopeMode::Delta, &list("new0@example.org"))
        .await;
    server.released.add_permits(1);
    house.until_idle().await;
    sending.end().await;

    assert_eq!(notices(&house, campaign).await[&0].0, "bounced");
    let told = counted(&house, &scene).await;
    let of = (told.notified, told.in_progress, told.needs_letter);
    assert_eq!(of, (1, 1, 0), "the new address has not refused anything");
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    assert_eq!(received(&house), addresses(["new0@example.org"]));
    assert_eq!(counted(&house, &scene).await.notified, 2);
}

/// The state that a sender leaves when it dies after the answer and before it settles: a leased batch with an expired
/// lease, and an attempt that was refused.
async fn died_with_a_bounce(house: &House) {
    house
        .sql(
            "update batch set status = 'leased', fence = 1, leased_by = 'dead', lease_until = now() - interval '1 s'",
        )
        .await;
    for settled in ["false", "true"] {
        let result = if settled == "true" {
            "refused"
        } else {
            "in_flight"
        };
        house
            .sql(&format!(
                "insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, at)
                 select n.bucket, n.id, 1, {settled}, n.campaign_id, '{result}', 'memory', '{}'
                 from notice n join person p on p.bucket = n.bucket and p.id = n.person_id
                 order by p.email_key limit 1",
                house.app.now().to_rfc3339()
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_a_bounce_that_a_dead_sender_left_counts_for_the_address_unless_that_may_be_another() {
    for changes in [false, true] {
        let house = House::new().await;
        let scene = Scene::new(&house).await;
        let rows = [(0, "one@example.org", "en", ALL, "")].map(row).concat();
        scene.import(&house, &(HEADER.to_owned() + &rows)).await;
        let campaign = scene.launched(&house, CampaignKind::Initial).await;
        freeze_all(&house).await;
        died_with_a_bounce(&house).await;
        if changes {
            let list = HEADER.to_owned() + &rows.replace("one@", "new@");
            scene.take(&house, ScopeMode::Delta, &list).await;
        }
        house.send_all().await;
        assert_eq!(received(&house).len(), 0);
        assert_eq!(notices(&house, campaign).await[&0].0, "bounced");
        assert_eq!(stands(&house, campaign).await.0, CampaignStatus::Completed);
        let told = counted(&house, &scene).await;
        let expected = if changes { (1, 0) } else { (0, 1) };
        assert_eq!((told.in_progress, told.needs_letter), expected);
        if changes {
            scene.launched(&house, CampaignKind::Initial).await;
            house.send_all().await;
            assert_eq!(received(&house), addresses(["new@example.org"]));
            assert_eq!(counted(&house, &scene).await.notified, 1);
        }
    }
}
