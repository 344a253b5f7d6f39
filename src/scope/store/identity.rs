//! Staged rows about which something is asked: they seem to name another person than before, or take an address away.

use std::ops::Range;

use diesel::sql_types::{BigInt, Bool, Integer, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::{Stream, StreamExt};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::apply::Span;
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::person::contact::{Key, Keys};
use crate::person::flags::Flags;
use crate::scope::ScopeMode;
use crate::scope::lacks::Lacks;
use crate::scope::marks::Marks;

/// A staged row with other contact data than its person, all of it sealed.
#[derive(Debug)]
pub struct Moved {
    /// Its bucket.
    pub bucket: i32,
    /// The blind index of the reference.
    pub reference_key: Vec<u8>,
    /// Its contact data.
    pub sealed: Vec<u8>,
    /// The person's.
    pub before: Vec<u8>,
    /// The person's before earlier lists changed them without a question.
    pub origin: Option<Vec<u8>>,
    /// The columns that its file lacks, as bits.
    pub lacks: i16,
}

/// The staged rows of these buckets with other contact data than their person.
///
/// # Errors
/// The database's.
pub async fn find_moved(
    client: &Client,
    incident: IncidentId,
    version: i32,
    buckets: &Range<i32>,
) -> Result<impl Stream<Item = Result<Moved>> + use<>> {
    let find = format!(
        "select r.bucket, r.reference_key, r.sealed, p.sealed, o.sealed, r.lacks
        from scope_row r
        join person p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        left join person_origin o on o.bucket = p.bucket and o.person_id = p.id
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
            and p.bucket >= $3 and p.bucket < $4
            and r.flags & {} = 0 and p.contact_key <> r.contact_key",
        Flags::RETRACT.bits()
    );
    let incident = incident.uuid();
    let of: [&(dyn ToSql + Sync); 4] = [&incident, &version, &buckets.start, &buckets.end];
    let rows = client.query_raw(&find, of).await?;
    Ok(rows.map(|row| {
        let row = row?;
        Ok(Moved {
            bucket: row.get(0),
            reference_key: row.get(1),
            sealed: row.get(2),
            before: row.get(3),
            origin: row.get(4),
            lacks: row.get(5),
        })
    }))
}

/// What is asked about a staged row.
#[derive(Debug)]
pub struct Judged {
    /// Its bucket.
    pub bucket: i32,
    /// The blind index of the reference.
    pub reference_key: Vec<u8>,
    /// What is asked.
    pub marks: Marks,
    /// If it seems to name another person: the key and the contact data that the former one would get.
    pub former: Option<(Key, Vec<u8>)>,
    /// If it seems to and its file lacks columns: the indexes and the contact data of its own columns alone, which the
    /// new person would get.
    pub own: Option<(Keys, Vec<u8>)>,
}

/// Marks staged rows of these buckets.
///
/// # Errors
/// The database's.
pub async fn mark(
    client: &Client,
    incident: IncidentId,
    version: i32,
    within: &Range<i32>,
    judged: &[Judged],
) -> Result<()> {
    fn column<'a, T>(of: &'a [Judged], cell: impl Fn(&'a Judged) -> T) -> Vec<T> {
        of.iter().map(cell).collect()
    }
    fn own<'a>(
        of: &'a [Judged],
        key: impl Fn(&'a Keys) -> Option<&'a Key>,
    ) -> Vec<Option<&'a [u8]>> {
        let key = |one: &'a Judged| one.own.as_ref().and_then(|(keys, _)| key(keys));
        of.iter().map(|one| key(one).map(Key::as_slice)).collect()
    }
    let statement = "update scope_row r
        set another = a.former_key is not null, marks = a.marks,
            former_key = a.former_key, former_sealed = a.former_sealed, own_email_key = a.own_email_key,
            own_name_key = a.own_name_key, own_contact_key = a.own_contact_key, own_sealed = a.own_sealed
        from unnest($3::integer[], $4::bytea[], $5::smallint[], $6::bytea[], $7::bytea[],
                $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[])
            as a (bucket, reference_key, marks, former_key, former_sealed,
                own_email_key, own_name_key, own_contact_key, own_sealed)
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $8 and r.bucket < $9
            and r.bucket = a.bucket and r.reference_key = a.reference_key";
    let of: [&(dyn ToSql + Sync); 13] = [
        &incident.uuid(),
        &version,
        &column(judged, |one| one.bucket),
        &column(judged, |one| one.reference_key.as_slice()),
        &column(judged, |one| one.marks.bits()),
        &column(judged, |one| {
            one.former.as_ref().map(|(key, _)| key.as_slice())
        }),
        &column(judged, |one| {
            one.former.as_ref().map(|(_, sealed)| sealed.as_slice())
        }),
        &within.start,
        &within.end,
        &own(judged, |keys| keys.email.as_ref()),
        &own(judged, |keys| keys.name.as_ref()),
        &own(judged, |keys| Some(&keys.contact)),
        &column(judged, |one| {
            one.own.as_ref().map(|(_, sealed)| sealed.as_slice())
        }),
    ];
    client.execute(statement, &of).await?;
    Ok(())
}

/// How many staged rows are marked with what.
#[derive(Debug, Clone, Copy, diesel::QueryableByName)]
pub struct CountAsked {
    /// They seem to name another person.
    #[diesel(sql_type = BigInt)]
    pub another: i64,
    /// Their person, the same one, loses their e-mail address.
    #[diesel(sql_type = BigInt)]
    pub emails_lost: i64,
    /// Their person, the same one, loses their postal address.
    #[diesel(sql_type = BigInt)]
    pub addresses_lost: i64,
}

/// How many staged rows are marked with what.
///
/// # Errors
/// The database's.
pub async fn count_asked(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<CountAsked> {
    let count = format!(
        "select count(*) filter (where another) as another,
            count(*) filter (where not another and marks & {} <> 0) as emails_lost,
            count(*) filter (where not another and marks & {} <> 0) as addresses_lost
        from scope_row where incident_id = $1 and version = $2",
        Marks::EMAIL_LOST.bits(),
        Marks::ADDRESS_LOST.bits()
    );
    Ok(diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many staged rows seem to name another person than one who was told something by now.
///
/// # Errors
/// The database's.
pub async fn count_another_told(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<i64> {
    let count = "select count(*) as n
        from scope_row r
        join person_now p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        where r.incident_id = $1 and r.version = $2 and r.another and p.told is not null";
    let row: Count = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?;
    Ok(row.n)
}

/// How many people were told by now of an element that the version takes back.
///
/// # Errors
/// The database's.
pub async fn count_told_too_much(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<i64> {
    let count = format!(
        "select count(*) as n
        from scope_row r
        join person_now p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        where r.incident_id = $1 and r.version = $2 and r.flags & {} = 0
            and p.told is not null and p.standing <> 'retracted' and p.named & p.exposed & ~r.exposed <> 0",
        Flags::RETRACT.bits()
    );
    let row: Count = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?;
    Ok(row.n)
}

/// How many people were told something by now and leave the scope as the version says.
///
/// # Errors
/// The database's.
pub async fn count_told_retracted(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    mode: ScopeMode,
) -> Result<i64> {
    const TOLD: &str = "p.told is not null and p.standing <> 'retracted' and p.named <> 0";
    // A delta list leaves people alone that it does not name.
    let join = match mode {
        ScopeMode::Full => "left join",
        ScopeMode::Delta => "join",
    };
    let count = format!(
        "select count(*) as n
        from person_now p
        {join} scope_row r on r.incident_id = $1 and r.version = $2 and r.bucket = p.bucket
            and r.reference_key = p.reference_key
        where p.incident_id = $1 and {TOLD} and case when r.reference_key is null then $3 and not {}
            else r.flags & {} <> 0 or r.other end",
        on_a_refused_line!(),
        Flags::RETRACT.bits()
    );
    let row: Count = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Bool, _>(mode == ScopeMode::Full)
        .get_result(conn)
        .await?;
    Ok(row.n)
}

/// Keeps how many people of each bucket of a span were told of an element that a version takes back; before its rows
/// change them.
///
/// # Errors
/// The database's.
pub async fn record_told_too_much(conn: &mut Conn, span: Span) -> Result<()> {
    let record = format!(
        "update scope_applied a set told_too_much = t.n
        from (
            select r.bucket, count(*) as n
            from scope_row r
            join person_now p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
            where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4 and r.flags & {} = 0
                and p.told is not null and p.standing <> 'retracted' and p.named & p.exposed & ~r.exposed <> 0
            group by r.bucket
        ) t
        where a.incident_id = $1 and a.version = $2 and a.bucket = t.bucket",
        Flags::RETRACT.bits()
    );
    diesel::sql_query(record)
        .bind::<Uuid, _>(span.incident)
        .bind::<Integer, _>(span.version)
        .bind::<Integer, _>(span.from)
        .bind::<Integer, _>(span.to)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many people were told of an element that a version takes back, as it came in force.
///
/// # Errors
/// The database's.
pub async fn told_too_much(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<i64> {
    let row: Count = diesel::sql_query(
        "select coalesce(sum(told_too_much), 0)::bigint as n from scope_applied \
         where incident_id = $1 and version = $2",
    )
    .bind::<Uuid, _>(incident)
    .bind::<Integer, _>(version)
    .get_result(conn)
    .await?;
    Ok(row.n)
}

/// Keeps the answer that every marked row names another person, who is known by the row's own columns alone; how many.
/// A row without its own columns is left out.
///
/// # Errors
/// The database's.
pub async fn set_other(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<i64> {
    let set = format!(
        "update scope_row set other = true,
            email_key = case when own_sealed is null then email_key else own_email_key end,
            name_key = case when own_sealed is null then name_key else own_name_key end,
            contact_key = coalesce(own_contact_key, contact_key), sealed = coalesce(own_sealed, sealed)
        where incident_id = $1 and version = $2 and another and (lacks & {} = 0 or own_sealed is not null)",
        Lacks::CONTACT
    );
    let rows = diesel::sql_query(set)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .execute(conn)
        .await?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}
