//! `candor campaign`: the actions of the console on campaigns, for an account.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use clap::Subcommand;
use serde_json::json;

use super::audience::Count;
use super::{Settings, say, warn};
use crate::actor::Actor;
use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::change::{self, Change};
use crate::campaign::error::CampaignError;
use crate::campaign::store::{MayHaveArrived, Progress};
use crate::campaign::{self, content, hold, launch};
use crate::db;
use crate::id::{CampaignId, StaffId};
use crate::incident;
use crate::seal::to_hex;
use crate::staff::{self, Right};
use Right::{ApproveCampaign, DraftCampaign, LaunchCampaign};

/// List campaigns, and submit, approve, launch, pause, resume and cancel them
#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// List the newest 200 campaigns, newest first
    #[command(after_help = "Example:\n  candor campaign list --json")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one campaign with its content hash and its notices by state
    #[command(after_help = "Example:\n  candor campaign show cmp_0192…")]
    Show {
        /// Its id
        id: CampaignId,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Count who a campaign would go to: a sentence with numbers that add up
    #[command(
        after_help = "Example:\n  candor campaign audience --incident august-2021 --kind supplement --audience '{\"jurisdictions\":[\"US-CA\"]}'"
    )]
    Audience(Count),
    /// Submit a draft for approval; prints the hash to approve
    #[command(
        after_help = "Example:\n  candor campaign submit cmp_0192… --as comms@example.org --acknowledge fr --acknowledge es:what_happened"
    )]
    Submit {
        #[command(flatten)]
        of: Move,
        /// Confirm a language without a text of its own, or a fact in another language; may be repeated
        #[arg(long)]
        acknowledge: Vec<String>,
    },
    /// Approve exactly the content with this hash; the author cannot
    #[command(
        after_help = "Example:\n  candor campaign approve cmp_0192… --as approver@example.org --hash 9f86d0…"
    )]
    Approve {
        #[command(flatten)]
        of: Move,
        /// The content hash that the approver has read
        #[arg(long)]
        hash: String,
    },
    /// Launch an approved campaign
    #[command(after_help = "Example:\n  candor campaign launch cmp_0192… --as comms@example.org")]
    Launch(Move),
    /// Pause a sending campaign
    #[command(after_help = "Example:\n  candor campaign pause cmp_0192… --as comms@example.org")]
    Pause(Move),
    /// Resume a paused campaign
    #[command(after_help = "Example:\n  candor campaign resume cmp_0192… --as comms@example.org")]
    Resume(Move),
    /// Cancel a campaign: its unsent messages will never be sent
    #[command(after_help = "Example:\n  candor campaign cancel cmp_0192… --as comms@example.org")]
    Cancel(Move),
}

/// A campaign, and the account that acts.
#[derive(Debug, clap::Args)]
pub(crate) struct Move {
    /// Its id
    id: CampaignId,
    /// Who does it: the e-mail address of an account with the right to
    #[arg(long = "as")]
    by: String,
}

impl Campaign {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let named = self.id();
        match self.done(settings).await {
            Err(error) if is_missing(&error) => match named {
                Some(id) => bail!("there is no campaign {id}: `candor campaign list` names them"),
                None => Err(error),
            },
            done => done,
        }
    }

    /// The campaign that is named.
    const fn id(&self) -> Option<CampaignId> {
        match self {
            Self::List { .. } | Self::Audience(_) => None,
            Self::Show { id, .. } => Some(*id),
            Self::Submit { of, .. }
            | Self::Approve { of, .. }
            | Self::Launch(of)
            | Self::Pause(of)
            | Self::Resume(of)
            | Self::Cancel(of) => Some(of.id),
        }
    }

    async fn done(self, settings: &Settings) -> Result<()> {
        // Reading commands need no key.
        let app = &match self {
            Self::List { .. } | Self::Show { .. } | Self::Audience(_) => settings.without_keys()?,
            _ => settings.ready().await?,
        };
        match self {
            Self::Audience(count) => count.run(&app.patient()).await,
            Self::List { json } => {
                let found =
                    campaign::store::list(&mut *app.db.get().await?, None, None, 200).await?;
                found
                    .iter()
                    .try_for_each(|campaign| show(campaign, None, &[], json))
            }
            Self::Show { id, json } => {
                let mut conn = app.db.get().await?;
                let of = campaign::store::overview(&mut conn, id).await?;
                let incident = incident::store::find(&mut conn, of.campaign.incident).await?;
                let mut void = campaign::approval::void(app, [&of], &[incident]);
                let changed = void.remove(&id).unwrap_or_default();
                let arrived = campaign::store::may_have_arrived(&mut conn, id).await?;
                show(&of.campaign, Some((&of.progress, arrived)), &changed, json)
            }
            Self::Submit { of, acknowledge } => {
                let (by, said) = (
                    of.account(app, DraftCampaign).await?,
                    acknowledge.into_iter().collect(),
                );
                say(launch::submit_with(app, by, of.id, &said).await?)
            }
            Self::Approve { of, hash } => {
                Ok(
                    launch::approve(app, of.account(app, ApproveCampaign).await?, of.id, &hash)
                        .await?,
                )
            }
            Self::Launch(of) => {
                let by = of.account(app, LaunchCampaign).await?;
                let hidden = launch::launch_with(app, by, of.id, true).await?;
                campaign::approval::unpublished_in_words(&hidden)
                    .into_iter()
                    .for_each(warn);
                Ok(())
            }
            Self::Pause(of) => {
                let by = Actor::Staff(of.account(app, LaunchCampaign).await?);
                Ok(hold::pause(app, by, of.id, None).await?)
            }
            Self::Resume(of) => {
                Ok(hold::resume(app, of.account(app, LaunchCampaign).await?, of.id).await?)
            }
            Self::Cancel(of) => {
                Ok(hold::cancel(app, of.account(app, LaunchCampaign).await?, of.id).await?)
            }
        }
    }
}

impl Move {
    /// The account that acts. A user of the command line has the database and the
    /// master key. The named account makes roles, approvals and the audit log the same as in the console.
    async fn account(&self, app: &App, right: Right) -> Result<StaffId> {
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

/// Whether the id is unknown.
fn is_missing(error: &anyhow::Error) -> bool {
    let db = error.downcast_ref::<db::Error>();
    let campaign = error.downcast_ref::<CampaignError>();
    matches!(db, Some(db::Error::Missing))
        || matches!(campaign, Some(CampaignError::Db(db::Error::Missing)))
}

fn show(
    campaign: &campaign::Campaign,
    progress: Option<(&Progress, MayHaveArrived)>,
    changed: &[Change],
    json: bool,
) -> Result<()> {
    let hash = campaign
        .content
        .as_deref()
        .map(|text| to_hex(&content::hash(text)));
    let arrived = progress.map(|(_, arrived)| arrived);
    let counts = progress.map(|(p, _)| {
        p.counts
            .iter()
            .map(|(s, n)| (s.as_str(), *n))
            .collect::<Vec<_>>()
    });
    if json {
        let counts = counts.map(|all| all.into_iter().collect::<BTreeMap<_, _>>());
        return say(json!({
            "id": campaign.id, "kind": campaign.kind, "status": campaign.status, "incident": campaign.incident,
            "version": campaign.version, "content_hash": hash, "counts": counts,
            "changed": changed, "maybe_arrived": arrived.map(|of| of.waiting), "doubled": arrived.map(|of| of.twice),
        }));
    }
    say(format!(
        "{}  {:<10}  {}",
        campaign.id,
        campaign.kind.as_str(),
        campaign.status
    ))?;
    if progress.is_some() {
        say(format!(
            "content hash  {}",
            hash.as_deref().unwrap_or("not submitted")
        ))?;
        if !changed.is_empty() {
            let words = change::in_words(changed);
            say(format!("approval      void: {words} changed"))?;
        }
    }
    counts
        .into_iter()
        .flatten()
        .try_for_each(|(status, n)| say(format!("{status:>12}  {n}")))?;
    let arrived = arrived.unwrap_or_default();
    [
        (
            arrived.waiting,
            "may have arrived, and wait for their next try",
        ),
        (arrived.twice, "may have arrived twice"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .try_for_each(|(n, what)| say(format!("{n} of these {what}")))
}
