//! From the filter of the audit page to the query of the log.

use std::collections::BTreeSet;

use super::filter::Filter;
use crate::audit::EVERYTHING;
use crate::audit::search::Sought;
use crate::audit::store::found::Acts;
use crate::campaign;
use crate::db::{self, Conn};
use crate::id::{KeyId, LetterId, NoticeId, PostalId, SessionId, UpdateId, UploadId};
use crate::incident::{self, Incident};
use crate::postal;
use crate::recall;
use crate::web::console::incident::incident_at;
use crate::web::problem::Problem;

/// The maximum number of campaigns in the query of an incident.
const CAMPAIGNS: i64 = 1_000;
/// The prefixes of ids that actions have in their details: the subject is a larger thing.
const PARTS: [&str; 7] = [
    KeyId::PREFIX,
    LetterId::PREFIX,
    NoticeId::PREFIX,
    PostalId::PREFIX,
    SessionId::PREFIX,
    UpdateId::PREFIX,
    UploadId::PREFIX,
];

/// The query of a filter.
pub(crate) async fn of(conn: &mut Conn, filter: &Filter) -> Result<Sought, Problem> {
    let incident = match filter.incident.as_str() {
        "" => None,
        slug => Some(incident_at(conn, slug).await?),
    };
    let (from, to) = filter.times();
    let mut sought = Sought {
        subjects: None,
        acts: Acts {
            actor: filter.by.clone(),
            action: filter.act.clone(),
            from,
            to,
            ..Acts::default()
        },
    };
    if let Some(incident) = &incident {
        limit_to_incident(conn, &mut sought, incident).await?;
    }
    if !filter.on.is_empty() {
        limit_to(conn, &mut sought, &filter.on).await?;
    }
    Ok(sought)
}

/// Limits the query to the incident, its campaigns and recalls, and actions on everything since it was opened.
async fn limit_to_incident(
    conn: &mut Conn,
    sought: &mut Sought,
    of: &Incident,
) -> Result<(), Problem> {
    let campaigns = campaign::store::list(conn, Some(of.id), None, CAMPAIGNS).await?;
    let campaigns = campaigns.iter().map(|one| one.id.to_string());
    let recalls = recall::store::list(conn, of.id, None, CAMPAIGNS).await?;
    let recalls = recalls.iter().map(|one| one.id.to_string());
    let own = [of.id.to_string(), EVERYTHING.to_owned()];
    retain(sought, campaigns.chain(recalls).chain(own).collect());
    sought.acts.everything_from = Some(of.created_at);
    Ok(())
}

/// Limits the query to a subject: an id, the slug of an incident, or a name.
async fn limit_to(conn: &mut Conn, sought: &mut Sought, on: &str) -> Result<(), Problem> {
    if let Some(incident) = named(conn, on).await? {
        return limit_to_incident(conn, sought, &incident).await;
    }
    if !is_part(on) {
        retain(sought, BTreeSet::from([on.to_owned()]));
        return Ok(());
    }
    sought.acts.mentions = on.to_owned();
    if let Ok(id) = on.parse::<PostalId>() {
        match postal::store::find(conn, id).await {
            // The subject has an index.
            Ok(batch) => retain(sought, BTreeSet::from([batch.incident.to_string()])),
            Err(db::Error::Missing) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The incident with this slug, if there is one.
async fn named(conn: &mut Conn, slug: &str) -> Result<Option<Incident>, Problem> {
    match incident::store::find_by_slug(conn, slug).await {
        Ok(incident) => Ok(Some(incident)),
        Err(db::Error::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn retain(sought: &mut Sought, only: BTreeSet<String>) {
    sought.subjects = Some(match sought.subjects.take() {
        Some(all) => all.intersection(&only).cloned().collect(),
        None => only,
    });
}

/// Whether actions on this id have a larger thing as their subject.
fn is_part(on: &str) -> bool {
    on.split_once('_')
        .is_some_and(|(prefix, _)| PARTS.contains(&prefix))
}

/// Whether this has the form of a subject of the log, not of a reference or a name.
pub(crate) fn is_subject(on: &str) -> bool {
    let is_id = on.split_once('_').is_some_and(|(prefix, id)| {
        prefix.len() == 3 && id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit())
    });
    is_id || on.contains(" /") || on.chars().all(|c| c.is_ascii_lowercase())
}
