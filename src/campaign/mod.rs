//! A campaign: one launch of a template to an audience, its states, and what is approved of it.

pub mod ability;
pub(crate) mod acknowledge;
pub mod approval;
pub mod audience;
pub mod canary;
pub mod change;
pub(crate) mod check;
pub mod content;
pub mod copy;
pub(crate) mod difference;
pub mod doubled;
pub mod draft;
pub mod error;
pub(crate) mod findings;
pub(crate) mod guard;
pub mod hold;
pub mod launch;
pub mod name;
mod news;
pub(crate) mod old_texts;
pub mod quiet;
pub mod reference_list;
pub mod reject;
pub mod schedule;
pub mod store;
pub(crate) mod submit;
pub mod test_send;
pub mod void_watch;
pub mod waiver;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CampaignId, IncidentId, StaffId, TemplateId};
use crate::pg_enum;
use crate::seal::IncidentKey;
use crate::zone::{Shown, Zone};

pub use audience::Audience;
pub use name::Name;
pub use quiet::Quiet;

pg_enum! {
    /// Why a campaign is sent.
    pub enum CampaignKind: CampaignKind {
        /// The first notice.
        Initial = "initial",
        /// More elements became known.
        Supplement = "supplement",
        /// Something said was wrong.
        Correction = "correction",
    }
}

pg_enum! {
    /// Where a campaign stands.
    pub enum CampaignStatus: CampaignStatus {
        /// Being written.
        Draft = "draft",
        /// Waits for a second person.
        InReview = "in_review",
        /// May be launched.
        Approved = "approved",
        /// Will be launched at a time.
        Scheduled = "scheduled",
        /// Messages go out.
        Sending = "sending",
        /// Held; may go on.
        Paused = "paused",
        /// Every notice has its outcome.
        Completed = "completed",
        /// Ended before its time.
        Cancelled = "cancelled",
    }
}

impl CampaignKind {
    /// Which goes first: what was wrong is set right before more is told, and more before the beginning.
    pub fn rank(self) -> u8 {
        match self {
            Self::Correction => 0,
            Self::Supplement => 1,
            Self::Initial => 2,
        }
    }
}

impl CampaignStatus {
    /// The states that may follow.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::InReview, Self::Cancelled],
            Self::InReview => &[Self::Approved, Self::Draft, Self::Cancelled],
            Self::Approved => &[Self::Sending, Self::Scheduled, Self::Draft, Self::Cancelled],
            Self::Scheduled => &[Self::Sending, Self::Approved, Self::Draft, Self::Cancelled],
            Self::Sending => &[Self::Paused, Self::Completed, Self::Cancelled],
            Self::Paused => &[Self::Sending, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// The states from which this one may be reached: the guard of every UPDATE.
    pub fn before(self) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|from| from.after().contains(&self))
            .collect()
    }

    /// Whether nothing can follow.
    pub fn is_over(self) -> bool {
        self.after().is_empty()
    }
}

pg_enum! {
    /// What happens to a notice after an uncertain attempt (P3).
    pub enum UncertainPolicy: UncertainPolicy {
        /// Send it again under the same Message-ID: no person is missed, some may read it twice.
        Resend = "resend",
        /// Leave it: no person reads it twice, some may be missed.
        Leave = "leave",
    }
}

/// How fast a campaign may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Messages a second, of all senders together; 0 is unlimited.
    pub rate_per_second: u32,
    /// Notices that go first and must end well before the rest follows; 0 is none, nothing is the usual
    /// ([`canary::canary_size`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<u32>,
    /// When it must be through: whatever slows it, it never goes slower than that needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_by: Option<DateTime<Utc>>,
    /// When it is launched: not before, and by the clock at no other time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_at: Option<DateTime<Utc>>,
    /// The hours of each day in which its notices are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
}

/// When a campaign is launched by the clock, or was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// When.
    pub at: DateTime<Utc>,
    /// The zone in which staff chose the time.
    pub zone: Zone,
    /// Who chose it.
    pub by: StaffId,
}

impl Schedule {
    /// The time as clocks of its zone show it.
    pub fn shown(&self) -> Shown {
        self.zone.show(self.at)
    }
}

/// What was acknowledged, each with the account that did: a language without a text of its own (`fr`), a
/// fact that a text quotes in another language (`es:what_happened`).
pub type Acknowledged = BTreeMap<String, StaffId>;

/// One campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What staff call it.
    pub name: Name,
    /// The campaign that it was copied from.
    pub copied_from: Option<CampaignId>,
    /// The incident.
    pub incident: IncidentId,
    /// The template.
    pub template: TemplateId,
    /// Its version.
    pub template_version: i32,
    /// Why it is sent.
    pub kind: CampaignKind,
    /// The recipients.
    pub audience: Audience,
    /// How fast.
    pub limits: Limits,
    /// What becomes of uncertain notices.
    pub on_uncertain: UncertainPolicy,
    /// When it is launched by the clock, or was due.
    pub schedule: Option<Schedule>,
    /// Where it stands.
    pub status: CampaignStatus,
    /// Why it stands there: what the program decided, or what staff said, once [`Self::open_reason`] opened that.
    pub status_reason: Option<String>,
    /// What staff said, sealed.
    pub reason_sealed: Option<Vec<u8>>,
    /// Grows with every change; a change must name the version it saw.
    pub version: i32,
    /// What its author acknowledged when it was submitted.
    pub acknowledged: Acknowledged,
    /// What was submitted, exactly.
    pub content: Option<String>,
    /// Who wrote it.
    pub created_by: StaffId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who submitted it.
    pub submitted_by: Option<StaffId>,
    /// Who approved it: another person.
    pub approved_by: Option<StaffId>,
    /// When.
    pub approved_at: Option<DateTime<Utc>>,
    /// The hash that was approved.
    pub approved_hash: Option<Vec<u8>>,
    /// When it was launched.
    pub launched_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Campaign {
    /// Under which a reason that staff gave is sealed.
    pub fn reason_owner(id: CampaignId) -> Vec<u8> {
        [&id.uuid().as_bytes()[..], b"reason"].concat()
    }

    /// The comment of the approver who rejected it; of a draft, until it is submitted again.
    pub fn rejection(&self) -> Option<&str> {
        let is_rejected = self.status == CampaignStatus::Draft && self.reason_sealed.is_some();
        self.status_reason.as_deref().filter(|_| is_rejected)
    }

    /// Opens what staff said, if they said something.
    pub fn open_reason(&mut self, key: &IncidentKey) {
        let open = |sealed: &Vec<u8>| {
            let plain = key.open(&Self::reason_owner(self.id), sealed).ok()?;
            String::from_utf8(plain).ok()
        };
        if let Some(said) = self.reason_sealed.as_ref().and_then(open) {
            self.status_reason = Some(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_approved_campaign_can_begin_to_send() {
        use CampaignStatus::*;
        assert_eq!(Sending.before(), [Approved, Scheduled, Paused]);
        assert_eq!(Approved.before(), [InReview, Scheduled]);
        assert_eq!(
            Cancelled.before(),
            [Draft, InReview, Approved, Scheduled, Sending, Paused]
        );
        assert!(Completed.is_over() && Cancelled.is_over() && !Paused.is_over());
    }
}
