//! From the bytes of a list to chunks ready for the database: read, checked and sealed on a thread that
//! may block, one chunk at a time, so that the length of a list does not matter.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ::csv::ByteRecord;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::references::References;
use crate::clock::Clock;
use crate::id::{IncidentId, PersonId};
use crate::person::contact::{Contact, Key};
use crate::person::flags::Flags;
use crate::person::place::Jurisdiction;
use crate::scope::RejectReason;
use crate::scope::csv::{Header, HeaderError, ReadError, Records, Row, RowError, open};
use crate::scope::store::{Rejects, Rows, StagedRow, reject_owner};
use crate::seal::{Digest, IncidentKey, unique};

/// What the delta of a first list counts: elements as bits, jurisdiction.
pub(super) type Kind = (i64, String);

/// Rows and rejects of one chunk, at most. Large, since a chunk is sorted by bucket: its rows of one
/// bucket should fill some pages of the table.
const CHUNK_ROWS: usize = 16_384;
/// Octets of one chunk; one more row may go over it.
const CHUNK_BYTES: usize = 6 << 20;

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

/// A list whose first line is right and that has at least one row.
pub(super) struct List<R: io::Read> {
    records: Records<Hashed<R>>,
    header: Header,
    first: (u64, ByteRecord),
    seen: Seen,
    /// The columns in the order of the file.
    pub(super) columns: Vec<String>,
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
        let mut record = ByteRecord::new();
        let line = records.read(&mut record)?.ok_or(Refused::NoRows)?;
        let name = |cell: &str| cell.trim_start_matches('\u{feff}').trim().to_lowercase();
        Ok(Self {
            records,
            header,
            first: (line, record),
            seen,
            columns: names.iter().map(name).collect(),
        })
    }
}

/// Some rows and rejects, ready for the database.
pub(super) struct Chunk {
    /// A COPY of rows, if there are any.
    pub(super) rows: Option<Bytes>,
    /// How many rows expose which elements under which jurisdiction.
    pub(super) exposed: BTreeMap<Kind, i64>,
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
    exposed: BTreeMap<Kind, i64>,
    rejects: Rejects,
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.rows.len() + self.rejects.len() >= CHUNK_ROWS
            || self.rows.bytes() + self.rejects.bytes() >= CHUNK_BYTES
    }
}

/// What is known once a list is read to its end.
pub(super) struct Read {
    /// Its SHA-256.
    pub(super) hash: Vec<u8>,
    /// Whether it is certain that no reference stands in it twice.
    pub(super) distinct: bool,
}

/// What belongs to every row of one import.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) incident: IncidentId,
    pub(super) version: i32,
    pub(super) key: IncidentKey,
    pub(super) clock: Clock,
}

impl Stage {
    /// Sends the whole list in chunks; `None` if nobody takes them any more.
    pub(super) fn run<R: io::Read>(
        &self,
        list: List<R>,
        to: &mpsc::Sender<Chunk>,
    ) -> Result<Option<Read>, ReadError> {
        let List {
            mut records,
            header,
            first: (mut line, mut record),
            seen,
            ..
        } = list;
        let mut gathered = self.empty();
        let mut references = References::default();
        loop {
            match header.row(line, &record) {
                Ok(row) => references.take(&self.stage(row, &mut gathered)),
                Err(errors) => self.reject(line, &record, &errors, &mut gathered.rejects),
            }
            let next = records.read(&mut record)?;
            if gathered.is_full() || next.is_none() {
                let full = std::mem::replace(&mut gathered, self.empty());
                if to.blocking_send(self.chunk(full, &seen)).is_err() {
                    return Ok(None);
                }
            }
            match next {
                // Lines are keys. In a file that ends lines with CR alone they count records.
                Some(next) => line = next.max(line + 1),
                None => {
                    return Ok(Some(Read {
                        hash: seen.hash(),
                        distinct: references.are_distinct(),
                    }));
                }
            }
        }
    }

    fn empty(&self) -> Gathered {
        let (incident, version) = (self.incident, self.version);
        Gathered {
            rows: Rows::new(incident, version),
            exposed: BTreeMap::new(),
            rejects: Rejects::new(incident, version),
        }
    }

    fn chunk(&self, gathered: Gathered, seen: &Seen) -> Chunk {
        let Gathered {
            rows,
            exposed,
            rejects,
        } = gathered;
        let now = self.clock.now();
        let id = |bucket| PersonId::in_bucket_of(bucket, now, unique());
        let (accepted, rejected) = (rows.len(), rejects.len());
        Chunk {
            rows: (accepted > 0).then(|| rows.into_copy(id)),
            exposed,
            rejects: (rejected > 0).then(|| rejects.into_copy()),
            accepted,
            rejected,
            bytes: seen.bytes(),
        }
    }

    /// Puts a row among the others, sealed; the index of its reference.
    fn stage(&self, row: Row, to: &mut Gathered) -> Key {
        let contact = Contact {
            reference: row.reference,
            email: row.email,
            name: row.name,
            postcode: row.postcode,
            address: row.address,
        };
        let (keys, sealed) = contact.seal(&self.key, self.incident);
        if !row.flags.contains(Flags::RETRACT) {
            let under = row.jurisdiction.as_ref().map_or("", Jurisdiction::as_str);
            *to.exposed
                .entry((row.elements.bits(), under.to_owned()))
                .or_default() += 1;
        }
        to.rows.push(&StagedRow {
            line: whole(row.line),
            keys,
            sealed: &sealed,
            exposed: row.elements.bits(),
            locale: row.locale.as_str(),
            jurisdiction: row.jurisdiction.as_ref().map_or("", Jurisdiction::as_str),
            flags: row.flags.bits(),
        });
        keys.reference
    }

    fn reject(&self, line: u64, record: &ByteRecord, errors: &[RowError], rejects: &mut Rejects) {
        let reasons: Vec<RejectReason> = errors.iter().map(Into::into).collect();
        let cells: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
        self.keep(rejects, whole(line), &reasons, &cells);
    }

    /// Puts a reject among the others, its cells sealed.
    pub(super) fn keep<T: serde::Serialize>(
        &self,
        rejects: &mut Rejects,
        line: i64,
        reasons: &[RejectReason],
        cells: &[T],
    ) {
        let reasons = serde_json::to_vec(reasons).expect("texts always become JSON");
        let cells = serde_json::to_vec(cells).expect("texts always become JSON");
        let owner = reject_owner(self.incident, self.version, line);
        rejects.push(line, &reasons, &self.key.seal(&owner, &cells));
    }
}

/// A line as the database counts it.
fn whole(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

/// A source whose octets are counted and hashed as they pass.
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
