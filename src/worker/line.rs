//! A line: one connection to one relay, one message after another. Each attempt is written before its
//! first octet leaves; its result is written before the next message, in the same commit as that
//! message's beginning.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::breaker;
use super::gate::Leave;
use super::hand::Job;
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::pace::Pace;
use super::trunk::Trunk;
use crate::app::App;
use crate::campaign::UncertainPolicy;
use crate::db;
use crate::mail::{self, Letter, Reply};
use crate::notice::retry::{self, Verdict};
use crate::notice::store::outcome::Outcome;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::seal::random;
use crate::shutdown::Shutdown;

/// How long before a notice of which nobody knows whether it was sent is sent again.
const AFTER_UNCERTAIN: TimeDelta = TimeDelta::minutes(1);
/// How often a standby looks whether it is needed.
const STANDBY: Duration = Duration::from_millis(500);

/// A result that is not yet written, and the job that ends with it.
struct Owed {
    row: Outcome,
    job: Job,
    to: NoticeStatus,
    due_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// One connection's loop.
pub struct Line {
    /// The program.
    pub app: App,
    /// The relay.
    pub trunk: Arc<Trunk>,
    /// The relays that go first; empty unless this one is only a standby.
    pub before: Vec<Arc<Trunk>>,
    /// What all relays of this node share.
    pub node: Arc<Pace>,
    /// Where jobs come from.
    pub lanes: Lanes,
    /// Where outcomes go.
    pub ledger: Ledger,
    /// When to leave.
    pub shutdown: Shutdown,
}

impl Line {
    /// Sends until it is asked to leave.
    pub async fn run(self) {
        let mut wire: Option<mail::Line> = None;
        let mut owed: Option<Owed> = None;
        let gauge = self.app.metrics.connections.with_label_values(&[self
            .trunk
            .route
            .relay
            .name()]);
        loop {
            if !self.until_wanted(&mut owed).await {
                break;
            }
            let Some(job) = self.next_job(&mut owed).await else {
                break;
            };
            if !self.take_turn(&job).await {
                continue;
            }
            if wire.as_ref().is_none_or(|line| !line.healthy()) {
                self.settle(&mut owed).await;
                gauge.sub(i64::from(wire.is_some()));
                wire = self.connect().await;
                gauge.add(i64::from(wire.is_some()));
            }
            let Some(line) = wire.as_mut() else { continue };
            self.deliver(line, job, &mut owed).await;
        }
        self.settle(&mut owed).await;
        gauge.sub(i64::from(wire.is_some()));
        if let Some(line) = wire {
            line.close().await;
        }
    }

    /// The next job. What is owed is written first if none is waiting: nobody should wait for it.
    async fn next_job(&self, owed: &mut Option<Owed>) -> Option<Job> {
        if owed.is_some() {
            if let Some(job) = self.lanes.try_next() {
                return Some(job);
            }
            self.settle(owed).await;
        }
        tokio::select! {
            () = self.shutdown.soft().cancelled() => None,
            job = self.lanes.next() => job,
        }
    }

    /// Waits while the relay is held, or while it is only a standby and another can be used. What is owed is
    /// written meanwhile. `false`: it is time to leave.
    async fn until_wanted(&self, owed: &mut Option<Owed>) -> bool {
        while let Some(wait) = self.idle() {
            self.settle(owed).await;
            tokio::select! {
                () = self.shutdown.soft().cancelled() => return false,
                () = tokio::time::sleep(wait) => {}
            }
        }
        !self.shutdown.is_leaving()
    }

    /// How long to wait before looking again; `None`: there is work for this line.
    fn idle(&self) -> Option<Duration> {
        if let Some(held) = self.trunk.held() {
            return Some(held);
        }
        let others =
            !self.before.is_empty() && self.before.iter().any(|trunk| trunk.held().is_none());
        others.then_some(STANDBY)
    }

    /// Waits for the pace of relay and node. `false`: the job may not leave any more, it goes back.
    async fn take_turn(&self, job: &Job) -> bool {
        let (relay, node) = (
            self.trunk.route.rate_per_second,
            self.app.config.mail.rate_per_second,
        );
        if relay > 0 || node > 0 {
            tokio::select! {
                () = self.shutdown.soft().cancelled() => return false,
                () = async { self.trunk.pace.turn(relay).await; self.node.turn(node).await } => {}
            }
        }
        job.leave() == Leave::Go
    }

    /// Holds the relay for all its lines.
    fn hold(&self, lasting: TimeDelta) {
        self.trunk.hold(lasting);
        let until = self.app.now() + lasting;
        let held_until = &self.app.metrics.held_until;
        held_until
            .with_label_values(&[self.trunk.route.relay.name()])
            .set(until.timestamp());
    }

    async fn connect(&self) -> Option<mail::Line> {
        match self.trunk.route.relay.connect().await {
            Ok(line) => Some(line),
            Err(reply) => {
                let now = self.app.now();
                if let Verdict::RelayAway { retry_in } =
                    retry::decide(&reply, 1, now, now, chance())
                {
                    tracing::warn!(
                        relay = self.trunk.route.relay.name(),
                        "a relay is away; its messages wait"
                    );
                    self.hold(retry_in);
                }
                None
            }
        }
    }

    /// One attempt: written, sent, judged. Its result is owed.
    async fn deliver(&self, line: &mut mail::Line, mut job: Job, owed: &mut Option<Owed>) {
        let now = self.app.now();
        let letter = match job.shared.edition.letter(&job.notice, &job.person, now) {
            Ok(letter) => letter,
            Err(unfit) => {
                let row = Outcome {
                    settled: true,
                    result: AttemptResult::Refused,
                    reason: Some(unfit.to_string()),
                    ..self.row(&mut job)
                };
                self.settle(owed).await;
                *owed = Some(Owed {
                    row,
                    job,
                    to: NoticeStatus::Bounced,
                    due_at: None,
                });
                return;
            }
        };
        let beginning = self.row(&mut job);
        let mut begun = Ok(false);
        let permit = async {
            begun = self.begin(&beginning, owed).await;
            matches!(begun, Ok(true)) && job.leave() == Leave::Go
        };
        let reply = self.send(line, &letter, permit).await;
        match (begun, reply) {
            (Ok(true), Some(reply)) => {
                job.tries += 1;
                job.first_tried.get_or_insert(beginning.at);
                *owed = self.judge(beginning, job, &reply);
            }
            // The gate shut meanwhile: nothing left.
            (Ok(true), None) => {
                let row = Outcome {
                    settled: true,
                    result: AttemptResult::Cancelled,
                    at: self.app.now(),
                    ..beginning
                };
                self.write_surely(vec![row]).await;
            }
            // Somebody else began this attempt: the batch is theirs. Or the database is away.
            (Ok(false) | Err(_), _) => {}
        }
    }

    /// The recipient is named while the beginning is written; the text leaves once it is.
    async fn send(
        &self,
        line: &mut mail::Line,
        letter: &Letter,
        permit: impl Future<Output = bool> + Send,
    ) -> Option<Reply> {
        tokio::select! {
            reply = line.send_if(letter, permit) => reply,
            () = self.shutdown.hard().cancelled() => {
                Some(Reply::Unknown { why: "dropped while it was being sent".to_owned() })
            }
        }
    }

    /// The row that begins a job's next attempt.
    fn row(&self, job: &mut Job) -> Outcome {
        job.attempts += 1;
        Outcome {
            notice_id: job.notice.id,
            attempt: job.attempts,
            settled: false,
            campaign_id: job.notice.campaign,
            result: AttemptResult::InFlight,
            relay: self.trunk.route.relay.name().to_owned(),
            code: None,
            enhanced: None,
            reply: None,
            reason: None,
            retry_at: None,
            at: self.app.now(),
        }
    }

    /// Writes a beginning together with what is owed. Whether this line made the beginning.
    async fn begin(&self, beginning: &Outcome, owed: &mut Option<Owed>) -> db::Result<bool> {
        let mut rows = Vec::with_capacity(2);
        rows.extend(owed.as_ref().map(|owed| owed.row.clone()));
        rows.push(beginning.clone());
        match self.ledger.write(rows).await {
            Ok(written) => {
                if let Some(Owed {
                    job, to, due_at, ..
                }) = owed.take()
                {
                    job.end(to, due_at);
                }
                Ok(written.contains(&(beginning.notice_id, beginning.attempt, false)))
            }
            Err(error) => {
                self.settle(owed).await;
                Err(error)
            }
        }
    }

    /// Writes what is owed, and ends its job.
    async fn settle(&self, owed: &mut Option<Owed>) {
        if let Some(Owed {
            row,
            job,
            to,
            due_at,
        }) = owed.take()
            && self.write_surely(vec![row]).await
        {
            job.end(to, due_at);
        }
    }

    /// Writes rows however long the database is away; gives up only when everything is dropped.
    async fn write_surely(&self, rows: Vec<Outcome>) -> bool {
        while self.ledger.write(rows.clone()).await.is_err() {
            tokio::select! {
                () = self.shutdown.hard().cancelled() => return false,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
        true
    }

    /// What the reply means: the row to write and the state of the notice. `None` never: every reply
    /// leaves something to write.
    fn judge(&self, beginning: Outcome, job: Job, reply: &Reply) -> Option<Owed> {
        let now = self.app.now();
        let (first, chance) = (job.first_tried.unwrap_or(now), chance());
        let verdict = retry::decide(reply, job.tries, first, now, chance);
        let attempts = u32::try_from(job.attempts).unwrap_or(0);
        let verdict = retry::in_doubt(verdict, attempts, first, now, chance);
        let resend = job.shared.on_uncertain == UncertainPolicy::Resend;
        let (result, to, due_at, reason) = match verdict {
            Verdict::Sent => (AttemptResult::Accepted, NoticeStatus::Sent, None, None),
            Verdict::Retry { at } => (
                AttemptResult::Deferred,
                NoticeStatus::Deferred,
                Some(at),
                None,
            ),
            Verdict::Bounced { reason } => (
                AttemptResult::Refused,
                NoticeStatus::Bounced,
                None,
                Some(reason.as_str()),
            ),
            Verdict::Expired => (AttemptResult::Expired, NoticeStatus::Expired, None, None),
            Verdict::RelayAway { retry_in } => {
                self.hold(retry_in);
                (
                    AttemptResult::Unreachable,
                    NoticeStatus::Deferred,
                    Some(now + retry_in),
                    None,
                )
            }
            Verdict::HoldRelay { reason, lasting } => {
                tracing::warn!(
                    relay = self.trunk.route.relay.name(),
                    reason = reason.as_str(),
                    "a relay is held"
                );
                self.hold(lasting);
                (
                    AttemptResult::Deferred,
                    NoticeStatus::Deferred,
                    Some(now + lasting),
                    Some(reason.as_str()),
                )
            }
            Verdict::Uncertain if resend => (
                AttemptResult::Uncertain,
                NoticeStatus::Deferred,
                Some(now + AFTER_UNCERTAIN),
                None,
            ),
            Verdict::Uncertain => (
                AttemptResult::Uncertain,
                NoticeStatus::Uncertain,
                None,
                None,
            ),
        };
        let provider = self
            .lanes
            .providers()
            .name(job.person.contact.email.as_ref());
        self.app
            .metrics
            .messages
            .with_label_values(&[self.trunk.route.relay.name(), provider, result.as_str()])
            .inc();
        if result == AttemptResult::Accepted {
            let accepted_at = &self.app.metrics.accepted_at;
            accepted_at
                .with_label_values(&[self.trunk.route.relay.name()])
                .set(now.timestamp());
        }
        let against = matches!(verdict, Verdict::HoldRelay { .. });
        breaker::watch(&self.app, &job, result, against);
        let (code, enhanced, text) = reply.parts();
        let row = Outcome {
            settled: true,
            result,
            code: code.and_then(|code| i16::try_from(code).ok()),
            enhanced: enhanced.map(ToOwned::to_owned),
            reply: Some(text.to_owned()),
            reason: reason.map(ToOwned::to_owned),
            retry_at: due_at,
            at: now,
            ..beginning
        };
        Some(Owed {
            row,
            job,
            to,
            due_at,
        })
    }
}

/// A random number in `0..1`.
fn chance() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX)
}
