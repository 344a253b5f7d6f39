//! Lists of letters in the database.

mod barred;
pub(crate) mod due;
mod item;
mod moved;
mod next;
mod people;
mod record;
mod telling;
mod tries;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Uuid};
use diesel_async::RunQueryDsl;

pub use self::barred::{OfLists, barred, each_moved};
pub use self::due::{Due, due};
pub use self::item::{last_posted, of_code, of_people, of_person, page};
pub use self::moved::count_address_unknown;
pub use self::next::{Next, each_contact, next};
pub use self::people::{Belongs, facts, on_lists, to_list};
pub use self::record::{
    NewItem, close_items, insert_items, insert_told, listed_buckets, post_items, rebase_items,
};
pub use self::telling::{count_returned, told_by_email, told_kin_of_living};
pub use self::tries::{count_try, forgive_try};
use super::{Batch, MinorsRule, PostalKind, PostalState};
use crate::db::schema::{incident, postal_batch as row, staff};
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId, PostalId, StaffId};
use crate::person::contact::Contact;
use crate::seal::IncidentKey;

/// Opens the contact data of a person, of the key of their reference and of the sealed bytes.
fn opened(
    (incident, key): (IncidentId, &IncidentKey),
    id: PersonId,
    (reference_key, sealed): (&[u8], &[u8]),
) -> Result<Contact> {
    Contact::open(key, incident, reference_key, sealed)
        .map_err(|_| Error::inconsistent("person", id))
}

/// More lists than a page shows.
const SHOWN: i64 = 200;

pub(super) type Row = (
    PostalId,
    IncidentId,
    PostalKind,
    PostalState,
    StaffId,
    DateTime<Utc>,
    i64,
    Option<NaiveDate>,
    i64,
    i64,
    i64,
);

pub(super) type Columns = (
    row::id,
    row::incident_id,
    row::kind,
    row::state,
    row::taken_by,
    row::taken_at,
    row::people,
    row::posted_on,
    row::returned,
    row::not_posted,
    row::without_address,
);

pub(super) const COLUMNS: Columns = (
    row::id,
    row::incident_id,
    row::kind,
    row::state,
    row::taken_by,
    row::taken_at,
    row::people,
    row::posted_on,
    row::returned,
    row::not_posted,
    row::without_address,
);

pub(super) fn read(of: Row) -> Batch {
    let (
        id,
        incident,
        kind,
        state,
        taken_by,
        taken_at,
        people,
        posted_on,
        returned,
        not_posted,
        without_address,
    ) = of;
    Batch {
        id,
        incident,
        kind,
        state,
        taken_by,
        taken_at,
        people,
        posted_on,
        returned,
        not_posted,
        without_address,
    }
}

/// A person and the elements that their letter names.
#[derive(QueryableByName)]
pub(super) struct Named {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = BigInt)]
    named: i64,
}

impl Named {
    fn read(self) -> Result<(PersonId, ElementSet)> {
        Ok((self.id, elements(self.named, self.id)?))
    }
}

fn elements(bits: i64, person: PersonId) -> Result<ElementSet> {
    ElementSet::from_bits(bits).ok_or_else(|| Error::inconsistent("postal_item", person))
}

/// Inserts a list, still without its letters.
///
/// # Errors
/// The database's.
pub async fn insert_batch(conn: &mut Conn, new: &Batch) -> Result<()> {
    diesel::insert_into(row::table)
        .values((
            row::id.eq(new.id),
            row::incident_id.eq(new.incident),
            row::kind.eq(new.kind),
            row::state.eq(new.state),
            row::taken_by.eq(new.taken_by),
            row::taken_at.eq(new.taken_at),
            row::people.eq(new.people),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Says how many letters a list has, and how many people are not on it for want of an address.
///
/// # Errors
/// The database's.
pub async fn set_people(
    conn: &mut Conn,
    id: PostalId,
    (people, without_address): (i64, i64),
) -> Result<()> {
    diesel::update(row::table.find(id))
        .set((
            row::people.eq(people),
            row::without_address.eq(without_address),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The list with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: PostalId) -> Result<Batch> {
    Ok(read(row::table.find(id).select(COLUMNS).first(conn).await?))
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// `Missing`.
pub async fn lock(conn: &mut Conn, id: PostalId) -> Result<Batch> {
    let found = row::table.find(id).select(COLUMNS).for_update();
    Ok(read(found.first(conn).await?))
}

/// Waits for a transaction that takes a list of the incident, and makes others wait until this one ends.
///
/// # Errors
/// The database's.
pub async fn lock_taking(conn: &mut Conn, of: IncidentId) -> Result<()> {
    let key = of.uuid().as_u64_pair().1.rotate_left(16).cast_signed();
    statement("select pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// The lists of an incident, newest first; at most 200.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn, of: IncidentId) -> Result<Vec<Batch>> {
    let rows: Vec<Row> = row::table
        .filter(row::incident_id.eq(of))
        .order(row::id.desc())
        .limit(SHOWN)
        .select(COLUMNS)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// A list as the page of an incident shows it.
#[derive(Debug)]
pub struct Taken {
    /// The list.
    pub batch: Batch,
    /// The name of the account that took it.
    pub by: String,
    /// Whether a list of affected people came in force, or is coming in force, since it was taken.
    pub is_older: bool,
}

const IS_OLDER: &str = "exists (select from scope_version v where v.incident_id = postal_batch.incident_id \
    and (v.status = 'activating' or v.activated_at >= postal_batch.taken_at))";

/// As [`list`], with what the page shows of each.
///
/// # Errors
/// The database's.
pub async fn list_taken(conn: &mut Conn, of: IncidentId) -> Result<Vec<Taken>> {
    let rows: Vec<(Row, String, bool)> = row::table
        .inner_join(staff::table.on(staff::id.eq(row::taken_by)))
        .filter(row::incident_id.eq(of))
        .order(row::id.desc())
        .limit(SHOWN)
        .select((COLUMNS, staff::name, sql::<Bool>(IS_OLDER)))
        .load(conn)
        .await?;
    let taken = |(row, by, is_older)| Taken {
        batch: read(row),
        by,
        is_older,
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// The lists that are being recorded.
///
/// # Errors
/// The database's.
pub async fn list_posting(conn: &mut Conn) -> Result<Vec<Batch>> {
    let rows: Vec<Row> = row::table
        .filter(row::state.eq(PostalState::Posting))
        .order(row::id)
        .select(COLUMNS)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// The incidents with posted letters, at most two.
///
/// # Errors
/// The database's.
pub async fn with_letters(conn: &mut Conn) -> Result<Vec<IncidentId>> {
    Ok(row::table
        .filter(row::state.eq_any([PostalState::Posting, PostalState::Posted]))
        .select(row::incident_id)
        .distinct()
        .limit(2)
        .load(conn)
        .await?)
}

/// Begins to record a list as posted on a day. It must be locked and wait.
///
/// # Errors
/// `Missing` if it does not wait.
pub async fn set_posting(
    conn: &mut Conn,
    id: PostalId,
    on: NaiveDate,
    (by, at): (StaffId, DateTime<Utc>),
    how: Option<&[u8]>,
) -> Result<()> {
    let begun = diesel::update(row::table.find(id))
        .filter(row::state.eq_any(PostalState::Posting.before()))
        .set((
            row::state.eq(PostalState::Posting),
            row::posted_on.eq(on),
            row::posted_by.eq(by),
            row::posted_at.eq(at),
            row::how.eq(how),
        ))
        .execute(conn)
        .await?;
    if begun == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}

/// Ends the recording of a list; nothing if it has ended.
///
/// # Errors
/// The database's.
pub async fn set_posted(conn: &mut Conn, id: PostalId) -> Result<()> {
    diesel::update(row::table.find(id))
        .filter(row::state.eq_any(PostalState::Posted.before()))
        .set(row::state.eq(PostalState::Posted))
        .execute(conn)
        .await?;
    Ok(())
}

/// Throws a list away that waits.
///
/// # Errors
/// The database's.
pub async fn set_discarded(conn: &mut Conn, id: PostalId) -> Result<()> {
    diesel::update(row::table.find(id))
        .filter(row::state.eq_any(PostalState::Discarded.before()))
        .set(row::state.eq(PostalState::Discarded))
        .execute(conn)
        .await?;
    Ok(())
}

/// Counts letters of a list that came back or were not posted.
///
/// # Errors
/// The database's.
pub async fn add_closed(
    conn: &mut Conn,
    id: PostalId,
    (returned, not_posted): (i64, i64),
) -> Result<()> {
    diesel::update(row::table.find(id))
        .set((
            row::returned.eq(row::returned + returned),
            row::not_posted.eq(row::not_posted + not_posted),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// How an incident tells minors.
///
/// # Errors
/// `Missing`.
pub async fn minors(conn: &mut Conn, of: IncidentId) -> Result<MinorsRule> {
    Ok(incident::table
        .find(of)
        .select(incident::minors)
        .first(conn)
        .await?)
}

/// Chooses how an incident tells minors.
///
/// # Errors
/// The database's.
pub async fn set_minors(conn: &mut Conn, of: IncidentId, rule: MinorsRule) -> Result<()> {
    diesel::update(incident::table.find(of))
        .set(incident::minors.eq(rule))
        .execute(conn)
        .await?;
    Ok(())
}
