//! An affected list that arrives in pieces and is kept, sealed, until all of it is here: a connection that breaks costs
//! one piece. The way of tus 1.0 (tus.io): begun with its size, each piece is added at the end of the one before, and a
//! client can ask how much has arrived.

use bytes::Bytes;
use chrono::TimeDelta;

use super::body::{Feed, pieces};
use super::import::{self, ImportError, Imported, Source};
use super::{How, OnDraft, Upload, store};
use crate::app::App;
use crate::db;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::incident;
use crate::seal::{Broken, IncidentKey};

/// Octets of a piece, at most.
pub const PIECE: usize = 8 << 20;
/// Octets of a list, at most: a hundred million people with everything that may be said of them.
const LARGEST: i64 = 64 << 30;
/// An upload without new pieces for this long is deleted.
const KEPT: TimeDelta = TimeDelta::days(1);
/// What is handed to the reader at once. Slices of one piece share its room.
const SLICE: usize = 256 << 10;

/// Why an upload was not begun or added to; what is here stays.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// There is no such incident or upload, or it is another's.
    #[error("there is no such upload")]
    Missing,
    /// The incident's key was destroyed.
    #[error("this incident was forgotten: nobody can be added to it")]
    Forgotten,
    /// The list could not be imported: a draft waits, and it is not said what becomes of it; rows are to be added and
    /// none waits; or the incident is over.
    #[error(transparent)]
    Draft(Box<ImportError>),
    /// The one before is being imported.
    #[error("the list that you sent before is being imported: wait until it is done")]
    Busy,
    /// No list has this size.
    #[error("a list has 1 to {LARGEST} octets")]
    NotASize,
    /// Something is missing before the piece, or it is here already.
    #[error("{received} octets are here: go on from there")]
    NotNext {
        /// How many are here.
        received: i64,
    },
    /// It goes beyond the size that was told when it was begun.
    #[error("the piece goes beyond the size with which the upload was begun")]
    TooMuch,
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for UploadError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            // Begun twice at once: the other one is at work.
            error if error.is_conflict("one_upload_a_person") => Self::Busy,
            other => Self::Db(other),
        }
    }
}

impl From<ImportError> for UploadError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Db(error) => Self::Db(error),
            ImportError::Forgotten => Self::Forgotten,
            other => Self::Draft(Box::new(other)),
        }
    }
}

/// Begins an upload of `size` octets. It replaces another upload of the same member of staff for this incident. `draft`
/// is what the import will do with a waiting draft: an upload that could not be imported is refused at once.
///
/// # Errors
/// [`UploadError`].
pub async fn begin(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    size: i64,
    draft: Option<OnDraft>,
) -> Result<Upload, UploadError> {
    if !(1..=LARGEST).contains(&size) {
        return Err(UploadError::NotASize);
    }
    let now = app.now();
    let begun = Upload {
        id: UploadId::new(now),
        incident,
        size,
        received: 0,
    };
    import::ask_draft(&mut *app.db.get().await?, incident, draft).await?;
    end_former(app, by, incident).await?;
    let mut tx = app.db.begin().await?;
    // Forgetting the incident takes the same lock: from here on it finds this upload.
    let found = incident::store::lock(&mut tx, incident).await?;
    if found.forgotten_at.is_some() {
        return Err(UploadError::Forgotten);
    }
    if found.state.is_over() {
        return Err(ImportError::Over(found.state).into());
    }
    store::insert_upload(&mut tx, &begun, by, now).await?;
    tx.commit().await?;
    Ok(begun)
}

/// Deletes the former upload of a member of staff, unless it is being imported. Deleting its pieces may take a while;
/// nothing else is locked then.
async fn end_former(app: &App, by: StaffId, incident: IncidentId) -> Result<(), UploadError> {
    let mut tx = app.db.begin().await?;
    let Some(former) = store::find_upload_of(&mut tx, incident, by).await? else {
        return Ok(());
    };
    let is_whole = former.received == former.size;
    if is_whole && !store::try_lock(&mut tx, incident).await? {
        return Err(UploadError::Busy);
    }
    store::delete_upload(&mut tx, former.id).await?;
    Ok(tx.commit().await?)
}

/// Another account's upload.
///
/// # Errors
/// [`UploadError::Missing`], also for that of another.
pub async fn find(app: &App, by: StaffId, id: UploadId) -> Result<Upload, UploadError> {
    Ok(store::find_upload(&mut *app.db.get().await?, id, by).await?)
}

/// Adds a piece that begins at `start`.
///
/// # Errors
/// [`UploadError`].
pub async fn add(
    app: &App,
    by: StaffId,
    id: UploadId,
    start: i64,
    piece: &[u8],
) -> Result<Upload, UploadError> {
    let mut tx = app.db.begin().await?;
    let mut upload = store::lock_upload(&mut tx, id, by).await?;
    let received = upload.received;
    if start != received {
        return Err(UploadError::NotNext { received });
    }
    let more = i64::try_from(piece.len()).unwrap_or(i64::MAX);
    if more > upload.size - received {
        return Err(UploadError::TooMuch);
    }
    if more == 0 {
        return Ok(upload);
    }
    let found = incident::store::find(&mut tx, upload.incident).await?;
    let key = found.key(&app.keys)?.ok_or(UploadError::Forgotten)?;
    let sealed = key.seal(&store::piece_owner(&upload, start), piece);
    upload.received += more;
    store::insert_piece(&mut tx, id, (start, &sealed), upload.received, app.now()).await?;
    tx.commit().await?;
    Ok(upload)
}

/// Imports the list of an upload that is all here, as [`import::import`] does. Then it is gone, and also if the
/// list was refused as a whole; else it stays, and this can be tried again.
///
/// # Errors
/// [`ImportError`]; `Incomplete` if not all is here.
pub async fn import(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    how: impl Into<How>,
    id: UploadId,
) -> Result<Imported, ImportError> {
    let how = how.into();
    let mut conn = app.db.get().await?;
    let upload = store::touch_upload(&mut conn, id, by, app.now()).await?;
    if upload.incident != incident {
        return Err(ImportError::Missing);
    }
    if upload.received < upload.size {
        return Err(ImportError::Incomplete {
            received: upload.received,
            size: upload.size,
        });
    }
    import::ask_draft(&mut conn, incident, how.draft).await?;
    let found = incident::store::find(&mut conn, incident).await?;
    drop(conn);
    let key = found.key(&app.keys)?.ok_or(ImportError::Forgotten)?;
    let (feed, body) = pieces();
    let source = Source::File(body);
    let importing = Box::pin(import::import(app, by, incident, how, source, |_| {}));
    let (fed, imported) = tokio::join!(pour(app, &key, &upload, feed), importing);
    // A piece that could not be read is why the list ended too early.
    fed?;
    let is_over = match &imported {
        Ok(_) => true,
        Err(error) => error.is_of_the_list(),
    };
    if is_over {
        // If this fails, it is swept a day later.
        let _ = give_up(app, id).await;
    }
    imported
}

async fn give_up(app: &App, id: UploadId) -> Result<(), db::Error> {
    store::delete_upload(&mut *app.db.get().await?, id).await
}

/// Sends the pieces one after another, as long as the import reads.
async fn pour(app: &App, key: &IncidentKey, of: &Upload, feed: Feed) -> Result<(), ImportError> {
    let (mut conn, mut start) = (app.db.get().await?, 0);
    while start < of.size {
        let mut piece = match store::find_piece(&mut conn, of.id, start).await {
            Ok(sealed) => Bytes::from(key.open(&store::piece_owner(of, start), &sealed)?),
            // With the incident; nothing else takes them from under an import.
            Err(db::Error::Missing) => return Err(ImportError::Forgotten),
            Err(error) => return Err(error.into()),
        };
        start += i64::try_from(piece.len()).unwrap_or(i64::MAX);
        while !piece.is_empty() {
            let slice = piece.split_to(piece.len().min(SLICE));
            if !feed.send(slice).await {
                return Ok(());
            }
        }
    }
    feed.finish().await;
    Ok(())
}

/// Deletes uploads without new pieces for a day. Workers call it periodically.
///
/// # Errors
/// The database's.
pub async fn sweep(app: &App) -> Result<(), db::Error> {
    let before = app.now() - KEPT;
    store::delete_idle_uploads(&mut *app.db.get().await?, before).await
}
