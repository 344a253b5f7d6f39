//! The page of one person: what the lists say, what was sent to the person, and what was known at that time.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::list::{PersonLine, line};
use super::reference::reassigned;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::Campaign;
use crate::db::Conn;
use crate::element::in_words;
use crate::id::PersonId;
use crate::incident::Incident;
use crate::notice::Notice;
use crate::notice::NoticeStatus;
use crate::person::{self, Believed, revoke};
use crate::postal::{self, Item, PostalState, PostalStatus};
use crate::seal::{Broken, IncidentKey};
use crate::staff::Right;
use crate::staff::right::{RevokeLinks, SeePeople};
use crate::web::caller::Allowed;
use crate::web::console::answer;
use crate::web::conversation::kind_in_words;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::person_lookup;
use crate::web::problem::{Answer, Problem};

/// `/console/people/{id}`
#[derive(Template)]
#[template(path = "console/person/page.html")]
pub struct PersonPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// The person.
    pub person: PersonLine,
    /// The sentence about a reassigned reference; empty if it names the same person as before.
    pub reference_changed: String,
    /// The elements that the person was told of.
    pub named: String,
    /// Whether the person was told anything so far.
    pub told: bool,
    /// The elements that the person was told of and that are not theirs.
    pub wrong: String,
    /// The flags of the person, joined by commas.
    pub flags: String,
    /// The notices of all campaigns, the newest first.
    pub notices: Vec<NoticeLine>,
    /// Postal letters, and other ways in which the person was told, the newest first.
    pub letters: Vec<PostalLine>,
    /// Whether the reader may open notices.
    pub may_open: bool,
    /// Whether the reader may revoke the links of the person.
    pub may_revoke: bool,
}

impl PersonPage {
    /// The address that the button to revoke the links posts to.
    fn revoke_to(&self) -> String {
        format!("/console/people/{}/revoke-links", self.person.id)
    }
}

/// A postal letter, or another way in which the person was told.
#[derive(Debug, Clone)]
pub struct PostalLine {
    /// The id of the list.
    pub batch: String,
    /// The kind of message, in words.
    pub what: String,
    /// Its state, in words.
    pub state: String,
    /// The elements it names.
    pub names: String,
}

/// The notice of one campaign.
#[derive(Debug, Clone)]
pub struct NoticeLine {
    /// The notice's id.
    pub id: String,
    /// The kind of its campaign, in words.
    pub kind: String,
    /// Its state.
    pub status: NoticeStatus,
    /// When it last changed.
    pub at: Moment,
    /// The elements it names.
    pub names: String,
    /// What was known to be exposed at that time, and by which version of the scope; empty before any.
    pub believed: String,
}

/// `GET /console/people/{id}`.
///
/// # Errors
/// 404, also for a person of a forgotten incident.
pub(crate) async fn show(
    who: Allowed<SeePeople>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PersonId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let (of, person) = person_lookup::find(&app, &mut conn, *id).await?;
    let (campaigns, written) = person_lookup::written_to(&mut conn, of.id, *id).await?;
    let at: Vec<_> = written.iter().map(settled_at).collect();
    let believed = person::store::believed_at_each(&mut conn, *id, &at).await?;
    let lines = written.iter().zip(&believed);
    let notices = lines
        .map(|(notice, believed)| notice_line(notice, believed.as_ref(), &campaigns))
        .collect();
    let page = PersonPage {
        letters: postal_lines(&app, &mut conn, &of, *id).await?,
        desk: answer::frame(&app, &mut conn, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        person: line(&person),
        reference_changed: person::store::reference_of(&mut conn, *id)
            .await?
            .map(reassigned)
            .unwrap_or_default(),
        named: in_words(person.named, "en"),
        told: person.told.is_some(),
        wrong: in_words(person.told_wrongly(), "en"),
        flags: person.flags.to_string().replace(';', ", "),
        notices,
        may_open: who.may(Right::SeeCampaigns),
        may_revoke: who.may(Right::RevokeLinks),
    };
    who.saw(&app, Action::PersonRead, *id, 1);
    Ok(page::show(StatusCode::OK, &page)?)
}

/// The lines of all postal items of a person, the newest first.
async fn postal_lines(
    app: &App,
    conn: &mut Conn,
    of: &Incident,
    id: PersonId,
) -> Result<Vec<PostalLine>, Problem> {
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    let key = key.ok_or_else(Problem::not_found)?;
    let items = postal::store::of_person(conn, id).await?;
    let lines = items.iter().rev();
    let lines = lines.filter_map(|one| postal_line(one, &key).transpose());
    lines.collect::<Result<_, _>>().map_err(Problem::broken)
}

/// `POST /console/people/{id}/revoke-links`.
///
/// # Errors
/// 404, also for a person of a forgotten incident.
pub(crate) async fn revoke_links(
    who: Allowed<RevokeLinks>,
    app: Data<App>,
    id: Path<PersonId>,
    _form: Form<Nothing>,
) -> Answer {
    person_lookup::find(&app, &mut *app.db.get().await?, *id).await?;
    revoke::links(&app, who.id, *id).await?;
    Ok(answer::redirect(
        &format!("/console/people/{}", *id),
        "revoked",
    ))
}

/// When a notice last changed.
fn settled_at(of: &Notice) -> DateTime<Utc> {
    of.settled_at.unwrap_or(of.created_at)
}

fn notice_line(notice: &Notice, believed: Option<&Believed>, of: &[Campaign]) -> NoticeLine {
    NoticeLine {
        id: notice.id.to_string(),
        kind: person_lookup::campaign_of(of, notice)
            .map(|campaign| kind_in_words(campaign.kind))
            .unwrap_or_default()
            .to_owned(),
        status: notice.status,
        at: Moment::row(settled_at(notice)),
        names: in_words(notice.named, "en"),
        believed: believed.map(believed_line).unwrap_or_default(),
    }
}

/// The line of an item; `None` if its list was discarded.
fn postal_line(of: &Item, key: &IncidentKey) -> Result<Option<PostalLine>, Broken> {
    let on = of
        .batch
        .posted_on
        .map(|on| on.format("%-d %b %Y").to_string());
    let on = on.unwrap_or_default();
    let what = match of.telling(key)? {
        Some(telling) => format!("Told {}: {}", telling.how.in_words(), telling.who),
        None if of.batch.kind.is_posted() => "Letter".to_owned(),
        None => "To be told otherwise".to_owned(),
    };
    let state = match of.status {
        PostalStatus::Listed if of.batch.state == PostalState::Discarded => return Ok(None),
        PostalStatus::Listed => "on a list that waits".to_owned(),
        PostalStatus::Posted if of.batch.kind.is_posted() => format!("posted on {on}"),
        PostalStatus::Posted => format!("told on {on}"),
        PostalStatus::NotPosted => "did not happen after all".to_owned(),
        PostalStatus::Returned => {
            let back = of.closed_at.map(|at| at.format("%-d %b %Y").to_string());
            let (back, why) = (back.unwrap_or_default(), of.reason_in_words(key)?);
            format!("posted on {on}, came back: {why} (recorded on {back})")
        }
    };
    Ok(Some(PostalLine {
        batch: of.batch.id.to_string(),
        what,
        state,
        names: in_words(of.named, "en"),
    }))
}

fn believed_line(believed: &Believed) -> String {
    let what = match believed.in_scope {
        true => in_words(believed.exposed, "en"),
        false => "not affected".to_owned(),
    };
    format!("v{}: {what}", believed.scope)
}
