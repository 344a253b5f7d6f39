//! Affected lists as companies really send them: dialects, hostile cells, wrong headers, bad rows.

mod files;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use candor::scope::csv::{
    Column, Header, HeaderError, ReadError, Reason, Record, RejectWriter, Row, RowError, Wrong,
    open, sniff,
};
use csv::{ByteRecord, StringRecord};
use proptest::prelude::*;

/// A corpus by its path; `None`, with a message, where it is absent.
fn corpus(path: &str) -> Option<PathBuf> {
    let found = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(path);
    if found.exists() {
        return Some(found);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "corpus missing: {path}"
    );
    println!("did not run: no {}", found.display());
    None
}

type Outcome = (u64, Result<Row, Vec<RowError>>);

/// Every record of a file with the line on which it starts.
fn read(file: &[u8]) -> Vec<Outcome> {
    try_read(file).unwrap()
}

/// A file that is refused as a whole gives an error.
fn try_read(file: &[u8]) -> Result<Vec<Outcome>, ReadError> {
    let mut records = open(file)?;
    let header = Header::parse(&records.header()?).unwrap();
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while records.read(&mut record)? {
        rows.push((record.line, header.row(&record)));
    }
    Ok(rows)
}

fn header(names: &[&str]) -> Result<Header, Vec<HeaderError>> {
    Header::parse(&StringRecord::from(names.to_vec()))
}

/// Line, column and code of every bad cell.
fn faults(file: &[u8]) -> Vec<(u64, &'static str, &'static str)> {
    let errors = read(file)
        .into_iter()
        .filter_map(|(_, row)| row.err())
        .flatten();
    errors
        .map(|error| (error.line, error.column, error.reason.code()))
        .collect()
}

#[test]
fn the_csv_spectrum_reads_as_its_authors_say() {
    let Some(folder) = corpus("csv-spectrum/csvs") else {
        return;
    };
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let json = corpus(&format!("csv-spectrum/json/{name}.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        let mut expected = match expected {
            serde_json::Value::Array(rows) => rows,
            single => vec![single],
        };
        if name == "location_coordinates" {
            // The authors made the number anonymous in the expected answer only.
            expected[0]["Contact Phone Number"] = "2095257564".into();
        }
        assert_eq!(as_json(&fs::read(&path).unwrap()), expected, "{name}");
        files += 1;
    }
    assert_eq!(files, 12);
}

fn as_json(file: &[u8]) -> Vec<serde_json::Value> {
    let mut records = open(file).unwrap();
    let names = records.header().unwrap();
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while records.read(&mut record).unwrap() {
        let cells = record
            .cells
            .iter()
            .map(|cell| str::from_utf8(cell).unwrap().to_owned());
        let pairs = names
            .iter()
            .map(str::to_owned)
            .zip(cells.map(serde_json::Value::from));
        rows.push(serde_json::Value::Object(pairs.collect()));
    }
    rows
}

#[test]
fn naughty_strings_and_payloads_are_kept_unaltered_or_refused_in_every_column() {
    let Some(blns) = corpus("naughty-strings/blns.json") else {
        return;
    };
    let mut strings: Vec<String> = serde_json::from_slice(&fs::read(blns).unwrap()).unwrap();
    for file in ["crlf.txt", "csv-formula.txt", "xss-rsnake.txt"] {
        let Some(path) = corpus(&format!("payloads/{file}")) else {
            return;
        };
        strings.extend(fs::read_to_string(path).unwrap().lines().map(str::to_owned));
    }
    assert!(strings.len() > 600);
    for column in Column::ALL {
        let outcomes = read(&list_with(column, &strings));
        assert_eq!(outcomes.len(), strings.len());
        for ((_, outcome), given) in outcomes.iter().zip(&strings) {
            check_naughty(column, given, outcome);
        }
    }
}

/// A list in which `column` holds each of `strings` and all other cells are valid.
fn list_with(column: Column, strings: &[String]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(Column::ALL.map(Column::as_str))
        .unwrap();
    for string in strings {
        let good = [
            "C-1",
            "jane@example.com",
            "Jane",
            "en",
            "US",
            "9",
            "name",
            "",
            "1 High St",
        ];
        let cells = Column::ALL.into_iter().zip(good);
        let cells = cells.map(|(c, good)| if c == column { string.as_str() } else { good });
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

fn check_naughty(column: Column, given: &str, outcome: &Result<Row, Vec<RowError>>) {
    let trimmed = given.trim();
    match outcome {
        Ok(row) => {
            let kept = match column {
                Column::Reference => Some(row.reference.as_str()),
                Column::Email => row.email.as_ref().map(|email| email.as_str()),
                Column::Name => row.name.as_deref(),
                Column::Postcode => row.postcode.as_deref(),
                Column::Address => row.address.as_deref(),
                // Cells that are normalised on reading.
                Column::Locale | Column::Jurisdiction | Column::Elements | Column::Flags => return,
            };
            assert_eq!(kept.unwrap_or_default(), trimmed, "{column}");
        }
        Err(errors) => {
            let [error] = &errors[..] else {
                panic!("{column} {given:?}: {errors:?}")
            };
            assert_eq!(error.column, column.as_str(), "{given:?}");
            let named = matches!(
                error.reason,
                Reason::UnknownElement { word: Some(_) } | Reason::UnknownFlag { word: Some(_) }
            );
            let said = error.to_string();
            assert!(
                named || trimmed.len() < 10 || !said.contains(trimmed),
                "{column} {given:?}"
            );
        }
    }
}

#[test]
fn columns_stand_in_any_order_and_case_behind_a_byte_order_mark() {
    let file = "\u{feff}\" Elements \",EMAIL,Reference\r\nname;email, jane@example.com ,C-1\r\n";
    let rows = read(file.as_bytes());
    let row = rows[0].1.as_ref().unwrap();
    assert_eq!(row.reference, "C-1");
    assert_eq!(row.email.as_ref().unwrap().as_str(), "jane@example.com");
    assert_eq!(row.locale.as_str(), "en");
    assert_eq!(
        (&row.name, &row.address, row.flags.is_empty()),
        (&None, &None, true)
    );
    assert_eq!(
        header(&["\u{feff}reference", "elements"]).unwrap().width(),
        2
    );
}

#[test]
fn everything_wrong_with_a_header_is_said_at_once() {
    let errors = header(&["email", "Nickname", "EMAIL", "ssn", "", "reference"]).unwrap_err();
    let codes: Vec<_> = errors.iter().map(HeaderError::code).collect();
    let expected = [
        "column_unknown",
        "column_duplicate",
        "stolen_value",
        "column_unknown",
        "column_missing",
    ];
    assert_eq!(codes, expected);
    // Most cells are unknown: they may be a person's, and are not repeated in the error.
    assert!(errors[0].to_string().starts_with("Column 2 "));
    let complete = header(&["reference", "Nickname", "elements"]).unwrap_err();
    assert!(complete[0].to_string().contains("Column 2, “Nickname”"));
    assert!(
        errors[2]
            .to_string()
            .contains("Candor does not hold stolen values")
    );
    assert_eq!(errors[4], HeaderError::Missing(Column::Elements));
}

#[test]
fn a_file_without_a_header_does_not_have_its_first_person_repeated() {
    let errors = header(&["C-1", "jane@example.com", "Jane Doe", "name;email"]).unwrap_err();
    assert_eq!(errors, [HeaderError::NoHeader]);
    let errors = header(&["reference", "elements", "jane@example.com", "555-01-2345"]).unwrap_err();
    let said: String = errors.iter().map(ToString::to_string).collect();
    assert!(!said.contains("jane") && !said.contains("555"), "{said}");
}

#[test]
fn every_bad_cell_of_a_row_is_reported() {
    let file = "reference,email,name,locale,jurisdiction,postcode,elements,flags,address\n\
        ,nobody,\"A\tB\",no-language-at-all,US-XX,\"9\n9\",name;shoe_size;123-45-6789,minor;4111111111,\u{0}x\n";
    let expected = [
        ("reference", "required"),
        ("email", "not_an_address"),
        ("name", "control_character"),
        ("locale", "not_a_locale"),
        ("jurisdiction", "not_a_jurisdiction"),
        ("postcode", "line_break"),
        ("elements", "unknown_element"),
        ("flags", "unknown_flag"),
        ("address", "control_character"),
    ];
    assert_eq!(
        faults(file.as_bytes()),
        expected.map(|(column, code)| (2, column, code))
    );

    let errors = read(file.as_bytes()).remove(0).1.unwrap_err();
    assert!(errors[6].to_string().contains("“shoe_size”"));
    assert!(!errors[7].to_string().contains("4111"));
}

#[test]
fn cells_are_trimmed_bounded_and_required() {
    let head = "reference,name,elements\n";
    let file = |name: &str| format!("{head}C-1,{name},name\n");
    let long = |count| file(&"é".repeat(count));
    assert!(faults(long(200).as_bytes()).is_empty());
    assert_eq!(faults(long(201).as_bytes()), [(2, "name", "too_long")]);
    let row = read(file("\u{3000} Jane \u{a0}").as_bytes())
        .remove(0)
        .1
        .unwrap();
    assert_eq!(row.name.as_deref(), Some("Jane"));
    assert_eq!(
        faults(b"reference,elements\nC-1,;\n"),
        [(2, "elements", "required")]
    );
    assert_eq!(faults(b"reference,elements\n\xff,\xfe\n").len(), 2);
}

#[test]
fn a_row_is_printed_without_personal_data() {
    let file = b"reference,elements,name,email\nC-77,name,Jane,jane@example.com\n";
    assert_eq!(format!("{:?}", read(file)[0].1), "Ok(Row { line: 2, .. })");
}

/// Lines that end in LF, CRLF or CR.
fn lines_of(text: &[u8]) -> u64 {
    let breaks =
        |at: &usize| text[*at] == b'\n' || (text[*at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
    let ends = text.is_empty() || text.ends_with(b"\n") || text.ends_with(b"\r");
    (0..text.len()).filter(breaks).count() as u64 + u64::from(!ends)
}

proptest! {
    #[test]
    fn cells_and_lines_survive_any_dialect(
        rows in prop::collection::vec(
            // A delimiter in a cell with line breaks may belong to a row that a stray quotation mark swallowed.
            (prop::collection::vec("[a;,\t\"é\u{2028} ]{0,6}|[a\"é\r\n\u{2028} ]{0,6}x", 3), 0_usize..3, any::<bool>()),
            0..8,
        ),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        unterminated in any::<bool>(),
    ) {
        let mut file = [b"h", &[delimiter][..], b"h", &[delimiter], b"h\n"].concat();
        let mut expected = Vec::new();
        for (mut cells, blanks, crlf) in rows.clone() {
            if cells.iter().all(|cell| cell.trim().is_empty()) { cells[0] = "x".to_owned(); }
            let ending: &[u8] = if crlf { b"\r\n" } else { b"\n" };
            file.extend(ending.repeat(blanks));
            expected.push((1 + lines_of(&file), cells.clone()));
            for (index, cell) in cells.iter().enumerate() {
                if index > 0 { file.push(delimiter); }
                write!(file, "\"{}\"", cell.replace('"', "\"\"")).unwrap();
            }
            file.extend(ending);
        }
        if unterminated && !rows.is_empty() {
            while file.ends_with(b"\n") || file.ends_with(b"\r") { file.pop(); }
        }
        let mut records = open(&file[..]).unwrap();
        records.header().unwrap();
        let (mut record, mut found, mut continued) = (Record::default(), Vec::new(), 0);
        while records.read(&mut record).unwrap() {
            prop_assert_eq!(record.damage, None);
            let cells = record.cells.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap());
            found.push((record.line, cells.collect::<Vec<_>>()));
            continued += record.lines - 1;
        }
        let lines = records.lines();
        prop_assert_eq!(lines.lines, lines_of(&file));
        prop_assert_eq!(lines.continued, continued);
        prop_assert_eq!(lines.lines, lines.header + found.len() as u64 + lines.continued + lines.blank);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = [b"reference,elements,email,locale\n", &bytes[..]].concat();
        let _ = try_read(&file);
        let Ok(names) = open(&bytes[..]).and_then(|mut records| records.header()) else { return Ok(()) };
        let _ = Header::parse(&names);
    }
}
