//! People in the database. Statements on them stay within one bucket wherever the bucket is known.

mod address;
mod audience;
mod find_each;
mod former;
mod known;
mod list;
mod moved;
mod past;
mod sample;
mod since;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Uuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

pub use self::address::email_keys_of;
pub use self::audience::listed;
pub use self::audience::terms::{audience_terms, people_of_term};
pub use self::audience::{audience_classes, count_audience, has_audience, page_after, page_of_few};
pub use self::find_each::{find_each_by_email, find_each_by_name_postcode, find_each_by_reference};
pub use self::former::{Reference, former_among, former_of, reference_of};
pub use self::known::{Known, known};
pub use self::list::list;
pub use self::moved::Moved;
pub use self::past::{believed, believed_at_each, listed, listed_since};
pub use self::sample::{locales, sample};
pub use self::since::{lock, settle};
pub use super::Settled;
use super::contact::{Key, Sealed, email_keys, name_key, reference_key};
use super::flags::{Flags, WithheldReason};
use super::place::{Jurisdiction, Locale};
use super::{Person, PersonStanding, ToldBy};
use crate::address::EmailAddress;
use crate::db::schema::{person, person_now};
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId};
use crate::seal::{IncidentKey, bucket};

/// The most people a look-up by e-mail address or name returns.
const FOUND: i64 = 200;

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = person_now)]
struct Row {
    id: PersonId,
    incident_id: IncidentId,
    reference_key: Vec<u8>,
    email_key: Option<Vec<u8>>,
    sealed: Vec<u8>,
    exposed: i64,
    named: i64,
    locale: String,
    jurisdiction: String,
    flags: i32,
    standing: PersonStanding,
    withheld: Option<WithheldReason>,
    link_epoch: i16,
    told: Option<ToldBy>,
    reachable: bool,
    has_address: bool,
}

fn read(row: Row) -> Result<Person<Sealed>> {
    let broken = || Error::inconsistent("person", row.id);
    let jurisdiction = (!row.jurisdiction.is_empty())
        .then(|| Jurisdiction::parse(&row.jurisdiction))
        .transpose();
    Ok(Person {
        id: row.id,
        incident: row.incident_id,
        exposed: ElementSet::from_bits(row.exposed).ok_or_else(broken)?,
        named: ElementSet::from_bits(row.named).ok_or_else(broken)?,
        locale: Locale::parse(&row.locale).map_err(|_| broken())?,
        jurisdiction: jurisdiction.map_err(|_| broken())?,
        flags: Flags::from_bits(row.flags).ok_or_else(broken)?,
        standing: row.standing,
        withheld: row.withheld,
        told: row.told,
        reachable: row.reachable,
        has_address: row.has_address,
        email_key: row.email_key,
        link_epoch: row.link_epoch,
        contact: Sealed {
            reference_key: row.reference_key,
            bytes: row.sealed,
        },
    })
}

fn open(row: Row, key: &IncidentKey) -> Result<Person> {
    let id = row.id;
    read(row)?
        .open(key)
        .map_err(|_| Error::inconsistent("person", id))
}

/// The person with this id, opened.
///
/// # Errors
/// `Missing`, or `Inconsistent` if the contact data do not open.
pub async fn find(conn: &mut Conn, key: &IncidentKey, id: PersonId) -> Result<Person> {
    open(row(conn, id).await?, key)
}

/// The person with this id, left sealed.
///
/// # Errors
/// `Missing`.
pub async fn find_row(conn: &mut Conn, id: PersonId) -> Result<Person<Sealed>> {
    read(row(conn, id).await?)
}

async fn row(conn: &mut Conn, id: PersonId) -> Result<Row> {
    Ok(person_now::table
        .find((id.bucket(), id))
        .select(Row::as_select())
        .first(conn)
        .await?)
}

/// These people of an incident in one bucket, opened, in the order of their ids. Who does not exist is left
/// out.
///
/// # Errors
/// `Inconsistent` if the contact data of one do not open.
pub async fn load_many(
    conn: &mut Conn,
    key: &IncidentKey,
    (incident, bucket): (IncidentId, i32),
    ids: &[PersonId],
) -> Result<Vec<Person>> {
    let rows: Vec<Row> = person_now::table
        .filter(person_now::incident_id.eq(incident))
        .filter(
            person_now::bucket
                .eq(bucket)
                .and(person_now::id.eq_any(ids)),
        )
        .order(person_now::id)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

/// These people of an incident, of any buckets, opened. Who does not exist is left out.
///
/// # Errors
/// `Inconsistent` if the contact data of one do not open.
pub async fn load_of_buckets(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    ids: &[PersonId],
) -> Result<Vec<Person>> {
    let buckets: Vec<i32> = ids.iter().map(|id| id.bucket()).collect();
    let each = sql::<Bool>("(person_now.bucket, person_now.id) in (select * from unnest(")
        .bind::<Array<Integer>, _>(buckets)
        .sql(", ")
        .bind::<Array<Uuid>, _>(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .sql("))");
    let rows: Vec<Row> = person_now::table
        .filter(person_now::incident_id.eq(incident))
        .filter(each)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

/// The person with this reference: none or one.
///
/// # Errors
/// As [`find`].
pub async fn find_by_reference(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    reference: &str,
) -> Result<Vec<Person>> {
    let index: Key = reference_key(key, reference);
    let rows: Vec<Row> = person_now::table
        .filter(person_now::incident_id.eq(incident))
        .filter(person_now::bucket.eq(bucket(&index)))
        .filter(person_now::reference_key.eq(index.as_slice()))
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

/// The people behind this e-mail address: a mailbox may be shared. At most 200.
///
/// # Errors
/// As [`find`].
pub async fn find_by_email(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    email: &EmailAddress,
) -> Result<Vec<Person>> {
    let indexes = email_keys(key, email).map(Vec::from);
    let rows: Vec<Row> = person_now::table
        .filter(person_now::incident_id.eq(incident))
        .filter(person_now::email_key.eq_any(indexes.collect::<Vec<_>>()))
        .order(person_now::id)
        .limit(FOUND)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

/// The people with this name at this postcode. At most 200. Asked in a transaction of its own: the planner
/// thinks too little of the index that tells in which megabytes of the table they may be.
///
/// # Errors
/// As [`find`].
pub async fn find_by_name_postcode(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    name: &str,
    postcode: &str,
) -> Result<Vec<Person>> {
    let index = name_key(key, name, postcode);
    let ask = async |conn: &mut Conn| -> Result<Vec<Row>> {
        let setting = diesel::sql_query("set local enable_seqscan = off");
        setting.execute(conn).await?;
        Ok(person_now::table
            .filter(person_now::incident_id.eq(incident))
            .filter(person_now::name_key.eq(index.as_slice()))
            .order(person_now::id)
            .limit(FOUND)
            .select(Row::as_select())
            .load(conn)
            .await?)
    };
    let rows = conn.transaction(ask).await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

/// Whether an incident has at most `few` people.
///
/// # Errors
/// The database's.
pub async fn is_few(conn: &mut Conn, incident: IncidentId, few: i64) -> Result<bool> {
    #[derive(QueryableByName)]
    struct People {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        people: i64,
    }
    let count =
        "select count(*) as people from (select from person where incident_id = $1 limit $2) few";
    let count: People = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<diesel::sql_types::BigInt, _>(few + 1)
        .get_result(conn)
        .await?;
    Ok(count.people <= few)
}

/// Revokes the status links of a person; the new epoch.
///
/// # Errors
/// `Missing`.
pub async fn revoke_links(conn: &mut Conn, id: PersonId) -> Result<i16> {
    Ok(diesel::update(person::table.find((id.bucket(), id)))
        .set(person::link_epoch.eq(person::link_epoch + 1))
        .returning(person::link_epoch)
        .get_result(conn)
        .await?)
}
