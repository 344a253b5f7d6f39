//! Files that say with their first octets what they are.

use super::Wrong;

/// What begins a file that is no UTF-8 text. Longer beginnings stand before those that they begin with.
const STARTS: [(&[u8], Wrong); 17] = [
    (b"\xff\xfe\0\0", Wrong::Encoding("UTF-32")),
    (b"\0\0\xfe\xff", Wrong::Encoding("UTF-32")),
    (b"\xff\xfe", Wrong::Encoding("UTF-16")),
    (b"\xfe\xff", Wrong::Encoding("UTF-16")),
    (b"+/v8", Wrong::Encoding("UTF-7")),
    (b"+/v9", Wrong::Encoding("UTF-7")),
    (b"+/v+", Wrong::Encoding("UTF-7")),
    (b"+/v/", Wrong::Encoding("UTF-7")),
    (b"\x84\x31\x95\x33", Wrong::Encoding("GB18030")),
    (
        b"PK\x03\x04",
        Wrong::NotText("a workbook (xlsx, ods) or another zip archive"),
    ),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Wrong::NotText("a workbook of older Excel (xls)"),
    ),
    (b"%PDF-", Wrong::NotText("a PDF document")),
    (b"\x1f\x8b", Wrong::NotText("compressed with gzip")),
    (b"BZh", Wrong::NotText("compressed with bzip2")),
    (b"\xfd7zXZ\0", Wrong::NotText("compressed with xz")),
    (b"\x28\xb5\x2f\xfd", Wrong::NotText("compressed with zstd")),
    (b"{\\rtf", Wrong::NotText("a text document (RTF)")),
];

/// What a file is that begins so, if that is known and no UTF-8 text.
pub(in crate::csv_file) fn known_start(start: &[u8]) -> Option<Wrong> {
    let said = STARTS.iter().find(|(begin, _)| start.starts_with(begin));
    said.map(|(_, wrong)| *wrong)
        .or_else(|| wide(start))
        .or_else(|| {
            let head = start.get(..start.len().min(200)).unwrap_or_default();
            let head = String::from_utf8_lossy(head).trim_start().to_lowercase();
            let is_page = ["<!doctype html", "<html", "<?xml", "<table"]
                .iter()
                .any(|begin| head.starts_with(begin));
            is_page.then_some(Wrong::NotText("a web page or an XML document"))
        })
}

/// UTF-16 and UTF-32 without a byte order mark: octets of NUL where names of columns have them.
fn wide(start: &[u8]) -> Option<Wrong> {
    let units = |octets: usize, place: usize| {
        let mut units = start.chunks_exact(octets).take(4).peekable();
        start.len() >= 2 * octets
            && units.peek().is_some()
            && units.all(|unit| {
                let mut each = unit.iter().enumerate();
                each.all(|(at, octet)| (at == place) == (*octet != 0))
            })
    };
    if units(4, 0) || units(4, 3) {
        return Some(Wrong::Encoding("UTF-32"));
    }
    (units(2, 0) || units(2, 1)).then_some(Wrong::Encoding("UTF-16"))
}
