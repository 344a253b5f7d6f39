//! Hundreds of recipients with mail servers that answer oddly: all other recipients are sent to as fast as without
//! them.

mod held;
mod server;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use chrono::TimeDelta;

use crate::house::House;
use crate::people::Scene;
use crate::sending::{NO_BREAKER, Sending, csv, local};
use server::{KINDS, Kind, Server};

/// The number of people in all, and of each odd kind.
fn list(all: usize, kinds: &[Kind], each: usize) -> String {
    let odd = kinds
        .iter()
        .flat_map(|kind| (0..each).map(move |n| format!("{}-{n}@mail.example", kind.name)));
    let odd: Vec<String> = odd.collect();
    let healthy = (odd.len()..all).map(|n| format!("well-{n}@mail.example"));
    csv(odd.into_iter().chain(healthy))
}

/// The results of a run.
struct Run {
    /// When the last healthy person was sent to.
    healthy_in: Duration,
    /// State, code and words of each address's last answer.
    ends: BTreeMap<String, (String, Option<i16>, String)>,
    server: Server,
}

async fn run(all: usize, kinds: &[Kind], each: usize) -> Run {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(all, kinds, each)).await;
    let server = Server::start().await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.freeze_all().await;
    let (begun, healthy) = (Instant::now(), all - kinds.len() * each);
    let sending = Sending::start(&house, vec![local(server.port, 8)]);
    server.until_accepted("well", healthy).await;
    let healthy_in = begun.elapsed();
    house.until_idle().await;
    // Deferred notices are due later; the last hours bring those deferred most often to their end.
    for minutes in [3, 5, 16, 61, 121, 300, 300, 300] {
        house.app.clock.advance(TimeDelta::minutes(minutes));
        house.until_idle().await;
    }
    sending.end().await;
    let ends = ends(&house, &scene).await;
    Run {
        healthy_in,
        ends,
        server,
    }
}

/// The state of each person's notice. Addresses are sealed: references are in the order of the list.
async fn ends(house: &House, scene: &Scene) -> BTreeMap<String, (String, Option<i16>, String)> {
    let rows = house
        .raw()
        .await
        .query(
            "select n.id, n.status::text, o.code, coalesce(o.reply, '') from notice n
             left join lateral (select * from outcome where notice_id = n.id and settled
                order by attempt desc limit 1) o on true",
            &[],
        )
        .await
        .unwrap();
    let mut ends = BTreeMap::new();
    let addresses = server::addresses(house, scene).await;
    for row in rows {
        let id: uuid::Uuid = row.get(0);
        ends.insert(addresses[&id].clone(), (row.get(1), row.get(2), row.get(3)));
    }
    ends
}

fn check(run: &Run, kinds: &[Kind], each: usize) {
    for kind in kinds {
        for n in 0..each {
            let address = format!("{}-{n}@mail.example", kind.name);
            let (status, code, words) = &run.ends[&address];
            assert_eq!(status, kind.ends, "{address}: {code:?} {words}");
            assert_eq!(*code, kind.code, "{address}: {words}");
            assert!(words.starts_with(kind.words), "{address}: {words}");
        }
    }
    let wrong: Vec<_> = run
        .ends
        .iter()
        .filter(|(address, (status, ..))| address.starts_with("well") && status != "sent")
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for (address, times) in run.server.accepted() {
        assert_eq!(times, 1, "{address} was sent to {times} times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_to_some_recipients_delay_no_others() {
    let full = std::env::var("CANDOR_QUIRKS").is_ok_and(|size| size == "full");
    let usual = run(300, &[], 0).await;
    // All at once: most of the list is odd, and all messages go through one relay.
    let each = 300 / KINDS.len() / 2;
    let mixed = run(300, KINDS, each).await;
    check(&mixed, KINDS, each);
    let most = usual.healthy_in * 2 + Duration::from_secs(2);
    println!(
        "healthy people sent to in {:?} without odd recipients; with {each} each of {} kinds, {:?}",
        usual.healthy_in,
        KINDS.len(),
        mixed.healthy_in
    );
    assert!(mixed.healthy_in <= most, "{:?}", mixed.healthy_in);
    if !full {
        return;
    }
    for kind in KINDS {
        let kinds = std::slice::from_ref(kind);
        let run = run(300, kinds, 15).await;
        check(&run, kinds, 15);
        println!(
            "{}: healthy in {:?} (without: {:?})",
            kind.name, run.healthy_in, usual.healthy_in
        );
        assert!(
            run.healthy_in <= most,
            "{}: {:?}",
            kind.name,
            run.healthy_in
        );
    }
}
