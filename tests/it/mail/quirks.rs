//! Servers that answer in other forms than RFC 5321 has: the meaning of the reply still counts.

use std::time::{Duration, Instant};

use candor::mail::{Relay, Reply};

use super::scripted::{Act, serve};
use super::{MODERN, accepted, letter, line, relay};

/// Replies in odd forms: the octets, the code that counts, and the beginning of the words that are kept.
const ODD: &[(Act, u16, &str)] = &[
    (Act::Raw("571 5.7.1 no\r\n"), 571, "5.7.1 no"),
    (Act::Raw("471 4.7.1 later\r\n"), 471, "4.7.1 later"),
    (Act::Raw("550\r\n"), 550, ""),
    (Act::Raw("550 \r\n"), 550, ""),
    (
        Act::Raw("550-first line\r\n551 second line\r\n"),
        551,
        "first line second line",
    ),
    (
        Act::Raw("450-first line\r\n550 second line\r\n"),
        550,
        "first line second line",
    ),
    (
        Act::Raw("550 5.1.1 no such user\n"),
        550,
        "5.1.1 no such user",
    ),
    (
        Act::Raw("550-5.1.1 one\n550 5.1.1 two\n"),
        550,
        "5.1.1 one two",
    ),
    (
        Act::Raw("550\t5.1.1 no such user\r\n"),
        550,
        "5.1.1 no such user",
    ),
    (
        Act::Raw("550   5.1.1 no such user\r\n"),
        550,
        "5.1.1 no such user",
    ),
    (Act::Raw("  550 no such user\r\n"), 550, "no such user"),
    (
        Act::Raw("550 5.1.1 no\rsuch user\r\n"),
        550,
        "5.1.1 no such user",
    ),
    (
        Act::Raw("550 5.1.1 no\0such user\r\n"),
        550,
        "5.1.1 no such user",
    ),
    (
        Act::Octets(b"550 5.1.1 Benutzer \xfcnbekannt\r\n"),
        550,
        "5.1.1 Benutzer ünbekannt",
    ),
    (
        Act::Raw("550-listed at\r\n192.0.2.1.bl.example\r\n550 sorry\r\n"),
        550,
        "listed at 192.0.2.1.bl.example sorry",
    ),
    (Act::Raw("599 what\r\n"), 599, "what"),
    (Act::Raw("421 4.7.0 \r\n"), 421, "4.7.0"),
];

fn said(reply: &Reply) -> (Option<u16>, String) {
    match reply {
        Reply::Deferred { code, text, .. } | Reply::Refused { code, text, .. } => {
            (*code, text.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_counts_in_every_form() {
    for stage in ["MAIL", "RCPT", "DATA", "TEXT"] {
        for offers in [MODERN, &MODERN[1..]] {
            for (act, code, words) in ODD {
                let mut first = true;
                let server = serve(offers, move |_, at| {
                    match at == stage && std::mem::take(&mut first) {
                        true => *act,
                        false => Act::Usual,
                    }
                })
                .await;
                let mut line = line(&server).await;
                let (heard, text) = said(&line.send(&letter(1)).await);
                assert_eq!(heard, Some(*code), "{stage} {act:?}");
                assert!(text.starts_with(words), "{stage} {act:?}: {text:?}");
                assert!(accepted(&line.send(&letter(2)).await), "{stage} {act:?}");
                let connections = 1 + usize::from(*code == 421);
                assert_eq!(server.connections(), connections, "{stage} {act:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_reply_that_accepts_a_message_counts_in_every_form() {
    let long: &'static str = format!("250 2.0.0 {}\r\n", "q".repeat(400_000)).leak();
    for words in [
        "250\r\n",
        "250 \r\n",
        "250\n",
        "250 2.0.0 queued\n",
        "252 accepted\r\n",
        "250-2.0.0 ok\r\n251 second\r\n",
        "250-\r\n250-2.0.0 queued\r\n250 2.0.0 as 42\r\n",
        "250 2.0.0 ok\0 queued\r\n",
        "\r\n250 ok\r\n",
        "299 yes\r\n",
        long,
    ] {
        let server = serve(MODERN, move |_, at| match at {
            "TEXT" => Act::Raw(words),
            _ => Act::Usual,
        })
        .await;
        let mut line = line(&server).await;
        for number in 1..=3 {
            let reply = line.send(&letter(number)).await;
            let short = words.get(..40).unwrap_or(words);
            assert!(
                matches!(reply, Reply::Accepted { .. }),
                "{short:?}: {reply:?}"
            );
        }
        assert_eq!((server.connections(), server.texts().len()), (1, 3));
    }
}

#[tokio::test]
async fn a_server_that_answers_with_bare_codes_alone_gets_its_messages() {
    let server = serve(MODERN, |_, at| match at {
        "CONNECT" => Act::Raw("220\r\n"),
        "EHLO" => Act::Raw("250-quirk\r\n250-PIPELINING\r\n250\r\n"),
        "DATA" => Act::Raw("354\r\n"),
        _ => Act::Raw("250\r\n"),
    })
    .await;
    let mut line = line(&server).await;
    for number in 1..=3 {
        assert!(accepted(&line.send(&letter(number)).await));
    }
    assert_eq!(server.bursts_of_opening(), [1; 3], "PIPELINING was read");
}

#[tokio::test]
async fn odd_greetings_and_features_are_read() {
    for greeting in [
        "220-test\r\n220-no bulk mail\r\n220 please\r\n",
        "220\n",
        "220-\r\n220 \r\n",
        "\r\n220 test\r\n",
    ] {
        for ehlo in [
            "250-\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            "250-test\n250-PIPELINING\n250 8BITMIME\n",
            "250-test\r\n250-pipelining\r\n250\r\n",
            "250\tPIPELINING\r\n",
            "502 5.5.1 EHLO not implemented\r\n",
        ] {
            let server = serve(&[], move |_, at| match at {
                "CONNECT" => Act::Raw(greeting),
                "EHLO" => Act::Raw(ehlo),
                _ => Act::Usual,
            })
            .await;
            let mut line = line(&server).await;
            assert!(
                accepted(&line.send(&letter(1)).await),
                "{greeting:?} {ehlo:?}"
            );
            let pipelines = !ehlo.starts_with("502");
            let bursts = if pipelines { 1 } else { 3 };
            assert_eq!(server.bursts_of_opening(), [bursts], "{ehlo:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_us_or_is_no_mail_server_is_recognised_at_once() {
    for (greeting, why) in [
        (
            "220-test\r\n554 5.7.1 no service\r\n",
            "the relay did not welcome us (554)",
        ),
        ("421\r\n", "the relay did not welcome us (421)"),
        ("HTTP/1.1 400 Bad Request\r\n", "what it says is not SMTP"),
    ] {
        let server = serve(MODERN, move |_, at| match at {
            "CONNECT" => Act::Raw(greeting),
            _ => Act::Usual,
        })
        .await;
        let url = format!("smtp://127.0.0.1:{}", server.port);
        let begun = Instant::now();
        let refused = Relay::from_url("test", &url)
            .expect("a relay")
            .connect()
            .await;
        let Err(Reply::Unreachable { why: said }) = refused else {
            panic!("{refused:?}");
        };
        assert!(said.contains(why), "{said}");
        assert!(
            begun.elapsed() < Duration::from_secs(9),
            "without waiting for more"
        );
    }
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_taken_for_an_answer() {
    let mut texts = 0;
    let server = serve(MODERN, move |_, at| {
        texts += usize::from(at == "TEXT");
        match at == "TEXT" && texts == 1 {
            true => Act::Raw("250 2.0.0 queued\r\n250 2.0.0 queued indeed\r\n"),
            false => Act::Usual,
        }
    })
    .await;
    let mut line = line(&server).await;
    for number in 1..=3 {
        assert!(accepted(&line.send(&letter(number)).await));
    }
    let texts = server.texts();
    assert_eq!(
        (server.connections(), texts.len()),
        (2, 3),
        "a new connection is in step"
    );
}

/// The server's offers, and its reply to each of our commands.
type Dialect = (&'static str, &'static [(&'static str, &'static str)]);

const DIALECTS: [Dialect; 9] = [
    ("auth plain login", &[("AUTH", "235 2.7.0 ok")]),
    ("AUTH plain", &[("AUTH", "235")]),
    ("AUTH=LOGIN PLAIN", &[("AUTH", "235 ok")]),
    (
        "AUTH PLAIN",
        &[("AUTH", "334 "), ("AHUAcEBzcw==", "235 ok")],
    ),
    ("AUTH PLAIN", &[("AUTH", "334"), ("AHUAcEBzcw==", "235 ok")]),
    // base64 of "Enter your login name" and "Enter your password".
    (
        "AUTH LOGIN",
        &[
            ("AUTH", "334 RW50ZXIgeW91ciBsb2dpbiBuYW1l"),
            ("dQ==", "334 RW50ZXIgeW91ciBwYXNzd29yZA=="),
            ("cEBzcw==", "235 2.7.0 ok"),
        ],
    ),
    (
        "AUTH=login",
        &[("AUTH", "334"), ("dQ==", "334"), ("cEBzcw==", "235")],
    ),
    (
        "AUTH LOGIN",
        &[
            ("AUTH", "334 not base64"),
            ("dQ==", "334 ?"),
            ("cEBzcw==", "235 ok"),
        ],
    ),
    // Offered and yet unknown to the server.
    (
        "AUTH PLAIN LOGIN",
        &[
            ("AUTH PLAIN AHUAcEBzcw==", "504 5.5.4 not here"),
            ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
            ("dQ==", "334 UGFzc3dvcmQ6"),
            ("cEBzcw==", "235 2.7.0 ok"),
        ],
    ),
];

#[tokio::test]
async fn signing_in_works_with_every_form_of_auth_reply() {
    for (offer, answers) in DIALECTS {
        let offers: &'static [&'static str] = vec!["8BITMIME", offer].leak();
        let mut left = answers.iter();
        let server = serve(offers, move |_, at| match at {
            "CONNECT" | "EHLO" | "MAIL" | "RCPT" | "DATA" | "TEXT" | "QUIT" => Act::Usual,
            at => match left.next() {
                Some((asked, says)) if asked.split(' ').next() == Some(at) => Act::Say(says),
                _ => Act::Say("501 out of turn"),
            },
        })
        .await;
        let url = format!("smtp://u:p%40ss@127.0.0.1:{}?timeout=5", server.port);
        let relay = Relay::from_url("test", &url).expect("a relay");
        let mut line = relay
            .connect()
            .await
            .unwrap_or_else(|why| panic!("{offer}: {why:?}"));
        assert!(accepted(&line.send(&letter(1)).await), "{offer}");
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_is_not_tried_twice() {
    let server = serve(&["AUTH PLAIN LOGIN"], |_, at| match at {
        "AUTH" => Act::Say("535 5.7.8 no"),
        _ => Act::Usual,
    })
    .await;
    let url = format!("smtp://u:p@127.0.0.1:{}?timeout=5", server.port);
    let refused = Relay::from_url("test", &url)
        .expect("a relay")
        .connect()
        .await;
    assert!(matches!(refused, Err(Reply::Unreachable { why }) if why.contains("(535)")));
    let tries = server
        .heard()
        .iter()
        .filter(|line| line.starts_with("AUTH"))
        .count();
    assert_eq!(tries, 1, "a relay may lock who fails too often");
    let none = serve(&["AUTH CRAM-MD5"], |_, _| Act::Usual).await;
    let url = format!("smtp://u:p@127.0.0.1:{}?timeout=5", none.port);
    let refused = Relay::from_url("test", &url)
        .expect("a relay")
        .connect()
        .await;
    assert!(matches!(refused, Err(Reply::Unreachable { why }) if why.contains("PLAIN or LOGIN")));
}

#[tokio::test]
async fn only_silence_or_the_end_of_the_connection_is_lost() {
    for (act, stage) in [
        (Act::HangUp, "RCPT"),
        (Act::Raw("550 half a li"), "RCPT"),
        (Act::Raw("no digits\r\n"), "RCPT"),
    ] {
        let server = serve(&[], move |_, at| if at == stage { act } else { Act::Usual }).await;
        let url = format!("smtp://127.0.0.1:{}?timeout=1", server.port);
        let relay = Relay::from_url("test", &url).expect("a relay");
        let mut line = relay.connect().await.expect("connects");
        let reply = line.send(&letter(1)).await;
        assert!(
            matches!(reply, Reply::Unreachable { .. }),
            "{act:?}: {reply:?}"
        );
        assert!(server.texts().iter().all(String::is_empty), "{act:?}");
    }
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_named() {
    let refused = Relay::from_url("test", "smtp://no-such-host.invalid:25")
        .expect("a relay")
        .connect()
        .await;
    let Err(Reply::Unreachable { why }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        why.contains("no address was found for the relay's host no-such-host.invalid"),
        "{why}"
    );
}

#[tokio::test]
async fn an_address_that_does_not_greet_us_is_passed_over() {
    let silent = std::net::TcpListener::bind("127.0.0.2:0").expect("a port");
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let there = std::net::TcpListener::bind(("127.0.0.2", server.port));
    let url = format!(
        "smtp://relay.test:{}?timeout=1&address=127.0.0.2&address=127.0.0.1",
        server.port
    );
    let mut line = Relay::from_url("test", &url)
        .expect("a relay")
        .connect()
        .await
        .expect("connects");
    assert!(accepted(&line.send(&letter(1)).await));
    drop((silent, there, relay(&server)));
}
