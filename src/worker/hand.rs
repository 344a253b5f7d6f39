//! A batch in the hands of this process: its notices handed out one by one as jobs, what became of
//! them collected, and the whole given back when the last one is through.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::Gate;
use super::pace::Pace;
use crate::app::App;
use crate::campaign::UncertainPolicy;
use crate::notice::letter::Edition;
use crate::notice::settle::{self, End};
use crate::notice::store::Settled;
use crate::notice::store::batch::{self, Lease};
use crate::notice::{Notice, NoticeStatus};
use crate::person::Person;

/// What all notices of a campaign share in this process.
#[derive(Debug)]
pub struct Shared {
    /// The compiled texts.
    pub edition: Edition,
    /// The campaign's own pace.
    pub pace: Pace,
    /// What becomes of uncertain notices.
    pub on_uncertain: UncertainPolicy,
}

/// A batch in hand.
pub struct Hand {
    app: App,
    lease: Lease,
    gate: Gate,
    lost: AtomicBool,
    left: AtomicUsize,
    unsent: AtomicBool,
    settled: Mutex<Vec<Settled>>,
    through: CancellationToken,
    tasks: TaskTracker,
}

impl Hand {
    /// Takes a leased batch with `left` jobs to come and what is known of its other notices.
    pub fn take(
        app: &App,
        lease: Lease,
        gate: &Gate,
        left: usize,
        known: Vec<Settled>,
        tasks: &TaskTracker,
    ) -> Arc<Self> {
        let hand = Arc::new(Self {
            app: app.clone(),
            lease,
            gate: gate.clone(),
            lost: AtomicBool::new(false),
            left: AtomicUsize::new(left),
            unsent: AtomicBool::new(false),
            settled: Mutex::new(known),
            through: CancellationToken::new(),
            tasks: tasks.clone(),
        });
        tasks.spawn(Arc::clone(&hand).keep());
        if left == 0 {
            tasks.spawn(Arc::clone(&hand).give_back());
        }
        hand
    }

    /// Whether the batch's next message may leave.
    pub fn may_send(&self) -> bool {
        !self.lost.load(Ordering::Relaxed) && self.gate.is_open(self.lease.campaign_id)
    }

    /// Renews the lease until the batch is through or lost.
    async fn keep(self: Arc<Self>) {
        let seconds = self.app.config.mail.lease_seconds;
        let third = Duration::from_millis(u64::try_from(seconds).unwrap_or(1) * 333);
        loop {
            tokio::select! {
                () = self.through.cancelled() => return,
                () = tokio::time::sleep(third) => {}
            }
            let renewed = match self.app.db.get().await {
                Ok(mut conn) => batch::renew(&mut conn, &self.lease, seconds).await,
                Err(error) => Err(error),
            };
            match renewed {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(campaign = %self.lease.campaign_id, "a batch was taken over: its lease had ended");
                    self.lost.store(true, Ordering::Relaxed);
                    return;
                }
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            }
        }
    }

    fn job_done(self: &Arc<Self>, settled: Option<Settled>) {
        match settled {
            Some(settled) => self
                .settled
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(settled),
            None => self.unsent.store(true, Ordering::Relaxed),
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.tasks.spawn(Arc::clone(self).give_back());
        }
    }

    /// Writes what was learned. While the database is away it keeps trying: the lease may end, but the
    /// outcomes are safe, and whoever takes the batch over reads them.
    async fn give_back(self: Arc<Self>) {
        let settled =
            std::mem::take(&mut *self.settled.lock().unwrap_or_else(PoisonError::into_inner));
        let unsent = self.unsent.load(Ordering::Relaxed);
        for wait in [1, 1, 2, 4, 8] {
            match settle::batch(&self.app, &self.lease, &settled, unsent).await {
                Ok(End::Given(_)) => break,
                Ok(End::Lost) => {
                    tracing::warn!(campaign = %self.lease.campaign_id, "a batch was lost before it was settled");
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, campaign = %self.lease.campaign_id, "a batch could not be settled yet");
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
            }
        }
        self.through.cancel();
    }
}

/// One notice to be sent. Dropped without an end, it counts as not tried and goes back to the queue.
pub struct Job {
    hand: Arc<Hand>,
    /// What its campaign shares.
    pub shared: Arc<Shared>,
    /// The notice.
    pub notice: Notice,
    /// For whom.
    pub person: Person,
    /// Attempts written so far, of any kind.
    pub attempts: i16,
    /// Attempts that count for the retry policy.
    pub tries: u32,
    /// When it was first tried.
    pub first_tried: Option<DateTime<Utc>>,
    through: bool,
}

impl Job {
    /// A job of a batch in hand.
    pub fn new(hand: &Arc<Hand>, shared: &Arc<Shared>, notice: Notice, person: Person) -> Self {
        Self {
            hand: Arc::clone(hand),
            shared: Arc::clone(shared),
            notice,
            person,
            attempts: 0,
            tries: 0,
            first_tried: None,
            through: false,
        }
    }

    /// Whether it may be sent now.
    pub fn may_send(&self) -> bool {
        self.hand.may_send()
    }

    /// Ends it in a state.
    pub fn end(mut self, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
        self.through = true;
        let settled = Settled {
            id: self.notice.id,
            person: self.notice.person,
            named: self.notice.named,
            from: self.notice.status,
            to,
            attempts: self.attempts,
            due_at,
        };
        self.hand.job_done(Some(settled));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.through {
            self.hand.job_done(None);
        }
    }
}
