//! References that were given to other people (D9), rows that name no reference in scope (D21), and references that
//! come back (D23).

use candor::person::{Became, PersonStanding, Settled};
use candor::scope::ScopeMode;
use candor::scope::consent::{Consent, Question, yes_to};

use super::Desk;

/// The references are row numbers; a new person is inserted at the top.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_put_in_at_the_top_is_held_back_until_the_people_are_confirmed() {
    let desk = Desk::new().await;
    let first = "reference,email,name,elements\n\
        1,ada@example.org,Ada,name\n2,bo@example.org,Bo,name\n3,cy@example.org,Cy,name\n";
    desk.take(ScopeMode::Full, first).await;
    desk.notify("1", "name").await;
    desk.notify("2", "name").await;
    let before = desk.person("1").await.unwrap();
    let second = "reference,email,name,elements\n\
        1,new@example.org,Newcomer,name\n2,ada@example.org,Ada,name\n3,bo@example.org,Bo,name\n4,cy@example.org,Cy,name\n";
    let drafted = desk.import(ScopeMode::Full, second).await.unwrap();
    let delta = &drafted.delta;
    assert_eq!(
        (delta.identity_changes, delta.identity_changes_told),
        (3, 2)
    );
    let refused = desk.activate_with(2, Consent::NotGiven).await;
    assert!(refused.is_err());
    let held = desk.person("1").await.unwrap();
    assert_eq!(held.contact, before.contact, "held back");

    // One more person is told while the draft waits: the question names the same people, told or not.
    let asked = desk.asked(2).await;
    assert_eq!(asked, [Question::IdentityChanges { number: 3, told: 2 }]);
    desk.notify("3", "name").await;
    let asked = desk.asked(2).await;
    assert_eq!(asked, [Question::IdentityChanges { number: 3, told: 3 }]);
    let yes = Consent::Numbers(yes_to(&asked));
    desk.activate_with(2, yes).await.unwrap();
    let now = desk.person("1").await.unwrap();
    assert_eq!(
        now.link_epoch,
        before.link_epoch + 1,
        "links of the old one end"
    );
    assert_eq!(desk.person("4").await.unwrap().link_epoch, 0);
    desk.account().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_name_and_address_may_change_without_a_question() {
    let desk = Desk::new().await;
    let first = "reference,email,name,address,elements\n\
        a,a@example.org,Ada,1 High St,name\nb,b@example.org,Bo,2 High St,name\n\
        c,c@example.org,Cy,3 High St,name\nd,d@example.org,Dee,4 High St,name\n";
    desk.take(ScopeMode::Full, first).await;
    for reference in ["a", "b", "c", "d"] {
        desk.notify(reference, "name").await;
    }
    // A new mailbox; a marriage; a marriage and a new mailbox at the same house; and a list that has no names.
    let second = "reference,email,name,address,elements\n\
        a,a2@example.org,ADA,9 Low St,name\nb,b@example.org,Mrs Bo,8 Low St,name\n\
        c,c2@example.org,Mr Cy,3 high st,name\n";
    let drafted = desk.import(ScopeMode::Delta, second).await.unwrap();
    assert_eq!(drafted.delta.identity_changes, 0);
    desk.activate_with(2, Consent::NotGiven).await.unwrap();
    let third = "reference,email,elements\nd,d2@example.org,name\n";
    let drafted = desk.import(ScopeMode::Delta, third).await.unwrap();
    assert_eq!(
        (
            drafted.delta.identity_changes,
            drafted.delta.contact_changes
        ),
        (0, 1)
    );
    desk.activate_with(3, Consent::NotGiven).await.unwrap();
    assert_eq!(desk.person("d").await.unwrap().link_epoch, 0);
}

/// D21.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_retracts_an_unknown_person_is_refused_with_its_line() {
    let desk = Desk::new().await;
    let first = "reference,elements,flags\nr1,name,\nr2,name,retract\nr3,name,\n";
    let drafted = desk.import(ScopeMode::Full, first).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (2, 1));
    let reject = &desk.rejects(1).await[0];
    assert_eq!(
        (reject.line, reject.reasons[0].code.as_str()),
        (3, "not_in_the_list")
    );
    assert_eq!(reject.cells, ["r2", "name", "retract"]);
    desk.activate(1).await.unwrap();
    let second = "reference,elements,flags\nr1,name,retract\nr9,name,retract\n";
    let drafted = desk.import(ScopeMode::Delta, second).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (1, 1));
    assert_eq!(drafted.delta.people_retracted, 1);
    assert_eq!(desk.rejects(2).await[0].line, 3);
    desk.activate(2).await.unwrap();
    // Once more: the person is known, and retracted already.
    let again = "reference,elements,flags\nr1,name,retract\n";
    let drafted = desk.import(ScopeMode::Delta, again).await.unwrap();
    assert_eq!(
        (drafted.accepted, drafted.rejected, drafted.delta.unchanged),
        (1, 0, 1)
    );
    assert_eq!(desk.account().await.people, 1);
}

/// D23.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_refused_is_remembered_when_its_person_comes_back() {
    let desk = Desk::new().await;
    let list = "reference,email,elements\nr1,a@example.org,name\nr2,b@example.org,name\n";
    desk.take(ScopeMode::Full, list).await;
    let person = desk.person("r1").await.unwrap();
    desk.settle(&[Settled {
        person: person.id,
        became: Became::Refused {
            address: person.email_key,
        },
    }])
    .await;
    desk.take(
        ScopeMode::Delta,
        "reference,elements,flags\nr1,name,retract\n",
    )
    .await;
    desk.take(ScopeMode::Delta, "reference,elements\nr1,name\n")
        .await;
    let back = desk.person("r1").await.unwrap();
    assert_eq!(
        (back.standing, back.reachable),
        (PersonStanding::NeedsLetter, false)
    );
    desk.take(
        ScopeMode::Delta,
        "reference,email,elements\nr1,new@example.org,name\n",
    )
    .await;
    let back = desk.person("r1").await.unwrap();
    assert_eq!(
        (back.standing, back.reachable),
        (PersonStanding::InProgress, true)
    );
    desk.account().await;
}
