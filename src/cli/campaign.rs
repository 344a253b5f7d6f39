//! `candor campaign`, `candor stop`, `candor start`: as the console does.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::json;

use crate::actor::Actor;
use crate::app::App;
use crate::campaign::store::Progress;
use crate::campaign::{self, Campaign, content, launch};
use crate::id::{CampaignId, StaffId};
use crate::seal::to_hex;
use crate::staff;

/// Arguments of `candor campaign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: candor campaign approve cmp_0192… --as approver@example.org --hash 9f86d0…")]
pub struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// All campaigns, newest first.
    List,
    /// One campaign with its content hash and its notices by state.
    Show {
        /// Its id.
        id: CampaignId,
    },
    /// Submit a draft for approval; prints the hash to approve.
    Submit(Move),
    /// Approve exactly the content with this hash, as another person than the author.
    Approve {
        #[command(flatten)]
        who: Move,
        /// The content hash that was read.
        #[arg(long)]
        hash: String,
    },
    /// Launch an approved campaign.
    Launch(Move),
    /// Hold a sending campaign.
    Pause(Move),
    /// Let a paused campaign go on.
    Resume(Move),
    /// End a campaign: what is not sent by now never will be.
    Cancel(Move),
}

#[derive(Debug, clap::Args)]
struct Move {
    /// Its id.
    id: CampaignId,
    /// Who does it: the e-mail address of an account with the right to.
    #[arg(long = "as")]
    by: String,
}

/// Runs `candor campaign`.
///
/// # Errors
/// What the campaign, the account or the database refused.
pub async fn run(app: &App, args: &Args, json: bool) -> Result<()> {
    use staff::Right::{ApproveCampaign, DraftCampaign, LaunchCampaign, StopSending};
    match &args.deed {
        Deed::List => {
            let found = campaign::store::list(&mut *app.db.get().await?, None, None, 200).await?;
            for campaign in &found {
                show(campaign, None, json)?;
            }
        }
        Deed::Show { id } => {
            let mut conn = app.db.get().await?;
            let campaign = campaign::store::find(&mut conn, *id).await?;
            let progress = campaign::store::progress(&mut conn, *id).await?;
            show(&campaign, Some(&progress), json)?;
        }
        Deed::Submit(m) => {
            let hash = launch::submit(app, account(app, m, DraftCampaign).await?, m.id).await?;
            writeln!(std::io::stdout(), "{hash}")?;
        }
        Deed::Approve { who, hash } => {
            launch::approve(app, account(app, who, ApproveCampaign).await?, who.id, hash).await?;
        }
        Deed::Launch(m) => launch::launch(app, account(app, m, LaunchCampaign).await?, m.id).await?,
        Deed::Pause(m) => {
            let by = Actor::Staff(account(app, m, StopSending).await?);
            launch::pause(app, by, m.id, None).await?;
        }
        Deed::Resume(m) => launch::resume(app, account(app, m, LaunchCampaign).await?, m.id).await?,
        Deed::Cancel(m) => launch::cancel(app, account(app, m, StopSending).await?, m.id).await?,
    }
    Ok(())
}

/// The account that is to have done it. Whoever reaches the command line holds the database and the
/// master key; naming an account keeps roles, four eyes and the audit log as they are elsewhere.
async fn account(app: &App, of: &Move, right: staff::Right) -> Result<StaffId> {
    let found = staff::store::find_by_email(&mut *app.db.get().await?, &of.by).await?;
    if found.disabled_at.is_some() || !found.may(right) {
        bail!("this account may not do that");
    }
    Ok(found.id)
}

fn show(campaign: &Campaign, progress: Option<&Progress>, json: bool) -> Result<()> {
    let hash = campaign.content.as_deref().map(|text| to_hex(&content::hash(text)));
    let counts = progress.map(|p| p.counts.iter().map(|(s, n)| (s.as_str(), *n)).collect::<Vec<_>>());
    let mut out = std::io::stdout();
    if json {
        let counts = counts.map(|all| all.into_iter().collect::<std::collections::BTreeMap<_, _>>());
        let line = json!({
            "id": campaign.id, "kind": campaign.kind, "status": campaign.status, "incident": campaign.incident,
            "version": campaign.version, "content_hash": hash, "counts": counts,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    writeln!(out, "{}  {:<10}  {}", campaign.id, campaign.kind, campaign.status)?;
    if progress.is_some() {
        writeln!(out, "content hash  {}", hash.as_deref().unwrap_or("not submitted"))?;
    }
    for (status, n) in counts.into_iter().flatten() {
        writeln!(out, "{status:>12}  {n}")?;
    }
    Ok(())
}

/// `candor stop` and `candor start`: the emergency stop for everything on every node.
///
/// # Errors
/// The database's.
pub async fn switch(app: &App, stop: bool) -> Result<()> {
    let by = Actor::System("command line");
    let changed = if stop { launch::stop_everything(app, by).await? } else { launch::start_again(app, by).await? };
    let said = match (stop, changed) {
        (true, true) => "stopped: no message leaves any node; `candor start` lifts it",
        (true, false) => "it was stopped already",
        (false, true) => "sending may go on",
        (false, false) => "nothing was stopped",
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}
