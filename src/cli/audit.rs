//! `candor audit`: the log of every action of staff.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Settings, say, say_json};
use crate::app::App;
use crate::audit::store::chain;
use crate::audit::verify::{Report, verify};
use crate::audit::{Flaw, link};
use crate::campaign;
use crate::seal::{from_hex, to_hex};

/// The audit log
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    Verify(Verify),
}

/// Verify the hash chain from the first event to the last; name every row that does not fit
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  candor audit verify\n  candor audit verify --kept 1042:9f2c…")]
pub(crate) struct Verify {
    /// The head that an earlier run printed and you kept elsewhere: it detects a log that was rewritten with all its hashes
    #[arg(long, value_name = "EVENT:HASH", value_parser = kept)]
    kept: Option<(i64, Vec<u8>)>,
    /// Print the finding as JSON
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let Self::Verify(Verify { kept, json }) = self;
        let app = settings.app()?.patient();
        let (report, mut found) = examined(&app).await?;
        if let Some((seq, hash)) = kept {
            let same = chain::holds(&mut *app.db.get().await?, seq, &hash).await?;
            // A later kept head covers this one.
            found.retain(|(flaw, _)| {
                !same || !matches!(flaw, Some(Flaw::HeadRestored(at)) if *at <= seq)
            });
            if !same {
                let why =
                    format!("event {seq} is not the one that was kept: the log was rewritten");
                found.insert(0, (None, why));
            }
        }
        tell(&report, &found, json)
    }
}

/// Each flaw with its sentence.
type Found = Vec<(Option<Flaw>, String)>;

/// Links waiting events into the chain, then reads the whole log.
async fn examined(app: &App) -> Result<(Report, Found)> {
    // Events that cannot be linked now are reported if they wait for long.
    let linked = link::all(app).await;
    let mut report = verify(app).await?;
    let unrecorded = campaign::store::unrecorded(&mut *app.db.get().await?)
        .await?
        .len();
    if unrecorded > 0 {
        report.flaws.push(Flaw::Unrecorded(unrecorded));
    }
    let say = |flaw: &Flaw| (Some(flaw.clone()), flaw.to_string());
    let mut found: Found = report.flaws.iter().map(say).collect();
    if report.more > 0 {
        found.push((None, format!("{} more do not fit", report.more)));
    }
    if let Err(error) = linked
        && report.waiting > 0
    {
        tracing::warn!(%error, "what waits could not be linked");
    }
    Ok((report, found))
}

fn tell(report: &Report, found: &Found, json: bool) -> Result<()> {
    let head = format!("{}:{}", report.head.seq, to_hex(&report.head.hash));
    let flaws: Vec<&str> = found.iter().map(|(_, why)| why.as_str()).collect();
    if json {
        say_json(&json!({
            "whole": flaws.is_empty(),
            "events": report.events,
            "waiting": report.waiting,
            "head": head,
            "flaw": flaws.first(),
            "flaws": flaws,
        }))?;
    } else if flaws.is_empty() {
        if report.waiting > 0 {
            say(format!("{} more events wait to be linked.", report.waiting))?;
        }
        say(format!(
            "{} events: the chain is whole.\nKeep this elsewhere, for --kept next time: {head}",
            report.events
        ))?;
    }
    match flaws.is_empty() {
        true => Ok(()),
        false => bail!("audit: {}", flaws.join("\naudit: ")),
    }
}

fn kept(text: &str) -> Result<(i64, Vec<u8>), String> {
    let read = |(seq, hash): (&str, &str)| Some((seq.parse().ok()?, from_hex(hash)?));
    text.split_once(':')
        .and_then(read)
        .ok_or_else(|| "this is not what `candor audit verify` prints".to_owned())
}
