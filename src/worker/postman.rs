//! The postman: freezes audiences, claims batches, opens their people, and hands the notices to the
//! lines.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::Route;
use super::gate::Gate;
use super::hand::{Hand, Job, Shared};
use super::ledger::Ledger;
use super::line::{Line, Trunk};
use super::pace::Pace;
use crate::app::App;
use crate::campaign::{self, CampaignStatus, UncertainPolicy};
use crate::db::{Error, Result};
use crate::id::{CampaignId, NoticeId, PersonId};
use crate::incident;
use crate::notice::letter::Edition;
use crate::notice::store::batch::{self, Lease};
use crate::notice::store::outcome::{self, Outcome};
use crate::notice::store::{self, Settled};
use crate::notice::{AttemptResult, Notice, NoticeStatus, freeze};
use crate::person;
use crate::seal::IncidentKey;
use crate::shutdown::Shutdown;

/// Starts everything that sends notices.
pub fn start(app: &App, routes: Vec<Route>, shutdown: &Shutdown) {
    let connections: usize = routes.iter().map(|route| route.connections).sum();
    let (jobs, queue) = mpsc::channel(connections * 2);
    let queue = Arc::new(tokio::sync::Mutex::new(queue));
    let gate = Gate::default();
    let ledger = Ledger::start(app);
    for route in routes {
        let connections = route.connections;
        let trunk = Arc::new(Trunk::new(route));
        for _ in 0..connections {
            let line = Line {
                app: app.clone(),
                trunk: Arc::clone(&trunk),
                queue: Arc::clone(&queue),
                ledger: ledger.clone(),
                shutdown: shutdown.clone(),
            };
            shutdown.spawn(line.run());
        }
    }
    shutdown.spawn(gate.clone().watch(app.clone(), shutdown.clone()));
    shutdown.spawn(freeze_all(app.clone(), shutdown.clone()));
    let loader = Loader {
        app: app.clone(),
        gate,
        ledger,
        jobs,
        hands: TaskTracker::new(),
        shared: HashMap::new(),
    };
    shutdown.spawn(loader.run(shutdown.clone()));
}

/// Waits a poll interval. `false`: it is time to leave.
async fn rest(app: &App, shutdown: &Shutdown) -> bool {
    tokio::select! {
        () = shutdown.soft().cancelled() => false,
        () = tokio::time::sleep(Duration::from_millis(app.config.mail.poll_milliseconds)) => true,
    }
}

async fn freeze_all(app: App, shutdown: Shutdown) {
    while !shutdown.is_leaving() {
        let more = match freeze::step(&app).await {
            Ok(more) => more,
            Err(Error::Retry) => true,
            Err(error) => {
                tracing::warn!(%error, "an audience could not be frozen further; trying again");
                false
            }
        };
        if !more && !rest(&app, &shutdown).await {
            return;
        }
    }
}

struct Loader {
    app: App,
    gate: Gate,
    ledger: Ledger,
    jobs: mpsc::Sender<Job>,
    hands: TaskTracker,
    shared: HashMap<CampaignId, (Arc<Shared>, IncidentKey)>,
}

impl Loader {
    async fn run(mut self, shutdown: Shutdown) {
        while !shutdown.is_leaving() {
            let worked = match self.step(&shutdown).await {
                Ok(worked) => worked,
                Err(error) => {
                    tracing::warn!(%error, "a batch could not be loaded; trying again");
                    false
                }
            };
            if !worked && !rest(&self.app, &shutdown).await {
                break;
            }
        }
        // No more jobs: lines that wait for one see the end, and jobs nobody took go back.
        drop(self.jobs);
        self.hands.close();
        self.hands.wait().await;
    }

    /// Claims a batch and hands its notices out. `false`: there was none.
    async fn step(&mut self, shutdown: &Shutdown) -> Result<bool> {
        let now = self.app.now();
        let mail = &self.app.config.mail;
        let lease = {
            let mut conn = self.app.db.get().await?;
            batch::claim(&mut conn, &mail.node, mail.lease_seconds, now).await?
        };
        let Some(lease) = lease else { return Ok(false) };
        self.gate.admit(lease.campaign_id, lease.campaign_status);
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
        let people = self.people(&key, lease.bucket, &notices).await?;
        let plan = self.plan(&shared, notices, &past).await?;
        let hand = Hand::take(
            &self.app,
            lease,
            &self.gate,
            plan.jobs.len(),
            plan.known,
            &self.hands,
        );
        for (notice, story) in plan.jobs {
            let Some(person) = people.get(&notice.person) else {
                return Err(Error::inconsistent("notice", notice.id));
            };
            let mut job = Job::new(&hand, &shared, notice, person.clone());
            (job.attempts, job.tries, job.first_tried) =
                (story.attempts, story.tries, story.first_tried);
            tokio::select! {
                () = shutdown.soft().cancelled() => {}
                // A closed queue drops the job, and a dropped job goes back.
                _ = self.jobs.send(job) => {}
            }
        }
        Ok(true)
    }

    async fn people(
        &self,
        key: &IncidentKey,
        bucket: i32,
        notices: &[Notice],
    ) -> Result<HashMap<PersonId, person::Person>> {
        let ids: Vec<PersonId> = notices.iter().map(|notice| notice.person).collect();
        let mut conn = self.app.db.get().await?;
        let people = person::store::load_many(&mut conn, key, bucket, &ids).await?;
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
        let config = &self.app.config;
        let strange = || Error::inconsistent("campaign", campaign.id);
        let key = incident
            .key(&self.app.keys)
            .ok()
            .flatten()
            .ok_or_else(strange)?;
        let content = campaign.content.as_deref().unwrap_or_default();
        let edition = Edition::new(
            content,
            &config.organisation.return_path,
            &config.http.public_url,
            &self.app.keys,
        )
        .map_err(|_| strange())?;
        let shared = Arc::new(Shared {
            edition,
            pace: Pace::new(campaign.limits.rate_per_second),
            on_uncertain: campaign.on_uncertain,
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
                    Some((NoticeStatus::Deferred, _)) | None if story.open.is_some() => {
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
                found.push(Outcome {
                    settled: true,
                    result: AttemptResult::Uncertain,
                    at: now,
                    reason: Some("the sender died".to_owned()),
                    ..open
                });
                if shared.on_uncertain == UncertainPolicy::Leave {
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

/// What the outcomes tell of one notice.
#[derive(Debug, Clone, Default)]
struct Story {
    attempts: i16,
    tries: u32,
    first_tried: Option<chrono::DateTime<chrono::Utc>>,
    /// An attempt that was begun and has no result.
    open: Option<Outcome>,
    /// The state its last result gives it.
    end: Option<(NoticeStatus, Option<chrono::DateTime<chrono::Utc>>)>,
}

/// What the outcomes tell of a batch.
struct Past(HashMap<NoticeId, Story>);

impl Past {
    /// Reads rows in the order of notice, attempt, beginning, result.
    fn read(rows: Vec<Outcome>) -> Self {
        let mut stories: HashMap<NoticeId, Story> = HashMap::new();
        for row in rows {
            let story = stories.entry(row.notice_id).or_default();
            story.attempts = story.attempts.max(row.attempt);
            if row.settled {
                story.open = None;
                story.tries += u32::from(!matches!(
                    row.result,
                    AttemptResult::Unreachable | AttemptResult::Cancelled
                ));
                story.end = end_of(&row);
            } else {
                story.first_tried.get_or_insert(row.at);
                story.open = Some(row);
            }
        }
        Self(stories)
    }

    fn of(&self, id: NoticeId) -> Story {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

fn end_of(row: &Outcome) -> Option<(NoticeStatus, Option<chrono::DateTime<chrono::Utc>>)> {
    match row.result {
        AttemptResult::Accepted => Some((NoticeStatus::Sent, None)),
        AttemptResult::Refused => Some((NoticeStatus::Bounced, None)),
        AttemptResult::Expired => Some((NoticeStatus::Expired, None)),
        AttemptResult::Deferred | AttemptResult::Unreachable => {
            Some((NoticeStatus::Deferred, row.retry_at))
        }
        AttemptResult::Uncertain if row.retry_at.is_some() => {
            Some((NoticeStatus::Deferred, row.retry_at))
        }
        AttemptResult::Uncertain => Some((NoticeStatus::Uncertain, None)),
        AttemptResult::Cancelled | AttemptResult::InFlight => None,
    }
}
