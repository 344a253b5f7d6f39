//! How many rows of a list are of which kind: what its delta counts. In memory, so a kind takes little room.

use std::collections::HashMap;

/// Octets of the longest jurisdiction (ISO 3166-2: `US-CA`, at most three characters behind the hyphen).
const CODE: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    elements: i64,
    bucket: u16,
    /// The jurisdiction, filled up with zeros.
    under: [u8; CODE],
}

/// Rows by bucket, elements (as bits) and jurisdiction; and by flags (as bits).
#[derive(Default)]
pub(super) struct Kinds {
    rows: HashMap<Kind, i64>,
    flags: HashMap<i32, i64>,
}

impl Kinds {
    /// Counts some rows of one kind, or takes them back.
    pub(super) fn add(
        &mut self,
        bucket: i32,
        elements: i64,
        (under, flags): (&str, i32),
        rows: i64,
    ) {
        let mut kind = Kind {
            elements,
            bucket: u16::try_from(bucket).expect("a bucket is one of 0..BUCKETS"),
            under: [0; CODE],
        };
        kind.under[..under.len()].copy_from_slice(under.as_bytes());
        *self.rows.entry(kind).or_default() += rows;
        if flags != 0 {
            *self.flags.entry(flags).or_default() += rows;
        }
    }

    /// Counts all of another count.
    pub(super) fn add_all(&mut self, others: &Self) {
        for (kind, rows) in &others.rows {
            *self.rows.entry(*kind).or_default() += rows;
        }
        for (flags, rows) in &others.flags {
            *self.flags.entry(*flags).or_default() += rows;
        }
    }

    /// How many rows.
    pub(super) fn rows(&self) -> i64 {
        self.rows.values().sum()
    }

    /// Flags, and how many rows have exactly these.
    pub(super) fn flags(&self) -> impl Iterator<Item = (i32, i64)> {
        self.flags.iter().map(|(flags, rows)| (*flags, *rows))
    }

    /// Bucket, elements, jurisdiction, and how many.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i32, i64, &str, i64)> {
        self.rows.iter().map(|(kind, rows)| {
            let under = kind.under.split(|octet| *octet == 0).next();
            let under = str::from_utf8(under.unwrap_or_default()).unwrap_or_default();
            (i32::from(kind.bucket), kind.elements, under, *rows)
        })
    }
}
