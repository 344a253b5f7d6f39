//! An absent column changes nothing, an empty cell clears (D2).

use candor::person::PersonStanding;
use candor::scope::ScopeMode;

use super::{Desk, set};

const EVERYTHING: &str = "reference,email,name,locale,jurisdiction,postcode,elements,flags,address\n\
    r1,a@example.org,Ada,de,DE,12345,name,hold;minor,1 High St\n\
    r2,b@example.org,Bo,fr,FR,23456,name,protected,2 High St\n\
    r3,c@example.org,Cy,es,US-CA,34567,name,,3 High St\n";

/// All but the elements that the list names.
async fn ada_is_as_before(desk: &Desk) {
    let ada = desk.person("r1").await.unwrap();
    assert_eq!(ada.contact.name.as_deref(), Some("Ada"));
    assert_eq!(ada.contact.postcode.as_deref(), Some("12345"));
    assert_eq!(ada.contact.address.as_deref(), Some("1 High St"));
    assert_eq!(ada.locale.as_str(), "de");
    assert_eq!(ada.jurisdiction.as_ref().unwrap().as_str(), "DE");
    assert_eq!(
        (ada.flags.to_string(), ada.exposed),
        ("minor;hold".to_owned(), set("name;ssn"))
    );
    assert_eq!(
        ada.standing,
        PersonStanding::Withheld,
        "a hold stays a hold"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_a_column_keeps_what_that_column_said() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, EVERYTHING).await;
    let narrow = "reference,email,elements\n\
        r1,a@example.org,name;ssn\nr2,new@example.org,name\nr3,,name\nr4,d@example.org,name\n";
    let taken = desk.take(ScopeMode::Delta, narrow).await;
    let delta = &taken.delta;
    assert_eq!(
        delta.absent,
        [
            "name",
            "postcode",
            "address",
            "locale",
            "jurisdiction",
            "flags"
        ]
    );
    assert_eq!((delta.people_added, delta.contact_changes), (1, 2));
    assert_eq!((delta.elements_added, delta.unchanged), (1, 0));
    assert_eq!(
        delta.flags_lifted.as_ref().map(|flags| flags.len()),
        Some(0)
    );
    assert!(delta.by_jurisdiction.keys().all(|code| code.is_empty()));

    ada_is_as_before(&desk).await;
    let bo = desk.person("r2").await.unwrap();
    assert_eq!(bo.contact.email.unwrap().as_str(), "new@example.org");
    assert_eq!(
        (bo.contact.name.as_deref(), bo.standing),
        (Some("Bo"), PersonStanding::Withheld)
    );
    let cy = desk.person("r3").await.unwrap();
    assert_eq!(
        (cy.contact.email, cy.standing),
        (None, PersonStanding::NeedsLetter),
        "cleared"
    );
    assert_eq!(cy.contact.address.as_deref(), Some("3 High St"));
    let new = desk.person("r4").await.unwrap();
    assert_eq!(
        (new.locale.as_str(), new.flags.to_string()),
        ("en", String::new())
    );
    desk.account().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cell_clears_and_the_draft_counts_each_flag_that_is_lifted() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, EVERYTHING).await;
    let cleared = "reference,email,name,locale,elements,flags\n\
        r1,a@example.org,,,name,minor\nr2,b@example.org,Bo,fr,name,\nr3,c@example.org,Cy,es,name,vulnerable\n";
    let taken = desk.take(ScopeMode::Full, cleared).await;
    let lifted = taken.delta.flags_lifted.clone().unwrap();
    assert_eq!(
        lifted,
        [("hold".to_owned(), 1), ("protected".to_owned(), 1)].into()
    );
    assert_eq!(taken.delta.flags_set, [("vulnerable".to_owned(), 1)].into());
    assert_eq!(taken.delta.contact_changes, 3);
    let ada = desk.person("r1").await.unwrap();
    assert_eq!((ada.contact.name, ada.locale.as_str()), (None, "en"));
    assert_eq!(ada.contact.address.as_deref(), Some("1 High St"));
    assert_eq!(ada.jurisdiction.unwrap().as_str(), "DE");
    assert_eq!(
        (ada.flags.to_string(), ada.standing),
        ("minor".to_owned(), PersonStanding::InProgress)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retracted_person_comes_back_with_their_flags_if_the_list_has_none() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, EVERYTHING).await;
    desk.take(
        ScopeMode::Delta,
        "reference,elements,flags\nr1,name,retract\n",
    )
    .await;
    let back = desk
        .take(ScopeMode::Delta, "reference,elements\nr1,name\n")
        .await;
    assert_eq!(back.delta.people_added, 1);
    assert_eq!(back.delta.by_jurisdiction["DE"].added, 1);
    let ada = desk.person("r1").await.unwrap();
    assert_eq!(
        (ada.standing, ada.contact.name.as_deref()),
        (PersonStanding::Withheld, Some("Ada"))
    );
    desk.take(
        ScopeMode::Delta,
        "reference,elements,flags\nr1,name,retract\n",
    )
    .await;
    let freed = desk
        .import(ScopeMode::Delta, "reference,elements,flags\nr1,name,\n")
        .await
        .unwrap();
    assert_eq!(
        freed.delta.flags_lifted.unwrap()["hold"],
        1,
        "a hold is not lifted by coming back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_without_columns_is_completed_bucket_by_bucket() {
    let desk = Desk::new().await;
    let mut first = String::from("reference,email,name,elements,flags\n");
    let mut second = String::from("reference,elements\n");
    for n in 0..10_500 {
        let flags = if n % 100 == 0 { "hold" } else { "" };
        first += &format!("r{n},p{n}@example.org,Name {n},name,{flags}\n");
        second += &format!("r{n},name;ssn\n");
    }
    desk.take(ScopeMode::Full, &first).await;
    let taken = desk.take(ScopeMode::Full, &second).await;
    assert_eq!(
        (taken.delta.elements_added, taken.delta.contact_changes),
        (10_500, 0)
    );
    let account = desk.account().await;
    assert_eq!(
        (account.people, account.withheld, account.in_progress),
        (10_500, 105, 10_395)
    );
    let person = desk.person("r77").await.unwrap();
    assert_eq!(person.contact.name.as_deref(), Some("Name 77"));
}
