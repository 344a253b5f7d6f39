//! A line: one connection to one relay, one message after another. Each attempt is written before its
//! first octet leaves; its result is written before the next message, in the same commit as that
//! message's beginning.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::gate::Leave;
use super::hand::Job;
use super::judge::{Judge, Owed};
use super::lanes::Lanes;
use super::ledger::{Ledger, Writing};
use super::pace::Pace;
use super::trunk::Trunk;
use super::wire::Wire;
use crate::app::App;
use crate::db;
use crate::mail::{self, Asked, Letter, Reply};
use crate::notice::letter::Unfit;
use crate::notice::store::outcome::Outcome;
use crate::notice::{AttemptResult, NoticeStatus};
use crate::shutdown::Shutdown;

/// How often a standby looks whether it is needed.
const STANDBY: Duration = Duration::from_millis(500);

/// How long a line rests whose connection could not be made while others of its relay are open.
const REST: Duration = Duration::from_secs(20);
/// How long a relay may take for each answer before a text, and how long a message may wait behind another one's
/// answer, while another relay, or another line of the same one, could take it.
const SWIFT: Duration = Duration::from_secs(10);

/// How often a line that waits for its turn, or for an answer, looks whether its next job may still leave.
const LOOK: Duration = Duration::from_millis(250);

/// How long a line leaves what it lost to other relays.
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
    /// The program.
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

    /// The next job. What is owed is written first if none is waiting: nobody should wait for it.
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

    /// Waits while the relay is held, or while it is only a standby and another can be used, but for letters that no
    /// other can carry. What is owed is written meanwhile, and what was to be next goes back. `false`: it is time to leave.
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

    /// Waits for the pace of relay and node; what is owed is written if that takes a while. `false`: the job may not leave
    /// now.
    async fn take_turn(&self, job: &Job, owed: &mut Option<Owed>) -> bool {
        if self.is_paced() {
            let (relay, node) = self.rates();
            // What the relay takes is shared by all senders; the node's own limit is its own.
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

    /// Opens a connection once a job wants one; `Some(None)`: it did not come about. `None`: it is time to leave.
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

    /// Leaves what was lost on this line to another relay, if one is free: this one may be about to go away.
    async fn yield_to_others(&self, owed: &mut Option<Owed>) {
        if owed.as_ref().is_some_and(|owed| owed.is_lost) && self.others_are_free() {
            self.settle(owed).await;
            self.shutdown.rest(YIELD).await;
        }
    }

    /// What was to be next may be taken by any connection.
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

    /// A letter that cannot be written is refused; that is owed.
    async fn refuse(&self, mut job: Job, unfit: &Unfit, owed: &mut Option<Owed>) {
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
            again: false,
            is_lost: false,
        });
    }

    /// What this line sends next, known before it is asked for, so that its recipient can be named with the end
    /// of what goes first. Nothing where each message waits for its turn, nor once fewer wait than there are
    /// lines: nobody should be held up by another's slow answer.
    fn look_ahead(&self) -> Option<Ready> {
        let connections = self.trunk.route.connections;
        if self.is_paced() || !self.lanes.have_more_than(connections) {
            return None;
        }
        Some(self.ready(self.lanes.try_next(&self.trunk)?))
    }

    /// One attempt: written, sent, judged. Its result is owed. While its beginning is being written, the letter
    /// after it is.
    async fn deliver(
        &self,
        line: &mut mail::Line,
        (mut job, letter): (Job, &Letter),
        ahead: &mut Option<Ready>,
        owed: &mut Option<Owed>,
    ) {
        let beginning = self.row(&mut job);
        let writing = self.hand_in(&beginning, owed.as_ref()).await;
        *ahead = self.look_ahead();
        let (next, mut waiting) = match ahead {
            Some(Ready { job, letter }) => (letter.as_ref().ok(), Some(job)),
            None => (None, None),
        };
        line.wait_for_replies(self.others_are_free().then_some(SWIFT));
        let mut begun = Ok(false);
        let permit = async {
            begun = self.begin(&beginning, writing, owed).await;
            matches!(begun, Ok(true)) && job.leave() == Leave::Go
        };
        // A relay that is slow to answer may have been stopped, or the campaign, by the time it waits for the text.
        let last = || -> Asked<'_> { Box::pin(ready(job.leave() == Leave::Go)) };
        let on_connection = job.begin();
        let reply = tokio::select! {
            reply = self.send(line, (letter, next), (permit, last)) => reply,
            never = self.release(&mut waiting) => match never {},
        };
        drop(on_connection);
        match (begun, reply) {
            (Ok(true), Some(reply)) => {
                job.tries += 1;
                job.first_tried.get_or_insert(beginning.at);
                *owed = Some(self.judge().judge(beginning, job, &reply));
            }
            // The gate shut meanwhile: nothing left.
            (Ok(true), None) => {
                let row = Outcome {
                    settled: true,
                    result: AttemptResult::Cancelled,
                    at: self.app.now(),
                    ..beginning
                };
                self.write_surely(&row).await;
            }
            // Somebody else began this attempt: the batch is theirs. Or the database is away.
            (Ok(false) | Err(_), _) => {}
        }
    }

    /// Hands on what waits behind the message in hand, if it may not leave any more, or if the relay keeps it waiting while
    /// another one, or another of its lines, is free. The connection has named its recipient by then, and ends.
    async fn release(&self, waiting: &mut Option<&mut Option<Job>>) -> Infallible {
        let Some(waiting) = waiting else {
            return std::future::pending().await;
        };
        let begun = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            let is_room = || self.others_are_free() || self.trunk.has_room();
            let late = begun.elapsed() >= SWIFT && is_room();
            if let Some(job) = waiting.take_if(|job| late || job.leave() == Leave::Back) {
                self.lanes.put_back(job);
            }
        }
    }

    /// The recipient is named while the beginning is written; the text leaves once it is, if it still may then.
    async fn send<'a>(
        &self,
        line: &mut mail::Line,
        (letter, next): (&Letter, Option<&Letter>),
        (permit, last): (
            impl Future<Output = bool> + Send,
            impl FnMut() -> Asked<'a> + Send,
        ),
    ) -> Option<Reply> {
        tokio::select! {
            reply = line.send_if(letter, next, permit, last) => reply,
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

    /// Hands a beginning in to be written, together with what is owed.
    async fn hand_in(&self, beginning: &Outcome, owed: Option<&Owed>) -> db::Result<Writing> {
        let mut rows = Vec::with_capacity(2);
        rows.extend(owed.map(|owed| owed.row.clone()));
        rows.push(beginning.clone());
        self.ledger.hand_in(rows).await
    }

    /// Waits until a beginning is written, and ends what was owed. Whether this line made the beginning.
    async fn begin(
        &self,
        beginning: &Outcome,
        writing: db::Result<Writing>,
        owed: &mut Option<Owed>,
    ) -> db::Result<bool> {
        let written = match writing {
            Ok(writing) => writing.written().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(written) => {
                if let Some(owed) = owed.take() {
                    owed.end(&self.lanes);
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
        if let Some(owed) = owed.take()
            && self.write_surely(&owed.row).await
        {
            owed.end(&self.lanes);
        }
    }

    /// Writes a row however long the database is away; gives up only when everything is dropped.
    async fn write_surely(&self, row: &Outcome) -> bool {
        while self.ledger.write(vec![row.clone()]).await.is_err() {
            tokio::select! {
                () = self.shutdown.hard().cancelled() => return false,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
        true
    }
}
