//! The Letters page of an incident: the lists for the post, for next of kin and for safe channels, and their results.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::due::{self, DueList};
use super::list_line::{ListLine, list_line};
use super::questions::{self, Asked};
use super::without_address;
use crate::app::App;
use crate::config::leads_home;
use crate::incident::Incident;
use crate::postal::lacking::Counts;
use crate::postal::store::Taken;
use crate::postal::{How, MinorsRule, PostalKind, PostalState, store};
use crate::staff::Right;
use crate::staff::right::SeeIncidents;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer;
use crate::web::console::incident::incident_at;
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, Badge, ConsoleFrame, Faults, Moment};
use crate::web::problem::{Answer, Problem};
use crate::{db, summary};

/// `/console/incidents/{slug}/letters`
#[derive(Template)]
#[template(path = "console/letters/page.html")]
pub struct LettersPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// The lists that can be taken.
    pub lists: Vec<ListLine>,
    /// The lists that were taken, newest first.
    pub batches: Vec<BatchLine>,
    /// The sentence about a forgotten incident; else empty.
    pub forgotten: String,
    /// How minors are told.
    pub minors: String,
    /// Whether the reader may take and record lists.
    pub may: bool,
    /// Whether the reader may choose how minors are told.
    pub may_steer: bool,
    /// The beginning of the links in letters if only this machine can open them; else empty.
    pub links: String,
    /// The channels for people who are told neither by e-mail nor by post.
    pub channels: Vec<Choice>,
    /// The form for one person who was told.
    pub one: Typed,
    /// The sentences about a report with refused lines; empty without one.
    pub report: Vec<String>,
    /// What was refused; field `on`, `how`, `who`, `reference`, `file` or `lists`.
    pub faults: Faults,
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
    pub state: Badge,
    pub on: String,
    pub returned: i64,
    pub not_posted: i64,
    /// Whether its letters are posted; else its people are told.
    pub by_post: bool,
    /// Whether it is neither recorded nor discarded.
    pub waits: bool,
    /// The sentence about people with a reassigned reference; empty without any.
    pub former: String,
    /// The form that records it.
    pub form: Typed,
    /// What must be confirmed, since some of its people must no longer be told.
    pub asked: Vec<Asked>,
    /// Whether that is not known in time.
    pub unknown: bool,
}

/// The form of a list, or of one person who was told, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Typed {
    pub reference: String,
    pub on: String,
    pub how: String,
    pub who: String,
}

impl LettersPage {
    fn to(&self, what: &str) -> String {
        format!("/console/incidents/{}/{what}", self.slug)
    }

    /// Why a field in the form of a list was refused.
    fn fault(&self, of: &BatchLine, name: &str) -> &str {
        self.faults.of(&of.field(name))
    }
}

impl BatchLine {
    /// The number of its people in words.
    fn size(&self) -> String {
        match self.people {
            1 => "1 person".to_owned(),
            n => format!("{} people", count(n)),
        }
    }

    /// What the form records.
    fn was_done(&self) -> String {
        match (self.by_post, self.people) {
            (true, 1) => "This letter was posted.".to_owned(),
            (true, n) => format!("These {} letters were posted.", count(n)),
            (false, 1) => "This person, or a person who acts for them, was told.".to_owned(),
            (false, n) => format!(
                "These {} people, or those who act for them, were told.",
                count(n)
            ),
        }
    }

    /// The effect of recording it as posted.
    fn sure(&self) -> String {
        let people = match self.people {
            1 => "1 person is told".to_owned(),
            n => format!("{} people are told", count(n)),
        };
        format!(
            "{people} by post from then on, of what was exposed when the list was taken. They must still be told of what was exposed later."
        )
    }

    /// The last part of the address that the form posts to.
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

/// `GET /console/incidents/{slug}/letters`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let page = load(&app, &req, &who, of).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page.
pub(crate) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<LettersPage, Problem> {
    let mut conn = app.db.get().await?;
    let mut summaries = summary::summaries(&mut conn, &[of.id]).await?;
    let summary = summaries.remove(&of.id).ok_or(db::Error::Missing)?;
    let (rule, due) = (summary.minors, vec![(of.id, summary.due)]);
    let taken = store::list_taken(&mut conn, of.id).await?;
    let mut due = due::load(&mut conn, due, i64::MAX).await?;
    let due = due.remove(&of.id).unwrap_or_default();
    // Other requests need the connection while this page waits for counts.
    drop(conn);
    let may = who.may(Right::ImportScope) && of.forgotten_at.is_none();
    let by_letter = rule == MinorsRule::GuardianLetter;
    let is_taken = |one: &&DueList| one.due.kind != PostalKind::Guardian || by_letter;
    let due = due.iter().filter(is_taken);
    let mut lists: Vec<_> = due
        .map(|one| list_line(one, due::refused(one.due.kind, &of)))
        .collect();
    let counts = req.app_data::<Data<Counts>>().cloned().unwrap_or_default();
    without_address::add((app, &counts), (&of, rule), &taken, &mut lists, may).await?;
    let today = app.now().date_naive().to_string();
    let url = &app.config.http.public_url;
    let batches = load_batches(app, who, (&of, may), &taken, &today).await?;
    let mut conn = app.db.get().await?;
    Ok(LettersPage {
        desk: answer::frame(app, &mut conn, req, who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        lists,
        batches,
        minors: rule.to_string(),
        may,
        links: match leads_home(url) {
            true => url.to_string(),
            false => String::new(),
        },
        may_steer: who.may(Right::SteerIncident) && of.forgotten_at.is_none(),
        forgotten: of.forgotten_at.map(forgotten).unwrap_or_default(),
        one: Typed {
            on: today,
            ..Typed::default()
        },
        channels: channels(),
        report: Vec::new(),
        faults: Faults::default(),
    })
}

/// The lists that were taken, with what must be confirmed for those that are not recorded.
async fn load_batches(
    app: &App,
    who: &Signed,
    (of, may): (&Incident, bool),
    taken: &[Taken],
    today: &str,
) -> Result<Vec<BatchLine>, Problem> {
    let batches = taken.iter().map(|one| &one.batch);
    let waiting = batches.filter(|one| may && one.state == PostalState::Listed);
    let mut questions = questions::of_lists(app, who, of, waiting).await?;
    let line = |one: &Taken| {
        let waits = may && one.batch.state == PostalState::Listed;
        let asked = match waits {
            true => questions.take(one),
            false => Some(Vec::new()),
        };
        BatchLine {
            former: questions.former(one.batch.id),
            ..batch_line(one, today, asked)
        }
    };
    Ok(taken.iter().map(line).collect())
}

fn forgotten(at: DateTime<Utc>) -> String {
    format!(
        "The people of this incident were forgotten on {}: nobody can be told any more. The figures stay.",
        at.format("%-d %B %Y")
    )
}

/// The channels. None is chosen in advance, so that the reader must choose.
fn channels() -> Vec<Choice> {
    let choice = |value: &str, words: &str| Choice {
        value: value.to_owned(),
        words: words.to_owned(),
    };
    std::iter::once(choice("", "Choose how"))
        .chain(How::ALL.map(|how| choice(how.as_str(), how.in_words())))
        .collect()
}

fn batch_line(taken: &Taken, today: &str, asked: Option<Vec<Asked>>) -> BatchLine {
    let of = &taken.batch;
    BatchLine {
        id: of.id.to_string(),
        kind: of.kind.in_words(),
        at: Moment::row(of.taken_at),
        by: taken.by.clone(),
        people: of.people,
        state: match (of.state, of.kind.is_posted()) {
            (PostalState::Posted, false) => Badge::of(of.state).saying("told"),
            (state, _) => Badge::of(state),
        },
        on: of
            .posted_on
            .map(|on| on.format("%-d %b %Y").to_string())
            .unwrap_or_default(),
        returned: of.returned,
        not_posted: of.not_posted,
        by_post: of.kind.is_posted(),
        waits: of.state == PostalState::Listed,
        former: String::new(),
        form: Typed {
            on: today.to_owned(),
            ..Typed::default()
        },
        unknown: asked.is_none(),
        asked: asked.unwrap_or_default(),
    }
}
