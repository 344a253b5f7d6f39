//! The postman: everything that sends notices, put together; and the freezing of audiences.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::Route;
use super::gate::Gate;
use super::idle::{Idle, Wake};
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::left::Left;
use super::line::Line;
use super::loader::Loader;
use super::pace::Pace;
use super::providers::Providers;
use super::trunk::Trunk;
use crate::app::App;
use crate::db::retry::Collision;
use crate::delivery::freeze::Freezer;
use crate::id::SenderId;
use crate::shutdown::Shutdown;

/// How often jobs that may not go any more are returned: with the gate's poll interval this is well below two seconds.
const LET_GO: Duration = Duration::from_millis(500);

/// Starts everything that sends notices.
pub fn start(app: &App, routes: Vec<Route>, shutdown: &Shutdown) {
    let trunks: Vec<_> = routes
        .into_iter()
        .map(|route| Arc::new(Trunk::new(route)))
        .collect();
    let gate = Gate::new(SenderId::new(app.now()), &trunks);
    let ledger = Ledger::start(app);
    let room = usize::try_from(app.config.mail.batch).unwrap_or(usize::MAX);
    let lanes = Lanes::new(Providers::new(&app.config.providers), &trunks, room);
    let left = Left::new(shutdown);
    start_lines(app, &trunks, &lanes, (&ledger, &left), shutdown);
    let wake = Wake::new();
    shutdown.spawn(
        gate.clone()
            .watch(app.clone(), wake.clone(), shutdown.clone()),
    );
    shutdown.spawn(freeze_all(app.clone(), wake.clone(), shutdown.clone()));
    shutdown.spawn(let_go(gate.clone(), lanes.clone(), shutdown.clone()));
    let loader = Loader {
        app: app.clone(),
        gate,
        ledger,
        lanes,
        hands: TaskTracker::new(),
        left,
        shared: HashMap::new(),
        last: None,
        wake: wake.waiter(),
    };
    shutdown.spawn(loader.run(shutdown.clone()));
}

fn start_lines(
    app: &App,
    trunks: &[Arc<Trunk>],
    lanes: &Lanes,
    (ledger, left): (&Ledger, &Left),
    shutdown: &Shutdown,
) {
    let node = Arc::new(Pace::default());
    for trunk in trunks {
        let before: Vec<_> = match trunk.route.standby {
            true => trunks
                .iter()
                .filter(|other| !other.route.standby)
                .map(Arc::clone)
                .collect(),
            false => Vec::new(),
        };
        let others: Vec<_> = trunks
            .iter()
            .filter(|other| !Arc::ptr_eq(other, trunk))
            .map(Arc::clone)
            .collect();
        for _ in 0..trunk.route.connections {
            let line = Line {
                app: app.clone(),
                trunk: Arc::clone(trunk),
                before: before.clone(),
                others: others.clone(),
                node: Arc::clone(&node),
                lanes: lanes.clone(),
                ledger: ledger.clone(),
                left: left.clone(),
                shutdown: shutdown.clone(),
            };
            shutdown.spawn(line.run());
        }
    }
}

/// Returns jobs that may not go any more, and all jobs while every relay is held. A line returns such jobs when it asks
/// for one, but the lines of a held relay do not ask.
async fn let_go(gate: Gate, lanes: Lanes, shutdown: Shutdown) {
    while shutdown.rest(LET_GO).await {
        lanes.give_back(gate.is_held());
    }
}

async fn freeze_all(app: App, wake: Wake, shutdown: Shutdown) {
    let poll = Duration::from_millis(app.config.mail.poll_milliseconds);
    let (mut idle, mut waiter) = (Idle::new(poll, 4), wake.waiter());
    let mut freezer = Freezer::default();
    while !shutdown.is_leaving() {
        let more = match freezer.step(&app).await {
            Ok(more) => more,
            Err(error) if error.is_collision() => true,
            Err(error) => {
                app.db.trouble(
                    "an audience could not be frozen further; trying again",
                    &error,
                );
                false
            }
        };
        if more {
            // There are new batches to claim.
            wake.all();
            idle.wake();
        } else if !waiter.rest(&mut idle, &shutdown).await {
            return;
        }
    }
}
