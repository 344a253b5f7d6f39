//! Putting a staged version in force: sets of rows, some buckets at a time. Every statement returns by how
//! many people it moved the account, from the rows as they were when it locked them.

use diesel::sql_types::{Integer, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::person::flags::Flags;
use crate::person::store::Moved;

/// Which staged rows to apply: those of one version in a run of buckets.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The incident.
    pub incident: IncidentId,
    /// The version.
    pub version: i32,
    /// The first bucket.
    pub from: i32,
    /// The bucket after the last.
    pub to: i32,
}

/// `person::standing` in SQL; `$before` is where the person stood, null for somebody new.
macro_rules! standing {
    ($before:literal, $told:literal, $same_address:literal) => {
        concat!(
            "case when ",
            $before,
            " = 'notified' or (",
            $before,
            " = 'retracted' and ",
            $told,
            ") then 'notified' when r.flags & $5 <> 0 then 'withheld'
            when r.email_key is null then 'needs_letter' when ",
            $before,
            " = 'needs_letter' and ",
            $same_address,
            " then 'needs_letter'
            else 'in_progress' end::person_standing"
        )
    };
}

/// `Flags::withheld_reason` in SQL, for somebody who is withheld.
macro_rules! reason {
    () => {
        "case when r.flags & $6 <> 0 then 'legal_hold' when r.flags & $7 <> 0 then 'protected_address'
            else 'deceased' end::withheld_reason"
    };
}

/// Sums up what `after` returned.
macro_rules! moved {
    () => {
        "select standing, incomplete, sum(n)::bigint as n from (
            select was as standing, was_incomplete as incomplete, -1 as n from after
            union all
            select standing, incomplete, 1 from after
        ) moved group by standing, incomplete having sum(n) <> 0"
    };
}

// People are locked in the order of their ids, as everywhere. A staged row is looked for once and then
// carried along: no key finds it again.
const CHANGES: &str = concat!(
    "with before as (
        select p.bucket, p.id, p.standing as was, p.exposed & ~p.named <> 0 as was_incomplete,
            p.named <> 0 as told, r.email_key = p.email_key as same_address,
            r.email_key, r.name_key, r.contact_key, r.sealed, r.exposed, r.locale, r.jurisdiction, r.flags
        from person p
        join scope_row r on r.incident_id = p.incident_id and r.bucket = p.bucket
            and r.reference_key = p.reference_key
        where p.incident_id = $1 and p.bucket >= $3 and p.bucket < $4
            and r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
            and (p.standing = 'retracted'
                or (p.exposed, p.contact_key, p.locale, p.jurisdiction, p.flags)
                    is distinct from (r.exposed, r.contact_key, r.locale, r.jurisdiction, r.flags))
        order by p.bucket, p.id
        for update of p
    ), after as (
        update person p
        set exposed = r.exposed, email_key = r.email_key, name_key = r.name_key,
            contact_key = r.contact_key, sealed = r.sealed, locale = r.locale,
            jurisdiction = r.jurisdiction, flags = r.flags, changed_scope = $2,
            standing = t.standing,
            withheld = case when t.standing = 'withheld' then ",
    reason!(),
    " end
        from before r
        cross join lateral (select ",
    standing!("r.was", "r.told", "r.same_address"),
    " as standing) t
        where p.bucket = r.bucket and p.id = r.id
        returning r.was, r.was_incomplete, p.standing, p.exposed & ~p.named <> 0 as incomplete
    ) ",
    moved!()
);

/// Brings people who are in the list and differ from it to what the list says, retracted ones back in.
///
/// # Errors
/// The database's.
pub async fn apply_changes(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    run_with_flags(conn, CHANGES, span).await
}

macro_rules! new {
    ($unknown:literal) => {
        concat!(
    "with after as (
        insert into person (bucket, id, incident_id, reference_key, email_key, name_key, contact_key, sealed,
            exposed, named, locale, jurisdiction, flags, standing, withheld, link_epoch,
            since_scope, changed_scope)
        select r.bucket, r.id, r.incident_id, r.reference_key, r.email_key, r.name_key, r.contact_key,
            r.sealed, r.exposed, 0, r.locale, r.jurisdiction, r.flags, t.standing,
            case when t.standing = 'withheld' then ",
    reason!(),
    " end, 0, $2, $2
        from scope_row r
        cross join lateral (select ",
    standing!("null", "false", "false"),
    " as standing) t
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4 ",
    $unknown,
    " returning standing, exposed & ~named <> 0 as incomplete
    )
    select standing, incomplete, count(*) as n from after group by standing, incomplete"
        )
    };
}

/// Takes in everybody of the list; nobody was in scope before.
///
/// # Errors
/// The database's.
pub async fn apply_first(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    run_with_flags(conn, new!(""), span).await
}

const NEW: &str = new!(
    "and not exists (select from person p where p.incident_id = $1 and p.bucket >= $3
        and p.bucket < $4 and p.bucket = r.bucket and p.reference_key = r.reference_key)"
);

/// Makes the statements of this transaction go bucket by bucket: staged rows and people of one bucket are
/// found by their indexes, of which the planner, who knows only how rows lie on the whole, thinks little.
///
/// # Errors
/// The database's.
pub async fn by_bucket(conn: &mut Conn) -> Result<()> {
    for setting in [
        "set local enable_seqscan = off",
        "set local work_mem = '64MB'",
    ] {
        diesel::sql_query(setting).execute(conn).await?;
    }
    Ok(())
}

/// Takes in the people of the list who were never in scope.
///
/// # Errors
/// The database's.
pub async fn apply_new(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    run_with_flags(conn, NEW, span).await
}

const RETRACTED: &str = concat!(
    "with before as (
        select p.bucket, p.id, p.standing, p.exposed & ~p.named <> 0 as incomplete
        from person p
        where p.incident_id = $1 and p.bucket >= $3 and p.bucket < $4 and p.standing <> 'retracted'
            and not exists (select from scope_row r where r.incident_id = $1 and r.version = $2
                and r.bucket >= $3 and r.bucket < $4
                and r.bucket = p.bucket and r.reference_key = p.reference_key)
        order by p.bucket, p.id
        for update
    ), after as (
        update person p
        set standing = 'retracted', withheld = null, changed_scope = $2
        from before b
        where p.bucket = b.bucket and p.id = b.id
        returning b.standing as was, b.incomplete as was_incomplete, p.standing, b.incomplete
    ) ",
    moved!()
);

/// Retracts the people who are not in the list.
///
/// # Errors
/// The database's.
pub async fn apply_retracted(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    Ok(diesel::sql_query(RETRACTED)
        .bind::<Uuid, _>(span.incident)
        .bind::<Integer, _>(span.version)
        .bind::<Integer, _>(span.from)
        .bind::<Integer, _>(span.to)
        .load(conn)
        .await?)
}

async fn run_with_flags(conn: &mut Conn, statement: &str, span: Span) -> Result<Vec<Moved>> {
    Ok(diesel::sql_query(statement)
        .bind::<Uuid, _>(span.incident)
        .bind::<Integer, _>(span.version)
        .bind::<Integer, _>(span.from)
        .bind::<Integer, _>(span.to)
        .bind::<Integer, _>(Flags::FORBIDDING.bits())
        .bind::<Integer, _>(Flags::HOLD.bits())
        .bind::<Integer, _>(Flags::PROTECTED.bits())
        .load(conn)
        .await?)
}
