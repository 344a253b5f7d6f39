//! `person_since`: what later lists say of people, stored apart from the row that the first list wrote, and when that
//! row is rewritten.

use candor::person::PersonStanding::{InProgress, Notified};
use candor::scope::ScopeMode::{Delta, Full};

use super::{Desk, set};

const HEAD: &str = "reference,email,name,elements,flags\n";

#[tokio::test(flavor = "multi_thread")]
async fn changed_elements_are_written_to_person_since_and_a_new_address_into_the_row() {
    let desk = Desk::new().await;
    let list = |rows: &str| format!("{HEAD}{rows}");
    let stands = async || {
        let person = desk.person("r1").await.unwrap();
        desk.account().await;
        (person.exposed, person.named, person.standing)
    };
    let beside = "person_since where exposed is not null";
    let rewritten = "person where exposed <> (select exposed from person order by exposed limit 1)";

    desk.take(
        Full,
        &list("r1,a@example.org,A,name,\nr2,b@example.org,B,name,\n"),
    )
    .await;
    desk.take(Delta, &list("r1,a@example.org,A,name;ssn,\n"))
        .await;
    assert_eq!(stands().await, (set("name;ssn"), set(""), InProgress));
    assert_eq!(
        (desk.rows(beside).await, desk.rows(rewritten).await),
        (1, 0)
    );
    // A message to a person with such a row, and another list after it.
    desk.notify("r1", "name;ssn").await;
    assert_eq!(stands().await, (set("name;ssn"), set("name;ssn"), Notified));
    desk.take(Delta, &list("r1,a@example.org,A,name;ssn;imei,\n"))
        .await;
    assert_eq!(
        stands().await,
        (set("name;ssn;imei"), set("name;ssn"), Notified)
    );
    assert_eq!(
        (desk.rows(beside).await, desk.rows(rewritten).await),
        (1, 0)
    );
    // Another address: the whole row is rewritten, and older values in `person_since` no longer count.
    desk.take(Delta, &list("r1,z@example.org,A,name,\n")).await;
    assert_eq!(stands().await, (set("name"), set("name;ssn"), Notified));
    assert_eq!(desk.rows(beside).await, 0);
    let person = desk.person("r1").await.unwrap();
    assert_eq!(person.contact.email.unwrap().as_str(), "z@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_person_leaves_and_comes_back_with_the_reason() {
    let desk = Desk::new().await;
    let list = |row: &str| format!("{HEAD}r2,b@example.org,B,name,\n{row}");
    let held = list("r1,a@example.org,A,name,hold\n");
    // By SQL: no search finds a person who is retracted.
    desk.take(Full, &held).await;
    let id = desk.person("r1").await.unwrap().id.uuid();
    let stands = async || {
        desk.account().await;
        let sql = "select standing::text, withheld::text from person_now where id = $1";
        let row = desk.house.raw().await.query_one(sql, &[&id]).await.unwrap();
        let (standing, withheld): (String, Option<String>) = (row.get(0), row.get(1));
        [standing, withheld.unwrap_or_default()].join(" ")
    };
    assert_eq!(stands().await, "withheld legal_hold");
    for _ in 0..2 {
        desk.take(Full, &list("")).await;
        assert_eq!(stands().await, "retracted ");
        desk.take(Full, &held).await;
        assert_eq!(stands().await, "withheld legal_hold");
    }
    // Retracted by a rewritten row, as earlier releases did it, and back.
    desk.take(Full, &list("")).await;
    desk.house
        .sql(
            "update person p set standing = s.standing, withheld = null from person_since s
                where s.person_id = p.id and s.standing = 'retracted';
            delete from person_since",
        )
        .await;
    assert_eq!(stands().await, "retracted ");
    desk.take(Full, &held).await;
    assert_eq!(stands().await, "withheld legal_hold");
    // The hold is lifted, then they are not affected after all.
    desk.take(Full, &list("r1,a@example.org,A,name,\n")).await;
    assert_eq!(stands().await, "in_progress ");
    desk.take(Delta, &format!("{HEAD}r1,a@example.org,A,name,retract\n"))
        .await;
    assert_eq!(stands().await, "retracted ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_and_the_database_derive_the_same_standing_and_reason() {
    use candor::person::flags::Flags;
    use candor::person::{Facts, PersonStanding, ToldBy, standing};
    let desk = Desk::new().await;
    let raw = desk.house.raw().await;
    let question =
        "select standing_of($1, $2::text::told_by, $3, $4, $5)::text, withheld_reason_of($4)::text,
        is_notified(standing_of($1, $2::text::told_by, $3, $4, $5))";
    let question = raw.prepare(question).await.unwrap();
    let told = ToldBy::ALL.iter().copied().map(Some).chain([None]);
    for (told, bits) in told.flat_map(|told| (0..32).map(move |bits| (told, bits))) {
        let flags = Flags::from_bits(bits).unwrap();
        for (in_scope, owes, reachable) in (0..8).map(|n| (n & 1 != 0, n & 2 != 0, n & 4 != 0)) {
            let expected = standing(Facts {
                in_scope,
                told,
                owes,
                flags,
                reachable,
            });
            let told = told.map(ToldBy::as_str);
            let row = raw
                .query_one(&question, &[&in_scope, &told, &owes, &bits, &reachable])
                .await
                .unwrap();
            let (says, reason): (String, Option<String>) = (row.get(0), row.get(1));
            assert_eq!(says.parse::<PersonStanding>().unwrap(), expected);
            assert_eq!(row.get::<_, bool>(2), expected.is_notified());
            assert_eq!(
                reason.as_deref(),
                flags.withheld_reason().map(|r| r.as_str())
            );
        }
    }
}
