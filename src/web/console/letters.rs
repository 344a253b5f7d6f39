//! Letters of an incident: the lists for the post, next of kin and safe channels, and what became of them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::Choice;
use super::around::{self, Names, incident_at, on_to};
use crate::app::App;
use crate::id::PostalId;
use crate::incident::{self, Incident};
use crate::postal::slips::{self, Refused};
use crate::postal::store::Due;
use crate::postal::{
    self, Batch, How, MinorsRule, PostalError, PostalKind, PostalState, Telling, post, store,
};
use crate::staff::Right;
use crate::staff::right::{ImportScope, SeeIncidents, SteerIncident};
use crate::web::figures::{count, filters};
use crate::web::form::{self, Form, Nothing};
use crate::web::letters::{download, references};
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Area, Desk, Fault, Faults, Moment};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::{Allowed, Signed};

/// Longest report of letters that came back, in octets.
const LONGEST: usize = 4 * 1024 * 1024;
/// How many refused lines the page names.
const NAMED: usize = 20;

/// `/console/incidents/{slug}/letters`
#[derive(Template)]
#[template(path = "console/letters.html")]
pub struct LettersPage {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// The lists that can be taken.
    pub lists: Vec<ListLine>,
    /// The lists that were taken, newest first.
    pub batches: Vec<BatchLine>,
    /// How minors are told.
    pub minors: String,
    /// Whether the reader may take lists and record what became of them.
    pub may: bool,
    /// Whether the reader may choose how minors are told.
    pub may_steer: bool,
    /// Today in UTC, as `YYYY-MM-DD`.
    pub today: String,
    /// The channels by which people are told otherwise.
    pub channels: Vec<Choice>,
    /// The form for one person who was told.
    pub one: One,
    /// What became of a report of which some lines were refused: each a sentence; empty without one.
    pub report: Vec<String>,
    /// What was refused; field `on`, `who`, `reference`, `file` or `lists`.
    pub faults: Faults,
}

/// A list that can be taken.
#[derive(Debug, Clone)]
pub struct ListLine {
    /// `letter`, `guardian`, `kin` or `safe`.
    pub kind: &'static str,
    /// Who is on it.
    pub who: &'static str,
    /// What happens with it.
    pub means: &'static str,
    /// How many belong on it or on one that waits.
    pub people: i64,
    /// How many are on lists that wait.
    pub waiting: i64,
    /// Of the last list of this kind: how many were left out for want of a postal address, and when it was taken.
    pub without_address: Option<(i64, Moment)>,
}

/// A list that was taken.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns of the page")]
pub struct BatchLine {
    pub id: String,
    pub kind: &'static str,
    pub at: Moment,
    pub by: String,
    pub people: i64,
    pub state: String,
    pub on: String,
    pub returned: i64,
    pub not_posted: i64,
    /// Whether its letters are posted; else people are told.
    pub by_post: bool,
    /// Whether nobody has said yet what became of it.
    pub waits: bool,
}

/// The form for one person who was told, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct One {
    pub reference: String,
    pub on: String,
    pub how: String,
    pub who: String,
}

impl LettersPage {
    fn to(&self, what: &str) -> String {
        format!("/console/incidents/{}/{what}", self.slug)
    }
}

impl BatchLine {
    /// How many people it has, with the noun.
    fn size(&self) -> String {
        match self.people {
            1 => "1 person".to_owned(),
            n => format!("{} people", count(n)),
        }
    }

    /// What its form says was done.
    fn was_done(&self) -> String {
        match (self.by_post, self.people) {
            (true, 1) => "This letter was posted.".to_owned(),
            (true, n) => format!("These {} letters were posted.", count(n)),
            (false, 1) => "This person, or somebody who acts for them, was told.".to_owned(),
            (false, n) => format!(
                "These {} people, or those who act for them, were told.",
                count(n)
            ),
        }
    }

    /// What is asked before the list is recorded as posted.
    fn sure(&self) -> String {
        match self.people {
            1 => "1 person is notified by post from then on.".to_owned(),
            n => format!("{} people are notified by post from then on.", count(n)),
        }
    }

    /// The last part of the address to which its form posts.
    fn act(&self) -> &'static str {
        if self.by_post { "posted" } else { "told" }
    }

    /// The id of a field in its form.
    fn field(&self, name: &str) -> String {
        format!("{name}-{}", self.id)
    }

    fn to(&self, what: &str) -> String {
        format!("/console/letters/{}/{what}", self.id)
    }
}

/// A kind of list for readers.
fn kind_in_words(kind: PostalKind) -> &'static str {
    match kind {
        PostalKind::Letter => "letters",
        PostalKind::Guardian => "letters to guardians",
        PostalKind::Correction => "letters of correction",
        PostalKind::Kin => "next of kin",
        PostalKind::Safe => "safe channels",
        PostalKind::Single => "told one by one",
    }
}

/// `GET /console/incidents/{slug}/letters`.
///
/// # Errors
/// 404.
pub async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let page = filled(&app, &req, &who, of).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

async fn filled(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<LettersPage, Problem> {
    let mut conn = app.db.get().await?;
    let rule = store::minors(&mut conn, of.id).await?;
    let batches = store::list(&mut conn, of.id).await?;
    let lists = store::due(&mut conn, of.id).await?;
    let lists = lists
        .into_iter()
        .filter(|due| due.kind != PostalKind::Guardian || rule == MinorsRule::GuardianLetter)
        .map(|due| list_line(due, &batches))
        .collect();
    let names = Names::load(&mut conn).await?;
    let today = app.now().date_naive().to_string();
    Ok(LettersPage {
        desk: around::desk(app, &mut conn, req, who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        lists,
        batches: batches.iter().map(|one| batch_line(one, &names)).collect(),
        minors: rule.to_string(),
        may: who.may(Right::ImportScope),
        may_steer: who.may(Right::SteerIncident),
        one: One {
            on: today.clone(),
            ..One::default()
        },
        today,
        channels: How::ALL
            .map(|how| Choice {
                value: how.as_str().to_owned(),
                words: how.in_words().to_owned(),
            })
            .into(),
        report: Vec::new(),
        faults: Faults::default(),
    })
}

fn list_line(due: Due, batches: &[Batch]) -> ListLine {
    let last = batches.iter().find(|one| one.kind == due.kind);
    let lacking = last.filter(|one| one.without_address > 0);
    let (who, means) = match due.kind {
        PostalKind::Letter => (
            "People whom no e-mail reaches",
            "For the mail house: names, postal addresses, links and the code that each letter prints.",
        ),
        PostalKind::Guardian => (
            "Parents and guardians of minors",
            "For the mail house. Minors of this incident get no e-mail.",
        ),
        PostalKind::Correction => (
            "People who were told of something that is not theirs, and whom no e-mail reaches",
            "For the mail house. The list says what was told wrongly; the letter says what is so now.",
        ),
        PostalKind::Kin => (
            "Next of kin of people who died",
            "For those who tell them. It carries no link and no code.",
        ),
        _ => (
            "People at a protected address",
            "For those who reach them through a safe channel. It carries no link and no code.",
        ),
    };
    ListLine {
        kind: due.kind.as_str(),
        who,
        means,
        people: due.people,
        waiting: due.waiting,
        without_address: lacking.map(|one| (one.without_address, Moment::row(one.taken_at))),
    }
}

fn batch_line(of: &Batch, names: &Names) -> BatchLine {
    BatchLine {
        id: of.id.to_string(),
        kind: kind_in_words(of.kind),
        at: Moment::row(of.taken_at),
        by: names.of(of.taken_by),
        people: of.people,
        state: match (of.state, of.kind.is_posted()) {
            (PostalState::Posted, false) => "told".to_owned(),
            (state, _) => state.to_string(),
        },
        on: of
            .posted_on
            .map(|on| on.format("%-d %b %Y").to_string())
            .unwrap_or_default(),
        returned: of.returned,
        not_posted: of.not_posted,
        by_post: of.kind.is_posted(),
        waits: of.state == PostalState::Listed,
    }
}

/// The page again, with what was refused at a field; faults of ours stay problems.
async fn refused(
    (app, req, who): (&App, &HttpRequest, &Signed),
    of: Incident,
    (field, why): (&str, PostalError),
    one: Option<One>,
) -> Answer {
    let problem = Problem::from(why);
    if !matches!(problem.kind(), Kind::NotAccepted | Kind::InTheWay) {
        return Err(problem);
    }
    let page = filled(app, req, who, of).await?;
    let fault = Fault {
        field: field.to_owned(),
        text: problem.sentence(),
    };
    let page = LettersPage {
        one: one.unwrap_or_else(|| page.one.clone()),
        faults: Faults(vec![fault]),
        ..page
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

fn done(of: &Incident, act: &str) -> HttpResponse {
    on_to(&format!("/console/incidents/{}/letters", of.slug), act)
}

/// Which list to take.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: Option<PostalKind>,
    again: bool,
}

/// `POST /console/incidents/{slug}/letters`: takes a list and answers with it as CSV, of any length.
///
/// # Errors
/// 404. A list on which nobody belongs shows the page again.
pub async fn take(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Asked>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let kind = form.kind.unwrap_or(PostalKind::Letter);
    match postal::list::export(&app, who.id, of.id, kind, form.again).await {
        Ok(list) => download(&of, list),
        Err(why) => refused((&app, &req, &who), of, ("lists", why), None).await,
    }
}

/// The day, and who was told how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    reference: String,
    on: String,
    how: String,
    who: String,
}

impl Done {
    fn day(&self) -> Result<NaiveDate, Fault> {
        self.on.trim().parse().map_err(|_| Fault {
            field: "on".to_owned(),
            text: "Enter a day such as 2026-12-03.".to_owned(),
        })
    }

    fn telling(&self) -> Result<Telling, PostalError> {
        let how = self.how.parse().unwrap_or(How::Other);
        Telling::new(how, &self.who)
    }
}

/// The incident of a list.
async fn of_batch(app: &App, id: PostalId) -> Result<Incident, Problem> {
    let mut conn = app.db.get().await?;
    let batch = store::find(&mut conn, id).await?;
    Ok(incident::store::find(&mut conn, batch.incident).await?)
}

async fn no_day(
    (app, req, who): (&App, &HttpRequest, &Signed),
    of: Incident,
    fault: Fault,
    one: Option<One>,
) -> Answer {
    let page = filled(app, req, who, of).await?;
    let page = LettersPage {
        one: one.unwrap_or_else(|| page.one.clone()),
        faults: Faults(vec![fault]),
        ..page
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// `POST /console/letters/{id}/posted`.
///
/// # Errors
/// 404. A day that cannot be, or a list that does not wait, shows the page again.
pub async fn posted(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<Done>,
) -> Answer {
    let of = of_batch(&app, *id).await?;
    let on = match form.day() {
        Ok(on) => on,
        Err(fault) => return no_day((&app, &req, &who), of, fault, None).await,
    };
    match post::posted(&app, who.id, *id, on).await {
        Ok(_) => Ok(done(&of, "posted")),
        Err(why) => refused((&app, &req, &who), of, ("lists", why), None).await,
    }
}

/// `POST /console/letters/{id}/told`.
///
/// # Errors
/// As [`posted`].
pub async fn told(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<Done>,
) -> Answer {
    let of = of_batch(&app, *id).await?;
    let on = match form.day() {
        Ok(on) => on,
        Err(fault) => return no_day((&app, &req, &who), of, fault, None).await,
    };
    let recorded = match form.telling() {
        Ok(telling) => post::told(&app, who.id, *id, on, &telling).await,
        Err(why) => Err(why),
    };
    match recorded {
        Ok(_) => Ok(done(&of, "told")),
        Err(why) => refused((&app, &req, &who), of, ("lists", why), None).await,
    }
}

/// `POST /console/letters/{id}/discard`.
///
/// # Errors
/// 404. A list that does not wait shows the page again.
pub async fn discard(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    _form: Form<Nothing>,
) -> Answer {
    let of = of_batch(&app, *id).await?;
    match post::discard(&app, who.id, *id).await {
        Ok(_) => Ok(done(&of, "unlisted")),
        Err(why) => refused((&app, &req, &who), of, ("lists", why), None).await,
    }
}

/// `POST /console/incidents/{slug}/letters/told`: one person was told.
///
/// # Errors
/// 404 without such an incident. What cannot be recorded shows the page again.
pub async fn told_one(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Done>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let typed = One {
        reference: form.reference.clone(),
        on: form.on.clone(),
        how: form.how.clone(),
        who: form.who.clone(),
    };
    let on = match form.day() {
        Ok(on) => on,
        Err(fault) => return no_day((&app, &req, &who), of, fault, Some(typed)).await,
    };
    let recorded = match form.telling() {
        Ok(telling) => postal::told::told(&app, who.id, of.id, &form.reference, on, &telling).await,
        Err(why) => Err(why),
    };
    let (field, why) = match recorded {
        Ok(_) => return Ok(done(&of, "told")),
        Err(PostalError::Missing) => {
            let fault = Fault {
                field: "reference".to_owned(),
                text: "Nobody of this incident has this reference.".to_owned(),
            };
            return no_day((&app, &req, &who), of, fault, Some(typed)).await;
        }
        Err(why @ PostalError::Who) => ("who", why),
        Err(why @ PostalError::InFuture { .. }) => ("on", why),
        Err(why) => ("reference", why),
    };
    refused((&app, &req, &who), of, (field, why), Some(typed)).await
}

/// How minors are told.
#[derive(Debug, Deserialize)]
pub struct Rule {
    rule: MinorsRule,
}

/// `POST /console/incidents/{slug}/minors`.
///
/// # Errors
/// 404. While a campaign is under way the page is shown again.
pub async fn minors(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Rule>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    match postal::minors::choose(&app, who.id, of.id, form.rule).await {
        Ok(()) => Ok(done(&of, "minors")),
        Err(why) => refused((&app, &req, &who), of, ("rule", why), None).await,
    }
}

/// `POST /console/incidents/{slug}/letters/returned`: a CSV of letters that came back.
///
/// # Errors
/// 404, a form that is not ours. Lines that were refused are named on the page; the others are recorded.
pub async fn returned(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    body: Payload,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let mut parts = Parts::new(body, &boundary(&req)?);
    let (mut token, mut file) = (String::new(), String::new());
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(1_000).await?,
            "file" => {
                form::check(&req, &token)?;
                file = parts.text(LONGEST).await?;
            }
            _ => {}
        }
    }
    form::check(&req, &token)?;
    let slips = match slips::read(file.as_bytes()) {
        Ok(slips) => slips,
        Err(bad) => {
            let fault = Fault {
                field: "file".to_owned(),
                text: Problem::from(bad).sentence(),
            };
            return no_day((&app, &req, &who), of, fault, None).await;
        }
    };
    let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
    if recorded.refused.is_empty() {
        return Ok(done(&of, "returned"));
    }
    let page = LettersPage {
        report: lines(recorded.returned + recorded.not_posted, &recorded.refused),
        ..filled(&app, &req, &who, of).await?
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// What is said of a report of which some lines were refused. Lines are those of the file: the first names the columns.
fn lines(recorded: i64, refused: &[(usize, Refused)]) -> Vec<String> {
    let n = i64::try_from(refused.len()).unwrap_or(i64::MAX);
    let done = match recorded {
        0 => "No letter was recorded.".to_owned(),
        1 => "1 letter is recorded.".to_owned(),
        n => format!("{} letters are recorded.", count(n)),
    };
    let not = match n {
        1 => "1 line was refused and changed nothing:".to_owned(),
        n => format!("{} lines were refused and changed nothing:", count(n)),
    };
    let each = refused
        .iter()
        .take(NAMED)
        .map(|(line, why)| format!("Line {line}: {why}."));
    let rest = refused.len().saturating_sub(NAMED);
    let rest = (rest > 0).then(|| format!("And {rest} more."));
    std::iter::once(format!("{done} {not}"))
        .chain(each)
        .chain(rest)
        .collect()
}

/// Which list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfKind {
    kind: Option<PostalKind>,
}

/// `GET /console/incidents/{slug}/letters/without-address`: the references of people who belong on a list for the post
/// and have no postal address, as CSV.
///
/// # Errors
/// 404.
pub async fn without_address(
    _: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
    asked: Query<OfKind>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let kind = asked.kind.unwrap_or(PostalKind::Letter);
    let people = postal::take::without_address(&app, of.id, kind).await?;
    Ok(references(&of, &people))
}
