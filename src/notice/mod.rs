//! A notice: one person's message in one campaign, its states, and the results of the attempts to send it. `delivery`
//! sends it.

use chrono::{DateTime, Utc};

use crate::element::ElementSet;
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId};
use crate::person::flags::WithheldReason;
use crate::pg_enum;

pg_enum! {
    /// Where a notice stands. *Sent* means that the relay answered 250; it never claims *delivered*.
    pub enum NoticeStatus: NoticeStatus {
        /// Waits for its turn.
        Queued = "queued",
        /// On a connection now.
        Sending = "sending",
        /// The relay took it.
        Sent = "sent",
        /// Refused for now by the receiving side; tried again later.
        Deferred = "deferred",
        /// Refused for good.
        Bounced = "bounced",
        /// Deferred for too long.
        Expired = "expired",
        /// A sender died after DATA began: perhaps sent.
        Uncertain = "uncertain",
        /// Must not be sent, for a reason.
        Withheld = "withheld",
        /// The campaign ended first.
        Cancelled = "cancelled",
    }
}

impl NoticeStatus {
    /// The states that may follow in the database. A deferred notice may also stay deferred, with a later time. No
    /// notice is stored as `sending`: it is the figure of the notices on a connection, stored as queued or deferred.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Queued => &[
                Self::Sent,
                Self::Deferred,
                Self::Bounced,
                Self::Expired,
                Self::Uncertain,
                Self::Withheld,
                Self::Cancelled,
            ],
            Self::Deferred => &[
                Self::Sent,
                Self::Bounced,
                Self::Expired,
                Self::Uncertain,
                Self::Withheld,
                Self::Cancelled,
            ],
            Self::Sending
            | Self::Sent
            | Self::Bounced
            | Self::Expired
            | Self::Uncertain
            | Self::Withheld
            | Self::Cancelled => &[],
        }
    }
}

pg_enum! {
    /// Where a batch of notices stands.
    pub enum BatchStatus: BatchStatus {
        /// Waits for a sender.
        Ready = "ready",
        /// A sender holds it.
        Leased = "leased",
        /// Only deferred notices are left; waits for the first of them.
        Waiting = "waiting",
        /// Nothing is left.
        Done = "done",
    }
}

impl BatchStatus {
    /// The states that may follow. A leased batch may also be leased again: by another sender, once the lease expired.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Ready | Self::Waiting => &[Self::Leased],
            Self::Leased => &[Self::Ready, Self::Waiting, Self::Done],
            Self::Done => &[],
        }
    }
}

pg_enum! {
    /// What became of one attempt.
    pub enum AttemptResult: AttemptResult {
        /// Written before DATA; nothing is known yet.
        InFlight = "in_flight",
        /// The relay answered 250.
        Accepted = "accepted",
        /// Refused for now (4xx).
        Deferred = "deferred",
        /// Refused (5xx).
        Refused = "refused",
        /// Deferred too often.
        Expired = "expired",
        /// The relay was away; nothing was handed over.
        Unreachable = "unreachable",
        /// The sender died, or the connection did after the last octet.
        Uncertain = "uncertain",
        /// Ended before it was handed over.
        Cancelled = "cancelled",
    }
}

/// One person's message in one campaign.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its id; it names its bucket.
    pub id: NoticeId,
    /// The campaign that sends it.
    pub campaign: CampaignId,
    /// The incident of the campaign.
    pub incident: IncidentId,
    /// The recipient.
    pub person: PersonId,
    /// Where it stands.
    pub status: NoticeStatus,
    /// Why it must not be sent.
    pub withheld: Option<WithheldReason>,
    /// The elements it names.
    pub named: ElementSet,
    /// How often it was tried.
    pub attempts: i16,
    /// When a deferred one is tried again.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was frozen into its campaign.
    pub created_at: DateTime<Utc>,
    /// When it reached its last state.
    pub settled_at: Option<DateTime<Utc>>,
}
