//! What is asked of a draft, and which answers fit.

use super::super::ScopeStatus;
use super::super::delta::Delta;
use super::*;
use crate::id::StaffId;

#[test]
fn consent_is_needed_above_the_limit_only() {
    assert!(!is_needed(95, 5, 5));
    assert!(is_needed(94, 6, 5));
    assert!(!is_needed(100, 0, 0));
    assert!(is_needed(100, 1, 0));
    assert!(!is_needed(0, 100, 100));
    assert!(!is_needed(0, 0, 5));
}

const TOLD: ToldSoFar = ToldSoFar {
    another: 3,
    too_much: 7,
    is_sending: false,
    ends: Vec::new(),
};

fn draft(mode: ScopeMode) -> Version {
    let lifted = [("hold".to_owned(), 2), ("minor".to_owned(), 1)];
    let now = chrono::DateTime::UNIX_EPOCH;
    Version {
        lines: None,
        version: 2,
        mode,
        status: ScopeStatus::Draft,
        file_hash: None,
        accepted: 90,
        rejected: 10,
        delta: Some(Delta {
            people_retracted: 40,
            identity_changes: if mode == ScopeMode::Full { 4 } else { 0 },
            emails_lost: if mode == ScopeMode::Full { 6 } else { 0 },
            flags_lifted: Some(lifted.into()),
            ..Delta::default()
        }),
        created_by: StaffId::new(now),
        created_at: now,
        activated_by: None,
        activated_at: None,
        activating_by: None,
        buckets_done: 0,
        octets_read: 0,
    }
}

#[test]
fn every_question_wants_its_own_number() {
    let full = draft(ScopeMode::Full);
    let asked = questions(&full, &TOLD, 5);
    assert_eq!(asked.len(), 7);
    let yes = yes_to(&asked);
    let open = |given| unanswered(&full, &TOLD, 5, &Consent::Numbers(given)).len();
    assert_eq!(open(yes.clone()), 0);
    assert_eq!(open(Confirmed::default()), 7);
    let of = |change: fn(&mut Confirmed)| {
        let mut given = yes.clone();
        change(&mut given);
        open(given)
    };
    assert_eq!(of(|yes| yes.rejected = Some(9)), 1);
    assert_eq!(of(|yes| yes.retracted = None), 1);
    assert_eq!(of(|yes| yes.identity_changes = Some(2)), 1);
    assert_eq!(of(|yes| yes.emails_lost = Some(5)), 1);
    assert_eq!(of(|yes| yes.told_too_much = None), 1);
    assert_eq!(
        of(|yes| yes.another_person = Some(4)),
        1,
        "not both at once"
    );
    let other = |yes: &mut Confirmed| {
        (yes.identity_changes, yes.another_person) = (None, Some(4));
    };
    assert_eq!(of(other), 0);
    assert_eq!(of(|yes| yes.flags_lifted = Some(Lifted::Sum(3))), 0);
    assert_eq!(of(|yes| yes.flags_lifted = Some(Lifted::Sum(2))), 2);
    let more = |yes: &mut Confirmed| {
        if let Some(Lifted::ByFlag(flags)) = &mut yes.flags_lifted {
            flags.insert("deceased".to_owned(), 1);
        }
    };
    assert_eq!(of(more), 1, "a flag that is not lifted at all");
    assert_eq!(unanswered(&full, &TOLD, 5, &Consent::Given), []);
}

#[test]
fn what_a_delta_retracts_it_names_itself_and_is_not_asked() {
    let delta = draft(ScopeMode::Delta);
    let asked = questions(&delta, &ToldSoFar::default(), 20);
    assert_eq!(asked.len(), 2, "the two flags: {asked:?}");
    let given = Confirmed {
        retracted: Some(39),
        ..yes_to(&asked)
    };
    let open = unanswered(&delta, &ToldSoFar::default(), 20, &Consent::Numbers(given));
    assert_eq!(open, [Question::Retracted { number: 40 }]);
}

#[test]
fn a_number_that_grows_as_a_campaign_is_sent_is_answered_once() {
    let full = draft(ScopeMode::Full);
    let at = |too_much, is_sending| ToldSoFar {
        another: 3,
        too_much,
        is_sending,
        ends: Vec::new(),
    };
    let yes = yes_to(&questions(&full, &at(7, true), 5));
    let open = |told, given: &Confirmed| {
        unanswered(&full, &told, 5, &Consent::Numbers(given.clone())).len()
    };
    assert_eq!(open(at(900, true), &yes), 0);
    assert_eq!(open(at(900, false), &yes), 1, "nothing is being sent");
    assert_eq!(open(at(6, true), &yes), 1, "so many there never were");
    let unseen = Confirmed {
        told_too_much: Some(0),
        ..yes
    };
    assert_eq!(open(at(900, true), &unseen), 1, "it was not seen");
}

#[test]
fn a_campaign_that_ends_is_asked_by_its_name() {
    let told = ToldSoFar {
        ends: vec![Ending {
            name: "First".to_owned(),
            number: 3,
            untold: Some(5_592),
        }],
        ..ToldSoFar::default()
    };
    let delta = draft(ScopeMode::Delta);
    let asked = questions(&delta, &told, 20);
    let said: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let ends = "The campaign “First” (no. 3) ends: 5592 of its audience are not told yet. Draft a new campaign for them.";
    assert!(said.iter().any(|words| words == ends), "{said:?}");
    let without = Confirmed {
        campaigns_ended: None,
        ..yes_to(&asked)
    };
    let open = |given| unanswered(&delta, &told, 20, &Consent::Numbers(given)).len();
    assert_eq!((open(without), open(yes_to(&asked))), (1, 0));
}

#[test]
fn a_yes_to_a_campaign_that_ends_holds_once_its_audience_was_completed() {
    let ending = |names: &[&str]| ToldSoFar {
        ends: names
            .iter()
            .map(|name| Ending {
                name: (*name).to_owned(),
                number: 2,
                untold: Some(7),
            })
            .collect(),
        ..ToldSoFar::default()
    };
    let delta = draft(ScopeMode::Delta);
    let yes = yes_to(&questions(&delta, &ending(&["First"]), 20));
    let open =
        |told, given: &Confirmed| unanswered(&delta, &told, 20, &Consent::Numbers(given.clone()));
    assert_eq!(open(ending(&[]), &yes), [], "it ends no more");
    let both = open(ending(&["First", "Second"]), &yes);
    assert_eq!(both.len(), 1, "a second one was not agreed to");
    assert_eq!(both[0].number(), 2);
    assert_eq!(Consent::Numbers(yes).campaigns_ended(), Some(1));
}
