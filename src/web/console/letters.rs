//! Letters of an incident: the lists for the post, next of kin and safe channels, and what became of them.

mod act;
mod asked;
mod back;
mod former;
mod lacking;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

pub use self::act::{discard, file, minors, posted, take, told, told_one};
pub use self::asked::Asked;
pub use self::back::{returned, without_address};
use super::Choice;
use super::around::{self, Names, incident_at};
use super::untold::{self, Owed};
use crate::app::App;
use crate::config::leads_home;
use crate::incident::Incident;
use crate::postal::lacking::Counts;
use crate::postal::{Batch, How, MinorsRule, PostalKind, PostalState, store};
use crate::staff::Right;
use crate::staff::right::SeeIncidents;
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, Desk, Faults, Moment};
use crate::web::problem::{Answer, Problem};

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
    /// That its people were forgotten, and when; else empty.
    pub forgotten: String,
    /// How minors are told.
    pub minors: String,
    /// Whether the reader may take lists and record what became of them.
    pub may: bool,
    /// Whether the reader may choose how minors are told.
    pub may_steer: bool,
    /// How the links in letters would begin if nobody else can open them; else empty.
    pub links: String,
    /// The channels by which people are told otherwise.
    pub channels: Vec<Choice>,
    /// The form for one person who was told.
    pub one: Typed,
    /// What became of a report of which some lines were refused: each a sentence; empty without one.
    pub report: Vec<String>,
    /// What was refused; field `on`, `how`, `who`, `reference`, `file` or `lists`.
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
    /// Whether its letters are posted.
    pub by_post: bool,
    /// How many belong on it or on one that waits.
    pub people: i64,
    /// How many of these are on lists that wait, of any kind; `None` where that is not known while the page waits.
    pub waiting: Option<i64>,
    /// What is said of people who have no postal address; empty if nobody lacks one now.
    pub without_address: String,
    /// Why no such list can be taken now; empty if one can.
    pub refused: String,
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
    /// What is said of people on it whose reference names another person by now; empty without any.
    pub former: String,
    /// The form that says so.
    pub form: Typed,
    /// What the form asks for, since some of its people must not be told any more.
    pub asked: Vec<Asked>,
    /// Whether that could not be found out while the page waited.
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
        let people = match self.people {
            1 => "1 person is told".to_owned(),
            n => format!("{} people are told", count(n)),
        };
        format!(
            "{people} by post from then on, of what was exposed when the list was taken. What came later stays owed."
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

pub(super) async fn filled(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<LettersPage, Problem> {
    let mut conn = app.db.get().await?;
    let rule = store::minors(&mut conn, of.id).await?;
    let batches = store::list(&mut conn, of.id).await?;
    let owed = untold::owed(&mut conn, of.id, i64::MAX).await?;
    let by_letter = rule == MinorsRule::GuardianLetter;
    let is_taken = |one: &Owed| one.due.kind != PostalKind::Guardian || by_letter;
    let mut lists: Vec<_> = owed
        .iter()
        .filter(|one| is_taken(one))
        .map(|one| list_line(one, untold::refused(one.due.kind, &of)))
        .collect();
    let names = Names::load(&mut conn).await?;
    let today = app.now().date_naive().to_string();
    let may = who.may(Right::ImportScope) && of.forgotten_at.is_none();
    // Others need it while this page waits.
    drop(conn);
    let counts = req.app_data::<Data<Counts>>().cloned().unwrap_or_default();
    lacking::say((app, &counts), &of, &batches, &mut lists, may).await?;
    let waiting = batches
        .iter()
        .filter(|one| may && one.state == PostalState::Listed);
    let mut asked = asked::of_lists(app, who, &of, waiting).await?;
    let mut former = match may {
        true => former::on_lists(app, of.id).await?,
        false => HashMap::new(),
    };
    let line = |one: &Batch| {
        let asked = asked.remove(&one.id).unwrap_or(Some(Vec::new()));
        BatchLine {
            former: former.remove(&one.id).unwrap_or_default(),
            ..batch_line(one, &names, &today, asked)
        }
    };
    let lines = batches.iter().map(line).collect();
    let mut conn = app.db.get().await?;
    let url = &app.config.http.public_url;
    Ok(LettersPage {
        desk: around::desk(app, &mut conn, req, who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        lists,
        batches: lines,
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

fn forgotten(at: DateTime<Utc>) -> String {
    format!(
        "The people of this incident were forgotten on {}: nobody can be told any more. The figures stay.",
        at.format("%-d %B %Y")
    )
}

/// The channels, none of them chosen beforehand: what is recorded is what the reader chose.
fn channels() -> Vec<Choice> {
    let choice = |value: &str, words: &str| Choice {
        value: value.to_owned(),
        words: words.to_owned(),
    };
    std::iter::once(choice("", "Choose how"))
        .chain(How::ALL.map(|how| choice(how.as_str(), how.in_words())))
        .collect()
}

fn list_line(Owed { due, on_lists }: &Owed, refused: String) -> ListLine {
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
        by_post: due.kind.is_posted(),
        people: due.people,
        waiting: *on_lists,
        without_address: String::new(),
        refused,
    }
}

fn batch_line(of: &Batch, names: &Names, today: &str, asked: Option<Vec<Asked>>) -> BatchLine {
    BatchLine {
        id: of.id.to_string(),
        kind: of.kind.in_words(),
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
        former: String::new(),
        form: Typed {
            on: today.to_owned(),
            ..Typed::default()
        },
        unknown: asked.is_none(),
        asked: asked.unwrap_or_default(),
    }
}
