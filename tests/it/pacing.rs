//! What the program decides by itself about a campaign under way: the first slice, the breaker, the
//! helpline's load, whose turn it is.

use std::collections::BTreeMap;
use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::pacing::CanaryState;
use candor::campaign::store::{self, Beat, Pace};
use candor::campaign::{CampaignKind, CampaignStatus, hold, review};
use candor::id::{CampaignId, PersonId, SenderId};
use candor::mail::memory::MemoryRelay;
use candor::mail::{Relay, Reply};
use candor::notice::NoticeStatus;
use candor::notice::letter::message_key;
use candor::person::find::{Clue, find};
use candor::seal::to_hex;
use candor::shutdown::Shutdown;
use candor::ticket::intake;
use candor::worker::{self, Route};
use chrono::TimeDelta;

use crate::house::House;
use crate::people::{Scene, list};

async fn pace(house: &House, id: CampaignId) -> Pace {
    let mut conn = house.app.db.get().await.unwrap();
    store::pace(&mut conn, id).await.unwrap().unwrap()
}

async fn stands(house: &House, id: CampaignId) -> (CampaignStatus, Option<String>) {
    let mut conn = house.app.db.get().await.unwrap();
    let campaign = store::find(&mut conn, id).await.unwrap();
    (campaign.status, campaign.status_reason)
}

/// Waits for a state of the database.
async fn until(house: &House, what: &str, sql: &str) {
    for _ in 0..2_000 {
        if house.number(sql).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within forty seconds: {what}");
}

async fn deeds(house: &House, deed: &str) -> i64 {
    house
        .number(&format!(
            "select count(*) from audit_event where action = '{deed}'"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_follows_a_first_slice_that_ended_well() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Running);
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 1_200);
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Passed);
    assert_eq!(deeds(&house, "campaign.canary").await, 1);
    // One per cent went first: nobody else was sent before the last of them.
    let first = "select count(*) from notice n join batch b on b.campaign_id = n.campaign_id
        and b.bucket = n.bucket and n.batch_no = b.batch_no where b.canary";
    assert_eq!(house.number(first).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_slice_that_bounces_pauses_the_campaign_and_nobody_else_is_written_to() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    house
        .mail
        .answer_by(|_| Some(Reply::heard(550, "5.1.1 no such user", None)));
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    until(
        &house,
        "paused",
        "select count(*) from campaign where status = 'paused'",
    )
    .await;
    let (status, reason) = stands(&house, campaign).await;
    assert_eq!(status, CampaignStatus::Paused);
    assert!(
        reason
            .as_deref()
            .is_some_and(|why| why.contains("12 of the first 12 bounced")),
        "{reason:?}"
    );
    assert_eq!(
        house
            .number("select count(*) from outcome where settled")
            .await,
        12
    );

    // Somebody has looked, mended it, and lets it go on.
    house.mail.answer_by(|_| None);
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(house.mail.sent().len(), 1_188);
    assert_eq!(
        stands(&house, campaign).await,
        (CampaignStatus::Completed, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pauses_and_resumes_before_the_first_slice_was_tried_does_not_pass_it() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, campaign, Some("no reason"))
        .await
        .unwrap();
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bounces_pause_a_campaign_long_after_its_first_slice() {
    let house = House::with("[mail]\nbatch = 50\n[breaker]\nwindow = 200\nleast = 100").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(900, "name;ssn")).await;
    let mut seen = 0;
    house.mail.answer_by(move |_| {
        seen += 1;
        (seen > 300).then(|| Reply::heard(550, "5.1.1 no such user", None))
    });
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    until(
        &house,
        "paused",
        "select count(*) from campaign where status = 'paused'",
    )
    .await;
    let (_, reason) = stands(&house, campaign).await;
    assert_eq!(
        reason.as_deref(),
        Some("21 of the last 200 bounced (relay memory)")
    );
    assert_eq!(
        (
            deeds(&house, "campaign.warn").await,
            deeds(&house, "campaign.pause").await
        ),
        (1, 1)
    );
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let bounced = "select count(*) from notice where status = 'bounced'";
    let bounced = house.number(bounced).await;
    // What was on its way while the pause was decided and seen: a few a connection.
    assert!((21..300).contains(&bounced), "{bounced}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_helpline_slows_then_holds_a_campaign_and_says_why() {
    let settings = "[pacing]\nslow_at_waiting = 1\nhold_at_waiting = 3";
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(5, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let ask = async |n: usize| {
        let clue = Clue::Reference(format!("R-0000{n}"));
        let person = find(&house.app, scene.incident, &clue)
            .await
            .unwrap()
            .remove(0)
            .id;
        intake::ask(&house.app, scene.incident, person, "", "What was taken?")
            .await
            .unwrap();
        review::all(&house.app).await.unwrap();
        let pace = pace(&house, campaign).await;
        (pace.percent, pace.reason.unwrap_or_default())
    };
    assert_eq!(ask(0).await.0, 100);
    let (percent, why) = ask(1).await;
    assert_eq!(percent, 50);
    assert!(
        why.contains("more than one person waits on the helpline"),
        "{why}"
    );
    assert_eq!(ask(2).await.0, 0);
    assert_eq!(
        deeds(&house, "campaign.pace").await,
        2,
        "each decision once"
    );
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    let frozen = "select count(*) from campaign where not exists (select from campaign_freeze where not done)";
    until(&house, "frozen", frozen).await;
    assert_eq!(
        house.number("select count(*) from outcome").await,
        0,
        "held"
    );

    house
        .sql(
            "update ticket set status = 'open', assignee = (select id from staff limit 1),
                lease_until = now() + interval '1 day'",
        )
        .await;
    review::all(&house.app).await.unwrap();
    assert_eq!(pace(&house, campaign).await.percent, 100);
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(house.number(sent).await, 5);
}

/// To which campaign each letter belonged, in the order in which they left.
async fn order(house: &House) -> Vec<CampaignKind> {
    let rows = house
        .raw()
        .await
        .query(
            "select n.campaign_id, n.person_id, c.kind::text from notice n join campaign c on c.id = n.campaign_id",
            &[],
        )
        .await
        .unwrap();
    let kinds: BTreeMap<String, CampaignKind> = rows
        .iter()
        .map(|row| {
            let kind: String = row.get(2);
            (message_of(row), kind.parse().unwrap())
        })
        .collect();
    let sent = house.mail.sent();
    sent.iter()
        .map(|letter| kinds[letter.message_id.split('@').next().unwrap()])
        .collect()
}

/// What stands before the @ in the Message-ID of a notice, of a row that begins with campaign and person.
fn message_of(row: &tokio_postgres::Row) -> String {
    let campaign = CampaignId::from_uuid(row.get(0));
    to_hex(&message_key(campaign, PersonId::from_uuid(row.get(1))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_overtakes_and_campaigns_of_a_kind_take_turns() {
    let house = House::with("[mail]\nbatch = 20").await;
    let scene = Scene::new(&house).await;
    let there = |elements: &str| {
        let people = list(600, elements)
            .replace("US-WA", "DE")
            .replace("R-", "D-");
        people.split_once('\n').unwrap().1.to_owned()
    };
    let here = list(600, "name;ssn");
    scene
        .import(&house, &(here.clone() + &there("name;ssn")))
        .await;
    let audience = serde_json::json!({ "jurisdictions": ["DE"] });
    scene
        .launched_to(&house, CampaignKind::Initial, audience)
        .await;
    house.send_all().await;
    house.mail.take_sent();
    // Those of there were told too much; those of here nothing so far.
    scene.import(&house, &(here + &there("name"))).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.app.clock.advance(TimeDelta::seconds(1));
    scene.launched(&house, CampaignKind::Correction).await;
    // Both are frozen before anything leaves, so that the order is the senders' choice alone.
    house.freeze_all().await;
    house.send_all().await;
    let order = order(&house).await;
    assert_eq!(order.len(), 1_200);
    let last = order
        .iter()
        .rposition(|kind| *kind == CampaignKind::Correction)
        .unwrap();
    // First notices left only while a batch of corrections was being loaded: on a busy machine some batches more.
    assert!(last < 600 + 6 * 20, "the last correction was number {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_notices_share_the_lines_evenly() {
    let house = House::with("[mail]\nbatch = 20").await;
    let scene = Scene::new(&house).await;
    let there = list(400, "name;ssn")
        .replace("US-WA", "DE")
        .replace("R-", "D-");
    let (_, there) = there.split_once('\n').unwrap();
    scene.import(&house, &(list(400, "name;ssn") + there)).await;
    let to = |place: &str| serde_json::json!({ "jurisdictions": [place] });
    let kind = CampaignKind::Initial;
    let one = scene.launched_to(&house, kind, to("US")).await;
    scene.launched_to(&house, kind, to("DE")).await;
    house.freeze_all().await;
    house.send_all().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'sent'")
            .await,
        800
    );
    let sent = house.mail.sent();
    let rows = house
        .raw()
        .await
        .query("select campaign_id, person_id from notice", &[])
        .await
        .unwrap();
    let of: BTreeMap<String, uuid::Uuid> = rows
        .iter()
        .map(|row| (message_of(row), row.get(0)))
        .collect();
    let half = sent
        .iter()
        .take(400)
        .filter(|letter| of[letter.message_id.split('@').next().unwrap()] == one.uuid());
    let half = half.count();
    assert!(
        (150..=250).contains(&half),
        "{half} of the first 400 letters were of the first campaign"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_over_a_providers_limit_steps_aside_and_others_go_on() {
    let settings = "[providers.slow]\nper_second = 1\ndomains = [\"slow.example\"]";
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for n in 0..40 {
        let domain = if n % 2 == 0 {
            "slow.example"
        } else {
            "quick.example"
        };
        csv.push_str(&format!(
            "R-{n:05},p{n}@{domain},Person {n},en,US-WA,name\n"
        ));
    }
    scene.import(&house, &csv).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.freeze_all().await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    let quick = || {
        let sent = house.mail.sent();
        let quick = sent
            .iter()
            .filter(|l| l.recipient.domain() == "quick.example")
            .count();
        (quick, sent.len() - quick)
    };
    for _ in 0..1_000 {
        if quick().0 == 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (others, slow) = quick();
    assert_eq!(others, 20, "nobody waited behind them");
    assert!(slow < 20, "{slow} went to the slow provider at once");
    // A pause takes back those who stepped aside, long before their moment.
    hold::pause(&house.app, Actor::Staff(scene.comms), campaign, None)
        .await
        .unwrap();
    until(&house, "given back", "select count(*) from campaign where not exists (select from batch where status = 'leased')").await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let progress = store::progress(&mut house.app.db.get().await.unwrap(), campaign)
        .await
        .unwrap();
    assert_eq!(
        progress.of(NoticeStatus::Sent) + progress.of(NoticeStatus::Queued),
        40
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_relay_serves_only_in_need_and_the_one_that_is_away_costs_nothing() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(40, "name;ssn")).await;
    let spare = MemoryRelay::new("spare");
    let routes = || {
        let standby = Route {
            relay: Relay::Memory(spare.clone()),
            connections: 2,
            rate_per_second: 0,
            standby: true,
        };
        [house.routes(2), vec![standby]].concat()
    };
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_through(routes()).await;
    assert_eq!((house.mail.sent().len(), spare.sent().len()), (40, 0));

    house.mail.set_away(true);
    let told = serde_json::json!({ "who": "told" });
    scene
        .launched_to(&house, CampaignKind::Correction, told)
        .await;
    house.send_through(routes()).await;
    assert_eq!(
        (house.mail.sent().len(), spare.sent().len()),
        (40, 40),
        "the spare took them all"
    );
    let tries = "select count(*) from notice n join campaign c on c.id = n.campaign_id
        where c.kind = 'correction' and n.attempts <> 1";
    assert_eq!(house.number(tries).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_at_work_are_known_until_they_leave_or_fall_silent() {
    let house = House::new().await;
    let [one, two] = [(); 2].map(|()| SenderId::new(house.app.now()));
    let campaign = CampaignId::new(house.app.now());
    let (idle, busy) = (
        Beat::default(),
        Beat {
            campaigns: vec![campaign],
            ..Beat::default()
        },
    );
    let others = async |me, says: &Beat| {
        let mut conn = house.app.db.get().await.unwrap();
        store::beat(&mut conn, me, "a.example", says).await.unwrap()
    };
    let nobody: [Vec<CampaignId>; 0] = [];
    assert_eq!(others(one, &busy).await, nobody);
    assert_eq!(others(two, &idle).await, [[campaign]]);
    assert_eq!(others(one, &busy).await, [[]]);
    let silent = |who: SenderId| {
        let id = who.uuid();
        format!("update sender set seen_at = now() - interval '6 seconds' where id = '{id}'")
    };
    house.sql(&silent(two)).await;
    assert_eq!(others(one, &busy).await, nobody);
    // Stopped in a debugger, or cut off: back again, it counts again.
    assert_eq!(others(two, &busy).await, [[campaign]]);
    assert_eq!(others(one, &busy).await, [[campaign]]);
    let mut conn = house.app.db.get().await.unwrap();
    store::leave(&mut conn, two).await.unwrap();
    assert_eq!(others(one, &busy).await, nobody);
    house.sql(&silent(one)).await;
    store::leave(&mut conn, two).await.unwrap();
    assert_eq!(house.number("select count(*) from sender").await, 0);
}
