//! The loader: claims batches, opens their people, and puts their notices in the lanes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio_util::task::TaskTracker;

use super::gate::Gate;
use super::hand::{Hand, Job, Known, Shared};
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::pace::Pace;
use super::past::{self, Past, Story};
use crate::app::App;
use crate::campaign::{self, CampaignStatus};
use crate::db::{Error, Result};
use crate::id::{CampaignId, NoticeId, PersonId};
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
    /// What the notices of each campaign share. Nothing that could be forgotten: keys are read for each batch.
    pub shared: HashMap<CampaignId, Arc<Shared>>,
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
        let key = match lease.campaign_status {
            CampaignStatus::Cancelled => None,
            _ => self.key(&lease).await?,
        };
        let Some(key) = key else {
            self.cancel(lease, notices, &past).await?;
            return Ok(true);
        };
        let shared = self.shared(&lease).await?;
        let mut people = self.people(&key, &lease, &notices).await?;
        let providers = self.lanes.providers();
        let provider = |notice: &Notice| {
            let person = people.get(&notice.person);
            let address = person.and_then(|person| person.contact.email.as_ref());
            providers.name(address)
        };
        let plan = self.plan(&shared, notices, &past, provider).await?;
        let mut found = Vec::with_capacity(plan.jobs.len());
        for (notice, provider, story) in plan.jobs {
            let Some(person) = people.remove(&notice.person) else {
                return Err(Error::inconsistent("notice", notice.id));
            };
            found.push((notice, (person, provider), story));
        }
        let (campaign, left) = (lease.campaign_id, found.len());
        let hand = Hand::take(&self.app, lease, &self.gate, left, plan.known, &self.hands);
        let job = |(notice, to, story)| Job::new(&hand, &shared, notice, to, story);
        let jobs = found.into_iter().map(job).collect();
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

    /// The key that opens the people of the batch; `None`: the incident was forgotten, and nothing of it is sent.
    async fn key(&self, lease: &Lease) -> Result<Option<IncidentKey>> {
        let mut conn = self.app.db.get().await?;
        let wrapped = incident::store::wrapped_key(&mut conn, lease.incident_id).await?;
        let open = |wrapped: Vec<u8>| self.app.keys.incident_key(lease.incident_id, &wrapped);
        let strange = |_| Error::inconsistent("incident", lease.incident_id);
        wrapped.map(open).transpose().map_err(strange)
    }

    /// What all notices of the campaign share, compiled at its first batch.
    async fn shared(&mut self, lease: &Lease) -> Result<Arc<Shared>> {
        if let Some(shared) = self.shared.get(&lease.campaign_id) {
            return Ok(Arc::clone(shared));
        }
        let mut conn = self.app.db.get().await?;
        let campaign = campaign::store::find(&mut conn, lease.campaign_id).await?;
        let strange = || Error::inconsistent("campaign", campaign.id);
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
        self.shared.insert(campaign.id, Arc::clone(&shared));
        Ok(shared)
    }

    /// Ends every notice of a batch of which nothing more is sent, since its campaign was cancelled or its incident
    /// forgotten: as it was sent, or as cancelled.
    async fn cancel(&self, lease: Lease, notices: Vec<Notice>, past: &Past) -> Result<()> {
        let stories = self.stories(notices, past, |_| false).await?;
        let mut known = Known {
            unclear: stories.unclear,
            ..Known::default()
        };
        for (notice, story) in stories.each {
            let to = match story.end {
                // It may have arrived.
                Some((NoticeStatus::Deferred, _)) | None if story.doubts > 0 => {
                    NoticeStatus::Uncertain
                }
                Some((NoticeStatus::Deferred, _)) | None => NoticeStatus::Cancelled,
                Some((to, _)) => to,
            };
            let unknown = self.lanes.providers().name(None);
            known
                .settled
                .push(settled(&notice, story, (to, None), unknown));
        }
        Hand::take(&self.app, lease, &self.gate, 0, known, &self.hands);
        Ok(())
    }

    /// Sorts a batch's notices: those whose end is in the outcomes already, and those to be sent.
    async fn plan(
        &self,
        shared: &Shared,
        notices: Vec<Notice>,
        past: &Past,
        provider: impl Fn(&Notice) -> Arc<str>,
    ) -> Result<Plan> {
        let again = |doubts| shared.resend_in(doubts).is_some();
        let stories = self.stories(notices, past, again).await?;
        let now = self.app.now();
        let mut plan = Plan::default();
        plan.known.unclear = stories.unclear;
        for (notice, story) in stories.each {
            let provider = provider(&notice);
            let to = match story.end {
                Some((NoticeStatus::Deferred, due_at)) if due_at.is_some_and(|due| due > now) => {
                    (NoticeStatus::Deferred, due_at)
                }
                None | Some((NoticeStatus::Deferred, _)) => {
                    plan.jobs.push((notice, provider, story));
                    continue;
                }
                Some((to, _)) => (to, None),
            };
            let known = settled(&notice, story, to, provider);
            plan.known.settled.push(known);
        }
        Ok(plan)
    }

    /// What was done with a batch's notices. Attempts without an end, of a sender that died, end as uncertain; so
    /// many doubts say whether the notice is sent `again`.
    async fn stories(
        &self,
        notices: Vec<Notice>,
        past: &Past,
        again: impl Fn(u32) -> bool,
    ) -> Result<Stories> {
        let now = self.app.now();
        let mut lost = Vec::new();
        let read = |notice: Notice| {
            let mut story = past.of(&notice);
            if let Some(open) = story.open.take() {
                story.doubts += 1;
                // At once: whoever had it is gone. Should this sender go too before it has begun again, the row
                // tells the next that it is to be sent again.
                let retry_at = again(story.doubts).then_some(now);
                let row = Outcome {
                    settled: true,
                    result: AttemptResult::Uncertain,
                    at: now,
                    reason: Some("sender or database lost before its end was recorded".to_owned()),
                    retry_at,
                    ..open
                };
                story.end = past::end_of(&row);
                story.tried.push(row.clone());
                lost.push(row);
            }
            (notice, story)
        };
        let mut each: Vec<_> = notices.into_iter().map(read).collect();
        let unclear = self.write_lost(lost).await?;
        each.retain(|(notice, _)| !unclear.contains(&notice.id));
        Ok(Stories {
            each,
            unclear: !unclear.is_empty(),
        })
    }

    /// Writes that attempts were lost. Those of which somebody wrote the end first: they were not.
    async fn write_lost(&self, lost: Vec<Outcome>) -> Result<HashSet<NoticeId>> {
        if lost.is_empty() {
            return Ok(HashSet::new());
        }
        let mut unclear: HashSet<NoticeId> = lost.iter().map(|row| row.notice_id).collect();
        let written = self.ledger.write(lost).await?;
        for (notice, ..) in &written {
            unclear.remove(notice);
        }
        if !written.is_empty() {
            tracing::warn!(
                notices = written.len(),
                "notices left uncertain by a sender that died"
            );
        }
        Ok(unclear)
    }
}

/// What was done with a batch's notices before.
struct Stories {
    each: Vec<(Notice, Story)>,
    /// Others were written of meanwhile.
    unclear: bool,
}

#[derive(Default)]
struct Plan {
    known: Known,
    /// Each with the provider of its mailbox.
    jobs: Vec<(Notice, Arc<str>, Story)>,
}

fn settled(
    notice: &Notice,
    story: Story,
    (to, due_at): (NoticeStatus, Option<DateTime<Utc>>),
    provider: Arc<str>,
) -> Settled {
    Settled {
        id: notice.id,
        person: notice.person,
        named: notice.named,
        address: None,
        from: notice.status,
        to,
        attempts: story.attempts,
        due_at,
        provider,
        tried: story.tried,
    }
}
