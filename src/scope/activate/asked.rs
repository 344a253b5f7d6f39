//! What is asked about a draft, with the numbers as they are now.

use super::super::consent::{self, Consent, Question, ToldSoFar};
use super::super::delta::Delta;
use super::super::difference::AT_ONCE;
use super::super::store;
use super::super::{ScopeStatus, Version};
use super::error::ActivateError;
use super::under_way::{count_ending, under_way};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident;

pub(super) fn percent(app: &App) -> u32 {
    app.config.scope.reject_percent
}

pub(super) fn has_no_count(draft: &Version) -> bool {
    let delta = draft.delta.as_ref();
    delta.is_none_or(|delta| delta.flags_lifted.is_none())
}

/// How many people were told by now of what a draft changes. What takes a long list to count is as of when it was
/// compared, or as an activation found it since ([`told_now`]).
async fn told(conn: &mut Conn, incident: IncidentId, draft: &Version) -> db::Result<ToldSoFar> {
    if rows(draft) <= AT_ONCE {
        return told_now(conn, incident, draft).await;
    }
    let delta = draft.delta.clone().unwrap_or_default();
    let (is_sending, ends) = under_way(conn, incident).await?;
    Ok(ToldSoFar {
        another: delta.identity_changes_told,
        too_much: delta.told_too_much,
        is_sending,
        ends,
    })
}

/// How many people were told by now of what a draft changes.
pub(super) async fn told_now(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
) -> db::Result<ToldSoFar> {
    let delta = draft.delta.as_ref();
    let (is_sending, ends) = under_way(conn, incident).await?;
    Ok(ToldSoFar {
        is_sending,
        ends,
        another: match delta.is_some_and(|delta| delta.identity_changes > 0) {
            true => store::count_another_told(conn, incident, draft.version).await?,
            false => 0,
        },
        too_much: match delta.is_some_and(|delta| delta.elements_retracted > 0) {
            true => store::count_told_too_much(conn, incident, draft.version).await?,
            false => 0,
        },
    })
}

/// Keeps new numbers with the draft; its page shows them. Only who holds the lock may write them.
pub(super) async fn keep_told(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
    told: &ToldSoFar,
) -> db::Result<()> {
    match &draft.delta {
        Some(delta)
            if (delta.identity_changes_told, delta.told_too_much)
                != (told.another, told.too_much) =>
        {
            let delta = Delta {
                identity_changes_told: told.another,
                told_too_much: told.too_much,
                ..delta.clone()
            };
            store::set_delta(conn, incident, draft.version, &delta).await
        }
        _ => Ok(()),
    }
}

/// Locks the list of an incident, and refuses if more campaigns end than was agreed to: one may have been launched since it
/// was asked. None is launched from here on.
pub(super) async fn lock_agreed(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
    consent: &Consent,
) -> Result<(), ActivateError> {
    incident::store::lock_scope(conn, incident).await?;
    let Some(agreed) = consent.campaigns_ended() else {
        return Ok(());
    };
    let number = count_ending(conn, incident).await?;
    if number <= agreed {
        return Ok(());
    }
    let (_, campaigns) = under_way(conn, incident).await?;
    Err(ActivateError::Unconfirmed {
        version: draft.version,
        questions: vec![Question::CampaignsEnd { number, campaigns }],
    })
}

/// How many rows of people an activation writes at most.
pub(super) fn rows(of: &Version) -> i64 {
    let retracted = of.delta.as_ref().map_or(0, |delta| delta.people_retracted);
    of.accepted + retracted
}

/// How many people were told something and leave the scope as a draft is put in force. Of a long list it is as of when it
/// was compared.
///
/// # Errors
/// The database's.
pub async fn told_retracted(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
) -> db::Result<i64> {
    let delta = draft.delta.as_ref();
    match delta.map_or(0, |delta| delta.people_retracted) {
        0 => Ok(0),
        _ if rows(draft) > AT_ONCE => Ok(delta.map_or(0, |delta| delta.told_retracted)),
        _ => store::count_told_retracted(conn, incident, draft.version, draft.mode).await,
    }
}

/// What must be confirmed before a version can be put in force; nothing unless it is a draft.
///
/// # Errors
/// The database's.
pub async fn questions(
    app: &App,
    conn: &mut Conn,
    incident: IncidentId,
    of: &Version,
) -> db::Result<Vec<Question>> {
    if of.status != ScopeStatus::Draft || of.accepted == 0 {
        return Ok(Vec::new());
    }
    let told = told(conn, incident, of).await?;
    Ok(consent::questions(of, &told, percent(app)))
}
