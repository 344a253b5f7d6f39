//! What changes of a campaign: its content since it was approved (promise P5), and its versions from each other.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{CampaignStatus, difference};
use crate::audit::changed::Part;
use crate::audit::{Action, Event};

/// The acts that each make a new version of a campaign. One that is through gets a version without an act.
pub const VERSIONED: [Action; 13] = [
    Action::CampaignEdit,
    Action::CampaignSubmit,
    Action::CampaignApprove,
    Action::CampaignReject,
    Action::CampaignTakeBack,
    Action::CampaignWaive,
    Action::CampaignUnwaive,
    Action::CampaignSchedule,
    Action::CampaignUnschedule,
    Action::CampaignLaunch,
    Action::CampaignPause,
    Action::CampaignResume,
    Action::CampaignCancel,
];

/// The parts of a campaign that one of these acts changed.
pub fn parts(event: &Event) -> Vec<Part> {
    let to = match Action::parse(&event.action) {
        Some(Action::CampaignWaive | Action::CampaignUnwaive) => {
            return vec![Part::new("waivers", "the waivers")];
        }
        Some(Action::CampaignEdit) => return edited(event),
        Some(Action::CampaignSubmit) => CampaignStatus::InReview,
        Some(Action::CampaignApprove | Action::CampaignUnschedule) => CampaignStatus::Approved,
        Some(Action::CampaignSchedule) => CampaignStatus::Scheduled,
        Some(Action::CampaignTakeBack | Action::CampaignReject) => CampaignStatus::Draft,
        Some(Action::CampaignLaunch | Action::CampaignResume) => CampaignStatus::Sending,
        Some(Action::CampaignPause) => CampaignStatus::Paused,
        Some(Action::CampaignCancel) => CampaignStatus::Cancelled,
        _ => return Vec::new(),
    };
    vec![status(to)]
}

/// The parts that an edit changed; an entry of an older program names none.
fn edited(event: &Event) -> Vec<Part> {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let parts = difference::parts(&detail["changed"]);
    match parts.is_empty() {
        true => vec![Part::new("draft", "the draft")],
        false => parts,
    }
}

/// The status, as a part that changed.
pub(super) fn status(to: CampaignStatus) -> Part {
    Part::state("status", None, to.as_str())
}

/// A part of the content that is no longer as it was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The content has another format, or is damaged: nothing of it can be compared.
    Format,
    /// The text in this language.
    Text(String),
    /// This fact of the incident.
    Fact(String),
    /// The elements that the texts name by words.
    Names,
    /// The incident's title.
    Title,
    /// The campaign's kind.
    Kind,
    /// The recipients.
    Audience,
    /// The scope version in force.
    Scope,
    /// Rate, canary or deadline.
    Rate,
    /// When it is launched.
    Schedule,
    /// In which hours its notices are held.
    Quiet,
    /// What happens to uncertain notices.
    Policy,
    /// The organisation's name.
    Organisation,
    /// The sender's name or address.
    Sender,
    /// Where links begin: `http.public_url`.
    PublicAddress,
    /// Where bounces go.
    ReturnPath,
    /// What was acknowledged.
    Acknowledged,
    /// A waiver was added or withdrawn after the approval.
    Waivers,
    /// Whether texts quote claims in their own language.
    FactLanguages,
}

impl Change {
    /// Its word in JSON: `fact:when`, `public_address`.
    pub fn word(&self) -> String {
        match self {
            Self::Text(locale) => return format!("text:{locale}"),
            Self::Fact(key) => return format!("fact:{key}"),
            Self::Format => "format",
            Self::Names => "names",
            Self::Title => "title",
            Self::Kind => "kind",
            Self::Audience => "audience",
            Self::Scope => "scope",
            Self::Rate => "rate",
            Self::Schedule => "schedule",
            Self::Quiet => "quiet_hours",
            Self::Policy => "policy",
            Self::Organisation => "organisation",
            Self::Sender => "sender",
            Self::PublicAddress => "public_address",
            Self::ReturnPath => "return_path",
            Self::Acknowledged => "acknowledged",
            Self::Waivers => "waivers",
            Self::FactLanguages => "fact_languages",
        }
        .to_owned()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Text(locale) => return write!(f, "the text “{locale}”"),
            Self::Fact(key) => return write!(f, "the fact “{key}”"),
            Self::Format => "the format of the content that was submitted",
            Self::Names => "the elements that the texts name by words",
            Self::Title => "the incident's title",
            Self::Kind => "the kind",
            Self::Audience => "the audience",
            Self::Scope => "the list in force",
            Self::Rate => "rate, canary or deadline",
            Self::Schedule => "the time of the launch",
            Self::Quiet => "the quiet hours",
            Self::Policy => "what happens to uncertain notices",
            Self::Organisation => "the organisation's name",
            Self::Sender => "the sender",
            Self::PublicAddress => "the public address",
            Self::ReturnPath => "the return path",
            Self::Acknowledged => "what was acknowledged",
            Self::Waivers => "the waivers of findings",
            Self::FactLanguages => "in which languages facts are quoted",
        };
        f.write_str(words)
    }
}

impl From<Change> for Part {
    fn from(change: Change) -> Self {
        Self::new(change.word(), change.to_string())
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

/// Changes in a sentence: `the fact “when”, the scope`.
pub fn in_words(changes: &[Change]) -> String {
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    words.join(", ")
}
