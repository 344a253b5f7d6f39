//! Records out of bytes: the delimiter guessed, lines counted exactly, lengths bounded.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord};
use thiserror::Error;

/// Bytes one record may have. Without a bound a quote that is never closed would gather the
/// rest of the file, however large, into one cell.
const RECORD_LIMIT: usize = 1 << 20;
/// Bytes looked at to guess the delimiter.
const SNIFFED: u64 = 16 << 10;

/// Why no further record can be read: the file as a whole is at fault, not a row.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not even a first line.
    #[error("The file is empty.")]
    Empty,
    /// A file saved as UTF-16, as some spreadsheets do under "Unicode text".
    #[error("The file is UTF-16 text. Save it as CSV in UTF-8.")]
    Utf16,
    /// The first line is no text that we read: most likely of an older single-byte encoding.
    #[error(
        "The first line is not UTF-8 text; perhaps it is Windows-1252. Save the file as CSV in UTF-8."
    )]
    NotUtf8,
    /// A record longer than a mebibyte.
    #[error(
        "The row that begins on line {line} is longer than a mebibyte: look for a quotation mark \
         that is not closed."
    )]
    Endless {
        /// Where it starts; blank lines before it count as its own.
        line: u64,
    },
    /// The bytes stopped coming.
    #[error("The file could not be read to its end.")]
    Io(#[source] io::Error),
}

/// Opens a list: UTF-8 with or without a byte order mark; comma, semicolon or tab; cells in
/// double quotes as RFC 4180 has them; lines that end in LF or CRLF, also mixed. Blank lines
/// are skipped and counted.
///
/// # Errors
/// When the first bytes cannot be read, or are UTF-16.
pub fn open<R: Read>(mut source: R) -> Result<Records<R>, ReadError> {
    let mut start = Vec::new();
    let sniffed = source.by_ref().take(SNIFFED).read_to_end(&mut start);
    sniffed.map_err(ReadError::Io)?;
    if is_utf16(&start) {
        return Err(ReadError::Utf16);
    }
    let delimiter = sniff(&start);
    let lines = Lines {
        source: BufReader::with_capacity(64 << 10, Cursor::new(start).chain(source)),
        breaks: 0,
        after_break: true,
        left: RECORD_LIMIT,
        endless: false,
    };
    let mut builder = ReaderBuilder::new();
    builder
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(64 << 10);
    Ok(Records {
        reader: builder.from_reader(lines),
    })
}

/// Whether a file begins as UTF-16 does: with its byte order mark, or with every other octet of the first
/// ones being NUL, as names of columns have it.
fn is_utf16(start: &[u8]) -> bool {
    let has_mark = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    let pairs = &start.as_chunks::<2>().0[..(start.len() / 2).min(4)];
    let has_nul = |at: usize| pairs.len() > 1 && pairs.iter().all(|p| p[at] == 0 && p[1 - at] != 0);
    has_mark || has_nul(0) || has_nul(1)
}

/// The delimiter of a file by its first line: whichever of `,` `;` and tab stands there most
/// often outside quotes; a comma if none does.
#[must_use]
pub fn sniff(start: &[u8]) -> u8 {
    let (mut counts, mut quoted) = ([0_usize; 3], false);
    let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    for byte in start.iter().skip_while(|byte| is_break(byte)) {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b',' => counts[0] += 1,
            b';' => counts[1] += 1,
            b'\t' => counts[2] += 1,
            byte if is_break(byte) => break,
            _ => {}
        }
    }
    match counts {
        [comma, semicolon, tab] if tab > comma && tab > semicolon => b'\t',
        [comma, semicolon, _] if semicolon > comma => b';',
        _ => b',',
    }
}

/// The records of one file, each with the line it starts on.
pub struct Records<R: Read> {
    reader: Reader<Lines<R>>,
}

impl<R: Read> Records<R> {
    /// The first record; call it once, before [`Records::read`].
    ///
    /// # Errors
    /// When there is none, it is not text, or reading fails.
    pub fn header(&mut self) -> Result<StringRecord, ReadError> {
        let mut record = ByteRecord::new();
        self.read(&mut record)?.ok_or(ReadError::Empty)?;
        StringRecord::from_byte_record(record).map_err(|_| ReadError::NotUtf8)
    }

    /// Puts the next record into `record` and returns the physical line on which it starts,
    /// from 1; `None` at the end. A failure is final.
    ///
    /// # Errors
    /// When reading fails or the record does not end.
    pub fn read(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, ReadError> {
        let next = self.reader.get_ref().line() + 1;
        self.reader.get_mut().left = RECORD_LIMIT;
        let found = self.reader.read_byte_record(record);
        let lines = self.reader.get_ref();
        match found {
            Ok(true) => Ok(Some(lines.line() - line_breaks(record))),
            Ok(false) => Ok(None),
            Err(_) if lines.endless => Err(ReadError::Endless { line: next }),
            Err(error) => Err(ReadError::Io(into_io(error))),
        }
    }
}

/// Line breaks inside the cells of a record.
pub(super) fn line_breaks(record: &ByteRecord) -> u64 {
    record
        .as_slice()
        .iter()
        .map(|byte| u64::from(*byte == b'\n'))
        .sum()
}

fn into_io(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        // A flexible reader of bytes fails in no other way; the kind is said, nothing else.
        _ => io::Error::from(io::ErrorKind::InvalidData),
    }
}

/// Hands out its source line by line, so that whoever reads has seen no further than the line
/// this stands on. `csv::Position` cannot tell lines exactly: it counts a CRLF, and blank
/// lines, to the record after them.
struct Lines<R> {
    source: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    /// Line breaks handed out.
    breaks: u64,
    /// Whether the last byte handed out was one.
    after_break: bool,
    /// Bytes the record being read may still take.
    left: usize,
    /// Whether it took more.
    endless: bool,
}

impl<R> Lines<R> {
    /// The line of the last byte handed out, from 1.
    fn line(&self) -> u64 {
        self.breaks + u64::from(!self.after_break)
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let ready = self.source.fill_buf()?;
        if self.left == 0 && !ready.is_empty() {
            self.endless = true;
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let ready = &ready[..ready.len().min(to.len()).min(self.left)];
        let end = ready.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(ready.len(), |index| index + 1);
        to[..length].copy_from_slice(&ready[..length]);
        self.source.consume(length);
        self.left -= length;
        self.breaks += u64::from(end.is_some());
        // A record that ends with the file ends on the line after the last break.
        self.after_break = end.is_some();
        Ok(length)
    }
}
