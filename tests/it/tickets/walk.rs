//! Walk (b) below the web: a question becomes an answer, the customer replies.

mod codes;

use candor::actor::Actor;
use candor::audit;
use candor::mail::Letter;
use candor::ticket::intake::{Answered, Asked, IntakeError};
use candor::ticket::store::Filter;
use candor::ticket::{
    BadWords, Then, Ticket, TicketChannel, TicketStatus, agent, code, intake, store,
};
use chrono::TimeDelta;

use super::{ANN, Helpline, Someone};

/// The message without the line breaks of quoted-printable.
fn readable(letter: &Letter) -> String {
    String::from_utf8(letter.raw.clone())
        .unwrap()
        .replace("=\r\n", "")
}

async fn a_receipt_is_sent(line: &Helpline, ticket: &Ticket) {
    line.send_all().await;
    let receipt = line.mail.take_sent().remove(0);
    let raw = readable(&receipt);
    assert_eq!(receipt.recipient.as_str(), "ann@home.example");
    assert!(raw.contains(ticket.number.as_str()) && raw.contains("48 hours"));
    assert!(!raw.contains("stolen"), "a receipt quotes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_an_answer_and_the_customer_writes_back() {
    let line = Helpline::new().await;
    let app = &line.app;
    let ann = line.person(&ANN).await;

    let question = "  My card was stolen.\r\nWhat must I do?\0 ";
    let asked = intake::ask(app, line.incident, ann, "", question)
        .await
        .unwrap();
    let ticket = asked.ticket().clone();
    assert!(matches!(asked, Asked::Opened(_)));
    assert_eq!(ticket.status, TicketStatus::New);
    assert_eq!(ticket.subject.as_deref(), Some("My card was stolen."));
    assert!(
        ticket.urgency.why.contains("fraud or theft"),
        "{}",
        ticket.urgency.why
    );

    a_receipt_is_sent(&line, &ticket).await;

    let taken = agent::take_next(app, line.agent).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.status), (ticket.id, TicketStatus::Open));
    assert_eq!(taken.assignee, Some(line.agent));
    assert!(agent::take_next(app, line.agent).await.unwrap().is_none());

    let answer = "Call your bank today.\nThen write to us again.";
    let pending = line
        .replies(&taken, answer, Then::to(TicketStatus::Pending))
        .await;
    assert_eq!(pending.version, taken.version + 1);
    line.send_all().await;
    let letter = line.mail.take_sent().remove(0);
    let raw = readable(&letter);
    assert!(raw.contains("Call your bank today.") && raw.contains("/tickets/"));
    assert!(raw.contains("Content-Language: en\r\n"));

    line.app.clock.advance(TimeDelta::hours(3));
    let back = intake::answer_back(app, ann, ticket.id, "Done. And now?")
        .await
        .unwrap();
    assert_eq!(back.ticket().status, TicketStatus::Open);
    assert_eq!(
        back.ticket().assignee,
        Some(line.agent),
        "who knows the matter has it first"
    );
    let solved = line
        .replies(back.ticket(), "Nothing more.", Then::solved())
        .await;
    let again = intake::did_not_help(app, ann, ticket.id, "").await.unwrap();
    assert_eq!(again.ticket().status, TicketStatus::Open);
    assert_eq!(
        (solved.solved_at.is_some(), again.ticket().solved_at),
        (true, None)
    );

    is_recorded(&line, &ticket, question, answer).await;
}

/// The words, the moves and the audit log of the ticket.
async fn is_recorded(line: &Helpline, ticket: &Ticket, question: &str, answer: &str) {
    let told = line.thread(ticket).await;
    let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["customer", "agent", "customer", "agent"]);
    assert_eq!(told[0].1, question, "equal to the octet");
    assert_eq!(told[1].1, answer);
    assert_eq!(
        line.moves(ticket).await,
        [
            ">new customer",
            "new>open staff",
            "open>pending staff",
            "pending>open customer",
            "open>solved staff",
            "solved>open customer",
        ]
    );
    let mut conn = line.app.db.get().await.unwrap();
    let actions = audit::store::list(&mut conn, &ticket.id.to_string(), 9)
        .await
        .unwrap();
    let actions: Vec<_> = actions
        .iter()
        .rev()
        .map(|event| event.action.as_str())
        .collect();
    assert_eq!(actions, ["ticket.take", "ticket.reply", "ticket.reply"]);
    audit::link::all(&line.app).await.unwrap();
    assert!(audit::verify::verify(&line.app).await.unwrap().is_whole());
    store::check_table(&mut conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_follows_up_and_keeps_its_place_in_the_queue() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let first = line.asks(ann, "I have been a victim of fraud").await;
    let solved = line.replies(&first, "So sorry.", Then::solved()).await;
    line.app.clock.advance(TimeDelta::days(15));

    let nothing = intake::did_not_help(&line.app, ann, first.id, " ").await;
    assert!(matches!(nothing, Err(IntakeError::Words(BadWords::Empty))));
    let late = intake::answer_back(&line.app, ann, first.id, "Still the same")
        .await
        .unwrap();
    let Answered::FollowedUp(next) = late else {
        panic!("it was too late to reopen");
    };
    assert_eq!(
        (next.follow_up_of, next.queued_at),
        (Some(first.id), solved.queued_at)
    );
    assert_eq!(
        (next.status, next.urgency.score),
        (TicketStatus::New, first.urgency.score)
    );
    let twice = intake::answer_back(&line.app, ann, first.id, "Still the same")
        .await
        .unwrap();
    assert_eq!(twice.ticket().id, next.id);
    assert_eq!(line.look(&first).await.status, TicketStatus::Solved);

    let stranger = line.person(&ANN).await;
    let not_theirs = intake::answer_back(&line.app, stranger, first.id, "Hello").await;
    assert!(matches!(not_theirs, Err(IntakeError::Missing)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_twice_is_one_question_and_too_many_are_added_to_the_newest() {
    let line = Helpline::with("[helpline]\nopen_tickets = 3").await;
    let ann = line.person(&ANN).await;
    let ask = |text: &'static str| intake::ask(&line.app, line.incident, ann, "Topic", text);
    let both = tokio::join!(ask("One?"), ask("One?"), ask("One?"));
    let ids = [both.0, both.1, both.2].map(|asked| asked.unwrap().ticket().id);
    assert!(ids.iter().all(|id| *id == ids[0]));

    line.asks(ann, "Two?").await;
    line.app.clock.advance(TimeDelta::minutes(1));
    let third = line.asks(ann, "Three?").await;
    let fourth = ask("Four?").await.unwrap();
    assert!(matches!(&fourth, Asked::Appended(ticket) if ticket.id == third.id));
    assert_eq!(ask("Four?").await.unwrap().ticket().id, third.id);
    assert_eq!(fourth.ticket().customer_message, 2);
    assert_eq!(line.number("select count(*) from ticket").await, 3);
    assert_eq!(line.number("select count(*) from ticket_message").await, 4);

    // The same words after an answer are a new message.
    let third = line.look(&third).await;
    let open = line
        .replies(&third, "Yes?", Then::to(TicketStatus::Open))
        .await;
    let back = intake::answer_back(&line.app, ann, open.id, "Four?")
        .await
        .unwrap();
    assert_eq!(back.ticket().messages, 4);

    line.app.clock.advance(TimeDelta::minutes(11));
    assert!(matches!(ask("Two?").await.unwrap(), Asked::Appended(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_a_link_cannot_fill_a_ticket_until_no_one_can_open_it() {
    let line = Helpline::with("[helpline]\nopen_tickets = 1\nmessages_a_day = 5").await;
    let [ann, bob] = [line.person(&ANN).await, line.person(&ANN).await];
    let ticket = line.asks(ann, "Question 0?").await;
    for n in 1..5 {
        let text = format!("Question {n}?");
        let asked = intake::ask(&line.app, line.incident, ann, "Topic", &text);
        asked.await.unwrap();
    }
    let more = intake::ask(&line.app, line.incident, ann, "Topic", "One more?").await;
    assert!(
        matches!(more, Err(IntakeError::Words(BadWords::TooMany))),
        "{more:?}"
    );
    let more = intake::answer_back(&line.app, ann, ticket.id, "One more?").await;
    assert!(
        matches!(more, Err(IntakeError::Words(BadWords::TooMany))),
        "{more:?}"
    );
    // A repeated message counts once, and others are not delayed.
    intake::ask(&line.app, line.incident, ann, "Topic", "Question 4?")
        .await
        .unwrap();
    line.asks(bob, "Mine?").await;
    assert_eq!(line.number("select count(*) from ticket_message").await, 6);
    line.app.clock.advance(TimeDelta::hours(25));
    intake::answer_back(&line.app, ann, ticket.id, "One more?")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_must_not_be_written_to_gets_no_message_but_an_answer_on_the_page() {
    let line = Helpline::new().await;
    let protected = line
        .person(&Someone {
            flags: 1 << 3,
            ..ANN
        })
        .await;
    let without = line.person(&Someone { email: None, ..ANN }).await;
    for person in [protected, without] {
        let ticket = line.asks(person, "Hello?").await;
        let ticket = line.replies(&ticket, "Hello.", Then::solved()).await;
        assert_eq!(line.thread(&ticket).await.len(), 2);
        code::send(&line.app, line.incident, person).await.unwrap();
    }
    assert_eq!(line.number("select count(*) from outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_gets_a_ticket_and_a_call_can_solve_it() {
    let line = Helpline::new().await;
    let ann = line
        .person(&Someone {
            exposed: 0x3FF,
            ..ANN
        })
        .await;
    for person in [Some(ann), None] {
        let caller = agent::Caller {
            incident: line.incident,
            person,
            locale: "de",
            topic: "Karte",
            verified: false,
        };
        let opened = agent::open_for_caller(&line.app, line.agent, &caller, "Sie sagt …").await;
        let ticket = opened.unwrap();
        assert_eq!(
            (ticket.status, ticket.channel),
            (TicketStatus::Open, TicketChannel::Phone)
        );
        assert_eq!(line.moves(&ticket).await, [">open staff"]);
        let seen = agent::Seen::of(&ticket);
        let then = Then::solved();
        let call = agent::log_call(&line.app, line.agent, ticket.id, seen, "Erklärt.", &then).await;
        assert_eq!(call.unwrap().status, TicketStatus::Solved);
    }
    assert_eq!(line.number("select count(*) from outbox").await, 0);
}
