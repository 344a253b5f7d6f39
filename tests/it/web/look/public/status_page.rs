//! The status page, in each of its forms.

use candor::web::public::correction::Correction;

use super::*;

pub(super) fn status() -> MyStatus {
    let line = |number: &str, status: TicketStatus, label: &str| MyTicketLine {
        number: number.into(),
        name: format!("Question {number}"),
        status,
        label: label.into(),
        at: super::super::ago(190),
    };
    MyStatus {
        visit: visit(),
        token: TOKEN.into(),
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        told: LastNotification::Email(now() - TimeDelta::days(3)),
        missing: None,
        corrections: vec![],
        not_affected: None,
        actions: vec![
            action(
                "Be wary of calls and messages about this",
                "We never ask for a password, a PIN or money. When in doubt, hang up and call the number below.",
            ),
            action(
                "Choose a new account PIN",
                "We reset the old one. Choose one that you use nowhere else.",
            ),
            action(
                "Freeze your credit",
                "It is free at Equifax, Experian and TransUnion, and stops new accounts in your name.",
            ),
        ],
        facts: facts(),
        latest: updates().into_iter().next(),
        next_update: Some(moment(2)),
        is_public: true,
        tickets: vec![
            line(
                "N-4F7Q-22",
                TicketStatus::Pending,
                "We need something from you",
            ),
            line(
                "N-4C1K-07",
                TicketStatus::Solved,
                "Answered – tell us if this did not help",
            ),
        ],
        ask: Ask::default(),
        unlock: Unlock {
            back: format!("/s/{TOKEN}"),
            ..Unlock::default()
        },
        mine: None,
    }
}

/// Adds the page of an affected person.
pub(super) fn draw(add: Add<'_>) {
    let code = Step::Sent {
        to: "d•••@e•••.org".into(),
        until: now() + TimeDelta::minutes(10),
    };
    let asked = Unlock {
        step: code.clone(),
        back: format!("/s/{TOKEN}"),
        ..Unlock::default()
    };
    add(
        "status_code",
        &MyStatus {
            unlock: asked,
            ..status()
        },
    );
    let wrong = |certain, lang: &str, text: &str| Correction {
        day: moment(-3),
        certain,
        lang: lang.into(),
        text: text.into(),
        at: moment(-1),
    };
    let corrections = vec![
        wrong(true, "en", HOSTILE),
        wrong(false, "ar", "حدث ذلك في 5 يونيو."),
    ];
    add(
        "status_corrected",
        &MyStatus {
            corrections,
            ..status()
        },
    );
    let refused = Unlock {
        step: code,
        back: format!("/s/{TOKEN}"),
        code: "123456".into(),
        faults: fault(
            "code",
            "This code does not fit, or is older than 10 minutes. Check it, or ask for a new one.",
        ),
        ..Unlock::default()
    };
    add(
        "status_code_refused",
        &MyStatus {
            unlock: refused,
            ..status()
        },
    );
}

/// Adds the opened page, and what it says where no code can be sent.
pub(super) fn draw_steps(add: Add<'_>) {
    let flash = Flash {
        tone: Tone::Done,
        text: "Your details are open on this device for 30 minutes.".into(),
    };
    add(
        "status_tier1",
        &MyStatus {
            visit: PublicFrame {
                flash: Some(flash),
                ..visit()
            },
            mine: Some(mine()),
            ..status()
        },
    );
    let to = || "d•••@e•••.org".to_owned();
    let until = now() + TimeDelta::minutes(10);
    for (name, step) in [
        ("status_code_sending", Step::Sending { to: to(), until }),
        ("status_code_undelivered", Step::Refused { to: to() }),
        ("status_code_stopped", Step::Stopped),
        ("status_code_used_up", Step::UsedUp),
        ("status_code_too_many", Step::TooMany { until }),
        ("status_no_mail", Step::NoMail),
    ] {
        let unlock = Unlock {
            step,
            ..Unlock::default()
        };
        let told = LastNotification::Post(Some(now()));
        add(
            name,
            &MyStatus {
                unlock,
                told,
                ..status()
            },
        );
    }
}

/// Adds the page of a person who is not affected.
pub(super) fn draw_not_affected(add: Add<'_>) {
    let gone = || NotAffected {
        list: Some((Moment::day(now()), 2)),
        told_wrongly: true,
    };
    add(
        "status_not_affected",
        &MyStatus {
            not_affected: Some(gone()),
            ..status()
        },
    );
    let wrong = Wrong {
        elements: "Social Security number and phone number".into(),
        on: Some(Moment::day(now() - TimeDelta::days(3))),
    };
    add(
        "status_not_affected_tier1",
        &MyStatus {
            not_affected: Some(gone()),
            mine: Some(Details {
                elements: Vec::new(),
                wrong: Some(wrong),
                ..mine()
            }),
            ..status()
        },
    );
}
