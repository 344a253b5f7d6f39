//! A batch that this process has leased: its notices become jobs, their results are collected, and the batch is
//! returned when the last job ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::{Gate, Leave, OnConnection, Source};
use super::pace::Pace;
use super::past::Story;
use super::trunk::Trunk;
use crate::app::App;
use crate::campaign::pacing::{self, Window};
use crate::campaign::review;
use crate::campaign::{CampaignKind, UncertainPolicy};
use crate::notice::fits::{Says, fits};
use crate::notice::letter::Edition;
use crate::notice::retry;
use crate::notice::settle::{self, End};
use crate::notice::store::Settled;
use crate::notice::store::batch::{self, Lease};
use crate::notice::store::outcome::Outcome;
use crate::notice::{Notice, NoticeStatus};
use crate::person::flags::{Flags, WithheldReason};
use crate::person::{AudienceFilter, Person};
use crate::postal::MinorsRule;

/// How often the results of a leased batch so far are written for pages and figures.
const SHOWN: Duration = Duration::from_secs(1);

/// What all notices of a campaign share in this process.
#[derive(Debug)]
pub struct Shared {
    /// The compiled texts.
    pub edition: Edition,
    /// Why it is sent.
    pub kind: CampaignKind,
    /// The audience, as approved.
    pub audience: AudienceFilter,
    /// How its incident tells minors; the choice stands while a campaign is under way.
    pub minors: MinorsRule,
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

impl Shared {
    /// Whether a notice suits its person as they are now.
    ///
    /// # Errors
    /// Why it must not be sent.
    pub fn fits(&self, notice: &Notice, person: &Person) -> Result<(), WithheldReason> {
        let says = Says {
            kind: self.kind,
            is_meant: self.audience.covers(person) && !self.is_for_the_guardian(person),
            named: notice.named,
            names: self
                .edition
                .names(person.locale.as_str(), person.exposed_now()),
        };
        fits(person, &says)
    }

    /// Whether a letter to the guardian tells the person, and no e-mail may.
    fn is_for_the_guardian(&self, person: &Person) -> bool {
        self.minors == MinorsRule::GuardianLetter && person.flags.contains(Flags::MINOR)
    }

    /// Delay before resending after the n-th uncertain attempt; `None`: the notice is not resent.
    pub fn resend_in(&self, doubts: u32) -> Option<TimeDelta> {
        match self.on_uncertain {
            UncertainPolicy::Resend => retry::resend_in(doubts),
            UncertainPolicy::Leave => None,
        }
    }
}

/// What is known of the notices of a batch that are not to be sent.
#[derive(Debug, Default)]
pub struct Known {
    /// Where they stand.
    pub settled: Vec<Settled>,
    /// Another sender wrote results of other notices: the batch must be read again.
    pub unclear: bool,
}

/// A batch in hand.
pub struct Hand {
    app: App,
    lease: Lease,
    source: Source,
    taken_up: Instant,
    gate: Gate,
    /// Another sender has the batch, or it is not known what of it is written: nothing more is written.
    lost: AtomicBool,
    left: AtomicUsize,
    unsent: AtomicBool,
    settled: Mutex<Vec<Settled>>,
    /// When the first of the notices is due that are written as deferred. Locked while something is written.
    put_off: tokio::sync::Mutex<Option<DateTime<Utc>>>,
    through: CancellationToken,
    tasks: TaskTracker,
}

impl Hand {
    /// Takes a leased batch with `left` jobs to come and what is known of its other notices.
    pub fn take(
        app: &App,
        (lease, source): (Lease, Source),
        gate: &Gate,
        left: usize,
        known: Known,
        tasks: &TaskTracker,
    ) -> Arc<Self> {
        let hand = Arc::new(Self {
            app: app.clone(),
            lease,
            source,
            taken_up: gate.take_up(&source),
            gate: gate.clone(),
            lost: AtomicBool::new(false),
            left: AtomicUsize::new(left),
            unsent: AtomicBool::new(known.unclear),
            settled: Mutex::new(known.settled),
            put_off: tokio::sync::Mutex::default(),
            through: CancellationToken::new(),
            tasks: tasks.clone(),
        });
        tasks.spawn(Arc::clone(&hand).keep());
        match left {
            0 => tasks.spawn(Arc::clone(&hand).give_back()),
            _ => tasks.spawn(Arc::clone(&hand).show()),
        };
        hand
    }

    /// Whether the batch's next message may leave.
    fn leave(&self) -> Leave {
        match self.lost.load(Ordering::Relaxed) {
            true => Leave::Back,
            false => self.gate.leave(&self.source, self.taken_up),
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
                Ok(true) => {}
                Ok(false) => {
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
        let mut put_off = self.put_off.lock().await;
        let part = self.take_settled();
        if part.is_empty() {
            return;
        }
        match settle::part(&self.app, &self.lease, &part).await {
            Ok(true) => {
                let due = part.iter().filter_map(|one| one.due_at);
                *put_off = put_off.iter().copied().chain(due).min();
            }
            Ok(false) => self.lost.store(true, Ordering::Relaxed),
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

    /// Writes what was learned. While the database is away it keeps trying: the lease may end, but the outcomes are
    /// durable, and the next sender of the batch reads them.
    async fn give_back(self: Arc<Self>) {
        let due_at = *self.put_off.lock().await;
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
        for wait in [1, 1, 2, 4, 8] {
            match settle::batch(&self.app, &self.lease, &settled, rest).await {
                Ok(End::Given(_)) => {
                    self.judge().await;
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
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
            }
        }
        self.through.cancel();
    }

    /// The rest of the campaign waits for the first slice, and this may have been the last batch of the slice.
    async fn judge(&self) {
        if self.lease.canary
            && let Err(error) = review::first_slice(&self.app, self.lease.campaign_id).await
        {
            self.app
                .db
                .trouble("a first slice could not be judged; a chore will", &error);
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.gate.put_down(&self.source);
    }
}

/// One notice to be sent. Dropped without an end, it counts as not tried and goes back to the queue.
pub struct Job {
    hand: Arc<Hand>,
    /// What its campaign shares.
    pub shared: Arc<Shared>,
    pub notice: Notice,
    /// The recipient.
    pub person: Person,
    /// Attempts written so far, of any kind.
    pub attempts: i16,
    /// Attempts that count for the retry policy.
    pub tries: u32,
    /// Attempts that ended uncertain.
    pub doubts: u32,
    /// Permanent refusals that were not final, and when the first of them came.
    pub refused: Option<(u32, DateTime<Utc>)>,
    /// When it was first tried.
    pub first_tried: Option<DateTime<Utc>>,
    /// Who runs the mailbox.
    pub provider: Arc<str>,
    /// The relays ([`Trunk::id`]) that cannot carry its letter.
    pub not_by: Vec<usize>,
    /// Its slot by the paces of campaign and provider has come, and no relay has taken it yet.
    pub has_turn: bool,
    tried: Vec<Outcome>,
    through: bool,
}

impl Job {
    /// A job of a batch in hand.
    pub fn new(
        hand: &Arc<Hand>,
        shared: &Arc<Shared>,
        notice: Notice,
        (person, provider): (Person, Arc<str>),
        story: Story,
    ) -> Self {
        Self {
            hand: Arc::clone(hand),
            shared: Arc::clone(shared),
            notice,
            person,
            attempts: story.attempts,
            tries: story.tries,
            doubts: story.doubts,
            refused: story.refused,
            first_tried: story.first_tried,
            provider,
            not_by: Vec::new(),
            has_turn: false,
            tried: story.tried,
            through: false,
        }
    }

    /// It is on a connection until the guard is dropped.
    pub fn begin(&self) -> OnConnection {
        self.hand.gate.begin(self.notice.campaign)
    }

    /// Whether it may be sent now.
    pub fn leave(&self) -> Leave {
        self.hand.leave()
    }

    /// Whether a relay may carry its letter: it did not turn out that it cannot.
    pub fn may_go_by(&self, trunk: &Trunk) -> bool {
        !self.not_by.contains(&trunk.id())
    }

    /// The time by the program's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.hand.app.now()
    }

    /// This sender's part of what relays and providers take.
    pub fn share(&self) -> f64 {
        self.hand.gate.share()
    }

    /// Messages a second that this sender may send of its campaign now; `None`: unlimited.
    pub fn rate(&self) -> Option<f64> {
        let app = &self.hand.app;
        let percent = self.hand.gate.percent(self.notice.campaign);
        let since = app.now() - self.shared.launched_at;
        let all = pacing::rate(self.shared.limit, percent, since, &app.config.pacing)?;
        Some(all * self.hand.gate.share_of(self.notice.campaign))
    }

    /// The attempt ended before anything was sent; the next attempt may follow at once. It does not count as a try, as when
    /// the batch is read again ([`super::past::Past::read`]).
    pub fn came_to_nothing(&mut self, attempt: Outcome) {
        self.tries = self.tries.saturating_sub(1);
        self.tried.push(attempt);
    }

    /// It is not sent now, and no attempt is under way. It goes back to the queue; if its campaign was cancelled, that is
    /// its end, whatever others of its batch still wait for.
    pub fn go_back(self) {
        if self.hand.gate.is_cancelled(self.notice.campaign) {
            let to = match self.doubts {
                0 => NoticeStatus::Cancelled,
                // It may have arrived.
                _ => NoticeStatus::Uncertain,
            };
            self.settle(to, None);
        }
    }

    /// Ends it for now without an attempt: its provider is held everywhere until then.
    pub fn put_off(self, until: DateTime<Utc>) {
        self.settle(NoticeStatus::Deferred, Some(until));
    }

    /// Ends it in a state, by the result of its last attempt.
    pub fn end(mut self, last: Outcome, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
        self.tried.push(last);
        self.settle(to, due_at);
    }

    fn settle(mut self, to: NoticeStatus, due_at: Option<DateTime<Utc>>) {
        self.through = true;
        let settled = Settled {
            id: self.notice.id,
            person: self.notice.person,
            named: self.notice.named,
            address: self.person.email_key.clone(),
            from: self.notice.status,
            to,
            withheld: None,
            attempts: self.attempts,
            due_at,
            provider: Arc::clone(&self.provider),
            tried: std::mem::take(&mut self.tried),
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
