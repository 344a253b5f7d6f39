//! P4, stop means stop: two senders under full load, and a real server that records when it received each message.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use candor::actor::Actor;
use candor::campaign::{CampaignKind, hold};
use candor::clock::Clock;
use candor::id::CampaignId;

use crate::house::House;
use crate::mail::sink::{Sink, received};
use crate::mail::{Scratch, did_not_run};
use crate::operations::processes::until_completed;
use crate::people::{Scene, list};
use crate::program::{Program, Running};

const PEOPLE: usize = 6_000;
/// The promise.
const STOP: Duration = Duration::from_secs(2);

/// The number of messages that arrived, and when the last one was complete.
fn arrived(dumps: &Path) -> (usize, Option<SystemTime>) {
    let files = std::fs::read_dir(dumps).unwrap();
    // The server deletes what it began to write of an interrupted message.
    let written = files.filter_map(|file| file.unwrap().metadata().ok());
    let times: Vec<SystemTime> = written.map(|file| file.modified().unwrap()).collect();
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

/// From the end of the command on, watches for twice the promised time: every message arrived within the promised time.
async fn holds(dumps: &Path) {
    let commanded = SystemTime::from(Clock::system().now());
    tokio::time::sleep(STOP * 2).await;
    let (count, last) = arrived(dumps);
    assert!(count < PEOPLE, "it ended before it was stopped");
    let late = last.unwrap().duration_since(commanded).unwrap_or_default();
    assert!(late <= STOP, "a message arrived {late:?} after the command");
}

/// Two senders at work on a campaign, and what the server received of it.
struct Load {
    house: House,
    scene: Scene,
    campaign: CampaignId,
    program: Program,
    senders: [Running; 2],
    dumps: Scratch,
    _sink: Sink,
}

impl Load {
    /// Mail is flowing; `None` where there is no smtp-sink.
    async fn new() -> Option<Self> {
        let dumps = Scratch::new();
        let sink = Sink::start(Some(dumps.path()))?;
        let house = House::new().await;
        let scene = Scene::new(&house).await;
        scene.import(&house, &list(PEOPLE, "name")).await;
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        let program = Program::of(&house).with_relay("relay", &url, 8);
        let senders = [program.start("work"), program.start("work")];
        let campaign = scene.launched(&house, CampaignKind::Initial).await;
        until_moving(dumps.path()).await;
        Some(Self {
            house,
            scene,
            campaign,
            program,
            senders,
            dumps,
            _sink: sink,
        })
    }

    /// Stops the senders; returns how often each recipient was written to.
    async fn end(self) -> BTreeMap<String, usize> {
        for sender in self.senders {
            assert_eq!(sender.terminate().await.code(), Some(0));
        }
        received(self.dumps.path(), "X-Rcpt-Args:")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_nothing_leaves_two_seconds_after_pause_and_stop() {
    let Some(load) = Load::new().await else {
        let name = "p4_nothing_leaves_two_seconds_after_pause_and_stop";
        return did_not_run(name, "smtp-sink");
    };
    let (app, comms) = (&load.house.app, load.scene.comms);
    hold::pause(app, Actor::Staff(comms), load.campaign, None)
        .await
        .unwrap();
    holds(load.dumps.path()).await;
    hold::resume(app, comms, load.campaign).await.unwrap();
    until_moving(load.dumps.path()).await;
    load.program.ok(&["stop"]);
    holds(load.dumps.path()).await;
    load.program.ok(&["start"]);
    until_completed(&load.house).await;
    let to = load.end().await;
    let twice: Vec<_> = to.iter().filter(|(_, times)| **times != 1).collect();
    assert_eq!(
        (to.len(), twice),
        (PEOPLE, vec![]),
        "each once, after all that"
    );
}

/// The audit log stays locked for four seconds, or for CANDOR_AUDIT_LOCK seconds.
fn locked_for() -> Duration {
    let named = std::env::var("CANDOR_AUDIT_LOCK").ok();
    named.map_or(STOP * 2, |seconds| {
        Duration::from_secs(seconds.parse().unwrap())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_locked_audit_log_delays_no_stop() {
    let Some(load) = Load::new().await else {
        let name = "p4_a_locked_audit_log_delays_no_stop";
        return did_not_run(name, "smtp-sink");
    };
    let holder = load.house.raw().await;
    holder
        .batch_execute(
            "begin; lock table audit_event in access exclusive mode; select * from audit_head for update",
        )
        .await
        .unwrap();
    until_moving(load.dumps.path()).await;
    let commanded = SystemTime::from(Clock::system().now());
    let said = load.program.ok(&["stop"]);
    assert!(
        said.contains("stopped") && said.contains("the audit log cannot be written now"),
        "{said}"
    );
    tokio::time::sleep(locked_for()).await;
    let (count, last) = arrived(load.dumps.path());
    assert!(count < PEOPLE, "it ended before it was stopped");
    let late = last.unwrap().duration_since(commanded).unwrap_or_default();
    assert!(
        late <= STOP,
        "a message arrived {late:?} after the command began"
    );
    println!(
        "{count} messages arrived, the last {late:?} after the stop; the lock is held {:?}",
        locked_for()
    );
    // Once the log is free, a node writes the entry.
    holder.batch_execute("commit").await.unwrap();
    let recorded =
        "select count(*) from audit_event where action = 'sending.stop' and seq is not null";
    for _ in 0..600 {
        if load.house.number(recorded).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(load.house.number(recorded).await, 1);
    load.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_nothing_leaves_two_seconds_after_a_cancellation() {
    let Some(load) = Load::new().await else {
        let name = "p4_nothing_leaves_two_seconds_after_a_cancellation";
        return did_not_run(name, "smtp-sink");
    };
    hold::cancel(&load.house.app, load.scene.comms, load.campaign)
        .await
        .unwrap();
    holds(load.dumps.path()).await;
    assert!(load.end().await.values().all(|times| *times == 1));
}
