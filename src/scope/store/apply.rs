//! Putting a staged version in force: sets of rows, some buckets at a time. Every statement returns by how
//! many people it moved the account, from the rows as they were when it locked them.

use diesel::sql_types::{Integer, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result};
use crate::id::{BUCKETS, IncidentId};
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

impl Span {
    /// All buckets of a version.
    pub fn all(incident: IncidentId, version: i32) -> Self {
        Self {
            incident,
            version,
            from: 0,
            to: BUCKETS,
        }
    }
}

/// `Flags::RETRACT`, as a test makes sure.
macro_rules! retract {
    () => {
        "32"
    };
}

/// `Marks::LINKS_END`, as a test makes sure.
macro_rules! links_end {
    () => {
        "4"
    };
}

/// Makes the statements of this transaction go bucket by bucket: staged rows and people of one bucket are found by
/// their indexes. The planner would avoid those indexes, since its statistics know only the order of the whole table.
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

/// The change of the account by the people in `before`, by kind.
macro_rules! moved {
    () => {
        "select bucket, standing, withheld, jurisdiction, locale, exposed, named, flags, reachable, sum(n)::bigint as n
        from (
            select bucket, standing, withheld, jurisdiction, locale, exposed, named, flags, reachable, -1 as n from before
            union all
            select bucket, is_standing, is_withheld, is_jurisdiction, is_locale, is_exposed, named, is_flags,
                is_reachable, 1 from before
        ) moved
        group by bucket, standing, withheld, jurisdiction, locale, exposed, named, flags, reachable having sum(n) <> 0"
    };
}

/// Keeps what was believed of those in `before`.
macro_rules! past {
    () => {
        "insert into person_past (bucket, person_id, until_scope, incident_id, exposed, locale,
            jurisdiction, flags, standing, contact_changed)
        select bucket, id, $2, $1, exposed, locale, jurisdiction, flags, standing, contact_changed
        from before"
    };
}

/// Upserts `person_since` for changed people in `before`. Its rows are narrow, so wide `person` rows are not rewritten.
/// For `rewritten` people only their standing is kept.
macro_rules! since {
    () => {
        "come as (
            insert into person_since (bucket, person_id, named, standing, exposed, changed_scope)
            select bucket, id, named, is_standing, is_exposed, $2 from before
            where not has_since and not rewritten
        ), go_on as (
            update person_since s
            set standing = b.is_standing, exposed = case when not b.rewritten then b.is_exposed end,
                changed_scope = case when not b.rewritten then $2 end
            from before b where b.has_since and s.bucket = b.bucket and s.person_id = b.id
        )"
    };
}

/// How people stand now (as `person_now`), and whether they have a row in `person_since` already.
macro_rules! now {
    () => {
        "p.bucket, p.id, coalesce(s.named, p.named) as named, coalesce(s.standing, p.standing) as standing,
            case when coalesce(s.standing, p.standing) = 'withheld' then withheld_reason_of(p.flags) end as withheld,
            s.told, s.refused_key, p.jurisdiction, p.locale, coalesce(s.exposed, p.exposed) as exposed, p.flags,
            p.email_key is not null and p.email_key is distinct from s.refused_key as reachable,
            s.person_id is not null as has_since"
    };
}

/// How those in `before` stand once they are retracted: all else stays.
macro_rules! retracted {
    () => {
        "false as contact_changed, false as rewritten,
            'retracted'::person_standing as is_standing, null::withheld_reason as is_withheld,
            p.jurisdiction as is_jurisdiction, p.locale as is_locale, coalesce(s.exposed, p.exposed) as is_exposed,
            p.flags as is_flags,
            p.email_key is not null and p.email_key is distinct from s.refused_key as is_reachable"
    };
}

/// Runs one of the statements below, which return the change of the account by kind.
async fn moves(conn: &mut Conn, statement: &str, span: Span) -> Result<Vec<Moved>> {
    Ok(diesel::sql_query(statement)
        .bind::<Uuid, _>(span.incident)
        .bind::<Integer, _>(span.version)
        .bind::<Integer, _>(span.from)
        .bind::<Integer, _>(span.to)
        .load(conn)
        .await?)
}

// Each staged row looks for its person once. Who seemed to be another person was said to be the same one, or was
// moved aside by `FORMER`; links that went to an address of before end all the same. How others were listed before
// their contact data change is kept: the next list may change the rest of them.
const LISTED: &str = concat!(
    "with hit as materialized (
        select ",
    now!(),
    ", p.contact_key <> r.contact_key as contact_changed, p.contact_key, r.id as r_id, r.bucket as r_bucket,
            r.reference_key as r_reference_key, r.email_key as r_email_key, r.name_key as r_name_key,
            r.contact_key as r_contact_key, r.sealed as r_sealed, r.exposed as r_exposed, ",
    said!(locale),
    " as r_locale, ",
    said!(jurisdiction),
    " as r_jurisdiction, ",
    said!(flags),
    " as r_flags, r.another as r_another, r.another and r.marks & ",
    links_end!(),
    " <> 0 as r_links_end, r.flags & ",
    retract!(),
    " <> 0 as goes
        from scope_row r
        left join person p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        left join person_since s on s.bucket = p.bucket and s.person_id = p.id
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
    ), before as materialized (
        select b.*, t.standing as is_standing,
            case when t.standing = 'withheld' then withheld_reason_of(b.r_flags) end as is_withheld,
            case when b.goes then b.jurisdiction else b.r_jurisdiction end as is_jurisdiction,
            case when b.goes then b.locale else b.r_locale end as is_locale,
            case when b.goes then b.exposed else b.r_exposed end as is_exposed,
            case when b.goes then b.flags else b.r_flags end as is_flags,
            case when b.goes then b.reachable
                else b.r_email_key is not null and b.r_email_key is distinct from b.refused_key end as is_reachable,
            not b.goes and (b.contact_changed or (b.locale, b.jurisdiction, b.flags) is distinct from
                (b.r_locale, b.r_jurisdiction, b.r_flags)) as rewritten
        from hit b
        cross join lateral (select standing_of(not b.goes, b.told, b.r_exposed & ~b.named <> 0, b.r_flags,
            b.r_email_key is not null and b.r_email_key is distinct from b.refused_key) as standing) t
        where b.id is not null and case when b.goes then b.standing <> 'retracted' else b.standing = 'retracted'
            or (b.exposed, b.contact_key, b.locale, b.jurisdiction, b.flags) is distinct from
                (r_exposed, r_contact_key, r_locale, r_jurisdiction, r_flags) end
        order by b.bucket, b.id
    ), past as (",
    past!(),
    "), ",
    since!(),
    ", after as (
        update person p
        set exposed = b.is_exposed, email_key = b.r_email_key, name_key = b.r_name_key,
            contact_key = b.r_contact_key, sealed = b.r_sealed, locale = b.is_locale,
            jurisdiction = b.is_jurisdiction, flags = b.r_flags, changed_scope = $2,
            standing = b.is_standing, withheld = b.is_withheld,
            link_epoch = p.link_epoch + b.r_links_end::integer
        from before b
        where b.rewritten and p.incident_id = $1 and p.bucket = b.bucket and p.id = b.id
    ), origin as (
        insert into person_origin (bucket, person_id, incident_id, sealed)
        select b.bucket, b.id, $1, p.sealed
        from before b join person p on p.incident_id = $1 and p.bucket = b.bucket and p.id = b.id
        where b.rewritten and b.contact_changed and not b.r_another
        on conflict do nothing
    ), confirmed as (
        delete from person_origin o using before b
        where b.rewritten and b.r_another and o.bucket = b.bucket and o.person_id = b.id
    ), fresh as (
        insert into person (bucket, id, incident_id, reference_key, email_key, name_key, contact_key, sealed,
            exposed, named, locale, jurisdiction, flags, standing, withheld, link_epoch,
            since_scope, changed_scope)
        select r_bucket, r_id, $1, r_reference_key, r_email_key, r_name_key, r_contact_key,
            r_sealed, r_exposed, 0, r_locale, r_jurisdiction, r_flags, t.standing,
            case when t.standing = 'withheld' then withheld_reason_of(r_flags) end, 0, $2, $2
        from hit
        cross join lateral (select standing_of(true, null, true, r_flags, r_email_key is not null) as standing) t
        where hit.id is null and not hit.goes
        returning bucket, standing, withheld, jurisdiction, locale, exposed, named, flags
    )
    (",
    moved!(),
    ") union all
    select bucket, standing, withheld, jurisdiction, locale, exposed, named, flags, true, count(*) from fresh
    group by bucket, standing, withheld, jurisdiction, locale, exposed, named, flags"
);

/// Applies the rows of the list to their people: people who differ from it, retracted ones who come back, people who
/// are not affected after all, and people who are new. They are [`lock`]ed.
///
/// [`lock`]: crate::person::store::lock
///
/// # Errors
/// The database's.
pub async fn apply_listed(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    moves(conn, LISTED, span).await
}

// The former person keeps id, tickets, notices, letters and links, under a key that no reference has; who was retracted
// stays so. The row of the list then matches no person, and becomes a new one.
const FORMER: &str = concat!(
    "with hit as materialized (
        select ",
    now!(),
    ", ",
    retracted!(),
    ", r.former_key, r.former_sealed, r.id as next_id
        from scope_row r
        join person p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        left join person_since s on s.bucket = p.bucket and s.person_id = p.id
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4 and r.other
    ), before as (
        select * from hit where standing <> 'retracted'
    ), aside as (
        update person p set reference_key = h.former_key, sealed = h.former_sealed
        from hit h where p.incident_id = $1 and p.bucket = h.bucket and p.id = h.id
    ), former as (
        insert into person_former (bucket, person_id, incident_id, next_id, until_scope)
        select bucket, id, $1, next_id, $2 from hit
    ), origin as (
        delete from person_origin o using hit h where o.bucket = h.bucket and o.person_id = h.id
    ), past as (",
    past!(),
    "), ",
    since!(),
    " ",
    moved!()
);

/// Moves people aside if their reference names another person, as confirmed. People are locked as in [`apply_listed`],
/// which follows it.
///
/// # Errors
/// The database's.
pub async fn apply_former(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    moves(conn, FORMER, span).await
}

const UNLISTED: &str = concat!(
    "with before as materialized (
        select ",
    now!(),
    ", ",
    retracted!(),
    "
        from person p left join person_since s on s.bucket = p.bucket and s.person_id = p.id
        where p.incident_id = $1 and p.bucket >= $3 and p.bucket < $4
            and coalesce(s.standing, p.standing) <> 'retracted'
            and not exists (select from scope_row r
                where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
                    and r.bucket = p.bucket and r.reference_key = p.reference_key)
            and not ",
    on_a_refused_line!(),
    "
        order by p.bucket, p.id
    ), past as (",
    past!(),
    "), ",
    since!(),
    " ",
    moved!()
);

/// Retracts people that a full list does not name, not even on a refused line. People are locked as in
/// [`apply_listed`].
///
/// # Errors
/// The database's.
pub async fn apply_unlisted(conn: &mut Conn, span: Span) -> Result<Vec<Moved>> {
    moves(conn, UNLISTED, span).await
}

#[cfg(test)]
mod tests {
    use crate::person::flags::Flags;
    use crate::scope::marks::Marks;

    #[test]
    fn the_flag_and_the_mark_in_the_statements_are_the_known_ones() {
        assert_eq!(retract!(), Flags::RETRACT.bits().to_string());
        assert_eq!(links_end!(), Marks::LINKS_END.bits().to_string());
    }
}
