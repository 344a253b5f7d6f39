//! `candor import`: the affected list into a scope version, with a progress bar.

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::app::App;
use crate::incident;
use crate::scope::import::{Imported, Progress};
use crate::scope::{self, ScopeMode};
use crate::staff::{self, Right};

/// Arguments of `candor import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: candor import --incident carrier-2021 --as comms@example.org affected.csv")]
pub struct Args {
    /// The incident's name in URLs.
    #[arg(long)]
    incident: String,
    /// Who does it: the e-mail address of an account. Not needed if only one may import.
    #[arg(long = "as")]
    by: Option<String>,
    /// Put the version in force at once.
    #[arg(long)]
    activate: bool,
    /// The file lists changes only; people it does not name stay as they are.
    #[arg(long)]
    delta: bool,
    /// Where the refused rows go; they hold people's data. Default: rejects-SLUG-vN.csv
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// The list, or - for standard input.
    file: PathBuf,
}

/// Runs `candor import`.
///
/// # Errors
/// What the list, the incident or the database refused.
pub async fn run(app: &App, args: &Args, json: bool) -> Result<()> {
    let by = importer(app, args.by.as_deref()).await?;
    let incident = incident::store::find_by_slug(&mut *app.db.get().await?, &args.incident)
        .await
        .with_context(|| format!("incident {}", args.incident))?;
    let reader: Box<dyn Read + Send> = match args.file.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(&args.file).with_context(|| args.file.display().to_string())?),
    };
    let mode = if args.delta { ScopeMode::Delta } else { ScopeMode::Full };
    let imported = scope::import::import(app, by, incident.id, mode, reader, bar()).await?;
    let rejects = write_rejects(app, args, &incident, &imported).await?;
    if args.activate {
        scope::activate::activate(app, by, incident.id, imported.version).await?;
    }
    tell(args, json, &imported, rejects.as_deref())
}

async fn importer(app: &App, by: Option<&str>) -> Result<crate::id::StaffId> {
    let mut conn = app.db.get().await?;
    let may: Vec<_> = staff::store::list(&mut conn)
        .await?
        .into_iter()
        .filter(|s| s.disabled_at.is_none() && s.may(Right::ImportScope))
        .filter(|s| by.is_none_or(|by| s.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(by))))
        .collect();
    match may.as_slice() {
        [one] => Ok(one.id),
        [] => bail!("no such account may import a list; `candor staff list` shows who may"),
        _ => bail!("more than one account may import: say which with --as ADDRESS"),
    }
}

/// A line that is written over, on a terminal only.
fn bar() -> impl Fn(Progress) {
    let terminal = std::io::stderr().is_terminal();
    let start = std::time::Instant::now();
    move |progress| {
        if terminal {
            let rows = progress.accepted + progress.rejected;
            let rate = rows as f64 / start.elapsed().as_secs_f64().max(0.001);
            let _ = write!(std::io::stderr(), "\r{rows} rows, {} rejected, {rate:.0} rows/s ", progress.rejected);
        }
    }
}

async fn write_rejects(app: &App, args: &Args, of: &incident::Incident, imported: &Imported) -> Result<Option<PathBuf>> {
    use std::os::unix::fs::OpenOptionsExt;
    if imported.rejected == 0 {
        return Ok(None);
    }
    let default = || PathBuf::from(format!("rejects-{}-v{}.csv", args.incident, imported.version));
    let path = args.rejects.clone().unwrap_or_else(default);
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    scope::import::write_rejects(app, of.id, imported.version, file).await?;
    Ok(Some(path))
}

fn tell(args: &Args, json: bool, imported: &Imported, rejects: Option<&std::path::Path>) -> Result<()> {
    let mut out = std::io::stdout();
    let status = if args.activate { "active" } else { "draft" };
    if json {
        let line = json!({
            "version": imported.version, "status": status, "accepted": imported.accepted,
            "rejected": imported.rejected, "delta": imported.delta, "rejects": rejects,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let delta = &imported.delta;
    writeln!(out, "scope version {} is {status}: {} rows accepted, {} rejected", imported.version, imported.accepted, imported.rejected)?;
    writeln!(out, "people: {} added, {} retracted, {} gain elements, {} lose elements, {} changed contact, {} unchanged",
        delta.people_added, delta.people_retracted, delta.elements_added, delta.elements_retracted,
        delta.contact_changes, delta.unchanged)?;
    if let Some(path) = rejects {
        writeln!(out, "refused rows, with reasons: {}", path.display())?;
    }
    Ok(())
}
