//! What came of an import: the report of a version, and what may be done with it.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use tokio::time::timeout;

use super::Deed;
use super::around::{self, Names, incident_at, on_to};
use super::incident::DIED;
use super::rejected::Rejected;
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::incident::Incident;
use crate::scope::activate::ActivateError;
use crate::scope::consent::{Confirmed, Consent, Lifted, Question};
use crate::scope::delta::Change;
use crate::scope::{self, ScopeStatus, Version, activate, store};
use crate::staff::Right;
use crate::staff::right::{ImportScope, SeeIncidents};
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, Desk, Fault, Faults, Moment};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::{Home, form, rejects as download};

/// How long the reader waits for an activation before the page shows its progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/console/incidents/{slug}/scopes/{version}`
#[derive(Template)]
#[template(path = "console/scope.html")]
pub struct ScopeReport {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// 1, 2 …
    pub version: i64,
    /// `draft`, `active`, `superseded` or `discarded`.
    pub status: String,
    /// `full` or `delta`.
    pub mode: String,
    /// Who imported it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// What has to be confirmed before activating it; empty when nothing has.
    pub questions: Vec<Asked>,
    /// Whether it says that it is importing and no import is at work.
    pub died: bool,
    /// What activating it changes.
    pub delta: Delta,
    /// The lines of the file as a sum; empty if they were not counted.
    pub lines: String,
    /// Whether the file's last line has no line break.
    pub ends_open: bool,
    /// The rows refused, for who may see them.
    pub refused: Rejected,
    /// In how many of its 64 parts it is in force.
    pub done: i64,
    /// What its rows are, as this page shows them: an answer to another one is refused.
    pub revision: String,
    /// What may be done with it: `activate`, `discard`. Empty once decided.
    pub deeds: Vec<Deed>,
    /// Why the last act was refused.
    pub faults: Faults,
}

/// What has to be confirmed: a box of the form.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The field's name.
    pub name: &'static str,
    /// What it sends: the number that the page showed.
    pub value: String,
    /// What a yes says, or what is asked.
    pub words: String,
    /// The answers to choose from: what each sends, and its words. Empty for a box that says yes.
    pub answers: Vec<(String, String)>,
}

impl From<&Question> for Asked {
    fn from(question: &Question) -> Self {
        let number = question.number().to_string();
        let (name, value) = match question {
            Question::Rejected { .. } => ("rejected", number),
            Question::FlagsLifted { flag, .. } => ("lifted", format!("{flag}:{number}")),
            Question::Retracted { .. } => ("retracted", number),
            Question::Replaced { .. } => ("replaced", number),
            Question::EmailsLost { .. } => ("emails_lost", number),
            Question::AddressesLost { .. } => ("addresses_lost", number),
            Question::ToldTooMuch { .. } => ("told_too_much", number),
            Question::IdentityChanges { .. } => ("identity", number),
            Question::CampaignsEnd { .. } => ("campaigns_ended", number),
        };
        let answers = match question.otherwise() {
            None => Vec::new(),
            Some(otherwise) => vec![
                (format!("same:{value}"), question.yes()),
                (format!("another:{value}"), otherwise),
                (
                    "later".to_owned(),
                    "Not now: the draft waits, and nothing changes.".to_owned(),
                ),
            ],
        };
        Self {
            name,
            value,
            words: question.to_string(),
            answers,
        }
    }
}

/// A value, how many people it comes to, how many it leaves.
pub type Changed = (String, i64, i64);

/// The difference to the active version.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the words of the contract")]
pub struct Delta {
    pub people_added: i64,
    pub elements_added: i64,
    pub elements_retracted: i64,
    pub people_retracted: i64,
    pub contact_changes: i64,
    pub identity_changes: i64,
    pub identity_changes_told: i64,
    pub another_people: i64,
    pub emails_lost: i64,
    pub addresses_lost: i64,
    pub told_too_much: i64,
    /// Of the people retracted, those who were told something; none unless it is a draft.
    pub told_retracted: i64,
    pub kept: i64,
    pub by_jurisdiction: Vec<Changed>,
    pub by_element: Vec<Changed>,
    pub by_flag: Vec<Changed>,
    /// Rows of earlier files that others replaced or corrected, without those that were refused again.
    pub replaced: i64,
    pub refused_again: i64,
    pub added_files: i64,
    /// Columns that the file does not have, joined by commas.
    pub absent: String,
}

impl Delta {
    /// Its two tables: words, and rows of value, people it comes to, people it leaves.
    pub fn tables(&self) -> [(&'static str, &[Changed]); 2] {
        [
            ("By jurisdiction", &self.by_jurisdiction),
            ("By element", &self.by_element),
        ]
    }

    fn of(delta: &scope::delta::Delta) -> Self {
        let lifted = delta.flags_lifted.clone().unwrap_or_default();
        let mut by_flag: BTreeMap<String, Change> = BTreeMap::new();
        for (flag, people) in &delta.flags_set {
            by_flag.entry(flag.clone()).or_default().added = *people;
        }
        for (flag, people) in lifted {
            by_flag.entry(flag).or_default().retracted = people;
        }
        Self {
            people_added: delta.people_added,
            elements_added: delta.elements_added,
            elements_retracted: delta.elements_retracted,
            people_retracted: delta.people_retracted,
            contact_changes: delta.contact_changes,
            identity_changes: delta.identity_changes,
            identity_changes_told: delta.identity_changes_told,
            another_people: delta.another_people,
            emails_lost: delta.emails_lost,
            addresses_lost: delta.addresses_lost,
            told_too_much: delta.told_too_much,
            told_retracted: 0,
            kept: delta.kept,
            by_jurisdiction: changes(&delta.by_jurisdiction),
            by_element: changes(&delta.by_element),
            by_flag: changes(&by_flag),
            replaced: delta.replaced - delta.refused_again,
            refused_again: delta.refused_again,
            added_files: i64::try_from(delta.added_files.len()).unwrap_or(i64::MAX),
            absent: delta.absent.join(", "),
        }
    }
}

impl ScopeReport {
    /// Its state, in the words of the list of versions.
    fn state(&self) -> &str {
        match self.died {
            true => DIED,
            false => &self.status,
        }
    }

    /// What the tile of references that seem to name another person says.
    fn identity_means(&self) -> &'static str {
        match (self.status.as_str(), self.delta.another_people) {
            ("draft", _) => "references with a new name and no e-mail address that stays",
            (_, 0) => "references with a new name, confirmed as the same people",
            _ => "references that name another person now; the former people left the scope",
        }
    }

    /// What the tile of people who leave says.
    fn retracted_means(&self) -> String {
        let told = match self.delta.told_retracted {
            0 => String::new(),
            1 => "; 1 of them was told something".to_owned(),
            n => format!("; {} of them were told something", count(n)),
        };
        format!("were in scope, and are not affected{told}")
    }

    /// Where a deed of this page posts to.
    fn to(&self, deed: &str) -> String {
        format!(
            "/console/incidents/{}/scopes/{}/{deed}",
            self.slug, self.version
        )
    }
}

/// `GET /console/incidents/{slug}/scopes/{version}`.
///
/// # Errors
/// 404.
pub async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, i32)>,
) -> Answer {
    let report = filled(&app, &req, &who, &at).await?;
    Ok(page::show(StatusCode::OK, &report)?)
}

/// The page as it is now.
async fn filled(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    at: &(String, i32),
) -> Result<ScopeReport, Problem> {
    let mut conn = app.db.get().await?;
    let (incident, version) = found(&mut conn, at).await?;
    let may_see = who.may(Right::ImportScope);
    let refused = if may_see {
        Rejected::of(app, &mut conn, &incident, &version).await?
    } else {
        Rejected::default()
    };
    if !refused.rows.is_empty() {
        who.saw(app, Action::RejectsRead, incident.id, refused.rows.len());
    }
    let lines = version.lines;
    let delta = version.delta.clone().unwrap_or_default();
    let questions = activate::questions(app, &mut conn, incident.id, &version).await?;
    let told_retracted = match version.status {
        ScopeStatus::Draft => activate::told_retracted(&mut conn, incident.id, &version).await?,
        _ => 0,
    };
    let shown = Delta {
        told_retracted,
        ..Delta::of(&delta)
    };
    Ok(ScopeReport {
        revision: version.revision(),
        desk: around::desk(app, &mut conn, req, who, Area::Incidents).await?,
        slug: incident.slug,
        title: incident.title,
        version: version.version.into(),
        status: version.status.to_string(),
        mode: version.mode.to_string(),
        by: Names::load(&mut conn).await?.of(version.created_by),
        at: Moment::exact(version.created_at),
        accepted: version.accepted,
        rejected: version.rejected,
        questions: questions.iter().map(Asked::from).collect(),
        died: version.status == ScopeStatus::Importing
            && !store::is_at_work(&mut conn, incident.id).await?,
        delta: shown,
        lines: lines
            .map(|lines| {
                let replaced = (delta.replaced, delta.refused_again);
                lines.sum(version.accepted, version.rejected, replaced)
            })
            .unwrap_or_default(),
        ends_open: lines.is_some_and(|lines| lines.ends_open),
        refused,
        done: version.buckets_done,
        deeds: deeds(&version, (&delta, told_retracted), may_see),
        faults: Faults::default(),
    })
}

/// The page again, with why an act was refused and the numbers as they are now; faults of ours stay problems.
async fn again(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    at: &(String, i32),
    why: ActivateError,
) -> Answer {
    let questions = match &why {
        ActivateError::Unconfirmed { questions, .. } => questions.clone(),
        _ => Vec::new(),
    };
    let problem = Problem::from(why);
    if !matches!(problem.kind(), Kind::InTheWay | Kind::IllegalMove) {
        return Err(problem);
    }
    let mut report = filled(app, req, who, at).await?;
    let fault = |field: String, text: String| Fault { field, text };
    let mut faults = vec![fault("file".to_owned(), problem.sentence())];
    if !questions.is_empty() {
        let shown = report.questions.iter().map(|asked| &asked.words);
        let shown: Vec<_> = shown.cloned().collect();
        let of = |question: &Question| {
            let words = question.to_string();
            let place = shown.iter().position(|one| *one == words);
            let place = place.map_or("file".to_owned(), |n| format!("confirm-{}", n + 1));
            fault(place, format!("As it is now: {words}"))
        };
        faults = questions.iter().map(of).collect();
    }
    report.faults = Faults(faults);
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &report)?)
}

fn changes(of: &BTreeMap<String, Change>) -> Vec<Changed> {
    of.iter()
        .map(|(value, change)| (value.clone(), change.added, change.retracted))
        .collect()
}

/// How many people come into the scope as a draft is put in force, how many leave it, and how many of these were told.
fn moves(delta: &scope::delta::Delta, told: i64) -> String {
    let come = match delta.people_added {
        1 => "1 person comes".to_owned(),
        n => format!("{} people come", count(n)),
    };
    let go = match delta.people_retracted {
        1 => "1 leaves".to_owned(),
        n => format!("{} leave", count(n)),
    };
    let of_these = match (delta.people_retracted, told) {
        (_, 0) => String::new(),
        (1, _) => " Who leaves was told something: a correction must tell them that they are not affected.".to_owned(),
        (_, 1) => " 1 of those who leave was told something: a correction must tell them that they are not affected."
            .to_owned(),
        (_, n) => format!(
            " {} of those who leave were told something: a correction must tell them that they are not affected.",
            count(n)
        ),
    };
    format!("{come} into the scope and {go} it.{of_these}")
}

fn deeds(version: &Version, (delta, told): (&scope::delta::Delta, i64), may: bool) -> Vec<Deed> {
    if version.status == ScopeStatus::Activating && may {
        return vec![Deed {
            name: "activate".to_owned(),
            words: "Go on".to_owned(),
            look: "quiet",
            sure: "If nobody is at work on it any more, it goes on where it stands.".to_owned(),
            tick: String::new(),
            blocked: String::new(),
        }];
    }
    if version.status != ScopeStatus::Draft || !may {
        return Vec::new();
    }
    let empty = if version.accepted == 0 {
        "Every row was refused."
    } else {
        ""
    };
    let others = match delta.identity_changes {
        0 => String::new(),
        1 => {
            " If the reference names another person, one more comes and one more leaves.".to_owned()
        }
        n => {
            let n = count(n);
            format!(" If the references name other people, {n} more come and {n} more leave.")
        }
    };
    let activate = Deed {
        name: "activate".to_owned(),
        words: "Activate".to_owned(),
        look: "",
        sure: format!(
            "{}{others} This cannot be taken back, only corrected by another version.",
            moves(delta, told)
        ),
        tick: String::new(),
        blocked: empty.to_owned(),
    };
    let discard = Deed {
        name: "discard".to_owned(),
        words: "Discard".to_owned(),
        look: "danger",
        sure: "The draft and its rejected rows are deleted. Nothing that is in force changes."
            .to_owned(),
        tick: String::new(),
        blocked: String::new(),
    };
    vec![activate, discard]
}

async fn found(conn: &mut Conn, at: &(String, i32)) -> Result<(Incident, Version), Problem> {
    let incident = incident_at(conn, &at.0).await?;
    let version = store::find(conn, incident.id, at.1).await?;
    Ok((incident, version))
}

/// `GET /console/incidents/{slug}/scopes/{version}/rejects`.
///
/// # Errors
/// 404.
pub async fn rejects(who: Allowed<ImportScope>, app: Data<App>, at: Path<(String, i32)>) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &at).await?;
    let rows = usize::try_from(version.rejected).unwrap_or_default();
    who.saw(&app, Action::RejectsDownload, incident.id, rows);
    download::download(&app, &incident, &version)
}

/// The form of [`activate()`].
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Activate {
    rejected: Option<i64>,
    /// `hold:3`
    lifted: Vec<String>,
    retracted: Option<i64>,
    replaced: Option<i64>,
    emails_lost: Option<i64>,
    addresses_lost: Option<i64>,
    told_too_much: Option<i64>,
    campaigns_ended: Option<i64>,
    /// `same:2`, `another:2` or `later`
    identity: String,
    revision: Option<String>,
}

impl Activate {
    fn identity(&self, answer: &str) -> Option<i64> {
        let (given, number) = self.identity.split_once(':')?;
        number.parse().ok().filter(|_| given == answer)
    }

    fn confirmed(&self) -> Confirmed {
        let flag = |text: &String| {
            let (flag, people) = text.split_once(':')?;
            Some((flag.to_owned(), people.parse().ok()?))
        };
        let flags: BTreeMap<_, _> = self.lifted.iter().filter_map(flag).collect();
        Confirmed {
            any_rejected: false,
            rejected: self.rejected,
            flags_lifted: (!flags.is_empty()).then_some(Lifted::ByFlag(flags)),
            retracted: self.retracted,
            identity_changes: self.identity("same"),
            another_person: self.identity("another"),
            replaced: self.replaced,
            emails_lost: self.emails_lost,
            addresses_lost: self.addresses_lost,
            told_too_much: self.told_too_much,
            campaigns_ended: self.campaigns_ended,
            revision: self.revision.clone(),
        }
    }
}

/// `POST /console/incidents/{slug}/scopes/{version}/activate`. A long one goes on while the page shows how
/// far it is.
///
/// # Errors
/// 404. A version that is no draft, or a number that was not confirmed, shows the page again.
pub async fn activate(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    home: Data<Home>,
    at: Path<(String, i32)>,
    form: form::Form<Activate>,
) -> Answer {
    let page = format!("/console/incidents/{}/scopes/{}", at.0, at.1);
    if form.identity == "later" {
        return Ok(on_to(&page, "waits"));
    }
    let consent = Consent::Numbers(form.confirmed());
    let (incident, version) = found(&mut *app.db.get().await?, &at).await?;
    let (by, of, version) = (who.id, incident.id, version.version);
    let doing = app.as_ref().clone();
    // In the process's own runtime: a reader who leaves does not stop it half way.
    let deed = async move { activate::activate(&doing, by, of, version, consent).await };
    let did = match timeout(PATIENCE, home.run(deed)).await {
        Ok(done) => match done.map_err(Problem::broken)? {
            Ok(_) => "activated",
            Err(why) => return again(&app, &req, &who, &at, why).await,
        },
        Err(_) => "activating",
    };
    Ok(on_to(&page, did))
}

/// The form of [`discard`].
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Discard {
    revision: Option<String>,
}

/// `POST /console/incidents/{slug}/scopes/{version}/discard`.
///
/// # Errors
/// 404. A version that is no draft shows the page again.
pub async fn discard(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, i32)>,
    form: form::Form<Discard>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &at).await?;
    let seen = form.revision.as_deref();
    let did = activate::discard_seen(&app, who.id, incident.id, version.version, seen).await;
    if let Err(why) = did {
        return again(&app, &req, &who, &at, why).await;
    }
    Ok(on_to(&format!("/console/incidents/{}", at.0), "discarded"))
}
