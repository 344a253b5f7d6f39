//! Refused lines of lists (B5), rejects that are corrected (B3, E26), and flags (E21).

use std::collections::BTreeMap;

use candor::person::PersonStanding;
use candor::scope::ScopeMode;
use candor::scope::consent::{Consent, Question, yes_to};

use super::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn b5_a_person_on_a_refused_line_of_a_full_list_stays_as_they_were() {
    let desk = Desk::new().await;
    let first = "reference,email,name,elements\n\
        r1,a@example.org,Ada,name\nr2,b@example.org,Bo,name\nr3,c@example.org,Cy,name\n\
        r4,d@example.org,Dee,name\nr5,e@example.org,Eve,name\nr6,f@example.org,Fay,name\n";
    desk.take(ScopeMode::Full, first).await;
    // A bad element, a quotation mark that is not closed, and a row that comes twice; r6 is missing.
    let second = "reference,email,name,elements\n\
        r1,a@example.org,Ada,name\nr2,b@example.org,Bo,shoe_size\nr3,c@example.org,\"Cy,name\n\
        r4,d@example.org,Dee,name\nr4,d@example.org,Dee,name;dob\nr5,nowhere,Eve,name\n";
    let drafted = desk.import(ScopeMode::Full, second).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (2, 4));
    let delta = &drafted.delta;
    assert_eq!((delta.kept, delta.people_retracted), (3, 1));
    let asked = desk.asked(2).await;
    assert!(
        asked.contains(&Question::Retracted { number: 1 }),
        "{asked:?}"
    );
    let yes = Consent::Numbers(yes_to(&asked));
    desk.activate_with(2, yes).await.unwrap();
    for kept in ["r2", "r3", "r5"] {
        let person = desk.person(kept).await.unwrap();
        assert_eq!(person.standing, PersonStanding::InProgress, "{kept}");
    }
    let gone = desk.person("r6").await.unwrap();
    assert_eq!(gone.standing, PersonStanding::Retracted);
    assert_eq!(desk.account().await.people, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_a_refused_line_that_is_corrected_in_the_draft_is_no_longer_kept() {
    let desk = Desk::new().await;
    let first = "reference,email,elements\nr1,a@example.org,name\nr2,b@example.org,name\n";
    desk.take(ScopeMode::Full, first).await;
    let second = "reference,email,elements\nr1,a@example.org,name\nr2,b@example.org,shoe_size\n";
    let drafted = desk.import(ScopeMode::Full, second).await.unwrap();
    assert_eq!((drafted.delta.kept, drafted.delta.unchanged), (1, 1));
    let added = desk
        .add("reference,email,elements\nr2,b@example.org,name;dob\n")
        .await
        .unwrap();
    assert_eq!((added.delta.kept, added.delta.elements_added), (0, 1));
    // Refused again in another file: kept as another reject.
    let worse = "reference,email,elements,flags\nr2,b@example.org,name;dob,vip\n";
    let refused = desk.add(worse).await.unwrap();
    assert_eq!(
        refused.delta.kept, 0,
        "the accepted row of before is still there"
    );
    desk.activate(2).await.unwrap();
    assert_eq!(desk.account().await.people, 2);
}

const TWICE: &str = "reference,email,name,elements\n\
    R1,ann@example.org,Ann,name;ssn\nR2,bo@example.org,Bo,bogus\nR1,zed@example.org,Zed,dob\n";

/// The rejects of [`TWICE`] as they are downloaded, with this text for the row of R1.
fn rejects(r2: &str, r1: &str) -> String {
    format!(
        "reference,email,name,elements,line,column,reason\n\
        R2,bo@example.org,Bo,{r2},3,elements,There is no element\n\
        R1,{r1},4,reference,The reference stands on line 2 too.\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn b3_a_reject_that_stands_twice_is_refused_again_when_it_comes_back_unchanged() {
    let desk = Desk::new().await;
    let drafted = desk.import(ScopeMode::Full, TWICE).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (1, 2));
    let added = desk
        .add(&rejects("name", "zed@example.org,Zed,dob"))
        .await
        .unwrap();
    assert_eq!((added.accepted, added.rejected), (2, 1));
    let delta = &added.delta;
    // E26: a row that is refused again replaces and corrects nothing.
    assert_eq!(
        (delta.replaced, delta.refused_again, delta.replaced_accepted),
        (2, 1, 0)
    );
    let left = &desk.rejects(1).await[0];
    assert_eq!(left.reasons[0].code, "duplicate_reference");
    assert_eq!(
        left.reasons[0].why,
        "The row says what it said when it was refused since its reference stands on another line: correct it, or \
         leave it out."
    );
    assert_eq!(left.cells[..3], ["R1", "zed@example.org", "Zed"]);
    let sum = added.lines.unwrap().sum(2, 1, (2, 1));
    assert!(
        sum.ends_with("+ 1 replaced or corrected + 1 sent again and refused again"),
        "{sum}"
    );
    // Also a second time.
    let again = desk
        .add(&rejects("name", "zed@example.org,Zed,dob"))
        .await
        .unwrap();
    assert_eq!((again.accepted, again.rejected), (2, 1));
    let asked = desk.asked(1).await;
    assert!(
        !asked.iter().any(|q| matches!(q, Question::Replaced { .. })),
        "{asked:?}"
    );
    desk.activate_with(1, Consent::Numbers(yes_to(&asked)))
        .await
        .unwrap();
    let ann = desk.person("R1").await.unwrap();
    assert_eq!(ann.contact.name.as_deref(), Some("Ann"));
    // The same file once more after the activation, as a new list.
    let late = desk
        .import(ScopeMode::Delta, rejects("name", "zed@example.org,Zed,dob"))
        .await
        .unwrap();
    assert_eq!((late.accepted, late.rejected), (1, 1));
    let asked = desk.asked(late.version).await;
    desk.activate_with(late.version, Consent::Numbers(yes_to(&asked)))
        .await
        .unwrap();
    let ann = desk.person("R1").await.unwrap();
    assert_eq!(ann.contact.name.as_deref(), Some("Ann"));
}

/// The first version refused R1's second line. In the next R1 stands once, with a mistake, and its correction has the
/// same words.
#[tokio::test(flavor = "multi_thread")]
async fn b3_a_reject_corrected_to_words_that_another_version_refused_is_taken() {
    let head = "reference,email,name,elements";
    let first = format!("{head}\nR1,ann@example.org,Ann,name\nR1,ann@example.org,Ann,name;ssn\n");
    let second = format!("{head}\nR2,bo@example.org,Bo,name\nR1,ann@example.org,Ann,name;sns\n");
    let corrected = format!(
        "{head},line,column,reason\nR1,ann@example.org,Ann,name;ssn,3,elements,There is no element\n"
    );
    for adds in [true, false] {
        let desk = Desk::new().await;
        let drafted = desk.take(ScopeMode::Full, &first).await;
        assert_eq!((drafted.accepted, drafted.rejected), (1, 1));
        let drafted = desk.import(ScopeMode::Full, second.as_str()).await.unwrap();
        assert_eq!((drafted.accepted, drafted.rejected), (1, 1));
        let (version, taken) = match adds {
            true => (2, desk.add(&corrected).await.unwrap()),
            false => {
                desk.activate(2).await.unwrap();
                let taken = desk.import(ScopeMode::Delta, corrected.as_str()).await;
                (3, taken.unwrap())
            }
        };
        assert_eq!(taken.rejected, 0);
        desk.activate(version).await.unwrap();
        let ann = desk.person("R1").await.unwrap();
        assert_eq!(ann.exposed, super::set("name;ssn"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_a_duplicate_reference_is_corrected_by_giving_it_its_own() {
    let desk = Desk::new().await;
    desk.import(ScopeMode::Full, TWICE).await.unwrap();
    let own = rejects("name", "zed@example.org,Zed,dob").replace("\nR1,", "\nR3,");
    let added = desk.add(&own).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (3, 0));
    assert_eq!((added.delta.replaced, added.delta.refused_again), (2, 0));
    assert_eq!(desk.rejects(1).await, []);
    assert_eq!(desk.asked(1).await, []);
    // Refused again for another reason, it is one reject and not two.
    let desk = Desk::new().await;
    desk.import(ScopeMode::Full, TWICE).await.unwrap();
    let own = own.replace("zed@example.org", "nowhere");
    let added = desk.add(&own).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (2, 1));
    assert_eq!((added.delta.replaced, added.delta.refused_again), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn b3_a_changed_row_in_the_place_of_an_accepted_one_is_asked_about() {
    let desk = Desk::new().await;
    desk.import(ScopeMode::Full, TWICE).await.unwrap();
    let added = desk
        .add(&rejects("name", "zed@example.org,Zed,name;dob"))
        .await
        .unwrap();
    assert_eq!((added.accepted, added.rejected), (2, 0));
    assert_eq!(desk.asked(1).await, [Question::Replaced { number: 1 }]);
    assert!(desk.activate_with(1, Consent::NotGiven).await.is_err());
    // The same row again says nothing new.
    let same = "reference,email,name,elements\nR1,zed@example.org,Zed,name;dob\n";
    desk.add(same).await.unwrap();
    assert_eq!(desk.asked(1).await, [Question::Replaced { number: 1 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn e21_flags_of_new_people_are_counted_and_an_unknown_one_is_told_all_that_there_are() {
    let desk = Desk::new().await;
    let first = "reference,elements,flags\nr1,name,hold\nr2,name,minor;hold\nr3,name,\nr4,name,vip\nr2,name,hold\n";
    let drafted = desk.import(ScopeMode::Full, first).await.unwrap();
    let flags = |of: &[(&str, i64)]| -> BTreeMap<String, i64> {
        of.iter()
            .map(|(flag, n)| ((*flag).to_owned(), *n))
            .collect()
    };
    assert_eq!(drafted.delta.flags_set, flags(&[("hold", 2), ("minor", 1)]));
    let rejects = desk.rejects(1).await;
    let why = rejects
        .iter()
        .map(|reject| reject.why())
        .collect::<Vec<_>>();
    let all = "There is no flag “vip”. The flags are minor, deceased, vulnerable, protected, hold and retract.";
    assert!(why.iter().any(|why| why == all), "{why:?}");
    let added = desk
        .add("reference,elements,flags\nr1,name,\nr5,name,protected\n")
        .await
        .unwrap();
    assert_eq!(
        added.delta.flags_set,
        flags(&[("hold", 1), ("minor", 1), ("protected", 1)])
    );
    desk.activate(1).await.unwrap();
    let later = "reference,elements,flags\nr2,name,minor\nr3,name,hold\nr9,name,deceased\n";
    let drafted = desk.import(ScopeMode::Delta, later).await.unwrap();
    assert_eq!(
        drafted.delta.flags_set,
        flags(&[("deceased", 1), ("hold", 1)])
    );
    assert_eq!(drafted.delta.flags_lifted, Some(flags(&[("hold", 1)])));
}
