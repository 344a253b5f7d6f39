//! `candor stop` and `candor start`: the emergency stop for everything on every node.

use anyhow::Result;
use clap::Args;

use super::{Settings, say};
use crate::actor::Actor;
use crate::campaign::hold;
use crate::deployment;

const WHO: Actor = Actor::System("command line");

/// Stop every message on every node, now
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor stop")]
pub struct Stop {}

impl Stop {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let changed = hold::stop_everything(&settings.app()?, WHO).await?;
        say(if changed {
            "stopped: no message leaves any node; `candor start` lifts it"
        } else {
            "it was stopped already"
        })
    }
}

/// Lift the emergency stop
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor start")]
pub struct Start {}

impl Start {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let changed = hold::start_again(&app, WHO).await?;
        say(match changed {
            true => "the emergency stop is lifted",
            false => "nothing was stopped",
        })?;
        match deployment::store::doubt(&mut *app.db.get().await?).await? {
            Some(doubt) => say(doubt),
            None if changed => say("sending may go on"),
            None => Ok(()),
        }
    }
}
