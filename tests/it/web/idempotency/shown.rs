//! Figures that a page showed before Postgres died. Counters are committed without waiting for the disk: a figure may
//! fall by the results that were settled last. But a figure was never shown before the relay's answer was on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use candor::campaign::{CampaignKind, store};
use candor::id::CampaignId;
use candor::notice::NoticeStatus;
use candor::notice::account::recount;

use crate::house::House;
use crate::people::{Scene, list};
use crate::promises::storm::Postgres;
use crate::sending::Sending;

/// `CANDOR_CRASHES=50` makes 50 crashes of a larger campaign.
fn crashes() -> usize {
    let named = std::env::var("CANDOR_CRASHES").ok();
    named.map_or(2, |count| count.parse().unwrap())
}

/// The figure of the pages; `None` while the database is away.
async fn shown(house: &House, campaign: CampaignId) -> Option<i64> {
    let mut conn = house.app.db.get().await.ok()?;
    let progress = store::progress(&mut conn, campaign).await.ok()?;
    Some(progress.of(NoticeStatus::Sent))
}

/// Reads the figure repeatedly until the database is away; returns the highest value.
async fn watch(house: &House, campaign: CampaignId, most: &AtomicI64) {
    let mut seen = false;
    loop {
        match shown(house, campaign).await {
            Some(sent) => {
                seen = true;
                most.fetch_max(sent, Ordering::Relaxed);
            }
            None if seen => return,
            // A connection from before the last crash.
            None => {}
        }
    }
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done().await {
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_may_fall_when_postgres_dies_but_no_answer_is_lost_that_it_counted() {
    let people = 1_500 * (crashes() + 1);
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "[mail]\nlease_seconds = 5").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(people, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let mut fell = Vec::new();
    for crash in 1..=crashes() {
        let sending = Sending::start(&house, house.routes(8));
        let most = Arc::new(AtomicI64::new(0));
        let goal = i64::try_from(1_000 * crash).unwrap();
        tokio::join!(watch(&house, campaign, &most), async {
            until("sending", async || most.load(Ordering::Relaxed) >= goal).await;
            postgres.die().await;
        });
        // No process writes any more before the test reads what is on disk.
        sending.drop_all().await;
        postgres.start_again().await;
        let most = most.load(Ordering::Relaxed);
        let answered =
            "select count(distinct notice_id) from outcome where settled and result = 'accepted'";
        let answered = house.number(answered).await;
        let counted =
            "select coalesce(sum(n), 0)::bigint from campaign_count where status = 'sent'";
        let counted = house.number(counted).await;
        assert!(
            answered >= most,
            "{most} were shown as sent, and {answered} answers are on disk"
        );
        assert!(
            counted <= answered,
            "{counted} are counted, and {answered} answers are on disk"
        );
        fell.push((most, counted, answered));
    }
    println!("shown before the crash, counted after it, answers on disk: {fell:?}");
    let sending = Sending::start(&house, house.routes(8));
    let done = "select count(*) from campaign where status = 'completed'";
    until("the end", async || house.number(done).await == 1).await;
    sending.end().await;
    let mut conn = loop {
        let mut conn = house.app.db.get().await.unwrap();
        if recount(&mut conn, scene.incident).await.is_ok() {
            break conn;
        }
    };
    let all = recount(&mut conn, scene.incident).await.unwrap();
    assert_eq!((all.people, all.unexplained), (people as i64, 0));
    assert_eq!(all.notified, people as i64);
    drop(conn);
    assert_eq!(shown(&house, campaign).await, Some(people as i64));
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
