//! What of an incident waits for somebody: people whom nothing reaches, and what was told them.

use super::{Account, untold};
use crate::campaign::doubled::PATIENCE;
use crate::campaign::store::{LOOKED_AT, Reach, reach, still_uncertain};
use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident::open::Untold;
use crate::incident::{Incident, IncidentState};
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::figures::count;
use crate::web::page::Tone;
use crate::web::problem::Problem;

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Need {
    /// How urgent.
    pub tone: Tone,
    /// What, a sentence.
    pub text: String,
    /// Where to do it; empty where others do it.
    pub href: String,
    /// What the link says: `Review it`.
    pub deed: String,
}

/// What waits in an incident for this member of staff.
///
/// # Errors
/// The database's.
pub async fn of_incident(
    conn: &mut Conn,
    incident: &Incident,
    account: Option<&Account>,
    who: &Signed,
) -> Result<Vec<Need>, Problem> {
    let Some(account) = account else {
        return Ok(Vec::new());
    };
    let at = format!("/console/incidents/{}", incident.slug);
    let mut needs = Vec::new();
    let mut need = |tone, text: String, href: String, deed: &str| {
        needs.push(Need {
            tone,
            text: format!("{}: {text}", incident.title),
            href,
            deed: deed.to_owned(),
        });
    };
    if account.unexplained != 0 {
        let text = people(account.unexplained, "is unexplained", "are unexplained");
        need(Tone::Act, text, at.clone(), "Find out why");
    }
    if !incident.may_notify() {
        return Ok(needs);
    }
    let draft = |kind: &str| {
        let slug = &incident.slug;
        format!("/console/campaigns?incident={slug}&kind={kind}#new")
    };
    if who.may(Right::DraftCampaign) {
        let reach = reach(conn, incident.id).await?;
        // No campaign is for minors whose guardians get a letter.
        let in_progress = account.in_progress - account.guardian_in_progress;
        if let Some(text) = unreached(in_progress, &reach) {
            need(Tone::Look, text, draft("initial"), "Draft a campaign");
        }
        let left = left_uncertain(conn, incident.id, reach.uncertain).await?;
        if let Some(campaign) = reach.uncertain_in.filter(|_| left != Some(0)) {
            let text = in_words(left, reach.uncertain);
            let href = format!("/console/campaigns/{campaign}/notices?status=uncertain");
            need(Tone::Look, text, href, "Look at the latest");
            if account.in_progress + account.unnotified_elements > 0 {
                let text = "people who are not told may have got such a notice. No other campaign takes them.";
                let again = format!(
                    "/console/campaigns?incident={}&maybe=true#new",
                    incident.slug
                );
                need(
                    Tone::Look,
                    text.to_owned(),
                    again,
                    "Draft a campaign for them",
                );
            }
        }
        if account.unnotified_elements > 0 {
            let text = people(
                account.unnotified_elements,
                "was told less than was taken",
                "were told less than was taken",
            );
            need(Tone::Look, text, draft("supplement"), "Draft a supplement");
        }
        let by_mail = account.correction_mails();
        if by_mail > 0 {
            let text = people(
                by_mail,
                "was told of something that is not theirs",
                "were told of something that is not theirs",
            );
            need(Tone::Look, text, draft("correction"), "Draft a correction");
        }
    }
    let is_early = matches!(
        incident.state,
        IncidentState::Confirmed | IncidentState::Scoping
    );
    if who.may(Right::SteerIncident) && is_early && account.notified > 0 {
        let text = match account.notified {
            1 => format!(
                "1 person is told, and the incident is still {}.",
                incident.state
            ),
            n => format!(
                "{} people are told, and the incident is still {}.",
                count(n),
                incident.state
            ),
        };
        need(Tone::Look, text, at.clone(), "Move it on");
    }
    let titled = |need: Need| Need {
        text: format!("{}: {}", incident.title, need.text),
        ..need
    };
    needs.extend(of_paper(conn, incident, who).await?.into_iter().map(titled));
    Ok(needs)
}

/// How many of `all` notices that were left uncertain concern people who were not told since; `None` where they are too
/// many to be looked at one by one, or that takes longer than a page waits.
async fn left_uncertain(conn: &mut Conn, of: IncidentId, all: i64) -> db::Result<Option<i64>> {
    if all == 0 || all > LOOKED_AT {
        return Ok(Some(0).filter(|_| all == 0));
    }
    let count = async |conn: &mut Conn| still_uncertain(conn, of).await;
    db::within(conn, PATIENCE, count).await
}

/// What is said of `left` of `all` notices that were left uncertain.
fn in_words(left: Option<i64>, all: i64) -> String {
    match (left, all) {
        (Some(1), _) => {
            "1 notice was left uncertain, and its person was not told since: it may have arrived."
                .to_owned()
        }
        (Some(n), _) => format!(
            "{} notices were left uncertain, and their people were not told since: each may have arrived.",
            count(n)
        ),
        (None, 1) => {
            "1 notice was left uncertain: it may have arrived. Its person may have been told since."
                .to_owned()
        }
        (None, n) => format!(
            "{} notices were left uncertain: each may have arrived. People who were told since are counted, too.",
            count(n)
        ),
    }
}

/// What waits of letters, next of kin and safe channels in an incident, for staff who take lists; without its title.
///
/// # Errors
/// The database's.
pub async fn of_paper(
    conn: &mut Conn,
    incident: &Incident,
    who: &Signed,
) -> Result<Vec<Need>, Problem> {
    if incident.forgotten_at.is_some() || !who.may(Right::ImportScope) {
        return Ok(Vec::new());
    }
    let owed = untold::owed(conn, incident.id, untold::LOOKED_AT).await?;
    let need = |(text, deed): (String, &str)| Need {
        tone: Tone::Look,
        text,
        href: format!("/console/incidents/{}/letters", incident.slug),
        deed: deed.to_owned(),
    };
    let waits = untold::of_lists(&owed, incident.state);
    Ok(waits.into_iter().map(need).collect())
}

/// What is said of a closed incident in which people are not told, or not rightly; `None` if everybody is, or for staff
/// who tell nobody. `it`: what the sentence calls the incident.
pub fn of_closed(it: &str, incident: &Incident, untold: &Untold, who: &Signed) -> Option<Need> {
    let steers = who.may(Right::SteerIncident);
    if !steers && !who.may(Right::ImportScope) && !who.may(Right::DraftCampaign) {
        return None;
    }
    Some(Need {
        tone: Tone::Look,
        text: format!("{it} {}", untold::of_closed(untold)?),
        href: format!("/console/incidents/{}#state", incident.slug),
        deed: match steers {
            true => "Open it again".to_owned(),
            false => "Look at it".to_owned(),
        },
    })
}

/// People in progress whom no campaign will reach, while the audiences of all campaigns are known. Every unsettled
/// notice reaches at most one of them, and every uncertain one may have: the rest is the least there are.
fn unreached(in_progress: i64, reach: &Reach) -> Option<String> {
    let reached = reach.to_come + reach.uncertain_first;
    let left = in_progress - reached;
    if !reach.known || left <= 0 {
        return None;
    }
    let text = people(
        left,
        "is in progress, and no campaign will reach them",
        "are in progress, and no campaign will reach them",
    );
    Some(match reached {
        0 => text,
        _ => format!("at least {text}"),
    })
}

fn people(n: i64, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 person {one}."),
        n => format!("{} people {many}.", count(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_people_whom_no_campaign_reaches_are_counted_and_only_once_audiences_are_known() {
        let none = Reach {
            known: true,
            ..Reach::default()
        };
        let some = Reach {
            to_come: 40,
            uncertain_first: 2,
            ..none
        };
        let unknown = Reach {
            known: false,
            ..none
        };
        assert_eq!(unreached(0, &none), None);
        assert_eq!(
            unreached(1, &none).as_deref(),
            Some("1 person is in progress, and no campaign will reach them.")
        );
        assert_eq!(
            unreached(43, &some).as_deref(),
            Some("at least 1 person is in progress, and no campaign will reach them.")
        );
        assert_eq!(
            (unreached(42, &some), unreached(43, &unknown)),
            (None, None)
        );
    }
}
