//! Walk (b) under the web: a question becomes an answer, the customer writes back.

use candor::actor::Actor;
use candor::audit;
use candor::mail::Letter;
use candor::ticket::intake::{Answered, Asked, IntakeError};
use candor::ticket::store::Filter;
use candor::ticket::{BadWords, Then, TicketChannel, TicketStatus, code, desk, intake, store};
use chrono::TimeDelta;

use super::{ANN, Helpline, Someone};

/// The letter without the breaks that quoted-printable puts into lines.
fn readable(letter: &Letter) -> String {
    String::from_utf8(letter.raw.clone())
        .unwrap()
        .replace("=\r\n", "")
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

    line.send_all().await;
    let receipt = line.mail.take_sent().remove(0);
    let raw = readable(&receipt);
    assert_eq!(receipt.recipient.as_str(), "ann@home.example");
    assert!(raw.contains(ticket.number.as_str()) && raw.contains("48 hours"));
    assert!(!raw.contains("stolen"), "a receipt quotes nothing");

    let taken = desk::take_next(app, line.agent).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.status), (ticket.id, TicketStatus::Open));
    assert_eq!(taken.assignee, Some(line.agent));
    assert!(desk::take_next(app, line.agent).await.unwrap().is_none());

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

    let told = line.thread(&ticket).await;
    let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["customer", "agent", "customer", "agent"]);
    assert_eq!(told[0].1, question, "equal to the octet");
    assert_eq!(told[1].1, answer);
    assert_eq!(
        line.moves(&ticket).await,
        [
            ">new customer",
            "new>open staff",
            "open>pending staff",
            "pending>open customer",
            "open>solved staff",
            "solved>open customer",
        ]
    );
    let mut conn = app.db.get().await.unwrap();
    let deeds = audit::store::list(&mut conn, &ticket.id.to_string(), 9)
        .await
        .unwrap();
    let deeds: Vec<_> = deeds
        .iter()
        .rev()
        .map(|event| event.action.as_str())
        .collect();
    assert_eq!(deeds, ["ticket.take", "ticket.reply", "ticket.reply"]);
    audit::link::all(app).await.unwrap();
    assert!(audit::verify::verify(app).await.unwrap().is_whole());
    store::check_table(&mut conn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_follows_up_and_keeps_its_place_in_line() {
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

    // The same words after an answer are words again.
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
async fn a_link_in_wrong_hands_cannot_fill_a_ticket_until_nobody_can_open_it() {
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
    // What was sent twice was taken the first time, and others are not held up.
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
async fn who_must_not_be_written_to_gets_no_letter_but_is_answered() {
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
        let caller = desk::Caller {
            incident: line.incident,
            person,
            locale: "de",
            topic: "Karte",
            verified: false,
        };
        let opened = desk::open_for_caller(&line.app, line.agent, &caller, "Sie sagt …").await;
        let ticket = opened.unwrap();
        assert_eq!(
            (ticket.status, ticket.channel),
            (TicketStatus::Open, TicketChannel::Phone)
        );
        assert_eq!(line.moves(&ticket).await, [">open staff"]);
        let seen = desk::Seen::of(&ticket);
        let then = Then::solved();
        let call = desk::log_call(&line.app, line.agent, ticket.id, seen, "Erklärt.", &then).await;
        assert_eq!(call.unwrap().status, TicketStatus::Solved);
    }
    assert_eq!(line.number("select count(*) from outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_not_for_long() {
    let line = Helpline::new().await;
    let app = &line.app;
    let ann = line.person(&ANN).await;
    let send = async || {
        code::send(app, line.incident, ann).await.unwrap();
        line.send_all().await;
        line.mail.take_sent().pop().map(|letter| {
            let raw = readable(&letter);
            let code = raw
                .split("<strong>")
                .nth(1)
                .unwrap()
                .split('<')
                .next()
                .unwrap()
                .to_owned();
            assert!(
                !raw.lines()
                    .any(|l| l.starts_with("Subject") && l.contains(&code))
            );
            code
        })
    };
    let first = send().await.unwrap();
    assert_eq!(send().await, None, "one mail a minute");
    assert!(code::check(app, line.incident, ann, &first).await.unwrap());
    assert!(
        !code::check(app, line.incident, ann, &first).await.unwrap(),
        "once"
    );

    app.clock.advance(TimeDelta::minutes(2));
    let second = send().await.unwrap();
    let wrong = if second == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..5 {
        assert!(!code::check(app, line.incident, ann, wrong).await.unwrap());
    }
    assert!(
        !code::check(app, line.incident, ann, &second).await.unwrap(),
        "five tries"
    );

    app.clock.advance(TimeDelta::minutes(2));
    let third = send().await.unwrap();
    app.clock.advance(TimeDelta::minutes(10));
    assert!(
        !code::check(app, line.incident, ann, &third).await.unwrap(),
        "ten minutes"
    );

    app.clock.advance(TimeDelta::minutes(2));
    let fourth = send().await.unwrap();
    let tries = (0..8).map(|_| code::check(app, line.incident, ann, &fourth));
    let tries = futures_util::future::join_all(tries).await;
    assert_eq!(
        tries
            .into_iter()
            .filter(|right| *right.as_ref().unwrap())
            .count(),
        1
    );

    // Somebody else who holds the link sends for codes to guess at.
    for _ in 0..20 {
        app.clock.advance(TimeDelta::minutes(2));
        assert!(send().await.is_some());
    }
    app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(send().await, None, "twenty a day");
    app.clock.advance(TimeDelta::hours(24));
    assert!(send().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_and_the_queue_in_the_order_of_taking() {
    let line = Helpline::new().await;
    let people = line.people(7, &ANN).await;
    for (n, person) in people.iter().enumerate() {
        line.app.clock.advance(TimeDelta::minutes(1));
        let text = if n == 4 { "fraud!" } else { "hello" };
        line.asks(*person, text).await;
    }
    let keys = &line.app.keys;
    let mut conn = line.app.db.get().await.unwrap();
    let (mut queued, mut listed, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = store::queue(&mut conn, keys, after, 3).await.unwrap();
        queued.extend(page.items.into_iter().map(|t| t.person.unwrap()));
        after = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if after.is_none() {
            break;
        }
    }
    let filter = Filter {
        incident: Some(line.incident),
        ..Filter::default()
    };
    loop {
        let page = store::list(&mut conn, keys, &filter, after, 2)
            .await
            .unwrap();
        listed.extend(page.items.into_iter().map(|t| t.person.unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let by_urgency = [4, 0, 1, 2, 3, 5, 6].map(|n: usize| people[n]);
    assert_eq!(queued, by_urgency);
    assert!(listed.iter().eq(people.iter().rev()));
    let waiting = store::waiting(&mut conn).await.unwrap();
    assert_eq!((waiting.tickets, waiting.to_string().as_str()), (7, "7"));
    for person in by_urgency {
        let taken = desk::take_next(&line.app, line.agent)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(taken.person, Some(person));
    }
    assert_eq!(
        store::mine(&mut conn, keys, line.agent)
            .await
            .unwrap()
            .len(),
        7
    );
    let number = store::of_person(&mut conn, keys, people[0]).await.unwrap()[0]
        .number
        .clone();
    assert!(
        store::find_theirs(&mut conn, keys, people[0], &number)
            .await
            .is_ok()
    );
    assert!(
        store::find_theirs(&mut conn, keys, people[1], &number)
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_anybody_is_readable_in_the_tables() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = intake::ask(
        &line.app,
        line.incident,
        ann,
        "PLANTED topic",
        "PLANTED words",
    )
    .await;
    let ticket = asked.unwrap().ticket().clone();
    let open = line
        .replies(&ticket, "PLANTED answer", Then::to(TicketStatus::Open))
        .await;
    desk::note(&line.app, line.agent, open.id, "PLANTED note")
        .await
        .unwrap();
    code::send(&line.app, line.incident, ann).await.unwrap();
    for table in [
        "ticket",
        "ticket_message",
        "ticket_history",
        "outbox",
        "audit_event",
    ] {
        let planted = format!(
            "select count(*) from {table} t where encode(convert_to(t::text, 'UTF8'), 'escape') \
             ~* 'planted|504c414e544544|ann@home|616e6e40686f6d65|Ann Lee'"
        );
        assert_eq!(line.number(&planted).await, 0, "{table}");
    }
    // Destroying the key leaves the ticket and its history, without a word.
    line.sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    let mut conn = line.app.db.get().await.unwrap();
    let gone = store::find(&mut conn, &line.app.keys, ticket.id)
        .await
        .unwrap();
    let words = store::thread(&mut conn, &line.app.keys, &gone, 0)
        .await
        .unwrap();
    assert!(gone.subject.is_none() && words.iter().all(|message| message.text.is_none()));
    assert_eq!(line.moves(&gone).await.len(), 2);
    let (by, then) = (Actor::Staff(line.agent), line.then(TicketStatus::Solved));
    let deed = desk::transition(&line.app, by, gone.id, gone.version, &then);
    assert!(deed.await.is_ok(), "a forgotten matter can still be ended");
}
