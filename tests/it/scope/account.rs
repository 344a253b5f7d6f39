//! The account after imports, notices and forgetting; and what the database shows of people.

use super::*;

async fn counters_that_lie_are_seen(desk: &Desk) {
    desk.house
        .sql("update account_count set n = n - 1 where standing = 'notified' and n > 0")
        .await;
    let lie = account_of(desk).await;
    assert_eq!(lie.unexplained, 1, "counters that lie are seen");
}

async fn returned_and_told_by_post(desk: &Desk, a: PersonId, before: Became) {
    let settle = async |person, became| desk.settle(&[Settled { person, became }]).await;
    settle(a, before).await;
    assert_eq!(
        desk.account().await.needs_letter,
        1,
        "the address that refused is not tried again"
    );
    let by_post = Became::Told {
        address: None,
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
    returned_and_told_by_post(&desk, a, before.clone()).await;
    let correction = Became::Told {
        address: None,
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
    // One message was on a connection when the hold came.
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

    counters_that_lie_are_seen(&desk).await;
}

async fn account_of(desk: &Desk) -> Account {
    account(&mut *desk.conn().await, desk.incident)
        .await
        .unwrap()
}

/// The people of an audience page by page; they are those that it counts.
async fn audience(desk: &Desk, filter: &AudienceFilter) -> Vec<AudienceRow> {
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
}

/// A list of people in two places; every tenth has no address.
fn three_hundred() -> String {
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
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_paged_and_counted_by_what_people_lost_and_heard() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, &three_hundred()).await;
    let all = AudienceFilter::default();
    let read = async |filter: &AudienceFilter| audience(&desk, filter).await;
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

/// Promise P6: the database alone contains no readable name.
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
async fn a_forgotten_incident_keeps_its_account_and_no_people() {
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
    assert!(
        desk.person("a").await.is_none(),
        "no person can be looked up"
    );
    assert_eq!(desk.rows("scope_reject").await, 0);
    let more = desk
        .import(ScopeMode::Full, "reference,elements\na,name\n")
        .await;
    assert!(matches!(more, Err(ImportError::Forgotten)), "{more:?}");
    let again = forget(app, desk.by, desk.incident, "carrier").await;
    assert!(matches!(again, Err(ForgetError::Already)), "{again:?}");
}
