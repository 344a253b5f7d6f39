//! A list that is being read: its first line, its rows one after another, and what has passed of the file so far.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::references::References;
use crate::csv_file::{
    Column, Header, HeaderError, Lines, ReadError, Record, Records, Row, RowError, open, shown,
};
use crate::person::contact::Key;
use crate::scope::Place;
use crate::scope::lacks::Lacks;
use crate::seal::Digest;

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
    /// Fills `turn` with the next rows.
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
    pub(super) fn reference_in(&self, record: &Record) -> Option<String> {
        let cell = record.cells.get(self.reference_at?)?;
        let cell = String::from_utf8_lossy(cell);
        let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '"');
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    /// The place of the reject that a row corrects, if the file is one of rejects.
    pub(super) fn corrects(&self, record: &Record) -> Option<Place> {
        // Which cell of a damaged record is the line is not known.
        let cells = Some(&record.cells).filter(|_| record.damage.is_none())?;
        let cell = cells.get(self.place_at?)?;
        std::str::from_utf8(cell).ok()?.trim().parse().ok()
    }

    /// Fills `turn` with the next rows, as many as there are; none after the end or an error.
    pub(super) fn read(&self, turn: &mut [Record]) -> Result<usize, ReadError> {
        held(&self.source).read(turn)
    }

    /// Checks a row.
    pub(super) fn row(&self, record: &Record) -> Result<Row, Vec<RowError>> {
        self.header.row(record)
    }

    /// Keeps the indexes of references that were taken, to see whether one stands in the list twice.
    pub(super) fn took(&self, references: &[Key]) {
        held(&self.references).take(references);
    }

    /// Octets of the file read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.seen.bytes()
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
