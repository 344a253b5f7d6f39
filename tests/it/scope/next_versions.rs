//! The versions after the first: what each changes, and that imports take turns.

use super::*;

/// A partial list leaves the other people alone, and may bring a person back.
async fn a_partial_list_brings_one_back(desk: &Desk) {
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
}

fn says_what_changes(delta: &Delta) {
    assert_eq!((delta.people_added, delta.people_retracted), (1, 1));
    assert_eq!((delta.elements_added, delta.elements_retracted), (2, 1));
    assert_eq!((delta.contact_changes, delta.unchanged), (3, 1));
    assert_eq!(delta.by_element["imei"], change(3, 0));
    assert_eq!(delta.by_element["phone"], change(1, 1));
    assert_eq!(delta.by_element["name"], change(1, 1));
    assert_eq!(delta.by_element["ssn"], change(0, 1));
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
    says_what_changes(&drafted.delta);
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

    a_partial_list_brings_one_back(&desk).await;
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

/// What a dead import leaves: a version and rows that no process will finish.
async fn leave_a_dead_import(desk: &Desk) {
    desk.house
        .sql(&format!(
            "insert into scope_version select incident_id, 2, mode, 'importing', null, 0, 0, null, created_by,
                created_at from scope_version;
             create table {} as select * from {}",
            store::Own::new(desk.incident, 2).table(),
            store::Own::new(desk.incident, 1).table(),
        ))
        .await;
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

    leave_a_dead_import(&desk).await;
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
