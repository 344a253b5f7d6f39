//! Why something that people do with a campaign was refused.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::CampaignStatus;
use super::audience::{NotForKind, NotOfIncident};
use super::change::{self, Change};
use super::check::Review;
use super::content::ContentError;
use crate::audit::changed::Changed;
use crate::db;
use crate::db::retry::Collision;
use crate::deployment::Doubt;
use crate::incident::IncidentState;
use crate::person::AudienceCount;
use crate::template::merge::MergeError;
use crate::template::rules::RulesError;

/// The characters of the comment of a rejection.
pub const COMMENT: RangeInclusive<usize> = 10..=2_000;

/// Why a campaign did not move.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// There is no such campaign, incident or template.
    #[error("there is no such campaign, incident or template")]
    Missing,
    /// The published table has no such move.
    #[error("a campaign that is {from} cannot become {to}")]
    IllegalMove {
        /// Where it stands.
        from: CampaignStatus,
        /// Where it was to go.
        to: CampaignStatus,
    },
    /// Only a draft may be edited.
    #[error("only a draft can be edited: take the campaign back first")]
    NotADraft,
    /// It is not at the version that the caller saw, or what it sends changes all the time.
    #[error("this campaign changed since you read it: {0}. Read it again, then repeat your change")]
    Changed(Box<Changed>),
    /// The incident has no list of people in force.
    #[error("the incident has no active scope version: import a list and activate it first")]
    NoScope,
    /// The texts do not compile with this incident's facts.
    #[error("{}", .0.iter().map(|(locale, e)| format!("{locale}: {e}")).collect::<Vec<_>>().join("\n"))]
    Text(Vec<(String, MergeError)>),
    /// The approver wrote or submitted it (P5).
    #[error("four eyes: who wrote or submitted a campaign cannot approve or reject it")]
    SamePerson,
    /// The account is disabled by now, or has not the role.
    #[error("this account may not approve campaigns any more")]
    NoApprover,
    /// A rejection says too little or too much.
    #[error("say in {} to {} characters what is to be changed: the author reads it", COMMENT.start(), COMMENT.end())]
    Comment,
    /// Only what waits for an approval is rejected.
    #[error("a campaign that is {0} cannot be rejected: only one that waits for approval can")]
    NotInReview(CampaignStatus),
    /// Deferred messages exist only of a campaign under way.
    #[error(
        "a campaign that is {0} has no messages to try again: only one that is sending or paused has"
    )]
    NotUnderWay(CampaignStatus),
    /// The approver named another content than the one submitted.
    #[error("this is not the content that was submitted: read it again before you approve")]
    OtherContent,
    /// What was approved is no longer what would be sent (P5).
    #[error("the approval is void: {} changed since. Take it back and submit it again", change::in_words(.0))]
    ApprovalVoid(Vec<Change>),
    /// Rules found these things in the texts, and no approver waived them.
    #[error(
        "rules found something in the texts that is not settled: {}. Change the texts, or have an approver waive each with \
         a reason", .0.join(", ")
    )]
    Unwaived(Vec<String>),
    /// The rules about texts cannot be read.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The reason of a waiver is too short or too long.
    #[error(
        "a reason for a waiver has {} to {} characters on one line",
        super::waiver::REASON_LEAST,
        super::waiver::REASON_MOST
    )]
    WaiverReason,
    /// Nothing was submitted, or it was launched.
    #[error(
        "a finding is waived while the campaign waits for approval or launch, and this one is {0}"
    )]
    NotToWaive(CampaignStatus),
    /// There is no such blocking finding, or no waiver of it.
    #[error("there is no such finding to waive, or no such waiver: read the campaign again")]
    NoFinding,
    /// An approver waived it before.
    #[error("this finding is waived already")]
    Waived,
    /// What was approved cannot be read, or what would be approved cannot be written.
    #[error("the campaign cannot go on: {0}")]
    Content(#[from] ContentError),
    /// A campaign of this kind cannot have this audience.
    #[error(transparent)]
    Audience(#[from] NotForKind),
    /// The audience names what its incident does not have.
    #[error(transparent)]
    AudiencePart(#[from] NotOfIncident),
    /// No person of the audience can be told by e-mail.
    #[error(
        "nobody in this audience can be told by e-mail: {} must not be written to, {} need a letter, for {} \
         another campaign has a notice that is not settled, and {} may have been told by a notice that was left uncertain \
         (a campaign for these: may_have_been_told)",
        .0.withheld, .0.needs_letter, .0.waiting_elsewhere, .0.may_have_been_told
    )]
    Nobody(AudienceCount),
    /// The texts do not suit all people, or something must be acknowledged. With what was acknowledged.
    #[error("{}", .0.reasons(.1).join("\n"))]
    NotReady(Box<Review>, BTreeSet<String>),
    /// No person is notified in this state of the incident.
    #[error(
        "the incident is {0}: people are notified while it is confirmed, scoping, notifying or monitoring"
    )]
    State(IncidentState),
    /// The texts quote facts with these keys, and the public page does not show them as they are now.
    #[error(
        "the texts quote facts that the public page does not show as they are now: {}. Publish them, or \
         agree that it goes all the same", .0.join(", ")
    )]
    Unpublished(Vec<String>),
    /// The incident's people were forgotten.
    #[error("this incident was forgotten: nobody can be reached any more")]
    Forgotten,
    /// The deadline is over.
    #[error("finish_by is in the past: set a later time, or none")]
    Late,
    /// The time of the launch is over.
    #[error("the time of the launch is in the past: set a later one")]
    Past,
    /// The launch would come after the deadline.
    #[error(
        "the launch would come after the deadline (finish_by): set an earlier time, or a later deadline"
    )]
    AfterDeadline,
    /// It lies too far ahead.
    #[error("the time of the launch is more than a year ahead: set an earlier one")]
    TooFar,
    /// What was approved is launched at a set time.
    #[error(
        "it was approved for a launch at {0}, not before: wait, or take it back, change the time and have it approved again"
    )]
    TooEarly(Box<str>),
    /// What was approved is launched at a set time, and this is another.
    #[error(
        "it was approved for a launch at {0}: schedule it for this time, or take it back, change the time and have it \
         approved again"
    )]
    OtherTime(Box<str>),
    /// Quiet hours of the whole day.
    #[error("quiet hours that end when they begin hold all notices for ever: set another end")]
    NeverLeaves,
    /// The account that set the time of the launch may not launch any more.
    #[error(
        "the account that scheduled it is disabled, or may not launch campaigns any more: launch it, or schedule it again"
    )]
    NoLongerMay,
    /// A test was asked for that cannot be sent.
    #[error(transparent)]
    Test(#[from] TestError),
    /// The audience is not complete, and its people can no longer be taken from the list that was approved.
    #[error(
        "the audience is not complete, and list version {active} has taken the place of version {approved}, which was \
         approved: cancel this campaign and draft a new one for those not told yet"
    )]
    OtherScope {
        /// The version that was approved.
        approved: i32,
        /// The version in force, or on its way.
        active: i32,
    },
    /// A list is being put in force.
    #[error(
        "list version {0} is being put in force: wait until that is done, then look at the audience again"
    )]
    Activating(i32),
    /// The database may be an older copy.
    #[error("{0}")]
    InDoubt(Box<Doubt>),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

/// Why no test of a campaign's text was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestError {
    /// No account, or no language.
    #[error("choose at least one person and one language")]
    Nobody,
    /// Too many messages at once.
    #[error("a test has at most {0} messages: choose fewer people or languages")]
    TooMany(usize),
    /// A text in this language is missing.
    #[error("the template has no text in the language “{0}”")]
    NoText(String),
    /// An account that is disabled, has no mailbox, or does not exist.
    #[error("an account that you chose is disabled or has no e-mail address: choose another")]
    NoAccount,
    /// The account that asks has no mailbox.
    #[error("your account has no e-mail address: choose a colleague")]
    NoMailbox,
}

impl Collision for CampaignError {
    fn is_collision(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_collision())
    }
}

impl From<db::Error> for CampaignError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("approved_by_another") => Self::SamePerson,
            e if e.is_conflict("finding_is_waived") => Self::Waived,
            db::Error::Conflict(name) if name.ends_with("_fkey") => Self::Missing,
            other => Self::Db(other),
        }
    }
}
