//! From the bytes of a list to chunks ready for the database: read, checked and sealed on threads that may
//! block, one chunk at a time on each, so that the length of a list does not matter. The threads take turns
//! at reading; checking and sealing, which takes four times as long, they do side by side.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::again::Again;
use super::references::References;
use crate::clock::Clock;
use crate::csv_file::Reason;
use crate::csv_file::{
    Column, Header, HeaderError, Lines, ReadError, Record, Records, Row, RowError, open, shown,
};
use crate::id::{IncidentId, PersonId};
use crate::person::contact::{Contact, Key, reference_key};
use crate::person::flags::Flags;
use crate::person::place::Jurisdiction;
use crate::scope::kinds::Kinds;
use crate::scope::lacks::Lacks;
use crate::scope::store::{self, Copy, Rejects, Rows, Says, StagedRow};
use crate::scope::{Place, RejectReason};
use crate::seal::{Digest, IncidentKey, Index, unique};

/// Rows and rejects of one chunk, at most. Large, since a chunk is sorted by bucket: its rows of one
/// bucket should fill some pages of the table.
const CHUNK_ROWS: usize = 12_288;
/// Octets of one chunk; one more row may go over it.
const CHUNK_BYTES: usize = 4 << 20;
/// Rows read in one turn.
const TURN: usize = 512;

/// Why a list was refused before anything of it was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the first line is wrong")]
    Header(Vec<HeaderError>),
    #[error("no row below the first line")]
    NoRows,
}

/// A list that has a right first line and at least one row.
pub(super) struct List<R: io::Read> {
    source: Mutex<Source<R>>,
    header: Header,
    seen: Seen,
    references: Mutex<References>,
    /// The columns in the order of the file.
    pub(super) columns: Vec<String>,
    /// Where a file of rejects says on which line a row stood.
    place_at: Option<usize>,
    /// Where the reference of a row stands.
    reference_at: Option<usize>,
}

/// The source of rows; the thread that holds its lock reads the next ones.
struct Source<R: io::Read> {
    records: Records<Hashed<R>>,
}

impl<R: io::Read> Source<R> {
    /// Fills `turn` with the next rows, as many as there are; none after the end or an error.
    fn read(&mut self, turn: &mut [Record]) -> Result<usize, ReadError> {
        let mut rows = 0;
        while rows < turn.len() && self.records.read(&mut turn[rows])? {
            rows += 1;
        }
        Ok(rows)
    }
}

impl<R: io::Read> List<R> {
    /// Reads the beginning of a list.
    pub(super) fn open(source: R) -> Result<Self, Refused> {
        let seen = Seen::default();
        let hashed = Hashed {
            source,
            seen: seen.clone(),
        };
        let mut records = open(hashed)?;
        let names = records.header()?;
        let header = Header::parse(&names).map_err(Refused::Header)?;
        if !records.has_more() {
            return Err(Refused::NoRows);
        }
        let name = |name: &str| shown(name).to_lowercase();
        let columns: Vec<String> = names.iter().map(name).collect();
        let place_at = columns
            .iter()
            .position(|column| header.is_rejects() && column == "line");
        let source = Source { records };
        let reference_at = header.position(Column::Reference);
        Ok(Self {
            reference_at,
            source: Mutex::new(source),
            header,
            seen,
            references: Mutex::new(References::default()),
            columns,
            place_at,
        })
    }

    /// Which columns it does not have.
    pub(super) fn lacks(&self) -> Lacks {
        Lacks::of(&self.header)
    }

    /// Whether the file is one of rejects, corrected and sent again.
    pub(super) fn is_rejects(&self) -> bool {
        self.header.is_rejects()
    }

    /// The reference in a refused row; nothing if its cell is empty. In a damaged row it may be wrong: then no person
    /// has it, or a person is kept who may not be on the list.
    fn reference_in(&self, record: &Record) -> Option<String> {
        let cell = record.cells.get(self.reference_at?)?;
        let cell = String::from_utf8_lossy(cell);
        let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '"');
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    /// The place of the reject that a row corrects, if the file is one of rejects.
    fn corrects(&self, record: &Record) -> Option<Place> {
        // Which cell of a damaged record is the line is not known.
        let cells = Some(&record.cells).filter(|_| record.damage.is_none())?;
        let cell = cells.get(self.place_at?)?;
        std::str::from_utf8(cell).ok()?.trim().parse().ok()
    }

    /// Its SHA-256; of the whole once every thread has come to the end.
    pub(super) fn hash(&self) -> Vec<u8> {
        self.seen.hash()
    }

    /// Its lines; of the whole once every thread has come to the end.
    pub(super) fn lines(&self) -> Lines {
        held(&self.source).records.lines()
    }

    /// Whether it is certain that no reference stands in it twice; asked once, at the end.
    pub(super) fn is_distinct(&self) -> bool {
        std::mem::take(&mut *held(&self.references)).are_distinct()
    }
}

/// What a thread that panicked left is still whole: it only reads.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    pub(super) kinds: Kinds,
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
    kinds: Kinds,
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
            let rows = held(&list.source).read(&mut turn)?;
            let mut references = Vec::with_capacity(rows);
            for record in &turn[..rows] {
                let place = list.corrects(record);
                let taken = match list.header.row(record) {
                    Ok(row) => self.stage(row, place, &mut gathered).map_err(|row| {
                        let column = Column::Reference.as_str();
                        let reason = Reason::SaysTheSame;
                        let line = record.line;
                        (
                            vec![RowError {
                                line,
                                column,
                                reason,
                            }],
                            Some(row),
                        )
                    }),
                    Err(errors) => Err((errors, None)),
                };
                let refused = taken.is_err();
                let corrects = place.map(|place| Corrects { place, refused });
                gathered.corrects.extend(corrects);
                match taken {
                    Ok(reference) => references.push(reference),
                    Err((errors, row)) => {
                        let says = Says {
                            reference: self.index(list.reference_in(record).as_deref()),
                            row,
                        };
                        self.reject(record, &errors, says, &mut gathered.rejects);
                    }
                }
            }
            // Of a first list, a key of its table tells.
            if !self.is_first {
                held(&list.references).take(&references);
            }
            if gathered.is_full() || rows == 0 {
                let full = std::mem::replace(&mut gathered, self.empty());
                if to.blocking_send(self.chunk(full, &list.seen)).is_err() {
                    return Ok(None);
                }
            }
            if rows == 0 {
                return Ok(Some(()));
            }
        }
    }

    fn empty(&self) -> Gathered {
        let (incident, version) = (self.incident, self.version);
        Gathered {
            rows: Rows::new(incident, version, self.is_first, self.lacks, CHUNK_BYTES),
            kinds: Kinds::default(),
            rejects: Rejects::new(incident, version),
            corrects: Vec::new(),
        }
    }

    fn chunk(&self, gathered: Gathered, seen: &Seen) -> Chunk {
        let Gathered {
            rows,
            kinds,
            rejects,
            corrects,
        } = gathered;
        let now = self.clock.now();
        let id = |bucket| PersonId::in_bucket_of(bucket, now, unique());
        let (accepted, rejected) = (rows.len(), rejects.len());
        Chunk {
            rows: rows.into_copies(id),
            kinds,
            corrects,
            rejects: (rejected > 0).then(|| rejects.into_copy()),
            accepted,
            rejected,
            bytes: seen.bytes(),
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
            to.kinds.add(keys.bucket(), elements, of, 1);
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

/// A source that counts and hashes its octets as they pass.
struct Hashed<R> {
    source: R,
    seen: Seen,
}

impl<R: io::Read> io::Read for Hashed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(to)?;
        self.seen.pass(&to[..length]);
        Ok(length)
    }
}

/// What has passed so far.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<(Digest, u64)>>);

impl Seen {
    fn pass(&self, octets: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.update(octets);
        seen.1 += octets.len() as u64;
    }

    fn bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn hash(&self) -> Vec<u8> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.finish().to_vec()
    }
}
