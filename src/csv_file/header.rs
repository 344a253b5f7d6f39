//! The first line of the affected list: which column stands where, or everything wrong with it.

use std::fmt;

use ::csv::StringRecord;
use thiserror::Error;

use crate::element;
use crate::invisible::is_invisible;

/// The columns an affected list may have; `reference` and `elements` it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// The organisation's own number for the person.
    Reference,
    /// Where the notice goes.
    Email,
    /// How the person is called.
    Name,
    /// A BCP 47 language tag.
    Locale,
    /// An ISO 3166 code.
    Jurisdiction,
    /// Postal code.
    Postcode,
    /// Codes of exposed elements, separated by `;`.
    Elements,
    /// Words of [`Flags`](crate::person::flags::Flags), separated by `;`.
    Flags,
    /// Postal address, several lines allowed.
    Address,
}

impl Column {
    /// Every column, in the order in which errors are reported.
    pub const ALL: [Self; 9] = [
        Self::Reference,
        Self::Email,
        Self::Name,
        Self::Locale,
        Self::Jurisdiction,
        Self::Postcode,
        Self::Elements,
        Self::Flags,
        Self::Address,
    ];

    /// Its name in the first line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Email => "email",
            Self::Name => "name",
            Self::Locale => "locale",
            Self::Jurisdiction => "jurisdiction",
            Self::Postcode => "postcode",
            Self::Elements => "elements",
            Self::Flags => "flags",
            Self::Address => "address",
        }
    }

    /// The most characters a cell of it may hold, white space at its ends not counted.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Reference => 64,
            Self::Email => 254,
            Self::Name | Self::Flags => 200,
            Self::Locale => 35,
            Self::Jurisdiction => 6,
            Self::Postcode => 20,
            Self::Elements => 2_000,
            Self::Address => 500,
        }
    }

    /// The column of a name in the first line, whatever its case and whatever does not show in it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = &shown(name);
        Self::ALL
            .into_iter()
            .find(|column| column.as_str().eq_ignore_ascii_case(name))
    }

    const fn is_required(self) -> bool {
        matches!(self, Self::Reference | Self::Elements)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with the first line. Positions count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// None of the cells names a column: most likely a file that starts with a person, so its
    /// cells are not repeated.
    #[error(
        "The first line must name the columns, and none of our names is in it. They are {}.",
        Column::ALL.map(Column::as_str).join(", ")
    )]
    NoHeader,
    /// A required column is not there.
    #[error("The column {0} is missing.")]
    Missing(Column),
    /// A column we do not know.
    #[error("{} is unknown. Remove it or correct its name.", place(*position, name.as_deref()))]
    Unknown {
        /// Where it stands.
        position: usize,
        /// Its name, if it reads like one.
        name: Option<String>,
    },
    /// The same name twice.
    #[error("The column {0} stands there more than once.")]
    Duplicate(Column),
    /// More cells than any list has columns, or an e-mail address among them: rows stand in the first line too.
    /// None of them is repeated.
    #[error(
        "The first line has {found} cells, and rows seem to be among them: perhaps the file has lost its line \
         breaks. The first line names the columns and nothing else."
    )]
    TooWide {
        /// Cells of the first line.
        found: usize,
    },
    /// A column that would hold what was stolen.
    #[error(
        "{} seems to hold values of {element}. Remove it: Candor does not hold stolen values, \
         only which kinds of data were exposed.",
        place(*position, name.as_deref())
    )]
    StolenValue {
        /// Where it stands.
        position: usize,
        /// Its name, if it reads like one.
        name: Option<String>,
        /// The code of the element.
        element: &'static str,
    },
}

impl HeaderError {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoHeader => "no_header",
            Self::Missing(_) => "column_missing",
            Self::Unknown { .. } => "column_unknown",
            Self::Duplicate(_) => "column_duplicate",
            Self::TooWide { .. } => "too_wide",
            Self::StolenValue { .. } => "stolen_value",
        }
    }
}

impl HeaderError {
    /// Leaves out what the cell holds.
    fn forget(&mut self) {
        if let Self::Unknown { name, .. } | Self::StolenValue { name, .. } = self {
            *name = None;
        }
    }
}

fn place(position: usize, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("Column {position}, “{name}”,"),
        None => format!("Column {position}"),
    }
}

/// A name of the first line without what does not show, such as a byte order mark.
pub(crate) fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    name.trim().to_owned()
}

/// Which column stands where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// By the order of [`Column::ALL`].
    positions: [Option<usize>; Column::ALL.len()],
    width: usize,
    is_rejects: bool,
}

/// The columns that a file of rejects has in addition to those of its list.
pub const VERDICT: [&str; 3] = ["line", "column", "reason"];

impl Header {
    /// Reads the first record of a list. Columns may stand in any order; case and white space
    /// around names do not matter, nor does a byte order mark before the first.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn parse(record: &StringRecord) -> Result<Self, Vec<HeaderError>> {
        let mut header = Self {
            positions: [None; Column::ALL.len()],
            width: record.len(),
            is_rejects: record
                .iter()
                .filter(|cell| is_verdict(&shown(cell)))
                .count()
                >= VERDICT.len(),
        };
        if holds_data(record) {
            return Err(vec![HeaderError::TooWide {
                found: record.len(),
            }]);
        }
        let mut errors = Vec::new();
        for (index, cell) in record.iter().enumerate() {
            let name = shown(cell);
            if header.is_rejects && is_verdict(&name) {
                continue;
            }
            if let Err(error) = header.place(index, &name) {
                errors.push(error);
            }
        }
        let known = header.positions.iter().flatten().count();
        let is_complete = header.position(Column::Reference).is_some()
            && header.position(Column::Elements).is_some();
        if !is_complete && record.len() > 2 * known {
            // More unknown names than known ones: the line may be a person's data, so no cell is repeated.
            errors.iter_mut().for_each(HeaderError::forget);
        }
        if known == 0 {
            errors.retain(|error| matches!(error, HeaderError::StolenValue { .. }));
            errors.insert(0, HeaderError::NoHeader);
        } else {
            let missing = Column::ALL
                .into_iter()
                .filter(|column| column.is_required() && header.position(*column).is_none());
            errors.extend(missing.map(HeaderError::Missing));
        }
        if errors.is_empty() {
            Ok(header)
        } else {
            Err(errors)
        }
    }

    fn place(&mut self, index: usize, name: &str) -> Result<(), HeaderError> {
        let Some(column) = Column::named(name) else {
            return Err(stranger(index + 1, name));
        };
        match self.positions[column as usize].replace(index) {
            None => Ok(()),
            Some(_) => Err(HeaderError::Duplicate(column)),
        }
    }

    /// Where `column` stands in a record, from 0.
    #[must_use]
    pub const fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    /// The column at a position, from 0.
    pub(super) fn column(&self, position: usize) -> Option<Column> {
        let stands_there = |column: &Column| self.position(*column) == Some(position);
        Column::ALL.into_iter().find(stands_there)
    }

    /// Whether this is a file of rejects, corrected and sent again: its column with the reason is passed over, and cells
    /// that were made harmless are what they were.
    #[must_use]
    pub const fn is_rejects(&self) -> bool {
        self.is_rejects
    }

    /// How many cells every record must have.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }
}

/// More cells than this hold no names of columns.
const WIDEST: usize = 40;

/// Whether the first line holds more than names: all lines in one, or rows of people behind the names.
fn holds_data(record: &StringRecord) -> bool {
    let is_named = || record.iter().any(|cell| Column::named(cell).is_some());
    record.len() > WIDEST || (record.iter().any(|cell| cell.contains('@')) && is_named())
}

fn is_verdict(name: &str) -> bool {
    VERDICT.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn stranger(position: usize, name: &str) -> HeaderError {
    let element = element::looks_like_a_value(name);
    let name = reads_like_a_name(name).then(|| name.to_owned());
    match element {
        Some(element) => HeaderError::StolenValue {
            position,
            name,
            element: element.code(),
        },
        None => HeaderError::Unknown { position, name },
    }
}

/// A word or a few, so that a cell of data in the wrong line is not repeated in an error.
fn reads_like_a_name(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.chars().count() <= 40
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.'))
        && name.chars().filter(char::is_ascii_digit).count() <= 3
}
