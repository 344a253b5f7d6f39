//! A reference that was given to another person (E24, B1, B2).

use candor::address::EmailAddress;
use candor::person::find::{Clue, find};
use candor::person::store::{Reference, count_audience, reference_of};
use candor::person::{AudienceFilter, Became, Person, PersonStanding, Settled, ToldBy, Who};
use candor::scope::ScopeMode;
use candor::scope::consent::{Confirmed, Consent, Question, yes_to};
use candor::ticket::intake;

use super::{Desk, set};

const FIRST: &str = "reference,email,name,address,elements\n\
    P-5,ann@example.org,Ann Bell,5 High St,name;ssn\nP-6,kim@example.org,Kim,6 High St,name\n";

impl Desk {
    async fn by_email(&self, email: &str) -> Person {
        let clue = Clue::Email(EmailAddress::parse(email).unwrap());
        let mut found = find(&self.house.app, self.incident, &clue).await.unwrap();
        assert_eq!(found.len(), 1, "{email}");
        found.remove(0)
    }

    /// The questions about a delta with this one row.
    async fn asked_of(&self, row: &str) -> Vec<Question> {
        let list = format!("reference,email,name,address,elements\n{row}\n");
        let drafted = self.import(ScopeMode::Delta, list).await.unwrap();
        let asked = self.asked(drafted.version).await;
        candor::scope::activate::discard(&self.house.app, self.by, self.incident, drafted.version)
            .await
            .unwrap();
        asked
    }

    async fn audience(&self, who: Who) -> i64 {
        let filter = AudienceFilter {
            who,
            ..AudienceFilter::default()
        };
        let counted = count_audience(&mut *self.conn().await, self.incident, &filter).await;
        counted.unwrap().people()
    }

    async fn reference_of(&self, person: &Person) -> Option<Reference> {
        reference_of(&mut *self.conn().await, person.id)
            .await
            .unwrap()
    }
}

fn another(number: i64) -> Consent {
    Consent::Numbers(Confirmed {
        another_person: Some(number),
        ..Confirmed::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn e24_a_new_name_and_mailbox_at_the_same_postal_address_is_asked_about() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, FIRST).await;
    desk.notify("P-5", "name;ssn").await;
    let asked = desk
        .asked_of("P-5,bob@example.org,Bob Bell,5 High St,name;ssn")
        .await;
    assert_eq!(asked, [Question::IdentityChanges { number: 1, told: 1 }]);
    let sentence = asked[0].to_string();
    assert!(!sentence.contains("same person"), "{sentence}");
    assert!(asked[0].yes().contains("same person"));
    assert!(asked[0].otherwise().unwrap().contains("another person"));
    // A person who was told nothing may have asked a question.
    let asked = desk
        .asked_of("P-6,new@example.org,Newcomer,6 High St,name")
        .await;
    assert_eq!(asked, [Question::IdentityChanges { number: 1, told: 0 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_a_person_who_is_exchanged_by_two_lists_is_asked_about() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, FIRST).await;
    desk.notify("P-5", "name;ssn").await;
    let before = desk.person("P-5").await.unwrap();
    let renamed = "reference,name,elements\nP-5,Bob Chen,name;ssn\n";
    let drafted = desk.import(ScopeMode::Delta, renamed).await.unwrap();
    assert_eq!(desk.asked(drafted.version).await, []);
    desk.activate(drafted.version).await.unwrap();
    let moved = "P-5,bob@example.org,Bob Chen,9 Low St,name;ssn";
    let asked = desk.asked_of(moved).await;
    assert_eq!(asked, [Question::IdentityChanges { number: 1, told: 1 }]);
    // Confirmed as the same person, the present row is the one to compare with.
    let list = format!("reference,email,name,address,elements\n{moved}\n");
    let drafted = desk.import(ScopeMode::Delta, list).await.unwrap();
    let yes = Consent::Numbers(yes_to(&asked));
    desk.activate_with(drafted.version, yes).await.unwrap();
    let now = desk.person("P-5").await.unwrap();
    assert_eq!(now.id, before.id);
    assert_eq!(now.link_epoch, before.link_epoch + 1);
    let asked = desk.asked_of("P-5,b2@example.org,Bob Chen,9 Low St,name;ssn");
    assert_eq!(asked.await, []);
    assert_eq!(desk.rows("person_origin").await, 0);
}

/// A letter that waited for Ann is Ann's.
async fn a_letter_that_waited_is_hers(desk: &Desk, ann: &Person) {
    desk.settle(&[Settled {
        person: ann.id,
        became: Became::Told {
            address: None,
            by: ToldBy::Post,
            named: set("name;ssn"),
            replaces: false,
        },
    }])
    .await;
    assert_eq!(desk.person("P-5").await.unwrap().told, None);
}

/// Bob, who has the reference now, and Ann, who had it; each is what they are.
async fn two_people(desk: &Desk, ann: &Person) -> (Person, Person) {
    let bob = desk.person("P-5").await.unwrap();
    assert_ne!(bob.id, ann.id);
    assert_eq!(bob.contact.name.as_deref(), Some("Bob Bell"));
    assert_eq!(
        (bob.told, bob.named),
        (None, set("")),
        "told nothing so far"
    );
    assert_eq!(bob.standing, PersonStanding::InProgress);
    let former = desk.by_email("ann@example.org").await;
    assert_eq!(
        (former.id, former.standing),
        (ann.id, PersonStanding::Retracted)
    );
    assert_eq!(
        former.contact, ann.contact,
        "name, address and reference of before"
    );
    assert_eq!((former.told, former.named), (ann.told, ann.named));
    assert_eq!(
        former.link_epoch, ann.link_epoch,
        "their own page stays theirs"
    );
    assert_eq!(
        desk.reference_of(&former).await,
        Some(Reference::NamesAnother(2))
    );
    assert_eq!(
        desk.reference_of(&bob).await,
        Some(Reference::NamedAnother(2))
    );
    let kim = desk.person("P-6").await.unwrap();
    assert_eq!(desk.reference_of(&kim).await, None);
    (bob, former)
}

async fn activate_as_another_person(desk: &Desk, mode: ScopeMode, list: &str) {
    let drafted = desk.import(mode, list).await.unwrap();
    assert_eq!(drafted.delta.people_added, 0);
    let asked = desk.open(2, Confirmed::default()).await;
    let identity = Question::IdentityChanges { number: 1, told: 1 };
    assert_eq!(asked.last(), Some(&identity));
    assert_eq!(desk.open(2, both()).await.last(), Some(&identity));
    let answers = Confirmed {
        identity_changes: None,
        another_person: Some(1),
        ..yes_to(&asked)
    };
    let active = desk
        .activate_with(2, Consent::Numbers(answers))
        .await
        .unwrap();
    let delta = active.delta.unwrap();
    assert_eq!(
        (
            delta.another_people,
            delta.people_added,
            delta.people_retracted
        ),
        (1, 1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_b2_another_person_begins_with_nothing_and_the_former_one_keeps_all_of_theirs() {
    for full in [true, false] {
        let desk = Desk::new().await;
        desk.take(ScopeMode::Full, FIRST).await;
        desk.notify("P-5", "name;ssn").await;
        desk.notify("P-6", "name").await;
        let ann = desk.person("P-5").await.unwrap();
        let app = &desk.house.app;
        let asked = intake::ask(app, desk.incident, ann.id, "", "Is my account safe?").await;
        let ticket = asked.unwrap().ticket().clone();
        let second = "reference,email,name,address,elements\n\
            P-5,bob@example.org,Bob Bell,5 High St,name;dob\nP-6,kim@example.org,Kim,6 High St,name\n";
        let mode = if full {
            ScopeMode::Full
        } else {
            ScopeMode::Delta
        };
        activate_as_another_person(&desk, mode, second).await;

        let (bob, former) = two_people(&desk, &ann).await;

        let of = |person: &Person| {
            format!(
                "select count(*) from ticket where id = '{}' and person_id = '{}'",
                ticket.id.uuid(),
                person.id.uuid()
            )
        };
        assert_eq!(desk.house.number(&of(&former)).await, 1);
        assert_eq!(desk.house.number(&of(&bob)).await, 0);
        assert_eq!(
            desk.audience(Who::ToldNothing).await,
            1,
            "Bob is owed a first notice"
        );
        assert_eq!(desk.account().await.people, 2);

        a_letter_that_waited_is_hers(&desk, &ann).await;
        // The next list finds Bob by the reference, and no question about him is asked again.
        let again = "reference,email,elements\nP-5,b2@example.org,name;dob\n";
        let drafted = desk.import(ScopeMode::Delta, again).await.unwrap();
        assert_eq!(desk.asked(drafted.version).await, []);
        desk.activate(drafted.version).await.unwrap();
        assert_eq!(desk.person("P-5").await.unwrap().id, bob.id);
        desk.account().await;
    }
}

/// Both answers at once.
fn both() -> Confirmed {
    Confirmed {
        identity_changes: Some(1),
        another_person: Some(1),
        ..Confirmed::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_another_person_under_the_reference_of_a_retracted_one_was_told_nothing_so_far() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, FIRST).await;
    desk.notify("P-5", "name;ssn").await;
    let gone = "reference,elements,flags\nP-5,name,retract\n";
    desk.take(ScopeMode::Delta, gone).await;
    let back = "reference,email,name,address,elements\nP-5,zed@example.org,Zed,1 Far St,name\n";
    let drafted = desk.import(ScopeMode::Delta, back).await.unwrap();
    desk.activate_with(drafted.version, another(1))
        .await
        .unwrap();
    let zed = desk.person("P-5").await.unwrap();
    assert_eq!((zed.told, zed.standing), (None, PersonStanding::InProgress));
    assert_eq!(desk.audience(Who::ToldNothing).await, 2);
    assert_eq!(desk.account().await.people, 2);
}

/// As many rows as are activated bucket by bucket.
#[tokio::test(flavor = "multi_thread")]
async fn b1_a_long_list_moves_aside_all_people_who_lost_their_reference_to_another_person() {
    let desk = Desk::new().await;
    let people = 10_100;
    let list = |word: &str| {
        let mut list = String::from("reference,email,name,elements\n");
        for n in 0..people {
            list += &format!("{n},{word}{n}@example.org,{word} {n},name\n");
        }
        list
    };
    desk.take(ScopeMode::Full, &list("a")).await;
    let drafted = desk.import(ScopeMode::Full, list("b")).await.unwrap();
    assert_eq!(drafted.delta.identity_changes, people);
    let active = desk.activate_with(2, another(people)).await.unwrap();
    let delta = active.delta.unwrap();
    assert_eq!(
        (delta.people_added, delta.people_retracted),
        (people, people)
    );
    let account = desk.account().await;
    assert_eq!((account.people, account.in_progress), (people, people));
    assert_eq!(desk.rows("person_former").await, people);
}
