//! A connection to one relay, one message after another: notices, and the outbox's messages between them. Each attempt
//! of a notice is written before its first octet leaves; its result is written before the next message, in the same commit
//! as that message's beginning.

mod attempt;
mod outbox;

use std::sync::Arc;
use std::time::Duration;

use super::leased_batch::Job;
use super::outcome_writer::OutcomeWriter;
use super::pace::Pace;
use super::queue::{Queue, Work};
use super::relay_state::RelayState;
use super::reply_handler::{PendingResult, ReplyHandler};
use super::send_permission::Leave;
use super::unwritten_at_exit::UnwrittenAtExit;
use super::wire::Wire;
use crate::app::App;
use crate::delivery::letter::Unfit;
use crate::mail::{self, Letter};
use crate::shutdown::Shutdown;

/// How often a standby looks whether it is needed.
const STANDBY: Duration = Duration::from_millis(500);

/// How long a connection rests after a failed connection while other connections to its relay are open.
const REST: Duration = Duration::from_secs(20);
/// How long a relay may take for each answer before a text, and how long a message may wait behind another one's
/// answer, while another relay, or another connection of the same one, could take it.
const SWIFT: Duration = Duration::from_secs(10);

/// How often a connection that waits for its turn, or for an answer, looks whether its next job may still leave.
const LOOK: Duration = Duration::from_millis(250);

/// How long after a result could not be written it is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a connection leaves a job that it lost to other relays.
const YIELD: Duration = Duration::from_secs(2);

/// A job and its letter, or why it cannot be written.
struct Ready {
    /// None once another connection may take it.
    job: Option<Job>,
    letter: Result<Letter, Unfit>,
}

impl Ready {
    fn may_go(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| job.leave() != Leave::Back)
    }
}

/// One connection's loop.
pub(crate) struct Connection {
    pub app: App,
    /// The relay.
    pub relay_state: Arc<RelayState>,
    /// The relays that go first; empty unless this one is only a standby.
    pub before: Vec<Arc<RelayState>>,
    /// The other relays.
    pub others: Vec<Arc<RelayState>>,
    /// What all relays of this node share.
    pub node: Arc<Pace>,
    /// Where jobs come from.
    pub queue: Queue,
    /// Where outcomes go.
    pub outcome_writer: OutcomeWriter,
    /// What could not be written before the end.
    pub left: UnwrittenAtExit,
    /// When to leave.
    pub shutdown: Shutdown,
}

impl Connection {
    /// Sends until it is asked to leave.
    pub(crate) async fn run(self) {
        let mut wire: Option<Wire<'_>> = None;
        let mut pending: Option<PendingResult> = None;
        let mut ahead: Option<Ready> = None;
        while self.until_wanted(&mut pending, &mut ahead).await {
            if wire.as_ref().is_none_or(|wire| !wire.connection.healthy()) {
                // No job waits for a connection that may never come.
                self.put_back(&mut ahead);
                self.settle(&mut pending).await;
                wire = None;
                match self.connect().await {
                    Some(connected) => wire = connected,
                    None => break,
                }
                continue;
            }
            let Some(Wire { connection, .. }) = &mut wire else {
                continue;
            };
            // A job that must go back is dropped before the wait for another one: its batch is given back when the last
            // of its jobs is, and the next job may be of that batch.
            let kept = ahead.take().filter(Ready::may_go);
            let ready = match kept {
                Some(ready) => ready,
                None => match self.next_work(&mut pending).await {
                    None => break,
                    Some(Work::Mail(mail)) => {
                        Box::pin(self.deliver_mail(connection, *mail, &mut pending)).await;
                        continue;
                    }
                    Some(Work::Notice(job)) => {
                        if !self.take_turn(&job, &mut pending).await {
                            self.queue.put_back(*job);
                            continue;
                        }
                        self.ready(*job)
                    }
                },
            };
            self.send_notice(connection, ready, &mut ahead, &mut pending)
                .await;
        }
        self.settle(&mut pending).await;
        drop(ahead);
        if let Some(wire) = wire {
            wire.connection.close().await;
        }
    }

    /// Sends a notice, or refuses it if its letter cannot be written.
    async fn send_notice(
        &self,
        connection: &mut mail::Line,
        ready: Ready,
        ahead: &mut Option<Ready>,
        pending: &mut Option<PendingResult>,
    ) {
        match (ready.job, ready.letter) {
            (Some(job), Ok(letter)) => {
                // Large: it holds the conversation with the relay.
                Box::pin(self.deliver(connection, (job, &letter), ahead, pending)).await;
                self.yield_to_others(pending).await;
            }
            (Some(job), Err(unfit)) => self.refuse(job, &unfit, pending).await,
            (None, _) => {}
        }
    }

    /// The next message. If none is waiting, the pending result is written first, since it has no next message to be
    /// written with.
    async fn next_work(&self, pending: &mut Option<PendingResult>) -> Option<Work> {
        if pending.is_some() {
            if let Some(work) = self.queue.try_next(&self.relay_state) {
                return Some(work);
            }
            self.settle(pending).await;
        }
        let _resting = self.relay_state.rests();
        tokio::select! {
            () = self.shutdown.soft().cancelled() => None,
            work = self.queue.next(&self.relay_state) => work,
        }
    }

    /// Waits while the relay is held, or while it is only a standby and another can be used, except for letters that
    /// only this relay can carry. The pending result is written first, and the prepared job goes back. `false`: the
    /// process is leaving.
    async fn until_wanted(
        &self,
        pending: &mut Option<PendingResult>,
        ahead: &mut Option<Ready>,
    ) -> bool {
        while let Some(wait) = self.idle() {
            self.put_back(ahead);
            self.settle(pending).await;
            tokio::select! {
                () = self.shutdown.soft().cancelled() => return false,
                () = tokio::time::sleep(wait) => {}
            }
        }
        !self.shutdown.is_leaving()
    }

    /// How long to wait before looking again; `None`: there is work for this connection.
    fn idle(&self) -> Option<Duration> {
        if let Some(held) = self.relay_state.held() {
            return Some(held);
        }
        let others = self
            .before
            .iter()
            .any(|relay_state| relay_state.held().is_none());
        (others && !self.queue.need(&self.relay_state)).then_some(STANDBY)
    }

    /// Waits for the rate limits of relay and node; the pending result is written if the wait exceeds [`LOOK`].
    /// `false`: the job may not leave now.
    async fn take_turn(&self, job: &Job, pending: &mut Option<PendingResult>) -> bool {
        if self.is_paced() {
            let (relay, node) = self.rates();
            // All senders share the relay's limit; the limit of the node is its own.
            let (relay, node) = (f64::from(relay) * job.share(), f64::from(node));
            let turn = async {
                self.relay_state.pace.turn(relay).await;
                self.node.turn(node).await;
            };
            tokio::pin!(turn);
            loop {
                tokio::select! {
                    () = self.shutdown.soft().cancelled() => return false,
                    () = &mut turn => break,
                    () = tokio::time::sleep(LOOK) => self.settle(pending).await,
                }
                if job.leave() == Leave::Back || self.relay_state.held().is_some() {
                    return false;
                }
            }
        }
        job.leave() == Leave::Go
    }

    /// Messages a second of relay and node; 0 is unlimited.
    fn rates(&self) -> (u32, u32) {
        let node = self.app.config.mail.rate_per_second;
        (self.relay_state.route.rate_per_second, node)
    }

    /// Whether each message waits for its turn.
    fn is_paced(&self) -> bool {
        self.rates() != (0, 0)
    }

    /// Opens a connection once a job needs one; `Some(None)`: it failed. `None`: the process is leaving.
    async fn connect(&self) -> Option<Option<Wire<'_>>> {
        let wanted = |waiting| self.relay_state.wants_another(waiting);
        let opening = tokio::select! {
            () = self.shutdown.soft().cancelled() => return None,
            opening = self.queue.until(wanted) => opening?,
        };
        if self.relay_state.held().is_some() {
            return Some(None);
        }
        let connected = self.relay_state.route.relay.connect().await;
        drop(opening);
        match connected {
            Ok(connection) => Some(Some(Wire::new(connection, &self.app, &self.relay_state))),
            Err(reply) => {
                self.handler().unconnected(&reply);
                if self.relay_state.held().is_none() {
                    self.shutdown.rest(REST).await;
                }
                Some(None)
            }
        }
    }

    fn handler(&self) -> ReplyHandler<'_> {
        ReplyHandler {
            app: &self.app,
            relay_state: &self.relay_state,
            providers: self.queue.providers(),
            others: &self.others,
            drops: self.shutdown.hard().is_cancelled(),
        }
    }

    /// Leaves a lost job to another relay, if one is free: the relay of this connection may be about to go away.
    async fn yield_to_others(&self, pending: &mut Option<PendingResult>) {
        if pending.as_ref().is_some_and(|pending| pending.is_lost) && self.others_are_free() {
            self.settle(pending).await;
            self.shutdown.rest(YIELD).await;
        }
    }

    /// Returns the prepared job to the queues, for any connection.
    fn put_back(&self, ahead: &mut Option<Ready>) {
        if let Some(job) = ahead.take().and_then(|ready| ready.job) {
            self.queue.put_back(job);
        }
    }

    /// Whether another relay could take what waits for this one.
    fn others_are_free(&self) -> bool {
        self.others.iter().any(|other| other.held().is_none())
    }

    /// Writes a job's letter.
    fn ready(&self, job: Job) -> Ready {
        let now = self.app.now();
        let letter = job.shared.edition.letter(&job.notice, &job.person, now);
        Ready {
            job: Some(job),
            letter,
        }
    }

    /// The next job, taken while the current message is being sent, so that its recipient can be pipelined with the end
    /// of that message. `None` if messages are rate limited, if a message of the outbox waits, which goes next, or if fewer
    /// jobs wait than there are connections: no job should wait for the slow answer to another message.
    fn look_ahead(&self) -> Option<Ready> {
        let connections = self.relay_state.route.connections;
        if self.is_paced() || !self.queue.have_more_than(connections) {
            return None;
        }
        Some(self.ready(self.queue.try_next_notice(&self.relay_state)?))
    }
}
