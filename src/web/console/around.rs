//! What the pages of the comms side share: the frame with the emergency stop, the answer to the last
//! act, names for ids, the account of an incident, who did what.

mod on_what;

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};

use self::on_what::on_what;
use super::{Account, Done};
use crate::actor::system_in_words;
use crate::app::App;
use crate::audit::Action;
use crate::audit::action::in_words;
use crate::db::Conn;
use crate::id::{StaffId, TemplateId};
use crate::incident::Incident;
use crate::seal::{IncidentKey, from_hex};
use crate::web::caller::Signed;
use crate::web::frame;
use crate::web::page::{Area, Desk, Flash, Moment, Tone};
use crate::web::problem::{Kind, Problem};
use crate::{audit, incident, notice, staff, template};

/// What a page may say about the last act, by the word in its address.
const ACTS: &[(&str, &str)] = &[
    ("stopped", "All sending is stopped. Nothing is lost."),
    (
        "stopped-unrecorded",
        "All sending is stopped. The audit log cannot be written now: the entry follows as soon as it can.",
    ),
    ("started", "Sending is allowed again."),
    (
        "started-unrecorded",
        "Sending is allowed again. The audit log cannot be written now: the entry follows as soon as it can.",
    ),
    (
        "opened",
        "The incident is open. Import the affected list next.",
    ),
    ("moved", "The state of the incident is changed."),
    (
        "facts",
        "The fact sheet is saved. Nothing of it is public before you publish it.",
    ),
    (
        "facts-void",
        "The fact sheet is saved. Nothing of it is public before you publish it. Approvals given before are void.",
    ),
    (
        "facts-published",
        "The fact sheet is public: on the incident's page and on status pages.",
    ),
    ("published", "The update is public."),
    (
        "forgotten",
        "The key is destroyed: nobody can read who these people were. The figures stay.",
    ),
    (
        "imported",
        "The list is read. Nothing takes effect before you activate it.",
    ),
    (
        "added",
        "The rows are added to the draft. Nothing takes effect before you activate it.",
    ),
    ("activated", "This version is in force."),
    (
        "activating",
        "It is being put in force. The account is exact at every moment.",
    ),
    ("waits", "Nothing has changed. The draft waits."),
    ("discarded", "The draft is discarded."),
    ("saved", "The new version is saved."),
    (
        "drafted",
        "The campaign is drafted. Submit it when it is ready.",
    ),
    (
        "submit",
        "Submitted. A second person approves exactly this.",
    ),
    ("approve", "Approved. It can be launched now."),
    ("take-back", "Taken back to its draft."),
    ("launch", "Launched. Messages are on their way."),
    ("pause", "Paused. No further message leaves."),
    ("resume", "It goes on."),
    ("cancel", "Cancelled. What had not left never will."),
    (
        "listed",
        "The list is taken. Download its file below, and record there when that is done.",
    ),
    ("posted", "Recorded: the letters of this list were posted."),
    ("told", "Recorded: they were told."),
    (
        "returned",
        "Recorded. The people whose letters came back need a letter again.",
    ),
    (
        "unlisted",
        "The list is discarded. Its people belong on the next one.",
    ),
    ("minors", "The choice for minors is saved."),
    (
        "revoked",
        "Their links have ended. What we send them from now on has a new one.",
    ),
    (
        "key-revoked",
        "The key is revoked. It opens nothing any more.",
    ),
];

/// The frame of a page, with the emergency stop and the answer to the last act.
///
/// # Errors
/// The database's.
pub async fn desk(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    area: Area,
) -> Result<Desk, Problem> {
    let desk = frame::console(app, conn, req, who, area).await?;
    Ok(Desk {
        flash: flash(req),
        ..desk
    })
}

fn flash(req: &HttpRequest) -> Option<Flash> {
    let query = Query::<BTreeMap<String, String>>::from_query(req.query_string()).ok()?;
    said(query.get("did")?)
}

/// What a page says about an act, by its word.
pub fn said(act: &str) -> Option<Flash> {
    let (_, text) = ACTS.iter().find(|(word, _)| *word == act)?;
    Some(Flash {
        tone: Tone::Done,
        text: (*text).to_owned(),
    })
}

/// Sends the browser to a page that says what was done, by its word.
pub fn on_to(page: &str, act: &str) -> HttpResponse {
    let to = format!("{page}?did={act}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// The incident that an address names.
///
/// # Errors
/// 404.
pub async fn incident_at(conn: &mut Conn, slug: &str) -> Result<Incident, Problem> {
    Ok(incident::store::find_by_slug(conn, slug).await?)
}

/// What staff are called.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<StaffId, String>);

impl Names {
    /// Everybody's; they are few.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn) -> Result<Self, Problem> {
        let staff = staff::store::list(conn).await?;
        Ok(Self(
            staff.into_iter().map(|one| (one.id, one.name)).collect(),
        ))
    }

    /// Of an account.
    pub fn of(&self, id: StaffId) -> String {
        self.0
            .get(&id)
            .cloned()
            .unwrap_or_else(|| "Somebody".to_owned())
    }

    /// Of a doer as `Actor` is written.
    pub fn of_actor(&self, actor: &str) -> String {
        match actor.split_once(':') {
            Some(("staff", id)) => id
                .parse()
                .map_or_else(|_| "Somebody".to_owned(), |id| self.of(id)),
            Some(("customer", _)) => "A customer".to_owned(),
            Some(("system", part)) => system_in_words(part).to_owned(),
            _ => "Candor".to_owned(),
        }
    }
}

/// What templates are called: campaigns bear their names.
///
/// # Errors
/// The database's.
pub async fn template_names(conn: &mut Conn) -> Result<BTreeMap<TemplateId, String>, Problem> {
    let all = template::store::list(conn).await?;
    Ok(all.into_iter().map(|one| (one.id, one.name)).collect())
}

/// The account of an incident; none before a scope is in force.
///
/// # Errors
/// The database's.
pub async fn account(
    conn: &mut Conn,
    of: &Incident,
    now: DateTime<Utc>,
) -> Result<Option<Account>, Problem> {
    if of.active_scope.is_none() {
        return Ok(None);
    }
    let counted = notice::account::account(conn, of.id).await?;
    Ok(Some(Account::of(&counted, now)))
}

/// How many acts a page shows with what they were done to.
const LATEST_ACTS: usize = 20;

/// The latest acts done to something, and whether there are older ones.
///
/// # Errors
/// The database's.
pub async fn log(
    conn: &mut Conn,
    subject: impl ToString,
    now: DateTime<Utc>,
) -> Result<(Vec<Done>, bool), Problem> {
    log_opened(conn, subject, now, None).await
}

/// The same; reasons that are sealed are opened with this key, for this owner.
///
/// # Errors
/// The database's.
pub async fn log_opened(
    conn: &mut Conn,
    subject: impl ToString,
    now: DateTime<Utc>,
    key: Option<(&IncidentKey, &[u8])>,
) -> Result<(Vec<Done>, bool), Problem> {
    let names = Names::load(conn).await?;
    let most = i64::try_from(LATEST_ACTS + 1).unwrap_or(i64::MAX);
    let mut events = audit::store::list(conn, &subject.to_string(), most).await?;
    let has_older = events.len() > LATEST_ACTS;
    events.truncate(LATEST_ACTS);
    let line = |event: audit::Event| Done {
        who: names.of_actor(&event.actor),
        what: reasoned(&event, key),
        at: Moment::ago(event.at, now),
    };
    Ok((events.into_iter().map(line).collect(), has_older))
}

/// What an act did, with its reason if one is in the log.
fn reasoned(event: &audit::Event, key: Option<(&IncidentKey, &[u8])>) -> String {
    let action = Action::parse(&event.action);
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    if let (Some(from), Some(to)) = (detail["from"].as_str(), detail["to"].as_str())
        && action == Some(Action::IncidentMove)
    {
        return format!("moved the incident from {from} to {to}");
    }
    let opened = || {
        let (key, owner) = key?;
        let sealed = from_hex(detail["reason_sealed"].as_str()?)?;
        String::from_utf8(key.open(owner, &sealed).ok()?).ok()
    };
    match detail["reason"]
        .as_str()
        .map(ToOwned::to_owned)
        .or_else(opened)
    {
        Some(reason) => format!("{}: {reason}", in_words(&event.action)),
        None => in_words(&event.action) + &on_what(action, &detail),
    }
}

/// The doer of the newest deed done to something, and when.
///
/// # Errors
/// The database's.
pub async fn last_deed(
    conn: &mut Conn,
    subject: impl ToString,
) -> Result<Option<(String, DateTime<Utc>)>, Problem> {
    let events = audit::store::list(conn, &subject.to_string(), 1).await?;
    Ok(events
        .into_iter()
        .next()
        .map(|event| (event.actor, event.at)))
}

/// The problem of a page that shows what is no longer so.
pub fn out_of_date() -> Problem {
    Problem::new(Kind::Changed).because("this changed since your page was loaded; load it again")
}
