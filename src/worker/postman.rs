//! The postman: everything that sends notices and messages of the outbox, put together; and the freezing of audiences.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::Route;
use super::connection::Connection;
use super::idle::{Idle, Wake};
use super::loader::Loader;
use super::outbox_loader::OutboxLoader;
use super::outbox_mail::Outbox;
use super::outcome_writer::OutcomeWriter;
use super::pace::Pace;
use super::providers::Providers;
use super::queue::Queue;
use super::relay_state::RelayState;
use super::send_permission::SendPermission;
use super::unwritten_at_exit::UnwrittenAtExit;
use crate::app::App;
use crate::db::retry::Collision;
use crate::delivery::freeze::Freezer;
use crate::id::SenderId;
use crate::shutdown::Shutdown;

/// How often jobs that may not go any more are returned: with the poll interval of the send
/// permission this is well below two seconds.
const LET_GO: Duration = Duration::from_millis(500);

/// Starts everything that sends.
pub(crate) fn start(app: &App, routes: Vec<Route>, shutdown: &Shutdown) {
    let relay_states: Vec<_> = routes
        .into_iter()
        .map(|route| Arc::new(RelayState::new(route)))
        .collect();
    let permission = SendPermission::new(SenderId::new(app.now()), &relay_states);
    let outcome_writer = OutcomeWriter::start(app);
    let room = usize::try_from(app.config.mail.batch).unwrap_or(usize::MAX);
    let queue = Queue::new(Providers::new(&app.config.providers), &relay_states, room);
    let left = UnwrittenAtExit::new(shutdown);
    start_connections(
        app,
        &relay_states,
        &queue,
        (&outcome_writer, &left),
        shutdown,
    );
    let wake = Wake::new();
    shutdown.spawn(
        permission
            .clone()
            .watch(app.clone(), wake.clone(), shutdown.clone()),
    );
    shutdown.spawn(freeze_all(app.clone(), wake.clone(), shutdown.clone()));
    shutdown.spawn(let_go(permission.clone(), queue.clone(), shutdown.clone()));
    let outbox = Outbox {
        app: app.clone(),
        permission: permission.clone(),
        shutdown: shutdown.clone(),
    };
    let outbox_loader = OutboxLoader {
        outbox: Arc::new(outbox),
        queue: queue.clone(),
    };
    shutdown.spawn(outbox_loader.run());
    let loader = Loader {
        app: app.clone(),
        permission,
        outcome_writer,
        queue,
        batches: TaskTracker::new(),
        left,
        shared: HashMap::new(),
        last: None,
        wake: wake.waiter(),
    };
    shutdown.spawn(loader.run(shutdown.clone()));
}

fn start_connections(
    app: &App,
    relay_states: &[Arc<RelayState>],
    queue: &Queue,
    (outcome_writer, left): (&OutcomeWriter, &UnwrittenAtExit),
    shutdown: &Shutdown,
) {
    let node = Arc::new(Pace::default());
    for relay_state in relay_states {
        let before: Vec<_> = match relay_state.route.standby {
            true => relay_states
                .iter()
                .filter(|other| !other.route.standby)
                .map(Arc::clone)
                .collect(),
            false => Vec::new(),
        };
        let others: Vec<_> = relay_states
            .iter()
            .filter(|other| !Arc::ptr_eq(other, relay_state))
            .map(Arc::clone)
            .collect();
        for _ in 0..relay_state.route.connections {
            let connection = Connection {
                app: app.clone(),
                relay_state: Arc::clone(relay_state),
                before: before.clone(),
                others: others.clone(),
                node: Arc::clone(&node),
                queue: queue.clone(),
                outcome_writer: outcome_writer.clone(),
                left: left.clone(),
                shutdown: shutdown.clone(),
            };
            shutdown.spawn(connection.run());
        }
    }
}

/// Returns jobs that may not go any more, and all jobs while every relay is held. A connection returns such jobs when it asks
/// for one, but the connections of a held relay do not ask.
async fn let_go(permission: SendPermission, queue: Queue, shutdown: Shutdown) {
    while shutdown.rest(LET_GO).await {
        queue.give_back(permission.is_held());
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
