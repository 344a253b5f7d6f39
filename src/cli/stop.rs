//! `candor stop` and `candor start`: the emergency stop for everything on every node.

use anyhow::Result;
use clap::Args;

use super::{Settings, say};
use crate::actor::{Actor, System};
use crate::campaign::hold::{self, Switched};
use crate::db;
use crate::deployment;

const WHO: Actor = Actor::System(System::Cli);

/// Stop every message on every node, now
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor stop")]
pub(crate) struct Stop {}

impl Stop {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let done = hold::stop_everything(&settings.without_keys()?, WHO)
            .await
            .map_err(not_stopped)?;
        say(match done.changed {
            true => "stopped: no message leaves any node; `candor start` lifts it",
            false => "it was stopped already",
        })?;
        note(done)
    }
}

/// Adds to an error what it means for running campaigns.
fn not_stopped(error: db::Error) -> anyhow::Error {
    let is_away = error.is_passing();
    let error = anyhow::Error::from(error);
    match is_away {
        true => error.context(
            "it is not certain that sending is stopped. A sender that cannot reach the database sends nothing either; one that can goes on. \
             Repeat `candor stop` until it says that it is stopped",
        ),
        false => error,
    }
}

/// Lift the emergency stop
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor start")]
pub(crate) struct Start {}

impl Start {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.without_keys()?;
        let done = hold::start_again(&app, WHO).await?;
        say(match done.changed {
            true => "the emergency stop is lifted",
            false => "nothing was stopped",
        })?;
        match deployment::store::doubt(&mut *app.db.get().await?).await? {
            Some(doubt) => say(doubt)?,
            None if done.changed => say("sending may go on")?,
            None => {}
        }
        note(done)
    }
}

fn note(done: Switched) -> Result<()> {
    match done.recorded {
        true => Ok(()),
        false => say(
            "note: the audit log cannot be written now; a running node writes the entry as soon as it can",
        ),
    }
}
