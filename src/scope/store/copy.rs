//! Staged rows and rejects on their way into the database: encoded here as Postgres' binary COPY takes
//! them (the manual, "COPY", "Binary Format"), since diesel does not speak it and a statement for each
//! row would be twenty times slower.

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::db::Result;
use crate::id::{IncidentId, PersonId};
use crate::person::contact::Keys;

const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TAIL: [u8; 2] = (-1_i16).to_be_bytes();

/// The columns in the order of [`Rows::push`].
const COPY_ROWS: &str = "copy scope_row (incident_id, version, id, bucket, reference_key, line, email_key,
    name_key, contact_key, sealed, exposed, locale, jurisdiction, flags) from stdin (format binary)";
/// The columns in the order of [`Rejects::push`].
const COPY_REJECTS: &str =
    "copy scope_reject (incident_id, version, line, reasons, sealed) from stdin (format binary)";

/// Where a tuple of [`Rows`] holds the id: behind the number of fields and the two fields before it.
const ID_AT: usize = 2 + (4 + 16) + (4 + 4) + 4;

/// Tuples of one COPY.
#[derive(Debug, Default)]
struct Tuples(Vec<u8>);

impl Tuples {
    fn begin(&mut self, fields: i16) {
        self.0.extend_from_slice(&fields.to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("a field is far shorter than 2 GiB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.0.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
}

/// A row of a list, sealed.
#[derive(Debug)]
pub struct StagedRow<'a> {
    /// The line it stands on.
    pub line: i64,
    /// The blind indexes.
    pub keys: Keys,
    /// The contact data.
    pub sealed: &'a [u8],
    /// The exposed elements.
    pub exposed: i64,
    /// The language.
    pub locale: &'a str,
    /// The law; empty if not known.
    pub jurisdiction: &'a str,
    /// The flags.
    pub flags: i32,
}

/// Staged rows of one version, gathered for a COPY.
///
/// They are handed over sorted by bucket and reference, with ids that rise in that order: so the rows
/// of a bucket lie together in the table, and later the people of a batch in theirs.
#[derive(Debug)]
pub struct Rows {
    incident: IncidentId,
    version: i32,
    tuples: Tuples,
    /// Bucket, index of the reference, line, and where the tuple begins and ends.
    order: Vec<(i32, [u8; 16], i64, usize, usize)>,
}

impl Rows {
    /// None yet.
    pub fn new(incident: IncidentId, version: i32) -> Self {
        Self {
            incident,
            version,
            tuples: Tuples::default(),
            order: Vec::new(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many octets.
    pub fn bytes(&self) -> usize {
        self.tuples.0.len()
    }

    /// Adds a row.
    pub fn push(&mut self, row: &StagedRow<'_>) {
        let (start, bucket) = (self.tuples.0.len(), row.keys.bucket());
        let to = &mut self.tuples;
        to.begin(14);
        to.field(self.incident.uuid().as_bytes());
        to.field(&self.version.to_be_bytes());
        to.field(Uuid::nil().as_bytes());
        to.field(&bucket.to_be_bytes());
        to.field(&row.keys.reference);
        to.field(&row.line.to_be_bytes());
        to.optional(row.keys.email.as_ref().map(<[u8; 16]>::as_slice));
        to.optional(row.keys.name.as_ref().map(<[u8; 16]>::as_slice));
        to.field(&row.keys.contact);
        to.field(row.sealed);
        to.field(&row.exposed.to_be_bytes());
        to.field(row.locale.as_bytes());
        to.field(row.jurisdiction.as_bytes());
        to.field(&row.flags.to_be_bytes());
        let end = to.0.len();
        self.order
            .push((bucket, row.keys.reference, row.line, start, end));
    }

    /// The whole COPY; `id` makes an id in a bucket.
    pub fn into_copy(mut self, mut id: impl FnMut(i32) -> PersonId) -> Bytes {
        self.order.sort_unstable();
        let mut copy = Vec::with_capacity(HEAD.len() + self.tuples.0.len() + TAIL.len());
        copy.extend_from_slice(HEAD);
        for same_bucket in self.order.chunk_by(|a, b| a.0 == b.0) {
            let mut ids: Vec<_> = same_bucket.iter().map(|row| id(row.0)).collect();
            ids.sort_unstable();
            for ((.., start, end), id) in same_bucket.iter().zip(ids) {
                let at = copy.len() + ID_AT;
                copy.extend_from_slice(&self.tuples.0[*start..*end]);
                copy[at..at + 16].copy_from_slice(id.uuid().as_bytes());
            }
        }
        copy.extend_from_slice(&TAIL);
        copy.into()
    }
}

/// Rejects of one version, gathered for a COPY.
#[derive(Debug)]
pub struct Rejects {
    incident: IncidentId,
    version: i32,
    tuples: Tuples,
    count: usize,
}

impl Rejects {
    /// None yet.
    pub fn new(incident: IncidentId, version: i32) -> Self {
        Self {
            incident,
            version,
            tuples: Tuples::default(),
            count: 0,
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many octets.
    pub fn bytes(&self) -> usize {
        self.tuples.0.len()
    }

    /// Adds a reject: its line, the JSON of its reasons, its sealed cells.
    pub fn push(&mut self, line: i64, reasons: &[u8], sealed: &[u8]) {
        let to = &mut self.tuples;
        to.begin(5);
        to.field(self.incident.uuid().as_bytes());
        to.field(&self.version.to_be_bytes());
        to.field(&line.to_be_bytes());
        // jsonb is its version, 1, and the text.
        to.field(&[b"\x01", reasons].concat());
        to.field(sealed);
        self.count += 1;
    }

    /// The whole COPY.
    pub fn into_copy(self) -> Bytes {
        [HEAD, &self.tuples.0, &TAIL].concat().into()
    }
}

/// Stages rows.
///
/// # Errors
/// The database's.
pub async fn copy_rows(client: &Client, copy: Bytes) -> Result<()> {
    copy_in(client, COPY_ROWS, copy).await
}

/// Keeps rejects.
///
/// # Errors
/// The database's.
pub async fn copy_rejects(client: &Client, copy: Bytes) -> Result<()> {
    copy_in(client, COPY_REJECTS, copy).await
}

async fn copy_in(client: &Client, statement: &str, copy: Bytes) -> Result<()> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    tokio::pin!(sink);
    sink.send(copy).await?;
    sink.finish().await?;
    Ok(())
}
