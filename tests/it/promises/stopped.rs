//! P4, stop means stop: two senders under full load, and a real server that writes down when it got what.

use std::path::Path;
use std::time::{Duration, SystemTime};

use candor::actor::Actor;
use candor::campaign::{CampaignKind, launch};
use candor::clock::Clock;

use crate::house::House;
use crate::mail::sink::{Sink, received};
use crate::mail::{Scratch, did_not_run};
use crate::people::{Scene, list};
use crate::processes::until_completed;
use crate::program::Program;

const PEOPLE: usize = 6_000;
/// The promise.
const STOP: Duration = Duration::from_secs(2);

/// How many messages arrived, and when the last one was whole.
fn arrived(dumps: &Path) -> (usize, Option<SystemTime>) {
    let files = std::fs::read_dir(dumps).unwrap();
    let times: Vec<SystemTime> = files
        .map(|file| file.unwrap().metadata().unwrap().modified().unwrap())
        .collect();
    (times.len(), times.into_iter().max())
}

async fn until_moving(dumps: &Path) {
    let before = arrived(dumps).0;
    for _ in 0..6_000 {
        if arrived(dumps).0 > before + 100 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no hundred messages in a minute");
}

/// From the end of the command on, watches twice as long as the promise allows: what arrived did so in time.
async fn holds(dumps: &Path) {
    let commanded = SystemTime::from(Clock::system().now());
    tokio::time::sleep(STOP * 2).await;
    let (count, last) = arrived(dumps);
    assert!(count < PEOPLE, "it ended before it was stopped");
    let late = last.unwrap().duration_since(commanded).unwrap_or_default();
    assert!(late <= STOP, "a message arrived {late:?} after the command");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_nothing_leaves_two_seconds_after_pause_and_stop() {
    let dumps = Scratch::new();
    let Some(sink) = Sink::start(Some(dumps.path())) else {
        return did_not_run(
            "p4_nothing_leaves_two_seconds_after_pause_and_stop",
            "smtp-sink",
        );
    };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name")).await;
    let url = format!("smtp://127.0.0.1:{}", sink.port);
    let program = Program::of(&house).with_relay("relay", &url, 8);
    let senders = [program.start("work"), program.start("work")];
    let campaign = scene.launched(&house, CampaignKind::Initial).await;

    until_moving(dumps.path()).await;
    launch::pause(&house.app, Actor::Staff(scene.comms), campaign, None)
        .await
        .unwrap();
    holds(dumps.path()).await;
    launch::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    until_moving(dumps.path()).await;
    program.ok(&["stop"]);
    holds(dumps.path()).await;
    program.ok(&["start"]);

    until_completed(&house).await;
    for sender in senders {
        assert_eq!(sender.terminate().await.code(), Some(0));
    }
    let to = received(dumps.path(), "X-Rcpt-Args:");
    let twice: Vec<_> = to.iter().filter(|(_, times)| **times != 1).collect();
    assert_eq!(
        (to.len(), twice),
        (PEOPLE, vec![]),
        "each once, after all that"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_nothing_leaves_two_seconds_after_a_cancellation() {
    let dumps = Scratch::new();
    let Some(sink) = Sink::start(Some(dumps.path())) else {
        let name = "p4_nothing_leaves_two_seconds_after_a_cancellation";
        return did_not_run(name, "smtp-sink");
    };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name")).await;
    let url = format!("smtp://127.0.0.1:{}", sink.port);
    let program = Program::of(&house).with_relay("relay", &url, 8);
    let senders = [program.start("work"), program.start("work")];
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    until_moving(dumps.path()).await;
    launch::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    holds(dumps.path()).await;
    for sender in senders {
        assert_eq!(sender.terminate().await.code(), Some(0));
    }
    let to = received(dumps.path(), "X-Rcpt-Args:");
    assert!(to.values().all(|times| *times == 1));
}
