//! `candor import`: the affected list into a scope version, with a progress bar.

mod yes;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use csv::StringRecord;
use serde_json::json;

use self::yes::{Yes, ask, hinted};
use super::file::NewFile;
use super::{Settings, account, say};
use crate::app::App;
use crate::csv_file::RejectWriter;
use crate::id::{IncidentId, StaffId};
use crate::incident::{self, Incident};
use crate::scope::activate::{ActivateError, activate};
use crate::scope::consent::Consent;
use crate::scope::delta::Delta;
use crate::scope::import::{ImportError, Imported, Progress, Source, ask_draft};
use crate::scope::{self, How, OnDraft, Place, ScopeMode};
use crate::staff::Right;

/// Import the affected list into a scope version
#[derive(Debug, Args)]
#[command(
    after_help = "Columns: reference, elements; and as far as known email, name, locale, jurisdiction, postcode, address, flags.\n\
        Flags, separated by \";\":\n  \
        minor       a child: written to as such, or to a guardian\n  \
        deceased    not written to; next of kin are told\n  \
        vulnerable  agents are told before they answer\n  \
        protected   not written to: the address is not safe; told by a safe channel\n  \
        hold        not written to until the flag is lifted\n  \
        retract     not affected after all: leaves the scope\n\n\
        Example:\n  candor import --incident carrier-2021 --as comms@example.org affected.csv"
)]
pub struct Import {
    /// The incident's name in URLs.
    #[arg(long)]
    incident: String,
    /// Who does it: the e-mail address of an account. Not needed if only one may import.
    #[arg(long = "as")]
    by: Option<String>,
    /// Put the version in force at once.
    #[arg(long)]
    activate: bool,
    #[command(flatten)]
    yes: Yes,
    /// The file lists changes only; people it does not name stay as they are.
    #[arg(long)]
    delta: bool,
    /// Add the rows to the draft that waits, corrected rejects for example; the draft keeps its mode.
    #[arg(long, conflicts_with_all = ["replace_draft", "delta"])]
    add_to_draft: bool,
    /// Discard the draft that waits once this list is read.
    #[arg(long)]
    replace_draft: bool,
    /// Where the refused rows go; they hold people's data. Default: rejects-SLUG-vN.csv
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// The list, or - for standard input.
    file: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let app = &settings.ready().await?;
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let incident = incident::store::find_by_slug(&mut *app.db.get().await?, &self.incident)
            .await
            .with_context(|| format!("incident {}", self.incident))?;
        let mode = if self.delta {
            ScopeMode::Delta
        } else {
            ScopeMode::Full
        };
        let draft = match (self.add_to_draft, self.replace_draft) {
            (true, _) => Some(OnDraft::Add),
            (false, true) => Some(OnDraft::Replace),
            (false, false) => None,
        };
        let how = How { mode, draft };
        // Before anything is read, from a pipe for example.
        ask_draft(&mut *app.db.get().await?, incident.id, draft)
            .await
            .map_err(told)?;
        // Before a long list is read. In the present folder it matters only once a row is refused.
        let unnamed = Path::new(".candor-rejects");
        let mut rejects = NewFile::begin(self.rejects.as_deref().unwrap_or(unnamed));
        if self.rejects.is_some() {
            rejects = Ok(rejects?);
        }
        let named = || self.file.display().to_string();
        let (source, size): (Source<Box<dyn Read + Send>>, _) = match self.file.to_str() {
            Some("-") => (Source::Upload(Box::new(std::io::stdin())), None),
            _ => {
                let file = File::open(&self.file).with_context(named)?;
                let found = file.metadata().with_context(named)?;
                let size = Some(found.len()).filter(|size| *size > 0);
                match found.is_file() {
                    true => (Source::File(Box::new(file)), size),
                    // A pipe is as slow as who writes into it.
                    false => (Source::Upload(Box::new(file)), size),
                }
            }
        };
        let start = Instant::now();
        let imported = scope::import::import(app, by, incident.id, how, source, bar(size))
            .await
            .map_err(told)?;
        let written = self.write_rejects(app, &incident, &imported, rejects).await;
        let drafted = start.elapsed();
        let rejects = match written {
            Ok(path) => path,
            // What was read stands: it is told before the command fails.
            Err(error) => {
                self.tell(&imported, "draft", None, [drafted, Duration::ZERO])?;
                return Err(error.context(format!(
                    "version {} is a draft, and its refused rows are not written: download them from its page",
                    imported.version
                )));
            }
        };
        if self.activate {
            let done = self.activate(app, by, incident.id, imported.version).await;
            if let Err(error) = done {
                self.tell(
                    &imported,
                    "draft",
                    rejects.as_deref(),
                    [drafted, Duration::ZERO],
                )?;
                return Err(hinted(error));
            }
        }
        let took = [drafted, start.elapsed() - drafted];
        let status = if self.activate { "active" } else { "draft" };
        self.tell(&imported, status, rejects.as_deref(), took)
    }

    /// Activates; on a terminal what is not confirmed yet is asked.
    async fn activate(
        &self,
        app: &App,
        by: StaffId,
        incident: IncidentId,
        version: i32,
    ) -> Result<(), ActivateError> {
        let given = self.yes.given();
        let consent = Consent::Numbers(given.clone());
        let refused = match activate(app, by, incident, version, consent).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let ActivateError::Unconfirmed { questions, .. } = &refused else {
            return Err(refused);
        };
        let is_asked = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let Some(answers) = is_asked.then(|| ask(questions)).flatten() else {
            return Err(refused);
        };
        let consent = Consent::Numbers(given.and(answers));
        activate(app, by, incident, version, consent).await?;
        Ok(())
    }

    /// The refused rows as a file that only its owner reads; `None` if there are none.
    async fn write_rejects(
        &self,
        app: &App,
        of: &Incident,
        imported: &Imported,
        file: Result<NewFile>,
    ) -> Result<Option<PathBuf>> {
        let Some(key) = of.key(&app.keys)?.filter(|_| imported.rejected > 0) else {
            return Ok(None);
        };
        let default = || {
            PathBuf::from(format!(
                "rejects-{}-v{}.csv",
                self.incident, imported.version
            ))
        };
        let path = self.rejects.clone().unwrap_or_else(default);
        let cannot = || format!("{} cannot be written", path.display());
        let columns = StringRecord::from(imported.delta.columns.clone());
        let mut out = RejectWriter::new(file?, &columns).with_context(cannot)?;
        let mut after = Place::from(0);
        loop {
            let mut conn = app.db.get().await?;
            let page =
                scope::store::list_rejects(&mut conn, &key, of.id, imported.version, after, 1_000)
                    .await?;
            let Some(last) = page.last() else { break };
            after = last.place();
            for reject in &page {
                let cells = reject.under_columns(&imported.delta);
                let cells: Vec<_> = cells.into_iter().map(str::as_bytes).collect();
                out.row(&cells, reject.place(), &reject.columns(), &reject.why())
                    .with_context(cannot)?;
            }
        }
        out.finish().with_context(cannot)?.keep(&path)?;
        Ok(Some(path))
    }

    fn tell(
        &self,
        imported: &Imported,
        status: &str,
        rejects: Option<&Path>,
        [import, activate]: [Duration; 2],
    ) -> Result<()> {
        let lines = imported.lines;
        if self.json {
            return say(json!({
                "version": imported.version, "status": status, "accepted": imported.accepted,
                "rejected": imported.rejected, "lines": lines.map(|of| of.lines),
                "header_lines": lines.map(|of| of.header), "blank": lines.map(|of| of.blank),
                "continued_lines": lines.map(|of| of.continued),
                "ends_open": lines.map(|of| of.ends_open),
                "delta": imported.delta, "rejects": rejects,
                "seconds": {
                    "import": import.as_secs_f64(), "activate": activate.as_secs_f64(),
                },
            }));
        }
        let delta = &imported.delta;
        say(format!(
            "scope version {} is {status}: {} rows accepted, {} rejected",
            imported.version, imported.accepted, imported.rejected
        ))?;
        if let Some(lines) = lines {
            let replaced = (delta.replaced, delta.refused_again);
            say(lines.sum(imported.accepted, imported.rejected, replaced))?;
            if lines.ends_open {
                say(
                    "the last line has no line break: if the file was cut off, its end is missing",
                )?;
            }
        }
        say(format!(
            "people: {} added, {} retracted, {} gain elements, {} lose elements, {} changed otherwise, {} unchanged",
            delta.people_added,
            delta.people_retracted,
            delta.elements_added,
            delta.elements_retracted,
            delta.contact_changes,
            delta.unchanged
        ))?;
        for line in beside(delta) {
            say(line)?;
        }
        match rejects {
            Some(path) => say(format!("refused rows, with reasons: {}", path.display())),
            None => Ok(()),
        }
    }
}

/// What else a version changes, a line each; nothing of what it does not.
fn beside(delta: &Delta) -> Vec<String> {
    let by_flag = |flags: &BTreeMap<String, i64>| {
        let each: Vec<_> = flags
            .iter()
            .map(|(flag, n)| format!("{n} {flag}"))
            .collect();
        each.join(", ")
    };
    let lifted = delta.flags_lifted.clone().unwrap_or_default();
    let mut lines = Vec::new();
    if !delta.flags_set.is_empty() {
        lines.push(format!("flags set: {}", by_flag(&delta.flags_set)));
    }
    if !lifted.is_empty() {
        lines.push(format!("flags lifted: {}", by_flag(&lifted)));
    }
    if delta.identity_changes > 0 {
        lines.push(format!(
            "references that seem to name another person: {}, {} of the former people told before",
            delta.identity_changes, delta.identity_changes_told
        ));
    }
    for (people, words) in [
        (delta.emails_lost, "people who lose their e-mail address"),
        (delta.addresses_lost, "people who lose their postal address"),
        (
            delta.told_too_much,
            "people told of data that the list takes back",
        ),
        (
            delta.kept,
            "people on refused lines only, who stay as they were",
        ),
        (
            delta.replaced - delta.refused_again,
            "rows of earlier files replaced or corrected",
        ),
        (
            delta.replaced_accepted,
            "accepted rows among them whose new row says something else",
        ),
        (
            delta.refused_again,
            "refused rows sent again and refused again",
        ),
    ] {
        if people > 0 {
            lines.push(format!("{words}: {people}"));
        }
    }
    if !delta.absent.is_empty() {
        let absent = delta.absent.join(", ");
        lines.push(format!(
            "columns that the file does not have, of which nothing changes: {absent}"
        ));
    }
    lines
}

/// What to do about it, where that is a word on this command line.
fn told(error: ImportError) -> anyhow::Error {
    let is_asked = matches!(error, ImportError::DraftWaits { .. });
    let error = anyhow::Error::new(error);
    if is_asked {
        error.context("--add-to-draft adds the rows to it, --replace-draft discards it")
    } else {
        error
    }
}

/// Tells a terminal how far it is; `size` is that of the file in octets, if it is known.
fn bar(size: Option<u64>) -> impl Fn(Progress) {
    let terminal = std::io::stderr().is_terminal();
    let start = Instant::now();
    move |progress| {
        if terminal {
            let words = so_far(progress, size, start.elapsed());
            let _ = write!(std::io::stderr(), "\r\x1b[K{words}");
        }
    }
}

/// `12,400 rows, 3 rejected, 98,000 rows/s, 41 %, about 2 min left`.
fn so_far(progress: Progress, size: Option<u64>, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let rows = progress.accepted + progress.rejected;
    let rate = rows as f64 / seconds;
    let mut words = format!(
        "{rows} rows, {} rejected, {rate:.0} rows/s",
        progress.rejected
    );
    match size {
        _ if progress.comparing => words += ", comparing with the list in force",
        Some(size) if progress.bytes > 0 => {
            let part = (progress.bytes as f64 / size as f64).min(1.0);
            let left = seconds * (1.0 - part) / part;
            let left = match left {
                ..90.0 => format!("{left:.0} s"),
                left => format!("{:.0} min", left / 60.0),
            };
            words += &format!(", {:.0} %, about {left} left", part * 100.0);
        }
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_rate_and_time_left() {
        let at = |bytes, comparing| Progress {
            bytes,
            accepted: 990,
            rejected: 10,
            comparing,
        };
        let after = |progress, size| so_far(progress, size, Duration::from_secs(10));
        assert_eq!(
            after(at(250, false), Some(1_000)),
            "1000 rows, 10 rejected, 100 rows/s, 25 %, about 30 s left"
        );
        assert!(after(at(1, false), Some(1_000)).ends_with("about 166 min left"));
        assert_eq!(
            after(at(9, false), None),
            "1000 rows, 10 rejected, 100 rows/s"
        );
        assert!(after(at(9, true), Some(9)).ends_with("comparing with the list in force"));
    }
}
