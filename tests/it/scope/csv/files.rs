//! Whole files: line endings, damage, encodings, and files of rejects.

use super::*;

#[test]
fn lines_are_exact_after_multi_line_cells_blank_lines_and_crlf() {
    let file = "reference,elements,address\r\n\
        C-1,name,\"1 High St\r\nTown\r\nCounty\"\r\n\
        C-2,,\r\n\
        \r\n\
        \n\
        C-3,name\n\
        C-4,name,\"a\n\nb\"\n\
        \"C\n5\",name,\r\n\
        ,name,";
    let expected = [
        (5, "elements", "required"),
        (8, "row", "cell_count"),
        (12, "reference", "line_break"),
    ];
    let mut found = faults(file.as_bytes());
    assert_eq!(found.pop(), Some((14, "reference", "required")));
    assert_eq!(found, expected);
    let rows = read(file.as_bytes());
    assert_eq!(
        rows[0].1.as_ref().unwrap().address.as_deref(),
        Some("1 High St\r\nTown\r\nCounty")
    );
}

#[test]
fn a_quotation_mark_that_is_not_closed_costs_its_own_line_and_no_other() {
    let mut file = b"reference,elements\nC-1,name\n\"C-2,name\n".to_vec();
    file.extend(b"C-3,name\n".repeat(200_000));
    let rows = read(&file);
    assert_eq!(rows.len(), 200_002);
    let [error] = &rows[1].1.as_ref().unwrap_err()[..] else {
        panic!()
    };
    assert_eq!((error.line, error.column), (3, "row"), "{error}");
    assert!(error.to_string().contains("not closed"), "{error}");
    assert!(rows.iter().all(|(line, row)| row.is_ok() || *line == 3));
}

#[test]
fn a_file_that_lost_its_line_breaks_is_refused_as_a_whole() {
    let file = format!("reference,elements\nC-1,name\nb,{}", "x".repeat(3 << 20));
    let mut records = open(file.as_bytes()).unwrap();
    records.header().unwrap();
    let read = records.read(&mut Record::default());
    assert!(
        matches!(read, Err(ReadError::Endless { line: 3 })),
        "{read:?}"
    );
}

#[test]
fn files_that_are_no_lists_are_refused_as_a_whole() {
    assert!(matches!(
        open(&b""[..]).unwrap().header(),
        Err(ReadError::Empty)
    ));
    assert!(matches!(
        open(&b"\n\r\n"[..]).unwrap().header(),
        Err(ReadError::Empty)
    ));
    let utf16 = |encode: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "reference,elements"
            .encode_utf16()
            .flat_map(encode)
            .collect()
    };
    for (mark, encode) in [
        (&b"\xff\xfe"[..], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (&b"\xfe\xff"[..], u16::to_be_bytes),
        (&b""[..], u16::to_le_bytes),
        (&b""[..], u16::to_be_bytes),
    ] {
        let file = [mark, &utf16(encode)].concat();
        let utf16 = Wrong::Encoding("UTF-16");
        assert!(
            matches!(open(&file[..]), Err(ReadError::Wrong(wrong)) if wrong == utf16),
            "{mark:?}"
        );
    }
    let windows_1252 = b"reference,elements,stra\xdfe\n";
    assert!(matches!(
        open(&windows_1252[..]).unwrap().header(),
        Err(ReadError::Wrong(Wrong::Encoding("Windows-1252")))
    ));
    let word = faults(b"reference,elements,name\nC-1,name,Stra\xffe\nC-2,name,Ann\n");
    assert_eq!(word, [(2, "name", "not_utf8")]);
}

#[test]
fn the_delimiter_is_seen_in_the_first_line() {
    assert_eq!(sniff(b"reference,elements\na;b;c;d\n"), b',');
    assert_eq!(sniff(b"reference;elements\r\na,b,c,d"), b';');
    assert_eq!(sniff(b"reference\telements"), b'\t');
    assert_eq!(sniff(b"\"a;b;c\",d"), b',');
    assert_eq!(sniff(b""), b',');
    let rows = read(b"reference;elements;name\nC-1;\"name;email\";Doe, Jane\n");
    assert_eq!(
        rows[0].1.as_ref().unwrap().name.as_deref(),
        Some("Doe, Jane")
    );
}

#[test]
fn rejects_hold_the_row_its_line_its_columns_and_its_reasons_without_formulas() {
    let file = b"reference,name,elements\n=1+1,@SUM(A1),\n+C,-\xff,name,surplus\nC-3\n";
    let mut records = open(&file[..]).unwrap();
    let names = records.header().unwrap();
    let header = Header::parse(&names).unwrap();
    let mut rejects = RejectWriter::new(Vec::new(), &names).unwrap();
    let mut record = Record::default();
    while records.read(&mut record).unwrap() {
        rejects
            .write(&record.cells, &header.row(&record).unwrap_err())
            .unwrap();
    }
    let text = String::from_utf8(rejects.finish().unwrap()).unwrap();
    let expected = "reference,name,elements,line,column,reason\n\
        '=1+1,'@SUM(A1),,2,elements,The cell is empty; it is required.\n\
        '+C,'-\u{fffd},name,3,row,\"The row has 4 cells, the first line has 3.\",surplus\n\
        C-3,,,4,row,\"The row has 1 cells, the first line has 3.\"\n";
    assert_eq!(text, expected);
}

#[test]
fn a_file_of_rejects_is_corrected_and_read_again() {
    let again = read(
        b"reference,name,elements,line,column,reason\n'=1+1,'@nn,name,2,elements,The cell is empty.\n\
          'twas,O'Hara,name,3,row,\n",
    );
    let row = |at: usize| again[at].1.as_ref().unwrap();
    assert_eq!(
        (row(0).reference.as_str(), row(0).name.as_deref()),
        ("=1+1", Some("@nn"))
    );
    assert_eq!(
        (row(1).reference.as_str(), row(1).name.as_deref()),
        ("'twas", Some("O'Hara"))
    );
    // In any other list they are unknown columns.
    assert!(header(&["reference", "elements", "reason"]).is_err());
    assert_eq!(
        read(b"reference,elements\n'=1,name\n")[0]
            .1
            .as_ref()
            .unwrap()
            .reference,
        "'=1"
    );
}

#[test]
fn several_reasons_share_one_line_of_the_rejects() {
    let header = header(&["reference", "elements"]).unwrap();
    let record = ByteRecord::from(vec!["", "hat"]);
    let errors = header.row(&Record::new(7, record.clone())).unwrap_err();
    let mut rejects = RejectWriter::new(
        Vec::new(),
        &StringRecord::from(vec!["reference", "elements"]),
    )
    .unwrap();
    rejects.write(&record, &errors).unwrap();
    let text = String::from_utf8(rejects.finish().unwrap()).unwrap();
    let line = ",hat,7,reference;elements,reference: The cell is empty; it is required. \
        elements: There is no element “hat”.\n";
    assert_eq!(text.split_once('\n').unwrap().1, line);
}
