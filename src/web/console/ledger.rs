//! One person: what lists say of them, what was written to them, and what was believed of them then.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::account::{PersonLine, line};
use super::around;
use super::person::changed_hands;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::Campaign;
use crate::db::Conn;
use crate::element::in_words;
use crate::id::PersonId;
use crate::notice::Notice;
use crate::person::{self, Believed, revoke};
use crate::postal::{self, Item, PostalState, PostalStatus};
use crate::seal::{Broken, IncidentKey};
use crate::staff::Right;
use crate::staff::right::{RevokeLinks, SeePeople};
use crate::web::caller::Allowed;
use crate::web::conversation::kind_in_words;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::person_lookup;
use crate::web::problem::{Answer, Problem};

/// `/console/people/{id}`
#[derive(Template)]
#[template(path = "console/ledger.html")]
pub struct Ledger {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Who.
    pub person: PersonLine,
    /// That their reference names another person now, or named another one; empty if it did not change hands.
    pub reference_changed: String,
    /// What was named to them.
    pub named: String,
    /// Whether they were told anything so far.
    pub told: bool,
    /// What they were told of that is not theirs.
    pub wrong: String,
    /// What changes how, or whether, we write.
    pub flags: String,
    /// What every campaign wrote to them, newest first.
    pub notices: Vec<Told>,
    /// Letters to them, and how they were told otherwise, newest first.
    pub letters: Vec<Letter>,
    /// Whether notices may be opened.
    pub may_open: bool,
    /// Whether this person may end the links that were sent.
    pub may_revoke: bool,
}

impl Ledger {
    /// Where the button posts to that ends their links.
    fn revoke_to(&self) -> String {
        format!("/console/people/{}/revoke-links", self.person.id)
    }
}

/// A letter on paper, or another way in which they were told.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The list.
    pub batch: String,
    /// What it was.
    pub what: String,
    /// What became of it.
    pub state: String,
    /// The elements it names.
    pub names: String,
}

/// What one campaign wrote.
#[derive(Debug, Clone)]
pub struct Told {
    /// The notice's id.
    pub id: String,
    /// Why it was sent.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// When it last changed.
    pub at: Moment,
    /// The elements it names.
    pub names: String,
    /// What was believed to be exposed then, and by which version of the scope; empty before any.
    pub believed: String,
}

/// `GET /console/people/{id}`.
///
/// # Errors
/// 404, also for somebody of a forgotten incident.
pub async fn show(
    who: Allowed<SeePeople>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PersonId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let (of, person) = person_lookup::find(&app, &mut conn, *id).await?;
    let (campaigns, written) = person_lookup::written_to(&mut conn, of.id, *id).await?;
    let mut notices = Vec::new();
    for notice in &written {
        notices.push(told(&mut conn, notice, &campaigns).await?);
    }
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    let key = key.ok_or_else(Problem::not_found)?;
    let letters = postal::store::of_person(&mut conn, *id).await?;
    let letters = letters
        .iter()
        .rev()
        .filter_map(|one| letter(one, &key).transpose());
    let letters = letters.collect::<Result<_, _>>().map_err(Problem::broken)?;
    let page = Ledger {
        letters,
        desk: around::desk(&app, &mut conn, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        person: line(&person),
        reference_changed: person::store::reference_of(&mut conn, *id)
            .await?
            .map(changed_hands)
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

/// `POST /console/people/{id}/revoke-links`.
///
/// # Errors
/// 404, also for somebody of a forgotten incident.
pub async fn revoke_links(
    who: Allowed<RevokeLinks>,
    app: Data<App>,
    id: Path<PersonId>,
    _form: Form<Nothing>,
) -> Answer {
    person_lookup::find(&app, &mut *app.db.get().await?, *id).await?;
    revoke::links(&app, who.id, *id).await?;
    Ok(around::on_to(
        &format!("/console/people/{}", *id),
        "revoked",
    ))
}

async fn told(conn: &mut Conn, notice: &Notice, of: &[Campaign]) -> Result<Told, Problem> {
    let at = notice.settled_at.unwrap_or(notice.created_at);
    let believed = person::store::believed(conn, notice.person, at).await?;
    Ok(Told {
        id: notice.id.to_string(),
        kind: person_lookup::campaign_of(of, notice)
            .map(|campaign| kind_in_words(campaign.kind))
            .unwrap_or_default()
            .to_owned(),
        status: notice.status.to_string(),
        at: Moment::row(at),
        names: in_words(notice.named, "en"),
        believed: believed.as_ref().map(in_a_line).unwrap_or_default(),
    })
}

/// A letter of a list that was not discarded.
fn letter(of: &Item, key: &IncidentKey) -> Result<Option<Letter>, Broken> {
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
    Ok(Some(Letter {
        batch: of.batch.id.to_string(),
        what,
        state,
        names: in_words(of.named, "en"),
    }))
}

fn in_a_line(believed: &Believed) -> String {
    let what = match believed.in_scope {
        true => in_words(believed.exposed, "en"),
        false => "not affected".to_owned(),
    };
    format!("v{}: {what}", believed.scope)
}
