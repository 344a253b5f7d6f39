//! P3, nothing lost: senders are killed in the middle of a campaign, and a real server counts.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use candor::campaign::CampaignKind;

use crate::house::House;
use crate::mail::sink::{Sink, received};
use crate::mail::{Scratch, did_not_run};
use crate::people::{Scene, list};
use crate::processes::until_completed;
use crate::program::Program;

const PEOPLE: usize = 4_000;
const CONNECTIONS: usize = 8;
/// A sender dies each time when so many messages have arrived.
const KILLS: [usize; 3] = [300, 1_300, 2_300];

async fn until_received(dumps: &Path, messages: usize) {
    for _ in 0..6_000 {
        if std::fs::read_dir(dumps).unwrap().count() >= messages {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{messages} messages have not arrived after a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_killed_sender_loses_nobody_and_every_double_was_marked_uncertain() {
    let dumps = Scratch::new();
    let Some(sink) = Sink::start(Some(dumps.path())) else {
        let name = "p3_a_killed_sender_loses_nobody_and_every_double_was_marked_uncertain";
        return did_not_run(name, "smtp-sink");
    };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    let relay = format!("smtp://127.0.0.1:{}", sink.port);
    let program = Program::of(&house)
        .with_relay(&relay, CONNECTIONS)
        .with("CANDOR__MAIL__BATCH", "200")
        .with("CANDOR__MAIL__LEASE_SECONDS", "2");
    scene.launched(&house, CampaignKind::Initial).await;
    let survivor = program.start("work");
    for arrived in KILLS {
        let victim = program.start("work");
        until_received(dumps.path(), arrived).await;
        victim.kill();
    }
    // The last one dies too: only a sender that was never there before is left to end it.
    survivor.kill();
    let last = program.start("work");
    until_completed(&house).await;
    assert_eq!(last.terminate().await.code(), Some(0));

    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(
        house.number(sent).await,
        PEOPLE as i64,
        "everybody, in one final state"
    );
    let to = received(dumps.path(), "X-Rcpt-Args:");
    assert_eq!(
        to.len(),
        PEOPLE,
        "who is said to be sent a notice received it"
    );
    // A double names its notice by its Message-ID.
    let doubles: BTreeSet<String> = received(dumps.path(), "Message-ID: <")
        .into_iter()
        .filter(|(_, times)| *times > 1)
        .map(|(id, _)| id.split('@').next().unwrap().to_owned())
        .collect();
    let rows = house.raw().await;
    let rows = rows
        .query("select distinct replace(notice_id::text, '-', '') from outcome where result = 'uncertain'", &[])
        .await
        .unwrap();
    let uncertain: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(doubles.is_subset(&uncertain), "{doubles:?} {uncertain:?}");
    let most = CONNECTIONS * (KILLS.len() + 1);
    assert!(uncertain.len() <= most, "{} of {most}", uncertain.len());
}
