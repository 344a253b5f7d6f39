//! The scope of an incident: who is affected and what each lost, as a row of versions. A version is one
//! import of a list; it is drafted by [`import`] and takes effect when it is activated.
//!
//! Of an incident, one import or activation is at work at a time, and at most one draft waits: a new
//! import that comes to its end replaces the draft before it, and what a dead import left is discarded
//! by the next. So a draft's delta is always the difference to what is in force.

pub mod activate;
pub mod body;
pub mod consent;
pub mod csv;
pub mod delta;
pub mod import;
pub mod store;
pub mod upload;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::delta::Delta;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::pg_enum;

pg_enum! {
    /// What a list is of.
    pub enum ScopeMode: ScopeMode {
        /// Everybody affected: who is not listed is retracted.
        Full = "full",
        /// Those of whom something changed, each with all that is now known: the others stay.
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
}

/// A list that arrives in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Of which incident.
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
    /// A sentence for people; it never repeats the cell.
    pub why: String,
}

impl From<&csv::RowError> for RejectReason {
    fn from(error: &csv::RowError) -> Self {
        Self {
            column: error.column.to_owned(),
            code: error.reason.code().to_owned(),
            why: error.reason.to_string(),
        }
    }
}

/// A refused row.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line of the file on which it starts, from 1.
    pub line: i64,
    /// What is wrong with it.
    pub reasons: Vec<RejectReason>,
    /// Its cells in the order of [`Delta::columns`]; there may be more or fewer of them.
    pub cells: Vec<String>,
}

impl Reject {
    /// The columns at fault, joined by `;`.
    pub fn columns(&self) -> String {
        let columns: Vec<_> = self
            .reasons
            .iter()
            .map(|reason| reason.column.as_str())
            .collect();
        columns.join(";")
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
