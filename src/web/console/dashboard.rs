//! What needs you first, then the account of each incident.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::Account;
use super::around::{self, account, template_names};
use super::campaign_rows::{about, which};
use super::needs;
pub use super::needs::Need;
use super::outcomes::reason_words;
use super::progress::{is_whole, lately, of_total, pace, prevented};
use super::speed::{Bearing, slow_in_words};
use crate::app::App;
use crate::campaign::ability::{self, Ability, HeldRelay, RelaySeen};
use crate::campaign::store::Pace;
use crate::campaign::{self, Campaign, CampaignStatus, approval};
use crate::db::Conn;
use crate::deployment::{self, Doubt};
use crate::id::IncidentId;
use crate::incident::{self, Incident};
use crate::notice::NoticeStatus;
use crate::staff::Right;
use crate::ticket;
use crate::web::caller::Signed;
use crate::web::figures::{count, filters};
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Tone, span};
use crate::web::problem::{Answer, Problem};

/// How many of the latest campaigns are looked at.
const LATEST: i64 = 100;
/// How long a relay may take for an answer before somebody should look at it.
const LONG: TimeDelta = TimeDelta::seconds(30);

/// `/console`
#[derive(Template)]
#[template(path = "console/dashboard.html")]
pub struct Dashboard {
    /// The frame.
    pub desk: Desk,
    /// What waits for this person, the most urgent first.
    pub needs: Vec<Need>,
    /// Incidents that are not closed: those that need somebody first, then the latest.
    pub incidents: Vec<Accounted>,
    /// Campaigns that are sending or paused.
    pub running: Vec<Running>,
}

/// An incident with its account.
#[derive(Debug, Clone)]
pub struct Accounted {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its figures; none before the first scope is active.
    pub account: Option<Account>,
}

/// A campaign on its way.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its incident's title.
    pub incident: String,
    /// Its number, kind and day, and to whom it goes.
    pub about: String,
    /// The same without to whom it goes.
    pub which: String,
    /// Its state.
    pub status: String,
    /// Notices sent.
    pub sent: i64,
    /// Of how many: `of 464 sent`.
    pub of: String,
    /// Notices that were sent, or tried to an end.
    pub done: i64,
    /// Notices that can be sent.
    pub total: i64,
    /// Rate and time left, in words, or what prevents sending; empty while nothing moves.
    pub pace: String,
    /// Why the program holds it, a sentence; empty if it does not.
    pub held: String,
}

/// `GET /console`.
///
/// # Errors
/// The database's.
pub async fn show(who: Signed, req: HttpRequest, app: Data<App>) -> Answer {
    let now = app.now();
    let mut conn = app.db.get().await?;
    let mut campaigns = campaign::store::list(&mut conn, None, None, LATEST).await?;
    campaign::hold::open_reasons(&app, &mut conn, &mut campaigns).await?;
    let (mut incidents, mut needs) = (Vec::new(), Vec::new());
    // How urgently each incident needs somebody.
    let mut urgent: BTreeMap<IncidentId, u8> = BTreeMap::new();
    let mut titles = BTreeMap::new();
    let of_closed = incident::store::untold_of_closed(&mut conn).await?;
    for one in incident::store::list(&mut conn).await? {
        titles.insert(one.id, one.title.clone());
        if let Some((_, untold)) = of_closed.iter().find(|(id, _)| *id == one.id) {
            let it = format!("{}:", one.title);
            needs.extend(needs::of_closed(&it, &one, untold, &who));
        }
        if !one.is_over() {
            let shown = accounted(&mut conn, &one, now).await?;
            let of = needs::of_incident(&mut conn, &one, shown.account.as_ref(), &who).await?;
            let most = of.iter().map(|need| weight(need.tone)).max();
            let told = shown.account.as_ref().map_or(0, unfinished);
            urgent.insert(one.id, most.unwrap_or(0).max(told));
            needs.extend(of);
            incidents.push((one.id, shown));
        }
    }
    let names = template_names(&mut conn).await?;
    let all: Vec<_> = titles.keys().copied().collect();
    let numbers = campaign::store::numbers(&mut conn, &all).await?;
    let number = |of: &Campaign| numbers.get(&of.id).copied().unwrap_or_default();
    let named = |of: &Campaign| names.get(&of.template).cloned().unwrap_or_default();
    let with_incident = |of: &Campaign| {
        let which = format!("“{}” ({})", named(of), which(number(of), of));
        match titles.get(&of.incident) {
            Some(title) => format!("{title}: {which}"),
            None => which,
        }
    };
    let void = approval::void(&app, &mut conn, &campaigns).await?;
    for one in &campaigns {
        let need = of_campaign(one, &with_incident(one), void.contains_key(&one.id), &who);
        if let Some(need) = &need {
            let of = urgent.entry(one.incident).or_default();
            *of = weight(need.tone).max(*of);
        }
        needs.extend(need);
    }
    incidents.sort_by_key(|(id, _)| Reverse(urgent.get(id).copied()));
    let seen = campaign::store::relays(&mut conn).await?;
    needs.extend(of_helpline(&mut conn, &who, now).await?);
    let doubt = deployment::store::doubt(&mut conn).await?;
    let ability = campaign::store::ability(&mut conn, now).await?;
    let mut running = Vec::new();
    for one in campaigns.iter().filter(|one| is_running(one.status)) {
        let incident = titles.get(&one.incident).cloned().unwrap_or_default();
        running.push(Running {
            incident,
            about: about(number(one), one),
            which: which(number(one), one),
            ..on_its_way((&**app, &mut *conn), one, named(one), &ability, now).await?
        });
    }
    needs.extend(match &doubt {
        Some(doubt) => Some(of_doubt(doubt, &who)),
        None => of_sending(&ability, &running, &who),
    });
    needs.extend(running.iter().filter_map(|one| of_pace(one, &who)));
    needs.extend(of_relays(&ability, &seen, &who, now));
    needs.sort_by_key(|need| Reverse(weight(need.tone)));
    let desk = around::desk(&app, &mut conn, &req, &who, Area::Dashboard).await?;
    Ok(page::show(
        StatusCode::OK,
        &Dashboard {
            desk,
            needs,
            incidents: incidents.into_iter().map(|(_, shown)| shown).collect(),
            running,
        },
    )?)
}

fn weight(tone: Tone) -> u8 {
    match tone {
        Tone::Act => 2,
        Tone::Look => 1,
        Tone::Idle | Tone::Busy | Tone::Done => 0,
    }
}

/// How urgently an account needs somebody, whoever reads it: people who are told wrongly or whom no e-mail reaches.
fn unfinished(of: &Account) -> u8 {
    let told = of.unnotified_elements + of.told_too_much + of.needs_letter;
    match (of.unexplained, told) {
        (0, 0) => 0,
        (0, _) => weight(Tone::Look),
        _ => weight(Tone::Act),
    }
}

fn is_running(status: CampaignStatus) -> bool {
    matches!(status, CampaignStatus::Sending | CampaignStatus::Paused)
}

async fn accounted(
    conn: &mut Conn,
    of: &Incident,
    now: DateTime<Utc>,
) -> Result<Accounted, Problem> {
    Ok(Accounted {
        slug: of.slug.clone(),
        title: of.title.clone(),
        state: of.state.to_string(),
        account: account(conn, of, now).await?,
    })
}

/// `is_void`: what was submitted has changed since.
fn of_campaign(campaign: &Campaign, name: &str, is_void: bool, who: &Signed) -> Option<Need> {
    let own = campaign.created_by == who.id || campaign.submitted_by == Some(who.id);
    let (text, deed) = match campaign.status {
        CampaignStatus::InReview | CampaignStatus::Approved if is_void => {
            if !who.may(Right::DraftCampaign) {
                return None;
            }
            let text = format!("{name} has changed since it was submitted. Submit it again.");
            (text, "See what changed")
        }
        CampaignStatus::InReview if who.may(Right::ApproveCampaign) && !own => {
            (format!("{name} waits for a second person."), "Review it")
        }
        CampaignStatus::Approved if who.may(Right::LaunchCampaign) => {
            (format!("{name} is approved and not launched."), "Launch it")
        }
        CampaignStatus::Paused if who.may(Right::LaunchCampaign) => {
            if is_void {
                let text = format!(
                    "{name} is paused and cannot be resumed: the list changed before its audience was complete. Cancel \
                     it and draft a new one for those who are not told yet."
                );
                (text, "Look at it")
            } else {
                let reason = campaign.status_reason.as_deref().unwrap_or("by hand");
                (format!("{name} is paused: {reason}."), "Look at it")
            }
        }
        _ => return None,
    };
    Some(Need {
        tone: Tone::Look,
        text,
        href: format!("/console/campaigns/{}", campaign.id),
        deed: deed.to_owned(),
    })
}

fn of_doubt(doubt: &Doubt, who: &Signed) -> Need {
    let (href, deed) = match who.may(Right::SeeCampaigns) {
        true => ("/console/campaigns", "See what is under way"),
        false => ("/console/incidents", "See the incidents"),
    };
    Need {
        tone: Tone::Act,
        text: frame::in_doubt(doubt),
        href: href.to_owned(),
        deed: deed.to_owned(),
    }
}

/// What prevents campaigns from sending that are on their way.
fn of_sending(ability: &Ability, running: &[Running], who: &Signed) -> Option<Need> {
    let prevented = prevented(ability)?;
    let mut sending = running.iter().filter(|one| one.status == "sending");
    let (first, more) = (sending.next()?, sending.count());
    Some(Need {
        tone: Tone::Act,
        text: match more {
            0 => format!(
                "{}: “{}” ({}) waits. {prevented}",
                first.incident, first.name, first.which
            ),
            more => format!("{} campaigns wait. {prevented}", count(more as i64 + 1)),
        },
        href: page_of(first, who),
        deed: "Look at it".to_owned(),
    })
}

/// The page of a campaign; empty for those who may not see it.
fn page_of(one: &Running, who: &Signed) -> String {
    match who.may(Right::SeeCampaigns) {
        true => format!("/console/campaigns/{}", one.id),
        false => String::new(),
    }
}

/// A campaign that the program holds.
fn of_pace(one: &Running, who: &Signed) -> Option<Need> {
    (!one.held.is_empty()).then(|| Need {
        tone: Tone::Look,
        text: format!(
            "{}: “{}” ({}) waits. {}",
            one.incident, one.name, one.which, one.held
        ),
        href: page_of(one, who),
        deed: "Look at it".to_owned(),
    })
}

/// Relays that take nothing while others work, and those that take long to answer. While none works, [`of_sending`] says
/// so.
fn of_relays(ability: &Ability, seen: &[RelaySeen], who: &Signed, now: DateTime<Utc>) -> Vec<Need> {
    if !ability.is_open() || !who.may(Right::SeeCampaigns) {
        return Vec::new();
    }
    let need = |held: HeldRelay| Need {
        tone: Tone::Look,
        text: format!(
            "Relay {} is held until {} UTC: {}. The others go on.",
            held.relay,
            held.until.format("%H:%M"),
            reason_words(&held.why).replace('_', " "),
        ),
        href: "/console/campaigns".to_owned(),
        deed: "See the campaigns".to_owned(),
    };
    let held = ability::held(seen, now).into_iter().map(need);
    let slow = ability::slow(seen, now, LONG).into_iter().map(|slow| Need {
        tone: Tone::Look,
        text: slow_in_words(&slow, now),
        href: "/console/campaigns".to_owned(),
        deed: "See the campaigns".to_owned(),
    });
    held.chain(slow).collect()
}

/// Tickets in line. Who does not answer them reads of them too: campaigns are slowed down for them.
async fn of_helpline(
    conn: &mut Conn,
    who: &Signed,
    now: DateTime<Utc>,
) -> Result<Option<Need>, Problem> {
    let answers = who.may(Right::SeeTickets);
    if !answers && !who.may(Right::LaunchCampaign) {
        return Ok(None);
    }
    let waiting = ticket::store::waiting(conn).await?;
    let (href, deed) = match answers {
        true => ("/console/helpline", "Open the helpline"),
        false => ("", ""),
    };
    let need = |oldest| Need {
        tone: Tone::Look,
        text: format!(
            "Tickets in line: {waiting}. The oldest waits for {}.",
            span(now - oldest)
        ),
        href: href.to_owned(),
        deed: deed.to_owned(),
    };
    Ok(waiting.oldest.map(need))
}

async fn on_its_way(
    (app, conn): (&App, &mut Conn),
    campaign: &Campaign,
    name: String,
    ability: &Ability,
    now: DateTime<Utc>,
) -> Result<Running, Problem> {
    let progress = campaign::store::progress(conn, campaign.id).await?;
    let slowed = campaign::store::pace(conn, campaign.id).await?;
    let ability = Pace::allows(slowed.as_ref(), ability);
    let latest = lately(conn, campaign, &progress, now).await?;
    let held = match &ability {
        Ability::Paced { reason } if campaign.status == CampaignStatus::Sending => reason.clone(),
        _ => String::new(),
    };
    let bearing = Bearing::load(app, conn, campaign, now).await?;
    Ok(Running {
        held,
        id: campaign.id.to_string(),
        name,
        kind: campaign.kind.to_string(),
        incident: String::new(),
        about: String::new(),
        which: String::new(),
        status: campaign.status.to_string(),
        sent: progress.of(NoticeStatus::Sent),
        of: of_total(progress.sendable(), is_whole(campaign, &progress)),
        done: progress.done(),
        total: progress.sendable(),
        pace: bearing
            .waits_for(campaign, &progress, &ability)
            .unwrap_or_else(|| pace(campaign, &progress, &ability, latest)),
    })
}
