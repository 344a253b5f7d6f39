//! Importing a list: accepted rows and rejects.

use super::*;

async fn people_read_as_they_were_given(desk: &Desk) {
    let ada = desk.person(" A-1").await.unwrap();
    assert_eq!(ada.contact.reference, "a-1", "kept as it was given");
    assert_eq!(ada.contact.address.as_deref(), Some("1 High St\r\nLondon"));
    assert_eq!(
        (ada.exposed, ada.named),
        (set("name;ssn"), ElementSet::EMPTY)
    );
    assert_eq!(
        (ada.locale.as_str(), ada.id.bucket()),
        ("en-GB", ada.id.bucket())
    );
    let email = ada.contact.email.clone().unwrap();
    let app = &desk.house.app;
    let shared = find(app, desk.incident, &Clue::Email(email)).await.unwrap();
    assert_eq!(shared.len(), 2, "two people may share a mailbox");
    let clue = Clue::NamePostcode("ada LÖWE".to_owned(), "sw1a1aa".to_owned());
    let named = find(app, desk.incident, &clue).await.unwrap();
    assert_eq!(named[0].id, ada.id);
    let dee = desk.person("a-4").await.unwrap();
    assert_eq!(dee.standing, PersonStanding::Withheld);
    assert_eq!(dee.withheld.unwrap().as_str(), "protected_address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_list_becomes_a_draft_and_then_people() {
    let desk = Desk::new().await;
    let list = "Elements;Reference;email;name;postcode;jurisdiction;locale;flags;address\r\n\
        \"name;ssn\";a-1;ada@example.org;Ada Löwe;SW1A 1AA;GB;en-gb;;\"1 High St\r\nLondon\"\r\n\
        name;a-2;ada@example.org;Bea;;US-CA;es;minor;\r\n\
        name;a-3;;Cy;;;;;\r\n\
        name;a-4;dee@example.org;Dee;;;;protected;\r\n";
    let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!(
        (drafted.version, drafted.accepted, drafted.rejected),
        (1, 4, 0)
    );
    let delta = &drafted.delta;
    assert_eq!(
        (delta.people_added, delta.unchanged, delta.contact_changes),
        (4, 0, 0)
    );
    assert_eq!(
        (delta.elements_added, delta.by_element["ssn"]),
        (0, change(1, 0))
    );
    assert_eq!(delta.columns[..2], ["elements", "reference"]);
    assert_eq!(desk.rows("person").await, 0, "a draft changes nobody");
    assert_eq!(desk.account().await, Account::default());

    let active = desk.activate(1).await.unwrap();
    assert_eq!(active.delta.as_ref(), Some(delta));
    let sha256 = candor::seal::sha256(list.as_bytes());
    assert_eq!(active.file_hash.as_deref(), Some(sha256.as_slice()));
    let expected = Account {
        people: 4,
        in_progress: 2,
        needs_letter: 1,
        withheld: 1,
        ..Account::default()
    };
    assert_eq!(desk.account().await, expected);
    assert_eq!(
        desk.waiting().await,
        0,
        "staged rows go once they are people"
    );

    people_read_as_they_were_given(&desk).await;
    assert!(matches!(
        desk.activate(1).await,
        Err(ActivateError::NotADraft {
            status: ScopeStatus::Active,
            ..
        })
    ));
}

fn cells_are_kept(rejects: &[Reject]) {
    assert_eq!(
        rejects[1].cells[1], "nobody.example.org",
        "the original cells"
    );
    assert_eq!(rejects[6].cells, ["b-6", "", "A"]);
    assert_eq!(rejects[7].cells.len(), 11);
    let twice = &rejects[8];
    assert!(
        twice.reasons[0].why.contains("line 2"),
        "{:?}",
        twice.reasons
    );
    assert_eq!(
        twice.cells,
        [
            "ok-1",
            "b@example.org",
            "B, b",
            "de",
            "DE",
            "2",
            "name;ssn",
            "minor",
            ""
        ]
    );
}

/// Two good rows; each of the others has something wrong.
const ROWS: [&[u8]; 11] = [
    b"ok-1,a@example.org,A,en,US,1,name,,",
    b",a@example.org,A,en,US,1,name,,",
    b"b-1,nobody.example.org,A,english,US,1,name,,",
    b"b-2,,\"A\nB\",en,US,1,name,,",
    b"b-3,,A,en,XX-1,1,name;shoe_size,,",
    b"b-4,,A,en,US,1,,,",
    b"b-5,,\xff,en,US,1,name,dead,",
    b"b-6,,A",
    b"b-7,,A,en,US,1,name,,,too,many",
    b"ok-2,,A,en,US,1,name,,\"two\nlines\"",
    b"ok-1,b@example.org,\"B, b\",de,DE,2,ssn;name,minor,",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_cell_is_reported_where_it_stands_and_the_good_rows_land() {
    let desk = Desk::new().await;
    let mut list =
        b"reference,email,name,locale,jurisdiction,postcode,elements,flags,address\n".to_vec();
    for row in ROWS {
        list.extend_from_slice(row);
        list.push(b'\n');
    }
    let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (2, 9));
    let rejects = desk.rejects(1).await;
    let told: Vec<_> = rejects
        .iter()
        .map(|reject| {
            let reasons: Vec<_> = reject
                .reasons
                .iter()
                .map(|r| format!("{} {}", r.column, r.code))
                .collect();
            format!("{} {}", reject.line, reasons.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "3 reference required",
            "4 email not_an_address, locale not_a_locale",
            "5 name line_break",
            "7 jurisdiction not_a_jurisdiction, elements unknown_element",
            "8 elements required",
            "9 name not_utf8, flags unknown_flag",
            "10 row cell_count",
            "11 row cell_count",
            "14 reference duplicate_reference",
        ]
    );
    cells_are_kept(&rejects);
    let counted = store::count_rejects(&mut *desk.conn().await, desk.incident, 1)
        .await
        .unwrap();
    assert_eq!(counted[0], ("row".to_owned(), "cell_count".to_owned(), 2));
    desk.activate(1).await.unwrap();
    assert_eq!(desk.account().await.people, 2);
    assert_eq!(
        desk.person("OK-1").await.unwrap().contact.name.unwrap(),
        "A"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_right_as_a_whole_leaves_nothing() {
    let desk = Desk::new().await;
    let header = desk
        .import(ScopeMode::Full, "reference,pin,elements\na,1,name\n")
        .await;
    let Err(error @ ImportError::Header(_)) = header else {
        panic!("{header:?}");
    };
    assert!(error.to_string().contains("pin"), "{error}");
    let empty = desk.import(ScopeMode::Full, "").await;
    assert!(
        matches!(empty, Err(ImportError::Read(ReadError::Empty))),
        "{empty:?}"
    );
    let nobody = desk.import(ScopeMode::Full, "reference,elements\n\n").await;
    assert!(matches!(nobody, Err(ImportError::NoRows)), "{nobody:?}");
    assert_eq!(desk.rows("scope_version").await, 0, "not even a version");

    let endless = format!("reference,elements\na,name\nb,\"{}", "x".repeat(3 << 20));
    let endless = desk.import(ScopeMode::Full, endless).await;
    assert!(matches!(
        endless,
        Err(ImportError::Read(ReadError::Endless { line: 3 }))
    ));
    let (feed, body) = pieces();
    assert!(feed.send("reference,elements\na,name\nb,na".into()).await);
    drop(feed);
    let app = &desk.house.app;
    let source = Source::Upload(body);
    let cut = import(app, desk.by, desk.incident, ScopeMode::Full, source, |_| {}).await;
    assert!(matches!(cut, Err(ImportError::Read(_))), "{cut:?}");
    for table in ["person", "scope_reject", "account_count"] {
        assert_eq!(desk.rows(table).await, 0, "{table}");
    }
    assert_eq!(desk.waiting().await, 0);
    let versions = store::list(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap();
    assert!(versions.iter().all(|v| v.status == ScopeStatus::Discarded));

    let refused = desk
        .import(ScopeMode::Full, "reference,elements\na,\n")
        .await
        .unwrap();
    let empty = desk.activate(refused.version).await;
    assert!(matches!(empty, Err(ActivateError::Empty(_))), "{empty:?}");
}
