//! P3, nothing lost: senders are killed in the middle of a campaign, and a real server counts the messages.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use candor::campaign::CampaignKind;

use crate::house::House;
use crate::mail::sink::Sink;
use crate::mail::{Scratch, did_not_run};
use crate::operations::processes::until_completed;
use crate::people::{MESSAGE_OF, Scene, list};
use crate::program::Program;

const PEOPLE: usize = 4_000;
const CONNECTIONS: usize = 8;
/// These senders are killed, one after the other, each while it sends.
const VICTIMS: [&str; 3] = ["first", "second", "third"];

/// Waits until a relay has accepted a hundred notices of this sender: all its connections are busy then.
async fn until_busy(house: &House, sender: &str) {
    let sent =
        format!("select count(*) from outcome where relay = '{sender}' and result = 'accepted'");
    for _ in 0..6_000 {
        if house.number(&sent).await >= 100 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{sender} has not sent a hundred notices after a minute");
}

/// How often each notice arrived with its last boundary, by the id in its Message-ID.
fn whole(dumps: &Path) -> BTreeMap<String, i64> {
    let mut times = BTreeMap::new();
    for entry in std::fs::read_dir(dumps).unwrap() {
        let dump = std::fs::read(entry.unwrap().path()).unwrap();
        let dump = String::from_utf8_lossy(&dump);
        let id = dump
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: <"));
        if let (Some(id), true) = (id, dump.trim_end().ends_with("--")) {
            let id = id.split('@').next().unwrap().to_owned();
            *times.entry(id).or_default() += 1;
        }
    }
    times
}

/// How often each notice was marked uncertain.
async fn marked(house: &House) -> BTreeMap<String, i64> {
    let marked = format!(
        "select {MESSAGE_OF}, count(*) from outcome o
            join notice n on (n.bucket, n.id) = (o.bucket, o.notice_id)
         where o.result = 'uncertain' group by 1"
    );
    let rows = house.raw().await.query(&marked, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_killed_sender_loses_no_person_and_every_double_was_marked_uncertain() {
    let dumps = Scratch::new();
    let Some(sink) = Sink::start(Some(dumps.path())) else {
        let name = "p3_a_killed_sender_loses_no_person_and_every_double_was_marked_uncertain";
        return did_not_run(name, "smtp-sink");
    };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    let relay = format!("smtp://127.0.0.1:{}", sink.port);
    let named = |name: &str| {
        Program::of(&house)
            .with_relay(name, &relay, CONNECTIONS)
            .with("CANDOR__MAIL__LEASE_SECONDS", "2")
    };
    scene.launched(&house, CampaignKind::Initial).await;
    for name in VICTIMS {
        let program = named(name);
        let victim = program.start("work");
        until_busy(&house, name).await;
        victim.kill();
    }
    // Only a new sender is left to finish it.
    let program = named("last");
    let last = program.start("work");
    until_completed(&house).await;
    assert_eq!(last.terminate().await.code(), Some(0));

    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(
        house.number(sent).await,
        PEOPLE as i64,
        "everybody, in one final state"
    );
    let times = whole(dumps.path());
    assert_eq!(
        times.len(),
        PEOPLE,
        "who is said to be sent a notice received it whole"
    );
    let marked = marked(&house).await;
    assert!(
        !marked.is_empty(),
        "no kill met an open transaction: nothing was shown"
    );
    for (id, times) in times {
        let doubles = marked.get(&id).copied().unwrap_or(0);
        assert!(
            times - 1 <= doubles,
            "{id} arrived {times} times, marked {doubles}"
        );
    }
    let most = i64::try_from(CONNECTIONS * VICTIMS.len()).unwrap();
    assert!(marked.values().sum::<i64>() <= most, "{marked:?}");
}
