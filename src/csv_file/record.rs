//! One record of a file: its cells, the lines that it takes, and what is wrong with it before any cell is read.

use std::fmt;

use ::csv::ByteRecord;
use thiserror::Error;

use super::header::Column;

/// What [`Records::read`](super::Records::read) fills. `Debug` shows the lines only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The physical line on which it starts, from 1.
    pub line: u64,
    /// Physical lines that it takes: more than one if a cell in quotes has line breaks.
    pub lines: u64,
    /// Its cells. Of a damaged record they are what its line holds, quotes that do not fit included.
    pub cells: ByteRecord,
    /// Why no cell of it may be used; `None` if it is whole.
    pub damage: Option<Damage>,
    /// Whether the file ended in its last line, without a line break.
    pub(super) is_cut: bool,
    /// Whether it has an odd number of quotation marks.
    pub(super) is_odd: bool,
}

impl Record {
    /// A whole record that takes one line.
    #[must_use]
    pub const fn new(line: u64, cells: ByteRecord) -> Self {
        Self {
            line,
            lines: 1,
            cells,
            damage: None,
            is_cut: false,
            is_odd: false,
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("line", &self.line)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// Why the cells of a line cannot be told from each other, or from those of the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Damage {
    /// A quotation mark opens a cell and nothing closes it where it can be closed.
    #[error(
        "The cell begins with a quotation mark that is not closed. Close it, remove it, or write it twice \
         inside of quotation marks."
    )]
    NotClosed {
        /// The cell, from 0.
        cell: usize,
    },
    /// Something stands between the closing quotation mark and the next delimiter.
    #[error(
        "Text stands behind the closing quotation mark of the cell. A quotation mark inside of quotation marks \
         is written twice."
    )]
    TextBehind {
        /// The cell, from 0.
        cell: usize,
    },
    /// A quotation mark stands inside of a cell, and its other one in a later cell.
    #[error(
        "A quotation mark stands inside of the cell and another one in a later cell: the delimiter before the \
         first one may be missing."
    )]
    Pair {
        /// The cell, from 0.
        cell: usize,
    },
    /// A line near the record has too few cells or a damaged quotation mark and may be a part of it.
    #[error(
        "Line {part} may be a part of this row, broken off by a line break or a quotation mark that does not \
         fit. Correct both lines."
    )]
    Broken {
        /// The other line.
        part: u64,
    },
}

impl Damage {
    /// The cell at fault, from 0; `None` if it is the row as a whole.
    #[must_use]
    pub const fn cell(self) -> Option<usize> {
        match self {
            Self::NotClosed { cell } | Self::TextBehind { cell } | Self::Pair { cell } => {
                Some(cell)
            }
            Self::Broken { .. } => None,
        }
    }
}

/// How many lines of a file are what. They add up: `lines` = `header` + records + `continued` + `blank`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// Physical lines of the file. LF, CRLF and a CR alone end a line.
    pub lines: u64,
    /// Lines before the first record that are not blank: the names of the columns, and `sep=` if there is one.
    pub header: u64,
    /// Lines with nothing but delimiters, spaces and empty quotation marks.
    pub blank: u64,
    /// Second and later lines of records with line breaks in their cells.
    pub continued: u64,
    /// Whether the last line has no line break.
    pub ends_open: bool,
}

/// What the first line of a file says of all others.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) delimiter: u8,
    /// The columns in the order of the file; `None` for names that are no column of ours.
    pub(super) columns: Vec<Option<Column>>,
}

impl Shape {
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }
}
