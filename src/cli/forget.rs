//! `candor forget`: destroys the key of an incident that is over.

use anyhow::{Context, Result};
use clap::Args;

use super::{Settings, account, say};
use crate::erasure;
use crate::incident;
use crate::staff::Right;

/// Delete the personal data of a closed or dismissed incident for ever
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor forget --incident carrier-2021 --repeat carrier-2021\n\nNames, addresses, the words of tickets and status links can never be read again; what was counted, sent \
    and done stays. Backups hold the key until they are gone too."
)]
pub(crate) struct Forget {
    /// The incident's name in URLs
    #[arg(long)]
    incident: String,
    /// The same name again, to confirm
    #[arg(long)]
    repeat: String,
    /// Who does it: the e-mail address of an admin's account. Not needed if only one may
    #[arg(long = "as")]
    by: Option<String>,
}

impl Forget {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.ready().await?;
        let by = account(&app, Right::ForgetIncident, self.by.as_deref()).await?;
        let of = incident::store::find_by_slug(&mut *app.db.get().await?, &self.incident)
            .await
            .with_context(|| format!("incident {}", self.incident))?;
        erasure::forget(&app, by, of.id, &self.repeat).await?;
        say(format!(
            "the people of {} are forgotten; its figures and the audit log stay",
            of.slug
        ))
    }
}
