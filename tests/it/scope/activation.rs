//! Activating a large version, bucket by bucket.

use std::sync::atomic::{AtomicBool, Ordering};

use candor::element::ElementSet;
use candor::notice::account::{account, recount};
use candor::person::{PeopleFilter, Settled, store};
use candor::postal::{PostalKind, list as letters};
use candor::scope::{ScopeMode, ScopeStatus, activate};

use super::{Desk, set, told};

fn list(people: std::ops::Range<u32>, elements: &str, flags: &str) -> String {
    let mut list = String::from("reference,email,elements,jurisdiction,locale,flags\n");
    for n in people {
        let email = if n % 5 == 0 {
            String::new()
        } else {
            format!("p{n}@example.org")
        };
        let under = ["US-CA", "DE", ""][n as usize % 3];
        list += &format!("r{n},{email},{elements},{under},en,{flags}\n");
    }
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_the_account_during_an_activation_never_see_a_wrong_sum() {
    let desk = Desk::new().await;
    let (done, app) = (AtomicBool::new(false), &desk.house.app);
    let reader = async {
        let (mut read, mut last) = (0, 0);
        while !done.load(Ordering::SeqCst) {
            let mut conn = app.db.get().await.unwrap();
            let books = account(&mut conn, desk.incident).await.unwrap();
            assert_eq!(books.unexplained, 0);
            read += i32::from(last > 0 && books.people > last && books.people < 12_000);
            last = books.people;
        }
        read
    };
    desk.take(ScopeMode::Full, &list(0..100, "name", "")).await;
    let writer = async {
        let imported = desk
            .import(ScopeMode::Full, list(0..12_000, "name", ""))
            .await
            .unwrap();
        let active = desk.activate(imported.version).await.unwrap();
        assert_eq!(active.status, ScopeStatus::Active);
        done.store(true, Ordering::SeqCst);
    };
    let (read, ()) = tokio::join!(reader, writer);
    assert!(read > 0, "no reader saw it half way");
    desk.take(ScopeMode::Delta, &list(100..11_900, "name;ssn", ""))
        .await;
    assert_eq!(desk.account().await.people, 12_000);
    assert_eq!(recount::books(app, desk.incident).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_was_left_half_way_is_ended_by_the_next_and_a_wrong_counter_is_named() {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    desk.take(ScopeMode::Full, &list(0..100, "name", "")).await;
    let imported = desk
        .import(ScopeMode::Full, list(0..10_100, "name", ""))
        .await
        .unwrap();
    let left = tokio::select! {
        biased;
        () = half(&desk) => true,
        done = desk.activate(imported.version) => { done.unwrap(); false }
    };
    assert!(left);
    let books = account(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap();
    assert_eq!(books.unexplained, 0);
    // The connection that was dropped still holds the lock for a moment.
    while desk
        .house
        .number("select count(*) from scope_version where status = 'active' and version = 2")
        .await
        == 0
    {
        activate::resume(app, Some(desk.incident)).await.unwrap();
    }
    assert_eq!(desk.account().await.people, 10_100);
    assert_eq!(desk.waiting().await, 0);
    let mut conn = desk.conn().await;
    let lie = "update account_part set n = n + 1 where kind = 'locale' and bucket = 7";
    diesel_async::RunQueryDsl::execute(diesel::sql_query(lie), &mut *conn)
        .await
        .unwrap();
    let differ = recount::books(app, desk.incident).await.unwrap();
    assert!(
        differ
            .iter()
            .all(|d| d.of == "locale" && d.value == "en" && d.bucket == Some(7))
    );
    assert!(!differ.is_empty());
}

/// Waits until the first buckets are in force.
async fn half(desk: &Desk) {
    while desk
        .house
        .number("select count(*) from scope_applied where version = 2")
        .await
        < 3
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_believed_of_a_person_stays_known_and_a_delta_takes_people_out() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, &list(0..3, "name", "")).await;
    let person = desk.person("r1").await.unwrap().id;
    let then = desk.house.app.now();
    desk.settle(&[Settled {
        person,
        became: told("name"),
    }])
    .await;
    desk.house.app.clock.advance(chrono::TimeDelta::hours(1));
    let grown = desk
        .take(ScopeMode::Delta, &list(0..2, "name;ssn", "minor"))
        .await;
    assert_eq!(grown.delta.by_jurisdiction.len(), 0);
    desk.house.app.clock.advance(chrono::TimeDelta::hours(1));
    let gone = desk
        .take(ScopeMode::Delta, &list(1..2, "name", "retract"))
        .await;
    assert_eq!(gone.delta.people_retracted, 1);
    assert_eq!(gone.delta.by_jurisdiction["DE"].retracted, 1);
    let desk = &desk;
    let believed = |at| async move {
        let mut conn = desk.conn().await;
        store::believed(&mut conn, person, at).await.unwrap()
    };
    let at_first = believed(then).await.unwrap();
    assert_eq!((at_first.scope, at_first.exposed), (1, set("name")));
    let later = believed(then + chrono::TimeDelta::minutes(90))
        .await
        .unwrap();
    assert_eq!(
        (later.scope, later.exposed, later.in_scope),
        (2, set("name;ssn"), true)
    );
    let now = believed(then + chrono::TimeDelta::hours(3)).await.unwrap();
    assert_eq!((now.scope, now.in_scope), (3, false));
    assert_eq!(believed(then - chrono::TimeDelta::hours(1)).await, None);
    assert_eq!(desk.account().await.people, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letter_list_holds_those_without_an_address_and_the_export_is_on_record() {
    let desk = Desk::new().await;
    let rows = "reference,name,address,email,elements,jurisdiction\n\
        r1,=cmd(),\"1 High St\nLondon\",,name;ssn,GB\nr2,Bo,,bo@example.org,name,GB\n";
    desk.take(ScopeMode::Full, rows).await;
    // Postal letters tell no person of what is only suspected.
    let confirmed = "update incident set state = 'confirmed'";
    desk.house.sql(confirmed).await;
    let mut letters = letters::export(
        &desk.house.app,
        desk.by,
        desk.incident,
        PostalKind::Letter,
        crate::postal::REHEARSAL,
    )
    .await
    .unwrap();
    let mut file = Vec::new();
    while let Some(piece) = letters.next().await.unwrap() {
        file.extend(piece);
    }
    let mut read = csv::Reader::from_reader(file.as_slice());
    let rows: Vec<_> = read.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0][0], &rows[0][1], &rows[0][2]),
        ("r1", "'=cmd()", "1 High St\nLondon")
    );
    assert!(rows[0][9].contains("/s/"));
    let audited = "select count(*) from audit_event where action = 'letters.export'";
    assert_eq!(desk.house.number(audited).await, 1);
    let filter = PeopleFilter {
        jurisdiction: Some("GB".to_owned()),
        ..PeopleFilter::default()
    };
    let (key, mut conn) = (desk.key().await, desk.conn().await);
    let first = store::list(&mut conn, &key, desk.incident, &filter, None, 1)
        .await
        .unwrap();
    let second = store::list(&mut conn, &key, desk.incident, &filter, first.1, 1)
        .await
        .unwrap();
    let seen: ElementSet = first
        .0
        .iter()
        .chain(&second.0)
        .fold(ElementSet::EMPTY, |all, p| all.union(p.exposed));
    assert_eq!(
        (first.0.len(), second.0.len(), second.1, seen),
        (1, 1, None, set("name;ssn"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_list_comes_into_force_as_a_whole_without_its_duplicates_and_those_it_takes_out() {
    let desk = Desk::new().await;
    let mut first = list(0..20_000, "name", "");
    // Far apart, so that no chunk has both; and two people who are not affected after all.
    first += "r3,again@example.org,name;ssn,DE,en,\nx1,,name,,,retract\nx2,,name,,,retract\n";
    let imported = desk.import(ScopeMode::Full, first).await.unwrap();
    // A duplicate, and two who are retracted although no list names them.
    assert_eq!((imported.accepted, imported.rejected), (20_000, 3));
    assert_eq!(imported.delta.people_added, 20_000);
    assert_eq!(imported.delta.by_element["name"].added, 20_000);
    assert!(!imported.delta.by_element.contains_key("ssn"));
    assert_eq!(desk.account().await.people, 0, "a draft changes no person");
    desk.activate(1).await.unwrap();
    let account = desk.account().await;
    assert_eq!((account.people, account.needs_letter), (20_000, 4_000));
    let app = &desk.house.app;
    assert_eq!(recount::books(app, desk.incident).await.unwrap(), []);
    let third = desk.person("r3").await.unwrap();
    assert_eq!(third.contact.email.unwrap().as_str(), "p3@example.org");
    assert_eq!(desk.waiting().await, 0);
    // Exactly the constraints and indexes that a partition of the table of people needs.
    let part =
        "select string_agg(column_name, ' ' order by column_name) from information_schema.columns
        where table_schema = current_schema() and table_name";
    let own = candor::scope::store::Own::new(desk.incident, 1);
    let same = format!("(({part} = 'person') = ({part} = '{}'))::int", own.table());
    assert_eq!(desk.house.number(&same).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_told_while_a_version_comes_into_force_stay_told_and_are_counted_once() {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    desk.take(ScopeMode::Full, &list(0..12_000, "name", ""))
        .await;
    let everybody = {
        let mut conn = desk.conn().await;
        let mut ids = Vec::new();
        for bucket in 0..candor::id::BUCKETS {
            let nobody = candor::id::PersonId::from_uuid(uuid::Uuid::nil());
            let filter = candor::person::AudienceFilter::default();
            let page = store::page_after(&mut conn, desk.incident, (bucket, nobody), &filter, 50);
            ids.extend(page.await.unwrap().into_iter().map(|row| row.id));
        }
        ids
    };
    let told: Vec<_> = everybody
        .iter()
        .map(|person| Settled {
            person: *person,
            became: told("name"),
        })
        .collect();
    let imported = desk
        .import(ScopeMode::Full, list(0..12_000, "name;ssn", ""))
        .await
        .unwrap();
    // From the last bucket to the first and back: each meets its activation at some time.
    let sender = async {
        for some in told.rchunks(10) {
            desk.settle(some).await;
        }
    };
    let (active, ()) = tokio::join!(desk.activate(imported.version), sender);
    active.unwrap();
    let account = desk.account().await;
    assert_eq!(account.people, 12_000);
    // Each of them knows the name alone; a person without an address needs a postal letter for the rest.
    assert_eq!(account.unnotified_elements, account.notified);
    let told_of_the_name = "person_now where told = 'email' and exposed & ~named <> 0";
    assert_eq!(
        desk.rows(told_of_the_name).await,
        i64::try_from(told.len()).unwrap()
    );
    assert_eq!(
        desk.rows(&format!("{told_of_the_name} and is_notified(standing)"))
            .await,
        account.notified
    );
    assert_eq!(recount::books(app, desk.incident).await.unwrap(), []);
}
