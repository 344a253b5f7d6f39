//! What a relay's reply means: the outcome row to write, the status of the notice, the figures, and which provider or
//! relay is held.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::breaker;
use super::heard::Heard;
use super::leased_batch::Job;
use super::providers::Providers;
use super::queue::Queue;
use super::refusals::{Hold, Refusal};
use super::relay_state::RelayState;
use super::send_permission::Leave;
use super::streak::{Deferral, Means};
use crate::app::App;
use crate::delivery::attempt::Attempted;
use crate::delivery::policy::{self, Classification, HoldReason, Tried};
use crate::delivery::store::outcome::Outcome;
use crate::mail::Reply;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::seal::random;
use crate::trouble::Seen;

/// How long a relay is held that defers every message while another relay accepts them.
const DEFERS: TimeDelta = TimeDelta::minutes(5);

/// A result that is not yet written, and the job that ends with it.
pub struct PendingResult {
    /// The row to write.
    pub row: Outcome,
    pub job: Job,
    /// The state of its notice.
    pub to: NoticeStatus,
    /// When it is tried again, if it is.
    pub due_at: Option<DateTime<Utc>>,
    /// The attempt ended before anything was sent: another connection may take the job at once.
    pub again: bool,
    /// The relay was lost: it may be about to go away.
    pub is_lost: bool,
}

impl PendingResult {
    /// Ends the job, or passes it on, once the row is written.
    pub fn end(self, queue: &Queue) {
        let mut job = self.job;
        if self.again && job.leave() == Leave::Go {
            job.came_to_nothing(self.row);
            queue.put_behind(job);
        } else {
            job.end(self.row, self.to, self.due_at);
        }
    }
}

/// Judges the replies of one relay.
pub struct ReplyHandler<'a> {
    pub app: &'a App,
    /// The relay.
    pub relay_state: &'a RelayState,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
    /// The other relays of this node.
    pub others: &'a [Arc<RelayState>],
    /// This process drops its jobs: no relay is to blame for connections lost now.
    pub drops: bool,
}

impl ReplyHandler<'_> {
    /// The result of the reply to a job's attempt, which began with this row. Holds the provider or relay and counts
    /// the result as a side effect.
    pub fn handle(&self, beginning: Outcome, mut job: Job, reply: &Reply) -> PendingResult {
        let now = self.app.now();
        if matches!(reply, Reply::CannotCarry { .. }) {
            job.not_by.push(self.relay_state.id());
        }
        let chance = chance();
        let tried = self.tried(&job, now);
        let classification = policy::decide_after(reply, &tried, now, chance);
        let attempts = u32::try_from(job.attempts).unwrap_or(0);
        let classification = policy::in_doubt(classification, attempts, tried.first, now, chance);
        let end = Attempted::of(classification, now, || job.shared.resend_in(job.doubts + 1));
        let against = matches!(classification, Classification::Against { .. });
        let heard = breaker::heard(&job, end.result, against);
        if !self.drops {
            self.learn(&job, classification, reply, heard);
        }
        self.count(&job, end.result, now);
        let (code, enhanced, text) = reply.parts();
        let row = Outcome {
            settled: true,
            result: end.result,
            code: code.and_then(|code| i16::try_from(code).ok()),
            enhanced: enhanced.map(ToOwned::to_owned),
            reply: Some(text.to_owned()),
            reason: end.reason.map(ToOwned::to_owned),
            retry_at: end.due_at,
            at: now,
            ..beginning
        };
        PendingResult {
            row,
            job,
            to: end.to,
            due_at: end.due_at,
            again: matches!(
                classification,
                Classification::RelayAway | Classification::AnotherRelay
            ),
            is_lost: matches!(
                classification,
                Classification::RelayAway | Classification::Uncertain
            ),
        }
    }

    fn tried(&self, job: &Job, now: DateTime<Utc>) -> Tried {
        let is_watched = self.relay_state.watches();
        Tried {
            attempt: job.tries,
            first: job.first_tried.unwrap_or(now),
            refused: job.refused,
            others_are_taken: is_watched && self.relay_state.takes_others(&self.refuser(job)),
            others_may_carry: self.others.iter().any(|other| job.may_go_by(other)),
        }
    }

    fn refuser(&self, job: &Job) -> String {
        self.providers.refuser(job.person.contact.email.as_ref())
    }

    /// Records what a classification says about provider, relay and campaign, and holds the provider or relay if it
    /// says so.
    fn learn(&self, job: &Job, classification: Classification, reply: &Reply, heard: Heard) {
        if matches!(reply, Reply::Unreachable { .. }) || classification == Classification::RelayAway
        {
            // Nothing was sent: the campaign does not count it.
            return self.lost(None);
        }
        match classification {
            Classification::Uncertain => self.lost(Some(heard)),
            Classification::Against {
                reason, lasting, ..
            } => {
                self.tell_breaker(self.relay_state.streak.answered());
                self.tell_breaker([heard]);
                self.refused(job, reply, (reason, lasting));
            }
            Classification::Sent | Classification::Bounced { .. } => {
                self.tell_back();
                self.tell_breaker(self.relay_state.streak.taken());
                self.tell_breaker([heard]);
                if self.relay_state.watches() {
                    self.relay_state.taken(&self.refuser(job));
                }
            }
            Classification::Retry { .. } | Classification::Expired => {
                self.tell_breaker(self.relay_state.streak.answered());
                self.defer(job, heard);
            }
            Classification::RelayAway | Classification::AnotherRelay => {}
        }
    }

    /// The connection broke during a transaction; `heard` is the result if the message text had been sent. Transactions
    /// lost while the relay is held began before the hold, and say nothing new about the relay. If no other relay could
    /// take the messages, each that is lost after its text counts: else a relay that loses everything would go on sending,
    /// a few messages after each hold.
    fn lost(&self, heard: Option<Heard>) {
        let others_take = self.others_take();
        if self.relay_state.held().is_some() {
            return self.tell_breaker(heard.filter(|_| !others_take));
        }
        if let Means::Relay(heard) = self.relay_state.streak.lost(heard, others_take) {
            self.tell_breaker(heard);
            self.tell_away("transactions are lost");
            self.hold_away();
        }
    }

    /// Whether another relay is in use or available, is not held, and does not defer its own messages.
    fn others_take(&self) -> bool {
        self.others.iter().any(|other| {
            let is_in_use = other.route.standby || other.is_open();
            is_in_use && other.held().is_none() && !other.streak.defers()
        })
    }

    /// A message was deferred. The relay is held if it defers everything while another relay could take it.
    fn defer(&self, job: &Job, heard: Heard) {
        let is_held = self.relay_state.held().is_some();
        let others_take = self.others_take();
        if is_held && others_take {
            return;
        }
        let refuser = self.refuser(job);
        let one = Deferral {
            notice: job.notice.id,
            provider: &refuser,
            is_again: job.tries > 1,
            others_take,
        };
        match self.relay_state.streak.defer(&one, heard) {
            Means::Relay(heard) => {
                self.tell_breaker(heard);
                self.hold(DEFERS, "it puts everything off");
            }
            Means::Campaigns(heard) => self.tell_breaker(heard),
            Means::Open => {}
        }
    }

    /// Counts what says something about campaigns.
    fn tell_breaker(&self, heard: impl IntoIterator<Item = Heard>) {
        let relay = self.relay_state.route.relay.name();
        for one in heard {
            breaker::watch(self.app, relay, &one);
        }
    }

    /// A reply was against us.
    fn refused(&self, job: &Job, reply: &Reply, (reason, lasting): (HoldReason, TimeDelta)) {
        // A repeated refusal of one person says nothing new: only such people are left at the end of a campaign.
        if !is_first(job, reply) {
            return;
        }
        let (_, _, text) = reply.parts();
        let refusal = Refusal {
            notice: job.notice.id,
            gist: policy::gist(reason, text),
            lasting: lasting.to_std().unwrap_or_default(),
            why: reason.as_str(),
        };
        match self.relay_state.refused(&self.refuser(job), refusal) {
            Some(Hold::Relay) => self.hold(lasting, reason.as_str()),
            Some(Hold::Provider) => self.tell_held(job, reason),
            None => {}
        }
    }

    fn tell_held(&self, job: &Job, reason: HoldReason) {
        let (relay, why) = (self.relay_state.route.relay.name(), reason.as_str());
        // For an unnamed provider the domain is not logged either: it may belong to one person.
        let provider = &*job.provider;
        tracing::warn!(
            relay,
            provider,
            why,
            "a mailbox provider is held; mail to others goes on"
        );
    }

    /// A connection could not be made. Where others are open, the relay takes no more of them: it is not away. Of
    /// several that are tried at once the last one tells.
    pub fn unconnected(&self, reply: &Reply) {
        if self.relay_state.is_open() {
            return;
        }
        let (_, _, why) = reply.parts();
        self.tell_away(why);
        self.hold_away();
    }

    /// Says that the relay is away: once, then how often at growing intervals.
    fn tell_away(&self, why: &str) {
        let relay = self.relay_state.route.relay.name();
        match self.app.db.troubles().failed(&outage(relay)) {
            Some(seen) if seen.is_new => {
                tracing::warn!(relay, why, "a relay is away; its messages wait");
            }
            Some(Seen { times, seconds, .. }) => {
                tracing::warn!(relay, why, times, seconds, "a relay is still away");
            }
            None => {}
        }
    }

    /// Says that the relay is back, if it was away.
    fn tell_back(&self) {
        let troubles = self.app.db.troubles();
        if !troubles.any() {
            return;
        }
        let relay = self.relay_state.route.relay.name();
        if let Some(Seen { times, seconds, .. }) = troubles.worked(&outage(relay)) {
            tracing::warn!(relay, times, seconds, "a relay is back after {seconds} s");
        }
    }

    fn hold_away(&self) {
        let lasting = TimeDelta::seconds(self.app.config.mail.away_seconds);
        self.relay_state.hold(lasting, "it is away");
        self.show_held(self.relay_state.route.relay.name(), lasting);
    }

    /// Holds the relay for all its connections.
    fn hold(&self, lasting: TimeDelta, why: &'static str) {
        let relay = self.relay_state.route.relay.name();
        tracing::warn!(relay, why, "a relay is held; its messages wait");
        self.relay_state.hold(lasting, why);
        self.show_held(relay, lasting);
    }

    fn show_held(&self, relay: &str, lasting: TimeDelta) {
        let until = (self.app.now() + lasting).timestamp();
        let held_until = &self.app.metrics.held_until;
        held_until.with_label_values(&[relay]).set(until);
    }

    fn count(&self, job: &Job, result: AttemptResult, now: DateTime<Utc>) {
        let relay = self.relay_state.route.relay.name();
        let metrics = &self.app.metrics;
        metrics
            .messages
            .with_label_values(&[relay, &job.provider, result.as_str()])
            .inc();
        if result == AttemptResult::Accepted {
            let accepted_at = metrics.accepted_at.with_label_values(&[relay]);
            accepted_at.set(now.timestamp());
        }
    }
}

/// Whether a notice is refused for the first time.
fn is_first(job: &Job, reply: &Reply) -> bool {
    match reply {
        Reply::Refused { .. } => job.refused.is_none(),
        _ => job.tries <= 1,
    }
}

/// A random number in `0..1`.
fn chance() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX)
}

/// The name of a relay's outage among the troubles.
fn outage(relay: &str) -> String {
    format!("relay {relay}")
}
