//! `candor letters`: the people whom the post must tell, as a CSV for the mail house.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::{Settings, account, say};
use crate::staff::Right;
use crate::{incident, person};

/// Export the letter list: who has no e-mail address that works
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor letters --incident carrier-2021 --out letters.csv")]
pub struct Letters {
    /// The incident's name in URLs.
    #[arg(long)]
    incident: String,
    /// Where the list goes; only its owner may read the file. An older one is replaced.
    #[arg(long)]
    out: PathBuf,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

impl Letters {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let by = account(&app, Right::ImportScope, self.by.as_deref()).await?;
        let of = incident::store::find_by_slug(&mut *app.db.get().await?, &self.incident)
            .await
            .with_context(|| format!("incident {}", self.incident))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.out)
            .with_context(|| self.out.display().to_string())?;
        let mut letters = person::letters::export(&app, by, of.id).await?;
        while let Some(piece) = letters.next().await? {
            file.write_all(&piece)?;
        }
        file.sync_all()?;
        say(format!("the letter list is in {}", self.out.display()))
    }
}
