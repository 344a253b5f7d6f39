//! The buttons of a campaign's page: which actions are legal now, and why others are not.

use super::readiness::Readiness;
use crate::campaign::content::Content;
use crate::campaign::store::Progress;
use crate::campaign::{Campaign, CampaignStatus};
use crate::notice::NoticeStatus;
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::console::Button;
use crate::web::figures::count;

/// The name of the link to the page for the approval.
pub(super) const APPROVAL: &str = "approval";

/// The buttons for the actions that `who` has the right to do. `present` is the content if it were submitted now,
/// `people` the number of recipients if they are counted, `cancel` the question before a cancellation.
pub(crate) fn buttons(
    of: &Campaign,
    present: Option<&Content>,
    people: Option<i64>,
    readiness: Option<&Readiness>,
    (who, is_void): (&Signed, bool),
    cancel: &str,
) -> Vec<Button> {
    let text = present.and_then(|present| present.to_text().ok());
    let changed = of.content.is_some() && text != of.content;
    let enabled = |to: &CampaignStatus| button(of.status, *to, people.unwrap_or_default(), who);
    let mut buttons: Vec<Button> = of.status.after().iter().filter_map(enabled).collect();
    let own = of.created_by == who.id || of.submitted_by == Some(who.id);
    for button in &mut buttons {
        if button.name == "approve" && !own {
            // An approver reads the page for the approval whatever stops it: it is approved or rejected there.
            APPROVAL.clone_into(&mut button.name);
            "Read and decide".clone_into(&mut button.words);
        }
        let why = match button.name.as_str() {
            "submit" if present.is_none() => "The incident has no active list yet.",
            "submit" => readiness.map_or("", Readiness::blocked),
            "approve" => "A second person must approve what you wrote or submitted.",
            "resume" if is_void => {
                "The list changed before its audience was complete. Cancel it and draft a new campaign for those who \
                 are not told yet."
            }
            APPROVAL | "launch" if changed => {
                "Something changed since it was submitted. Take it back and submit it again."
            }
            APPROVAL | "launch" if people.is_none() => {
                "The people it goes to are not counted yet. Load this page again in a moment."
            }
            _ => "",
        };
        button.blocked = why.to_owned();
        if button.name == "cancel" {
            cancel.clone_into(&mut button.sure);
        }
        if button.name == "resume" {
            button.sure = resume_question(of);
        }
        if let Some(readiness) = readiness {
            add_warnings(button, of, readiness);
        }
    }
    buttons
}

/// The question before a cancellation: how many messages are never sent.
pub(crate) fn cancel_question(of: &Campaign, progress: &Progress) -> String {
    // Messages on a connection are sent. Some of the rest may have arrived by an uncertain attempt: hence "up to".
    let left = progress.left() - progress.of(NoticeStatus::Sending);
    let what = match (of.launched_at, left) {
        (None, _) => "It is never sent.".to_owned(),
        // The audience is not complete yet.
        (Some(_), _) if !progress.frozen => "Unsent messages will never be sent.".to_owned(),
        (Some(_), 0) if progress.left() > 0 => {
            "Only the messages that are being sent now are still sent.".to_owned()
        }
        (Some(_), 0) => "Nothing more is sent.".to_owned(),
        (Some(_), 1) => "Up to 1 unsent message will never be sent.".to_owned(),
        (Some(_), n) => format!("Up to {} unsent messages will never be sent.", count(n)),
    };
    format!("{what} This cannot be taken back.")
}

/// The question before a campaign is resumed that Candor paused, such as after bad results; none if staff paused it.
fn resume_question(of: &Campaign) -> String {
    let by_itself = of.reason_sealed.is_none();
    match of.status_reason.as_deref().filter(|_| by_itself) {
        Some(reason) => format!("Candor paused it: {reason}. Resume it all the same?"),
        None => String::new(),
    }
}

/// The button that makes deferred messages due; `None` without such messages, and without the right.
pub(crate) fn retry_button(of: &Campaign, deferred: i64, who: &Signed) -> Option<Button> {
    let is_under_way = matches!(of.status, CampaignStatus::Sending | CampaignStatus::Paused);
    (is_under_way && deferred > 0 && who.may(Right::LaunchCampaign)).then(|| Button {
        name: "retry".to_owned(),
        words: "Retry deferred now".to_owned(),
        look: "quiet",
        ..Button::default()
    })
}

/// The warning of a campaign to people who may have been told.
pub(super) const MAY_READ_TWICE: &str =
    " An earlier notice to each of them was left uncertain: they may read it twice.";

/// Adds warnings to the question before a launch.
fn add_warnings(button: &mut Button, of: &Campaign, readiness: &Readiness) {
    if of.audience.may_have_been_told && button.name == "launch" {
        button.sure += MAY_READ_TWICE;
    }
    if button.name == "launch" && !readiness.unpublished.is_empty() {
        let facts = readiness.unpublished.join(", ");
        button.sure = format!(
            "{} Its texts quote facts whose present text is not public: {facts}. Publish them first, \
             so that page and notice agree.",
            button.sure
        );
        let people = match readiness.count.mailable {
            1 => "1 person".to_owned(),
            n => format!("{} people", count(n)),
        };
        button.tick = format!("Launch to {people} although these facts are not public");
    }
}

/// The button for a transition; `None` without the right.
fn button(from: CampaignStatus, to: CampaignStatus, people: i64, who: &Signed) -> Option<Button> {
    use CampaignStatus::{
        Approved, Cancelled, Completed, Draft, InReview, Paused, Scheduled, Sending,
    };
    let to_people = match people {
        1 => "A message goes out to 1 person.".to_owned(),
        n => format!("Messages go out to {} people.", count(n)),
    };
    let (name, words, look, right, sure) = match (from, to) {
        (_, InReview) => (
            "submit",
            "Submit for approval",
            "",
            Right::DraftCampaign,
            String::new(),
        ),
        // The head of the page has these.
        (Scheduled, Approved) | (_, Scheduled) => return None,
        (_, Approved) => (
            "approve",
            "Approve",
            "",
            Right::ApproveCampaign,
            match people {
                1 => "You approve exactly this content for 1 person.".to_owned(),
                n => format!("You approve exactly this content for {} people.", count(n)),
            },
        ),
        (_, Draft) => (
            "take-back",
            "Take back",
            "quiet",
            Right::DraftCampaign,
            String::new(),
        ),
        (Paused, Sending) => ("resume", "Resume", "", Right::LaunchCampaign, String::new()),
        (_, Sending) => ("launch", "Launch", "", Right::LaunchCampaign, to_people),
        (_, Paused) => (
            "pause",
            "Pause",
            "quiet",
            Right::LaunchCampaign,
            String::new(),
        ),
        (_, Cancelled) => (
            "cancel",
            "Cancel",
            "danger",
            Right::LaunchCampaign,
            // `cancel_question` has the number.
            String::new(),
        ),
        (_, Completed) => return None,
    };
    who.may(right).then(|| Button {
        name: name.to_owned(),
        words: words.to_owned(),
        look,
        sure,
        tick: String::new(),
        blocked: String::new(),
    })
}
