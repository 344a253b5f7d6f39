//! The public pages with sample data.

mod status_page;

use candor::incident::UpdateKind;
use candor::ticket::TicketStatus;
use candor::web::console::design;
use candor::web::conversation::Kind;
use candor::web::page::{Fault, Faults, Flash, Language, Moment, Organisation, PublicFrame, Tone};
use candor::web::public::find_me::FindMe;
use candor::web::public::home::{Home, Listed};
use candor::web::public::incident::IncidentPage;
use candor::web::public::my_status::{
    Action, Ask, Corrected, Details, LastNotification, MyStatus, MyTicketLine, NotAffected,
    SentLetter, SentNotice, Wrong,
};
use candor::web::public::my_ticket::{MyTicket, Reply};
use candor::web::public::problem::ProblemPage;
use candor::web::public::question_received::QuestionReceived;
use candor::web::public::sample::Sample;
use candor::web::public::told::{Corrected as FormerText, Told};
use candor::web::public::unlock::{Step, Unlock};
use candor::web::public::verify::{Answer, Verify};
use candor::web::public::{Fact, Update};
use chrono::TimeDelta;

use super::{HOSTILE, Pages, now};

const TOKEN: &str = "c2FtcGxl-dG9rZW4_MDEyMzQ1Njc4OWFiY2RlZg";

fn visit() -> PublicFrame {
    let language = |code: &str, name: &str, here| Language {
        code: code.into(),
        name: name.into(),
        href: format!("?lang={code}"),
        here,
    };
    PublicFrame {
        organisation: Organisation {
            name: "Northline Mobile".into(),
            site: "https://notice.northline.example".into(),
            senders: vec!["notice@northline.example".into()],
            phone: Some("+1 800 555 0100".into()),
            hours: "every day, 7:00 to 22:00 Eastern".into(),
        },
        lang: "en".into(),
        dir: "ltr".into(),
        languages: vec![
            language("en", "English", true),
            language("es", "Español", false),
        ],
        csrf: "sample-csrf".into(),
        flash: None,
    }
}

fn updates() -> Vec<Update> {
    let say = |kind, days, text| design::update(now() - TimeDelta::days(days), kind, text);
    vec![
        say(
            UpdateKind::Corrected,
            3,
            "On Tuesday we said that no phone numbers were taken. That was wrong. Phone numbers, \
             IMEI and IMSI numbers of 7.8 million current customers were taken too. We are \
             writing to each of them again.",
        ),
        say(
            UpdateKind::Known,
            7,
            "Data of about 48.6 million people was taken. We began to write to them today.",
        ),
        say(
            UpdateKind::BeingChecked,
            8,
            "Somebody was in our systems without permission.\nWe are checking whether customer data is concerned.",
        ),
    ]
}

fn facts() -> Vec<Told> {
    let fact = |key: &str, value: &str| {
        Told::from(Fact {
            key: key.into(),
            value: value.into(),
        })
    };
    let corrected = Told {
        corrections: vec![FormerText {
            at: moment(-3),
            before: "These files held no phone numbers.".into(),
        }],
        ..fact("what_was_taken", "These files held phone numbers, too.")
    };
    let checked = Told {
        state: Some(UpdateKind::BeingChecked),
        ..fact("misuse", HOSTILE)
    };
    vec![
        corrected,
        checked,
        fact(
            "what_happened",
            "Between 3 March and 16 August 2021 a person broke into our test systems and copied customer files.",
        ),
        fact(
            "what_was_not_taken",
            "No card numbers and no bank account numbers were in these files.",
        ),
        fact(
            "what_we_are_doing",
            "We closed the entry on 16 August, reset all PINs, and pay for two years of identity protection.",
        ),
    ]
}

fn moment(days: i64) -> Moment {
    Moment::exact(now() + TimeDelta::days(days) + TimeDelta::hours(12))
}

fn action(title: &str, how: &str) -> Action {
    Action {
        title: title.into(),
        how: how.into(),
    }
}

fn mine() -> Details {
    Details {
        name: HOSTILE.into(),
        elements: [
            "Social Security number",
            "Date of birth",
            "Phone number",
            "Name",
        ]
        .map(String::from)
        .into(),
        wrong: None,
        corrected: vec![Corrected {
            on: Moment::day(now() - TimeDelta::days(2)),
            elements: "Phone number".into(),
        }],
        letters: vec![SentLetter {
            on: Moment::day(now() - TimeDelta::days(5)),
            returned: true,
            corrects: false,
        }],
        notices: vec![
            SentNotice {
                subject: "More of your data was taken than we told you".into(),
                at: Moment::day(now() - TimeDelta::days(3)),
                code: "7F3K-92QX-4T".into(),
            },
            SentNotice {
                subject: "Your data was stolen from us".into(),
                at: Moment::day(now() - TimeDelta::days(6)),
                code: "K0QD-51ZM-8C".into(),
            },
        ],
    }
}

fn fault(field: &str, text: &str) -> Faults {
    Faults(vec![Fault {
        field: field.into(),
        text: text.into(),
    }])
}

fn ticket() -> MyTicket {
    let say = |place, kind, who, minutes, text, delivery| {
        design::message((place, kind), who, super::ago(minutes), text, delivery)
    };
    MyTicket {
        visit: visit(),
        token: TOKEN.into(),
        number: "N-4F7Q-22".into(),
        name: "Question N-4F7Q-22".into(),
        is_call: false,
        elsewhere: false,
        others: vec![],
        status: TicketStatus::Solved,
        label: "Answered – tell us if this did not help".into(),
        next: "If you write back within 14 days, the same person sees it. After that we close this question.".into(),
        by: Some(moment(11)),
        late: false,
        connected: vec!["N-2B11-03".into()],
        thread: Some(vec![
            say(1, Kind::Customer, "You", 400, "Was my Social Security number taken? I was with you until 2018.\n\nI do not understand why you still have it.", ""),
            say(2, Kind::Agent, "Ben, Northline Mobile", 190, "Yes, it was. We keep former customers' numbers for credit checks for seven years; yours should have been deleted in 2025.\n\nPlease freeze your credit first: it is free and takes ten minutes.", "e-mailed to you as well"),
        ]),
        unlock: Unlock::default(),
        reply: Some(Reply::default()),
        solved: true,
        follows_up: false,
    }
}

fn verify(code: &str, faults: Faults, answer: Answer) -> Verify {
    Verify {
        visit: visit(),
        code: code.into(),
        faults,
        answer,
    }
}
use self::status_page::status;

/// Takes a page under its name.
type Add<'a> = &'a mut dyn FnMut(&'static str, &dyn askama::DynTemplate);

/// Adds every public page, in each of its forms.
pub fn draw(pages: &mut Pages) {
    let mut add = |name, page: &dyn askama::DynTemplate| {
        pages.insert(name, page.dyn_render().expect("rendered"));
    };
    draw_incidents(&mut add);
    status_page::draw(&mut add);
    status_page::draw_steps(&mut add);
    status_page::draw_not_affected(&mut add);
    draw_tickets(&mut add);
    draw_verify(&mut add);
}

/// Adds the home page and incidents.
fn draw_incidents(add: Add<'_>) {
    let listed = |slug: &str, title: &str, latest| Listed {
        slug: slug.into(),
        title: title.into(),
        latest,
        next_update: Some(moment(2)),
    };
    add(
        "home",
        &Home {
            visit: visit(),
            incidents: vec![
                listed(
                    "august-2021",
                    "Data theft of August 2021",
                    updates().into_iter().next(),
                ),
                listed("hostile", HOSTILE, None),
            ],
        },
    );
    add(
        "home_empty",
        &Home {
            visit: visit(),
            incidents: Vec::new(),
        },
    );
    add(
        "incident",
        &IncidentPage {
            visit: visit(),
            slug: "august-2021".into(),
            title: "Data theft of August 2021".into(),
            facts: facts(),
            updates: updates(),
            next_update: Some(moment(2)),
            forgotten: None,
            dismissed: false,
        },
    );
    add(
        "incident_forgotten",
        &IncidentPage {
            visit: visit(),
            slug: "august-2021".into(),
            title: "Data theft of August 2021".into(),
            facts: facts(),
            updates: updates(),
            next_update: None,
            forgotten: Some(moment(-400)),
            dismissed: false,
        },
    );
    add("status_tier0", &status());
}

/// Adds tickets.
fn draw_tickets(add: Add<'_>) {
    let ask = Ask {
        text: String::new(),
        harm: true,
        faults: fault("text", "Write your question first."),
    };
    add("status_ask_refused", &MyStatus { ask, ..status() });
    add("ticket", &ticket());
    add(
        "ticket_locked",
        &MyTicket {
            thread: None,
            ..ticket()
        },
    );
    add(
        "ticket_closed",
        &MyTicket {
            follows_up: true,
            solved: false,
            status: TicketStatus::Closed,
            label: "Closed".into(),
            elsewhere: true,
            others: vec![("N-4C1K-07".into(), "Question N-4C1K-07".into())],
            ..ticket()
        },
    );
    add(
        "asked",
        &QuestionReceived {
            visit: visit(),
            token: TOKEN.into(),
            number: "N-4F7Q-22".into(),
            wait: "about 4 hours".into(),
            by: Some(moment(1)),
            by_mail: true,
        },
    );
    add("verify", &verify("", Faults::default(), Answer::Unasked));
}

/// Adds the check of a code, and errors.
fn draw_verify(add: Add<'_>) {
    let at = Moment::day(now() - TimeDelta::days(3));
    add(
        "verify_genuine",
        &verify(
            "7F3K-92QX-4T",
            Faults::default(),
            Answer::Genuine {
                at,
                surely: true,
                title: "Data theft of August 2021".into(),
                slug: "august-2021".into(),
            },
        ),
    );
    add(
        "verify_unknown",
        &verify("7F3K-92QX-4U", Faults::default(), Answer::Unknown),
    );
    let short = fault(
        "code",
        "A code has ten letters and digits. This one has four.",
    );
    add("verify_refused", &verify("7F3K", short, Answer::Unasked));
    add("find_me", &FindMe { visit: visit() });
    add("sample", &Sample { visit: visit() });
    add("problem_404", &ProblemPage::not_found(visit()));
    add(
        "problem_500",
        &ProblemPage::broken(visit(), "R-8842-QX".into())
            .with_typed("What I had written\nwith <b>care</b>".into(), "Copy it."),
    );
    add(
        "problem_503",
        &ProblemPage::away(visit(), true, true, "R-8842-QX".into()),
    );
    let arabic = PublicFrame {
        lang: "ar".into(),
        dir: "rtl".into(),
        ..visit()
    };
    add(
        "status_rtl",
        &MyStatus {
            visit: arabic,
            mine: Some(mine()),
            ..status()
        },
    );
}
