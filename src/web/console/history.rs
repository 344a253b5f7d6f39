//! The history of a thing on its page: who did what and when, read from the audit log.

mod object;

use chrono::{DateTime, Utc};

use self::object::object;
use super::names::in_words as in_words_of;
use crate::audit::action::in_words;
use crate::audit::{self, Action};
use crate::db::Conn;
use crate::seal::{IncidentKey, from_hex};
use crate::staff;
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// One line of a history.
#[derive(Debug, Clone)]
pub struct HistoryLine {
    /// The name of a member of staff, or `Candor`.
    pub who: String,
    /// What was done, a sentence without its subject: `paused the campaign`.
    pub what: String,
    /// When it was done.
    pub at: Moment,
}

/// How many actions a page shows.
const LATEST: usize = 20;

/// The latest actions on a subject, and whether there are older ones.
///
/// # Errors
/// Database errors.
pub(crate) async fn history(
    conn: &mut Conn,
    subject: impl ToString,
    now: DateTime<Utc>,
) -> Result<(Vec<HistoryLine>, bool), Problem> {
    lines(conn, subject, None, |at| Moment::ago(at, now)).await
}

/// The same as [`history()`] with exact times. Sealed reasons are opened with this key for this owner.
///
/// # Errors
/// Database errors.
pub(crate) async fn history_with_reasons(
    conn: &mut Conn,
    subject: impl ToString,
    key: Option<(&IncidentKey, &[u8])>,
) -> Result<(Vec<HistoryLine>, bool), Problem> {
    lines(conn, subject, key, Moment::row).await
}

async fn lines(
    conn: &mut Conn,
    subject: impl ToString,
    key: Option<(&IncidentKey, &[u8])>,
    moment: impl Fn(DateTime<Utc>) -> Moment,
) -> Result<(Vec<HistoryLine>, bool), Problem> {
    let most = i64::try_from(LATEST + 1).unwrap_or(i64::MAX);
    let mut events = staff::store::history(conn, &subject.to_string(), most).await?;
    let has_older = events.len() > LATEST;
    events.truncate(LATEST);
    let line = |(event, name): (audit::Event, Option<String>)| HistoryLine {
        who: name.unwrap_or_else(|| in_words_of(&event.actor)),
        what: with_reason(&event, key),
        at: moment(event.at),
    };
    Ok((events.into_iter().map(line).collect(), has_older))
}

/// What was done, with the reason if one is on record.
fn with_reason(event: &audit::Event, key: Option<(&IncidentKey, &[u8])>) -> String {
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
        None => in_words(&event.action) + &object(action, &detail),
    }
}
