//! The affected list: from the bytes of a CSV file to rows, each a person or the errors that
//! refuse it. Nothing here knows an incident, a key or a database.
//!
//! [`open`] → [`Records::header`] → [`Header::parse`] once, then [`Records::read`] →
//! [`Header::row`] per record; refused records go to [`RejectWriter`]. Every line of a file is a part of its
//! header, of one record, or blank ([`Lines`]).

mod broken;
mod cell;
mod encoding;
mod formula;
mod guess;
mod header;
mod read;
mod record;
mod reject;
mod split;
mod window;

use std::fmt;

pub use self::cell::{Reason, RowError};
pub use self::encoding::Wrong;
pub use self::formula::harmless;
pub(crate) use self::header::shown;
pub use self::header::{Column, Header, HeaderError, VERDICT};
pub use self::read::{ReadError, Records, open, sniff};
pub use self::record::{Damage, Lines, Record};
pub use self::reject::RejectWriter;

use self::cell::Cells;
use crate::address::EmailAddress;
use crate::element::ElementSet;
use crate::person::flags::Flags;
use crate::person::place::{Jurisdiction, Locale};

/// One person of the affected list. Texts are trimmed and otherwise as the file has them; an
/// empty cell is `None`. `Debug` shows the line only.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The physical line on which the record starts, from 1.
    pub line: u64,
    /// The organisation's own number for the person, 1 to 64 characters.
    pub reference: String,
    /// Where the notice goes; without it the person needs a letter.
    pub email: Option<EmailAddress>,
    /// How the person is called, up to 200 characters.
    pub name: Option<String>,
    /// Which language they read; English if the file does not say.
    pub locale: Locale,
    /// Which law applies.
    pub jurisdiction: Option<Jurisdiction>,
    /// Up to 20 characters, unchecked: forms differ by country.
    pub postcode: Option<String>,
    /// What was exposed; empty only if the flags have [`Flags::RETRACT`].
    pub elements: ElementSet,
    /// What changes how, or whether, we write.
    pub flags: Flags,
    /// For a letter: up to 500 characters, may have several lines.
    pub address: Option<String>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Header {
    /// Reads one record.
    ///
    /// # Errors
    /// One [`RowError`] per bad cell, in the order of [`Column::ALL`]; if the record is damaged or the number
    /// of cells is wrong that alone, since no cell can then be given to a column.
    pub fn row(&self, record: &Record) -> Result<Row, Vec<RowError>> {
        let mut cells = Cells::new(self, record)?;
        let reference = cells.required(Column::Reference);
        let email = cells.parse(Column::Email, |cell| {
            EmailAddress::parse(cell).map_err(Reason::Email)
        });
        let name = cells.text(Column::Name);
        let locale = cells.parse(Column::Locale, |cell| {
            Locale::parse(cell).map_err(Reason::Locale)
        });
        let jurisdiction = cells.parse(Column::Jurisdiction, |cell| {
            Jurisdiction::parse(cell).map_err(Reason::Jurisdiction)
        });
        let postcode = cells.text(Column::Postcode);
        let elements = cells.elements();
        let flags = cells.parse(Column::Flags, cell::flags);
        let address = cells.text(Column::Address);
        // Either is missing only if an error says so; asking again keeps panics out.
        let (Some(reference), Some(elements), []) = (reference, elements, cells.errors()) else {
            return Err(cells.into_errors());
        };
        Ok(Row {
            line: record.line,
            reference: reference.to_owned(),
            email,
            name: name.map(str::to_owned),
            locale: locale.unwrap_or_default(),
            jurisdiction,
            postcode: postcode.map(str::to_owned),
            elements,
            flags: flags.unwrap_or_default(),
            address: address.map(str::to_owned),
        })
    }
}
