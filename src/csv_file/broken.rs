//! Rows that may lack a part, which stands on another line.
//!
//! Broken inside of its first or last cell, one part of a row has one cell and the other has all of them: it
//! looks whole, but its cell is cut short. So a line of one cell makes the rows next to it suspect, as far as
//! what it says fits to their cells. In the same way the end of a row with a quoted cell that was damaged on an
//! earlier line may look like a row of its own.

use ::csv::ByteRecord;
use memchr::{memchr, memchr_iter};

use super::cell::flags;
use super::header::Column;
use super::record::{Damage, Record, Shape};
use super::split::{MOST_LINES, tells};
use crate::address::EmailAddress;
use crate::element::ElementSet;
use crate::person::place::{Jurisdiction, Locale};

/// Whether the end of one line and the beginning of the next may have been one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Impossible,
    Possible,
    /// A code that makes sense only then.
    Certain,
}

/// What stands before the next row and may be a part of it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    fragment: Fragment,
    open: Option<Open>,
    /// Whether the record before lacks cells or is damaged.
    is_after_damage: bool,
}

/// The last of some lines of one cell.
#[derive(Debug, Default)]
struct Fragment {
    /// 0 if there is none.
    line: u64,
    cell: Vec<u8>,
    /// Whether it is part of what stands before it.
    is_explained: bool,
}

/// A record that may go on behind a quotation mark.
#[derive(Debug, Clone, Copy)]
struct Open {
    line: u64,
    /// Whether it lacks its end, so that the next row may be that.
    lacks_its_end: bool,
}

impl Parts {
    /// Marks a record that may lack a part. `next` is the one behind it.
    pub(super) fn judge(&mut self, record: &mut Record, next: Option<&Record>, shape: &Shape) {
        if record.damage.is_some() || record.cells.len() != shape.width() {
            return self.pass(record, shape);
        }
        let goes_on = goes_on(record, next, shape);
        let next = next.filter(|next| is_fragment(next));
        let is_near = self.fragment.line > 0 || self.open.is_some() || next.is_some();
        if is_near || goes_on.is_some() {
            let before = self
                .beginning_of(record)
                .or(self.before(&record.cells, shape));
            self.fragment = Fragment::default();
            let behind = next.and_then(|next| self.behind(&record.cells, next, shape));
            let part = before.or(goes_on).or(behind);
            record.damage = part.map(|part| Damage::Broken { part });
        }
        self.open = record.is_odd.then_some(Open {
            line: record.line,
            lacks_its_end: false,
        });
        self.is_after_damage = false;
    }

    /// The line of the record that this row may be the end of.
    fn beginning_of(&self, row: &Record) -> Option<u64> {
        let open = self.open.filter(|open| row.line - open.line < MOST_LINES)?;
        let is_end = open.lacks_its_end || is_marked(first(&row.cells));
        is_end.then_some(open.line)
    }

    /// The line of one cell that may be the beginning of this row.
    fn before(&self, row: &ByteRecord, shape: &Shape) -> Option<u64> {
        let Fragment {
            line,
            ref cell,
            is_explained,
        } = self.fragment;
        if line == 0 || is_explained {
            return None;
        }
        let column = shape.columns.first().copied().flatten();
        (joint(column, [cell, first(row)]) != Joint::Impossible).then_some(line)
    }

    /// The line of one cell that may be the end of this row.
    fn behind(&mut self, row: &ByteRecord, next: &Record, shape: &Shape) -> Option<u64> {
        let column = shape.columns.last().copied().flatten();
        let joint = joint(column, [last(row), first(&next.cells)]);
        self.fragment.is_explained = joint == Joint::Certain;
        // A file that ends without a line break was cut: the rest of its last row is lost, not broken off.
        let is_part = joint == Joint::Certain || (joint == Joint::Possible && !next.is_cut);
        is_part.then_some(next.line)
    }

    /// Takes note of a record that is no row.
    fn pass(&mut self, record: &Record, shape: &Shape) {
        if is_fragment(record) {
            self.fragment.is_explained |= self.is_after_damage && self.fragment.line == 0;
            self.fragment.line = record.line;
            self.fragment.cell.clear();
            self.fragment.cell.extend_from_slice(first(&record.cells));
        } else {
            self.fragment = Fragment::default();
            self.is_after_damage = true;
        }
        let is_end = self.open.is_some() && (record.is_odd || record.cells.iter().any(tells));
        let lacks_its_end = match record.damage {
            Some(damage) => lacks_its_end(damage, &record.cells, shape),
            None if is_end => false,
            None if record.is_odd => true,
            None => return,
        };
        self.open = Some(Open {
            line: record.line,
            lacks_its_end,
        });
    }
}

/// The line behind a row on which its last cell may go on: a quotation mark in that cell has no other.
fn goes_on(row: &Record, next: Option<&Record>, shape: &Shape) -> Option<u64> {
    let next = next.filter(|_| row.is_odd && is_odd(last(&row.cells)))?;
    let is_row = next.damage.is_none() && next.cells.len() == shape.width();
    (!is_row || is_marked(first(&next.cells))).then_some(next.line)
}

fn is_odd(cell: &[u8]) -> bool {
    memchr_iter(b'"', cell).count() % 2 == 1
}

/// Whether a quotation mark stands in a cell, but not before it.
fn is_marked(cell: &[u8]) -> bool {
    memchr(b'"', cell).is_some_and(|place| place > 0)
}

/// Whether the rest of a damaged record must stand on a later line.
fn lacks_its_end(damage: Damage, cells: &ByteRecord, shape: &Shape) -> bool {
    if cells.len() != shape.width() {
        return true;
    }
    let Damage::NotClosed { cell } = damage else {
        return false;
    };
    // All cells seem to be here; but the delimiters may be those of an address.
    let mut behind = shape.columns.iter().skip(cell + 1);
    let must_tell = behind.any(|column| matches!(column, Some(Column::Elements | Column::Email)));
    must_tell && !cells.iter().skip(cell).any(tells)
}

fn is_fragment(record: &Record) -> bool {
    record.damage.is_none() && record.cells.len() == 1
}

fn first(cells: &ByteRecord) -> &[u8] {
    cells.get(0).unwrap_or_default()
}

fn last(cells: &ByteRecord) -> &[u8] {
    cells.get(cells.len().saturating_sub(1)).unwrap_or_default()
}

fn joint(column: Option<Column>, ends: [&[u8]; 2]) -> Joint {
    let joined = ends.concat();
    let Ok(text) = str::from_utf8(&joined).map(str::trim) else {
        return Joint::Possible;
    };
    let known = match column {
        Some(Column::Elements) => return code(ElementSet::parse(text).is_ok()),
        Some(Column::Flags) if !ends[0].is_empty() => return code(flags(text).is_ok()),
        Some(Column::Flags) => flags(text).is_ok(),
        Some(Column::Email) => EmailAddress::parse(text).is_ok(),
        Some(Column::Locale) => Locale::parse(text).is_ok(),
        Some(Column::Jurisdiction) => Jurisdiction::parse(text).is_ok(),
        Some(column) => text.chars().count() <= column.limit(),
        None => true,
    };
    if known {
        Joint::Possible
    } else {
        Joint::Impossible
    }
}

/// Two parts of codes that fit together are no coincidence.
const fn code(is_known: bool) -> Joint {
    if is_known {
        Joint::Certain
    } else {
        Joint::Impossible
    }
}
