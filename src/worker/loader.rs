//! The loader: claims batches, opens their people, and puts their notices in the queues.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::idle::{Idle, Waiter};
use super::leased_batch::{Job, LeasedBatch, Shared};
use super::outcome_writer::OutcomeWriter;
use super::pace::Pace;
use super::plan::Planner;
use super::queue::Queue;
use super::send_permission::{SendPermission, Source};
use super::unwritten_at_exit::UnwrittenAtExit;
use crate::app::App;
use crate::campaign::{self, CampaignStatus};
use crate::db::Result;
use crate::delivery::fits::Approved;
use crate::delivery::history::Histories;
use crate::delivery::letter::Edition;
use crate::delivery::store::batch::{self, Lease, Turn};
use crate::delivery::store::{self, outcome};
use crate::deployment::keys;
use crate::id::CampaignId;
use crate::postal;
use crate::shutdown::Shutdown;

/// Claims batches while there is room for them.
pub(crate) struct Loader {
    pub app: App,
    /// Where it is seen whether a campaign may go on.
    pub permission: SendPermission,
    /// Where outcomes go.
    pub outcome_writer: OutcomeWriter,
    /// Where jobs go.
    pub queue: Queue,
    /// Tasks of the leased batches.
    pub batches: TaskTracker,
    /// What could not be written before the end.
    pub left: UnwrittenAtExit,
    /// What the notices of each campaign share. It contains no incident keys: those are read for each batch, since an
    /// incident may be forgotten.
    pub shared: HashMap<CampaignId, Arc<Shared>>,
    /// The campaign of the last claim: campaigns take turns.
    pub last: Option<CampaignId>,
    /// Notified when there may be a batch to claim.
    pub wake: Waiter,
}

impl Loader {
    /// Claims until the process leaves, then returns the leased batches.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let poll = Duration::from_millis(self.app.config.mail.poll_milliseconds);
        let mut idle = Idle::new(poll, 4);
        // Campaigns that were at capacity at the last empty claim. While that set is unchanged, poll at the idle
        // interval.
        let mut only_these: Option<(Vec<CampaignId>, Instant)> = None;
        while !shutdown.is_leaving() {
            let full = self.queue.full();
            let enough = !full.is_empty();
            let same =
                |(these, at): &(Vec<CampaignId>, Instant)| *these == full && at.elapsed() < poll;
            if enough && only_these.as_ref().is_some_and(same) {
                // A taken job may free capacity for another claim.
                tokio::select! {
                    () = shutdown.soft().cancelled() => {}
                    () = self.queue.while_full(&full, poll) => {}
                }
                continue;
            }
            match self.step(full.clone(), &shutdown).await {
                Ok(true) => {
                    idle.wake();
                    continue;
                }
                Ok(false) if enough => {
                    only_these = Some((full, Instant::now()));
                    continue;
                }
                Ok(false) => {}
                Err(error) => {
                    self.app
                        .db
                        .trouble("a batch could not be loaded; trying again", &error);
                }
            }
            if !self.wake.rest(&mut idle, &shutdown).await {
                break;
            }
        }
        self.queue.close();
        self.batches.close();
        self.batches.wait().await;
        self.left.tell(self.app.config.mail.lease_seconds);
    }

    /// Claims a batch of a campaign that is not in `full`.
    async fn claim(&self, full: Vec<CampaignId>) -> Result<Option<Lease>> {
        let turn = Turn {
            last: self.last,
            full,
            held: self.permission.is_held(),
        };
        let (now, mail) = (self.app.now(), &self.app.config.mail);
        let mut conn = self.app.db.get().await?;
        batch::claim(&mut conn, &mail.node, mail.lease_seconds, &turn, now).await
    }

    /// Claims a batch of a campaign that is not in `full`, and puts its notices in the queues. `false`: no batch was
    /// due.
    async fn step(&mut self, full: Vec<CampaignId>, shutdown: &Shutdown) -> Result<bool> {
        keys::refuse_others(&self.app).await?;
        let read_at = Instant::now();
        let Some(lease) = self.claim(full).await? else {
            return Ok(false);
        };
        self.last = Some(lease.campaign_id);
        self.permission.admit(lease.campaign_id, lease.seen());
        let (notices, outcomes) = {
            let mut conn = self.app.db.get().await?;
            let range = (lease.first_id, lease.last_id);
            (
                store::unsettled(&mut conn, &lease).await?,
                outcome::in_range(&mut conn, lease.bucket, range).await?,
            )
        };
        let recorded = Histories::read(outcomes);
        let planner = Planner {
            app: &self.app,
            outcome_writer: &self.outcome_writer,
            lease: &lease,
            providers: self.queue.providers(),
        };
        let source = source(&lease, read_at);
        let keep = (&self.batches, &self.left);
        let key = match lease.campaign_status {
            CampaignStatus::Cancelled => None,
            _ => planner.key().await?,
        };
        let Some(key) = key else {
            let known = planner.cancel(notices, &recorded).await?;
            let batch = (lease, source);
            LeasedBatch::take(&self.app, batch, &self.permission, 0, known, keep);
            return Ok(true);
        };
        let shared = shared(&self.app, &mut self.shared, &lease).await?;
        // Read after the claim, which saw the list version of the bucket: the people are of that version or of a newer
        // one.
        let ids = notices.iter().map(|notice| notice.person);
        let people = planner.people(&key, ids).await?;
        let plan = planner.plan(&shared, notices, &recorded, people).await?;
        let (campaign, left) = (lease.campaign_id, plan.jobs.len());
        let leased = LeasedBatch::take(
            &self.app,
            (lease, source),
            &self.permission,
            left,
            plan.known,
            keep,
        );
        let job = |(notice, to, history)| Job::new(&leased, &shared, notice, to, history);
        let jobs = plan.jobs.into_iter().map(job).collect();
        if !shutdown.is_leaving() {
            self.queue.push(campaign, shared.approved.kind, jobs);
        }
        Ok(true)
    }
}

/// The source of a batch that was claimed after `read_at`.
fn source(lease: &Lease, read_at: Instant) -> Source {
    Source {
        campaign: lease.campaign_id,
        incident: lease.incident_id,
        bucket: lease.bucket,
        scope: lease.scope,
        read_at,
    }
}

/// What all notices of the campaign share, compiled at its first batch.
async fn shared(
    app: &App,
    known: &mut HashMap<CampaignId, Arc<Shared>>,
    lease: &Lease,
) -> Result<Arc<Shared>> {
    if let Some(shared) = known.get(&lease.campaign_id) {
        return Ok(Arc::clone(shared));
    }
    let mut conn = app.db.get().await?;
    let campaign = campaign::store::find(&mut conn, lease.campaign_id).await?;
    let content = campaign.content.as_deref().unwrap_or_default();
    let edition = Edition::new(content, &app.keys, &app.signers);
    let edition = edition.map_err(|why| why.of(campaign.id))?;
    let shared = Arc::new(Shared {
        edition,
        approved: Approved {
            kind: campaign.kind,
            audience: campaign.audience.filter(campaign.kind),
            minors: postal::store::minors(&mut conn, campaign.incident).await?,
        },
        pace: Pace::default(),
        on_uncertain: campaign.on_uncertain,
        limit: campaign.limits.rate_per_second,
        launched_at: campaign.launched_at.unwrap_or_else(|| app.now()),
        window: Arc::default(),
    });
    known.insert(campaign.id, Arc::clone(&shared));
    Ok(shared)
}
