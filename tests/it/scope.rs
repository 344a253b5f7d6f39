//! Scope versions against a real Postgres: what an import takes and refuses, what a version changes, and
//! that the account stays exact whatever happens.

mod absent;
mod activation;
mod asked;
mod at_work;
mod consents;
mod drafts;
mod fresh;
mod fresh_adds;
mod hostile;
mod identities;
mod kills;
mod others;
pub(crate) mod random;
mod shown;
mod since;
mod under_way;
mod under_way_races;
mod uploads;
mod walks;

use std::io::Cursor;

use candor::db;
use candor::element::{Element, ElementSet};
use candor::id::{BUCKETS, IncidentId, PersonId, StaffId};
use candor::incident::{self, Facts, IncidentState, steer};
use candor::notice::account::{Account, account, recount};
use candor::person::find::{Clue, find};
use candor::person::forget::{ForgetError, forget};
use candor::person::place::{Jurisdiction, Locale};
use candor::person::{self, AudienceFilter, Became, Person, PersonStanding, Settled, ToldBy, Who};
use candor::scope::activate::{ActivateError, activate, discard};
use candor::scope::body::pieces;
use candor::scope::consent::Consent;
use candor::scope::csv::ReadError;
use candor::scope::delta::Change;
use candor::scope::import::{ImportError, Imported, Source, import};
use candor::scope::{How, OnDraft, Reject, ScopeMode, ScopeStatus, store};
use candor::seal::{IncidentKey, to_hex};

use crate::house::House;

/// A house with an incident and somebody of the comms team.
pub(crate) struct Desk {
    pub(crate) house: House,
    pub(crate) by: StaffId,
    pub(crate) incident: IncidentId,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let house = House::new().await;
        let by = house.staff(&["comms"]).await;
        let opened = steer::open(&house.app, by, "carrier", "A breach", &Facts::new()).await;
        let incident = opened.unwrap().id;
        Self {
            house,
            by,
            incident,
        }
    }

    pub(crate) async fn import(
        &self,
        how: impl Into<How>,
        list: impl Into<Vec<u8>>,
    ) -> Result<Imported, ImportError> {
        let list = Source::File(Cursor::new(list.into()));
        import(&self.house.app, self.by, self.incident, how, list, |_| {}).await
    }

    /// How many staged rows there are, and tables of first lists that are not in force.
    pub(crate) async fn waiting(&self) -> i64 {
        let tables = "select count(*) from pg_class where relkind = 'r' and relname ~ '^person_[0-9a-f]{32}_'
            and relnamespace = current_schema::regnamespace and not relispartition";
        self.rows("scope_row").await + self.house.number(tables).await
    }

    /// Imports and activates.
    pub(crate) async fn take(&self, mode: ScopeMode, list: &str) -> Imported {
        let imported = self.import(mode, list).await.unwrap();
        let version = self.activate(imported.version).await.unwrap();
        assert_eq!(version.status, ScopeStatus::Active);
        imported
    }

    pub(crate) async fn activate(
        &self,
        version: i32,
    ) -> Result<candor::scope::Version, ActivateError> {
        activate(
            &self.house.app,
            self.by,
            self.incident,
            version,
            Consent::Given,
        )
        .await
    }

    pub(crate) async fn conn(&self) -> impl std::ops::DerefMut<Target = db::Conn> {
        self.house.app.db.get().await.unwrap()
    }

    pub(crate) async fn key(&self) -> IncidentKey {
        let found = incident::store::find(&mut *self.conn().await, self.incident).await;
        found.unwrap().key(&self.house.app.keys).unwrap().unwrap()
    }

    pub(crate) async fn rejects(&self, version: i32) -> Vec<Reject> {
        let (key, mut conn) = (self.key().await, self.conn().await);
        let found = store::list_rejects(&mut conn, &key, self.incident, version, 0, 1_000).await;
        found.unwrap()
    }

    pub(crate) async fn person(&self, reference: &str) -> Option<Person> {
        let clue = Clue::Reference(reference.to_owned());
        let mut found = find(&self.house.app, self.incident, &clue).await.unwrap();
        assert!(found.len() < 2, "a reference is one person's");
        found.pop()
    }

    /// The account, once it is sure that the people themselves say the same.
    pub(crate) async fn account(&self) -> Account {
        let mut conn = self.conn().await;
        let books = account(&mut conn, self.incident).await.unwrap();
        assert_eq!(books, recount(&mut conn, self.incident).await.unwrap());
        assert_eq!(books.unexplained, 0);
        books
    }

    pub(crate) async fn settle(&self, settled: &[Settled]) {
        for bucket in 0..BUCKETS {
            let here: Vec<_> = settled
                .iter()
                .filter(|s| s.person.bucket() == bucket)
                .cloned()
                .collect();
            let mut conn = self.conn().await;
            let done = person::store::settle(&mut conn, self.incident, bucket, &here).await;
            done.unwrap();
        }
    }

    async fn notify(&self, reference: &str, named: &str) {
        self.settle(&[Settled {
            person: self.person(reference).await.unwrap().id,
            became: told(named),
        }])
        .await;
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.house
            .number(&format!("select count(*) from {table}"))
            .await
    }
}

/// An e-mail that named these elements.
pub(crate) fn told(named: &str) -> Became {
    Became::Told {
        by: ToldBy::Email,
        named: set(named),
        replaces: false,
    }
}

pub(crate) fn set(codes: &str) -> ElementSet {
    ElementSet::parse(codes).unwrap()
}

fn change(added: i64, retracted: i64) -> Change {
    Change { added, retracted }
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

    // A partial list leaves the others alone, and may bring somebody back.
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
    // It reads this much to know what the file is; then it holds the lock and waits for the rest.
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

    // What a dead import left: a version and rows that nobody will finish.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_settles_a_person_and_the_account_together() {
    let desk = Desk::new().await;
    let list =
        "reference,email,elements,flags\na,a@example.org,name;ssn,\nb,b@example.org,name,hold\n";
    desk.take(ScopeMode::Full, list).await;
    let a = desk.person("a").await.unwrap().id;
    let b = desk.person("b").await.unwrap().id;
    let settle = async |person, became| desk.settle(&[Settled { person, became }]).await;
    let refused = || Became::Refused { address: None };
    settle(a, refused()).await;
    settle(b, refused()).await;
    let account = desk.account().await;
    assert_eq!(
        (account.needs_letter, account.withheld),
        (1, 1),
        "a bounce frees nobody"
    );
    settle(a, told("name;ssn")).await;
    assert_eq!(desk.account().await.notified, 1, "told is told");
    let before = Became::TakenBack {
        told: None,
        named: set(""),
    };
    settle(a, before.clone()).await;
    assert_eq!(
        desk.account().await.needs_letter,
        1,
        "the address that refused is not tried again"
    );
    let by_post = Became::Told {
        by: ToldBy::Post,
        named: set("name"),
        replaces: false,
    };
    settle(a, by_post).await;
    let account = desk.account().await;
    assert_eq!(
        (account.notified, account.needs_letter),
        (0, 1),
        "something is owed, and the address refused"
    );
    settle(a, told("ssn")).await;
    assert_eq!(desk.account().await.notified, 1);
    let correction = Became::Told {
        by: ToldBy::Email,
        named: set("name"),
        replaces: true,
    };
    settle(a, correction).await;
    assert_eq!(
        desk.account().await.needs_letter,
        1,
        "a correction replaces what was known"
    );
    settle(a, told("ssn")).await;
    // One was in flight when the hold came.
    settle(b, told("name")).await;
    assert_eq!(desk.account().await.notified, 2);
    desk.take(
        ScopeMode::Full,
        "reference,email,elements\na,a@example.org,name\n",
    )
    .await;
    settle(b, before).await;
    assert_eq!(desk.account().await.people, 1, "retracted people stay so");
    let mut conn = desk.conn().await;
    assert_eq!(person::store::revoke_links(&mut conn, a).await.unwrap(), 1);
    assert_eq!(
        person::store::find_row(&mut conn, a)
            .await
            .unwrap()
            .link_epoch,
        1
    );

    desk.house
        .sql("update account_count set n = n - 1 where standing = 'notified' and n > 0")
        .await;
    let lie = account_of(&desk).await;
    assert_eq!(lie.unexplained, 1, "counters that lie are seen");
}

async fn account_of(desk: &Desk) -> Account {
    account(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_paged_and_counted_by_what_people_lost_and_heard() {
    let desk = Desk::new().await;
    let mut list = "reference,email,elements,jurisdiction,locale,flags\n".to_owned();
    for n in 0..300 {
        let email = if n % 10 == 0 {
            String::new()
        } else {
            format!("p{n}@example.org")
        };
        let (elements, place) = if n % 2 == 0 {
            ("name;ssn", "US-CA")
        } else {
            ("name", "DE")
        };
        let flags = if n % 50 == 1 { "hold" } else { "" };
        list += &format!("r{n},{email},{elements},{place},pt-BR,{flags}\n");
    }
    desk.take(ScopeMode::Full, &list).await;
    let all = AudienceFilter::default();
    let read = async |filter: &AudienceFilter| {
        let (mut people, mut conn) = (Vec::new(), desk.conn().await);
        for bucket in 0..BUCKETS {
            let mut after = PersonId::from_uuid(uuid::Uuid::nil());
            loop {
                let page =
                    person::store::page_after(&mut conn, desk.incident, (bucket, after), filter, 3);
                let page = page.await.unwrap();
                let Some(last) = page.last() else { break };
                assert!(page[0].id > after && last.id.bucket() == bucket);
                after = last.id;
                people.extend(page);
            }
        }
        let counted = person::store::count_audience(&mut conn, desk.incident, filter)
            .await
            .unwrap();
        let withheld = people.iter().filter(|p| p.withheld.is_some()).count();
        let mailable = people
            .iter()
            .filter(|p| p.withheld.is_none() && p.has_address)
            .count();
        assert_eq!(
            (counted.withheld, counted.mailable),
            (withheld as i64, mailable as i64)
        );
        assert_eq!(
            counted.needs_letter,
            (people.len() - withheld - mailable) as i64
        );
        people
    };
    let everybody = read(&all).await;
    assert_eq!(everybody.len(), 300);
    assert_eq!(everybody.iter().filter(|p| p.withheld.is_some()).count(), 6);
    assert_eq!(everybody.iter().filter(|p| !p.has_address).count(), 30);
    let of = |places: &[&str], elements| AudienceFilter {
        jurisdictions: places
            .iter()
            .map(|place| Jurisdiction::parse(place).unwrap())
            .collect(),
        locales: vec![Locale::parse("pt").unwrap()],
        elements: ElementSet::of(elements),
        ..AudienceFilter::default()
    };
    assert_eq!(read(&of(&["US"], &[])).await.len(), 150);
    assert_eq!(
        read(&of(&["US-CA", "DE"], &[Element::Ssn])).await.len(),
        150
    );
    assert_eq!(read(&of(&["US-NY"], &[])).await.len(), 0);
    desk.notify("r0", "name").await;
    desk.notify("r1", "name").await;
    let unnamed = AudienceFilter {
        who: Who::OwedMore,
        ..AudienceFilter::default()
    };
    assert_eq!(read(&unnamed).await.len(), 1);
    let never = AudienceFilter {
        who: Who::ToldNothing,
        ..AudienceFilter::default()
    };
    assert_eq!(read(&never).await.len(), 298);

    let ids: Vec<_> = everybody
        .iter()
        .map(|p| p.id)
        .filter(|id| id.bucket() == 7)
        .collect();
    let (key, mut conn) = (desk.key().await, desk.conn().await);
    let loaded = person::store::load_many(&mut conn, &key, (desk.incident, 7), &ids)
        .await
        .unwrap();
    assert_eq!(loaded.iter().map(|p| p.id).collect::<Vec<_>>(), ids);
}

/// Promise P6: the database alone says nobody's name.
#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_name_an_address_or_a_reference() {
    use base64::Engine;
    let desk = Desk::new().await;
    let planted = [
        "Zuzanna Planted",
        "zuzanna@planted.example",
        "REF-PLANTED-1",
        "Planted Lane",
        "PL4N7ED",
    ];
    let list = format!(
        "reference,email,name,postcode,elements,address\n{2},{1},{0},{4},name,1 {3}\n\
         {2},{1},{0},{4},name,1 {3}\n{2}-bad,{1},{0},{4},{0},1 {3}\n",
        planted[0], planted[1], planted[2], planted[3], planted[4],
    );
    desk.take(ScopeMode::Full, &list).await;
    let drafted = desk.import(ScopeMode::Delta, list).await.unwrap();
    assert_eq!(desk.rejects(drafted.version).await.len(), 2);

    let client = desk.house.raw().await;
    let tables = "select table_name::text from information_schema.tables where table_schema = current_schema()";
    let mut dumped = 0;
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let dump = format!("select coalesce(string_agg(t::text, '|'), '') from {table} t");
        let dump: String = client.query_one(&dump, &[]).await.unwrap().get(0);
        dumped += dump.len();
        let dump = dump.to_lowercase();
        for secret in planted {
            let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
            for form in [
                secret,
                &to_hex(secret.as_bytes()),
                base64.trim_end_matches('='),
            ] {
                assert!(
                    !dump.contains(&form.to_lowercase()),
                    "{secret} stands in {table}"
                );
            }
        }
    }
    assert!(dumped > 2_000, "the dump was looked at");
    assert_eq!(
        desk.person("ref-planted-1")
            .await
            .unwrap()
            .contact
            .name
            .unwrap(),
        planted[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_incident_keeps_its_account_and_nobody_in_it() {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    desk.take(ScopeMode::Full, "reference,elements\na,name\nb,name\nc,\n")
        .await;
    let before = desk.account().await;
    let early = forget(app, desk.by, desk.incident, "carrier").await;
    assert!(
        matches!(early, Err(ForgetError::NotOver(IncidentState::Suspected))),
        "{early:?}"
    );
    steer::move_to(app, desk.by, desk.incident, 1, IncidentState::Dismissed)
        .await
        .unwrap();
    let typo = forget(app, desk.by, desk.incident, "another").await;
    assert!(matches!(typo, Err(ForgetError::NotConfirmed)), "{typo:?}");
    assert!(desk.person("a").await.is_some(), "nothing was forgotten");
    forget(app, desk.by, desk.incident, "carrier")
        .await
        .unwrap();
    assert_eq!(desk.account().await, before);
    assert!(desk.person("a").await.is_none(), "nobody can be looked up");
    assert_eq!(desk.rows("scope_reject").await, 0);
    let more = desk
        .import(ScopeMode::Full, "reference,elements\na,name\n")
        .await;
    assert!(matches!(more, Err(ImportError::Forgotten)), "{more:?}");
    let again = forget(app, desk.by, desk.incident, "carrier").await;
    assert!(matches!(again, Err(ForgetError::Already)), "{again:?}");
}
