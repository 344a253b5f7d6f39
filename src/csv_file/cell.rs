//! One cell: taken from its record, cleaned, parsed, or refused with a reason that never
//! repeats what it holds.

use thiserror::Error;

use super::formula::as_it_was;
use super::header::{Column, Header};
use super::record::{Damage, Record};
use crate::address::AddressError;
use crate::element::ElementSet;
use crate::invisible::{is_invisible, shows_nothing};
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
    #[error("The row has {found} cells, the first line has {expected}.")]
    CellCount {
        /// Cells of the first line.
        expected: usize,
        /// Cells of this row.
        found: usize,
    },
    /// The line cannot be told from others, or not its cells.
    #[error(transparent)]
    Damaged(Damage),
    /// Bytes that are no text.
    #[error("The cell has octets that are no UTF-8 text: write it again.")]
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
    /// U+FFFD, which stands where a character was lost.
    #[error("The cell has lost a character (U+FFFD stands in its place): write it again.")]
    Lost,
    /// A character that does not show, where all must.
    #[error("The cell contains the invisible character U+{:04X}: write the cell again without it.", u32::from(*character))]
    Invisible {
        /// The first one.
        character: char,
    },
    /// A name or an address without visible characters.
    #[error("The cell holds only characters that do not show: empty it.")]
    ShowsNothing,
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
    #[error("{} {FLAGS}", unknown("flag", word.as_deref()))]
    UnknownFlag {
        /// The first unknown word, if it reads like one.
        word: Option<String>,
    },
    /// The reference stands on an earlier line; the import finds it, not the row.
    #[error("The reference stands on an earlier line of this file too.")]
    DuplicateReference,
    /// A row of a file of rejects that was refused since its reference stands on another line; the import finds it.
    #[error(
        "The row says what it said when it was refused since its reference stands on another line: correct it, or leave it out."
    )]
    SaysTheSame,
}

impl Reason {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CellCount { .. } => "cell_count",
            Self::Damaged(Damage::Broken { .. }) => "broken_row",
            Self::Damaged(_) => "damaged_quote",
            Self::Invisible { .. } => "invisible_character",
            Self::Lost => "lost_character",
            Self::ShowsNothing => "shows_nothing",
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
            Self::DuplicateReference | Self::SaysTheSame => "duplicate_reference",
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

/// The flags that there are.
const FLAGS: &str = "The flags are minor, deceased, vulnerable, protected, hold and retract.";

fn unknown(kind: &str, word: Option<&str>) -> String {
    match word {
        Some(word) => format!("There is no {kind} “{word}”."),
        None => format!("One {kind} is unknown; each is a code, separated from the next by ;."),
    }
}

/// The cells of one record and what was found wrong with them so far.
pub(super) struct Cells<'a> {
    header: &'a Header,
    record: &'a Record,
    errors: Vec<RowError>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(header: &'a Header, record: &'a Record) -> Result<Self, Vec<RowError>> {
        let (expected, found) = (header.width(), record.cells.len());
        let (column, reason) = match record.damage {
            None if expected == found => {
                return Ok(Self {
                    header,
                    record,
                    errors: Vec::new(),
                });
            }
            None => (None, Reason::CellCount { expected, found }),
            Some(damage) => {
                // Cells behind a damaged one are guessed: if the reference is among them, the row is at fault.
                let is_sure = |cell: &usize| header.position(Column::Reference) < Some(*cell);
                let cell = damage.cell().filter(is_sure);
                let column = cell.and_then(|cell| header.column(cell));
                (column, Reason::Damaged(damage))
            }
        };
        Err(vec![RowError {
            line: record.line,
            column: column.map_or("row", Column::as_str),
            reason,
        }])
    }

    /// The trimmed text of a cell; `None` when it is empty, absent or reported.
    pub(super) fn text(&mut self, column: Column) -> Option<&'a str> {
        let cell = self.cell(column)?;
        self.checked(column, clean(column, cell, self.record.lines))
            .filter(|text| !text.is_empty())
    }

    fn cell(&self, column: Column) -> Option<&'a [u8]> {
        let cell = self.record.cells.get(self.header.position(column)?)?;
        Some(match self.header.is_rejects() {
            true => as_it_was(cell),
            false => cell,
        })
    }

    /// Whether the row takes a person out of the list: then it need not say what was exposed.
    fn retracts(&self) -> bool {
        let flags = self.cell(Column::Flags).map(str::from_utf8);
        let flags = flags.and_then(Result::ok).map(Flags::parse);
        matches!(flags, Some(Ok(flags)) if flags.contains(Flags::RETRACT))
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

    /// The elements; the empty set only in a row that retracts.
    pub(super) fn elements(&mut self) -> Option<ElementSet> {
        if !self.retracts() {
            let text = self.required(Column::Elements)?;
            return self.checked(Column::Elements, elements(text, false));
        }
        let before = self.errors.len();
        match self.text(Column::Elements) {
            None => (self.errors.len() == before).then_some(ElementSet::EMPTY),
            Some(text) => self.checked(Column::Elements, elements(text, true)),
        }
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
            line: self.record.line,
            column: column.as_str(),
            reason,
        });
    }
}

fn clean(column: Column, cell: &[u8], lines: u64) -> Result<&str, Reason> {
    let text = str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?.trim();
    let limit = column.limit();
    // Bytes bound characters from above, so most cells need no counting.
    if text.len() > limit && text.chars().count() > limit {
        return Err(Reason::TooLong { limit, lines });
    }
    let is_layout = |c| column == Column::Address && matches!(c, '\r' | '\n' | '\t');
    match text.chars().find(|c| c.is_control() && !is_layout(*c)) {
        None if text.is_ascii() => Ok(text),
        None => visible(column, text),
        Some('\r' | '\n') => Err(Reason::LineBreak { lines }),
        Some(_) => Err(Reason::ControlCharacter),
    }
}

fn visible(column: Column, text: &str) -> Result<&str, Reason> {
    match text.contains('\u{fffd}') {
        true => Err(Reason::Lost),
        false => shown_in(column, text),
    }
}

/// Names and addresses keep characters that do not show: some scripts are spelled with them.
fn shown_in(column: Column, text: &str) -> Result<&str, Reason> {
    if matches!(column, Column::Name | Column::Address) {
        let is_seen = text.is_empty() || !shows_nothing(text);
        return is_seen.then_some(text).ok_or(Reason::ShowsNothing);
    }
    match text.chars().find(|c| is_invisible(*c)) {
        None => Ok(text),
        Some(character) => Err(Reason::Invisible { character }),
    }
}

fn elements(text: &str, may_be_empty: bool) -> Result<ElementSet, Reason> {
    match ElementSet::parse(text) {
        Ok(set) if set.is_empty() && !may_be_empty => Err(Reason::Required),
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
