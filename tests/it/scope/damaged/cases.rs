//! Single files that an earlier version read wrongly, with the right result.

use candor::scope::csv::{Header, HeaderError, ReadError, Reason, Row, RowError, open};

use super::{Found, read};

/// Line and code of each refused record; 0 errors is an accepted record.
fn verdicts(file: &str) -> Vec<(u64, &'static str)> {
    let verdict = |found: Found| match found.row {
        Ok(_) => (found.record.line, "taken"),
        Err(errors) => (found.record.line, errors[0].reason.code()),
    };
    read(file.as_bytes()).0.into_iter().map(verdict).collect()
}

fn row(found: &Found) -> &Row {
    found.row.as_ref().unwrap()
}

fn error(found: &Found) -> &RowError {
    &found.row.as_ref().unwrap_err()[0]
}

#[test]
fn quotation_marks_inside_of_a_cell_are_text() {
    let file = "reference,name,elements\nR-1,Ann \"Bo\" Lee,name\nR-2, \"Bo\",name\nR-3,6\" pipe,name\n\
        R-4,\"Ann \"\"Bo\"\" Lee\",name\n";
    let (found, _) = read(file.as_bytes());
    let names: Vec<_> = found
        .iter()
        .map(|found| row(found).name.as_deref().unwrap())
        .collect();
    assert_eq!(
        names,
        ["Ann \"Bo\" Lee", "\"Bo\"", "6\" pipe", "Ann \"Bo\" Lee"]
    );
}

#[test]
fn text_behind_a_closing_quotation_mark_is_refused_at_its_cell() {
    let file = "reference,name,elements\nR-1,\"Hey, I missed \" it\",name\nR-2,Bo,name\n";
    let (found, _) = read(file.as_bytes());
    assert_eq!(
        (error(&found[0]).line, error(&found[0]).column),
        (2, "name")
    );
    assert_eq!(error(&found[0]).reason.code(), "damaged_quote");
    assert_eq!(row(&found[1]).name.as_deref(), Some("Bo"));
    let cells: Vec<_> = found[0].record.cells.iter().collect();
    let expected = [&b"R-1"[..], b"\"Hey, I missed \" it\"", b"name"];
    assert_eq!(cells, expected, "the cells to correct");
}

#[test]
fn a_lost_delimiter_before_a_quoted_cell_shifts_no_cells() {
    let file = "reference,address,name,elements\nR-1\"Flat 2, 1 High St\",Ann,name\nR-2,,Bo,name\n";
    assert_eq!(verdicts(file), [(2, "damaged_quote"), (3, "taken")]);
}

#[test]
fn a_quotation_mark_at_an_address_does_not_swallow_the_rows_below() {
    let row = |n: u64, quote: &str| format!("R-{n},name,{quote}{n} High St\n");
    let mut file = "reference,elements,address\n".to_owned();
    for n in 2..=13 {
        file += &row(n, if n == 6 { "\"" } else { "" });
    }
    let expected: Vec<_> = (2..=13)
        .map(|n| (n, if n == 6 { "damaged_quote" } else { "taken" }))
        .collect();
    assert_eq!(verdicts(&file), expected);
    // A quotation mark is closed by chance at the end of a later row, in the same column.
    let closed = file.replace("8 High St\n", "8 High St\"\n");
    assert_eq!(verdicts(&closed), expected);
    // A quotation mark is closed by the opening one of the next row.
    let closed = file.replace("R-7,name,7 High St\n", "R-7,name,\"7 High St\"\n");
    assert_eq!(verdicts(&closed), expected);
    // A quotation mark is never closed before the end of the file.
    let last = format!("{file}R-14,name,\"14 High St");
    assert_eq!(verdicts(&last).last(), Some(&(14, "damaged_quote")));
}

#[test]
fn an_address_of_several_lines_is_one_cell() {
    let file = "reference,elements,address,flags\n\
        R-1,name,\"Flat 2, 1 High St\r\n\r\nSpringfield, IL, 62701\nUSA\",\n\
        R-2,name,\"\"\"The Cottage\"\"\nMill Lane\",minor\n\
        R-3,name,,\n";
    let (found, lines) = read(file.as_bytes());
    let address = |at: usize| row(&found[at]).address.as_deref();
    assert_eq!(
        address(0),
        Some("Flat 2, 1 High St\r\n\r\nSpringfield, IL, 62701\nUSA")
    );
    assert_eq!(address(1), Some("\"The Cottage\"\nMill Lane"));
    let taken: Vec<_> = found
        .iter()
        .map(|f| (f.record.line, f.record.lines))
        .collect();
    assert_eq!(taken, [(2, 4), (6, 2), (8, 1)]);
    assert_eq!(
        (lines.lines, lines.header, lines.continued, lines.blank),
        (8, 1, 4, 0)
    );
}

/// Each is a word for an element, and no code.
#[test]
fn a_town_that_is_a_word_for_an_element_stands_in_an_address() {
    for town in ["Mobile", "Session", "Medical", "Files"] {
        let file = format!(
            "reference,address,elements\nR-1,\"1 Main St\n{town}, AL 36602\",name\nR-2,,name\n"
        );
        let (found, _) = read(file.as_bytes());
        let address = format!("1 Main St\n{town}, AL 36602");
        assert_eq!(row(&found[0]).address.as_deref(), Some(address.as_str()));
        assert!(found[1].row.is_ok());
    }
    // Codes, and several words for elements, stand in rows only.
    for elements in ["ssn", "NAME", "mobile;full_name"] {
        let file = format!(
            "reference,address,elements,locale\nR-1,\"1 Main St,name,\nR-2,2 Main St,{elements},\"\nR-3,,name,\n"
        );
        assert_eq!(
            verdicts(&file),
            [(2, "damaged_quote"), (3, "damaged_quote"), (4, "taken")],
            "{elements}"
        );
    }
}

#[test]
fn the_end_of_a_damaged_row_is_no_row() {
    // The closing quotation mark is lost, and the end of the address has as many cells as a row.
    let file =
        "reference,address,elements\nR-1,\"Flat 2, 1 High St\nSpringfield, IL,name\nR-2,,name\n";
    assert_eq!(
        verdicts(file),
        [(2, "damaged_quote"), (3, "broken_row"), (4, "taken")]
    );
    let file = "reference,address,elements\nR-1,\"1 High \"St\nSpringfield, IL\",name\nR-2,,name\n";
    assert_eq!(
        verdicts(file),
        [(2, "damaged_quote"), (3, "broken_row"), (4, "taken")]
    );
}

#[test]
fn a_row_that_a_line_break_cut_short_is_refused_with_its_rest() {
    let file = "reference,elements,name\nR-1,name,Ann\nR-2,name,Bo\nWilliams\nR-3,name,Cy\n";
    let expected = [
        (2, "taken"),
        (3, "broken_row"),
        (4, "cell_count"),
        (5, "broken_row"),
    ];
    assert_eq!(verdicts(file), expected);
    // The cell itself tells which row it belongs to.
    let file =
        "reference,name,elements\nR-1,Ann,name\nR\n-2,Bo,name\nR-3,Cy,name;\nssn\nR-4,Di,name\n";
    let expected = [
        (2, "taken"),
        (3, "cell_count"),
        (4, "broken_row"),
        (5, "broken_row"),
        (6, "cell_count"),
        (7, "taken"),
    ];
    assert_eq!(verdicts(file), expected);
    // A file that was cut off in the first cell of its last row.
    assert_eq!(
        verdicts("reference,elements,name\nR-1,name,Ann\nR-"),
        [(2, "taken"), (3, "cell_count")]
    );
}

#[test]
fn a_line_sep_before_the_names_says_the_delimiter() {
    for (first, delimiter) in [
        ("sep=;\r\n", ";"),
        ("\u{feff}SEP=|\n", "|"),
        ("\"sep=\t\"\n", "\t"),
    ] {
        let file =
            format!("{first}reference;email;name;elements\r\nA1;a1@x.example;Ann, B;name\r\n");
        let (found, lines) = read(
            file.replace(";", delimiter)
                .replace("sep=\r", "sep=;\r")
                .as_bytes(),
        );
        assert_eq!(row(&found[0]).name.as_deref(), Some("Ann, B"));
        assert_eq!((found[0].record.line, lines.lines, lines.header), (3, 3, 2));
    }
}

#[test]
fn rows_of_nothing_but_delimiters_are_blank() {
    let file = format!(
        "reference,email,elements\nR-1,,name\n{}\" \",,\"\"\nR-2,,name\n",
        ",,\n".repeat(50)
    );
    let (found, lines) = read(file.as_bytes());
    assert_eq!((found.len(), lines.lines, lines.blank), (2, 54, 51));
    assert_eq!(found[1].record.line, 54);
}

#[test]
fn characters_that_do_not_show_are_passed_over_in_names_of_columns_and_named_in_cells() {
    let file = "refer\u{200b}ence,\u{200b}email,name,\u{feff}elements\n\
        A1,\u{200b}a1@x.example,Ann,name\n\
        A2,a2@x.example,\u{200b},name\n\
        A3,a3@x.example,\u{3164},name\n\
        A\u{ad}4,,Ann,name\n\
        A5,,\u{6a9}\u{627}\u{645}\u{200c}\u{631}\u{627}\u{646},name\n";
    let (found, _) = read(file.as_bytes());
    let told: Vec<_> = found
        .iter()
        .take(4)
        .map(|f| (error(f).column, error(f).reason.code()))
        .collect();
    let expected = [
        ("email", "invisible_character"),
        ("name", "shows_nothing"),
        ("name", "shows_nothing"),
        ("reference", "invisible_character"),
    ];
    assert_eq!(told, expected);
    assert!(error(&found[0]).to_string().contains("U+200B"));
    assert_eq!(
        row(&found[4]).name.as_deref(),
        Some("کام\u{200c}ران"),
        "some names are spelled with them"
    );
}

#[test]
fn a_first_line_with_rows_in_it_is_refused_in_one_sentence_without_names() {
    let wide = format!("reference,elements{}\nA1,name", ",".repeat(1_000_000));
    let joined: String = (0..9)
        .map(|n| format!(" A{n},a{n}@x.example,Ann {n},name"))
        .collect();
    for file in [wide, format!("reference,email,name,elements{joined}")] {
        let names = open(file.as_bytes()).unwrap().header().unwrap();
        let errors = Header::parse(&names).unwrap_err();
        assert!(
            matches!(errors[..], [HeaderError::TooWide { .. }]),
            "{}",
            errors.len()
        );
        let said = errors[0].to_string();
        assert!(said.len() < 250 && !said.contains("Ann"), "{said}");
    }
}

#[test]
fn a_first_line_with_a_damaged_quotation_mark_is_said_to_have_one() {
    for first in ["\"reference,elements", "\"reference\"x,elements"] {
        let read = open(format!("{first}\nA1,name\n").as_bytes())
            .unwrap()
            .header();
        assert!(matches!(read, Err(ReadError::FirstLine)), "{read:?}");
    }
}

#[test]
fn any_line_ending_is_read_and_a_cut_line_is_reported() {
    let (found, lines) = read(b"reference,elements\rR-1,name\r\nR-2,name\n\rR-3,name\r");
    let on: Vec<_> = found.iter().map(|found| found.record.line).collect();
    assert_eq!(on, [2, 3, 5]);
    assert_eq!((lines.lines, lines.blank, lines.ends_open), (5, 1, false));
    assert!(read(b"reference,elements\nR-1,name").1.ends_open);
}

#[test]
fn an_unknown_code_is_refused_and_a_word_that_exporters_write_is_taken() {
    let file =
        "reference,elements\nA1,Drivers License;E-Mail Address;date of birth\nA2,shoe_size\n";
    let (found, _) = read(file.as_bytes());
    assert_eq!(
        row(&found[0]).elements.to_string(),
        "email;dob;driver_licence"
    );
    assert!(matches!(
        error(&found[1]).reason,
        Reason::UnknownElement { word: Some(_) }
    ));
}
