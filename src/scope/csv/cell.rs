//! One cell: taken from its record, cleaned, parsed, or refused with a reason that never
//! repeats what it holds.

use ::csv::ByteRecord;
use thiserror::Error;

use super::formula::as_it_was;
use super::header::{Column, Header};
use super::read::line_breaks;
use crate::address::AddressError;
use crate::element::ElementSet;
use crate::person::flags::Flags;
use crate::person::place::{NotAJurisdiction, NotALocale};

/// One bad cell, or one row that is bad as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Line {line}, {column}: {reason}")]
pub struct RowError {
    /// The physical line on which the record starts, from 1.
    pub line: u64,
    /// The column's name, or `row` if no single cell is to blame.
    pub column: &'static str,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a cell is refused. The sentences never contain the cell; only an unknown word that
/// reads like a code (at most 32 letters and underscores) is named.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// More or fewer cells than the first line has.
    #[error("The row has {found} cells, the first line has {expected}.{}", spread(*lines))]
    CellCount {
        /// Cells of the first line.
        expected: usize,
        /// Cells of this row.
        found: usize,
        /// Physical lines the row runs over.
        lines: u64,
    },
    /// Bytes that are no text.
    #[error("The cell is not UTF-8 text; perhaps it is Windows-1252. Save the file as UTF-8.")]
    NotUtf8,
    /// Nothing in a cell that must not be empty.
    #[error("The cell is empty; it is required.")]
    Required,
    /// More characters than [`Column::limit`].
    #[error("The cell is longer than {limit} characters.{}", spread(*lines))]
    TooLong {
        /// Characters allowed.
        limit: usize,
        /// Physical lines the row runs over.
        lines: u64,
    },
    /// A line break outside the address.
    #[error("The cell contains a line break; only the address may.{}", spread(*lines))]
    LineBreak {
        /// Physical lines the row runs over.
        lines: u64,
    },
    /// A control character; in the address all but line breaks and tabs.
    #[error("The cell contains a control character.")]
    ControlCharacter,
    /// Not an address.
    #[error(transparent)]
    Email(AddressError),
    /// Not a language tag.
    #[error(transparent)]
    Locale(NotALocale),
    /// Not a country or a part of one.
    #[error(transparent)]
    Jurisdiction(NotAJurisdiction),
    /// A code that is no element.
    #[error("{}", unknown("element", word.as_deref()))]
    UnknownElement {
        /// The first unknown code, if it reads like one.
        word: Option<String>,
    },
    /// A word that is no flag.
    #[error("{}", unknown("flag", word.as_deref()))]
    UnknownFlag {
        /// The first unknown word, if it reads like one.
        word: Option<String>,
    },
    /// The reference stands on an earlier line; the import finds it, not the row.
    #[error("The reference stands on an earlier line of this file too.")]
    DuplicateReference,
}

impl Reason {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CellCount { .. } => "cell_count",
            Self::NotUtf8 => "not_utf8",
            Self::Required => "required",
            Self::TooLong { .. } => "too_long",
            Self::LineBreak { .. } => "line_break",
            Self::ControlCharacter => "control_character",
            Self::Email(_) => "not_an_address",
            Self::Locale(_) => "not_a_locale",
            Self::Jurisdiction(_) => "not_a_jurisdiction",
            Self::UnknownElement { .. } => "unknown_element",
            Self::UnknownFlag { .. } => "unknown_flag",
            Self::DuplicateReference => "duplicate_reference",
        }
    }
}

/// A row that swallowed its neighbours says so: those people are not in the list either.
fn spread(lines: u64) -> String {
    match lines {
        1 => String::new(),
        lines => format!(
            " The row runs over {lines} lines: look for a quotation mark that is not closed."
        ),
    }
}

fn unknown(kind: &str, word: Option<&str>) -> String {
    match word {
        Some(word) => format!("There is no {kind} “{word}”."),
        None => format!("One {kind} is unknown; each is a code, separated from the next by ;."),
    }
}

/// The cells of one record and what was found wrong with them so far.
pub(super) struct Cells<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
    line: u64,
    errors: Vec<RowError>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(
        header: &'a Header,
        line: u64,
        record: &'a ByteRecord,
    ) -> Result<Self, Vec<RowError>> {
        let (expected, found) = (header.width(), record.len());
        if expected == found {
            return Ok(Self {
                header,
                record,
                line,
                errors: Vec::new(),
            });
        }
        let reason = Reason::CellCount {
            expected,
            found,
            lines: lines(record),
        };
        Err(vec![RowError {
            line,
            column: "row",
            reason,
        }])
    }

    /// The trimmed text of a cell; `None` when it is empty, absent or reported.
    pub(super) fn text(&mut self, column: Column) -> Option<&'a str> {
        let cell = self.record.get(self.header.position(column)?)?;
        let cell = match self.header.is_rejects() {
            true => as_it_was(cell),
            false => cell,
        };
        self.checked(column, clean(column, cell, self.record))
            .filter(|text| !text.is_empty())
    }

    /// The text of a cell that must not be empty.
    pub(super) fn required(&mut self, column: Column) -> Option<&'a str> {
        let before = self.errors.len();
        let text = self.text(column);
        if text.is_none() && self.errors.len() == before {
            self.report(column, Reason::Required);
        }
        text
    }

    /// What `parse` makes of a cell; `None` when it is empty, absent or reported.
    pub(super) fn parse<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        let text = self.text(column)?;
        self.checked(column, parse(text))
    }

    pub(super) fn elements(&mut self) -> Option<ElementSet> {
        let text = self.required(Column::Elements)?;
        self.checked(Column::Elements, elements(text))
    }

    pub(super) fn errors(&self) -> &[RowError] {
        &self.errors
    }

    pub(super) fn into_errors(self) -> Vec<RowError> {
        self.errors
    }

    fn checked<T>(&mut self, column: Column, outcome: Result<T, Reason>) -> Option<T> {
        outcome.map_err(|reason| self.report(column, reason)).ok()
    }

    fn report(&mut self, column: Column, reason: Reason) {
        self.errors.push(RowError {
            line: self.line,
            column: column.as_str(),
            reason,
        });
    }
}

fn clean<'a>(column: Column, cell: &'a [u8], record: &ByteRecord) -> Result<&'a str, Reason> {
    let text = str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?.trim();
    let limit = column.limit();
    // Bytes bound characters from above, so most cells need no counting.
    if text.len() > limit && text.chars().count() > limit {
        return Err(Reason::TooLong {
            limit,
            lines: lines(record),
        });
    }
    let is_layout = |c| column == Column::Address && matches!(c, '\r' | '\n' | '\t');
    match text.chars().find(|c| c.is_control() && !is_layout(*c)) {
        None => Ok(text),
        Some('\r' | '\n') => Err(Reason::LineBreak {
            lines: lines(record),
        }),
        Some(_) => Err(Reason::ControlCharacter),
    }
}

/// Physical lines a record runs over.
fn lines(record: &ByteRecord) -> u64 {
    1 + line_breaks(record)
}

fn elements(text: &str) -> Result<ElementSet, Reason> {
    match ElementSet::parse(text) {
        Ok(set) if set.is_empty() => Err(Reason::Required),
        Ok(set) => Ok(set),
        Err(_) => {
            let word = unknown_word(text, |word| ElementSet::parse(word).is_ok());
            Err(Reason::UnknownElement { word })
        }
    }
}

pub(super) fn flags(text: &str) -> Result<Flags, Reason> {
    Flags::parse(text).map_err(|_| {
        let word = unknown_word(text, |word| Flags::parse(word).is_ok());
        Reason::UnknownFlag { word }
    })
}

/// The first part that is not known, unless it may be data rather than a code.
fn unknown_word(text: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let is_code = |word: &&str| {
        word.len() <= 32 && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
    };
    let mut words = text
        .split(';')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .find(|word| !is_known(word))
        .filter(is_code)
        .map(str::to_owned)
}
