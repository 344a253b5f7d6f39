//! Signing in, staff, sessions, the audit log, calls and errors.

use super::*;

/// Adds the pages of accounts.
pub(super) fn draw(add: Add<'_>) {
    add(
        "c_sign_in",
        &SignIn {
            organisation: "Northline Mobile".into(),
            csrf: "sample-csrf".into(),
            email: "ada@northline.example".into(),
            next: "/console".into(),
            faults: fault(
                "email",
                "This e-mail address and password do not fit together.",
            ),
            flash: None,
        },
    );
    let staff = |name: &str, disabled| StaffRow {
        id: "staff_1".into(),
        name: name.into(),
        email: "ada@northline.example".into(),
        roles: vec!["comms".into(), "approver".into()],
        disabled,
        keys: vec![
            KeyRow {
                id: "key_0192f0c1e7a87b6e9d2c3b4a5f607182".into(),
                made: row(9_000),
                revoked: None,
            },
            KeyRow {
                id: "key_0192f0c1e7a87b6e9d2c3b4a5f607183".into(),
                made: row(90_000),
                revoked: Some(row(9_000)),
            },
        ],
    };
    add(
        "c_staff",
        &StaffList {
            desk: desk(Area::Staff),
            staff: vec![staff("Ada Moreno", None), staff(HOSTILE, Some(ago(900)))],
            may_manage: true,
        },
    );
    let session = |here| SessionRow {
        id: "ses_0192f0c1e7a87b6e9d2c3b4a5f607182".into(),
        here,
        began: row(300),
        used: row(2),
        ends: row(-400),
    };
    let me = |faults| Me {
        desk: desk(Area::Me),
        sessions: vec![session(true), session(false)],
        faults,
    };
    add("c_me", &me(Faults::default()));
    add(
        "c_me_refused",
        &me(fault("present", "The present password is not right.")),
    );
}

/// Adds the audit log.
pub(super) fn draw_audit(add: Add<'_>) {
    let act = |number: i64, what: &str| AuditRow {
        number,
        at: row(number),
        who: "Ada Moreno".into(),
        what: what.into(),
        on: "cam_01933d2e7b8a7c3f".into(),
        hash: "9f2c41d0".into(),
        details: vec![
            ("people".into(), "13,768,204".into()),
            ("reason".into(), HOSTILE.into()),
        ],
    };
    add(
        "c_audit",
        &AuditLog {
            desk: desk(Area::Audit),
            rows: vec![
                act(1_204, "campaign.resume"),
                act(1_203, "campaign.pause"),
                act(1_202, "campaign.launch"),
            ],
            sought: Filter {
                incidents: vec![choice("", "All incidents"), choice("august", HOSTILE)],
                actors: vec![choice("", "Everybody")],
                on: HOSTILE.into(),
                ..Filter::default()
            },
            earlier: "/console/audit?before=1202".into(),
            newest: "/console/audit".into(),
            looked_until: Some(1_202),
            waiting: 3,
            warnings: vec!["row 9,000 is outside of the chain".into()],
        },
    );
}

/// Adds mail in a folder.
pub(super) fn draw_outbox(add: Add<'_>) {
    let letter = |name: &str, subject: &str| LetterRow {
        name: name.into(),
        to: "a•••@e•••.com".into(),
        subject: subject.into(),
        at: ago(9),
    };
    let outbox = |letter_open| Outbox {
        desk: desk(Area::Outbox),
        letters: vec![
            letter("0001.eml", "Your data was stolen from us"),
            letter("0002.eml", "سُرقت بياناتك من أنظمتنا"),
            letter("0003.eml", HOSTILE),
        ],
        total: 10_000,
        letter: letter_open,
    };
    add("c_outbox", &outbox(None));
    add("c_letter", &outbox(Some(OpenLetter {
        name: "0001.eml".into(),
        headers: vec![("From".into(), "Northline Mobile <notice@northline.example>".into()), ("Subject".into(), HOSTILE.into())],
        text: "Your data was stolen from us\n\nhttps://notice.northline.example/s/c2FtcGxlLXRva2VuLXRoYXQtaXMtbG9uZw\n".into(),
        html: "letter_sample.html".into(),
    })));
}

/// Adds a call, the components and an error.
pub(super) fn draw_other(add: Add<'_>) {
    add(
        "c_call",
        &CallForm {
            desk: desk(Area::Helpline),
            reference: String::new(),
            incidents: vec![
                choice("", "The one in which the caller is found"),
                choice("inc_2", "Data theft of August 2021"),
                choice("inc_1", "Lost laptop"),
            ],
            incident: String::new(),
            verifications: vec![
                choice("none", "Not verified"),
                choice("notice_code", "Read the notice code aloud"),
            ],
            verification: "notice_code".into(),
            code: String::new(),
            text: String::new(),
            states: vec![choice("open", "Open, with me"), choice("solved", "Solved")],
            then: "open".into(),
            faults: fault("text", "Write what was said, in a sentence or two."),
        },
    );
    add("c_design", &Design::new(desk(Area::Design), now()));
    add(
        "c_problem",
        &ProblemPage {
            title: "Somebody changed this in the meantime".into(),
            text: "The campaign is at version 13, your page was at 12. Nothing was done.".into(),
            advice: vec!["Go back, load the page again, and look at what changed.".into()],
            reference: "R-8842-QX".into(),
            typed: String::new(),
            typed_hint: "",
            back: "/console/campaigns/cmp_1".into(),
            desk: ConsoleFrame {
                unasked: true,
                ..desk(Area::None)
            },
            again: None,
        },
    );
}
