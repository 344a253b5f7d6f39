//! The end of a campaign: the only recipients left have servers that defer or drop the connection.

use std::collections::BTreeMap;
use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::mail::{Letter, Reply};
use candor::notice::account::recount;
use candor::shutdown::Shutdown;
use candor::worker;
use chrono::TimeDelta;

use crate::house::House;
use crate::people::{Scene, list};

const PEOPLE: usize = 100;

/// Whether a message is for one of the first `n` people.
fn among_first(n: usize, letter: &Letter) -> bool {
    let number = letter.recipient.as_str();
    let number = number
        .trim_start_matches("person")
        .split('@')
        .next()
        .unwrap();
    number.parse::<usize>().unwrap() < n
}

async fn states(house: &House) -> BTreeMap<String, i64> {
    let sql = "select status::text, count(*) from notice group by 1";
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Every counter equals a recount, that of attempts too.
async fn books_hold(house: &House, scene: &Scene) {
    let differ = recount::books(&house.app, scene.incident).await.unwrap();
    assert_eq!(differ, []);
}

/// A campaign in which a dead sender began every first attempt.
async fn begun_by_another(house: &House, scene: &Scene) {
    scene.launched(house, CampaignKind::Initial).await;
    house.freeze_all().await;
    house
        .sql(
            "insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, at)
            select bucket, id, 1, false, campaign_id, 'in_flight', 'another', created_at from notice",
        )
        .await;
}

/// Sends with the same senders for four days, five hours at a time; returns whether the campaign completed.
async fn four_days(house: &House) -> bool {
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    for _ in 0..20 {
        house.until_idle().await;
        house.app.clock.advance(TimeDelta::hours(5));
    }
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let completed = "select count(*) from campaign where status = 'completed'";
    house.number(completed).await == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_deferred_for_days_do_not_pause_a_campaign_at_its_end() {
    let house = House::with("[mail]\nbatch = 50\n[breaker]\nwindow = 40\nleast = 20").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    house.mail.answer_by(|letter| {
        among_first(8, letter).then(|| Reply::heard(450, "4.2.1 The mailbox is busy", None))
    });
    scene.launched(&house, CampaignKind::Initial).await;
    assert!(four_days(&house).await);
    let expected = [("expired".to_owned(), 8), ("sent".to_owned(), 92)];
    assert_eq!(states(&house).await, BTreeMap::from(expected));
    let paused = "select count(*) from audit_event where action = 'campaign.pause'";
    assert_eq!(house.number(paused).await, 0);
    books_hold(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_drops_every_connection_receives_it_four_times_at_most() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    house.mail.answer_by(|letter| {
        among_first(1, letter).then(|| Reply::Unknown {
            why: "the connection was lost after the final dot".to_owned(),
        })
    });
    scene.launched(&house, CampaignKind::Initial).await;
    assert!(four_days(&house).await);
    let expected = [("sent".to_owned(), 99), ("uncertain".to_owned(), 1)];
    assert_eq!(states(&house).await, BTreeMap::from(expected));
    let doubts = "select count(*) from outcome where result = 'uncertain' and settled";
    assert_eq!(house.number(doubts).await, 4);
    books_hold(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_sender_left_uncertain_is_sent_again_though_the_next_goes_too() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    begun_by_another(&house, &scene).await;
    // The next sender marks them, and dies before its relay accepts any.
    house.mail.set_away(true);
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    let marked = "select count(*) from outcome where result = 'uncertain' and settled";
    while house.number(marked).await < PEOPLE as i64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(house.mail.sent().len(), 0);

    house.mail.set_away(false);
    house.send_all().await;
    let expected = [("sent".to_owned(), PEOPLE as i64)];
    assert_eq!(states(&house).await, BTreeMap::from(expected));
    assert_eq!(house.mail.sent().len(), PEOPLE);
    books_hold(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_campaign_still_says_what_may_have_arrived() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    house.mail.answer_by(|letter| match among_first(1, letter) {
        true => Some(Reply::Unknown {
            why: "the connection was lost after the final dot".to_owned(),
        }),
        false => among_first(3, letter).then(|| Reply::heard(450, "4.2.1 busy", None)),
    });
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    candor::campaign::hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    let expected = [("cancelled", 2), ("sent", 97), ("uncertain", 1)];
    let expected = expected.map(|(status, n)| (status.to_owned(), n));
    assert_eq!(states(&house).await, BTreeMap::from(expected));
    books_hold(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_written_by_a_sender_that_seemed_dead_is_kept() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    begun_by_another(&house, &scene).await;
    // Each dies at the moment at which the next sender records that it was lost.
    house
        .sql(
            "create function ends() returns trigger language plpgsql as $$ begin
                insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, at)
                values (new.bucket, new.notice_id, new.attempt, true, new.campaign_id, 'accepted', 'another', 250,
                    new.at)
                on conflict do nothing;
                return new;
            end $$;
            create trigger ends before insert on outcome for each row
                when (new.result = 'uncertain') execute function ends()",
        )
        .await;
    house.send_all().await;
    assert_eq!(
        states(&house).await,
        BTreeMap::from([("sent".to_owned(), PEOPLE as i64)])
    );
    assert_eq!(house.mail.sent().len(), 0, "they have it");
    books_hold(&house, &scene).await;
}
