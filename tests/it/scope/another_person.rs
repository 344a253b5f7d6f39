//! Another person under a reference, named by a list that lacks columns: nothing of the former person becomes theirs
//! (P6).

use candor::incident::{IncidentState, steer};
use candor::person::find::{Clue, find};
use candor::postal::{self, PostalError, PostalKind};
use candor::scope::ScopeMode;
use candor::scope::activate::ActivateError;
use candor::scope::consent::{Confirmed, Consent, Question};

use super::{Desk, set};

const ANN: &str = "reference,email,name,postcode,address,locale,jurisdiction,flags,elements\n\
    P-5,ann@example.org,Ann Lee,SW1A 1AA,1 High St,de,DE,protected,name;ssn\n";
const NARROW: &str = "reference,email,name,elements\nP-5,bob@example.org,Bob Ray,name\n";

fn another(n: i64) -> Consent {
    Consent::Numbers(Confirmed {
        another_person: Some(n),
        ..Confirmed::default()
    })
}

impl Desk {
    async fn is_found(&self, name: &str, postcode: &str) -> bool {
        let clue = Clue::NamePostcode(name.to_owned(), postcode.to_owned());
        let found = find(&self.house.app, self.incident, &clue).await.unwrap();
        !found.is_empty()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_gets_nothing_of_the_former_one_from_a_list_without_columns() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, ANN).await;
    desk.import(ScopeMode::Delta, NARROW).await.unwrap();
    desk.activate_with(2, another(1)).await.unwrap();
    let bob = desk.person("P-5").await.unwrap();
    assert_eq!(bob.contact.name.as_deref(), Some("Bob Ray"));
    assert_eq!(
        bob.contact.email.as_ref().unwrap().as_str(),
        "bob@example.org"
    );
    assert_eq!((bob.contact.address, bob.contact.postcode), (None, None));
    assert_eq!((bob.locale.as_str(), bob.jurisdiction), ("en", None));
    assert_eq!(
        (bob.flags.to_string(), bob.exposed),
        (String::new(), set("name"))
    );
    assert!(
        !desk.is_found("Bob Ray", "SW1A 1AA").await,
        "nobody of that name lives there"
    );
    assert!(desk.is_found("Ann Lee", "SW1A 1AA").await);
    desk.account().await;

    // No letter to the new person goes to the former person's house.
    let no_mail = "reference,email,elements\nP-5,,name\n";
    desk.take(ScopeMode::Delta, no_mail).await;
    let (app, by, of) = (&desk.house.app, desk.by, desk.incident);
    steer::move_to(app, by, of, 1, IncidentState::Confirmed)
        .await
        .unwrap();
    let taken =
        postal::list::export(app, by, of, PostalKind::Letter, crate::postal::REHEARSAL).await;
    assert!(
        matches!(taken.err(), Some(PostalError::NoAddress { people: 1, .. })),
        "the list has no address of theirs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_keeps_what_the_list_does_not_say() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, ANN).await;
    desk.import(ScopeMode::Delta, NARROW).await.unwrap();
    let same = Confirmed {
        identity_changes: Some(1),
        ..Confirmed::default()
    };
    desk.activate_with(2, Consent::Numbers(same)).await.unwrap();
    let bob = desk.person("P-5").await.unwrap();
    assert_eq!(bob.contact.address.as_deref(), Some("1 High St"));
    assert_eq!(bob.flags.to_string(), "protected");
    assert!(desk.is_found("Bob Ray", "SW1A 1AA").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_gets_what_several_files_of_the_draft_say_of_them() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, ANN).await;
    desk.import(ScopeMode::Delta, NARROW).await.unwrap();
    let more = "reference,postcode,elements\nP-5,10115,name;dob\n";
    desk.add(more).await.unwrap();
    let answers = Confirmed {
        another_person: Some(1),
        replaced: Some(1),
        ..Confirmed::default()
    };
    desk.activate_with(2, Consent::Numbers(answers))
        .await
        .unwrap();
    let bob = desk.person("P-5").await.unwrap();
    assert_eq!(bob.contact.name.as_deref(), Some("Bob Ray"));
    assert_eq!(
        bob.contact.email.as_ref().unwrap().as_str(),
        "bob@example.org"
    );
    assert_eq!(bob.contact.postcode.as_deref(), Some("10115"));
    assert_eq!(
        (bob.contact.address, bob.flags.to_string()),
        (None, String::new())
    );
    assert_eq!(bob.exposed, set("name;dob"));
}

const WITHOUT_FLAGS: &str = "reference,email,name,postcode,address,elements\n\
    P-5,bob@example.org,Bob Ray,,9 Low St,name\n";

/// The draft's row was a mistake: it names another person, with an address and a flag of theirs.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_added_takes_nothing_from_a_row_of_the_draft_that_names_another_person() {
    let known =
        "reference,email,name,address,elements\nP-5,bob@example.org,Bob Ray,2 Low St,name\n";
    for (first, right, address) in [
        (None, NARROW, None),
        (None, WITHOUT_FLAGS, Some("9 Low St")),
        (Some(known), NARROW, Some("2 Low St")),
        (Some(known), WITHOUT_FLAGS, Some("9 Low St")),
    ] {
        let desk = Desk::new().await;
        if let Some(first) = first {
            desk.take(ScopeMode::Full, first).await;
        }
        let mistake = desk.import(ScopeMode::Full, ANN).await.unwrap();
        desk.add(right).await.unwrap();
        let asked = desk.asked(mistake.version).await;
        assert_eq!(asked, [Question::Replaced { number: 1 }]);
        desk.activate(mistake.version).await.unwrap();
        let bob = desk.person("P-5").await.unwrap();
        assert_eq!(bob.contact.name.as_deref(), Some("Bob Ray"));
        assert_eq!(bob.contact.address.as_deref(), address);
        assert_eq!(
            (bob.contact.postcode, bob.flags.to_string()),
            (None, String::new())
        );
        assert_eq!((bob.locale.as_str(), bob.jurisdiction), ("en", None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_of_an_earlier_release_that_would_give_away_an_address_is_read_again() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, ANN).await;
    desk.import(ScopeMode::Delta, NARROW).await.unwrap();
    let before =
        "update scope_row set own_sealed = null, own_contact_key = null, own_email_key = null";
    desk.house.sql(before).await;
    let refused = desk.activate_with(2, another(1)).await;
    assert!(
        matches!(refused, Err(ActivateError::Outdated(2))),
        "{refused:?}"
    );
    let ann = desk.person("P-5").await.unwrap();
    assert_eq!(
        ann.contact.name.as_deref(),
        Some("Ann Lee"),
        "nothing was done"
    );
}
