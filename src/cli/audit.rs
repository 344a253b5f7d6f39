//! `candor audit`: the log of every act of staff.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Settings, say, say_json};
use crate::audit::store;
use crate::seal::{from_hex, to_hex};

/// The audit log
#[derive(Debug, Subcommand)]
pub enum Audit {
    Verify(Verify),
}

/// Follow the chain of hashes from the first event to the last; name the first flaw
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  candor audit verify\n  candor audit verify --kept 1042:9f2c…")]
pub struct Verify {
    /// What an earlier run printed and you kept elsewhere: whoever rewrote the log since, hashes and all, is found out
    #[arg(long, value_name = "EVENT:HASH", value_parser = kept)]
    kept: Option<(i64, Vec<u8>)>,
    /// Print the finding as JSON
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let Self::Verify(Verify { kept, json }) = self;
        let app = settings.app()?;
        let mut conn = app.db.get().await?;
        let (seq, hash) = store::head(&mut conn).await?;
        let head = format!("{seq}:{}", to_hex(&hash));
        let mut found = store::verify(&mut conn)
            .await?
            .map_err(|flaw| flaw.to_string());
        if let Some((seq, hash)) = kept
            && !store::holds(&mut conn, seq, &hash).await?
        {
            found = Err(format!(
                "event {seq} is not the one that was kept: the log was rewritten"
            ));
        }
        if json {
            say_json(&json!({
                "whole": found.is_ok(),
                "events": found.as_ref().ok(),
                "head": head,
                "flaw": found.as_ref().err(),
            }))?;
        } else if let Ok(events) = &found {
            say(format!(
                "{events} events: the chain is whole.\nKeep this elsewhere, for --kept next time: {head}"
            ))?;
        }
        found.map(|_| ()).map_err(|flaw| anyhow!("audit: {flaw}"))
    }
}

fn kept(text: &str) -> Result<(i64, Vec<u8>), String> {
    let read = |(seq, hash): (&str, &str)| Some((seq.parse().ok()?, from_hex(hash)?));
    text.split_once(':')
        .and_then(read)
        .ok_or_else(|| "this is not what `candor audit verify` prints".to_owned())
}
