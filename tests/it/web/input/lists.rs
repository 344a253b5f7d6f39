//! Files that are no lists, and lists in other encodings than UTF-8.

use std::io::Cursor;
use std::time::{Duration, Instant};

use candor::scope::ScopeMode;
use candor::scope::csv::{Header, ReadError, Record, Wrong, open};
use candor::scope::import::{self, ImportError, Source};
use candor::staff::StaffRole::Comms;
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

use crate::client::Site;
use crate::house::House;
use crate::people::Scene;

/// Reads a file to its end, as the import does; returns why it was refused as a whole, and the number of refused rows.
fn read(file: &[u8]) -> Result<usize, ReadError> {
    let mut records = open(file)?;
    let names = records.header()?;
    let header = Header::parse(&names).unwrap();
    let (mut record, mut refused) = (Record::default(), 0);
    while records.read(&mut record)? {
        refused += usize::from(header.row(&record).is_err());
    }
    Ok(refused)
}

fn wrong(file: &[u8]) -> String {
    match read(file) {
        Err(ReadError::Wrong(wrong)) => wrong.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A list of people with these names.
fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = "reference,name,elements\n".to_owned();
    for (at, name) in names.into_iter().enumerate() {
        list += &format!("r-{at},{name},name\n");
    }
    list
}

const CHINESE: [&str; 8] = [
    "张伟",
    "王芳",
    "李秀英",
    "刘洋",
    "陈静",
    "赵敏",
    "周杰",
    "孙立",
];

#[test]
fn a_file_in_another_encoding_is_refused_as_a_whole_and_named() {
    let western = ["Müller", "José", "Françoise", "Ann", "Bob", "Søren"];
    let taiwan = ["陳志明", "林淑芬", "黃雅婷", "張家豪"];
    for (encoding, names, name) in [
        (GBK, &CHINESE[..], "GBK"),
        (BIG5, &taiwan[..], "Big5"),
        (
            SHIFT_JIS,
            &["佐藤太郎", "鈴木花子", "田中ゆき"][..],
            "Shift-JIS",
        ),
        (EUC_KR, &["김민준", "이서연", "박지훈"][..], "EUC-KR"),
        (
            WINDOWS_1251,
            &["Иванов Пётр", "Смирнова Анна"][..],
            "Windows-1251",
        ),
        (WINDOWS_1252, &western[..], "Windows-1252"),
    ] {
        let list = named(names.iter().copied());
        let said = wrong(&encoding.encode(&list).0);
        assert!(said.contains(name), "{name}: {said}");
        assert_eq!(read(list.as_bytes()).unwrap(), 0, "{name} in UTF-8");
    }
    // Some of these names are valid UTF-8 by chance: in GBK 眉 is what ü is in UTF-8.
    let chance = named(CHINESE.iter().copied().chain(["眉", "汪"]));
    assert!(wrong(&GBK.encode(&chance).0).contains("GBK"));
    let rejects = "reference,name,elements,line,column,reason\nr-1,张伟,name,2,name,x\n";
    assert!(
        wrong(&GBK.encode(rejects).0).contains("GBK"),
        "corrected rejects too"
    );
}

#[test]
fn the_wrong_name_far_down_in_a_long_ascii_list_is_found() {
    let names: Vec<String> = (0..20_000).map(|n| format!("Ann {n}")).collect();
    let mut list = named(names.iter().map(String::as_str)).into_bytes();
    list.extend(&*WINDOWS_1252.encode("r-x,Jürgen Groß,name\n").0);
    assert!(wrong(&list).contains("Windows-1252"));
}

#[test]
fn seven_bits_and_twice_encoded_text_are_found() {
    assert!(wrong(named(["M+APw-ller", "Ann"]).as_bytes()).contains("UTF-7"));
    assert!(wrong(named(["~{VPND~}", "Ann"]).as_bytes()).contains("HZ"));
    assert!(wrong(named(["\u{1b}$B:4F#\u{1b}(B"]).as_bytes()).contains("ISO-2022-JP"));
    let twice =
        |text: &str, between: &'static Encoding| between.decode(text.as_bytes()).0.into_owned();
    let list = named(["Müller", "José", "Zoë", "Ann"]);
    assert!(wrong(twice(&list, WINDOWS_1252).as_bytes()).contains("read as Windows-1252"));
    let list = named(["Иванов", "Анна"]);
    assert!(wrong(twice(&list, WINDOWS_1251).as_bytes()).contains("read as Windows-1251"));
    for fine in [
        "reference,email,elements\nr-1,bob+APw-x@example.com,name\nr+1-2,ann+b@example.com,name\n"
            .to_owned(),
        named(["Müller", "Ã", "JOÃO", "Łukasz", "Ёва Рёва", "眉", "~tilde~"]),
        named(["Ann+Bob", "A+B-C"]),
    ] {
        assert_eq!(read(fine.as_bytes()).unwrap(), 0, "{fine}");
    }
}

#[test]
fn wide_text_and_what_is_no_text_is_named() {
    let utf32 = |mark: &[u8], encode: fn(u32) -> [u8; 4]| {
        let text = named(["Ann"]);
        let units = text.chars().flat_map(move |c| encode(u32::from(c)));
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    for file in [
        utf32(b"\xff\xfe\0\0", u32::to_le_bytes),
        utf32(b"\0\0\xfe\xff", u32::to_be_bytes),
        utf32(b"", u32::to_le_bytes),
        utf32(b"", u32::to_be_bytes),
    ] {
        assert!(wrong(&file).contains("UTF-32"));
    }
    for (start, name) in [
        (&b"PK\x03\x04\x14\0\x06\0"[..], "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "xls"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"<html><table><tr><td>reference", "web page"),
        (b"+/v8-reference", "UTF-7"),
    ] {
        assert!(wrong(start).contains(name), "{name}");
    }
}

#[test]
fn a_damaged_cell_of_a_good_file_costs_its_own_row() {
    let mut list = named(["Müller", "José", "Ann"]).into_bytes();
    list.extend(b"r-x,Gro\xff\xfe,name\n");
    assert_eq!(read(&list).unwrap(), 1);
    let lost = named(["M\u{fffd}ller", "Ann"]);
    assert_eq!(read(lost.as_bytes()).unwrap(), 1, "a lost character");
}

#[test]
fn spreadsheets_lines_and_blank_rows_are_passed_over() {
    let list = "sep=;\nreference;\u{200b}email;name;elements\nA1;a1@x.example;Ann;name\n;;;\n;;;\n";
    assert_eq!(read(list.as_bytes()).unwrap(), 0);
    let mut records = open(list.as_bytes()).unwrap();
    let header = Header::parse(&records.header().unwrap()).unwrap();
    let (mut record, mut rows) = (Record::default(), 0);
    while records.read(&mut record).unwrap() {
        assert!(header.row(&record).is_ok());
        rows += 1;
    }
    assert_eq!((rows, records.lines().blank), (1, 2));
    let invisible = "reference,email,name,elements\nA1,\u{200b}a1@x.example,Ann,name\nA2,a2@x.example,\u{200b},name\n\
                     A3,a3@x.example,\u{3164},name\n";
    assert_eq!(read(invisible.as_bytes()).unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_line_that_is_data_is_refused_fast_and_not_repeated() {
    let house = House::new().await;
    let _scene = Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let wide = format!("reference,elements{}\nA1,name", ",".repeat(1_000_000));
    let people: String = (0..100_000)
        .map(|n| format!("A{n},a{n}@x.example,Ann Arbor {n},name "))
        .collect();
    let lost = format!("reference,email,name,elements {people}");
    for (at, list) in [
        wide,
        lost,
        "r1,Ann Arbor,name\nr2,Bob,name\n".to_owned(),
        "Ann,Arbor,1 Main St,name\n".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let begun = Instant::now();
        let headers = [
            ("content-type", "text/csv"),
            ("idempotency-key", &*format!("k{at}")),
        ];
        let seen = program.send("/incidents/sundmere/scopes", &headers, list);
        assert_eq!(seen.status, 422, "{}", seen.body);
        assert!(seen.body.len() < 4_000, "{} octets", seen.body.len());
        assert!(
            !seen.body.contains("Arbor") && !seen.body.contains("Ann"),
            "{}",
            seen.body
        );
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_list_in_another_encoding_is_taken() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let list = GBK.encode(&named(CHINESE)).0.into_owned();
    let source = Source::File(Cursor::new(list));
    let imported = import::import(
        &house.app,
        scene.comms,
        scene.incident,
        ScopeMode::Full,
        source,
        |_| {},
    )
    .await;
    let why = imported.expect_err("refused");
    assert!(
        matches!(why, ImportError::Read(ReadError::Wrong(Wrong::Encoding(_)))),
        "{why}"
    );
    assert!(why.is_of_the_list());
    assert_eq!(
        house
            .number("select count(*) from scope_version where status <> 'discarded'")
            .await,
        0
    );
}
