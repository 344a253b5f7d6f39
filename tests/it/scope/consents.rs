//! Effects that must not go unnoticed are asked before a draft takes effect, each with its number.

use candor::scope::activate::{ActivateError, activate, questions};
use candor::scope::consent::{Confirmed, Consent, Lifted, Question, yes_to};
use candor::scope::{ScopeMode, Version, store};

use super::Desk;

impl Desk {
    pub(super) async fn activate_with(
        &self,
        version: i32,
        consent: Consent,
    ) -> Result<Version, ActivateError> {
        activate(&self.house.app, self.by, self.incident, version, consent).await
    }

    /// The questions about a draft.
    pub(super) async fn asked(&self, version: i32) -> Vec<Question> {
        let mut conn = self.conn().await;
        let found = store::find(&mut conn, self.incident, version)
            .await
            .unwrap();
        let asked = questions(&self.house.app, &mut conn, self.incident, &found).await;
        asked.unwrap()
    }

    /// The consents that an activation with this consent still lacks.
    pub(super) async fn open(&self, version: i32, given: Confirmed) -> Vec<Question> {
        match self.activate_with(version, Consent::Numbers(given)).await {
            Err(ActivateError::Unconfirmed { questions, .. }) => questions,
            other => panic!("{other:?}"),
        }
    }
}

const FIRST: &str = "reference,email,name,elements,flags\n\
        held,h@example.org,Hal,name,hold\n\
        kid,k@example.org,Kim,name,minor;hold\n\
        row1,a@example.org,Ada,name,\n\
        gone,g@example.org,Gil,name,\ngone2,g2@example.org,Gus,name,\n";
const SECOND: &str = "reference,email,name,elements,flags\n\
        held,h@example.org,Hal,name,\n\
        kid,k@example.org,Kim,name,\n\
        row1,z@example.org,Zoe,name,\n\
        bad,nowhere,Bad,name,\n";

#[tokio::test(flavor = "multi_thread")]
async fn flags_retractions_identities_and_refused_rows_are_each_confirmed_with_their_number() {
    let desk = Desk::new().await;
    desk.take(ScopeMode::Full, FIRST).await;
    desk.notify("row1", "name").await;
    let drafted = desk.import(ScopeMode::Full, SECOND).await.unwrap();
    assert_eq!(
        (
            drafted.delta.identity_changes,
            drafted.delta.identity_changes_told
        ),
        (1, 1)
    );
    let lifted = |flag: &str, number| Question::FlagsLifted {
        flag: flag.to_owned(),
        number,
    };
    let all = [
        Question::Rejected { number: 1, rows: 4 },
        lifted("hold", 2),
        lifted("minor", 1),
        Question::Retracted { number: 2 },
        Question::IdentityChanges { number: 1, told: 1 },
    ];
    assert_eq!(desk.asked(2).await, all);
    assert_eq!(desk.open(2, Confirmed::default()).await, all);
    let yes = yes_to(&all);
    let wrong = Confirmed {
        retracted: Some(1),
        ..yes.clone()
    };
    assert_eq!(desk.open(2, wrong).await, all[3..4]);
    let old = Confirmed {
        any_rejected: true,
        ..Confirmed::default()
    };
    assert_eq!(
        desk.open(2, old).await,
        all[1..],
        "the field of before is for refused rows"
    );
    assert_eq!(
        desk.account().await.withheld,
        2,
        "nothing has changed so far"
    );
    let sum = Confirmed {
        flags_lifted: Some(Lifted::Sum(3)),
        ..yes
    };
    desk.activate_with(2, Consent::Numbers(sum)).await.unwrap();
    assert_eq!(desk.account().await.people, 3);
}

/// Added rows change the numbers: an earlier confirmation no longer applies.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_no_longer_fits_is_refused() {
    let desk = Desk::new().await;
    let list = "reference,elements,flags\nr1,name,hold\nr2,name,hold\nr3,name,\n";
    desk.take(ScopeMode::Full, list).await;
    let free = "reference,elements,flags\nr1,name,\n";
    desk.import(ScopeMode::Delta, free).await.unwrap();
    let yes = yes_to(&desk.asked(2).await);
    desk.add("reference,elements,flags\nr2,name,\n")
        .await
        .unwrap();
    let open = desk.open(2, yes).await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].number(), 2);
    let yes = yes_to(&open);
    desk.activate_with(2, Consent::Numbers(yes)).await.unwrap();
    assert_eq!(desk.account().await.withheld, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lifts_takes_and_refuses_nothing_is_not_asked_about() {
    let desk = Desk::new().await;
    let list = "reference,email,elements,flags\nr1,a@example.org,name,hold\nr2,,name,\n";
    let first = desk.import(ScopeMode::Full, list).await.unwrap().version;
    desk.activate_with(first, Consent::NotGiven).await.unwrap();
    let delta = "reference,elements,flags\nr1,name;ssn,hold\nr2,name,retract\nr3,name,minor\n";
    let later = desk.import(ScopeMode::Delta, delta).await.unwrap().version;
    assert_eq!(desk.asked(later).await, [], "a delta retracts by name");
    desk.activate_with(later, Consent::NotGiven).await.unwrap();
    assert_eq!(desk.account().await.people, 2);
}
