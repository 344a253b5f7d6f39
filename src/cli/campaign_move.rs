//! Which campaign a command acts on, and for which account.

use anyhow::{Result, bail, ensure};

use super::{say, warn};
use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::{approval, launch, reject};
use crate::delivery::retry_now::retry_now;
use crate::id::{CampaignId, StaffId};
use crate::staff::{self, Right};

/// A campaign, and the account that acts.
#[derive(Debug, clap::Args)]
pub(crate) struct Move {
    /// Its id
    pub(super) id: CampaignId,
    /// Who does it: the e-mail address of an account with the right to
    #[arg(long = "as")]
    by: String,
}

impl Move {
    pub(super) async fn reject(&self, app: &App, comment: &str) -> Result<()> {
        let by = self.account(app, Right::ApproveCampaign).await?;
        Ok(reject::reject(app, by, self.id, comment).await?)
    }

    pub(super) async fn retry(&self, app: &App) -> Result<()> {
        let by = self.account(app, Right::LaunchCampaign).await?;
        say(retry_now(app, by, self.id).await?)
    }

    /// Launches it, and warns of facts that its texts quote and that are not public.
    pub(super) async fn launch(&self, app: &App) -> Result<()> {
        let by = self.account(app, Right::LaunchCampaign).await?;
        let hidden = launch::launch_with(app, by, self.id, true).await?;
        approval::unpublished_in_words(&hidden)
            .into_iter()
            .for_each(warn);
        Ok(())
    }

    /// The account that acts. A user of the command line has the database and the
    /// master key. The named account makes roles, approvals and the audit log the same as in the console.
    pub(super) async fn account(&self, app: &App, right: Right) -> Result<StaffId> {
        let key = EmailAddress::parse(&self.by)?.key_form();
        let found = staff::store::find_by_email(&mut *app.db.get().await?, &key).await?;
        let Some((account, _)) = found else {
            bail!("no account has the address given with --as")
        };
        ensure!(
            account.disabled_at.is_none() && account.may(right),
            "this account may not do that"
        );
        Ok(account.id)
    }
}
