//! The agent's pages with sample data.

use candor::notice::NoticeStatus;
use candor::person::PersonStanding;
use candor::ticket::TicketStatus;
use candor::web::console::design;
use candor::web::console::helpline::page::{Helpline, TicketList, TicketRow, Work};
use candor::web::console::helpline::search::{Person, Search};
use candor::web::console::ticket::view::{Composer, Conflict, NoticeLine, PersonZone, TicketPage};
use candor::web::conversation::{Kind, Message};
use candor::web::page::{Area, Badge, ConsoleFrame, Faults, Moment};
use chrono::TimeDelta;

use super::console::{action, choice, desk, fault};
use super::{HOSTILE, ago, now};

fn agent() -> ConsoleFrame {
    ConsoleFrame {
        name: "Ben Okafor".into(),
        roles: vec!["agent".into()],
        may_stop: false,
        ..desk(Area::Helpline)
    }
}

fn ticket_row(id: &str, number: &str, status: TicketStatus, minutes: i64) -> TicketRow {
    TicketRow {
        id: id.into(),
        number: number.into(),
        status,
        call: minutes < 0,
        urgency: 80,
        why: "severity 5 · harm reported · waits 2 h".into(),
        assignee: "Ben Okafor".into(),
        due: Some(Moment::until(now() + TimeDelta::minutes(minutes), now())),
    }
}

fn work() -> Work {
    Work {
        may_take: true,
        waiting: "about 40".into(),
        oldest: "2 h".into(),
        mine: vec![
            ticket_row("tkt_1", "N-4F7Q-22", TicketStatus::Open, 32),
            ticket_row("tkt_2", "N-4C1K-07", TicketStatus::Pending, 600),
        ],
    }
}

fn composer() -> Composer {
    Composer {
        as_note: false,
        to: "Goes to e-mail, a•••@e•••.com.".into(),
        next: vec![
            action("solved", "Send and set: Solved", "", "", ""),
            action("pending", "Send and set: Pending", "quiet", "", ""),
            action("on_hold", "Send and set: On hold", "quiet", "", ""),
            action("", "Send", "quiet", "", ""),
        ],
        resolutions: vec![
            choice("answered", "Answered"),
            choice("referred", "Referred"),
        ],
        resolution: "answered".into(),
        ..Composer::default()
    }
}

fn thread() -> Vec<Message> {
    let say = |place, kind, who, minutes, text, delivery| {
        design::message((place, kind), who, ago(minutes), text, delivery)
    };
    vec![
        say(
            1,
            Kind::Customer,
            HOSTILE,
            125,
            "Was my Social Security number taken? I was with you until 2018.\n\nSomebody opened a card in my name yesterday.",
            "",
        ),
        say(
            2,
            Kind::Note,
            "Ben Okafor",
            60,
            "Former customer, SSN in scope v1. Harm reported: asked lead about the fraud team.",
            "",
        ),
        say(
            3,
            Kind::Call,
            "Ben Okafor",
            45,
            "Called back, verified by notice code. Wants it in writing.",
            "",
        ),
        say(
            4,
            Kind::Agent,
            "Ben Okafor",
            30,
            "Yes, it was. Please freeze your credit first: it is free and takes ten minutes.",
            "e-mail accepted by the relay",
        ),
        say(
            5,
            Kind::Customer,
            HOSTILE,
            1,
            "Done. And my date of birth?",
            "",
        ),
    ]
}

fn zone() -> PersonZone {
    let notice = |name: &str, days, code: &str| NoticeLine {
        name: name.into(),
        status: Badge::of(NoticeStatus::Sent),
        at: format!("{days} November 2026, 10:00 UTC"),
        code: code.into(),
    };
    PersonZone {
        name: HOSTILE.into(),
        reference: "C-1000204".into(),
        page: "/console/people/per_x".to_owned(),
        verified: "One-time code to the address on file".into(),
        level: 2,
        needs: vec!["vulnerable".into()],
        elements: [
            "Social Security number",
            "Date of birth",
            "Phone number",
            "Name",
        ]
        .map(String::from)
        .into(),
        notices: vec![
            notice("Supplement: phone and IMEI", 3_i64, "7F3K-92QX-4T"),
            notice("Notice of data breach", 6, "K0QD-51ZM-8C"),
        ],
        not_affected: String::new(),
        wrong: "Phone number (on 18 August 2021)".into(),
        connected: vec![choice("tkt_8", "N-2B11-03")],
        tickets: vec![choice("tkt_9", "N-3A90-55")],
        standing: Some(PersonStanding::Notified),
    }
}

fn ticket() -> TicketPage {
    TicketPage {
        desk: agent(),
        work: work(),
        id: "tkt_1".into(),
        incident: "Theft of data".into(),
        number: "N-4F7Q-22".into(),
        status: TicketStatus::Open,
        label: "An adviser is looking at this".into(),
        call: String::new(),
        ended: String::new(),
        version: 7,
        why: "severity 5 · harm reported · waits 2 h".into(),
        due: Some(Moment::until(now() + TimeDelta::minutes(32), now())),
        overdue: false,
        assignee: "Ben Okafor".into(),
        thread: thread(),
        conflict: None,
        composer: Some(composer()),
        locked: String::new(),
        buttons: vec![
            action("release", "Give back", "quiet", "", ""),
            action(
                "closed",
                "Close as spam",
                "danger",
                "The customer gets no answer and no mail.",
                "",
            ),
        ],
        agents: vec![choice("stf_1", "Ben Okafor")],
        person: zone(),
    }
}

/// Takes a page under its name.
type Add<'a> = &'a mut dyn FnMut(&'static str, &dyn askama::DynTemplate);

/// Adds the helpline's pages.
pub fn draw(add: Add<'_>) {
    draw_queue(add);
    draw_ticket(add);
    draw_other_tickets(add);
    draw_search(add);
}

/// Adds the queue.
fn draw_queue(add: Add<'_>) {
    add(
        "c_helpline",
        &Helpline {
            desk: agent(),
            work: work(),
            list: None,
        },
    );
    let tickets = vec![
        ticket_row("tkt_1", "N-4F7Q-22", TicketStatus::Open, 32),
        ticket_row("tkt_3", "N-5B22-90", TicketStatus::New, -20),
    ];
    let list = TicketList {
        status: None,
        tickets,
        next: Some("cursor".into()),
    };
    add(
        "c_helpline_lead",
        &Helpline {
            desk: agent(),
            work: work(),
            list: Some(list),
        },
    );
}

/// Adds a ticket with its composer.
fn draw_ticket(add: Add<'_>) {
    add("c_ticket", &ticket());
    let conflict = Conflict {
        what: "Customer wrote 20 s ago".into(),
        place: 5,
    };
    let kept = Composer {
        reply: "Your name and phone number were taken as well.".into(),
        ..composer()
    };
    add(
        "c_ticket_conflict",
        &TicketPage {
            conflict: Some(conflict),
            composer: Some(kept),
            overdue: true,
            ..ticket()
        },
    );
    let note = Composer {
        as_note: true,
        faults: fault("note", "Write the note first."),
        ..composer()
    };
    add(
        "c_ticket_note",
        &TicketPage {
            composer: Some(note),
            ..ticket()
        },
    );
    let hold = Composer {
        reply: "We ask our bank.".into(),
        faults: fault(
            "reason",
            "Say what we wait for: the customer reads the date, staff the reason.",
        ),
        ..composer()
    };
    add(
        "c_ticket_hold",
        &TicketPage {
            composer: Some(hold),
            ..ticket()
        },
    );
}

/// Adds tickets without a composer.
fn draw_other_tickets(add: Add<'_>) {
    add(
        "c_ticket_new",
        &TicketPage {
            status: TicketStatus::New,
            label: "Received – in the queue".into(),
            assignee: String::new(),
            composer: None,
            locked: "Take this ticket to answer it.".into(),
            buttons: vec![action("take", "Take it", "", "", "")],
            person: PersonZone {
                verified: "Not verified".into(),
                ..PersonZone::default()
            },
            thread: thread().into_iter().take(1).collect(),
            ..ticket()
        },
    );
    add(
        "c_ticket_call_closed",
        &TicketPage {
            status: TicketStatus::Closed,
            label: String::new(),
            call: "The caller was not verified. The person sees nothing of it on their page."
                .into(),
            ended: "Closed as spam by Ben Okafor on 29 November 2026, 14:02 UTC.".into(),
            composer: None,
            locked: "This ticket is closed for good.".into(),
            buttons: vec![],
            ..ticket()
        },
    );
}

/// Adds a search.
fn draw_search(add: Add<'_>) {
    let person = |tickets| Person {
        incident: "Theft of data".into(),
        tickets,
    };
    add(
        "c_search",
        &Search {
            desk: agent(),
            work: work(),
            sought: "ada@example.org".into(),
            faults: Faults::default(),
            summary: "2 people match.".into(),
            people: vec![
                person(vec![
                    ticket_row("tkt_1", "N-4F7Q-22", TicketStatus::Open, 32),
                    ticket_row("tkt_3", "N-5B22-90", TicketStatus::Solved, -20),
                ]),
                person(vec![]),
            ],
        },
    );
}
