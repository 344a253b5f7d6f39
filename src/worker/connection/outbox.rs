//! One attempt to send a message of the outbox, by the relay state and the policy of notices.

use std::future::ready;
use std::time::Duration;

use super::{Connection, SWIFT, YIELD};
use crate::mail::{self, Asked, Letter, Reply};
use crate::worker::outbox_mail::{Leave, OutboxMail};
use crate::worker::reply_handler::PendingResult;

impl Connection {
    /// Makes one attempt and records it. The pending result of a notice is written first: an attempt may take minutes.
    pub(super) async fn deliver_mail(
        &self,
        connection: &mut mail::Line,
        mut mail: OutboxMail,
        pending: &mut Option<PendingResult>,
    ) {
        self.settle(pending).await;
        let letter = match mail.may_leave().await {
            Ok(leave) => match mail.finished(leave) {
                Ok(letter) => letter,
                Err(ended) => return mail.end(ended).await,
            },
            Err(error) => {
                let what = "cannot see whether a message may leave; trying again";
                self.app.db.trouble(what, &error);
                let later = mail.postponed();
                return mail.end(later).await;
            }
        };
        if !self.take_first_turn(&mail).await {
            return self.put_mail_back(mail);
        }
        let providers = self.queue.providers();
        // The list may have given the person another address.
        mail.provider = providers.name(Some(&letter.recipient));
        mail.to = Some(letter.recipient.clone());
        let begun_at = self.app.now();
        let Some(reply) = self.send_mail(connection, &mail, &letter).await else {
            // Stopped, or the person changed, while the relay took its time.
            let later = mail.postponed();
            return mail.end(later).await;
        };
        match self.handler().handle_mail(&mut mail, begun_at, &reply) {
            Some(outcome) => mail.end(outcome).await,
            None => {
                self.put_mail_back(mail);
                // The relay may be about to go away.
                let is_lost = !matches!(reply, Reply::CannotCarry { .. });
                if is_lost && self.others_are_free() {
                    self.shutdown.rest(YIELD).await;
                }
            }
        }
    }

    async fn send_mail(
        &self,
        connection: &mut mail::Line,
        mail: &OutboxMail,
        letter: &Letter,
    ) -> Option<Reply> {
        connection.wait_for_replies(self.others_are_free().then_some(SWIFT));
        let still = || -> Asked<'_> {
            Box::pin(async {
                // The answer is unknown while the database is away.
                let leave = mail.may_leave().await;
                matches!(leave, Ok(Leave::Now(now)) if now.to == letter.recipient.as_str())
            })
        };
        tokio::select! {
            reply = connection.send_if(letter, None, ready(true), still) => reply,
            () = self.shutdown.hard().cancelled() => {
                Some(Reply::Unknown { why: "dropped while it was being sent".to_owned() })
            }
        }
    }

    /// Takes the next slots of relay and node, before the notices that wait for them. `false`: it may not go by this
    /// relay now.
    async fn take_first_turn(&self, mail: &OutboxMail) -> bool {
        if self.is_paced() {
            let (relay, node) = self.rates();
            let turn = async {
                let pace = &self.relay_state.pace;
                pace.turn_first(f64::from(relay) * mail.share()).await;
                self.node.turn_first(f64::from(node)).await;
            };
            tokio::select! {
                () = self.shutdown.soft().cancelled() => return false,
                () = turn => {}
            }
        }
        self.relay_state.held().is_none()
    }

    fn put_mail_back(&self, mail: OutboxMail) {
        if let Some(mail) = self.queue.put_mail_back(mail) {
            mail.give_back(Duration::ZERO);
        }
    }
}
