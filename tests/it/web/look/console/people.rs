//! People and postal letters.

use super::*;

fn batch(by_post: bool, waits: bool, state: PostalState, on: &str) -> BatchLine {
    BatchLine {
        id: format!("pst_0193{state}{by_post}"),
        kind: if by_post { "letters" } else { "next of kin" },
        at: row(90),
        by: HOSTILE.into(),
        people: 301_889,
        state: Badge::of(state),
        on: on.into(),
        returned: if waits { 0 } else { 1_204 },
        not_posted: if waits { 0 } else { 2 },
        by_post,
        waits,
        form: Typed {
            on: "2026-12-03".into(),
            ..Typed::default()
        },
        asked: match waits {
            true => vec![LetterAsked {
                value: "legal_hold:21".into(),
                words: "21 people on this list are under a legal hold by now, and count as told all the same.".into(),
                some: vec![("/console/people/per_1".into(), HOSTILE.into())],
                more: 20,
            }],
            false => vec![],
        },
        unknown: waits && !by_post,
        former: String::new(),
    }
}

fn letters() -> LettersPage {
    let list = |kind, who, people, waiting: i64| ListLine {
        kind,
        who,
        means: "For the mail house.",
        people,
        waiting: Some(waiting),
        by_post: kind != "kin",
        refused: String::new(),
        without_address: match kind {
            "letter" => "1 person has no postal address.".to_owned(),
            _ => String::new(),
        },
    };
    LettersPage {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Theft of customer data".into(),
        lists: vec![
            list("letter", "People whom no e-mail reaches", 301_889, 301_889),
            list("guardian", "Parents and guardians of minors", 1, 0),
            list("kin", "Next of kin of people who died", 0, 0),
        ],
        batches: vec![
            batch(true, true, PostalState::Listed, ""),
            batch(false, true, PostalState::Listed, ""),
            batch(true, false, PostalState::Posted, "3 Dec 2026"),
        ],
        forgotten: String::new(),
        minors: "guardian_letter".into(),
        may: true,
        may_steer: true,
        links: "https://localhost".into(),
        channels: vec![choice("phone", "by telephone")],
        one: Typed {
            reference: HOSTILE.into(),
            ..Typed::default()
        },
        report: vec![
            "1 letter is recorded. 1 line was refused and changed nothing:".into(),
            "Line 3: there is no letter to this reference or with this code.".into(),
        ],
        faults: fault(
            "reference",
            "No person of this incident has this reference.",
        ),
    }
}

fn ledger() -> PersonPage {
    let told = |kind: &str, status, names: &str, believed: &str, minutes| NoticeLine {
        id: "ntc_1".into(),
        kind: kind.into(),
        status,
        at: row(minutes),
        names: names.into(),
        believed: believed.into(),
    };
    PersonPage {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Theft of customer data".into(),
        person: PersonLine {
            id: "per_1".into(),
            reference: "C-1000204".into(),
            address: "a•••@e•••.com".into(),
            locale: "es-US".into(),
            jurisdiction: "US-CA".into(),
            standing: PersonStanding::Notified,
            reason: String::new(),
            exposed: "Social Security number, date of birth, name".into(),
            unnamed: "Social Security number".into(),
        },
        reference_changed: String::new(),
        named: "date of birth, name".into(),
        told: true,
        wrong: "date of birth".into(),
        flags: "minor".into(),
        notices: vec![
            told(
                "More about your data",
                NoticeStatus::Queued,
                "Social Security number",
                "v2: Social Security number, date of birth, name",
                3,
            ),
            told(
                "Notice of data breach",
                NoticeStatus::Sent,
                "date of birth, name",
                "v1: date of birth, name",
                4_000,
            ),
        ],
        letters: vec![PostalLine {
            batch: "pst_1".into(),
            what: "Letter".into(),
            state: "posted on 3 Dec 2026, came back: moved away (recorded on 9 Dec 2026)".into(),
            names: "name".into(),
        }],
        may_revoke: true,
        may_open: true,
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    add("c_person", &ledger());
    let nobody_wrote = PersonPage {
        notices: Vec::new(),
        ..ledger()
    };
    add("c_person_untold", &nobody_wrote);
    add("c_letters", &letters());
}
