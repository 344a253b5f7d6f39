//! What the database says of itself: where it was written, how far it got, which keys it is used with.

mod gap;
mod keys;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use self::gap::missing;
pub use self::keys::{any_incident, list_keys};
use super::{Doubt, Why};
use crate::db::schema::{deployment, key_fingerprint};
use crate::db::{Conn, Guarded, Result, statement};

/// The database as it is now.
#[derive(Debug, Clone, QueryableByName)]
pub struct Seen {
    /// Names it for as long as it lives, copies included.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// How far it got.
    #[diesel(sql_type = BigInt)]
    pub epoch: i64,
    /// How many decisions about copies it has seen, and one.
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    /// When its epoch last grew.
    #[diesel(sql_type = Timestamptz)]
    pub grown_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    doubt: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    doubt_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Array<Text>)]
    evidence: Vec<String>,
}

impl Seen {
    /// The doubt that is on record.
    pub fn doubt(&self) -> Option<Doubt> {
        let (words, at) = (self.doubt.as_ref()?, self.doubt_at?);
        Some(Doubt::new(words, at, self.grown_at))
    }

    /// Since when nothing leaves because the database may be an older copy.
    pub fn doubt_at(&self) -> Option<DateTime<Utc>> {
        self.doubt_at
    }

    /// What shows that it was not written where it is, on record or not.
    pub fn evidence(&self) -> Vec<Why> {
        let known = self.evidence.iter().filter_map(|word| Why::of(word));
        known.collect()
    }
}

/// Looks at the database.
///
/// # Errors
/// `Missing` if it does not say where it was written: then nothing is sent either.
pub async fn look(conn: &mut Conn) -> Result<Seen> {
    let question = "select id, epoch, generation, grown_at, doubt, doubt_at, copy_evidence() as evidence \
        from deployment";
    Ok(statement(question).get_result(conn).await?)
}

/// The doubt that is on record.
///
/// # Errors
/// The database's.
pub async fn doubt(conn: &mut Conn) -> Result<Option<Doubt>> {
    Ok(look(conn).await?.doubt())
}

#[derive(QueryableByName)]
struct Epoch {
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

/// Lets the epoch grow, unless the database is in doubt or should be; the new epoch.
///
/// # Errors
/// The database's.
pub async fn grow(conn: &mut Conn) -> Result<Option<i64>> {
    let grown: Option<Epoch> = statement(
        "update deployment set epoch = greatest(epoch + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint), \
            grown_at = clock_timestamp(), written_by = pg_current_xact_id()::text::bigint \
         where doubt is null and (select cardinality(copy_evidence()) = 0) returning epoch",
    )
    .get_result(conn)
    .await
    .optional()?;
    Ok(grown.map(|row| row.epoch))
}

/// Puts a doubt on record. Refused if one is there already.
///
/// # Errors
/// The database's.
pub async fn set_doubt(conn: &mut Conn, why: &[Why], at: DateTime<Utc>) -> Result<Guarded> {
    let words: Vec<_> = why.iter().map(|why| why.as_str()).collect();
    let set = diesel::update(deployment::table)
        .filter(deployment::doubt.is_null())
        .set((deployment::doubt.eq(words), deployment::doubt_at.eq(at)))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Locks what the database says of itself until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut Conn) -> Result<()> {
    deployment::table
        .select(deployment::only_row)
        .for_update()
        .first::<bool>(conn)
        .await?;
    Ok(())
}

/// Says that this is the database in use, where it is now, with an epoch later than `seen`: the doubt is over.
/// `is_new`: a decision about the sent messages was applied, so that a new generation begins.
///
/// # Errors
/// The database's.
pub async fn settle(conn: &mut Conn, seen: i64, is_new: bool) -> Result<()> {
    statement(
        "update deployment d set generation = d.generation + $2::boolean::integer, doubt = null, doubt_at = null, \
            epoch = greatest(d.epoch + 1, $1 + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint), \
            grown_at = clock_timestamp(), written_by = pg_current_xact_id()::text::bigint, \
            system_identifier = p.system_identifier, timeline = p.timeline, database_oid = p.database_oid \
         from deployment_place() p",
    )
    .bind::<BigInt, _>(seen)
    .bind::<Bool, _>(is_new)
    .execute(conn)
    .await?;
    Ok(())
}

/// The fingerprint on record of the key with this name.
///
/// # Errors
/// The database's.
pub async fn fingerprint(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(key_fingerprint::table
        .find(name)
        .select(key_fingerprint::fingerprint)
        .first(conn)
        .await
        .optional()?)
}

/// Records a key's fingerprint where none is. A fingerprint that another process recorded first stays.
///
/// # Errors
/// The database's.
pub async fn insert_fingerprint(
    conn: &mut Conn,
    name: &str,
    fingerprint: &[u8],
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(key_fingerprint::table)
        .values((
            key_fingerprint::name.eq(name),
            key_fingerprint::fingerprint.eq(fingerprint),
            key_fingerprint::recorded_at.eq(at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Records a key's fingerprint in the place of the one before.
///
/// # Errors
/// The database's.
pub async fn set_fingerprint(
    conn: &mut Conn,
    name: &str,
    fingerprint: &[u8],
    at: DateTime<Utc>,
) -> Result<()> {
    let new = (
        key_fingerprint::fingerprint.eq(fingerprint),
        key_fingerprint::recorded_at.eq(at),
    );
    diesel::insert_into(key_fingerprint::table)
        .values((key_fingerprint::name.eq(name), new))
        .on_conflict(key_fingerprint::name)
        .do_update()
        .set(new)
        .execute(conn)
        .await?;
    Ok(())
}
