//! From the bytes of a list to chunks ready for the database: read, checked and sealed on threads that may
//! block, one chunk at a time on each, so that the length of a list does not matter. The threads take turns
//! at reading; checking and sealing, which takes four times as long, they do side by side.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::again::Again;
use super::list::List;
use crate::clock::Clock;
use crate::csv_file::{Column, ReadError, Reason, Record, Row, RowError};
use crate::id::{IncidentId, PersonId};
use crate::person::contact::{Contact, Key, reference_key};
use crate::person::flags::Flags;
use crate::person::place::Jurisdiction;
use crate::scope::lacks::Lacks;
use crate::scope::row_counts::RowCounts;
use crate::scope::store::{self, Copy, Rejects, Rows, Says, StagedRow};
use crate::scope::{Place, RejectReason};
use crate::seal::{IncidentKey, Index, unique};

/// Rows and rejects of one chunk, at most. Large, since a chunk is sorted by bucket: its rows of one
/// bucket should fill some pages of the table.
const CHUNK_ROWS: usize = 12_288;
/// Octets of one chunk; one more row may go over it.
const CHUNK_BYTES: usize = 4 << 20;
/// Rows read in one turn.
const TURN: usize = 512;

/// The reject that a row corrects.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corrects {
    pub(super) place: Place,
    /// The row was refused again.
    pub(super) refused: bool,
}

/// Some rows and rejects, ready for the database.
pub(super) struct Chunk {
    pub(super) rows: Vec<Copy>,
    /// The number of rows of each kind.
    pub(super) row_counts: RowCounts,
    /// The places of the rejects that its rows correct.
    pub(super) corrects: Vec<Corrects>,
    /// A COPY of rejects, if there are any.
    pub(super) rejects: Option<Bytes>,
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    /// Octets of the file read so far.
    pub(super) bytes: u64,
}

/// Rows and rejects of the chunk that is being filled.
struct Gathered {
    rows: Rows,
    row_counts: RowCounts,
    rejects: Rejects,
    corrects: Vec<Corrects>,
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.rows.len() + self.rejects.len() >= CHUNK_ROWS
            || self.rows.bytes() + self.rejects.bytes() >= CHUNK_BYTES
    }
}

/// What belongs to every row of one import.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) incident: IncidentId,
    pub(super) version: i32,
    pub(super) key: IncidentKey,
    pub(super) clock: Clock,
    /// Whether it is a first list: its rows become the people themselves.
    pub(super) is_first: bool,
    /// Which columns the list does not have.
    pub(super) lacks: Lacks,
    /// Of a file of rejects: which of its rows are refused again.
    pub(super) again: Arc<Again>,
}

impl Stage {
    /// Sends a list in chunks, in parallel with other threads; `None` if the receiver has ended.
    pub(super) fn run<R: io::Read>(
        &self,
        list: &List<R>,
        to: &mpsc::Sender<Chunk>,
    ) -> Result<Option<()>, ReadError> {
        let mut gathered = self.empty();
        let mut turn = vec![Record::default(); TURN];
        loop {
            let rows = list.read(&mut turn)?;
            let mut references = Vec::with_capacity(rows);
            for record in &turn[..rows] {
                references.extend(self.take(list, record, &mut gathered));
            }
            // Of a first list, a key of its table tells.
            if !self.is_first {
                list.took(&references);
            }
            if gathered.is_full() || rows == 0 {
                let full = std::mem::replace(&mut gathered, self.empty());
                if to.blocking_send(self.chunk(full, list.bytes())).is_err() {
                    return Ok(None);
                }
            }
            if rows == 0 {
                return Ok(Some(()));
            }
        }
    }

    /// Puts a row among the rows or the rejects of a chunk; the index of the reference of a row that is taken.
    fn take<R: io::Read>(
        &self,
        list: &List<R>,
        record: &Record,
        gathered: &mut Gathered,
    ) -> Option<Key> {
        let place = list.corrects(record);
        let taken = match list.row(record) {
            Ok(row) => self.stage(row, place, gathered).map_err(|row| {
                let error = RowError {
                    line: record.line,
                    column: Column::Reference.as_str(),
                    reason: Reason::SaysTheSame,
                };
                (vec![error], Some(row))
            }),
            Err(errors) => Err((errors, None)),
        };
        let refused = taken.is_err();
        let corrects = place.map(|place| Corrects { place, refused });
        gathered.corrects.extend(corrects);
        let refused = |(errors, row): (Vec<RowError>, Option<Key>)| {
            let reference = self.index(list.reference_in(record).as_deref());
            let says = Says { reference, row };
            self.reject(record, &errors, says, &mut gathered.rejects);
        };
        taken.map_err(refused).ok()
    }

    fn empty(&self) -> Gathered {
        let (incident, version) = (self.incident, self.version);
        Gathered {
            rows: Rows::new(incident, version, self.is_first, self.lacks, CHUNK_BYTES),
            row_counts: RowCounts::default(),
            rejects: Rejects::new(incident, version),
            corrects: Vec::new(),
        }
    }

    fn chunk(&self, gathered: Gathered, bytes: u64) -> Chunk {
        let Gathered {
            rows,
            row_counts,
            rejects,
            corrects,
        } = gathered;
        let now = self.clock.now();
        let id = |bucket| PersonId::in_bucket_of(bucket, now, unique());
        let (accepted, rejected) = (rows.len(), rejects.len());
        Chunk {
            rows: rows.into_copies(id),
            row_counts,
            corrects,
            rejects: (rejected > 0).then(|| rejects.into_copy()),
            accepted,
            rejected,
            bytes,
        }
    }

    /// Puts a row among the others, sealed; the index of its reference. A row that says what was refused before is
    /// not taken: then the index of what it says. `place` is that of the reject that it corrects.
    fn stage(&self, row: Row, place: Option<Place>, to: &mut Gathered) -> Result<Key, Key> {
        let contact = Contact {
            reference: row.reference,
            email: row.email,
            name: row.name,
            postcode: row.postcode,
            address: row.address,
        };
        let (keys, sealed) = contact.seal(&self.key, self.incident);
        let under = row.jurisdiction.as_ref().map_or("", Jurisdiction::as_str);
        let elements = row.elements.bits();
        if !self.again.is_empty() {
            let of = (under, row.flags.bits());
            let says = row_key(&self.key, &keys.contact, elements, row.locale.as_str(), of);
            if self.again.refuses(&says, &keys.reference, place) {
                return Err(says);
            }
        }
        if !row.flags.contains(Flags::RETRACT) {
            let of = (under, row.flags.bits());
            to.row_counts.add(keys.bucket(), elements, of, 1);
        }
        to.rows.push(&StagedRow {
            line: whole(row.line),
            keys,
            sealed: &sealed,
            exposed: elements,
            locale: row.locale.as_str(),
            jurisdiction: under,
            flags: row.flags,
        });
        Ok(keys.reference)
    }

    /// The blind index of the reference of a refused row; a first list keeps no people.
    pub(super) fn index(&self, reference: Option<&str>) -> Option<Key> {
        let reference = reference.filter(|_| !self.is_first)?;
        Some(reference_key(&self.key, reference))
    }

    fn reject(&self, record: &Record, errors: &[RowError], says: Says, rejects: &mut Rejects) {
        let reasons: Vec<RejectReason> = errors.iter().map(Into::into).collect();
        let cells: Vec<_> = record.cells.iter().map(String::from_utf8_lossy).collect();
        self.keep(rejects, whole(record.line), &reasons, &cells, says);
    }

    /// Puts a reject among the others, its cells and sentences sealed.
    pub(super) fn keep<T: serde::Serialize>(
        &self,
        rejects: &mut Rejects,
        line: i64,
        reasons: &[RejectReason],
        cells: &[T],
        says: Says,
    ) {
        let version = (self.incident, self.version);
        let closed = store::close(&self.key, version, line, reasons, cells);
        rejects.push(line, &closed.reasons, &closed.sealed, says);
    }
}

/// An index of all that a row says: of its contact data, elements, locale, and jurisdiction and flags.
pub(super) fn row_key(
    key: &IncidentKey,
    contact: &[u8],
    exposed: i64,
    locale: &str,
    (under, flags): (&str, i32),
) -> Key {
    let of = [locale, under].join("\n");
    let numbers = [&exposed.to_be_bytes()[..], &flags.to_be_bytes()].concat();
    key.index(Index::Contact, &[contact, &numbers, of.as_bytes()].concat())
}

/// A line as the database counts it.
fn whole(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}
