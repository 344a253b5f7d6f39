//! The people of lists: who belongs on one, and what they were told.

use std::collections::HashMap;
use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Knows, MinorsRule, PostalKind, PostalState, PostalStatus};
use super::elements;
use crate::db::schema::{person, person_now, sql_types};
use crate::db::{Conn, Result, statement};
use crate::element::ElementSet;
use crate::id::{BUCKETS, IncidentId, PersonId};
use crate::person::flags::{Flags, WithheldReason};
use crate::person::{CorrectionDue, PersonStanding, ToldBy};

/// Whether a person `p` with the correction `c.correction` belongs on a list of the kind `kind`; `by_letter`: minors of the
/// incident are told by letters to their guardians. A letter of correction tells its person everything: they are on no
/// other list.
pub(super) fn belongs(kind: &str, by_letter: &str) -> String {
    let minor = Flags::MINOR.bits();
    format!(
        "case {kind}
            when '{letter}' then p.standing = '{needs_letter}' and not ({by_letter} and p.flags & {minor} <> 0)
                and c.correction = '{none}'
            when '{guardian}' then {by_letter} and p.flags & {minor} <> 0 and p.flags & {forbidding} = 0
                and p.standing <> '{retracted}' and (p.told is null or p.exposed & ~p.named <> 0)
                and c.correction = '{none}'
            when '{correction}' then c.correction = '{by_post}'
                or c.correction = '{by_email}' and {by_letter} and p.flags & {minor} <> 0
            when '{kin}' then p.standing = '{withheld}' and p.withheld = '{deceased}'
            when '{safe}' then p.standing = '{withheld}' and p.withheld = '{protected}'
            else false end",
        letter = PostalKind::Letter,
        guardian = PostalKind::Guardian,
        correction = PostalKind::Correction,
        kin = PostalKind::Kin,
        safe = PostalKind::Safe,
        needs_letter = PersonStanding::NeedsLetter,
        retracted = PersonStanding::Retracted,
        withheld = PersonStanding::Withheld,
        deceased = WithheldReason::Deceased,
        protected = WithheldReason::ProtectedAddress,
        none = CorrectionDue::None,
        by_post = CorrectionDue::Letter,
        by_email = CorrectionDue::Email,
        forbidding = Flags::FORBIDDING.bits(),
    )
}

/// The correction that is due to a person `p`, as `c.correction`.
pub(super) fn correction_due() -> String {
    format!(
        "cross join lateral (select correction_due_of(p.standing = '{retracted}', p.exposed, p.named, p.flags,
            p.reachable) as correction) c",
        retracted = PersonStanding::Retracted
    )
}

static TO_LIST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select p.id, case when p.standing = '{retracted}' then 0 else p.exposed end as named,
            p.flags & {minor} <> 0 as minor
        from person_now p {due}
        where p.bucket = $1 and p.incident_id = $2 and {belongs}
            and ($5 or not exists (select from postal_item i join postal_batch b on b.id = i.batch_id
                where i.bucket = $1 and i.person_id = p.id and i.status = '{on_it}'
                    and b.state in ('{listed}', '{posting}')))
        order by p.id",
        due = correction_due(),
        belongs = belongs("$3", "$4"),
        minor = Flags::MINOR.bits(),
        retracted = PersonStanding::Retracted,
        on_it = PostalStatus::Listed,
        listed = PostalState::Listed,
        posting = PostalState::Posting,
    )
});

static ON_LISTS: LazyLock<String> = LazyLock::new(|| {
    let kinds = PostalKind::ALL.iter().map(|kind| format!("('{kind}')"));
    let by_letter = format!("(n.minors = '{}')", MinorsRule::GuardianLetter);
    format!(
        "select i.incident_id as incident, k.kind::postal_kind as kind, count(*) as people
        from (
            select distinct b.incident_id, i.bucket, i.person_id
            from postal_item i join postal_batch b on b.id = i.batch_id
            where i.bucket = any($1) and b.incident_id = any($2) and b.state in ('{listed}', '{posting}')
                and i.status = '{on_it}'
        ) i
        join incident n on n.id = i.incident_id
        join person_now p on p.incident_id = i.incident_id and p.bucket = i.bucket and p.id = i.person_id {due}
        cross join (values {kinds}) k (kind)
        where {belongs}
        group by i.incident_id, k.kind",
        due = correction_due(),
        belongs = belongs("k.kind", &by_letter),
        kinds = kinds.collect::<Vec<_>>().join(", "),
        on_it = PostalStatus::Listed,
        listed = PostalState::Listed,
        posting = PostalState::Posting,
    )
});

/// A person who belongs on a list.
#[derive(Debug, Clone, Copy)]
pub struct Belongs {
    /// Who.
    pub person: PersonId,
    /// What was exposed of them; empty if they are not in scope any more.
    pub named: ElementSet,
    /// Whether they are a minor: their letter is addressed to the parent or guardian.
    pub minor: bool,
}

#[derive(QueryableByName)]
struct BelongsRow {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = BigInt)]
    named: i64,
    #[diesel(sql_type = Bool)]
    minor: bool,
}

/// The people of a bucket who belong on a list; those on a list that waits only if `again`.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn to_list(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
    (kind, minors): (PostalKind, MinorsRule),
    again: bool,
) -> Result<Vec<Belongs>> {
    let rows: Vec<BelongsRow> = statement(&TO_LIST)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(incident)
        .bind::<Text, _>(kind.as_str())
        .bind::<Bool, _>(minors == MinorsRule::GuardianLetter)
        .bind::<Bool, _>(again)
        .load(conn)
        .await?;
    let read = |row: BelongsRow| {
        Ok(Belongs {
            person: row.id,
            named: elements(row.named, row.id)?,
            minor: row.minor,
        })
    };
    rows.into_iter().map(read).collect()
}

#[derive(QueryableByName)]
struct OnListsRow {
    #[diesel(sql_type = Uuid)]
    incident: IncidentId,
    #[diesel(sql_type = sql_types::PostalKind)]
    kind: PostalKind,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// Of the people of each of these incidents who belong on each kind of list now: how many are on a list that waits, of any
/// kind; kinds without any are left out. It looks at everybody on the lists that wait.
///
/// # Errors
/// The database's.
pub async fn on_lists(
    conn: &mut Conn,
    of: &[IncidentId],
) -> Result<HashMap<(IncidentId, PostalKind), i64>> {
    let rows: Vec<OnListsRow> = statement(&ON_LISTS)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    let of_kind = |row: OnListsRow| ((row.incident, row.kind), row.people);
    Ok(rows.into_iter().map(of_kind).collect())
}

/// People of one bucket as the list now has them: the index of their reference, and what they were told. The people
/// with these references, and the people with these ids.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn facts(
    conn: &mut Conn,
    (incident, bucket): (IncidentId, i32),
    references: &[Vec<u8>],
    ids: &[PersonId],
) -> Result<Vec<(PersonId, Vec<u8>, Knows)>> {
    let named: Vec<PersonId> = person::table
        .filter(
            person::incident_id
                .eq(incident)
                .and(person::bucket.eq(bucket)),
        )
        .filter(person::reference_key.eq_any(references))
        .select(person::id)
        .load(conn)
        .await?;
    let all: Vec<PersonId> = named.iter().chain(ids).copied().collect();
    let rows: Vec<(PersonId, Vec<u8>, Option<ToldBy>, i64)> = person_now::table
        .filter(person_now::incident_id.eq(incident))
        .filter(
            person_now::bucket
                .eq(bucket)
                .and(person_now::id.eq_any(all)),
        )
        .select((
            person_now::id,
            person_now::reference_key,
            person_now::told,
            person_now::named,
        ))
        .load(conn)
        .await?;
    let read = |(id, key, told, named)| {
        let named = elements(named, id)?;
        Ok((id, key, Knows { told, named }))
    };
    rows.into_iter().map(read).collect()
}
