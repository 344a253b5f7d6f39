//! One attempt: its beginning is written, its message sent, its result written.

use std::convert::Infallible;
use std::future::ready;

use tokio::time::Instant;

use super::{AGAIN, Connection, LOOK, Ready, SWIFT};
use crate::db;
use crate::delivery::attempt::Outcome;
use crate::delivery::letter::Unfit;
use crate::mail::{self, Asked, Letter, Reply};
use crate::notice::{AttemptResult, NoticeStatus};
use crate::worker::leased_batch::Job;
use crate::worker::outcome_writer::Writing;
use crate::worker::reply_handler::PendingResult;
use crate::worker::send_permission::Leave;

impl Connection {
    /// Makes one attempt and leaves its result pending in `pending`. The letter of the next job is prepared while the
    /// beginning of this attempt is being written.
    pub(super) async fn deliver(
        &self,
        connection: &mut mail::Line,
        (mut job, letter): (Job, &Letter),
        ahead: &mut Option<Ready>,
        pending: &mut Option<PendingResult>,
    ) {
        let beginning = self.row(&mut job);
        let writing = self.submit(&beginning, pending.as_ref()).await;
        *ahead = self.look_ahead();
        let (next, mut waiting) = match ahead {
            Some(Ready { job, letter }) => (letter.as_ref().ok(), Some(job)),
            None => (None, None),
        };
        connection.wait_for_replies(self.others_are_free().then_some(SWIFT));
        let mut begun = Ok(false);
        let permit = async {
            begun = self.begin(&beginning, writing, pending).await;
            matches!(begun, Ok(true)) && job.leave() == Leave::Go
        };
        // The campaign may have been stopped while a slow relay took its time to ask for the text.
        let last = || -> Asked<'_> { Box::pin(ready(job.leave() == Leave::Go)) };
        let on_connection = job.begin();
        let reply = tokio::select! {
            reply = self.send(connection, (letter, next), (permit, last)) => reply,
            never = self.release(&mut waiting) => match never {},
        };
        drop(on_connection);
        match (begun, reply) {
            (Ok(true), Some(reply)) => {
                job.tries += 1;
                job.first_tried.get_or_insert(beginning.at);
                *pending = Some(self.handler().handle(beginning, job, &reply));
            }
            // The send permission closed before the text: nothing was sent.
            (Ok(true), None) => {
                let row = beginning.cancelled(self.app.now());
                self.write_surely(&row).await;
            }
            // Another sender wrote this attempt and has the batch, or the database is away.
            (Ok(false) | Err(_), _) => {}
        }
    }

    /// Returns the prepared job to the queues if it may not leave any more, or if the relay is slow while another relay
    /// or connection is free. The connection has already named the recipient of that job, and is closed.
    async fn release(&self, waiting: &mut Option<&mut Option<Job>>) -> Infallible {
        let Some(waiting) = waiting else {
            return std::future::pending().await;
        };
        let begun = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            let is_room = || self.others_are_free() || self.relay_state.has_room();
            let late = begun.elapsed() >= SWIFT && is_room();
            if let Some(job) = waiting.take_if(|job| late || job.leave() == Leave::Back) {
                self.queue.put_back(job);
            }
        }
    }

    /// The recipient is named while the beginning is written; the text leaves once it is, if it still may then.
    async fn send<'a>(
        &self,
        connection: &mut mail::Line,
        (letter, next): (&Letter, Option<&Letter>),
        (permit, last): (
            impl Future<Output = bool> + Send,
            impl FnMut() -> Asked<'a> + Send,
        ),
    ) -> Option<Reply> {
        tokio::select! {
            reply = connection.send_if(letter, next, permit, last) => reply,
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
            relay: self.relay_state.route.relay.name().to_owned(),
            code: None,
            enhanced: None,
            reply: None,
            reason: None,
            retry_at: None,
            at: self.app.now(),
        }
    }

    /// Submits the beginning of an attempt, with the pending result.
    async fn submit(
        &self,
        beginning: &Outcome,
        pending: Option<&PendingResult>,
    ) -> db::Result<Writing> {
        let mut rows = Vec::with_capacity(2);
        rows.extend(pending.map(|pending| pending.row.clone()));
        rows.push(beginning.clone());
        self.outcome_writer.submit(rows).await
    }

    /// Waits until the beginning is written, and ends the job of the pending result. `true`: this connection wrote the
    /// beginning, and no other sender.
    async fn begin(
        &self,
        beginning: &Outcome,
        writing: db::Result<Writing>,
        pending: &mut Option<PendingResult>,
    ) -> db::Result<bool> {
        let written = match writing {
            Ok(writing) => writing.written().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(written) => {
                if let Some(pending) = pending.take() {
                    pending.end(&self.queue);
                }
                Ok(written.contains(&(beginning.notice_id, beginning.attempt, false)))
            }
            Err(error) => {
                self.settle(pending).await;
                Err(error)
            }
        }
    }

    /// Writes the pending result, and ends its job.
    pub(super) async fn settle(&self, pending: &mut Option<PendingResult>) {
        if let Some(pending) = pending.take()
            && self.write_surely(&pending.row).await
        {
            pending.end(&self.queue);
        }
    }

    /// Writes a row however long the database is away; gives up only some seconds after the end was asked for. `false`:
    /// it is not written.
    async fn write_surely(&self, row: &Outcome) -> bool {
        let mut failures = 0;
        while self.outcome_writer.write(vec![row.clone()]).await.is_err() {
            failures += 1;
            if !self.left.rest_to_retry(AGAIN, failures).await {
                self.left.leave_result();
                return false;
            }
        }
        true
    }

    /// Refuses a job if its letter cannot be rendered; the refusal becomes the pending result.
    pub(super) async fn refuse(
        &self,
        mut job: Job,
        unfit: &Unfit,
        pending: &mut Option<PendingResult>,
    ) {
        let row = self.row(&mut job).unwritable(&unfit.to_string());
        self.settle(pending).await;
        *pending = Some(PendingResult {
            row,
            job,
            to: NoticeStatus::Bounced,
            due_at: None,
            again: false,
            is_lost: false,
        });
    }
}
