//! The cases by which GOV.UK Notify tests its reader of recipient lists, read by our reader. Where ours differs, this
//! file says why; a case that changes its result fails.

use std::path::Path;

use candor::csv_file::{Header, Record, open};
use csv::StringRecord;
use serde_json::Value;

/// What our reader makes of a file that Notify reads: its rows, each a list of trimmed cells.
fn rows(file: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let mut records = open(file.as_bytes()).map_err(|e| e.to_string())?;
    let names = records.header().map_err(|e| e.to_string())?;
    let trim = |cell: &[u8]| String::from_utf8_lossy(cell).trim().to_owned();
    let names = names.iter().map(|name| name.trim().to_owned()).collect();
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while records.read(&mut record).map_err(|e| e.to_string())? {
        rows.push(record.cells.iter().map(trim).collect());
    }
    Ok((names, rows))
}

/// What Notify expects of `test_get_rows`, in the same form: `null` is an empty cell, and cells after the last column
/// come last.
fn expected(case: &Value) -> Vec<Vec<String>> {
    let cells = |value: &Value| match value {
        Value::Null => vec![String::new()],
        Value::Array(several) => several
            .iter()
            .map(|v| v.as_str().unwrap_or_default().to_owned())
            .collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    };
    let row = |row: &Value| {
        row.as_array()
            .unwrap()
            .iter()
            .flat_map(|pair| cells(&pair[1]))
            .collect()
    };
    case.as_array().unwrap().iter().map(row).collect()
}

/// Why our rows differ from theirs, by the case's number in `test_get_rows`.
const OTHERWISE: [(usize, &str); 3] = [
    (
        0,
        "a file without a first line is refused: nobody shall believe that an empty list was read",
    ),
    (
        3,
        "a row that ends early stays short; Notify fills it up with nothing",
    ),
    (
        10,
        "the same; and a column that comes twice is refused by its name",
    ),
];

fn the_other_cases_are_about_other_things(tests: &[Value]) {
    // There, bad and missing data mean phone numbers and the placeholders of a template; the guest list and the other
    // two are about phone numbers. Candor has none of these. Addresses have a corpus of their own.
    let other: Vec<&str> = tests
        .iter()
        .map(|test| test["test"].as_str().unwrap())
        .collect();
    assert_eq!(
        other[3..],
        [
            "test_bad_or_missing_data",
            "test_international_recipients",
            "test_sms_to_uk_landlines",
            "test_recipient_guestlist"
        ]
    );
}

#[test]
fn lists_that_notify_reads_are_read_alike_or_for_a_reason() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/govuk-notify-csv/cases.json");
    let Ok(text) = std::fs::read(&path) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "corpus missing: {}",
            path.display()
        );
        println!("did not run: no {}", path.display());
        return;
    };
    let tests: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let cases = |name: &str| {
        let test = tests.iter().find(|test| test["test"] == name).unwrap();
        test["cases"].as_array().unwrap().clone()
    };
    let mut differ = Vec::new();
    for (number, case) in cases("test_get_rows").iter().enumerate() {
        let file = case[0].as_str().unwrap();
        // A line of blanks is a row without a reference: Notify skips it, here it becomes a reject.
        let ours = rows(file).map(|(_, rows)| {
            let named = rows
                .into_iter()
                .filter(|row| row.iter().any(|cell| !cell.is_empty()));
            named.collect::<Vec<_>>()
        });
        if ours.ok() != Some(expected(&case[2])) {
            differ.push(number);
        }
    }
    let known: Vec<usize> = OTHERWISE.iter().map(|(number, _)| *number).collect();
    assert_eq!(differ, known, "{OTHERWISE:?}");

    for (number, case) in cases("test_column_headers").iter().enumerate().skip(1) {
        let (names, _) = rows(case[0].as_str().unwrap()).unwrap();
        let mut once = names.clone();
        let mut seen = std::collections::BTreeSet::new();
        once.retain(|name| seen.insert(name.clone()));
        let theirs: Vec<&str> = case[2]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_str().unwrap())
            .collect();
        assert_eq!(once, theirs, "case {number}");
        // Their columns are unknown to us, and the reader says so before it reads a row.
        assert!(
            Header::parse(&StringRecord::from(names)).is_err(),
            "case {number}"
        );
    }

    the_other_cases_are_about_other_things(&tests);
}
