//! What may be done with a campaign now: the buttons of its page.

use super::Deed;
use super::reach::Reach;
use crate::campaign::content::Content;
use crate::campaign::{Campaign, CampaignStatus};
use crate::staff::Right;
use crate::web::figures::count;
use crate::web::who::Signed;

/// The deeds of a campaign that this person may do: legal ones, and those blocked with the reason.
/// `present` is what would be sent if it were submitted now, to so many `people`, if they are counted.
pub fn offered(
    of: &Campaign,
    present: Option<&Content>,
    people: Option<i64>,
    reach: Option<&Reach>,
    who: &Signed,
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
            "approve" | "launch" if changed => {
                "Something changed since it was submitted. Take it back and submit it again."
            }
            "approve" | "launch" if people.is_none() => {
                "The people it goes to are not counted yet. Load this page again in a moment."
            }
            _ => "",
        };
        deed.blocked = why.to_owned();
    }
    deeds
}

fn deed(from: CampaignStatus, to: CampaignStatus, people: i64, who: &Signed) -> Option<Deed> {
    use CampaignStatus::{Approved, Cancelled, Draft, InReview, Paused, Sending};
    let to_people = format!("Messages go out to {} people.", count(people));
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
            format!(
                "You approve exactly this content for {} people.",
                count(people)
            ),
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
            "What has not left by now never will. This cannot be taken back.".to_owned(),
        ),
        _ => return None,
    };
    who.may(right).then(|| Deed {
        name: name.to_owned(),
        words: words.to_owned(),
        look,
        sure,
        blocked: String::new(),
    })
}
