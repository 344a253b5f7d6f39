//! Uploads and their pieces in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Upload;
use crate::db::schema::{upload, upload_piece};
use crate::db::{Conn, Result};
use crate::id::{IncidentId, StaffId, UploadId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = upload)]
struct Row {
    id: UploadId,
    incident_id: IncidentId,
    size: i64,
    received: i64,
}

impl From<Row> for Upload {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            incident: row.incident_id,
            size: row.size,
            received: row.received,
        }
    }
}

/// The upload that a member of staff has begun for an incident.
///
/// # Errors
/// The database's.
pub async fn find_upload_of(
    conn: &mut Conn,
    incident: IncidentId,
    by: StaffId,
) -> Result<Option<Upload>> {
    let row: Option<Row> = upload::table
        .filter(upload::incident_id.eq(incident))
        .filter(upload::created_by.eq(by))
        .select(Row::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

/// Inserts an upload of a member of staff.
///
/// # Errors
/// `Conflict` if they have begun one for this incident.
pub async fn insert_upload(
    conn: &mut Conn,
    new: &Upload,
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(upload::table)
        .values((
            upload::id.eq(new.id),
            upload::incident_id.eq(new.incident),
            upload::created_by.eq(by),
            upload::size.eq(new.size),
            upload::received.eq(new.received),
            upload::created_at.eq(at),
            upload::changed_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The upload with this id of this member of staff.
///
/// # Errors
/// `Missing`, also for that of another.
pub async fn find_upload(conn: &mut Conn, id: UploadId, by: StaffId) -> Result<Upload> {
    let row: Row = upload::table
        .find(id)
        .filter(upload::created_by.eq(by))
        .select(Row::as_select())
        .first(conn)
        .await?;
    Ok(row.into())
}

/// The same; it is as if something had been added to it.
///
/// # Errors
/// `Missing`, also for that of another.
pub async fn touch_upload(
    conn: &mut Conn,
    id: UploadId,
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<Upload> {
    let row: Row = diesel::update(upload::table.find(id))
        .filter(upload::created_by.eq(by))
        .set(upload::changed_at.eq(at))
        .returning(Row::as_returning())
        .get_result(conn)
        .await?;
    Ok(row.into())
}

/// The same, its row locked until the transaction ends: no other request adds to it.
///
/// # Errors
/// `Missing`, also for that of another.
pub async fn lock_upload(conn: &mut Conn, id: UploadId, by: StaffId) -> Result<Upload> {
    let row: Row = upload::table
        .find(id)
        .filter(upload::created_by.eq(by))
        .select(Row::as_select())
        .for_update()
        .first(conn)
        .await?;
    Ok(row.into())
}

/// Adds a sealed piece that begins at `start`; `received` octets are here then. The caller has locked the upload.
///
/// # Errors
/// The database's.
pub async fn insert_piece(
    conn: &mut Conn,
    id: UploadId,
    (start, sealed): (i64, &[u8]),
    received: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(upload_piece::table)
        .values((
            upload_piece::upload_id.eq(id),
            upload_piece::start.eq(start),
            upload_piece::sealed.eq(sealed),
        ))
        .execute(conn)
        .await?;
    diesel::update(upload::table.find(id))
        .set((upload::received.eq(received), upload::changed_at.eq(at)))
        .execute(conn)
        .await?;
    Ok(())
}

/// The piece that begins at `start`, sealed.
///
/// # Errors
/// `Missing`.
pub async fn find_piece(conn: &mut Conn, id: UploadId, start: i64) -> Result<Vec<u8>> {
    Ok(upload_piece::table
        .find((id, start))
        .select(upload_piece::sealed)
        .first(conn)
        .await?)
}

/// Deletes an upload with its pieces; none is there, it is no error.
///
/// # Errors
/// The database's.
pub async fn delete_upload(conn: &mut Conn, id: UploadId) -> Result<()> {
    diesel::delete(upload::table.find(id)).execute(conn).await?;
    Ok(())
}

/// Deletes the uploads of an incident.
///
/// # Errors
/// The database's.
pub async fn delete_uploads_of(conn: &mut Conn, incident: IncidentId) -> Result<()> {
    diesel::delete(upload::table.filter(upload::incident_id.eq(incident)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes the uploads to which nothing was added since `before`.
///
/// # Errors
/// The database's.
pub async fn delete_idle_uploads(conn: &mut Conn, before: DateTime<Utc>) -> Result<()> {
    let idle = upload::table.filter(upload::changed_at.lt(before));
    diesel::delete(idle).execute(conn).await?;
    Ok(())
}

/// To what a piece belongs: the associated data under which it is sealed.
pub fn piece_owner(of: &Upload, start: i64) -> Vec<u8> {
    let upload = of.id.uuid();
    [
        &of.incident.uuid().as_bytes()[..],
        b"upload",
        upload.as_bytes(),
        &start.to_be_bytes(),
    ]
    .concat()
}
