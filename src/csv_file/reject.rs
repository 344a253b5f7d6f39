//! The rows that were refused, as a CSV to correct and send again.

use std::io::{self, Write};

use ::csv::{ByteRecord, IntoInnerError, StringRecord, Writer};

use super::cell::RowError;
use super::formula::harmless;
use super::header::VERDICT;

/// Writes one line per refused row: its cells under the columns of the list, then `line`,
/// `column` and `reason`. Several errors of one row share the line: their columns are joined
/// by `;`, and each reason is led by its column.
///
/// The file is made to be opened in a spreadsheet: a cell that begins with `=`, `+`, `-`, `@`,
/// a tab or a line break gets a leading apostrophe, so that it is text and no formula. It is
/// always UTF-8: bytes that are none become U+FFFD. A row with too few cells is filled up; what
/// a row has too many stands behind `reason`, so that every named column keeps its place.
pub struct RejectWriter<W: Write> {
    to: Writer<W>,
    width: usize,
}

impl<W: Write> RejectWriter<W> {
    /// Starts the file with the first line of the list.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn new(to: W, header: &StringRecord) -> io::Result<Self> {
        let mut rejects = Self::resume(to, header);
        for name in header {
            rejects.cell(name.trim_start_matches('\u{feff}').as_bytes())?;
        }
        rejects.to.write_record(VERDICT)?;
        Ok(rejects)
    }

    /// Goes on with a file that was begun elsewhere.
    pub fn resume(to: W, header: &StringRecord) -> Self {
        let to = ::csv::WriterBuilder::new().flexible(true).from_writer(to);
        let width = header.len();
        Self { to, width }
    }

    /// Writes one refused row; `errors` are those of this row.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn write(&mut self, record: &ByteRecord, errors: &[RowError]) -> io::Result<()> {
        let cells: Vec<_> = record.iter().collect();
        let line = errors.first().map_or(0, |error| error.line);
        self.row(&cells, line, &columns(errors), &reasons(errors))
    }

    /// Writes one refused row with what is wrong with it.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn row(
        &mut self,
        cells: &[&[u8]],
        line: impl ToString,
        columns: &str,
        why: &str,
    ) -> io::Result<()> {
        for index in 0..self.width {
            self.cell(cells.get(index).copied().unwrap_or_default())?;
        }
        self.to.write_field(line.to_string())?;
        self.to.write_field(columns)?;
        self.to.write_field(why)?;
        for surplus in cells.iter().skip(self.width) {
            self.cell(surplus)?;
        }
        self.to.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Flushes and gives the writer below back.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn finish(self) -> io::Result<W> {
        self.to.into_inner().map_err(IntoInnerError::into_error)
    }

    fn cell(&mut self, cell: &[u8]) -> io::Result<()> {
        Ok(self.to.write_field(harmless(cell).as_bytes())?)
    }
}

fn columns(errors: &[RowError]) -> String {
    errors
        .iter()
        .map(|error| error.column)
        .collect::<Vec<_>>()
        .join(";")
}

fn reasons(errors: &[RowError]) -> String {
    match errors {
        [only] => only.reason.to_string(),
        several => {
            let each = several
                .iter()
                .map(|error| format!("{}: {}", error.column, error.reason));
            each.collect::<Vec<_>>().join(" ")
        }
    }
}
