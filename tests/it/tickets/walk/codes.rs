//! Codes, lists of tickets, and what the tables contain.

use candor::db::Conn;
use candor::id::PersonId;
use candor::seal::Keyring;

use super::*;

/// The code that a message brings, if one is sent.
async fn sent(line: &Helpline, ann: PersonId) -> Option<String> {
    code::send(&line.app, line.incident, ann).await.unwrap();
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_not_for_long() {
    let line = Helpline::new().await;
    let app = &line.app;
    let ann = line.person(&ANN).await;
    let send = async || sent(&line, ann).await;
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

    // A stranger who holds the link asks for codes to guess at.
    for _ in 0..20 {
        app.clock.advance(TimeDelta::minutes(2));
        assert!(send().await.is_some());
    }
    app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(send().await, None, "twenty a day");
    app.clock.advance(TimeDelta::hours(24));
    assert!(send().await.is_some());
}

/// The people of the queue, page by page.
async fn queued(conn: &mut Conn, keys: &Keyring) -> Vec<PersonId> {
    let (mut queued, mut after) = (Vec::new(), None);
    loop {
        let page = store::queue(conn, keys, after, 3).await.unwrap();
        queued.extend(page.items.into_iter().map(|t| t.person.unwrap()));
        after = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if after.is_none() {
            break;
        }
    }
    queued
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
    let (mut listed, mut after) = (Vec::new(), None);
    let queued = queued(&mut conn, keys).await;
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
        let taken = agent::take_next(&line.app, line.agent)
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
async fn no_personal_word_is_readable_in_the_tables() {
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
    agent::note(&line.app, line.agent, open.id, "PLANTED note")
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
    // Destroying the key leaves the ticket and its history, without any text.
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
    let action = agent::transition(&line.app, by, gone.id, gone.version, &then);
    assert!(
        action.await.is_ok(),
        "a forgotten matter can still be ended"
    );
}
