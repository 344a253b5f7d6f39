//! Invented people as the CSV that an import reads, on request with rows that it must refuse.

use super::people::Made;
use std::io::Write;

/// The columns of the affected list, in the order written here.
pub const COLUMNS: [&str; 9] = [
    "reference",
    "email",
    "name",
    "locale",
    "jurisdiction",
    "postcode",
    "elements",
    "flags",
    "address",
];

/// The bad rows in their order in the file: the column at fault, and what is wrong with it.
pub const BAD_ROWS: [(&str, &str); 12] = [
    ("email", "no mailbox before the @"),
    ("elements", "an unknown element"),
    ("reference", "the reference of the row before"),
    ("locale", "a language in words instead of a tag"),
    ("name", "a line break in the name"),
    ("reference", "no reference"),
    ("flags", "an unknown flag"),
    ("elements", "no element"),
    ("email", "two addresses in one cell"),
    ("jurisdiction", "a state in words instead of a code"),
    ("name", "a byte that is not UTF-8"),
    ("postcode", "a row that ends after the postcode"),
];

/// Good rows between two bad ones; in a shorter list the remaining bad rows come last.
const APART: u64 = 61;

/// How many rows a list got, header not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows an import must accept.
    pub good: u64,
    /// Rows an import must refuse, one for each of [`BAD_ROWS`].
    pub bad: u64,
}

/// Writes `rows` as an affected list, row by row, `with_bad_rows` sprinkled among them.
///
/// # Errors
/// What `out` says.
pub fn write_csv(
    out: &mut impl Write,
    rows: impl IntoIterator<Item = Made>,
    with_bad_rows: bool,
) -> csv::Result<Written> {
    let mut csv = csv::WriterBuilder::new().flexible(true).from_writer(out);
    let mut written = Written::default();
    let mut bad_rows = (0..if with_bad_rows { BAD_ROWS.len() } else { 0 }).peekable();
    let mut last = None;
    csv.write_record(COLUMNS)?;
    for made in rows {
        csv.write_record(cells(&made))?;
        written.good += 1;
        if written.good % APART == 0
            && let Some(which) = bad_rows.next()
        {
            csv.write_record(spoilt(which, &made))?;
            written.bad += 1;
        }
        last = Some(made);
    }
    if let Some(made) = last {
        for which in bad_rows {
            csv.write_record(spoilt(which, &made))?;
            written.bad += 1;
        }
    }
    csv.flush()?;
    Ok(written)
}

fn cells(made: &Made) -> Vec<Vec<u8>> {
    let elements = made.elements.to_string();
    let email = made.email.as_deref().unwrap_or_default();
    [
        &made.reference,
        email,
        &made.name,
        &made.locale,
        &made.jurisdiction,
        &made.postcode,
        &elements,
        &made.flags,
        &made.address,
    ]
    .map(|cell| cell.as_bytes().to_vec())
    .to_vec()
}

/// A bad row after `before`: in all but one cell like a good one.
fn spoilt(which: usize, before: &Made) -> Vec<Vec<u8>> {
    let mut row = cells(before);
    if which != 2 {
        row[0] = format!("SU-X{which:02}").into_bytes();
    }
    let (column, value): (usize, &[u8]) = match which {
        0 => (1, b"@example.com"),
        1 => (6, b"name;shoe_size"),
        3 => (3, b"English please"),
        4 => (2, b"Mary\nSmith"),
        5 => (0, b""),
        6 => (7, b"vip"),
        7 => (6, b""),
        8 => (1, b"mary@example.com; john@example.com"),
        9 => (4, b"California"),
        10 => (2, b"Jos\xe9 Garc\xeda"),
        11 => {
            row.truncate(6);
            return row;
        }
        _ => return row,
    };
    row[column] = value.to_vec();
    row
}

#[cfg(test)]
mod tests {
    use super::super::people::Plan;
    use super::*;

    fn list(people: usize, with_bad_rows: bool) -> (Vec<u8>, Written) {
        let mut out = Vec::new();
        let rows = Plan { people }.version_1(7);
        let written = write_csv(&mut out, rows, with_bad_rows).unwrap();
        (out, written)
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        assert_eq!(list(2_000, true), list(2_000, true));
        // Pinned: a change of the generator would silently change every rehearsal.
        let first = String::from_utf8(list(1, false).0).unwrap();
        assert_eq!(first, PINNED);
    }

    #[test]
    fn a_good_list_reads_back_as_it_was_made() {
        let (bytes, written) = list(2_000, false);
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let people: Vec<Made> = Plan { people: 2_000 }.version_1(7).collect();
        for (row, made) in reader.byte_records().zip(&people) {
            assert!(
                row.unwrap()
                    .iter()
                    .eq(cells(made).iter().map(Vec::as_slice))
            );
        }
        assert_eq!(
            written,
            Written {
                good: people.len() as u64,
                bad: 0
            }
        );
    }

    #[test]
    fn a_dozen_bad_rows_stand_among_the_good_whatever_the_length() {
        for people in [1, 100, 2_000] {
            let (bytes, written) = list(people, true);
            assert_eq!(written.bad, BAD_ROWS.len() as u64);
            let mut reader = csv::ReaderBuilder::new()
                .flexible(true)
                .from_reader(&bytes[..]);
            assert_eq!(
                reader.byte_records().count() as u64,
                written.good + written.bad
            );
        }
    }

    const PINNED: &str = "reference,email,name,locale,jurisdiction,postcode,elements,flags,address\n\
        SU-0000001,andrew.johnson0@example.org,Andrew Johnson,en,US-CA,90012,\
        name;dob;ssn;driver_licence,,\"844 Washington Street\nLos Angeles, CA 90012\"\n";
}
