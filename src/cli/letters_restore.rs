//! `candor letters restore`: a list that was made after the present copy of the database was taken.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::lookup::{incident_named, is_or_are};
use super::{account, say};
use crate::app::App;
use crate::postal::kept::{self, BadList};
use crate::postal::restore::{PutBack, PutBackError, put_back};
use crate::staff::Right;

/// How many refused lines are printed.
const NAMED: usize = 20;

/// Restore a list from its file, if the database is an older copy that does not know it
#[derive(Debug, Args)]
#[command(
    after_help = "The file is the one that `candor letters --out` wrote. Links and codes are checked by the key; the list waits \
        then,\nand its people are on no other list. Record again whether it was posted.\n\nExample:\n  candor letters restore \
        --incident carrier-2021 --list letters.csv"
)]
pub(super) struct Restore {
    /// The incident's name in URLs.
    #[arg(long)]
    incident: String,
    /// The file of the list.
    #[arg(long)]
    list: PathBuf,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

impl Restore {
    pub(super) async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let of = incident_named(app, &self.incident).await?;
        let file = File::open(&self.list).with_context(|| self.list.display().to_string())?;
        let done = match kept::read(file, &app.keys) {
            Ok(list) => put_back(app, by, of, list).await,
            Err(error) => Err(error.into()),
        };
        match done {
            Ok(done) => report(&done),
            Err(PutBackError::List(BadList::Lines(faults))) => {
                for (line, fault) in faults.iter().take(NAMED) {
                    say(format!("line {line}: {fault}"))?;
                }
                bail!(BadList::Lines(faults))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn report(done: &PutBack) -> Result<()> {
    let batch = &done.batch;
    say(format!(
        "list {} waits again: {} on it",
        batch.id,
        is_or_are(batch.people)
    ))?;
    if done.on_another > 0 {
        say(format!(
            "{} on another list that waits, too: discard that one if it was not posted",
            is_or_are(done.on_another)
        ))?;
    }
    if done.renamed > 0 {
        say(format!(
            "{} known here under another id: the codes in their letters are known, the links lead nowhere",
            is_or_are(done.renamed)
        ))?;
    }
    let act = match batch.kind.is_posted() {
        true => "posted --batch",
        false => "told --how … --who … --batch",
    };
    say(format!(
        "if that was done: candor letters {act} {} --on DAY",
        batch.id
    ))
}
