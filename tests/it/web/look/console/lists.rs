//! Lists of affected people.

use super::*;

fn questions() -> Vec<Asked> {
    vec![
            Asked {
                name: "rejected",
                value: "1204".into(),
                answers: Vec::new(),
                words: "The list takes effect without the refused rows: 1204 of 13768204.".into(),
            },
            Asked {
                name: "lifted",
                value: "hold:3".into(),
                words: "The flag hold is lifted from 3 people.".into(),
                answers: Vec::new(),
            },
            Asked {
                name: "identity",
                value: "7".into(),
                words: "7 references seem to name another person now: the name is new, and no e-mail address stays. Of the former people 2 were told.".into(),
                answers: vec![
                    ("same:7".into(), "Each of the 7 names the same person, whose name and address changed.".into()),
                    ("another:7".into(), "Each of the 7 names another person.".into()),
                    ("later".into(), "Not now: it stays a draft, and nothing changes.".into()),
                ],
            },
        ]
}

fn delta() -> Delta {
    Delta {
        by_jurisdiction: vec![("US-CA".to_owned(), 12, 3)],
        by_element: vec![("ssn".to_owned(), 7, 0)],
        people_added: 5_967_000,
        elements_added: 23_400_000,
        elements_retracted: 0,
        people_retracted: 12,
        contact_changes: 1_300,
        identity_changes: 7,
        identity_changes_told: 2,
        another_people: 0,
        emails_lost: 4,
        addresses_lost: 3,
        told_too_much: 0,
        told_retracted: 3,
        kept: 5,
        by_flag: vec![("hold".to_owned(), 1, 3)],
        replaced: 25,
        refused_again: 1,
        added_files: 1,
        absent: "locale, address".into(),
    }
}

fn rejects() -> Vec<Reject> {
    let reject = |line: i64, column: &str, cell: &str, reason: &str| Reject {
        line: line.to_string(),
        column: column.into(),
        cell: cell.into(),
        reason: reason.into(),
    };
    vec![
        reject(
            2,
            "elements",
            "mothers_maiden_name",
            "There is no element “mothers_maiden_name”.",
        ),
        reject(
            48_112,
            "email",
            "ada@",
            "The address has no host after the @.",
        ),
        reject(
            1_000_204,
            "",
            "R-7 | Ada | Moreno | ada@example.org",
            "The row has 4 cells, the first line has 9.",
        ),
    ]
}

fn scope_report() -> ScopeReport {
    let rows = rejects();
    let reason = |rows, example: &Reject| Reason {
        rows,
        words: example.reason.clone(),
        example: example.clone(),
    };
    ScopeReport {
        revision: "0123456789abcdef".into(),
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        version: 2,
        status: ScopeStatus::Draft,
        mode: "delta".into(),
        by: "Ada Moreno".into(),
        at: ago(4),
        accepted: 13_767_000,
        rejected: 1_204,
        done: 64,
        questions: questions(),
        died: false,
        delta: delta(),
        lines: "13,768,206 lines = 1 header + 13,767,000 accepted + 1,204 refused + 1 blank".into(),
        ends_open: true,
        refused: Rejected {
            reasons: vec![
                reason(1_200, &rows[0]),
                reason(3, &rows[1]),
                reason(1, &rows[2]),
            ],
            rows,
        },
        buttons: vec![
            action(
                "activate",
                "Activate v2",
                "",
                "It takes effect at once: 5,967,000 people are owed a notice, 7,800,000 a supplement. It cannot be taken back, only corrected by v3.",
                "",
            ),
            action(
                "discard",
                "Discard",
                "danger",
                "The draft and its rejects go. Nothing else changes.",
                "",
            ),
        ],
        faults: fault("confirm-1", "As it is now: 9 people leave the scope."),
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    add(
        "c_import",
        &Import {
            desk: desk(Area::Incidents),
            slug: "august-2021".into(),
            title: "Data theft of August 2021".into(),
            version: 3,
            mode: "delta".into(),
            draft: Some(Waiting {
                version: 2,
                accepted: 475,
                rejected: 25,
                mode: "full".into(),
                revision: "0123456789abcdef".into(),
            }),
            over: String::new(),
            faults: fault(
                "file",
                "The column “pin” looks like stolen values. Remove it: Candor does not hold them.",
            ),
        },
    );
    add("c_scope", &scope_report());
}
