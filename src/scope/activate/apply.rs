//! The transactions that put a version in force: of a first list, of a short one, bucket by bucket of a long one.

use chrono::{DateTime, Utc};
use futures_util::{TryStreamExt, stream};
use serde_json::json;

use super::super::consent::{self, Consent};
use super::super::delta::Delta;
use super::super::store::{self, Own, Span};
use super::super::{ScopeMode, Version};
use super::asked::lock_agreed;
use super::{ActivateError, answered};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::campaign;
use crate::db::retry::retried;
use crate::db::{self, Conn, bell};
use crate::id::{BUCKETS, IncidentId, StaffId};
use crate::incident;
use crate::person;
use crate::person::store::Moves;
use crate::postal::{self, PostalError};
use crate::staff::replay::store::mark_done;
use crate::ticket;

/// How many buckets are worked on at once. Four are no faster, and leave the senders less.
const AT_WORK: usize = 2;

/// A first list: its people are in a table that becomes part of all, whatever its length.
pub(super) async fn whole(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    draft: &Version,
    consent: &Consent,
) -> Result<Version, ActivateError> {
    let own = Own::new(incident, draft.version);
    let mut tx = app.db.begin().await?;
    let net = store::record_applied(&mut tx, Span::all(incident, draft.version), app.now()).await?;
    let come = store::count_own(&mut tx, &own).await?;
    move_accounts(&mut tx, net, &come).await?;
    lock_agreed(&mut tx, incident, draft, consent).await?;
    begin(&mut tx, app, by, (incident, draft), consent).await?;
    let active = end(&mut tx, app, incident, draft).await?;
    store::attach_own(&mut tx, &own).await?;
    tx.commit().await?;
    Ok(active)
}

pub(super) async fn at_once(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    draft: &Version,
    consent: &Consent,
) -> Result<Version, ActivateError> {
    let others = consent::is_another_person(consent);
    let mut tx = app.db.begin().await?;
    let draft = &answered(&mut tx, incident, draft, others).await?;
    // The incident's row before its people: senders who settle them do not wait for the row.
    lock_agreed(&mut tx, incident, draft, consent).await?;
    let span = Span::all(incident, draft.version);
    apply(&mut tx, span, draft, app.now()).await?;
    // Before the audit log, as agents lock them.
    ticket::store::weigh_again(&mut tx, incident, draft.version).await?;
    take_back_kin(app, &mut tx, span).await?;
    begin(&mut tx, app, by, (incident, draft), consent).await?;
    let active = end(&mut tx, app, incident, draft).await?;
    tx.commit().await?;
    Ok(active)
}

pub(super) async fn by_bucket(
    app: &App,
    incident: IncidentId,
    half: &Version,
) -> Result<Version, ActivateError> {
    let done = store::list_applied(&mut *app.db.get().await?, incident, half.version).await?;
    let left = (0..BUCKETS).filter(|bucket| done.iter().all(|(done, ..)| done != bucket));
    stream::iter(left.map(Ok::<_, ActivateError>))
        .try_for_each_concurrent(AT_WORK, |bucket| {
            retried(move || one_bucket(app, incident, half, bucket))
        })
        .await?;
    let mut tx = app.db.begin().await?;
    ticket::store::weigh_again(&mut tx, incident, half.version).await?;
    let active = end(&mut tx, app, incident, half).await?;
    tx.commit().await?;
    Ok(active)
}

async fn one_bucket(
    app: &App,
    incident: IncidentId,
    half: &Version,
    bucket: i32,
) -> Result<(), ActivateError> {
    // The commit that puts the version in force waits for the disk, and does so for all.
    let mut tx = app.db.begin_unhurried().await?;
    let span = Span {
        incident,
        version: half.version,
        from: bucket,
        to: bucket + 1,
    };
    store::by_bucket(&mut tx).await?;
    apply(&mut tx, span, half, app.now()).await?;
    take_back_kin(app, &mut tx, span).await?;
    Ok(tx.commit().await?)
}

/// Records the activation before any person changes. The incident's row must be locked ([`lock_agreed`]): audiences are
/// frozen from a version that is wholly in force, and their senders hold this row, too.
pub(super) async fn begin(
    conn: &mut Conn,
    app: &App,
    by: StaffId,
    (incident, draft): (IncidentId, &Version),
    consent: &Consent,
) -> Result<(), ActivateError> {
    let state = incident::store::find(conn, incident).await?.state;
    if state.is_over() {
        return Err(ActivateError::Over(state));
    }
    store::set_activating(conn, incident, draft.version, by).await?;
    let detail = json!({
        "version": draft.version, "delta": draft.delta.as_ref().map(Delta::as_shown),
        "confirmed": consent.confirmed(),
    });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(conn, now, actor, Action::ScopeActivate, incident, &detail).await?;
    // From here on the activation is completed, also after a crash.
    mark_done(conn).await?;
    Ok(())
}

/// Puts the version in force once every bucket has it, if it brought what the draft said.
async fn end(
    conn: &mut Conn,
    app: &App,
    incident: IncidentId,
    half: &Version,
) -> Result<Version, ActivateError> {
    let version = half.version;
    let applied = store::list_applied(conn, incident, version).await?;
    let brought = applied.iter().map(|(_, added, _)| added).sum::<i64>();
    let took = applied
        .iter()
        .map(|(_, _, retracted)| retracted)
        .sum::<i64>();
    let promised = half.delta.clone().unwrap_or_default();
    let whole = i64::try_from(applied.len()).is_ok_and(|n| n == i64::from(BUCKETS));
    if !whole || (brought, took) != (promised.people_added, promised.people_retracted) {
        return Err(broken(version));
    }
    store::set_active(conn, incident, version, app.now()).await?;
    incident::store::set_active_scope(conn, incident, version).await?;
    let mut active = store::find(conn, incident, version).await?;
    if let Some(delta) = active.delta.as_mut().filter(|_| takes_back(half)) {
        // Sending went on since the question was answered.
        let told = store::told_too_much(conn, incident, version).await?;
        if told > delta.told_too_much {
            delta.told_too_much = told;
            store::set_delta(conn, incident, version, delta).await?;
        }
    }
    Ok(active)
}

/// Whether a version takes elements back from people who stay in scope.
fn takes_back(of: &Version) -> bool {
    let delta = of.delta.as_ref();
    delta.is_some_and(|delta| delta.elements_retracted > 0)
}

fn broken(version: i32) -> ActivateError {
    ActivateError::Db(db::Error::inconsistent("scope_version", version))
}

/// Applies the staged rows of a span, and moves the account by as many people as they bring.
async fn apply(
    conn: &mut Conn,
    span: Span,
    of: &Version,
    at: DateTime<Utc>,
) -> Result<(), ActivateError> {
    let net = store::record_applied(conn, span, at).await?;
    person::store::lock(conn, span.incident, span.from..span.to).await?;
    if takes_back(of) {
        store::record_told_too_much(conn, span).await?;
    }
    let others = of
        .delta
        .as_ref()
        .is_some_and(|delta| delta.another_people > 0);
    let mut moved = match others {
        true => store::apply_former(conn, span).await?,
        false => Vec::new(),
    };
    moved.extend(store::apply_listed(conn, span).await?);
    if of.mode == ScopeMode::Full {
        moved.extend(store::apply_unlisted(conn, span).await?);
    }
    // Senders read the people of these buckets again before they write to them.
    bell::ring(conn, campaign::store::GATE).await?;
    let mut moves = Moves::of(span.incident);
    for some in &moved {
        moves.add(some)?;
    }
    move_accounts(conn, net, &moves).await
}

/// Takes back what was told to the next of kin of people of a span who live, as the list now says. It writes to the
/// audit log: after whatever locks tickets.
async fn take_back_kin(app: &App, conn: &mut Conn, span: Span) -> Result<(), ActivateError> {
    let buckets = span.from..span.to;
    let taken = postal::returned::take_back_kin(app, conn, span.incident, buckets).await;
    taken.map_err(|error| match error {
        PostalError::Forgotten => ActivateError::Forgotten,
        PostalError::Db(error) => error.into(),
        _ => ActivateError::Db(db::Error::inconsistent("postal_item", span.incident)),
    })
}

/// Moves the account, if both counts of the same transaction agree.
async fn move_accounts(conn: &mut Conn, net: i64, moves: &Moves) -> Result<(), ActivateError> {
    if moves.in_scope() != net {
        let incident = moves.incident();
        return Err(db::Error::inconsistent("account_count", incident).into());
    }
    Ok(person::store::book(conn, moves).await?)
}
