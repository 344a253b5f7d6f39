//! Real questions and hostile ones: each becomes a ticket with exactly the same octets.

use std::path::Path;

use candor::ticket::intake::IntakeError;
use candor::ticket::{BadWords, Then, TicketStatus, intake};
use futures_util::StreamExt;
use futures_util::stream;

use super::{ANN, Helpline};

fn corpus(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(name);
    let found = std::fs::read(path).ok();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "the corpora are needed");
        println!("questions were not asked: no corpora/{name}");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_bank_customers_becomes_a_ticket_with_equal_octets() {
    let Some(csv) = corpus("banking77/test.csv") else {
        return;
    };
    let line = &Helpline::with("[helpline]\nopen_tickets = 1000\nmessages_a_day = 1000").await;
    let mut rows = csv::Reader::from_reader(&csv[..]);
    let questions: Vec<String> = rows
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(questions.len(), 3_080);
    let people = line.people(154, &ANN).await;
    let asked = questions.iter().enumerate().map(|(n, text)| {
        let person = people[n % people.len()];
        async move { (text, line.asks(person, text).await) }
    });
    let asked: Vec<_> = stream::iter(asked).buffer_unordered(12).collect().await;
    assert_eq!(
        line.number("select count(*) from ticket where status = 'new'")
            .await,
        3_080
    );
    assert_eq!(line.number("select count(*) from outbox").await, 3_080);
    let read = asked.iter().map(|(text, ticket)| async move {
        assert_eq!(
            line.thread(ticket).await,
            [("customer".to_owned(), (*text).clone())]
        );
    });
    stream::iter(read)
        .buffer_unordered(12)
        .collect::<Vec<_>>()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_asked_answered_and_read_back_equal() {
    let Some(json) = corpus("naughty-strings/blns.json") else {
        return;
    };
    let line = Helpline::with("[helpline]\nopen_tickets = 1000\nmessages_a_day = 1000").await;
    let mut texts: Vec<String> = serde_json::from_slice(&json).unwrap();
    texts.sort();
    texts.dedup();
    texts.push("\0 NUL and \u{7} bell\r\n\r\n.\r\nlone \r return \u{FFFF}".to_owned());
    texts.push("é".repeat(20_000));
    let ann = line.person(&ANN).await;
    let (mut taken, mut refused) = (0, 0);
    for text in &texts {
        let topic = text.chars().take(200).collect::<String>();
        match intake::ask(&line.app, line.incident, ann, &topic, text).await {
            Ok(asked) => {
                taken += 1;
                let ticket = asked.ticket();
                let answered = line
                    .replies(ticket, text, Then::to(TicketStatus::Open))
                    .await;
                let told = line.thread(&answered).await;
                assert!(told.iter().all(|(_, said)| said == text) && told.len() == 2);
                let subject = answered.subject.unwrap();
                assert!(subject == topic || topic.trim().is_empty());
            }
            Err(IntakeError::Words(BadWords::Empty)) => {
                let is_sign = |c: char| c.is_alphanumeric() || c.is_ascii_punctuation();
                assert!(!text.contains(is_sign), "{text:?} shows something");
                refused += 1;
            }
            Err(other) => panic!("{text:?}: {other}"),
        }
    }
    assert!(
        taken > 500 && refused < 10,
        "{taken} taken, {refused} refused"
    );
    let long = "é".repeat(20_001);
    let refused = intake::ask(&line.app, line.incident, ann, "", &long).await;
    assert!(matches!(
        refused,
        Err(IntakeError::Words(BadWords::TooLong))
    ));

    line.send_all().await;
    assert_eq!(line.mail.sent().len(), taken * 2);
    assert_eq!(
        line.number("select count(*) from outbox where status <> 'sent'")
            .await,
        0
    );
}
