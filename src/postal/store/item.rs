//! Letters in the database. They lie with their person: every statement names the bucket.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Bytea, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid,
};
use diesel_async::RunQueryDsl;

use super::super::{Item, Knows, MinorsRule, PostalKind, PostalState, PostalStatus};
use super::{COLUMNS, Row, read};
use crate::db::schema::{person, person_now, postal_batch, postal_item as row, sql_types};
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::{BUCKETS, IncidentId, PersonId, PostalId};
use crate::person::ToldBy;

/// A letter of a list being taken: to whom, what it names, the key of its code, whether it corrects.
pub type NewItem = (PersonId, ElementSet, Option<i64>, bool);

#[derive(QueryableByName)]
struct ToList {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = BigInt)]
    named: i64,
}

// 1 is `Flags::MINOR`, 26 is `Flags::FORBIDDING`. Who is corrected by a letter is told all by it, and on no other list.
const TO_LIST: &str = "
    select p.id, case when p.standing = 'retracted' then 0 else p.exposed end as named from person_now p
    cross join lateral (select correction_due_of(p.standing = 'retracted', p.exposed, p.named, p.flags, p.reachable)
        as correction) c
    where p.bucket = $1 and p.incident_id = $2
        and case $3
            when 'letter' then p.standing = 'needs_letter' and not ($4 and p.flags & 1 <> 0) and correction = 'none'
            when 'guardian' then $4 and p.flags & 1 <> 0 and p.flags & 26 = 0 and p.standing <> 'retracted'
                and (p.told is null or p.exposed & ~p.named <> 0) and correction = 'none'
            when 'correction' then correction = 'letter' or correction = 'email' and $4 and p.flags & 1 <> 0
            when 'kin' then p.standing = 'withheld' and p.withheld = 'deceased'
            when 'safe' then p.standing = 'withheld' and p.withheld = 'protected_address'
            else false end
        and ($5 or not exists (select from postal_item i join postal_batch b on b.id = i.batch_id
            where i.bucket = $1 and i.person_id = p.id and i.status = 'listed' and b.state in ('listed', 'posting')))
    order by p.id";

/// The people of a bucket who belong on a list, with what was exposed of them; those on a list that waits only if
/// `again`.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn to_list(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
    (kind, minors): (PostalKind, MinorsRule),
    again: bool,
) -> Result<Vec<(PersonId, ElementSet)>> {
    let rows: Vec<ToList> = statement(TO_LIST)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(incident)
        .bind::<Text, _>(kind.as_str())
        .bind::<Bool, _>(minors == MinorsRule::GuardianLetter)
        .bind::<Bool, _>(again)
        .load(conn)
        .await?;
    let read = |row: ToList| Ok((row.id, elements(row.named, row.id)?));
    rows.into_iter().map(read).collect()
}

fn elements(bits: i64, person: PersonId) -> Result<ElementSet> {
    ElementSet::from_bits(bits).ok_or_else(|| Error::inconsistent("postal_item", person))
}

const INSERT: &str = "
    insert into postal_item (bucket, batch_id, person_id, named, code_key, replaces, status)
    select $1, $2, n.person_id, n.named, n.code_key, n.replaces, 'listed'
    from unnest($3, $4, $5, $6) as n (person_id, named, code_key, replaces)";

/// Puts letters to people of one bucket on a list.
///
/// # Errors
/// The database's.
pub async fn insert_items(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    new: &[NewItem],
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    statement(INSERT)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(batch)
        .bind::<Array<Uuid>, _>(new.iter().map(|n| n.0.uuid()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|n| n.1.bits()).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|n| n.2).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(new.iter().map(|n| n.3).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Records that one person was told, on a list of their own.
///
/// # Errors
/// The database's.
pub async fn insert_told(
    conn: &mut Conn,
    batch: PostalId,
    to: PersonId,
    (named, replaces): (ElementSet, bool),
    before: Knows,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(row::table)
        .values((
            row::bucket.eq(to.bucket()),
            row::batch_id.eq(batch),
            row::person_id.eq(to),
            row::named.eq(named.bits()),
            row::replaces.eq(replaces),
            row::status.eq(PostalStatus::Posted),
            row::posted_at.eq(at),
            row::told_before.eq(before.told),
            row::named_before.eq(before.named.bits()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The next letters of a list in one bucket, in the order of the people, and what each names.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn page(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<(PersonId, ElementSet)>> {
    let after = after.map_or(uuid::Uuid::nil(), PersonId::uuid);
    let rows: Vec<(PersonId, i64)> = row::table
        .filter(row::bucket.eq(bucket).and(row::batch_id.eq(batch)))
        .filter(row::person_id.gt(after))
        .order(row::person_id)
        .limit(limit)
        .select((row::person_id, row::named))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(person, named)| Ok((person, elements(named, person)?)))
        .collect()
}

/// The buckets in which letters of a list wait.
///
/// # Errors
/// The database's.
pub async fn listed_buckets(conn: &mut Conn, batch: PostalId) -> Result<Vec<i32>> {
    Ok(row::table
        .filter(row::bucket.eq_any((0..BUCKETS).collect::<Vec<_>>()))
        .filter(
            row::batch_id
                .eq(batch)
                .and(row::status.eq(PostalStatus::Listed)),
        )
        .select(row::bucket)
        .distinct()
        .order(row::bucket)
        .load(conn)
        .await?)
}

const POST: &str = "
    with posted as (
        select i.person_id, p.told, p.named
        from postal_item i join person_now p on p.bucket = $1 and p.id = i.person_id
        where i.bucket = $1 and i.batch_id = $2 and i.status = 'listed'
        order by i.person_id limit $4
    )
    update postal_item i
    set status = 'posted', posted_at = $3, told_before = posted.told, named_before = posted.named
    from posted
    where i.bucket = $1 and i.batch_id = $2 and i.person_id = posted.person_id
    returning i.person_id as id, i.named";

/// Records letters of one bucket as posted, and what their people had been told before: to whom, and what they name.
/// The bucket's people must be locked.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn post_items(
    conn: &mut Conn,
    batch: PostalId,
    bucket: i32,
    at: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(PersonId, ElementSet)>> {
    let rows: Vec<ToList> = statement(POST)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(batch)
        .bind::<Timestamptz, _>(at)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    let read = |row: ToList| Ok((row.id, elements(row.named, row.id)?));
    rows.into_iter().map(read).collect()
}

type ItemRow = (
    Row,
    (
        PersonId,
        i64,
        PostalStatus,
        Option<i64>,
        Option<DateTime<Utc>>,
        Option<ToldBy>,
        i64,
        Option<DateTime<Utc>>,
        Option<Vec<u8>>,
        bool,
    ),
    Option<Vec<u8>>,
);

fn item(of: ItemRow) -> Result<Item> {
    let (batch, item, how) = of;
    let (person, named, status, code_key, posted_at, told, known, closed_at, reason, replaces) =
        item;
    Ok(Item {
        batch: read(batch),
        person,
        named: elements(named, person)?,
        replaces,
        status,
        code_key,
        posted_at,
        before: Knows {
            told,
            named: elements(known, person)?,
        },
        closed_at,
        reason,
        how,
    })
}

macro_rules! items {
    ($conn:expr, $which:expr) => {{
        let rows: Vec<ItemRow> = row::table
            .inner_join(postal_batch::table.on(postal_batch::id.eq(row::batch_id)))
            .filter($which)
            .order((row::posted_at, row::batch_id))
            .select((
                COLUMNS,
                (
                    row::person_id,
                    row::named,
                    row::status,
                    row::code_key,
                    row::posted_at,
                    row::told_before,
                    row::named_before,
                    row::closed_at,
                    row::reason,
                    row::replaces,
                ),
                postal_batch::how,
            ))
            .load($conn)
            .await?;
        rows.into_iter().map(item).collect::<Result<Vec<_>>>()
    }};
}

/// The letters to a person, those of discarded lists too: in the order in which they were recorded as posted, then
/// those that were not.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Item>> {
    of_people(conn, person.bucket(), &[person]).await
}

/// The letters to people of one bucket, each person's in the order of [`of_person`].
///
/// # Errors
/// As [`of_person`].
pub async fn of_people(conn: &mut Conn, bucket: i32, people: &[PersonId]) -> Result<Vec<Item>> {
    items!(
        conn,
        row::bucket.eq(bucket).and(row::person_id.eq_any(people))
    )
}

/// The letters whose codes have these keys.
///
/// # Errors
/// As [`of_person`].
pub async fn of_code(conn: &mut Conn, bucket: i32, keys: &[i64]) -> Result<Vec<Item>> {
    items!(conn, row::bucket.eq(bucket).and(row::code_key.eq_any(keys)))
}

/// The day on which the last letter to a person was posted, of those that did not come back.
///
/// # Errors
/// The database's.
pub async fn last_posted(conn: &mut Conn, person: PersonId) -> Result<Option<NaiveDate>> {
    let days: Vec<Option<NaiveDate>> = row::table
        .inner_join(postal_batch::table.on(postal_batch::id.eq(row::batch_id)))
        .filter(
            row::bucket
                .eq(person.bucket())
                .and(row::person_id.eq(person)),
        )
        .filter(row::status.eq(PostalStatus::Posted))
        .filter(postal_batch::kind.eq_any([
            PostalKind::Letter,
            PostalKind::Guardian,
            PostalKind::Correction,
        ]))
        .filter(postal_batch::state.ne(PostalState::Discarded))
        .select(postal_batch::posted_on)
        .load(conn)
        .await?;
    Ok(days.into_iter().flatten().max())
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

/// A letter that came back or was not posted: of which list, to whom, which of the two, and the sealed reason.
pub type Closed = (PostalId, PersonId, PostalStatus, Vec<u8>);

const CLOSE: &str = "
    update postal_item i set status = c.status, reason = c.reason, closed_at = $6
    from unnest($2, $3, $4, $5) as c (batch_id, person_id, status, reason)
    where i.bucket = $1 and i.batch_id = c.batch_id and i.person_id = c.person_id";

/// Ends letters of one bucket that came back or were not posted after all.
///
/// # Errors
/// The database's.
pub async fn close_items(
    conn: &mut Conn,
    bucket: i32,
    closed: &[Closed],
    at: DateTime<Utc>,
) -> Result<()> {
    statement(CLOSE)
        .bind::<Integer, _>(bucket)
        .bind::<Array<Uuid>, _>(closed.iter().map(|c| c.0.uuid()).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(closed.iter().map(|c| c.1.uuid()).collect::<Vec<_>>())
        .bind::<Array<sql_types::PostalStatus>, _>(closed.iter().map(|c| c.2).collect::<Vec<_>>())
        .bind::<Array<Bytea>, _>(closed.iter().map(|c| &*c.3).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(at)
        .execute(conn)
        .await?;
    Ok(())
}

const REBASE: &str = "
    update postal_item i set told_before = c.told, named_before = c.named
    from unnest($2, $3, $4, $5) as c (batch_id, person_id, told, named)
    where i.bucket = $1 and i.batch_id = c.batch_id and i.person_id = c.person_id";

/// Corrects what people of one bucket had been told before letters, since earlier ones did not reach them.
///
/// # Errors
/// The database's.
pub async fn rebase_items(
    conn: &mut Conn,
    bucket: i32,
    rebased: &[(PostalId, PersonId, Knows)],
) -> Result<()> {
    if rebased.is_empty() {
        return Ok(());
    }
    statement(REBASE)
        .bind::<Integer, _>(bucket)
        .bind::<Array<Uuid>, _>(rebased.iter().map(|r| r.0.uuid()).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(rebased.iter().map(|r| r.1.uuid()).collect::<Vec<_>>())
        .bind::<Array<Nullable<sql_types::ToldBy>>, _>(
            rebased.iter().map(|r| r.2.told).collect::<Vec<_>>(),
        )
        .bind::<Array<BigInt>, _>(rebased.iter().map(|r| r.2.named.bits()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Tries {
    #[diesel(sql_type = SmallInt)]
    counted: i16,
}

const COUNT_TRY: &str = "
    insert into postal_try (bucket, person_id, counted_from, counted) values ($1, $2, $3, 1)
    on conflict (bucket, person_id) do update set
        counted = case when postal_try.counted_from <= $4 then 1 else least(postal_try.counted + 1, 1000) end,
        counted_from = case when postal_try.counted_from <= $4 then $3 else postal_try.counted_from end
    returning counted";

/// Counts a code that was typed for a person; how many were since the first, or since that was as long ago as `over`.
///
/// # Errors
/// The database's.
pub async fn count_try(
    conn: &mut Conn,
    person: PersonId,
    now: DateTime<Utc>,
    over: DateTime<Utc>,
) -> Result<i16> {
    let tries: Tries = statement(COUNT_TRY)
        .bind::<Integer, _>(person.bucket())
        .bind::<Uuid, _>(person)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(over)
        .get_result(conn)
        .await?;
    Ok(tries.counted)
}

/// Forgets the codes that were typed for a person, since a right one was.
///
/// # Errors
/// The database's.
pub async fn forgive_try(conn: &mut Conn, person: PersonId) -> Result<()> {
    use crate::db::schema::postal_try;
    diesel::delete(postal_try::table.find((person.bucket(), person)))
        .execute(conn)
        .await?;
    Ok(())
}
