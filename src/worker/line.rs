//! A line: one connection to one relay, one message after another. Each attempt is written before its
//! first octet leaves; its result is written before the next message, in the same commit as that
//! message's beginning.

mod attempt;

use std::sync::Arc;
use std::time::Duration;

use super::gate::Leave;
use super::hand::Job;
use super::judge::{Judge, Owed};
use super::lanes::Lanes;
use super::ledger::Ledger;
use super::left::Left;
use super::pace::Pace;
use super::trunk::Trunk;
use super::wire::Wire;
use crate::app::App;
use crate::delivery::letter::Unfit;
use crate::mail::Letter;
use crate::shutdown::Shutdown;

/// How often a standby looks whether it is needed.
const STANDBY: Duration = Duration::from_millis(500);

/// How long a line rests after a failed connection while other connections to its relay are open.
const REST: Duration = Duration::from_secs(20);
/// How long a relay may take for each answer before a text, and how long a message may wait behind another one's
/// answer, while another relay, or another line of the same one, could take it.
const SWIFT: Duration = Duration::from_secs(10);

/// How often a line that waits for its turn, or for an answer, looks whether its next job may still leave.
const LOOK: Duration = Duration::from_millis(250);

/// How long after a result could not be written it is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a line leaves a job that it lost to other relays.
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
pub struct Line {
    pub app: App,
    /// The relay.
    pub trunk: Arc<Trunk>,
    /// The relays that go first; empty unless this one is only a standby.
    pub before: Vec<Arc<Trunk>>,
    /// The other relays.
    pub others: Vec<Arc<Trunk>>,
    /// What all relays of this node share.
    pub node: Arc<Pace>,
    /// Where jobs come from.
    pub lanes: Lanes,
    /// Where outcomes go.
    pub ledger: Ledger,
    /// What could not be written before the end.
    pub left: Left,
    /// When to leave.
    pub shutdown: Shutdown,
}

impl Line {
    /// Sends until it is asked to leave.
    pub async fn run(self) {
        let mut wire: Option<Wire<'_>> = None;
        let mut owed: Option<Owed> = None;
        let mut ahead: Option<Ready> = None;
        while self.until_wanted(&mut owed, &mut ahead).await {
            if wire.as_ref().is_none_or(|wire| !wire.line.healthy()) {
                // No job waits for a connection that may never come.
                self.put_back(&mut ahead);
                self.settle(&mut owed).await;
                wire = None;
                match self.connect().await {
                    Some(connected) => wire = connected,
                    None => break,
                }
                continue;
            }
            let Some(Wire { line, .. }) = &mut wire else {
                continue;
            };
            // A job that must go back is dropped before the wait for another one: its batch is given back when the last
            // of its jobs is, and the next job may be of that batch.
            let kept = ahead.take().filter(Ready::may_go);
            let ready = match kept {
                Some(ready) => ready,
                None => {
                    let Some(job) = self.next_job(&mut owed).await else {
                        break;
                    };
                    if !self.take_turn(&job, &mut owed).await {
                        self.lanes.put_back(job);
                        continue;
                    }
                    self.ready(job)
                }
            };
            match ready {
                Ready {
                    job: Some(job),
                    letter: Ok(letter),
                } => {
                    // Large: it holds the conversation with the relay.
                    Box::pin(self.deliver(line, (job, &letter), &mut ahead, &mut owed)).await;
                    self.yield_to_others(&mut owed).await;
                }
                Ready {
                    job: Some(job),
                    letter: Err(unfit),
                } => self.refuse(job, &unfit, &mut owed).await,
                Ready { job: None, .. } => {}
            }
        }
        self.settle(&mut owed).await;
        drop(ahead);
        if let Some(wire) = wire {
            wire.line.close().await;
        }
    }

    /// The next job. If no job is waiting, the pending result is written first, since it has no next message to be
    /// written with.
    async fn next_job(&self, owed: &mut Option<Owed>) -> Option<Job> {
        if owed.is_some() {
            if let Some(job) = self.lanes.try_next(&self.trunk) {
                return Some(job);
            }
            self.settle(owed).await;
        }
        let _resting = self.trunk.rests();
        tokio::select! {
            () = self.shutdown.soft().cancelled() => None,
            job = self.lanes.next(&self.trunk) => job,
        }
    }

    /// Waits while the relay is held, or while it is only a standby and another can be used, except for letters that
    /// only this relay can carry. The pending result is written first, and the prepared job goes back. `false`: the
    /// process is leaving.
    async fn until_wanted(&self, owed: &mut Option<Owed>, ahead: &mut Option<Ready>) -> bool {
        while let Some(wait) = self.idle() {
            self.put_back(ahead);
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
        let others = self.before.iter().any(|trunk| trunk.held().is_none());
        (others && !self.lanes.need(&self.trunk)).then_some(STANDBY)
    }

    /// Waits for the rate limits of relay and node; the pending result is written if the wait exceeds [`LOOK`].
    /// `false`: the job may not leave now.
    async fn take_turn(&self, job: &Job, owed: &mut Option<Owed>) -> bool {
        if self.is_paced() {
            let (relay, node) = self.rates();
            // All senders share the relay's limit; the limit of the node is its own.
            let (relay, node) = (f64::from(relay) * job.share(), f64::from(node));
            let turn = async {
                self.trunk.pace.turn(relay).await;
                self.node.turn(node).await;
            };
            tokio::pin!(turn);
            loop {
                tokio::select! {
                    () = self.shutdown.soft().cancelled() => return false,
                    () = &mut turn => break,
                    () = tokio::time::sleep(LOOK) => self.settle(owed).await,
                }
                if job.leave() == Leave::Back || self.trunk.held().is_some() {
                    return false;
                }
            }
        }
        job.leave() == Leave::Go
    }

    /// Messages a second of relay and node; 0 is unlimited.
    fn rates(&self) -> (u32, u32) {
        let node = self.app.config.mail.rate_per_second;
        (self.trunk.route.rate_per_second, node)
    }

    /// Whether each message waits for its turn.
    fn is_paced(&self) -> bool {
        self.rates() != (0, 0)
    }

    /// Opens a connection once a job needs one; `Some(None)`: it failed. `None`: the process is leaving.
    async fn connect(&self) -> Option<Option<Wire<'_>>> {
        let wanted = |waiting| self.trunk.wants_another(waiting);
        let opening = tokio::select! {
            () = self.shutdown.soft().cancelled() => return None,
            opening = self.lanes.until(wanted) => opening?,
        };
        if self.trunk.held().is_some() {
            return Some(None);
        }
        let connected = self.trunk.route.relay.connect().await;
        drop(opening);
        match connected {
            Ok(line) => Some(Some(Wire::new(line, &self.app, &self.trunk))),
            Err(reply) => {
                self.judge().unconnected(&reply);
                if self.trunk.held().is_none() {
                    self.shutdown.rest(REST).await;
                }
                Some(None)
            }
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            app: &self.app,
            trunk: &self.trunk,
            providers: self.lanes.providers(),
            others: &self.others,
            drops: self.shutdown.hard().is_cancelled(),
        }
    }

    /// Leaves a lost job to another relay, if one is free: the relay of this line may be about to go away.
    async fn yield_to_others(&self, owed: &mut Option<Owed>) {
        if owed.as_ref().is_some_and(|owed| owed.is_lost) && self.others_are_free() {
            self.settle(owed).await;
            self.shutdown.rest(YIELD).await;
        }
    }

    /// Returns the prepared job to the lanes, for any connection.
    fn put_back(&self, ahead: &mut Option<Ready>) {
        if let Some(job) = ahead.take().and_then(|ready| ready.job) {
            self.lanes.put_back(job);
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
    /// of that message. `None` if messages are rate limited, or if fewer jobs wait than there are connections: no job
    /// should wait for the slow answer to another message.
    fn look_ahead(&self) -> Option<Ready> {
        let connections = self.trunk.route.connections;
        if self.is_paced() || !self.lanes.have_more_than(connections) {
            return None;
        }
        Some(self.ready(self.lanes.try_next(&self.trunk)?))
    }
}
