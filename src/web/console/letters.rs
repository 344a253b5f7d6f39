//! Letters of an incident: the lists for the post, next of kin and safe channels, and what became of them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::Choice;
use super::around::{self, Names, incident_at, on_to};
use crate::app::App;
use crate::id::PostalId;
use crate::incident::{self, Incident};
use crate::notice::account::by::whole;
use crate::person::books::AccountKind;
use crate::person::flags::WithheldReason;
use crate::postal::slips::{self, Refused};
use crate::postal::{
    self, Batch, How, MinorsRule, PostalError, PostalKind, PostalState, Telling, post, store,
};
use crate::staff::Right;
use crate::staff::right::{ImportScope, SeeIncidents, SteerIncident};
use crate::web::figures::{count, filters};
use crate::web::form::{self, Form, Nothing};
use crate::web::letters::download;
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
    /// How many belong on it or on one that waits; `None` if that is not counted.
    pub people: Option<i64>,
    /// How many are on lists that wait.
    pub waiting: i64,
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
    /// What is asked before the list is recorded as posted.
    fn sure(&self) -> String {
        format!(
            "{} people are notified by post from then on.",
            count(self.people)
        )
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
    let (account, parts) = whole(app, of.id, &[AccountKind::Reason]).await?;
    let withheld = |reason: WithheldReason| {
        let slices = parts.iter().flatten();
        let found = slices
            .into_iter()
            .find(|slice| slice.value == reason.as_str());
        found.map_or(0, |slice| slice.withheld)
    };
    let mut conn = app.db.get().await?;
    let rule = store::minors(&mut conn, of.id).await?;
    let batches = store::list(&mut conn, of.id).await?;
    let waiting = |kind: PostalKind| {
        let waits = |one: &&Batch| one.kind == kind && one.state == PostalState::Listed;
        batches.iter().filter(waits).map(|one| one.people).sum()
    };
    let mut lists: Vec<_> = PostalKind::LISTS
        .into_iter()
        .filter(|kind| *kind != PostalKind::Guardian || rule == MinorsRule::GuardianLetter)
        .map(|kind| list_line(kind, waiting(kind)))
        .collect();
    for line in &mut lists {
        line.people = match line.kind {
            "letter" => Some(account.needs_letter),
            "kin" => Some(withheld(WithheldReason::Deceased)),
            "safe" => Some(withheld(WithheldReason::ProtectedAddress)),
            _ => None,
        };
    }
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
        faults: Faults::default(),
    })
}

fn list_line(kind: PostalKind, waiting: i64) -> ListLine {
    let (who, means) = match kind {
        PostalKind::Letter => (
            "People whom no e-mail reaches",
            "For the mail house: names, postal addresses, links and the code that each letter prints.",
        ),
        PostalKind::Guardian => (
            "Parents and guardians of minors",
            "For the mail house. Minors of this incident get no e-mail.",
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
        kind: kind.as_str(),
        who,
        means,
        people: None,
        waiting,
    }
}

fn batch_line(of: &Batch, names: &Names) -> BatchLine {
    BatchLine {
        id: of.id.to_string(),
        kind: kind_in_words(of.kind),
        at: Moment::row(of.taken_at),
        by: names.of(of.taken_by),
        people: of.people,
        state: of.state.to_string(),
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
    let faults = match slips::read(file.as_bytes()) {
        Err(bad) => vec![Fault {
            field: "file".to_owned(),
            text: Problem::from(bad).sentence(),
        }],
        Ok(slips) => {
            let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
            if recorded.refused.is_empty() {
                return Ok(done(&of, "returned"));
            }
            lines(recorded.returned + recorded.not_posted, &recorded.refused)
        }
    };
    let page = LettersPage {
        faults: Faults(faults),
        ..filled(&app, &req, &who, of).await?
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// What is said of a report of which some lines were refused.
fn lines(recorded: i64, refused: &[(usize, Refused)]) -> Vec<Fault> {
    let fault = |text: String| Fault {
        field: "file".to_owned(),
        text,
    };
    let n = i64::try_from(refused.len()).unwrap_or(i64::MAX);
    let head = format!(
        "Letters recorded: {}. Lines refused: {}.",
        count(recorded),
        count(n)
    );
    let each = refused
        .iter()
        .take(NAMED)
        .map(|(line, why)| format!("Line {line}: {why}."));
    let rest = refused.len().saturating_sub(NAMED);
    let rest = (rest > 0).then(|| format!("And {rest} more."));
    std::iter::once(head)
        .chain(each)
        .chain(rest)
        .map(fault)
        .collect()
}
