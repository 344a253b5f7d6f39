//! The account of an incident: it counts each person in scope in one status (P1), and whether everything exposed was
//! named (P2).
//!
//! Two sets of books that know nothing of each other: `account_count` moves with every write to a person;
//! how many people there are is what the scope versions brought and took, read from their lists
//! (`scope_applied`). Their difference is `unexplained`. [`recount()`] asks the people themselves and proves both.

pub mod by;
mod kind;
pub mod recount;
pub mod store;

pub use kind::AccountKind;

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Uuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::db::{Conn, Result};
use crate::id::IncidentId;

/// Where the people of an incident stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Account {
    /// In scope.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Told.
    #[diesel(sql_type = BigInt)]
    pub notified: i64,
    /// Of those notified: last told by a letter that was posted.
    #[diesel(sql_type = BigInt)]
    pub notified_by_post: i64,
    /// Of those notified: last told by another channel than e-mail or post.
    #[diesel(sql_type = BigInt)]
    pub notified_otherwise: i64,
    /// Not yet told.
    #[diesel(sql_type = BigInt)]
    pub in_progress: i64,
    /// To be told by post.
    #[diesel(sql_type = BigInt)]
    pub needs_letter: i64,
    /// Not to be told, with a reason.
    #[diesel(sql_type = BigInt)]
    pub withheld: i64,
    /// Told, but not of everything that was exposed.
    #[diesel(sql_type = BigInt)]
    pub unnotified_elements: i64,
    /// Told of something that is not theirs, people no longer in scope included, and not forbidden to write to.
    #[diesel(sql_type = BigInt)]
    pub told_too_much: i64,
    /// Of those: to be corrected by a letter or otherwise, since no e-mail reaches them.
    #[diesel(sql_type = BigInt)]
    pub correction_letters: i64,
    /// To be told by a letter to the parent or guardian, if the incident tells minors so: of those in progress, notified
    /// or in need of a letter.
    #[diesel(sql_type = BigInt)]
    pub guardian_letters: i64,
    /// Of those: in progress.
    #[serde(skip)]
    #[diesel(sql_type = BigInt)]
    pub guardian_in_progress: i64,
    /// In scope and nowhere else (or, below zero, somewhere and not in scope): must be 0.
    #[diesel(sql_type = BigInt)]
    pub unexplained: i64,
}

/// The statement about the incident that `id` is in SQL.
pub(crate) fn question(id: &str) -> String {
    ACCOUNT.replace("$1", id)
}

const ACCOUNT: &str = "
    with minors as (
        select coalesce((select minors = 'guardian_letter' from incident where id = $1), false) as by_letter
    ), scope as (
        select coalesce(sum(added - retracted), 0)::bigint as people
        from scope_applied where incident_id = $1
    ), counts as (
        select coalesce(sum(n) filter (where is_notified(standing)), 0)::bigint as notified,
            coalesce(sum(n) filter (where standing = 'notified_by_post'), 0)::bigint as notified_by_post,
            coalesce(sum(n) filter (where standing = 'notified_otherwise'), 0)::bigint as notified_otherwise,
            coalesce(sum(n) filter (where standing = 'in_progress'), 0)::bigint as in_progress,
            coalesce(sum(n) filter (where standing = 'needs_letter'), 0)::bigint as needs_letter,
            coalesce(sum(n) filter (where standing = 'withheld'), 0)::bigint as withheld,
            coalesce(sum(n) filter (where is_notified(standing) and incomplete), 0)::bigint
                as unnotified_elements,
            coalesce(sum(n) filter (where correction in ('email', 'letter')), 0)::bigint as told_too_much,
            coalesce(sum(n) filter (where correction = 'letter' or correction = 'email' and minor and by_letter),
                0)::bigint as correction_letters,
            coalesce(sum(n) filter (where minor and by_letter and correction = 'none'
                and (standing in ('in_progress', 'needs_letter') or is_notified(standing) and incomplete)), 0)::bigint
                as guardian_letters,
            coalesce(sum(n) filter (where minor and by_letter and correction = 'none'
                and standing = 'in_progress'), 0)::bigint as guardian_in_progress
        from account_count cross join minors where incident_id = $1
    )
    select *, people - notified - in_progress - needs_letter - withheld as unexplained
    from scope cross join counts";

/// The account as the books have it, in the time of a few rows.
///
/// # Errors
/// The database's.
pub async fn account(conn: &mut Conn, incident: IncidentId) -> Result<Account> {
    ask(conn, ACCOUNT, incident).await
}

/// The accounts of several incidents, of one moment.
///
/// # Errors
/// The database's.
pub async fn accounts(
    conn: &mut Conn,
    incidents: &[IncidentId],
) -> Result<HashMap<IncidentId, Account>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Uuid)]
        id: IncidentId,
        #[diesel(embed)]
        account: Account,
    }
    let of_each = format!(
        "select each.id, a.* from unnest($1) as each (id) cross join lateral ({}) a",
        question("each.id")
    );
    let rows: Vec<Row> = diesel::sql_query(of_each)
        .bind::<Array<Uuid>, _>(incidents.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.account)).collect())
}

const RECOUNT: &str = "
    with minors as (
        select coalesce((select minors = 'guardian_letter' from incident where id = $1), false) as by_letter
    ), each as (
        select standing, exposed & ~named <> 0 as incomplete, flags & 1 <> 0 as minor,
            correction_due_of(standing = 'retracted', exposed, named, flags, reachable) as correction
        from person_now where incident_id = $1
    ), counts as (
        select count(*) filter (where standing <> 'retracted') as people,
            count(*) filter (where is_notified(standing)) as notified,
            count(*) filter (where standing = 'notified_by_post') as notified_by_post,
            count(*) filter (where standing = 'notified_otherwise') as notified_otherwise,
            count(*) filter (where standing = 'in_progress') as in_progress,
            count(*) filter (where standing = 'needs_letter') as needs_letter,
            count(*) filter (where standing = 'withheld') as withheld,
            count(*) filter (where is_notified(standing) and incomplete) as unnotified_elements,
            coalesce(sum(1) filter (where correction in ('email', 'letter')), 0)::bigint as told_too_much,
            coalesce(sum(1) filter (where correction = 'letter' or correction = 'email' and minor and by_letter),
                0)::bigint as correction_letters,
            coalesce(sum(1) filter (where minor and by_letter and correction = 'none'
                and (standing in ('in_progress', 'needs_letter') or is_notified(standing) and incomplete)), 0)::bigint
                as guardian_letters,
            coalesce(sum(1) filter (where minor and by_letter and correction = 'none'
                and standing = 'in_progress'), 0)::bigint as guardian_in_progress
        from each cross join minors
    )
    select *, people - notified - in_progress - needs_letter - withheld as unexplained from counts";

/// The account counted from the people themselves. It equals [`account`] unless a counter is wrong.
///
/// # Errors
/// The database's.
pub async fn recount(conn: &mut Conn, incident: IncidentId) -> Result<Account> {
    ask(conn, RECOUNT, incident).await
}

async fn ask(conn: &mut Conn, question: &str, incident: IncidentId) -> Result<Account> {
    Ok(diesel::sql_query(question)
        .bind::<Uuid, _>(incident)
        .get_result(conn)
        .await?)
}
