//! What may be done with a campaign now: the buttons of its page.

use super::Deed;
use super::reach::Reach;
use crate::campaign::content::Content;
use crate::campaign::store::Progress;
use crate::campaign::{Campaign, CampaignStatus};
use crate::notice::NoticeStatus;
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::figures::count;

/// The deeds of a campaign that this person may do: legal ones, and those blocked with the reason.
/// `present` is what would be sent if it were submitted now, to so many `people`, if they are counted.
pub fn offered(
    of: &Campaign,
    present: Option<&Content>,
    people: Option<i64>,
    reach: Option<&Reach>,
    (who, is_void): (&Signed, bool),
    never: &str,
) -> Vec<Deed> {
    let changed = of.content.is_some() && present.map(Content::to_text) != of.content;
    let deed = |to: &CampaignStatus| deed(of.status, *to, people.unwrap_or_default(), who);
    let mut deeds: Vec<Deed> = of.status.after().iter().filter_map(deed).collect();
    let own = of.created_by == who.id || of.submitted_by == Some(who.id);
    for deed in &mut deeds {
        let why = match deed.name.as_str() {
            "submit" if present.is_none() => "The incident has no list in force yet.",
            "submit" => reach.map_or("", Reach::in_the_way),
            "approve" if own => {
                "Four eyes: somebody else must approve what you wrote or submitted."
            }
            "resume" if is_void => {
                "The list changed before its audience was complete. Cancel it and draft a new campaign for those who \
                 are not told yet."
            }
            "approve" | "launch" if changed => {
                "Something changed since it was submitted. Take it back and submit it again."
            }
            "approve" | "launch" if people.is_none() => {
                "The people it goes to are not counted yet. Load this page again in a moment."
            }
            _ => "",
        };
        deed.blocked = why.to_owned();
        if deed.name == "cancel" {
            never.clone_into(&mut deed.sure);
        }
        if let Some(reach) = reach {
            warn(deed, of, reach);
        }
    }
    deeds
}

/// What a cancellation does to a campaign that has come so far.
pub fn never(of: &Campaign, progress: &Progress) -> String {
    // What is on a connection leaves. Of the rest some may have arrived by an attempt of which nobody knows the end.
    let left = progress.left() - progress.of(NoticeStatus::Sending);
    let what = match (of.launched_at, left) {
        (None, _) => "It is never sent.".to_owned(),
        // Not everybody is counted yet.
        (Some(_), _) if !progress.frozen => "What has not left by now never will.".to_owned(),
        (Some(_), 0) if progress.left() > 0 => {
            "Nothing more is sent than what is on its way now.".to_owned()
        }
        (Some(_), 0) => "Nothing more is sent.".to_owned(),
        (Some(_), 1) => "Up to 1 message that has not left yet never will.".to_owned(),
        (Some(_), n) => format!(
            "Up to {} messages that have not left yet never will.",
            count(n)
        ),
    };
    format!("{what} This cannot be taken back.")
}

/// Says in what is asked before an approval or a launch what is not as a reader would take it to be.
fn warn(deed: &mut Deed, of: &Campaign, reach: &Reach) {
    let is_again = of.audience.may_have_been_told;
    if is_again && matches!(deed.name.as_str(), "approve" | "launch") {
        deed.sure +=
            " An earlier notice to each of them was left uncertain: they may read it twice.";
    }
    if deed.name == "launch" && !reach.unpublished.is_empty() {
        let facts = reach.unpublished.join(", ");
        deed.sure = format!(
            "{} Its texts quote facts that the public page does not show as they are now: {facts}. Publish them first, \
             so that page and notice agree.",
            deed.sure
        );
        let people = match reach.count.mailable {
            1 => "1 person".to_owned(),
            n => format!("{} people", count(n)),
        };
        deed.tick = format!("Launch to {people} although these facts are not public");
    }
}

fn deed(from: CampaignStatus, to: CampaignStatus, people: i64, who: &Signed) -> Option<Deed> {
    use CampaignStatus::{Approved, Cancelled, Draft, InReview, Paused, Sending};
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
            // With its number: `never`.
            String::new(),
        ),
        _ => return None,
    };
    who.may(right).then(|| Deed {
        name: name.to_owned(),
        words: words.to_owned(),
        look,
        sure,
        tick: String::new(),
        blocked: String::new(),
    })
}
