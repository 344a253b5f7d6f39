//! Row counts of a list by bucket, element, jurisdiction and combination of flags, for the delta of its draft. Memory does
//! not grow with the number of rows.

use std::collections::HashMap;

use crate::id::BUCKETS;

/// Octets of the longest jurisdiction (ISO 3166-2: `US-CA`, at most three characters behind the hyphen).
const CODE: usize = 6;
/// The number of buckets, as an index.
const ALL: usize = BUCKETS as usize;

/// Four independent sums: a delta never reports a combination of two of them.
pub(super) struct RowCounts {
    buckets: [i64; ALL],
    /// By the bit number of the element.
    elements: [i64; 64],
    /// By the jurisdiction, padded with zero octets.
    under: HashMap<[u8; CODE], i64>,
    /// By flags, as a bit mask.
    flags: HashMap<i32, i64>,
}

impl Default for RowCounts {
    fn default() -> Self {
        Self {
            buckets: [0; ALL],
            elements: [0; 64],
            under: HashMap::new(),
            flags: HashMap::new(),
        }
    }
}

impl RowCounts {
    /// Adds rows of one kind, or subtracts them (`rows` below 0).
    pub(super) fn add(
        &mut self,
        bucket: i32,
        elements: i64,
        (under, flags): (&str, i32),
        rows: i64,
    ) {
        let of = usize::try_from(bucket)
            .ok()
            .and_then(|bucket| self.buckets.get_mut(bucket));
        *of.expect("a bucket is one of 0..BUCKETS") += rows;
        let mut left = elements.cast_unsigned();
        while left != 0 {
            self.elements[left.trailing_zeros() as usize] += rows;
            left &= left - 1;
        }
        let mut code = [0; CODE];
        code[..under.len()].copy_from_slice(under.as_bytes());
        *self.under.entry(code).or_default() += rows;
        if flags != 0 {
            *self.flags.entry(flags).or_default() += rows;
        }
    }

    /// Adds another count to this one.
    pub(super) fn add_all(&mut self, others: &Self) {
        for (sum, rows) in self.buckets.iter_mut().zip(others.buckets) {
            *sum += rows;
        }
        for (sum, rows) in self.elements.iter_mut().zip(others.elements) {
            *sum += rows;
        }
        for (code, rows) in &others.under {
            *self.under.entry(*code).or_default() += rows;
        }
        for (flags, rows) in &others.flags {
            *self.flags.entry(*flags).or_default() += rows;
        }
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> i64 {
        self.buckets.iter().sum()
    }

    /// Buckets, and how many rows are in each.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (i32, i64)> {
        (0..BUCKETS).zip(self.buckets)
    }

    /// Elements, each as a bit mask, and how many rows name each.
    pub(super) fn elements(&self) -> impl Iterator<Item = (i64, i64)> {
        (0..64).map(|bit| 1 << bit).zip(self.elements)
    }

    /// Jurisdictions, empty where none is known, and how many rows are under each.
    pub(super) fn jurisdictions(&self) -> impl Iterator<Item = (&str, i64)> {
        self.under.iter().map(|(code, rows)| {
            let under = code.split(|octet| *octet == 0).next();
            let under = str::from_utf8(under.unwrap_or_default()).unwrap_or_default();
            (under, *rows)
        })
    }

    /// Flags, and how many rows have exactly these.
    pub(super) fn flags(&self) -> impl Iterator<Item = (i32, i64)> {
        self.flags.iter().map(|(flags, rows)| (*flags, *rows))
    }
}
