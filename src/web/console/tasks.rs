//! Tasks that an incident has for staff: people who are reached by no campaign and no letter, and people who were not told
//! rightly.

use std::collections::HashMap;

use super::Account;
use super::letters::due::{self, DueList};
use crate::campaign::doubled::PATIENCE;
use crate::campaign::store::{LOOKED_AT, Reach, still_uncertain};
use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident::open::Untold;
use crate::incident::{Incident, IncidentState};
use crate::staff::Right;
use crate::summary::{self, Summary};
use crate::web::caller::Signed;
use crate::web::figures::count;
use crate::web::page::Tone;
use crate::web::problem::Problem;

/// One task.
#[derive(Debug, Clone)]
pub struct Task {
    /// How urgent.
    pub tone: Tone,
    /// What has to be done, a sentence.
    pub text: String,
    /// The page to do it on; empty if others do it.
    pub href: String,
    /// The text of the link: `Review it`.
    pub action: String,
}

/// The figures of incidents, from which their tasks follow.
pub(crate) struct Figures {
    summaries: HashMap<IncidentId, Summary>,
    lists: HashMap<IncidentId, Vec<DueList>>,
    /// Uncertain notices to people who were not told since; `None` if the count takes longer than a page waits.
    left: Option<HashMap<IncidentId, i64>>,
}

impl Figures {
    /// Reads what this member of staff has tasks of.
    ///
    /// # Errors
    /// Database errors.
    pub(crate) async fn load(
        conn: &mut Conn,
        incidents: &[&Incident],
        who: &Signed,
    ) -> Result<Self, Problem> {
        let ids: Vec<_> = incidents.iter().map(|one| one.id).collect();
        let summaries = summary::summaries(conn, &ids).await?;
        let uncertain = incidents.iter().filter(|one| {
            let all = summaries.get(&one.id).map_or(0, |of| of.reach.uncertain);
            one.may_notify() && who.may(Right::DraftCampaign) && (1..=LOOKED_AT).contains(&all)
        });
        let uncertain: Vec<_> = uncertain.map(|one| one.id).collect();
        let left = match uncertain.is_empty() {
            true => Some(HashMap::new()),
            false => {
                let count = async |conn: &mut Conn| still_uncertain(conn, &uncertain).await;
                db::within(conn, PATIENCE, count).await?
            }
        };
        let takes_lists = who.may(Right::ImportScope);
        let with_lists = incidents
            .iter()
            .filter(|one| takes_lists && one.forgotten_at.is_none());
        let due = with_lists.filter_map(|one| Some((one.id, summaries.get(&one.id)?.due.clone())));
        let lists = due::load(conn, due.collect(), due::MAX_READ).await?;
        Ok(Self {
            summaries,
            lists,
            left,
        })
    }

    /// The figures of an incident.
    pub(crate) fn of(&self, incident: IncidentId) -> Option<&Summary> {
        self.summaries.get(&incident)
    }

    /// How many of `all` uncertain notices of an incident are to people who were not told since; `None` if there are too
    /// many to read, or if the count takes longer than a page waits.
    fn left_uncertain(&self, of: IncidentId, all: i64) -> Option<i64> {
        if all == 0 || all > LOOKED_AT {
            return Some(0).filter(|_| all == 0);
        }
        let left = self.left.as_ref()?;
        Some(left.get(&of).copied().unwrap_or_default())
    }

    /// The tasks of an incident for this member of staff.
    pub(crate) fn tasks(
        &self,
        incident: &Incident,
        account: Option<&Account>,
        who: &Signed,
    ) -> Vec<Task> {
        let Some(account) = account else {
            return Vec::new();
        };
        let mut tasks = Vec::new();
        if account.unexplained != 0 {
            let text = people(account.unexplained, "is unexplained", "are unexplained");
            let task = task(text, page(incident), "Find out why");
            tasks.push(Task {
                tone: Tone::Act,
                ..task
            });
        }
        if incident.may_notify() {
            if who.may(Right::DraftCampaign) {
                tasks.extend(self.of_campaigns(incident, account));
            }
            tasks.extend(of_state(incident, account, who));
            tasks.extend(self.of_letters(incident));
        }
        for task in &mut tasks {
            task.text = format!("{}: {}", incident.title, task.text);
        }
        tasks
    }

    /// People who need a campaign, and notices that were left uncertain.
    fn of_campaigns(&self, incident: &Incident, account: &Account) -> Vec<Task> {
        let draft =
            |what: &str| format!("/console/campaigns?incident={}&{what}#new", incident.slug);
        let mut tasks = Vec::new();
        let reach = self.of(incident.id).map(|of| of.reach).unwrap_or_default();
        // No campaign is for minors with a letter to the guardian.
        let in_progress = account.in_progress - account.guardian_in_progress;
        if let Some(text) = unreached(in_progress, &reach) {
            tasks.push(task(text, draft("kind=initial"), "Draft a campaign"));
        }
        let left = self.left_uncertain(incident.id, reach.uncertain);
        if let Some(campaign) = reach.uncertain_in.filter(|_| left != Some(0)) {
            let text = uncertain_in_words(left, reach.uncertain);
            let href = format!("/console/campaigns/{campaign}/notices?status=uncertain");
            tasks.push(task(text, href, "Look at the latest"));
            if account.in_progress + account.unnotified_elements > 0 {
                let text = "people who are not told may have got such a notice. No other campaign takes them.";
                let href = draft("maybe=true");
                tasks.push(task(text.to_owned(), href, "Draft a campaign for them"));
            }
        }
        tasks.extend(owed(incident, account));
        tasks
    }

    /// The tasks about letters, next of kin and safe channels, for staff who take lists; without the title of the incident.
    pub(crate) fn of_letters(&self, incident: &Incident) -> Vec<Task> {
        let Some(lists) = self.lists.get(&incident.id) else {
            return Vec::new();
        };
        let href = format!("{}/letters", page(incident));
        let tasks = due::tasks(lists, incident.state).into_iter();
        tasks
            .map(|(text, action)| task(text, href.clone(), action))
            .collect()
    }
}

fn task(text: String, href: String, action: &str) -> Task {
    Task {
        tone: Tone::Look,
        text,
        href,
        action: action.to_owned(),
    }
}

/// People who are owed a supplement or a correction by e-mail, each with the page that counts them and drafts it.
pub(crate) fn owed(incident: &Incident, account: &Account) -> Vec<Task> {
    let mut tasks = Vec::new();
    if account.unnotified_elements > 0 {
        let text = people(
            account.unnotified_elements,
            "was told less than was taken",
            "were told less than was taken",
        );
        tasks.push(task(
            text,
            audience(incident, "supplement"),
            "Draft a supplement",
        ));
    }
    let by_mail = account.correction_mails();
    if by_mail > 0 {
        let text = people(
            by_mail,
            "was told of something that is not theirs",
            "were told of something that is not theirs",
        );
        tasks.push(task(
            text,
            audience(incident, "correction"),
            "Draft a correction",
        ));
    }
    tasks
}

/// The page that counts the audience of a kind and drafts its campaign.
fn audience(of: &Incident, kind: &str) -> String {
    format!("{}/audience?kind={kind}", page(of))
}

fn page(of: &Incident) -> String {
    format!("/console/incidents/{}", of.slug)
}

/// The task to change an early state although people are told.
fn of_state(incident: &Incident, account: &Account, who: &Signed) -> Option<Task> {
    let is_early = matches!(
        incident.state,
        IncidentState::Confirmed | IncidentState::Scoping
    );
    if !who.may(Right::SteerIncident) || !is_early || account.notified == 0 {
        return None;
    }
    let told = match account.notified {
        1 => "1 person is told".to_owned(),
        n => format!("{} people are told", count(n)),
    };
    let text = format!("{told}, and the incident is still {}.", incident.state);
    Some(task(text, page(incident), "Change its state"))
}

/// The sentence about `all` uncertain notices; `left` of them are to people who were not told since.
fn uncertain_in_words(left: Option<i64>, all: i64) -> String {
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

/// The task of a closed incident in which people are not told, or not rightly; `None` without such people, or without the
/// right to tell people. `it`: the subject of the sentence.
pub(crate) fn of_closed(
    it: &str,
    incident: &Incident,
    untold: &Untold,
    who: &Signed,
) -> Option<Task> {
    let steers = who.may(Right::SteerIncident);
    if !steers && !who.may(Right::ImportScope) && !who.may(Right::DraftCampaign) {
        return None;
    }
    let action = match steers {
        true => "Open it again",
        false => "Look at it",
    };
    let text = format!("{it} {}", due::of_closed(untold)?);
    Some(task(text, format!("{}#state", page(incident)), action))
}

/// The sentence about people in progress who are in no campaign; `None` before the audiences of all campaigns are
/// known. An unsettled notice reaches at most one of them, and an uncertain notice may have reached one: the rest is the
/// minimum.
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
