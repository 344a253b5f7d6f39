//! A message with its MAIL FROM pipelined with the end of the message before it (RFC 2920 §3.1).

use std::future::ready;

use candor::mail::{Letter, Line, Relay, Reply, always};

use super::scripted::{Act, Server, hangs_up_at, serve};
use super::{MODERN, accepted, letter, line};

/// Sends a message and announces another.
async fn send(line: &mut Line, this: &Letter, next: Option<&Letter>) -> Reply {
    let reply = line.send_if(this, next, ready(true), always).await;
    reply.expect("it was permitted")
}

/// Sends messages 1 to `n`, each announced with the one before it; returns how many were accepted.
async fn send_all(line: &mut Line, n: u32) -> usize {
    let letters: Vec<Letter> = (1..=n).map(letter).collect();
    let mut sent = 0;
    for (i, this) in letters.iter().enumerate() {
        sent += usize::from(accepted(&send(line, this, letters.get(i + 1)).await));
    }
    sent
}

fn named(server: &Server, word: &str) -> usize {
    let heard = server.heard();
    heard.iter().filter(|line| line.starts_with(word)).count()
}

#[tokio::test]
async fn the_next_recipient_is_sent_with_the_end_of_a_message() {
    for (offers, announced) in [(MODERN, 4), (&MODERN[1..], 0)] {
        let server = serve(offers, |_, _| Act::Usual).await;
        let mut line = line(&server).await;
        assert_eq!(send_all(&mut line, 5).await, 5);
        line.close().await;
        assert_eq!(server.announced(), announced, "{offers:?}");
        assert_eq!((server.connections(), named(&server, "MAIL")), (1, 5));
        let expected: Vec<String> = (1..=5)
            .map(|n| String::from_utf8(letter(n).raw).expect("text"))
            .collect();
        assert_eq!(server.texts(), expected);
        assert_eq!(server.heard().last().map(String::as_str), Some("QUIT"));
    }
}

#[tokio::test]
async fn a_relay_without_pipelining_gets_one_command_after_the_other() {
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let url = format!("smtp://127.0.0.1:{}?pipelining=no", server.port);
    let relay = Relay::from_url("slow", &url).expect("a relay");
    let mut line = relay.connect().await.expect("connects");
    assert_eq!(send_all(&mut line, 3).await, 3);
    assert_eq!(
        (server.announced(), server.bursts_of_opening()),
        (0, vec![3; 3])
    );
}

#[tokio::test]
async fn the_announced_message_gets_its_own_answers_whatever_the_result_of_the_one_before() {
    for (stage, words) in [
        ("TEXT", "554 5.7.1 no"),
        ("TEXT", "451 4.3.0 later"),
        ("RCPT", "550 5.1.1 unknown"),
        ("MAIL", "451 4.3.0 later"),
    ] {
        let mut seen = 0;
        let server = serve(MODERN, move |_, at| {
            seen += u32::from(at == stage);
            match at == stage && seen == 2 {
                true => Act::Say(words),
                false => Act::Usual,
            }
        })
        .await;
        let mut line = line(&server).await;
        assert_eq!(send_all(&mut line, 4).await, 3, "{stage} {words}");
        assert_eq!(server.connections(), 1, "{stage} {words}");
    }
}

#[tokio::test]
async fn a_server_that_ends_connections_gets_every_message_and_no_more_announcements_there() {
    for farewell in ["", "421 4.7.0 enough", "452 4.5.3 too many messages"] {
        let mut letters = [0; 9];
        let server = serve(MODERN, move |connection, at| {
            letters[connection] += u32::from(at == "MAIL");
            match at {
                "MAIL" if letters[connection] == 4 && farewell.is_empty() => Act::HangUp,
                "MAIL" if letters[connection] == 4 => Act::Farewell(farewell),
                _ => Act::Usual,
            }
        })
        .await;
        let mut line = line(&server).await;
        assert_eq!(send_all(&mut line, 10).await, 10, "{farewell}");
        assert_eq!((server.connections(), server.texts().len()), (4, 10));
        // The fourth message of the first connection was announced; of later connections only the second and third.
        assert_eq!(server.announced(), 3 + 2 + 2, "{farewell}");
    }
}

#[tokio::test]
async fn a_connection_lost_after_a_text_says_nothing_about_the_announced_message() {
    let mut texts = 0;
    let server = serve(MODERN, move |_, at| {
        texts += u32::from(at == "TEXT");
        match at == "TEXT" && texts == 2 {
            true => Act::HangUp,
            false => Act::Usual,
        }
    })
    .await;
    let mut line = line(&server).await;
    let letters: Vec<Letter> = (1..=3).map(letter).collect();
    assert!(accepted(
        &send(&mut line, &letters[0], Some(&letters[1])).await
    ));
    let unknown = send(&mut line, &letters[1], Some(&letters[2])).await;
    assert!(matches!(unknown, Reply::Unknown { .. }), "{unknown:?}");
    assert!(!line.healthy());
    assert!(accepted(&send(&mut line, &letters[2], None).await));
    assert_eq!((server.connections(), server.texts().len()), (2, 3));
}

#[tokio::test]
async fn another_message_than_the_announced_one_costs_a_connection_and_nothing_is_mixed_up() {
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let mut line = line(&server).await;
    assert!(accepted(
        &send(&mut line, &letter(1), Some(&letter(2))).await
    ));
    assert!(accepted(&send(&mut line, &letter(3), None).await));
    let texts = server.texts();
    assert_eq!((server.connections(), texts.len()), (2, 2));
    assert!(texts[1].contains("Letter 3"), "{texts:?}");
}

#[tokio::test]
async fn an_announced_message_that_may_not_leave_after_all_does_not() {
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let mut line = line(&server).await;
    assert!(accepted(
        &send(&mut line, &letter(1), Some(&letter(2))).await
    ));
    let held = line.send_if(&letter(2), None, ready(false), always).await;
    assert_eq!((held.is_none(), line.healthy()), (true, false));
    // Also not once the connection is closed: the server would take QUIT for a text.
    let mut line = super::line(&server).await;
    assert!(accepted(
        &send(&mut line, &letter(3), Some(&letter(4))).await
    ));
    line.close().await;
    assert_eq!((server.texts().len(), named(&server, "QUIT")), (2, 0));
}

#[tokio::test]
async fn lost_before_its_text_an_announced_message_was_not_delivered() {
    for stage in ["MAIL", "RCPT", "DATA"] {
        let mut first = true;
        let server = serve(MODERN, move |_, at| match at {
            "TEXT" => {
                first = false;
                Act::Usual
            }
            at if at == stage && !first => hangs_up_at(stage)(1, at),
            _ => Act::Usual,
        })
        .await;
        let mut line = line(&server).await;
        assert!(accepted(
            &send(&mut line, &letter(1), Some(&letter(2))).await
        ));
        let reply = send(&mut line, &letter(2), None).await;
        assert!(
            matches!(reply, Reply::Unreachable { .. }),
            "{stage}: {reply:?}"
        );
        assert_eq!(server.texts().len(), 1);
    }
}
