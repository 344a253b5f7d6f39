//! The outbox loader: claims messages of the outbox that are due and puts them into the queue, before all notices. Messages
//! of tickets and codes belong to no campaign: they go while campaigns are paused or held, and wait only for the emergency
//! stop and for relays.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::idle::Idle;
use super::outbox_mail::{Outbox, OutboxMail};
use super::queue::Queue;
use crate::db;
use crate::db::retry::retried;
use crate::outbox::{Claimed, store};

/// Messages in one claim; no more are claimed while as many wait.
const CLAIM: usize = 16;
/// How long a claim is good. Longer than any SMTP transaction, so that no sender sends a message that another sender is
/// still sending.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// How long the loader waits after the database failed.
const BREATHER: Duration = Duration::from_secs(2);

/// Claims messages while there is room for them.
pub(crate) struct OutboxLoader {
    /// What the messages share.
    pub outbox: Arc<Outbox>,
    /// Where they go.
    pub queue: Queue,
}

impl OutboxLoader {
    /// Claims until the process leaves, then gives back what waits.
    pub(crate) async fn run(self) {
        let app = &self.outbox.app;
        let shutdown = &self.outbox.shutdown;
        let poll = Duration::from_millis(app.config.mail.poll_milliseconds);
        let mut idle = Idle::new(poll, 2);
        while !shutdown.is_leaving() {
            if self.queue.mails() >= CLAIM {
                tokio::select! {
                    () = shutdown.soft().cancelled() => {}
                    () = self.queue.mail_taken() => {}
                    () = tokio::time::sleep(poll) => {}
                }
                continue;
            }
            let pause = match self.step().await {
                Ok(true) => {
                    idle.wake();
                    continue;
                }
                Ok(false) => idle.rest(),
                Err(error) => {
                    app.db
                        .trouble("messages of the outbox could not be claimed", &error);
                    BREATHER
                }
            };
            if !shutdown.rest(pause).await {
                break;
            }
        }
        self.queue.give_mails_back();
    }

    /// Claims some messages. `false`: none is due, or no relay takes any.
    async fn step(&self) -> db::Result<bool> {
        let Outbox {
            app, permission, ..
        } = &*self.outbox;
        if permission.is_held() || !store::is_due(&mut *app.db.get().await?, app.now()).await? {
            return Ok(false);
        }
        // Before the claim, so that the lease ends later than it is believed to.
        let at = Instant::now();
        let claimed = retried(|| self.claim()).await?;
        if claimed.is_empty() {
            return Ok(false);
        }
        permission.take_up_outbox();
        let providers = self.queue.providers();
        let mail = |claimed| OutboxMail::new(&self.outbox, claimed, at, |to| providers.name(to));
        let back = self
            .queue
            .push_mails(claimed.into_iter().map(mail).collect());
        back.into_iter()
            .for_each(|mail| mail.give_back(Duration::ZERO));
        Ok(true)
    }

    async fn claim(&self) -> db::Result<Vec<Claimed>> {
        let app = &self.outbox.app;
        let mut tx = app.db.begin().await?;
        let most = i64::try_from(CLAIM).unwrap_or(i64::MAX);
        let claimed = store::claim(&mut tx, &app.keys, most, app.now(), LEASE).await?;
        tx.commit().await?;
        Ok(claimed)
    }
}
