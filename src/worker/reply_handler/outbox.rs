//! What is done with the reply to a message of the outbox.

use chrono::{DateTime, Utc};

use super::learn::Answered;
use super::{ReplyHandler, chance};
use crate::delivery::message;
use crate::delivery::policy;
use crate::mail::Reply;
use crate::outbox::Outcome;
use crate::worker::outbox_mail::OutboxMail;

impl ReplyHandler<'_> {
    /// What the reply to an attempt that began at `begun_at` makes of a message of the outbox; `None`: another connection
    /// takes it at once. Holds the provider or relay as for a notice.
    pub(crate) fn handle_mail(
        &self,
        mail: &mut OutboxMail,
        begun_at: DateTime<Utc>,
        reply: &Reply,
    ) -> Option<Outcome> {
        let now = self.app.now();
        if matches!(reply, Reply::CannotCarry { .. }) {
            mail.not_by.push(self.relay_state.id());
        }
        let others = self.others_of(mail.needs());
        let tried = message::tried(&mail.claimed.tries, begun_at, others);
        let classification = policy::classify(reply, &tried, now, chance());
        if !self.drops {
            let one = Answered {
                recipient: mail.recipient(),
                to: mail.to.as_ref(),
                provider: &mail.provider,
                tried: &tried,
            };
            self.learn(&one, classification.evidence(reply), reply, None);
        }
        let tries = &mut mail.claimed.tries;
        let outcome = message::became(tries, (classification, reply), begun_at, now);
        if matches!(outcome, Some(Outcome::Sent { .. })) {
            self.show_accepted(now);
        }
        outcome
    }
}
