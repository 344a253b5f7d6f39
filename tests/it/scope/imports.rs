//! Importing a list: accepted rows, rejects, and what a new version changes.

use super::*;

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
    assert!(matches!(
        desk.activate(1).await,
        Err(ActivateError::NotADraft {
            status: ScopeStatus::Active,
            ..
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_cell_is_reported_where_it_stands_and_the_good_rows_land() {
    let desk = Desk::new().await;
    let mut list =
        b"reference,email,name,locale,jurisdiction,postcode,elements,flags,address\n".to_vec();
    let rows: &[&[u8]] = &[
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
    for row in rows {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_second_version_changes_exactly_what_its_delta_says() {
    let desk = Desk::new().await;
    let first = "reference,email,elements,flags\n\
        told,a@example.org,name;ssn,\n\
        grows,b@example.org,name,\n\
        shrinks,c@example.org,name;phone,\n\
        moves,d@example.org,name,\n\
        stays,e@example.org,name,\n\
        goes,f@example.org,name;ssn,\n\
        freed,g@example.org,name,hold\n";
    desk.take(ScopeMode::Full, first).await;
    desk.notify("told", "name;ssn").await;
    let second = "reference,email,elements,flags\n\
        told,a@example.org,name;ssn;phone;imei,deceased\n\
        grows,b@example.org,name;imei,\n\
        shrinks,c@example.org,name,\n\
        moves,,name,\n\
        stays,e@example.org,name,\n\
        freed,g@example.org,name,\n\
        new,h@example.org,name;imei,\n";
    let drafted = desk.import(ScopeMode::Full, second).await.unwrap();
    let delta = &drafted.delta;
    assert_eq!((delta.people_added, delta.people_retracted), (1, 1));
    assert_eq!((delta.elements_added, delta.elements_retracted), (2, 1));
    assert_eq!((delta.contact_changes, delta.unchanged), (3, 1));
    assert_eq!(delta.by_element["imei"], change(3, 0));
    assert_eq!(delta.by_element["phone"], change(1, 1));
    assert_eq!(delta.by_element["name"], change(1, 1));
    assert_eq!(delta.by_element["ssn"], change(0, 1));
    desk.activate(2).await.unwrap();
    let expected = Account {
        people: 7,
        in_progress: 5,
        needs_letter: 1,
        withheld: 1,
        ..Account::default()
    };
    assert_eq!(desk.account().await, expected);
    let told = desk.person("told").await.unwrap();
    assert_eq!(
        told.standing,
        PersonStanding::Withheld,
        "more is to be told, and nobody may be written to"
    );
    assert_eq!(
        told.unnamed(),
        set("phone;imei"),
        "and what they were not told shows (P2)"
    );
    let goes = desk.person("goes").await.unwrap();
    assert_eq!(goes.standing, PersonStanding::Retracted);
    let versions = store::list(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap();
    let states: Vec<_> = versions.iter().map(|v| v.status).collect();
    assert_eq!(states, [ScopeStatus::Active, ScopeStatus::Superseded]);

    // A partial list leaves the other people alone, and may bring a person back.
    let third = desk
        .take(
            ScopeMode::Delta,
            "reference,elements,email\ngoes,name,f@example.org\n",
        )
        .await;
    assert_eq!(
        (third.delta.people_added, third.delta.people_retracted),
        (1, 0)
    );
    let account = desk.account().await;
    assert_eq!((account.people, account.in_progress), (8, 6));
    let goes = desk.person("goes").await.unwrap();
    assert_eq!(
        (goes.standing, goes.exposed),
        (PersonStanding::InProgress, set("name"))
    );
    let events = desk
        .rows("audit_event where action in ('scope.import', 'scope.activate')")
        .await;
    assert_eq!(events, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_goes_bucket_by_bucket_with_the_same_result() {
    let desk = Desk::new().await;
    let list = |people: std::ops::Range<i32>, elements: &str| {
        let mut list = "reference,email,elements\n".to_owned();
        for n in people {
            list += &format!("r{n},p{n}@example.org,{elements}\n");
        }
        list
    };
    desk.take(ScopeMode::Full, &list(0..12_000, "name")).await;
    assert_eq!(desk.account().await.in_progress, 12_000);
    let second = desk
        .take(ScopeMode::Full, &list(4_000..16_000, "name;ssn"))
        .await;
    assert_eq!(
        (second.delta.people_added, second.delta.people_retracted),
        (4_000, 4_000)
    );
    assert_eq!(second.delta.elements_added, 8_000);
    let account = desk.account().await;
    assert_eq!((account.people, account.in_progress), (12_000, 12_000));
    let with_ssn = format!(
        "person_now where exposed = {} and bucket = (get_byte(reference_key, 0) & 63)
        and bucket = (get_byte(uuid_send(id), 15) & 63)",
        set("name;ssn").bits()
    );
    assert_eq!(desk.rows(&with_ssn).await, 12_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_take_turns_and_a_draft_is_replaced_by_the_next_that_says_so() {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    let (feed, body) = pieces();
    // It reads this much to recognise the file; then it holds the lock and waits for the rest.
    let start = format!("reference,elements\na,name\n{}", "\n".repeat(64 << 10));
    assert!(feed.send(start.into()).await);
    let slow = tokio::spawn({
        let (app, by, incident) = (app.clone(), desk.by, desk.incident);
        let source = Source::Upload(body);
        async move { import(&app, by, incident, ScopeMode::Full, source, |_| {}).await }
    });
    while desk.rows("scope_version").await == 0 {
        tokio::task::yield_now().await;
    }
    let other = desk
        .import(ScopeMode::Full, "reference,elements\nx,name\n")
        .await;
    assert!(matches!(other, Err(ImportError::Busy)), "{other:?}");
    let early = desk.activate(1).await;
    assert!(matches!(early, Err(ActivateError::Busy)), "{early:?}");
    assert!(feed.send("b,name\n".into()).await);
    feed.finish().await;
    assert_eq!(slow.await.unwrap().unwrap().accepted, 2);

    // What a dead import left: a version and rows that no process will finish.
    desk.house
        .sql(&format!(
            "insert into scope_version select incident_id, 2, mode, 'importing', null, 0, 0, null, created_by,
                created_at from scope_version;
             create table {} as select * from {}",
            store::Own::new(desk.incident, 2).table(),
            store::Own::new(desk.incident, 1).table(),
        ))
        .await;
    let replace = How {
        mode: ScopeMode::Full,
        draft: Some(OnDraft::Replace),
    };
    let third = desk
        .import(replace, "reference,elements\nc,name\n")
        .await
        .unwrap();
    assert_eq!(third.version, 3);
    let versions = store::list(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap();
    let states: Vec<_> = versions.iter().map(|v| v.status).collect();
    assert_eq!(
        states,
        [
            ScopeStatus::Draft,
            ScopeStatus::Discarded,
            ScopeStatus::Discarded
        ]
    );
    assert_eq!(desk.waiting().await, 1);
    discard(app, desk.by, desk.incident, 3).await.unwrap();
    assert_eq!(desk.waiting().await, 0);
    let gone = desk.activate(3).await;
    assert!(
        matches!(gone, Err(ActivateError::NotADraft { .. })),
        "{gone:?}"
    );
}
