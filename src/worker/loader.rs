//! The loader: claims batches, opens their people, and puts their notices in the lanes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;

use super::gate::Gate;
use super::hand::{Hand, Job, Shared};
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::pace::Pace;
use super::past::{Past, Story};
use crate::app::App;
use crate::campaign::{self, CampaignStatus};
use crate::db::{Error, Result};
use crate::id::{CampaignId, PersonId};
use crate::incident;
use crate::notice::letter::Edition;
use crate::notice::store::batch::{self, Lease, Turn};
use crate::notice::store::outcome::{self, Outcome};
use crate::notice::store::{self, Settled};
use crate::notice::{AttemptResult, Notice, NoticeStatus};
use crate::person;
use crate::seal::IncidentKey;
use crate::shutdown::Shutdown;

/// Claims batches while there is room for them.
pub struct Loader {
    /// The program.
    pub app: App,
    /// Where it is seen whether a campaign may go on.
    pub gate: Gate,
    /// Where outcomes go.
    pub ledger: Ledger,
    /// Where jobs go.
    pub lanes: Lanes,
    /// What is done for the batches in hand.
    pub hands: TaskTracker,
    /// What the notices of each campaign share.
    pub shared: HashMap<CampaignId, (Arc<Shared>, IncidentKey)>,
    /// The campaign of the last claim: the next is another's turn.
    pub last: Option<CampaignId>,
}

impl Loader {
    /// Claims until it is time to leave, then gives back what is in hand.
    pub async fn run(mut self, shutdown: Shutdown) {
        let poll = Duration::from_millis(self.app.config.mail.poll_milliseconds);
        // Of whom there was enough in hand when nothing else was due: while that is so, others are asked for no
        // sooner than where nothing is in hand.
        let mut only_these: Option<(Vec<CampaignId>, Instant)> = None;
        while !shutdown.is_leaving() {
            let full = self.lanes.full();
            let enough = !full.is_empty();
            let same =
                |(these, at): &(Vec<CampaignId>, Instant)| *these == full && at.elapsed() < poll;
            if enough && only_these.as_ref().is_some_and(same) {
                // What it does not ask for may be wanted as soon as a job is taken.
                tokio::select! {
                    () = shutdown.soft().cancelled() => {}
                    () = self.lanes.while_full(&full, poll) => {}
                }
                continue;
            }
            match self.step(full.clone(), &shutdown).await {
                Ok(true) => continue,
                Ok(false) if enough => {
                    only_these = Some((full, Instant::now()));
                    continue;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "a batch could not be loaded; trying again");
                }
            }
            if !shutdown.rest(poll).await {
                break;
            }
        }
        self.lanes.close();
        self.hands.close();
        self.hands.wait().await;
    }

    /// Claims a batch of a campaign that is not `full`, and hands its notices out. `false`: there was none.
    async fn step(&mut self, full: Vec<CampaignId>, shutdown: &Shutdown) -> Result<bool> {
        let turn = Turn {
            last: self.last,
            full,
        };
        let (now, mail) = (self.app.now(), &self.app.config.mail);
        let lease = {
            let mut conn = self.app.db.get().await?;
            batch::claim(&mut conn, &mail.node, mail.lease_seconds, &turn, now).await?
        };
        let Some(lease) = lease else { return Ok(false) };
        self.last = Some(lease.campaign_id);
        self.gate.admit(lease.campaign_id, lease.seen());
        let (notices, outcomes) = {
            let mut conn = self.app.db.get().await?;
            let range = (lease.first_id, lease.last_id);
            (
                store::unsettled(&mut conn, &lease).await?,
                outcome::in_range(&mut conn, lease.bucket, range).await?,
            )
        };
        let past = Past::read(outcomes);
        if lease.campaign_status == CampaignStatus::Cancelled {
            self.cancel(lease, &notices, &past);
            return Ok(true);
        }
        let (shared, key) = self.shared(&lease).await?;
        let mut people = self.people(&key, &lease, &notices).await?;
        let plan = self.plan(&shared, notices, &past).await?;
        let (campaign, left) = (lease.campaign_id, plan.jobs.len());
        let hand = Hand::take(&self.app, lease, &self.gate, left, plan.known, &self.hands);
        let mut jobs = Vec::with_capacity(left);
        for (notice, story) in plan.jobs {
            let Some(person) = people.remove(&notice.person) else {
                return Err(Error::inconsistent("notice", notice.id));
            };
            jobs.push(Job::new(&hand, &shared, notice, person, &story));
        }
        if !shutdown.is_leaving() {
            self.lanes.push(campaign, shared.kind, jobs);
        }
        Ok(true)
    }

    async fn people(
        &self,
        key: &IncidentKey,
        lease: &Lease,
        notices: &[Notice],
    ) -> Result<HashMap<PersonId, person::Person>> {
        let ids: Vec<PersonId> = notices.iter().map(|notice| notice.person).collect();
        let mut conn = self.app.db.get().await?;
        let place = (lease.incident_id, lease.bucket);
        let people = person::store::load_many(&mut conn, key, place, &ids).await?;
        Ok(people
            .into_iter()
            .map(|person| (person.id, person))
            .collect())
    }

    /// What all notices of the campaign share, compiled at its first batch.
    async fn shared(&mut self, lease: &Lease) -> Result<(Arc<Shared>, IncidentKey)> {
        if let Some((shared, key)) = self.shared.get(&lease.campaign_id) {
            return Ok((Arc::clone(shared), key.clone()));
        }
        let mut conn = self.app.db.get().await?;
        let campaign = campaign::store::find(&mut conn, lease.campaign_id).await?;
        let incident = incident::store::find(&mut conn, campaign.incident).await?;
        let strange = || Error::inconsistent("campaign", campaign.id);
        let key = incident
            .key(&self.app.keys)
            .ok()
            .flatten()
            .ok_or_else(strange)?;
        let content = campaign.content.as_deref().unwrap_or_default();
        let app = &self.app;
        let edition =
            Edition::new(content, &app.config, &app.keys, &app.signers).map_err(|_| strange())?;
        let shared = Arc::new(Shared {
            edition,
            kind: campaign.kind,
            pace: Pace::default(),
            on_uncertain: campaign.on_uncertain,
            limit: campaign.limits.rate_per_second,
            launched_at: campaign.launched_at.unwrap_or_else(|| self.app.now()),
            window: Mutex::default(),
        });
        self.shared
            .insert(campaign.id, (Arc::clone(&shared), key.clone()));
        Ok((shared, key))
    }

    /// Ends every notice of a cancelled campaign's batch: as it was sent, or as cancelled.
    fn cancel(&self, lease: Lease, notices: &[Notice], past: &Past) {
        let known = notices
            .iter()
            .map(|notice| {
                let story = past.of(notice.id);
                let to = match story.end {
                    // It may have arrived.
                    Some((NoticeStatus::Deferred, _)) | None
                        if story.open.is_some() || story.doubts > 0 =>
                    {
                        NoticeStatus::Uncertain
                    }
                    Some((NoticeStatus::Deferred, _)) | None => NoticeStatus::Cancelled,
                    Some((to, _)) => to,
                };
                settled(notice, &story, to, None)
            })
            .collect();
        Hand::take(&self.app, lease, &self.gate, 0, known, &self.hands);
    }

    /// Sorts a batch's notices: those whose end is in the outcomes already, those a dead sender left
    /// uncertain, those to be sent.
    async fn plan(&self, shared: &Shared, notices: Vec<Notice>, past: &Past) -> Result<Plan> {
        let now = self.app.now();
        let mut plan = Plan::default();
        let mut found = Vec::new();
        for notice in notices {
            let mut story = past.of(notice.id);
            if let Some(open) = story.open.take() {
                story.doubts += 1;
                // At once: whoever had it is gone. Should this sender go too before it has begun again, the row
                // tells the next that it is to be sent again.
                let again = shared.resend_in(story.doubts).map(|_| now);
                found.push(Outcome {
                    settled: true,
                    result: AttemptResult::Uncertain,
                    at: now,
                    reason: Some("sender or database lost before its end was recorded".to_owned()),
                    retry_at: again,
                    ..open
                });
                if again.is_none() {
                    plan.known
                        .push(settled(&notice, &story, NoticeStatus::Uncertain, None));
                    continue;
                }
                story.end = None;
            }
            match story.end {
                Some((NoticeStatus::Deferred, due_at)) if due_at.is_some_and(|due| due > now) => {
                    plan.known
                        .push(settled(&notice, &story, NoticeStatus::Deferred, due_at));
                }
                None | Some((NoticeStatus::Deferred, _)) => plan.jobs.push((notice, story)),
                Some((to, _)) => plan.known.push(settled(&notice, &story, to, None)),
            }
        }
        if !found.is_empty() {
            tracing::warn!(
                notices = found.len(),
                "notices left uncertain by a sender that died"
            );
            self.ledger.write(found).await?;
        }
        Ok(plan)
    }
}

#[derive(Default)]
struct Plan {
    known: Vec<Settled>,
    jobs: Vec<(Notice, Story)>,
}

fn settled(
    notice: &Notice,
    story: &Story,
    to: NoticeStatus,
    due_at: Option<chrono::DateTime<chrono::Utc>>,
) -> Settled {
    Settled {
        id: notice.id,
        person: notice.person,
        named: notice.named,
        from: notice.status,
        to,
        attempts: story.attempts,
        due_at,
    }
}
