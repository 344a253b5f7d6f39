//! Staged rows and rejects on their way into the database: encoded here as Postgres' binary COPY takes
//! them (the manual, "COPY", "Binary Format"), since diesel does not speak it and a statement for each
//! row would be twenty times slower.

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;
use uuid::Uuid;

use super::super::lacks::Lacks;
use super::first::Own;
use crate::db::Result;
use crate::id::{IncidentId, PersonId};
use crate::person::contact::{Key, Keys};
use crate::person::flags::Flags;
use crate::person::{Facts, PersonStanding, standing};
use crate::seal::bucket;

const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TAIL: [u8; 2] = (-1_i16).to_be_bytes();

/// The columns that every row has, in the order of [`Rows::push`].
const COLUMNS: &str =
    "id, bucket, reference_key, line, email_key, name_key, contact_key, sealed, exposed,
    locale, jurisdiction, flags";
/// The columns in the order of [`Rejects::push`].
const COPY_REJECTS: &str =
    "copy scope_reject (incident_id, version, line, reasons, sealed, bucket, reference_key, row_key)
    from stdin (format binary)";

/// Octets of one message of a COPY: client and server each handle it while it is in their caches.
const MESSAGE: usize = 64 << 10;

/// Where a tuple of [`Rows`] holds the id: behind the number of fields and its own length.
const ID_AT: usize = 2 + 4;

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
    pub flags: Flags,
}

/// Staged rows of one version, gathered for a COPY.
///
/// They are handed over sorted by bucket and reference, with ids that rise in that order: so the rows
/// of a bucket lie together in the table, and later the people of a batch in theirs.
#[derive(Debug)]
pub struct Rows {
    shape: Shape,
    usual: Pile,
    /// Of a first list, people who are not in progress.
    others: Pile,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Of a later list: they wait among others, and name incident and version, and what their file lacks.
    Staged(IncidentId, i32, Lacks),
    /// Rows of a first list become the people themselves ([`Own`]; by default a person is in progress).
    People,
}

#[derive(Debug, Default)]
struct Pile {
    tuples: Tuples,
    /// Bucket, index of the reference, line, and where the tuple begins and ends.
    order: Vec<(i32, [u8; 16], i64, usize, usize)>,
}

/// Rows of one shape as Postgres takes them.
#[derive(Debug)]
pub struct Copy {
    columns: &'static str,
    bytes: Bytes,
}

impl Rows {
    /// None yet, with room for as many octets. `lacks`: the columns that the file does not have, which matters
    /// where something was known before.
    pub fn new(
        incident: IncidentId,
        version: i32,
        is_first: bool,
        lacks: Lacks,
        room: usize,
    ) -> Self {
        let shape = if is_first {
            Shape::People
        } else {
            Shape::Staged(incident, version, lacks)
        };
        let usual = Pile {
            tuples: Tuples(Vec::with_capacity(room)),
            order: Vec::new(),
        };
        Self {
            shape,
            usual,
            others: Pile::default(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.usual.order.len() + self.others.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many octets.
    pub fn bytes(&self) -> usize {
        self.usual.tuples.0.len() + self.others.tuples.0.len()
    }

    /// Adds a row.
    pub fn push(&mut self, row: &StagedRow<'_>) {
        match self.shape {
            Shape::Staged(incident, version, lacks) => {
                let fields = if lacks.is_empty() { 14 } else { 15 };
                self.usual.push(row, fields, |to| {
                    to.field(incident.uuid().as_bytes());
                    to.field(&version.to_be_bytes());
                    if !lacks.is_empty() {
                        to.field(&lacks.bits().to_be_bytes());
                    }
                });
            }
            Shape::People => match stands(row) {
                PersonStanding::InProgress => self.usual.push(row, 12, |_| {}),
                elsewhere => self.others.push(row, 14, |to| {
                    let reason = row.flags.withheld_reason();
                    let reason = reason.filter(|_| elsewhere == PersonStanding::Withheld);
                    to.field(elsewhere.as_str().as_bytes());
                    to.optional(reason.map(|reason| reason.as_str().as_bytes()));
                }),
            },
        }
    }

    /// All of them; `id` makes an id in a bucket.
    pub fn into_copies(self, mut id: impl FnMut(i32) -> PersonId) -> Vec<Copy> {
        let usual = match self.shape {
            Shape::Staged(.., lacks) if !lacks.is_empty() => ", incident_id, version, lacks",
            Shape::Staged(..) => ", incident_id, version",
            Shape::People => "",
        };
        let piles = [(usual, self.usual), (", standing, withheld", self.others)];
        let some = piles.into_iter().filter(|(_, pile)| !pile.order.is_empty());
        some.map(|(columns, pile)| Copy {
            columns,
            bytes: pile.into_bytes(&mut id),
        })
        .collect()
    }
}

impl Pile {
    fn push(&mut self, row: &StagedRow<'_>, fields: i16, more: impl FnOnce(&mut Tuples)) {
        let (start, bucket) = (self.tuples.0.len(), row.keys.bucket());
        let to = &mut self.tuples;
        to.begin(fields);
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
        to.field(&row.flags.bits().to_be_bytes());
        more(to);
        let end = to.0.len();
        self.order
            .push((bucket, row.keys.reference, row.line, start, end));
    }

    fn into_bytes(mut self, id: &mut impl FnMut(i32) -> PersonId) -> Bytes {
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

/// Initial standing of a newly imported person. Rows flagged `retract` are deleted before counting.
fn stands(row: &StagedRow<'_>) -> PersonStanding {
    match row.flags.contains(Flags::RETRACT) {
        true => PersonStanding::Retracted,
        false => standing(Facts {
            in_scope: true,
            told: None,
            owes: true,
            flags: row.flags,
            reachable: row.keys.email.is_some(),
        }),
    }
}

/// What a refused row says that must be found again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Says {
    /// The blind index of its reference: who stands on a refused line of a full list is not missing from it.
    pub reference: Option<Key>,
    /// An index of the whole row, if it was refused since its reference stands on another line.
    pub row: Option<Key>,
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

    /// Adds a reject: its line, the JSON of its reasons, its sealed cells; its reference and what it says, if needed.
    pub fn push(&mut self, line: i64, reasons: &[u8], sealed: &[u8], says: Says) {
        let to = &mut self.tuples;
        to.begin(8);
        to.field(self.incident.uuid().as_bytes());
        to.field(&self.version.to_be_bytes());
        to.field(&line.to_be_bytes());
        // jsonb is its version, 1, and the text.
        to.field(&[b"\x01", reasons].concat());
        to.field(sealed);
        let bucket = says.reference.as_ref().map(bucket);
        to.optional(
            bucket
                .map(i32::to_be_bytes)
                .as_ref()
                .map(<[u8; 4]>::as_slice),
        );
        to.optional(says.reference.as_ref().map(<[u8; 16]>::as_slice));
        to.optional(says.row.as_ref().map(<[u8; 16]>::as_slice));
        self.count += 1;
    }

    /// The whole COPY.
    pub fn into_copy(self) -> Bytes {
        [HEAD, &self.tuples.0, &TAIL].concat().into()
    }
}

/// Stages rows; those of a first list in a table of its own. `freeze`: this transaction made the table, so the
/// rows need no mark of who wrote them (the manual, "COPY", `FREEZE`); indexes are built without writing all
/// pages again, and nothing is left to vacuum.
///
/// # Errors
/// The database's.
pub async fn copy_rows(client: &Client, own: Option<&Own>, freeze: bool, copy: Copy) -> Result<()> {
    let (table, more) = (own.map_or("scope_row", Own::table), copy.columns);
    let freeze = if freeze { ", freeze" } else { "" };
    let statement = format!("copy {table} ({COLUMNS}{more}) from stdin (format binary{freeze})");
    copy_in(client, &statement, copy.bytes).await
}

/// Keeps rejects.
///
/// # Errors
/// The database's.
pub async fn copy_rejects(client: &Client, copy: Bytes) -> Result<()> {
    copy_in(client, COPY_REJECTS, copy).await
}

async fn copy_in(client: &Client, statement: &str, mut copy: Bytes) -> Result<()> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    tokio::pin!(sink);
    while !copy.is_empty() {
        let message = copy.split_to(copy.len().min(MESSAGE));
        sink.feed(message).await?;
    }
    sink.finish().await?;
    Ok(())
}
