//! Adding the staged rows of another file to the draft that waits.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, SmallInt, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Place, ScopeStatus, Version};
use super::first::Own;
use super::reject::Closed;
use super::version::{Row, buckets_done, read};
use crate::db::schema::{scope_reject, scope_version};
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;
use crate::person::contact::Key;
use crate::person::flags::Flags;
use crate::seal::bucket;

/// The draft that waits, if there is one.
///
/// # Errors
/// The database's.
pub async fn find_draft(conn: &mut Conn, incident: IncidentId) -> Result<Option<Version>> {
    let found = scope_version::table
        .filter(scope_version::incident_id.eq(incident))
        .filter(scope_version::status.eq(ScopeStatus::Draft))
        .order(scope_version::version.desc())
        .select((Row::as_select(), buckets_done()))
        .first(conn)
        .await
        .optional()?;
    found.map(read).transpose()
}

/// Rows of the version `from` that are added to the draft `to`; `own` is the draft's table if it is a first list.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// The incident.
    pub incident: IncidentId,
    /// The version under which the rows were staged.
    pub from: i32,
    /// The draft.
    pub to: i32,
    /// The table of a first list.
    pub own: Option<&'a Own>,
}

/// Rows of a draft that added rows replace.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Replaced {
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub all: i64,
    /// Those of them that said something else.
    #[diesel(sql_type = BigInt)]
    pub changed: i64,
}

/// Deletes the rows of the draft that added rows replace; how many.
///
/// # Errors
/// The database's.
pub async fn delete_replaced(conn: &mut Conn, added: Added<'_>) -> Result<Replaced> {
    let same = "d.bucket = a.bucket and d.reference_key = a.reference_key";
    let draft = match added.own {
        Some(own) => format!(
            "{} d using scope_row a where $3::integer > 0 and",
            own.table()
        ),
        None => "scope_row d using scope_row a where d.incident_id = $1 and d.version = $3 and"
            .to_owned(),
    };
    let delete = format!(
        "with gone as (
            delete from {draft} a.incident_id = $1 and a.version = $2 and {same}
            returning (d.contact_key, d.exposed, d.locale, d.jurisdiction, d.flags)
                is distinct from (a.contact_key, a.exposed, a.locale, a.jurisdiction, a.flags) as changed
        )
        select count(*) as \"all\", count(*) filter (where changed) as changed from gone"
    );
    Ok(diesel::sql_query(delete)
        .bind::<Uuid, _>(added.incident)
        .bind::<Integer, _>(added.from)
        .bind::<Integer, _>(added.to)
        .get_result(conn)
        .await?)
}

/// Moves the added rows to the draft. Rows that retract a person of a first list are left: they have done their
/// work once the draft's row is deleted.
///
/// # Errors
/// The database's.
pub async fn move_staged(conn: &mut Conn, added: Added<'_>) -> Result<()> {
    let statement = match added.own {
        None => "update scope_row set version = $3 where incident_id = $1 and version = $2".to_owned(),
        Some(own) => format!(
            "insert into {} (bucket, id, incident_id, reference_key, email_key, name_key, contact_key, sealed,
                exposed, named, locale, jurisdiction, flags, standing, withheld, link_epoch, since_scope,
                changed_scope)
            select bucket, id, $1, reference_key, email_key, name_key, contact_key, sealed, exposed, 0, locale,
                jurisdiction, flags, t.standing,
                case when t.standing = 'withheld' then withheld_reason_of(flags) end, 0, $3, $3
            from scope_row
            cross join lateral (select standing_of(true, null, true, flags, email_key is not null) as standing) t
            where incident_id = $1 and version = $2 and flags & {} = 0",
            own.table(),
            Flags::RETRACT.bits()
        ),
    };
    diesel::sql_query(statement)
        .bind::<Uuid, _>(added.incident)
        .bind::<Integer, _>(added.from)
        .bind::<Integer, _>(added.to)
        .execute(conn)
        .await?;
    Ok(())
}

/// Of these references (bucket and blind index), those that staged rows of the version name; by their positions,
/// from 0.
///
/// # Errors
/// The database's.
pub async fn find_listed(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    (buckets, references): (&[i32], &[Vec<u8>]),
) -> Result<Vec<usize>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        position: i64,
    }
    let find = "select c.position
        from unnest($3::integer[], $4::bytea[]) with ordinality as c (bucket, reference_key, position)
        join scope_row r on r.incident_id = $1 and r.version = $2
            and r.bucket = c.bucket and r.reference_key = c.reference_key";
    let found: Vec<Found> = diesel::sql_query(find)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Array<Integer>, _>(buckets)
        .bind::<Array<Binary>, _>(references)
        .load(conn)
        .await?;
    let position = |found: Found| usize::try_from(found.position - 1).unwrap_or(usize::MAX);
    Ok(found.into_iter().map(position).collect())
}

/// Deletes the rejects of a version at these places.
///
/// # Errors
/// The database's.
pub async fn delete_rejects_at(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    places: &[Place],
) -> Result<()> {
    let files: Vec<i16> = places.iter().map(|place| place.file).collect();
    let lines: Vec<i64> = places.iter().map(|place| place.line).collect();
    let delete =
        "delete from scope_reject r using unnest($3::smallint[], $4::bigint[]) as gone (file, line)
        where r.incident_id = $1 and r.version = $2 and r.file = gone.file and r.line = gone.line";
    diesel::sql_query(delete)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Array<SmallInt>, _>(files)
        .bind::<Array<BigInt>, _>(lines)
        .execute(conn)
        .await?;
    Ok(())
}

/// A reject that comes to a draft.
#[derive(Debug)]
pub struct NewReject {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it, and its cells.
    pub closed: Closed,
    /// The blind index of its reference, if it can be read.
    pub reference: Option<Key>,
    /// What its row says, if its reference stands on another line.
    pub row: Option<Key>,
}

/// Keeps rejects of a version.
///
/// # Errors
/// The database's.
///
/// # Panics
/// Never: what [`super::close`] made is JSON.
pub async fn insert_rejects(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    rejects: &[NewReject],
) -> Result<()> {
    let row = |new: &NewReject| {
        let reasons: serde_json::Value =
            serde_json::from_slice(&new.closed.reasons).expect("it was made as JSON");
        (
            scope_reject::incident_id.eq(incident),
            scope_reject::version.eq(version),
            scope_reject::file.eq(new.place.file),
            scope_reject::line.eq(new.place.line),
            scope_reject::reasons.eq(reasons),
            scope_reject::sealed.eq(new.closed.sealed.clone()),
            scope_reject::bucket.eq(new.reference.as_ref().map(bucket)),
            scope_reject::reference_key.eq(new.reference.map(Vec::from)),
            scope_reject::row_key.eq(new.row.map(Vec::from)),
        )
    };
    let rows: Vec<_> = rejects.iter().map(row).collect();
    diesel::insert_into(scope_reject::table)
        .values(&rows)
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes an importing version after its rows were added to a draft, with its rejects.
///
/// # Errors
/// `Missing` if it is not importing any more.
pub async fn delete_version(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<()> {
    let deleted = diesel::delete(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq(ScopeStatus::Importing))
        .execute(conn)
        .await?;
    if deleted == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}
