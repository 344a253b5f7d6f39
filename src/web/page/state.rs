//! How pages show states: the tone of each state of each state machine. Every `match` is exhaustive, so that a new state
//! does not compile until its tone is decided here.

use std::fmt;

use super::Tone;
use crate::campaign::CampaignStatus;
use crate::incident::{IncidentState, UpdateKind};
use crate::notice::{AttemptResult, NoticeStatus};
use crate::person::PersonStanding;
use crate::postal::{PostalState, PostalStatus};
use crate::recall::RecallStatus;
use crate::scope::ScopeStatus;
use crate::ticket::TicketStatus;

/// A state that pages show as its word, in the colour and the shape of its tone.
pub trait State: fmt::Display {
    /// What it asks of its reader.
    fn tone(&self) -> Tone;
}

impl<S: State + ?Sized> State for &S {
    fn tone(&self) -> Tone {
        (*self).tone()
    }
}

impl State for IncidentState {
    fn tone(&self) -> Tone {
        match self {
            Self::Suspected => Tone::Look,
            Self::Confirmed | Self::Scoping | Self::Notifying | Self::Monitoring => Tone::Busy,
            Self::Closed | Self::Dismissed => Tone::Idle,
        }
    }
}

impl State for UpdateKind {
    fn tone(&self) -> Tone {
        match self {
            Self::Known => Tone::Done,
            Self::BeingChecked => Tone::Busy,
            Self::Corrected => Tone::Look,
        }
    }
}

impl State for ScopeStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::Importing | Self::Activating => Tone::Busy,
            Self::Active => Tone::Done,
            Self::Draft | Self::Superseded | Self::Discarded => Tone::Idle,
        }
    }
}

impl State for CampaignStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::Draft | Self::Cancelled => Tone::Idle,
            Self::InReview | Self::Approved | Self::Scheduled | Self::Sending => Tone::Busy,
            Self::Paused => Tone::Look,
            Self::Completed => Tone::Done,
        }
    }
}

impl State for NoticeStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::Queued | Self::Cancelled => Tone::Idle,
            Self::Sending => Tone::Busy,
            Self::Sent => Tone::Done,
            Self::Deferred | Self::Uncertain | Self::Withheld => Tone::Look,
            Self::Bounced | Self::Expired => Tone::Act,
        }
    }
}

impl State for AttemptResult {
    fn tone(&self) -> Tone {
        match self {
            Self::InFlight => Tone::Busy,
            Self::Accepted => Tone::Done,
            Self::Deferred | Self::Unreachable | Self::Uncertain => Tone::Look,
            Self::Refused | Self::Expired => Tone::Act,
            Self::Cancelled => Tone::Idle,
        }
    }
}

impl State for PersonStanding {
    fn tone(&self) -> Tone {
        match self {
            Self::InProgress | Self::Retracted => Tone::Idle,
            Self::Notified | Self::NotifiedByPost | Self::NotifiedOtherwise => Tone::Done,
            Self::NeedsLetter | Self::Withheld => Tone::Look,
        }
    }
}

impl State for TicketStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::New | Self::Closed => Tone::Idle,
            Self::Open => Tone::Busy,
            Self::Pending | Self::OnHold => Tone::Look,
            Self::Solved => Tone::Done,
        }
    }
}

impl State for PostalState {
    fn tone(&self) -> Tone {
        match self {
            Self::Listed | Self::Discarded => Tone::Idle,
            Self::Posting => Tone::Busy,
            Self::Posted => Tone::Done,
        }
    }
}

impl State for PostalStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::Listed => Tone::Idle,
            Self::Posted => Tone::Done,
            Self::NotPosted | Self::Returned => Tone::Look,
        }
    }
}

impl State for RecallStatus {
    fn tone(&self) -> Tone {
        match self {
            Self::Proposed => Tone::Look,
            Self::Published => Tone::Done,
            Self::Withdrawn | Self::Discarded => Tone::Idle,
        }
    }
}

/// The state of a campaign on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownCampaign {
    /// As it is stored.
    Status(CampaignStatus),
    /// What was approved has changed.
    ApprovalVoid,
}

impl fmt::Display for ShownCampaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::ApprovalVoid => f.write_str("approval_void"),
        }
    }
}

impl State for ShownCampaign {
    fn tone(&self) -> Tone {
        match self {
            Self::Status(status) => status.tone(),
            Self::ApprovalVoid => Tone::Act,
        }
    }
}

/// The state of a version of the affected list on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownScope {
    /// As it is stored.
    Status(ScopeStatus),
    /// The process of its import stopped.
    ImportDied,
}

impl fmt::Display for ShownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::ImportDied => f.write_str("import died"),
        }
    }
}

impl State for ShownScope {
    fn tone(&self) -> Tone {
        match self {
            Self::Status(status) => status.tone(),
            Self::ImportDied => Tone::Act,
        }
    }
}

/// Whether an account of staff can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownAccount {
    /// It can.
    Active,
    /// It cannot.
    Disabled,
}

impl fmt::Display for ShownAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        })
    }
}

impl State for ShownAccount {
    fn tone(&self) -> Tone {
        match self {
            Self::Active => Tone::Done,
            Self::Disabled => Tone::Idle,
        }
    }
}

/// A state of any state machine, for lists that show several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    tone: Tone,
    words: String,
}

impl Badge {
    /// The badge of a state.
    pub fn of(state: impl State) -> Self {
        Self {
            tone: state.tone(),
            words: state.to_string(),
        }
    }

    /// The same with other words.
    #[must_use]
    pub fn saying(self, words: &str) -> Self {
        Self {
            words: words.to_owned(),
            ..self
        }
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl State for Badge {
    fn tone(&self) -> Tone {
        self.tone
    }
}
