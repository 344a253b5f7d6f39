//! Records out of bytes: the delimiter guessed, lines counted exactly, damage kept to its own line.

use std::io::{self, Read};
use std::mem::swap;

use ::csv::StringRecord;
use thiserror::Error;

use super::broken::Parts;
use super::encoding::{Judged, Wrong, known_start, wrong};
use super::header::Column;
use super::record::{Lines, Record, Shape};
use super::split::{Split, split};
use super::window::Window;

/// Octets one line may have. Without a bound a file without line breaks would be gathered whole.
const LINE_LIMIT: usize = 1 << 20;
/// Octets looked at to guess the delimiter.
const SNIFFED: u64 = 16 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why no further record can be read: the file as a whole is at fault, not a row.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not even a first line.
    #[error("The file is empty.")]
    Empty,
    /// A file in another encoding, or no text at all.
    #[error(transparent)]
    Wrong(Wrong),
    /// The first line is no text that we read, and in no encoding that we know.
    #[error("The first line is not UTF-8 text. Save the file as CSV in UTF-8.")]
    NotUtf8,
    /// Quotation marks of the first line do not fit.
    #[error(
        "The first line, with the names of the columns, has a quotation mark that is not closed or that has \
         text behind it."
    )]
    FirstLine,
    /// A line longer than a mebibyte.
    #[error("Line {line} is longer than a mebibyte: perhaps the file has lost its line breaks.")]
    Endless {
        /// The line, from 1.
        line: u64,
    },
    /// The bytes stopped coming.
    #[error("The file could not be read to its end.")]
    Io(#[source] io::Error),
}

/// Opens a list: UTF-8 with or without a byte order mark; comma, semicolon or tab, or what a line `sep=` before
/// all others says; cells in double quotes as RFC 4180 has them; lines that end in LF, CRLF or CR, also mixed.
/// Blank lines are skipped and counted.
///
/// # Errors
/// When the first bytes cannot be read, or are those of another format or encoding.
pub fn open<R: Read>(mut source: R) -> Result<Records<R>, ReadError> {
    let mut start = Vec::new();
    let sniffed = source.by_ref().take(SNIFFED).read_to_end(&mut start);
    sniffed.map_err(ReadError::Io)?;
    if let Some(wrong) = known_start(&start) {
        return Err(ReadError::Wrong(wrong));
    }
    let mark = usize::from(start.starts_with(BYTE_ORDER_MARK)) * BYTE_ORDER_MARK.len();
    let said = separator(&start[mark..]);
    let (delimiter, passed) = said.unwrap_or_else(|| (sniff(&start[mark..]), 0));
    let judged = Judged::new(source, &start);
    let mut window = Window::new(start, judged);
    window.pass(mark + passed);
    let header = u64::from(passed > 0);
    Ok(Records {
        window,
        shape: Shape {
            delimiter,
            columns: Vec::new(),
        },
        lines: Lines {
            lines: header,
            header,
            ..Lines::default()
        },
        next: None,
        parts: Parts::default(),
    })
}

/// The delimiter that a first line `sep=;` tells spreadsheets, and the octets of that line.
fn separator(start: &[u8]) -> Option<(u8, usize)> {
    let end = start
        .iter()
        .position(|octet| matches!(octet, b'\r' | b'\n'))?;
    let line = start[..end].trim_ascii();
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    let &[delimiter @ (b',' | b';' | b'\t' | b'|')] = value else {
        return None;
    };
    let after = end + 1 + usize::from(start[end..].starts_with(b"\r\n"));
    key.eq_ignore_ascii_case(b"sep=")
        .then_some((delimiter, after))
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
    window: Window<Judged<R>>,
    shape: Shape,
    lines: Lines,
    /// The record that is next; `None` before it was looked for, and at the end.
    next: Option<Record>,
    parts: Parts,
}

impl<R: Read> Records<R> {
    /// The first record; call it once, before [`Records::read`].
    ///
    /// # Errors
    /// When there is none, it is not text, its quotation marks do not fit, or reading fails.
    pub fn header(&mut self) -> Result<StringRecord, ReadError> {
        let mut record = Record::default();
        if !self.cut(&mut record)? {
            return Err(ReadError::Empty);
        }
        self.lines.header += record.lines;
        if record.damage.is_some() {
            return Err(ReadError::FirstLine);
        }
        let names = StringRecord::from_byte_record(record.cells).map_err(|_| {
            let wrong = self.window.source().verdict();
            wrong.map_or(ReadError::NotUtf8, ReadError::Wrong)
        })?;
        self.shape.columns = names.iter().map(Column::named).collect();
        let mut first = Record::default();
        self.next = self.cut(&mut first)?.then_some(first);
        Ok(names)
    }

    /// Puts the next record into `record`; `false` at the end. A damaged line is a record with its damage, and
    /// the next one begins on the line after it. A failure is final.
    ///
    /// # Errors
    /// When reading fails or a line is longer than a mebibyte.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        let Some(mut next) = self.next.take() else {
            return Ok(false);
        };
        swap(record, &mut next);
        self.next = self.cut(&mut next)?.then_some(next);
        self.parts.judge(record, self.next.as_ref(), &self.shape);
        Ok(true)
    }

    /// Whether [`Records::read`] has another record.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The lines of the file so far; of the whole once [`Records::read`] has come to the end.
    #[must_use]
    pub const fn lines(&self) -> Lines {
        self.lines
    }

    /// Cuts off the next record that is not blank.
    fn cut(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        loop {
            let (bytes, is_all) = self.window.look();
            if bytes.is_empty() && is_all {
                return Ok(false);
            }
            let line = self.lines.lines + 1;
            let (length, lines, is_odd, damage) =
                match split(bytes, is_all, &self.shape, &mut record.cells) {
                    Split::More if bytes.len() > LINE_LIMIT => {
                        return Err(ReadError::Endless { line });
                    }
                    Split::More => {
                        self.window.widen().map_err(failed)?;
                        continue;
                    }
                    Split::Whole {
                        length,
                        lines,
                        is_odd,
                    } => (length, lines, is_odd, None),
                    Split::Damaged { length, damage } => (length, 1, true, Some(damage)),
                };
            (record.line, record.lines) = (line, lines);
            (record.is_odd, record.damage) = (is_odd, damage);
            self.lines.ends_open = is_all && length == bytes.len() && !ends_with_break(bytes);
            record.is_cut = self.lines.ends_open;
            self.window.pass(length);
            self.lines.lines += lines;
            if damage.is_none() && is_blank(record) {
                self.lines.blank += lines;
                continue;
            }
            self.lines.continued += lines - 1;
            return Ok(true);
        }
    }
}

/// Why no more can be read.
fn failed(error: io::Error) -> ReadError {
    match wrong(&error) {
        Some(wrong) => ReadError::Wrong(wrong),
        None => ReadError::Io(error),
    }
}

fn ends_with_break(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n") || bytes.ends_with(b"\r")
}

fn is_blank(record: &Record) -> bool {
    record.cells.iter().all(|cell| cell.trim_ascii().is_empty())
}
