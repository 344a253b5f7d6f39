//! A batch that this process has leased: its notices become jobs, their results are collected, and the batch is
//! returned when the last job ends.

mod job;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::job::Job;
use super::pace::Pace;
use super::send_permission::{Leave, SendPermission, Source};
use super::unwritten_at_exit::UnwrittenAtExit;
use crate::app::App;
use crate::campaign::UncertainPolicy;
use crate::db::Guarded;
use crate::delivery::fits::Approved;
use crate::delivery::letter::Edition;
use crate::delivery::pacing::Window;
use crate::delivery::review;
use crate::delivery::settle::{self, End};
use crate::delivery::store::Settled;
use crate::delivery::store::batch::{self, Lease};

/// How often the results of a leased batch so far are written for pages and figures.
const SHOWN: Duration = Duration::from_secs(1);
/// Seconds between two tries to give a batch back.
const RESTS: [u64; 4] = [1, 1, 2, 4];

/// What all notices of a campaign share in this process.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The compiled texts.
    pub edition: Edition,
    /// What was approved of it, as far as it decides who is written to.
    pub approved: Approved,
    /// The campaign's own pace.
    pub pace: Pace,
    /// What becomes of uncertain notices.
    pub on_uncertain: UncertainPolicy,
    /// Messages a second at most; 0 is unlimited.
    pub limit: u32,
    /// When it was launched.
    pub launched_at: DateTime<Utc>,
    /// Its latest results.
    pub window: Arc<Mutex<Window>>,
}

/// What is known of the notices of a batch that are not to be sent.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Where they stand.
    pub settled: Vec<Settled>,
    /// Another sender wrote results of other notices: the batch must be read again.
    pub unclear: bool,
}

/// A leased batch.
pub(crate) struct LeasedBatch {
    app: App,
    lease: Lease,
    source: Source,
    taken_up: Instant,
    permission: SendPermission,
    /// Another sender has the batch, or it is not known what of it is written: nothing more is written.
    lost: AtomicBool,
    left: AtomicUsize,
    unsent: AtomicBool,
    settled: Mutex<Vec<Settled>>,
    /// When the first of the notices is due that are written as deferred. Locked while something is written.
    first_due: tokio::sync::Mutex<Option<DateTime<Utc>>>,
    through: CancellationToken,
    tasks: TaskTracker,
    at_the_end: UnwrittenAtExit,
}

impl LeasedBatch {
    /// Takes a leased batch with `left` jobs to come and what is known of its other notices.
    pub(crate) fn take(
        app: &App,
        (lease, source): (Lease, Source),
        permission: &SendPermission,
        left: usize,
        known: Known,
        (tasks, at_the_end): (&TaskTracker, &UnwrittenAtExit),
    ) -> Arc<Self> {
        let leased = Arc::new(Self {
            app: app.clone(),
            lease,
            source,
            taken_up: permission.take_up(&source),
            permission: permission.clone(),
            lost: AtomicBool::new(false),
            left: AtomicUsize::new(left),
            unsent: AtomicBool::new(known.unclear),
            settled: Mutex::new(known.settled),
            first_due: tokio::sync::Mutex::default(),
            through: CancellationToken::new(),
            tasks: tasks.clone(),
            at_the_end: at_the_end.clone(),
        });
        tasks.spawn(Arc::clone(&leased).keep());
        match left {
            0 => tasks.spawn(Arc::clone(&leased).give_back()),
            _ => tasks.spawn(Arc::clone(&leased).show()),
        };
        leased
    }

    /// Whether the batch's next message may leave.
    fn leave(&self) -> Leave {
        match self.lost.load(Ordering::Relaxed) {
            true => Leave::Back,
            false => self.permission.leave(&self.source, self.taken_up),
        }
    }

    /// Renews the lease until the batch is through or lost.
    async fn keep(self: Arc<Self>) {
        let seconds = self.app.config.mail.lease_seconds;
        let third = Duration::from_millis(u64::try_from(seconds).unwrap_or(1) * 333);
        let mut wait = third;
        loop {
            tokio::select! {
                () = self.through.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            wait = third;
            let renewed = match self.app.db.get().await {
                Ok(mut conn) => batch::renew(&mut conn, &self.lease, seconds).await,
                Err(error) => Err(error),
            };
            match renewed {
                Ok(Guarded::Written) => {}
                Ok(Guarded::Refused) => {
                    self.app.db.trouble(
                        "a batch was taken over: its lease had ended",
                        &self.lease.campaign_id,
                    );
                    self.lost.store(true, Ordering::Relaxed);
                    return;
                }
                Err(error) => {
                    self.app
                        .db
                        .trouble("a lease could not be renewed; trying again", &error);
                    // Before this node's own loader claims the expired lease.
                    wait = third.min(Duration::from_millis(250));
                }
            }
        }
    }

    /// Writes each second what was learned, until the batch is through or lost: a relay that is slow does not keep it
    /// from the figures. A batch that is through sooner is written once.
    async fn show(self: Arc<Self>) {
        while !self.lost.load(Ordering::Relaxed) {
            tokio::select! {
                () = self.through.cancelled() => return,
                () = tokio::time::sleep(SHOWN) => self.write_part().await,
            }
        }
    }

    async fn write_part(&self) {
        let mut first_due = self.first_due.lock().await;
        let part = self.take_settled();
        if part.is_empty() {
            return;
        }
        match settle::part(&self.app, &self.lease, &part).await {
            Ok(Guarded::Written) => {
                let due = part.iter().filter_map(|one| one.due_at);
                *first_due = first_due.iter().copied().chain(due).min();
            }
            Ok(Guarded::Refused) => self.lost.store(true, Ordering::Relaxed),
            Err(error) => {
                self.app
                    .db
                    .trouble("results are not written yet; trying again", &error);
                self.with_settled(|settled| settled.extend(part));
            }
        }
    }

    fn take_settled(&self) -> Vec<Settled> {
        self.with_settled(std::mem::take)
    }

    fn with_settled<T>(&self, act: impl FnOnce(&mut Vec<Settled>) -> T) -> T {
        act(&mut self.settled.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn job_done(self: &Arc<Self>, settled: Option<Settled>) {
        match settled {
            Some(settled) => self.with_settled(|all| all.push(settled)),
            None => self.unsent.store(true, Ordering::Relaxed),
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.tasks.spawn(Arc::clone(self).give_back());
        }
    }

    /// Writes what was learned. While the database is away it tries for some seconds: the lease may end, but the outcomes
    /// are durable, and the next sender of the batch reads them.
    async fn give_back(self: Arc<Self>) {
        let due_at = *self.first_due.lock().await;
        let mut settled = self.take_settled();
        let lost = self.lost.load(Ordering::Relaxed);
        if lost {
            // The sender that claims it next reads from the outcomes what is not written.
            settled.clear();
        }
        let rest = settle::Rest {
            unsent: lost || self.unsent.load(Ordering::Relaxed),
            due_at,
        };
        let mut failures = 0;
        loop {
            match settle::batch(&self.app, &self.lease, &settled, rest).await {
                Ok(End::Given(_)) => {
                    self.review_canary().await;
                    break;
                }
                Ok(End::Lost) => {
                    self.app.db.trouble(
                        "a batch was lost before it was settled",
                        &self.lease.campaign_id,
                    );
                    break;
                }
                Err(error) => {
                    self.app
                        .db
                        .trouble("a batch could not be settled yet", &error);
                    failures += 1;
                    if !self.may_try_again(failures).await {
                        self.at_the_end.leave_batch();
                        break;
                    }
                }
            }
        }
        self.through.cancel();
    }

    /// Rests after a failure to give the batch back. `false`: it is left to the end of its lease.
    async fn may_try_again(&self, failures: usize) -> bool {
        match RESTS.get(failures - 1) {
            Some(rest) => {
                let rest = Duration::from_secs(*rest);
                self.at_the_end.rest_to_retry(rest, failures).await
            }
            None => false,
        }
    }

    /// The rest of the campaign waits for the canary, and this may have been the last batch of it.
    async fn review_canary(&self) {
        if self.lease.canary
            && let Err(error) = review::canary(&self.app, self.lease.campaign_id).await
        {
            self.app
                .db
                .trouble("a canary could not be reviewed; a chore will", &error);
        }
    }
}

impl Drop for LeasedBatch {
    fn drop(&mut self) {
        self.permission.put_down(&self.source);
    }
}
