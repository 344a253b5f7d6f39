//! Cuts one record off the beginning of some bytes, strictly (RFC 4180): a quotation mark that begins a cell is
//! closed in front of a delimiter or the end of a line, or the line is damaged. Elsewhere it is text.
//!
//! A quotation mark that was left open must not reach into the rows of other people. So a cell with line breaks
//! counts only if its record has as many cells as the first line, the cell is no longer than an address may be,
//! and no line in it looks like a row. Else its first line alone is damaged, and the next line is read as a
//! record of its own.

use std::ops::ControlFlow::{self, Break, Continue};

use ::csv::ByteRecord;
use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::guess::leniently;
use super::header::Column;
use super::record::{Damage, Shape};
use crate::address::EmailAddress;
use crate::element::Element;

/// Octets that a cell with line breaks may have: four for each character of an address, and some for
/// white space around it.
const MOST_OCTETS: usize = 4 * Column::Address.limit() + 100;
/// Lines that a cell may have. An address has ten at most; the rows of a list come by the thousand.
pub(super) const MOST_LINES: u64 = 20;
/// From this number of delimited parts on, a line of an address with exactly the parts of a row is taken for
/// one: "Springfield, IL, 62701" has three.
const TELLING: usize = 5;

/// What stands at the beginning of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// The bytes end before this is known.
    More,
    /// A record of this many octets and lines, line breaks included. `is_odd`: its quotation marks are no pairs, so
    /// that one of them is text.
    Whole {
        length: usize,
        lines: u64,
        is_odd: bool,
    },
    /// A damaged line of this many octets.
    Damaged { length: usize, damage: Damage },
}

/// Cuts the first record off `bytes`; `is_all`: no more bytes follow. Its cells go to `into`.
pub(super) fn split(bytes: &[u8], is_all: bool, shape: &Shape, into: &mut ByteRecord) -> Split {
    let Some((end, next)) = line_end(bytes, 0, is_all) else {
        return Split::More;
    };
    into.clear();
    let line = &bytes[..end];
    if memchr(b'"', line).is_none() {
        plain(line, shape.delimiter, into);
        return Split::Whole {
            length: next,
            lines: 1,
            is_odd: false,
        };
    }
    let mut cutter = Cutter {
        bytes,
        is_all,
        shape,
        first_end: end,
        at: 0,
        lines: 1,
        opened: None,
        marked: None,
    };
    match cutter.cut(into) {
        Continue(()) => Split::Whole {
            length: cutter.at,
            lines: cutter.lines,
            is_odd: memchr_iter(b'"', &bytes[..cutter.at]).count() % 2 == 1,
        },
        Break(Stop::More) => Split::More,
        Break(Stop::Damaged(damage)) => {
            leniently(line, shape, into);
            let length = next;
            Split::Damaged { length, damage }
        }
    }
}

/// Where the line that begins at `from` ends, and where the next begins; `None` if that is not known.
fn line_end(bytes: &[u8], from: usize, is_all: bool) -> Option<(usize, usize)> {
    match memchr2(b'\n', b'\r', &bytes[from..]) {
        Some(index) => Some((from + index, after_break(bytes, from + index, is_all)?)),
        None => is_all.then_some((bytes.len(), bytes.len())),
    }
}

/// What follows the line break at `at`; `None` after a CR at the end, if an LF may come.
fn after_break(bytes: &[u8], at: usize, is_all: bool) -> Option<usize> {
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at + 2),
        (b'\r', None) if !is_all => None,
        _ => Some(at + 1),
    }
}

/// The cells of a line without quotation marks.
fn plain(line: &[u8], delimiter: u8, into: &mut ByteRecord) {
    let mut from = 0;
    for at in memchr_iter(delimiter, line) {
        into.push_field(&line[from..at]);
        from = at + 1;
    }
    into.push_field(&line[from..]);
}

enum Stop {
    More,
    Damaged(Damage),
}

/// Cuts a record with quotation marks in its first line.
struct Cutter<'a> {
    bytes: &'a [u8],
    is_all: bool,
    shape: &'a Shape,
    /// Where the first line ends.
    first_end: usize,
    at: usize,
    lines: u64,
    /// The first cell with line breaks.
    opened: Option<usize>,
    /// A cell with a quotation mark that has no other.
    marked: Option<usize>,
}

impl Cutter<'_> {
    fn cut(&mut self, into: &mut ByteRecord) -> ControlFlow<Stop> {
        let mut cell = Vec::new();
        loop {
            let is_last = if self.bytes.get(self.at) == Some(&b'"') {
                cell.clear();
                self.quoted(into.len(), &mut cell)?;
                into.push_field(&cell);
                self.end_cell(into.len() - 1)?
            } else {
                let from = self.at;
                self.skip_to_end_of_cell()?;
                self.mark(into.len(), from..self.at)?;
                into.push_field(&self.bytes[from..self.at]);
                self.end_cell(into.len() - 1)?
            };
            if is_last {
                break;
            }
        }
        match self.opened {
            Some(cell) if into.len() != self.shape.width() => self.damaged(cell),
            _ => Continue(()),
        }
    }

    /// Damage at a cell. That of a later line is due to the first cell that runs over a line's end.
    fn damaged(&self, cell: usize) -> ControlFlow<Stop> {
        let cell = self.opened.unwrap_or(cell);
        Break(Stop::Damaged(Damage::NotClosed { cell }))
    }

    /// Judges the quotation marks of a cell that does not begin with one. One here and one in a later cell are a
    /// pair with a delimiter inside: the first one began a cell, and the delimiter before it is lost.
    fn mark(&mut self, index: usize, cell: std::ops::Range<usize>) -> ControlFlow<Stop> {
        if memchr_iter(b'"', &self.bytes[cell])
            .count()
            .is_multiple_of(2)
        {
            return Continue(());
        }
        match self.marked.replace(index) {
            None => Continue(()),
            Some(_) if self.opened.is_some() => self.damaged(index),
            Some(cell) => Break(Stop::Damaged(Damage::Pair { cell })),
        }
    }

    fn skip_to_end_of_cell(&mut self) -> ControlFlow<Stop> {
        let rest = &self.bytes[self.at..];
        match memchr3(self.shape.delimiter, b'\n', b'\r', rest) {
            Some(index) => self.at += index,
            None if self.is_all => self.at = self.bytes.len(),
            None => return Break(Stop::More),
        }
        Continue(())
    }

    /// Goes on behind what ends the cell; whether that is the end of the line.
    fn end_cell(&mut self, cell: usize) -> ControlFlow<Stop, bool> {
        match self.bytes.get(self.at) {
            Some(next) if *next == self.shape.delimiter => {
                self.at += 1;
                Continue(false)
            }
            Some(b'\n' | b'\r') => match after_break(self.bytes, self.at, self.is_all) {
                Some(next) => {
                    self.at = next;
                    Continue(true)
                }
                None => Break(Stop::More),
            },
            None => Continue(true),
            Some(_) => Break(Stop::Damaged(match self.opened {
                Some(cell) => Damage::NotClosed { cell },
                None => Damage::TextBehind { cell },
            })),
        }
    }

    /// Reads a cell in quotation marks up to what follows the closing one.
    fn quoted(&mut self, index: usize, cell: &mut Vec<u8>) -> ControlFlow<Stop> {
        let open = self.at + 1;
        // Within the first line a cell may be as long as it likes: that is said of it later.
        let last = self.first_end.max(open + MOST_OCTETS);
        let mut from = open;
        loop {
            let within = &self.bytes[from..self.bytes.len().min(last).max(from)];
            let Some(mark) = memchr(b'"', within).map(|index| from + index) else {
                if self.bytes.len() < last && !self.is_all {
                    return Break(Stop::More);
                }
                return self.damaged(index);
            };
            cell.extend_from_slice(&self.bytes[from..mark]);
            match self.bytes.get(mark + 1) {
                Some(b'"') => cell.push(b'"'),
                None if !self.is_all => return Break(Stop::More),
                _ => {
                    self.at = mark + 1;
                    return self.over_lines(index, open..mark, cell);
                }
            }
            from = mark + 2;
        }
    }

    /// Judges a cell that may have line breaks.
    fn over_lines(
        &mut self,
        index: usize,
        raw: std::ops::Range<usize>,
        cell: &[u8],
    ) -> ControlFlow<Stop> {
        let raw = &self.bytes[raw];
        let breaks = breaks(raw);
        if breaks == 0 {
            return Continue(());
        }
        self.opened.get_or_insert(index);
        self.lines += breaks;
        let is_long = breaks >= MOST_LINES || characters(cell) > Column::Address.limit();
        if is_long || holds_rows(raw, self.shape, index) {
            return self.damaged(index);
        }
        Continue(())
    }
}

/// Line breaks in some bytes.
fn breaks(bytes: &[u8]) -> u64 {
    let (mut from, mut breaks) = (0, 0);
    while let Some(index) = memchr2(b'\n', b'\r', &bytes[from..]) {
        from = after_break(bytes, from + index, true).unwrap_or(bytes.len());
        breaks += 1;
    }
    breaks
}

/// Characters without white space at the ends; of what is no UTF-8, octets that may begin one.
fn characters(cell: &[u8]) -> usize {
    let cell = cell.trim_ascii().iter();
    cell.filter(|octet| **octet & 0xc0 != 0x80).count()
}

/// Whether a line of a cell looks like a row, or like the part of one that stands inside of two quotation marks
/// of two rows. Of an address it must show by what it says, or by many delimiters; no other cell may have line
/// breaks anyway.
fn holds_rows(raw: &[u8], shape: &Shape, index: usize) -> bool {
    let is_address = shape.columns.get(index) == Some(&Some(Column::Address));
    let width = shape.width();
    let mut lines = raw.split(|octet| matches!(octet, b'\n' | b'\r')).peekable();
    let mut is_first = true;
    while let Some(line) = lines.next() {
        let of_a_row = match (is_first, lines.peek()) {
            (true, _) => width.saturating_sub(index),
            (false, None) => index + 1,
            (false, Some(_)) => width,
        };
        is_first = false;
        let parts = 1 + memchr_iter(shape.delimiter, line).count();
        if parts < 2 {
            continue;
        }
        let is_row = parts == of_a_row && (!is_address || parts >= TELLING);
        if is_row || line.split(|octet| *octet == shape.delimiter).any(tells) {
            return true;
        }
    }
    false
}

/// Whether a part of a line is what stands in a row and in no address: an e-mail address, the code of an element, or
/// several words for elements. One other word alone may be a town: `mobile` is an element, and a city of Alabama.
pub(super) fn tells(part: &[u8]) -> bool {
    let is_around = |octet: &u8| octet.is_ascii_whitespace() || *octet == b'"';
    let start = part.iter().take_while(|octet| is_around(octet)).count();
    let end = part
        .iter()
        .rev()
        .take_while(|octet| is_around(octet))
        .count();
    let Some(Ok(text)) = part.get(start..part.len() - end).map(str::from_utf8) else {
        return false;
    };
    let is_email = || text.contains('@') && EmailAddress::parse(text).is_ok();
    is_email() || names_elements(text)
}

fn names_elements(text: &str) -> bool {
    let words = || {
        text.split(';')
            .map(str::trim)
            .filter(|word| !word.is_empty())
    };
    match words().count() {
        0 => false,
        1 => words().all(|word| Element::from_code(word).is_some()),
        _ => words().all(|word| Element::from_word(word).is_some()),
    }
}
