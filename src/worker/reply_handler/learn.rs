//! What replies say of a relay and of mailbox providers, whatever the message was: the relay or provider is held, and
//! campaigns count what says something about them.

use chrono::TimeDelta;

use super::ReplyHandler;
use crate::address::EmailAddress;
use crate::delivery::policy::{self, Evidence, HoldReason, RelayHold, Tried};
use crate::delivery::refusals::{Hold, Refusal};
use crate::delivery::streak::{Deferral, HELD_FOR_DEFERRALS, Means};
use crate::id::PersonId;
use crate::mail::Reply;
use crate::trouble::Seen;
use crate::worker::breaker;
use crate::worker::heard::Heard;

/// A message that the relay answered for.
pub(super) struct Answered<'a> {
    /// The person who was written to.
    pub(super) recipient: PersonId,
    /// Their address.
    pub(super) to: Option<&'a EmailAddress>,
    /// Who runs the mailbox.
    pub(super) provider: &'a str,
    /// What is known of the message.
    pub(super) tried: &'a Tried,
}

impl ReplyHandler<'_> {
    /// Records what a classified reply says about provider, relay and campaign, and holds the provider or relay if it
    /// says so. `heard` is the result that a campaign may count; a message of the outbox has none.
    pub(super) fn learn(
        &self,
        one: &Answered<'_>,
        evidence: Evidence,
        reply: &Reply,
        heard: Option<Heard>,
    ) {
        let streak = &self.relay_state.streak;
        match evidence {
            // Nothing was sent: the campaign does not count it.
            Evidence::Lost { after_text: false } => self.lost(None),
            Evidence::Lost { after_text: true } => self.lost(heard),
            Evidence::Against { reason, lasting } => {
                self.tell_breaker(streak.answered());
                self.tell_breaker(heard);
                self.refused(one, reply, (reason, lasting));
            }
            Evidence::Takes => {
                self.tell_back();
                self.tell_breaker(streak.taken());
                self.tell_breaker(heard);
                if self.relay_state.watches() {
                    self.relay_state.taken(&self.providers.refuser(one.to));
                }
            }
            Evidence::Defers => {
                self.tell_breaker(streak.answered());
                self.defer(one, heard);
            }
            Evidence::None => {}
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

    /// Whether another relay is in use or at hand, is not held, and does not defer its own messages.
    fn others_take(&self) -> bool {
        self.others.iter().any(|other| {
            let is_in_use = other.route.standby || other.is_open();
            is_in_use && other.held().is_none() && !other.streak.defers()
        })
    }

    /// A message was deferred. The relay is held if it defers everything while another relay could take it.
    fn defer(&self, of: &Answered<'_>, heard: Option<Heard>) {
        let is_held = self.relay_state.held().is_some();
        let others_take = self.others_take();
        if is_held && others_take {
            return;
        }
        let refuser = self.providers.refuser(of.to);
        let one = Deferral {
            recipient: of.recipient,
            provider: &refuser,
            is_again: of.tried.attempt > 1,
            others_take,
        };
        match self.relay_state.streak.defer(&one, heard) {
            Means::Relay(heard) => {
                self.tell_breaker(heard);
                self.hold(HELD_FOR_DEFERRALS, RelayHold::DefersAll);
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
    fn refused(
        &self,
        one: &Answered<'_>,
        reply: &Reply,
        (reason, lasting): (HoldReason, TimeDelta),
    ) {
        if !one.tried.is_first(reply) {
            return;
        }
        let (_, _, text) = reply.parts();
        let refusal = Refusal {
            recipient: one.recipient,
            gist: policy::gist(reason, text),
            lasting: lasting.to_std().unwrap_or_default(),
            why: reason.as_str(),
        };
        let refuser = self.providers.refuser(one.to);
        match self.relay_state.refused(&refuser, refusal) {
            Some(Hold::Relay) => self.hold(lasting, RelayHold::Against(reason)),
            Some(Hold::Provider) => self.tell_held(one, reason),
            None => {}
        }
    }

    fn tell_held(&self, one: &Answered<'_>, reason: HoldReason) {
        let (relay, why) = (self.relay_state.route.relay.name(), reason.as_str());
        // For an unnamed provider the domain is not logged either: it may belong to one person.
        let provider = one.provider;
        tracing::warn!(
            relay,
            provider,
            why,
            "a mailbox provider is held; mail to others goes on"
        );
    }

    /// A connection could not be made. Where others are open, the relay takes no more of them: it is not away. Of
    /// several that are tried at once the last one tells.
    pub(crate) fn unconnected(&self, reply: &Reply) {
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
        self.relay_state.hold(lasting, RelayHold::Away);
        self.show_held(self.relay_state.route.relay.name(), lasting);
    }

    /// Holds the relay for all its connections.
    fn hold(&self, lasting: TimeDelta, why: RelayHold) {
        let relay = self.relay_state.route.relay.name();
        tracing::warn!(
            relay,
            why = why.as_str(),
            "a relay is held; its messages wait"
        );
        self.relay_state.hold(lasting, why);
        self.show_held(relay, lasting);
    }

    fn show_held(&self, relay: &str, lasting: TimeDelta) {
        let until = (self.app.now() + lasting).timestamp();
        let held_until = &self.app.metrics.held_until;
        held_until.with_label_values(&[relay]).set(until);
    }
}

/// The name of a relay's outage among the troubles.
fn outage(relay: &str) -> String {
    format!("relay {relay}")
}
