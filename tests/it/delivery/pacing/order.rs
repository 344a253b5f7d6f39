//! The order in which campaigns and providers are served.

use super::*;

/// The campaign of each message, in the order in which they left.
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

/// The part of a notice's Message-ID before the @, of a row that begins with campaign and person.
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
    // The people of "there" were told too much; those of "here" nothing so far.
    scene.import(&house, &(here + &there("name"))).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.app.clock.advance(TimeDelta::seconds(1));
    scene.launched(&house, CampaignKind::Correction).await;
    // Both are frozen before any message leaves, so that the senders alone choose the order.
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
async fn two_first_notices_share_the_connections_evenly() {
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
        "{half} of the first 400 messages were of the first campaign"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_over_a_providers_limit_are_parked_and_others_continue() {
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
    assert_eq!(others, 20, "no notice waited behind them");
    assert!(slow < 20, "{slow} went to the slow provider at once");
    // A pause takes back the parked notices, long before their time.
    hold::pause(&house.app, Actor::Staff(scene.comms), campaign, None)
        .await
        .unwrap();
    house.until( "given back", "select count(*) from campaign where not exists (select from batch where status = 'leased')").await;
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
