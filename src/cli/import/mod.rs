//! `candor import`: reads an affected list into a scope version.

mod confirm;
mod progress;
mod report;

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use csv::StringRecord;

use self::confirm::{Confirmations, ask, hinted};
use self::progress::bar;
use super::new_file::NewFile;
use super::{Settings, account};
use crate::app::App;
use crate::csv_file::RejectWriter;
use crate::id::{IncidentId, StaffId};
use crate::incident::{self, Incident};
use crate::scope::activate::{ActivateError, activate};
use crate::scope::consent::Consent;
use crate::scope::import::{ImportError, Imported, Source, ask_draft};
use crate::scope::{self, How, OnDraft, Place, ScopeMode};
use crate::staff::Right;

/// A file, a pipe or standard input.
type List = Box<dyn Read + Send>;

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
pub(crate) struct Import {
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
    confirmations: Confirmations,
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
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = &settings.ready().await?;
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let incident = incident::store::find_by_slug(&mut *app.db.get().await?, &self.incident)
            .await
            .with_context(|| format!("incident {}", self.incident))?;
        let how = self.how();
        // Before anything is read, from a pipe for example.
        ask_draft(&mut *app.db.get().await?, incident.id, how.draft)
            .await
            .map_err(with_options)?;
        // A folder that cannot be written is found before a long list is read. The current folder is needed only if a row
        // is refused.
        let unnamed = Path::new(".candor-rejects");
        let mut rejects = NewFile::begin(self.rejects.as_deref().unwrap_or(unnamed));
        if self.rejects.is_some() {
            rejects = Ok(rejects?);
        }
        let (source, size) = self.open()?;
        let start = Instant::now();
        let imported = scope::import::import(app, by, incident.id, how, source, bar(size))
            .await
            .map_err(with_options)?;
        let written = self.write_rejects(app, &incident, &imported, rejects).await;
        let drafted = start.elapsed();
        let rejects = match written {
            Ok(path) => path,
            // The draft exists: print it before the command fails.
            Err(error) => {
                self.print(&imported, "draft", None, [drafted, Duration::ZERO])?;
                return Err(error.context(format!(
                    "version {} is a draft, and its refused rows are not written: download them from its page",
                    imported.version
                )));
            }
        };
        if self.activate {
            let done = self.activate(app, by, incident.id, imported.version).await;
            if let Err(error) = done {
                self.print(
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
        self.print(&imported, status, rejects.as_deref(), took)
    }

    fn how(&self) -> How {
        let mode = match self.delta {
            true => ScopeMode::Delta,
            false => ScopeMode::Full,
        };
        let draft = match (self.add_to_draft, self.replace_draft) {
            (true, _) => Some(OnDraft::Add),
            (false, true) => Some(OnDraft::Replace),
            (false, false) => None,
        };
        How { mode, draft }
    }

    /// The list, and its size in octets if that is known.
    fn open(&self) -> Result<(Source<List>, Option<u64>)> {
        if self.file.to_str() == Some("-") {
            return Ok((Source::Upload(Box::new(std::io::stdin())), None));
        }
        let named = || self.file.display().to_string();
        let file = File::open(&self.file).with_context(named)?;
        let found = file.metadata().with_context(named)?;
        let size = Some(found.len()).filter(|size| *size > 0);
        Ok(match found.is_file() {
            true => (Source::File(Box::new(file)), size),
            // A pipe is as slow as the program that writes into it.
            false => (Source::Upload(Box::new(file)), size),
        })
    }

    fn print(
        &self,
        imported: &Imported,
        status: &str,
        rejects: Option<&Path>,
        took: [Duration; 2],
    ) -> Result<()> {
        report::print(imported, status, rejects, took, self.json)
    }

    /// Activates the version. On a terminal it asks for what the options do not confirm.
    async fn activate(
        &self,
        app: &App,
        by: StaffId,
        incident: IncidentId,
        version: i32,
    ) -> Result<(), ActivateError> {
        let given = self.confirmations.given();
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

    /// Writes the refused rows to a file that only its owner may read; `None` if there are none.
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
}

/// Adds the options of this command that solve the error.
fn with_options(error: ImportError) -> anyhow::Error {
    let is_asked = matches!(error, ImportError::DraftWaits { .. });
    let error = anyhow::Error::new(error);
    if is_asked {
        error.context("--add-to-draft adds the rows to it, --replace-draft discards it")
    } else {
        error
    }
}
