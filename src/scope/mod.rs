//! The scope of an incident: who is affected and what each lost, as a row of versions. A version is one
//! import of a list; it is drafted by [`import`] and takes effect when it is activated.
//!
//! Of an incident, one import or activation is at work at a time, and at most one draft waits. An import while a
//! draft waits is refused unless it says what becomes of that draft ([`OnDraft`]): its rows are added to it, or it
//! is discarded. What a dead import left is discarded by the next. So a draft's delta is always the difference to
//! what is in force.
//!
//! A list changes only what it says: a column that it does not have ([`lacks`]) changes nothing, an empty cell
//! clears. What must not happen unseen is asked before a draft takes effect ([`consent`]).

pub mod activate;
pub mod body;
pub mod consent;
pub mod delta;
mod difference;
pub(crate) mod identity;
pub mod import;
pub(crate) mod lacks;
pub(crate) mod lines;
mod marks;
mod reason;
mod row_counts;
pub mod store;
pub mod upload;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::delta::Delta;
use self::lines::FileLines;
use crate::csv_file;
use crate::db::enums::before;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::pg_enum;
use crate::seal::{Digest, to_hex};

pg_enum! {
    /// What a list is of.
    pub enum ScopeMode: ScopeMode {
        /// All affected people: a person who is not listed is retracted.
        Full = "full",
        /// The people with changes, each with all that is now known: the others stay.
        Delta = "delta",
    }
}

pg_enum! {
    /// Where a version stands.
    pub enum ScopeStatus: ScopeStatus {
        /// Its rows are being read.
        Importing = "importing",
        /// Read and compared, not yet in force.
        Draft = "draft",
        /// Being put in force.
        Activating = "activating",
        /// In force.
        Active = "active",
        /// Was in force.
        Superseded = "superseded",
        /// Never came in force.
        Discarded = "discarded",
    }
}

impl ScopeStatus {
    /// The states that may follow.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Importing => &[Self::Draft, Self::Discarded],
            Self::Draft => &[Self::Activating, Self::Discarded],
            Self::Activating => &[Self::Active],
            Self::Active => &[Self::Superseded],
            Self::Superseded | Self::Discarded => &[],
        }
    }

    /// The states from which this one may be reached: the guard of every UPDATE.
    pub fn before(self) -> Vec<Self> {
        before(Self::ALL, self, Self::after)
    }
}

/// What an import does with the draft that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDraft {
    /// Adds its rows to the draft: they replace those with the same reference, and rejects that they correct.
    Add,
    /// Discards the draft once the new one is complete.
    Replace,
}

/// How a list is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// What the list is of. Rows that are added to a draft take the draft's mode.
    pub mode: ScopeMode,
    /// What becomes of a draft that waits; `None`: then the import is refused.
    pub draft: Option<OnDraft>,
}

impl From<ScopeMode> for How {
    fn from(mode: ScopeMode) -> Self {
        Self { mode, draft: None }
    }
}

/// One version of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1; numbers of discarded versions are not used again.
    pub version: i32,
    /// What its list is of.
    pub mode: ScopeMode,
    /// Where it stands.
    pub status: ScopeStatus,
    /// SHA-256 of the file.
    pub file_hash: Option<Vec<u8>>,
    /// Rows taken. While it is importing: so far.
    pub accepted: i64,
    /// Rows refused. While it is importing: so far.
    pub rejected: i64,
    /// What it changes, or changed; once it is imported.
    pub delta: Option<Delta>,
    /// Who imported it.
    pub created_by: StaffId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Who put it in force.
    pub activated_by: Option<StaffId>,
    /// When.
    pub activated_at: Option<DateTime<Utc>>,
    /// Who began to put it in force.
    pub activating_by: Option<StaffId>,
    /// How many of the 64 buckets it is in force in.
    pub buckets_done: i64,
    /// Octets of its file read, while it is importing.
    pub octets_read: i64,
    /// The lines of its file, once it is imported.
    pub lines: Option<FileLines>,
}

impl Version {
    /// What its rows are: another word once a file was added to it. A page or a program that saw an earlier one says so.
    pub fn revision(&self) -> String {
        let mut digest = Digest::default();
        digest.update(&self.version.to_be_bytes());
        digest.update(self.file_hash.as_deref().unwrap_or_default());
        for file in self.delta.iter().flat_map(|delta| &delta.added_files) {
            digest.update(file.sha256.as_bytes());
        }
        to_hex(&digest.finish()[..8])
    }
}

/// A list that arrives in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The incident.
    pub incident: IncidentId,
    /// Octets of the whole list.
    pub size: i64,
    /// How many of them are here, from the beginning.
    pub received: i64,
}

/// One thing that is wrong with a refused row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectReason {
    /// The column's name, or `row`.
    pub column: String,
    /// A stable word for programs.
    pub code: String,
    /// A sentence for people. It may repeat words of the cell, so it is sealed where it is kept.
    #[serde(default)]
    pub why: String,
}

impl From<&csv_file::RowError> for RejectReason {
    fn from(error: &csv_file::RowError) -> Self {
        Self {
            column: error.column.to_owned(),
            code: error.reason.code().to_owned(),
            why: error.reason.to_string(),
        }
    }
}

/// Where a row stands in the files of a version: in the one that began it, or in one that was added to the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file, from 1.
    pub file: i16,
    /// The line on which the row starts, from 1.
    pub line: i64,
}

impl From<i64> for Place {
    fn from(line: i64) -> Self {
        Self { file: 1, line }
    }
}

/// What stands between the numbers of line and file. With a mark such as `:` a spreadsheet would make a time or a
/// date of the two.
const OF_FILE: &str = " of file ";

/// `7`, and `7 of file 2` for a file that was added.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file {
            1 => write!(f, "{}", self.line),
            file => write!(f, "{}{OF_FILE}{file}", self.line),
        }
    }
}

impl std::str::FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (line, file) = text.split_once(OF_FILE).unwrap_or((text, "1"));
        Ok(Self {
            file: file.trim().parse()?,
            line: line.trim().parse()?,
        })
    }
}

/// A refused row.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// Which file of the version it stands in, from 1: files that were added to a draft come after the first.
    pub file: i16,
    /// The line of the file on which it starts, from 1.
    pub line: i64,
    /// What is wrong with it.
    pub reasons: Vec<RejectReason>,
    /// Its cells in the order of [`Delta::columns`] as they were when its file was read; there may be more or fewer of
    /// them. [`Self::in_file_order`] has them as the file does.
    pub cells: Vec<String>,
}

impl Reject {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            file: self.file,
            line: self.line,
        }
    }

    /// The columns at fault, joined by `;`.
    pub fn columns(&self) -> String {
        let columns: Vec<_> = self
            .reasons
            .iter()
            .map(|reason| reason.column.as_str())
            .collect();
        columns.join(";")
    }

    /// The cells under [`Delta::columns`]; what the row has too many stands behind.
    pub fn under_columns(&self, delta: &Delta) -> Vec<&str> {
        let width = delta.width(self.file);
        let cell = |at| self.cells.get(at).filter(|_| at < width);
        let under = (0..delta.columns.len()).map(|at| cell(at).map_or("", String::as_str));
        let surplus = self.cells.iter().skip(width).map(String::as_str);
        under.chain(surplus).collect()
    }

    /// The cells in the order of the row's own file. In a row of a file that was added to a draft, empty cells at the end
    /// are left out: the row may lack them.
    pub fn in_file_order(&self, delta: &Delta) -> Vec<&str> {
        let added = usize::try_from(self.file - 2).ok();
        let added = added.and_then(|at| delta.added_files.get(at));
        let Some(added) = added.filter(|added| !added.columns.is_empty()) else {
            return self.cells.iter().map(String::as_str).collect();
        };
        let cell = |column: &String| {
            let at = delta.columns.iter().position(|known| known == column)?;
            self.cells.get(at).map(String::as_str)
        };
        let own = added.columns.iter();
        let own = own.map(|column| cell(column).unwrap_or_default());
        let surplus = self.cells.iter().skip(delta.width(self.file));
        let mut cells: Vec<&str> = own.chain(surplus.map(String::as_str)).collect();
        while cells.last().is_some_and(|cell| cell.is_empty()) {
            cells.pop();
        }
        cells
    }

    /// What stands in a column; of `row`, all cells in the order of the row's own file.
    pub fn cell(&self, column: &str, delta: &Delta) -> String {
        let place = delta.columns.iter().position(|name| name == column);
        let place = place.filter(|at| *at < delta.width(self.file));
        match place.and_then(|at| self.cells.get(at)) {
            Some(cell) => cell.clone(),
            None => self.in_file_order(delta).join(" | "),
        }
    }

    /// What is wrong; of several reasons each is led by its column.
    pub fn why(&self) -> String {
        match self.reasons.as_slice() {
            [only] => only.why.clone(),
            several => {
                let each = several
                    .iter()
                    .map(|reason| format!("{}: {}", reason.column, reason.why));
                each.collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl std::fmt::Debug for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reject")
            .field("line", &self.line)
            .field("reasons", &self.reasons)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_from_its_words() {
        for (place, words) in [
            (Place { file: 1, line: 7 }, "7"),
            (Place { file: 2, line: 12 }, "12 of file 2"),
        ] {
            assert_eq!(place.to_string(), words);
            assert_eq!(words.parse(), Ok(place));
        }
        assert!("".parse::<Place>().is_err());
        assert!("7 of file".parse::<Place>().is_err());
    }
}
