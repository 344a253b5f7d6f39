//! Questions about what a draft takes away (E4, B6), and an activation of what was not seen (B15).

use candor::person::Settled;
use candor::scope::ScopeMode;
use candor::scope::activate::ActivateError;
use candor::scope::consent::{Confirmed, Consent, Question, yes_to};

use super::{Desk, told};

const FIRST: &str = "reference,email,name,address,elements\n\
    P-5,ann@example.org,Ann Bell,5 High St,name;ssn\nP-6,kim@example.org,Kim,6 High St,name\n";

#[tokio::test(flavor = "multi_thread")]
async fn e4_people_who_lose_their_e_mail_or_postal_address_are_asked_about_with_their_number() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, FIRST).await;
    let cleared =
        "reference,email,name,address,elements\nP-5,,Ann Bell,,name;ssn\nP-6,,Kim,6 High St,name\n";
    let drafted = desk.import(ScopeMode::Full, cleared).await.unwrap();
    let delta = &drafted.delta;
    assert_eq!((delta.emails_lost, delta.addresses_lost), (2, 1));
    let asked = [
        Question::EmailsLost { number: 2 },
        Question::AddressesLost { number: 1 },
    ];
    assert_eq!(desk.open(2, Confirmed::default()).await, asked);
    assert_eq!(
        asked[0].to_string(),
        "2 people lose their e-mail address: the list has none for them."
    );
    let wrong = Confirmed {
        emails_lost: Some(1),
        ..yes_to(&asked)
    };
    assert_eq!(desk.open(2, wrong).await, asked[..1]);
    // A row that is corrected in the draft lowers the number.
    desk.add("reference,email,name,address,elements\nP-6,kim@example.org,Kim,6 High St,name\n")
        .await
        .unwrap();
    let open = desk.asked(2).await;
    assert!(
        open.contains(&Question::EmailsLost { number: 1 }),
        "{open:?}"
    );
    let yes = Consent::Numbers(yes_to(&open));
    desk.activate_with(2, yes).await.unwrap();
    // A list without the columns leaves them unchanged, and no question is asked.
    let drafted = desk.import(
        ScopeMode::Full,
        "reference,elements\nP-5,name;ssn\nP-6,name\n",
    );
    let version = drafted.await.unwrap().version;
    assert_eq!(desk.asked(version).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_elements_that_are_taken_back_are_asked_about_with_the_people_who_were_told() {
    let desk = Desk::new().await;
    let first: String = (0..5)
        .map(|n| format!("r{n},r{n}@example.org,name;ssn\n"))
        .collect();
    desk.take(
        ScopeMode::Full,
        &format!("reference,email,elements\n{first}"),
    )
    .await;
    for n in 0..3 {
        desk.notify(&format!("r{n}"), "name;ssn").await;
    }
    let less: String = (0..5)
        .map(|n| format!("r{n},r{n}@example.org,name\n"))
        .collect();
    let list = format!("reference,email,elements\n{less}");
    let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!(
        (
            drafted.delta.elements_retracted,
            drafted.delta.told_too_much
        ),
        (5, 3)
    );
    assert_eq!(desk.asked(2).await, [Question::ToldTooMuch { number: 3 }]);
    // One more person is told while the draft waits.
    let three = yes_to(&desk.asked(2).await);
    let person = desk.person("r3").await.unwrap().id;
    desk.settle(&[Settled {
        person,
        became: told("name;ssn"),
    }])
    .await;
    let open = desk.open(2, three).await;
    assert_eq!(open, [Question::ToldTooMuch { number: 4 }]);
    let yes = Consent::Numbers(yes_to(&open));
    desk.activate_with(2, yes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_an_activation_of_what_was_not_seen_is_refused_with_what_changed() {
    let desk = Desk::new().await;
    desk.import(
        ScopeMode::Full,
        "reference,email,elements\nr1,a@example.org,name\n",
    )
    .await
    .unwrap();
    let seen = {
        let mut conn = desk.conn().await;
        let found = candor::scope::store::find(&mut conn, desk.incident, 1).await;
        found.unwrap().revision()
    };
    desk.add("reference,email,elements\nr2,b@example.org,name\n")
        .await
        .unwrap();
    let stale = Consent::Numbers(Confirmed {
        revision: Some(seen),
        ..Confirmed::default()
    });
    let refused = desk.activate_with(1, stale).await.unwrap_err();
    assert!(
        matches!(
            refused,
            ActivateError::Changed {
                accepted: 2,
                rejected: 0,
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(desk.rows("person").await, 0);
}
