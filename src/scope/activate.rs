//! Putting a drafted version in force, or throwing it away.

mod asked;
mod error;
mod under_way;

use std::future::Future;

use chrono::{DateTime, Utc};
use futures_util::{TryStreamExt, stream};
use serde_json::json;

pub use self::asked::questions;
use self::asked::{has_no_count, keep_told, percent, rows, told_now};
pub use self::error::ActivateError;
pub(in crate::scope) use self::error::over;
use super::consent::{self, Consent};
use super::difference::{self, AT_ONCE};
use super::store::{self, Own, Span, Which};
use super::{ScopeMode, ScopeStatus, Version};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::campaign;
use crate::db::{self, Conn, bell};
use crate::deployment;
use crate::id::{BUCKETS, IncidentId, StaffId};
use crate::incident;
use crate::person;
use crate::person::store::Moves;
use crate::postal::{self, PostalError};
use crate::staff::replay::store::mark_done;
use crate::ticket;

/// How many buckets are worked on at once. Four are no faster, and leave the senders less.
const AT_WORK: usize = 2;
/// How often a transaction that met another is tried.
const TRIES: usize = 10;

/// Puts a draft in force: its people come in, change or leave, the account moves by exactly as many, and
/// the version before it is superseded.
///
/// A large list goes bucket by bucket, each in a transaction of its own, so that nobody waits long for a
/// person; the account is exact after each. A version that was left half way, by a crash or a caller who
/// went, is taken up where it stands.
///
/// `consent` answers what is asked about a draft: [`questions`] tells what.
///
/// # Errors
/// [`ActivateError`]; then nothing has changed, or [`resume`] and this call go on where it stands.
pub async fn activate(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    consent: Consent,
) -> Result<Version, ActivateError> {
    // It may take long.
    let app = &app.patient().apart();
    let client = app.db.raw().await?;
    if !store::try_lock_session(&client, incident).await? {
        return Err(ActivateError::Busy);
    }
    let done = under_lock(app, by, incident, version, &consent).await;
    if done.is_ok() {
        // What is left if this fails, the next import or activation of the incident sweeps.
        let _ = store::sweep(&client, incident).await;
    }
    // The end of the connection would release it too, but only soon.
    let _ = store::unlock_session(&client, incident).await;
    done
}

async fn under_lock(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    consent: &Consent,
) -> Result<Version, ActivateError> {
    let mut conn = app.db.get().await?;
    let found = find(&mut conn, incident, version).await?;
    let is_first = store::is_first(&mut conn, incident).await?;
    if found.status == ScopeStatus::Draft {
        is_as_seen(&found, consent.revision())?;
        if let Some(doubt) = deployment::store::doubt(&mut conn).await? {
            return Err(ActivateError::InDoubt(Box::new(doubt)));
        }
        if found.accepted == 0 {
            return Err(ActivateError::Empty(version));
        }
        if !is_first && has_no_count(&found) {
            return Err(ActivateError::Outdated(version));
        }
        let told = told_now(&mut conn, incident, &found).await?;
        keep_told(&mut conn, incident, &found, &told).await?;
        let questions = consent::unanswered(&found, &told, percent(app), consent);
        if !questions.is_empty() {
            return Err(ActivateError::Unconfirmed { version, questions });
        }
    }
    drop(conn);
    let others = consent::is_another_person(consent);
    match found.status {
        ScopeStatus::Draft if is_first => retried(|| whole(app, by, incident, &found)).await,
        ScopeStatus::Draft if rows(&found) <= AT_ONCE => {
            retried(|| at_once(app, by, incident, &found, others)).await
        }
        ScopeStatus::Draft => {
            let mut tx = app.db.begin().await?;
            let found = answered(&mut tx, incident, &found, others).await?;
            begin(&mut tx, app, by, incident, &found).await?;
            tx.commit().await?;
            by_bucket(app, incident, &found).await
        }
        ScopeStatus::Activating => {
            // It was begun before, and goes on whatever comes now.
            let mut tx = app.db.begin().await?;
            mark_done(&mut tx).await?;
            tx.commit().await?;
            by_bucket(app, incident, &found).await
        }
        status => Err(ActivateError::NotADraft { version, status }),
    }
}

/// The draft with the answer about references that seem to name another person: if they do, their rows are marked
/// and what the draft changes is computed again.
async fn answered(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
    others: bool,
) -> Result<Version, ActivateError> {
    let before = draft.delta.clone().unwrap_or_default();
    if !others || before.identity_changes == 0 {
        return Ok(draft.clone());
    }
    let version = draft.version;
    let marked = store::set_other(conn, incident, version).await?;
    if marked != before.identity_changes {
        return Err(ActivateError::Outdated(version));
    }
    let mut difference = difference::of_draft(conn, incident, draft, None, &before).await?;
    difference.delta.another_people = marked;
    let counts = (draft.accepted, draft.rejected);
    let what = (&difference.delta, &difference.brings);
    let place = (incident, version);
    store::set_draft(conn, place, ScopeStatus::Draft, None, counts, what).await?;
    Ok(store::find(conn, incident, version).await?)
}

/// Ends what was left half in force, of one incident or of all, whoever began it. Meant to be called now
/// and then.
///
/// # Errors
/// The first that ends one of them; [`ActivateError::Busy`] is none, somebody is at work then.
pub async fn resume(app: &App, only: Option<IncidentId>) -> Result<(), ActivateError> {
    // It may take long.
    let app = &app.patient().apart();
    let mut half = store::list_activating(&mut *app.db.get().await?).await?;
    half.retain(|(incident, _)| only.is_none_or(|only| only == *incident));
    for (incident, version) in half {
        let mut conn = app.db.get().await?;
        let by = store::find(&mut conn, incident, version)
            .await?
            .activating_by;
        drop(conn);
        let Some(by) = by else { continue };
        match activate(app, by, incident, version, Consent::Given).await {
            // Ended meanwhile, in other hands, or nobody's any more.
            Ok(_)
            | Err(
                ActivateError::Busy | ActivateError::Forgotten | ActivateError::NotADraft { .. },
            ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Does a transaction again if it met another one.
async fn retried<T, F: Future<Output = Result<T, ActivateError>>>(
    once: impl Fn() -> F,
) -> Result<T, ActivateError> {
    let mut tries = 1;
    loop {
        match once().await {
            Err(ActivateError::Db(db::Error::Retry)) if tries < TRIES => tries += 1,
            other => return other,
        }
    }
}

/// A first list: its people are in a table that becomes part of all, whatever its length.
async fn whole(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    draft: &Version,
) -> Result<Version, ActivateError> {
    let own = Own::new(incident, draft.version);
    let mut tx = app.db.begin().await?;
    let net = store::record_applied(&mut tx, Span::all(incident, draft.version), app.now()).await?;
    let come = store::count_own(&mut tx, &own).await?;
    move_accounts(&mut tx, net, &come).await?;
    begin(&mut tx, app, by, incident, draft).await?;
    let active = end(&mut tx, app, incident, draft).await?;
    store::attach_own(&mut tx, &own).await?;
    tx.commit().await?;
    Ok(active)
}

async fn at_once(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    draft: &Version,
    others: bool,
) -> Result<Version, ActivateError> {
    let mut tx = app.db.begin().await?;
    let draft = &answered(&mut tx, incident, draft, others).await?;
    // The incident's row before its people: senders who settle them do not wait for the row.
    incident::store::lock_scope(&mut tx, incident).await?;
    let span = Span::all(incident, draft.version);
    apply(&mut tx, span, draft, app.now()).await?;
    // Before the audit log, as agents lock them.
    ticket::store::weigh_again(&mut tx, incident, draft.version).await?;
    take_back_kin(app, &mut tx, span).await?;
    begin(&mut tx, app, by, incident, draft).await?;
    let active = end(&mut tx, app, incident, draft).await?;
    tx.commit().await?;
    Ok(active)
}

async fn by_bucket(
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

/// The deed is on record before anybody's data change.
async fn begin(
    conn: &mut Conn,
    app: &App,
    by: StaffId,
    incident: IncidentId,
    draft: &Version,
) -> Result<(), ActivateError> {
    // Audiences are frozen from a version that is wholly in force: their senders hold this row, too.
    incident::store::lock_scope(conn, incident).await?;
    let state = incident::store::find(conn, incident).await?.state;
    if state.is_over() {
        return Err(ActivateError::Over(state));
    }
    store::set_activating(conn, incident, draft.version, by).await?;
    let detail = json!({ "version": draft.version, "delta": draft.delta });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(conn, now, actor, "scope.activate", incident, &detail).await?;
    // Whatever comes now, it goes on.
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

/// Refuses a draft that has changed since it was seen, if it is said which revision was.
fn is_as_seen(draft: &Version, seen: Option<&str>) -> Result<(), ActivateError> {
    match seen {
        Some(seen) if seen != draft.revision() => Err(ActivateError::Changed {
            version: draft.version,
            accepted: draft.accepted,
            rejected: draft.rejected,
        }),
        _ => Ok(()),
    }
}

/// Throws a draft away, with its staged rows and its rejects.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn discard(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
) -> Result<(), ActivateError> {
    discard_seen(app, by, incident, version, None).await
}

/// Throws a draft away, if it still has the revision that was seen.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn discard_seen(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    seen: Option<&str>,
) -> Result<(), ActivateError> {
    // It may take long.
    let app = &app.patient();
    let mut tx = app.db.begin().await?;
    let seen = draft(&mut tx, incident, version)
        .await
        .and_then(|found| is_as_seen(&found, seen));
    if let Err(refused) = seen {
        tx.roll_back().await;
        return Err(refused);
    }
    store::discard(&mut tx, incident, ScopeStatus::Draft, Which::All).await?;
    let detail = json!({ "version": version });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(&mut tx, now, actor, "scope.discard", incident, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// The version, of an incident that still is.
async fn find(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    let found = store::find(conn, incident, version).await?;
    match incident::store::find(conn, incident).await?.forgotten_at {
        Some(_) => Err(ActivateError::Forgotten),
        None => Ok(found),
    }
}

/// The draft, with nobody else at work on this scope until the transaction ends.
async fn draft(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    if !store::try_lock(conn, incident).await? {
        return Err(ActivateError::Busy);
    }
    let found = find(conn, incident, version).await?;
    match found.status {
        ScopeStatus::Draft => Ok(found),
        status => Err(ActivateError::NotADraft { version, status }),
    }
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

/// Moves the account, if the two sets of books agree: nobody has seen either yet.
async fn move_accounts(conn: &mut Conn, net: i64, moves: &Moves) -> Result<(), ActivateError> {
    if moves.in_scope() != net {
        let incident = moves.incident();
        return Err(db::Error::inconsistent("account_count", incident).into());
    }
    Ok(person::store::book(conn, moves).await?)
}
