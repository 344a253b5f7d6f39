//! The tasks of campaigns, relays and the helpline.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Board, Running, Task};
use crate::campaign::ability::{self, Ability, HeldRelay, RelaySeen};
use crate::campaign::store::Overview;
use crate::campaign::{Campaign, CampaignStatus};
use crate::db::Conn;
use crate::deployment::Doubt;
use crate::staff::Right;
use crate::ticket;
use crate::web::caller::Signed;
use crate::web::console::campaign::outcomes::reason_words;
use crate::web::console::campaign::progress::prevented;
use crate::web::console::campaign::speed::slow_in_words;
use crate::web::figures::count;
use crate::web::frame;
use crate::web::page::{Tone, span};
use crate::web::problem::Problem;

/// A relay that takes longer to answer has a task.
const SLOW: TimeDelta = TimeDelta::seconds(30);

/// The tasks of all campaigns.
pub(super) fn of_campaigns(board: &Board, who: &Signed) -> Vec<Task> {
    let each = board.campaigns.iter();
    each.filter_map(|one| of_campaign(board, one, who))
        .collect()
}

/// The task of a campaign in its state.
pub(super) fn of_campaign(board: &Board, of: &Overview, who: &Signed) -> Option<Task> {
    let (name, campaign) = (board.full_name(of), &of.campaign);
    let is_void = board.void.contains_key(&campaign.id);
    let own = campaign.created_by == who.id || campaign.submitted_by == Some(who.id);
    let mut href = format!("/console/campaigns/{}", campaign.id);
    let (text, action) = match campaign.status {
        CampaignStatus::Draft if own && campaign.rejection().is_some() => {
            let text =
                format!("{name} was rejected. Read the comment, change it, and submit it again.");
            (text, "Read the comment")
        }
        CampaignStatus::Approved if is_void && campaign.approved_by == Some(who.id) => {
            let text = format!("{name} has changed since you approved it: the approval is void.");
            (text, "See what changed")
        }
        CampaignStatus::InReview | CampaignStatus::Approved | CampaignStatus::Scheduled
            if is_void =>
        {
            if !who.may(Right::DraftCampaign) {
                return None;
            }
            let text = format!("{name} has changed since it was submitted. Submit it again.");
            (text, "See what changed")
        }
        CampaignStatus::InReview if who.may(Right::ApproveCampaign) && !own => {
            href.push_str("/approval");
            (format!("{name} waits for a second person."), "Review it")
        }
        CampaignStatus::Approved
            if who.may(Right::LaunchCampaign) && campaign.status_reason.is_some() =>
        {
            let why = campaign.status_reason.as_deref().unwrap_or_default();
            let why = why.trim_end_matches('.');
            let text = format!("{name} was not launched at its time: {why}.");
            (text, "Look at it")
        }
        CampaignStatus::Approved if who.may(Right::LaunchCampaign) => {
            (format!("{name} is approved and not launched."), "Launch it")
        }
        CampaignStatus::Paused if who.may(Right::LaunchCampaign) => {
            (paused(&name, campaign, is_void), "Look at it")
        }
        CampaignStatus::Draft
        | CampaignStatus::InReview
        | CampaignStatus::Approved
        | CampaignStatus::Scheduled
        | CampaignStatus::Sending
        | CampaignStatus::Paused
        | CampaignStatus::Completed
        | CampaignStatus::Cancelled => return None,
    };
    Some(Task {
        tone: Tone::Look,
        text,
        href,
        action: action.to_owned(),
    })
}

/// Why a campaign is paused, and what to do if it cannot be resumed.
fn paused(name: &str, of: &Campaign, is_void: bool) -> String {
    if is_void {
        return format!(
            "{name} is paused and cannot be resumed: the list changed before its audience was complete. Cancel it and \
             draft a new one for those who are not told yet."
        );
    }
    let reason = of.status_reason.as_deref().unwrap_or("by hand");
    format!("{name} is paused: {reason}.")
}

/// The task while the database may be an older copy.
pub(super) fn of_doubt(doubt: &Doubt, who: &Signed) -> Task {
    let (href, action) = match who.may(Right::SeeCampaigns) {
        true => ("/console/campaigns", "See what is under way"),
        false => ("/console/incidents", "See the incidents"),
    };
    Task {
        tone: Tone::Act,
        text: frame::in_doubt(doubt),
        href: href.to_owned(),
        action: action.to_owned(),
    }
}

/// The task if something prevents all running campaigns from sending.
pub(super) fn of_sending(ability: &Ability, running: &[Running], who: &Signed) -> Option<Task> {
    let prevented = prevented(ability)?;
    let mut sending = running
        .iter()
        .filter(|one| one.status == CampaignStatus::Sending);
    let (first, more) = (sending.next()?, sending.count());
    Some(Task {
        tone: Tone::Act,
        text: match more {
            0 => format!(
                "{}: “{}” ({}) waits. {prevented}",
                first.incident, first.name, first.which
            ),
            more => format!("{} campaigns wait. {prevented}", count(more as i64 + 1)),
        },
        href: page_of(first, who),
        action: "Look at it".to_owned(),
    })
}

/// The address of a campaign's page; empty without the right to see it.
fn page_of(one: &Running, who: &Signed) -> String {
    match who.may(Right::SeeCampaigns) {
        true => format!("/console/campaigns/{}", one.id),
        false => String::new(),
    }
}

/// The task of a campaign that Candor holds.
pub(super) fn of_pace(one: &Running, who: &Signed) -> Option<Task> {
    (!one.held.is_empty()).then(|| Task {
        tone: Tone::Look,
        text: format!(
            "{}: “{}” ({}) waits. {}",
            one.incident, one.name, one.which, one.held
        ),
        href: page_of(one, who),
        action: "Look at it".to_owned(),
    })
}

/// The tasks of relays that are held or slow while others work. While no relay works, [`of_sending`] has the task.
pub(super) fn of_relays(
    ability: &Ability,
    seen: &[RelaySeen],
    who: &Signed,
    now: DateTime<Utc>,
) -> Vec<Task> {
    if !ability.is_open() || !who.may(Right::SeeCampaigns) {
        return Vec::new();
    }
    let task = |held: HeldRelay| Task {
        tone: Tone::Look,
        text: format!(
            "Relay {} is held until {} UTC: {}. The other relays send.",
            held.relay,
            held.until.format("%H:%M"),
            reason_words(&held.why).replace('_', " "),
        ),
        href: "/console/campaigns".to_owned(),
        action: "See the campaigns".to_owned(),
    };
    let held = ability::held(seen, now).into_iter().map(task);
    let slow = ability::slow(seen, now, SLOW).into_iter().map(|slow| Task {
        tone: Tone::Look,
        text: slow_in_words(&slow, now),
        href: "/console/campaigns".to_owned(),
        action: "See the campaigns".to_owned(),
    });
    held.chain(slow).collect()
}

/// The task of waiting tickets. Staff who launch campaigns see it too: campaigns are slowed down for the helpline.
pub(super) async fn of_helpline(
    conn: &mut Conn,
    who: &Signed,
    now: DateTime<Utc>,
) -> Result<Option<Task>, Problem> {
    let answers = who.may(Right::SeeTickets);
    if !answers && !who.may(Right::LaunchCampaign) {
        return Ok(None);
    }
    let waiting = ticket::store::waiting(conn).await?;
    let (href, action) = match answers {
        true => ("/console/helpline", "Open the helpline"),
        false => ("", ""),
    };
    let task = |oldest| Task {
        tone: Tone::Look,
        text: format!(
            "Waiting tickets: {waiting}. The oldest has waited for {}.",
            span(now - oldest)
        ),
        href: href.to_owned(),
        action: action.to_owned(),
    };
    Ok(waiting.oldest.map(task))
}
