//! Notices that are queued when a new list comes into force.

use candor::campaign::{CampaignKind, CampaignStatus, UncertainPolicy, hold};
use candor::id::CampaignId;
use candor::mail::Reply;
use candor::notice::NoticeStatus;
use candor::scope::ScopeMode;
use chrono::TimeDelta;

use super::{
    HEADER, addresses, counted, first_list, freeze_all, notices, plain, progress_of, received, row,
    stands,
};
use crate::house::House;
use crate::people::{Scene, list};

const ALL: &str = "name;ssn";

/// Each kind of change that a list can make to people with queued notices. Person 3 is no longer in the list.
fn second_list() -> String {
    let rows = [
        (0, "p0@example.org", "en", ALL, "hold"),
        (1, "p1@example.org", "en", ALL, "protected"),
        (2, "p2@example.org", "en", ALL, "deceased"),
        (4, "p4@example.org", "en", "name", ""),
        (5, "p5@example.org", "en", "name;ssn;phone", ""),
        (6, "new6@example.org", "en", ALL, ""),
        (7, "", "en", ALL, ""),
        (8, "p8@example.org", "fr", ALL, "minor"),
        (10, "p10@example.org", "en", ALL, ""),
    ];
    HEADER.to_owned() + &rows.map(row).concat() + &plain(9, ALL)
}

fn withheld(reason: &str) -> (String, Option<String>) {
    ("withheld".to_owned(), Some(reason.to_owned()))
}

async fn import_while_paused(house: &House, scene: &Scene, first: CampaignId) {
    hold::pause(
        &house.app,
        candor::actor::Actor::Staff(scene.comms),
        first,
        None,
    )
    .await
    .unwrap();
    scene.import(house, &second_list()).await;
    hold::resume(&house.app, scene.comms, first).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_new_list_reaches_every_notice_that_waits_and_the_next_campaign_offers_who_changed() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(10)).await;
    let first = scene.launched(&house, CampaignKind::Initial).await;
    freeze_all(&house).await;
    import_while_paused(&house, &scene, first).await;
    house.send_all().await;

    let expected = [6, 8, 9].map(|n| match n {
        6 => "new6@example.org".to_owned(),
        n => format!("p{n}@example.org"),
    });
    let got = received(&house);
    assert_eq!(got, addresses(expected.iter().map(String::as_str)));
    let sent = ("sent".to_owned(), None);
    let states = notices(&house, first).await;
    let expected = [
        (0, withheld("legal_hold")),
        (1, withheld("protected_address")),
        (2, withheld("deceased")),
        (3, withheld("not_affected")),
        (4, withheld("changed")),
        (5, withheld("changed")),
        (6, sent.clone()),
        (7, withheld("no_address")),
        (8, sent.clone()),
        (9, sent),
    ];
    assert_eq!(states.into_iter().collect::<Vec<_>>(), expected);
    let (status, _, left_out) = stands(&house, first).await;
    assert_eq!(status, CampaignStatus::Completed);
    assert_eq!((left_out.changed, left_out.no_address), (2, 1));
    assert_eq!(left_out.not_affected, 1, "3 was retracted and told nothing");
    let told = counted(&house, &scene).await;
    let of = (
        told.people,
        told.notified,
        told.in_progress,
        told.needs_letter,
        told.withheld,
    );
    assert_eq!(of, (10, 3, 3, 1, 3), "4, 5 and 10 are to be told");

    let next = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let of = ["p4@example.org", "p5@example.org", "p10@example.org"];
    assert_eq!(received(&house), addresses(of));
    assert_eq!(stands(&house, next).await.2.changed, 0);
    let told = counted(&house, &scene).await;
    assert_eq!((told.notified, told.in_progress), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_batch_that_is_being_sent_is_read_again_when_its_people_change() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(600)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    freeze_all(&house).await;
    let held: String = (300..600)
        .map(|n| row((n, &format!("p{n}@example.org"), "en", ALL, "hold")))
        .collect();
    let version = scene
        .read(&house, ScopeMode::Delta, &(HEADER.to_owned() + &held))
        .await;
    let mut routes = house.routes(4);
    routes[0].rate_per_second = 200;
    let shutdown = candor::shutdown::Shutdown::new();
    candor::worker::start(&house.app, routes, &shutdown);
    while house.mail.sent().len() < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    scene.activate(&house, version).await;
    let before = house.mail.sent().len();
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(std::time::Duration::from_secs(20)).await);

    let number = |letter: &candor::mail::Letter| -> usize {
        let local = letter.recipient.local();
        local["p".len()..].parse().unwrap()
    };
    let late = house.mail.sent()[before..]
        .iter()
        .map(number)
        .filter(|n| *n >= 300)
        .count();
    // Each connection may have had one message at its text. The senders learn of the list at once.
    assert!(
        late <= 60,
        "{late} held people were mailed after the activation"
    );
    assert!(before < 400, "the list came too late to show anything");
    let got = progress_of(&house, campaign).await;
    let held = 300
        - i64::try_from(
            house
                .mail
                .sent()
                .iter()
                .map(number)
                .filter(|n| *n >= 300)
                .count(),
        )
        .unwrap();
    assert!(held > 0);
    assert_eq!(
        (got.of(NoticeStatus::Sent), got.of(NoticeStatus::Withheld)),
        (600 - held, held)
    );
    counted(&house, &scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_deferred_notice_is_withheld_by_its_time_and_one_that_may_have_arrived_stays_uncertain()
 {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(4)).await;
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    scene.launch(&house, draft).await;
    freeze_all(&house).await;
    house
        .mail
        .answer_by(|letter| match letter.recipient.as_str() {
            "p0@example.org" | "p3@example.org" => Some(Reply::heard(451, "4.7.1 later", None)),
            "p1@example.org" | "p2@example.org" => Some(Reply::Unknown {
                why: "lost".to_owned(),
            }),
            _ => None,
        });
    house.send_all().await;
    let got = progress_of(&house, draft).await;
    assert_eq!(got.of(NoticeStatus::Deferred), 4, "{got:?}");
    let rows = [
        (0, "p0@example.org", "en", ALL, "hold"),
        (1, "p1@example.org", "en", ALL, "hold"),
        (3, "new3@example.org", "en", ALL, ""),
    ];
    let list = HEADER.to_owned() + &rows.map(row).concat();
    scene.take(&house, ScopeMode::Delta, &list).await;
    house.mail.answer_by(|_| None);
    house.mail.take_sent();
    for _ in 0..4 {
        house.app.clock.advance(TimeDelta::hours(3));
        house.send_all().await;
    }
    let of = ["new3@example.org", "p2@example.org"];
    assert_eq!(received(&house), addresses(of));
    let state = |status: &str| (status.to_owned(), None);
    let expected = [
        (0, withheld("legal_hold")),
        (1, state("uncertain")),
        (2, state("sent")),
        (3, state("sent")),
    ];
    let states = notices(&house, draft).await;
    assert_eq!(states.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(stands(&house, draft).await.0, CampaignStatus::Completed);
    let told = counted(&house, &scene).await;
    assert_eq!((told.notified, told.withheld), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_a_campaign_names_the_people_it_left_out_and_where_to_draft_the_next() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, ALL)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    freeze_all(&house).await;
    let changed = list(3, ALL).replace("1,en,US-WA,name;ssn", "1,en,US-WA,name");
    scene
        .import(&house, &changed.replace("person2@example.org", ""))
        .await;
    house.send_all().await;

    let site = crate::client::Site::open(&house.app).await;
    let comms = site
        .signed_in("Comms", &[candor::staff::StaffRole::Comms])
        .await;
    let program = site.program(&[candor::staff::StaffRole::Comms]).await;
    tokio::task::spawn_blocking(move || {
        let page = comms.get(&format!("/console/campaigns/{campaign}"));
        for words in [
            "<b>1</b></a> left out: changed since approval",
            "/console/campaigns?incident=sundmere#new",
            "<b>1</b></a> left out: no e-mail address any more",
        ] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        let page = comms.get(&format!(
            "/console/campaigns/{campaign}/notices?status=withheld"
        ));
        for words in [
            "changed since approval: still to be told, by a later campaign or a letter",
            "no e-mail address any more",
        ] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        let seen = program.get(&format!("/campaigns/{campaign}")).json();
        assert_eq!(
            seen["left_out"],
            serde_json::json!({"changed": 1, "no_address": 1, "not_affected": 0, "already_told": 0})
        );
    })
    .await
    .unwrap();
}
