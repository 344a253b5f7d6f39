//! `candor campaign`: the actions of the console on campaigns, for an account.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::json;

use super::audience::Count;
use super::campaign_draft::{Edit, TestSend, When};
use super::campaign_move::Move;
use super::{Settings, say};
use crate::actor::Actor;
use crate::app::App;
use crate::campaign::change::{self, Change};
use crate::campaign::error::CampaignError;
use crate::campaign::store::{Judged, MayHaveArrived, Progress};
use crate::campaign::{self, content, hold, launch, waiver};
use crate::db;
use crate::id::CampaignId;
use crate::incident;
use crate::seal::to_hex;
use crate::staff::Right;
use Right::{ApproveCampaign, DraftCampaign, LaunchCampaign};

/// List campaigns, edit, copy, test and schedule them, and submit, approve, launch, pause, resume and cancel them
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
    /// Waive a finding of a rule in a submitted campaign, with a reason
    #[command(
        after_help = "Example:\n  candor campaign waive cmp_0192… --as approver@example.org --finding en:law.us-ca.bureaus --reason 'Counsel: the numbers stand on the page behind the link.'"
    )]
    Waive {
        #[command(flatten)]
        of: Move,
        /// The finding; `candor campaign show` names them
        #[arg(long)]
        finding: String,
        /// Why: 20 to 500 characters
        #[arg(long)]
        reason: String,
    },
    /// Withdraw a waiver
    #[command(
        after_help = "Example:\n  candor campaign unwaive cmp_0192… --as approver@example.org --finding en:law.us-ca.bureaus"
    )]
    Unwaive {
        #[command(flatten)]
        of: Move,
        /// The finding
        #[arg(long)]
        finding: String,
    },
    /// Reject a submitted campaign: it is a draft again, and shows the comment to its author
    #[command(
        after_help = "Example:\n  candor campaign reject cmp_0192… --as approver@example.org --comment 'Name the day of the theft.'"
    )]
    Reject {
        #[command(flatten)]
        of: Move,
        /// What its author must change, in 10 to 2,000 characters
        #[arg(long)]
        comment: String,
    },
    /// Launch an approved campaign
    #[command(after_help = "Example:\n  candor campaign launch cmp_0192… --as comms@example.org")]
    Launch(Move),
    /// Draft a copy of a campaign with the newest texts; prints its id
    #[command(after_help = "Example:\n  candor campaign copy cmp_0192… --as comms@example.org")]
    Copy(Move),
    /// Change a draft; what is not named stays
    #[command(
        after_help = "Example:\n  candor campaign edit cmp_0192… --as comms@example.org --name 'First notice, California' --rate 500 --quiet 22:00-08:00 --zone Europe/Berlin"
    )]
    Edit(Edit),
    /// Let the clock launch an approved campaign
    #[command(
        after_help = "Example:\n  candor campaign schedule cmp_0192… --as comms@example.org --at 2026-11-30T02:00 --zone Europe/Berlin"
    )]
    Schedule(When),
    /// Cancel the schedule of a launch: the campaign stays approved
    #[command(
        after_help = "Example:\n  candor campaign unschedule cmp_0192… --as comms@example.org"
    )]
    Unschedule(Move),
    /// Send a test of its texts to staff; no person is told by it
    #[command(
        after_help = "Example:\n  candor campaign test cmp_0192… --as comms@example.org --to cleo@example.org --locale es"
    )]
    Test(TestSend),
    /// Pause a sending campaign
    #[command(after_help = "Example:\n  candor campaign pause cmp_0192… --as comms@example.org")]
    Pause(Move),
    /// Resume a paused campaign
    #[command(after_help = "Example:\n  candor campaign resume cmp_0192… --as comms@example.org")]
    Resume(Move),
    /// Cancel a campaign: its unsent messages will never be sent
    #[command(after_help = "Example:\n  candor campaign cancel cmp_0192… --as comms@example.org")]
    Cancel(Move),
    /// Make the deferred messages of a campaign due now; prints how many. Holds and limits still apply
    #[command(after_help = "Example:\n  candor campaign retry cmp_0192… --as comms@example.org")]
    Retry(Move),
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
            | Self::Waive { of, .. }
            | Self::Unwaive { of, .. }
            | Self::Reject { of, .. }
            | Self::Retry(of)
            | Self::Launch(of)
            | Self::Copy(of)
            | Self::Unschedule(of)
            | Self::Pause(of)
            | Self::Resume(of)
            | Self::Cancel(of) => Some(of.id),
            Self::Edit(edit) => Some(edit.of.id),
            Self::Schedule(when) => Some(when.of.id),
            Self::Test(test) => Some(test.of.id),
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
            Self::List { json } => list(app, json).await,
            Self::Show { id, json } => show_one(app, id, json).await,
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
            Self::Waive {
                of,
                finding,
                reason,
            } => {
                let by = of.account(app, ApproveCampaign).await?;
                Ok(waiver::waive(app, by, of.id, &finding, &reason).await?)
            }
            Self::Unwaive { of, finding } => {
                let by = of.account(app, ApproveCampaign).await?;
                Ok(waiver::withdraw(app, by, of.id, &finding).await?)
            }
            Self::Reject { of, comment } => of.reject(app, &comment).await,
            Self::Retry(of) => of.retry(app).await,
            Self::Launch(of) => of.launch(app).await,
            Self::Copy(of) => {
                let by = of.account(app, DraftCampaign).await?;
                say(campaign::copy::copy(app, by, of.id).await?)
            }
            Self::Edit(edit) => edit.run(app).await,
            Self::Schedule(when) => when.run(app).await,
            Self::Unschedule(of) => {
                let by = of.account(app, LaunchCampaign).await?;
                Ok(campaign::schedule::unschedule(app, by, of.id).await?)
            }
            Self::Test(test) => test.run(app).await,
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

async fn list(app: &App, json: bool) -> Result<()> {
    let found = campaign::store::list(&mut *app.db.get().await?, None, None, 200).await?;
    found
        .iter()
        .try_for_each(|campaign| show(campaign, None, &[], json))
}

async fn show_one(app: &App, id: CampaignId, json: bool) -> Result<()> {
    let mut conn = app.db.get().await?;
    let of = campaign::store::overview(&mut conn, id).await?;
    let incident = incident::store::find(&mut conn, of.campaign.incident).await?;
    let mut void = campaign::approval::void(app, [&of], &[incident]);
    let changed = void.remove(&id).unwrap_or_default();
    let arrived = campaign::store::may_have_arrived(&mut conn, id).await?;
    show(&of.campaign, Some((&of.progress, arrived)), &changed, json)?;
    judged(&of.judged, json)
}

/// Whether the id is unknown.
fn is_missing(error: &anyhow::Error) -> bool {
    let db = error.downcast_ref::<db::Error>();
    let campaign = error.downcast_ref::<CampaignError>();
    matches!(db, Some(db::Error::Missing))
        || matches!(campaign, Some(CampaignError::Db(db::Error::Missing)))
}

/// What rules found when it was submitted, and what is waived.
fn judged(of: &Judged, json: bool) -> Result<()> {
    if json {
        return Ok(());
    }
    of.remarks.iter().try_for_each(|one| {
        let is_waived = of
            .waivers
            .iter()
            .any(|waiver| waiver.finding == one.finding);
        let state = match (one.blocking, is_waived) {
            (true, true) => "waived",
            (true, false) => "not settled",
            (false, _) => "advice",
        };
        say(format!("{state:>12}  {}  {}", one.finding, one.what))
    })
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
            "id": campaign.id, "name": campaign.name, "kind": campaign.kind, "status": campaign.status, "incident": campaign.incident,
            "version": campaign.version, "content_hash": hash, "counts": counts,
            "changed": changed, "maybe_arrived": arrived.map(|of| of.waiting), "doubled": arrived.map(|of| of.twice),
        }));
    }
    say(format!(
        "{}  {:<10}  {:<9}  {}",
        campaign.id,
        campaign.kind.as_str(),
        campaign.status.as_str(),
        campaign.name
    ))?;
    if let Some(schedule) = campaign.schedule.filter(|_| progress.is_some()) {
        say(format!("scheduled     {}", schedule.shown()))?;
    }
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
