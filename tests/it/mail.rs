//! Messages through real and misbehaving mail servers, into folders, and back through a parser.

mod announced;
mod messages;
mod parse;
mod quirks;
pub(crate) mod scripted;
mod servers;
mod signed;
pub(crate) mod sink;
mod tls;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use candor::address::EmailAddress;
use candor::mail::{Draft, Letter, Line, Mailbox, Relay, Reply, compose};
use chrono::DateTime;

use scripted::{Act, Server, serve};

/// EHLO lines of a modern server.
const MODERN: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 100000"];

pub(crate) fn draft(number: u32) -> Draft {
    let address = |text: &str| EmailAddress::parse(text).expect("an address");
    Draft {
        from: Mailbox {
            name: "Example Helpline".into(),
            address: address("help@example.com"),
        },
        to: Mailbox {
            name: "Ann Example".into(),
            address: address("ann.example@home.example"),
        },
        return_path: address("bounce@example.com"),
        subject: format!("About your data, {number}"),
        text: format!("Letter {number}\n.\n..two dots\n.one dot\nend\n"),
        html: Some("<p>Letter</p>\n".into()),
        message_id: format!("{number}@example.com"),
        date: DateTime::from_timestamp(1_629_450_672, 0).expect("a moment"),
        language: "en".into(),
        reply_to: None,
        headers: Vec::new(),
    }
}

pub(crate) fn letter(number: u32) -> Letter {
    compose(&draft(number)).expect("composes")
}

fn letter_to(address: &str) -> Letter {
    let mut draft = draft(1);
    draft.to.address = EmailAddress::parse(address).expect("an address");
    compose(&draft).expect("composes")
}

/// A directory of this test's own, removed with it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("candor-mail-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch directory");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says that a test did not run; on CI that is a failure.
pub(crate) fn did_not_run(test: &str, missing: &str) {
    assert!(std::env::var_os("CI").is_none(), "{test} needs {missing}");
    println!("{test} did not run: no {missing}");
}

async fn line(server: &Server) -> Line {
    relay(server).connect().await.expect("connects")
}

fn relay(server: &Server) -> Relay {
    Relay::from_url(
        "test",
        &format!("smtp://127.0.0.1:{}?timeout=5", server.port),
    )
    .expect("a relay")
}

fn accepted(reply: &Reply) -> bool {
    matches!(reply, Reply::Accepted { code: 250, .. })
}

#[tokio::test]
async fn a_failure_while_connecting_counts_against_the_relay() {
    for act in [
        Act::HangUp,
        Act::Silence,
        Act::Say("554 5.7.1 not you"),
        Act::Farewell("421 busy"),
        Act::Say("HTTP/1.1 200 OK"),
    ] {
        for stage in ["CONNECT", "EHLO"] {
            let server = serve(
                MODERN,
                move |_, at| if at == stage { act } else { Act::Usual },
            )
            .await;
            let url = format!("smtp://127.0.0.1:{}?timeout=1", server.port);
            let reply = Relay::from_url("test", &url)
                .expect("a relay")
                .connect()
                .await
                .expect_err("fails");
            assert!(
                matches!(reply, Reply::Unreachable { .. }),
                "{stage} {act:?}: {reply:?}"
            );
        }
    }
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let away = Relay::from_url("test", &format!("smtp://{unused}"))
        .expect("a relay")
        .connect()
        .await;
    assert!(matches!(away, Err(Reply::Unreachable { why }) if why.contains("refused")));
}

#[tokio::test]
async fn a_message_that_the_server_cannot_deliver_fails_with_a_reason() {
    let server = serve(&["PIPELINING", "SIZE 600"], |_, _| Act::Usual).await;
    let mut line = line(&server).await;
    let status = |reply| match reply {
        Reply::CannotCarry { enhanced, .. } => enhanced,
        other => panic!("{other:?}"),
    };
    assert_eq!(status(line.send(&letter(1)).await), "5.3.4");
    assert_eq!(
        status(line.send(&letter_to("δοκιμή@home.example")).await),
        "5.6.7"
    );
    let mut eight_bit = letter(1);
    eight_bit.raw = "Subject: ü\r\n\r\nü\r\n".into();
    assert_eq!(status(line.send(&eight_bit).await), "5.6.3");
    assert!(
        server.heard().iter().all(|word| !word.starts_with("MAIL")),
        "and nothing was said of it"
    );
    assert!(line.healthy());
}

#[tokio::test]
async fn internationalised_addresses_go_through_where_they_can() {
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let mut line = line(&server).await;
    assert!(accepted(
        &line.send(&letter_to("δοκιμή@bücher.example")).await
    ));
    assert!(accepted(&line.send(&letter_to("ann@bücher.example")).await));
    let heard = server.heard();
    assert!(
        heard
            .iter()
            .any(|word| word == "RCPT TO:<δοκιμή@xn--bcher-kva.example>"),
        "{heard:?}"
    );
    let mails: Vec<_> = heard
        .iter()
        .filter(|word| word.starts_with("MAIL"))
        .collect();
    assert!(mails[0].ends_with(" BODY=8BITMIME SMTPUTF8"), "{mails:?}");
    assert!(
        !mails[1].contains("UTF8"),
        "a domain alone needs no extension"
    );
}

#[tokio::test]
async fn a_server_that_accepts_only_one_ehlo_gets_its_messages() {
    let mut greeted = false;
    let server = serve(MODERN, move |_, at| match at {
        "EHLO" if std::mem::replace(&mut greeted, true) => Act::Say("503 5.5.1 Already identified"),
        _ => Act::Usual,
    })
    .await;
    let mut line = line(&server).await;
    for to in ["ann@home.example", "δοκιμή@home.example"] {
        assert!(accepted(&line.send(&letter_to(to)).await), "{to}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn signing_in_works_and_a_failure_counts_against_the_relay() {
    for (offer, words) in [
        ("AUTH PLAIN LOGIN", "AUTH PLAIN AHUAcEBzcw=="),
        ("AUTH LOGIN", "AUTH LOGIN"),
    ] {
        let offers: &'static [&'static str] = vec![offer].leak();
        for (answer, good) in [("235 welcome", true), ("535 5.7.8 no", false)] {
            let server = serve(offers, move |_, at| match at {
                "AUTH" if words == "AUTH LOGIN" => Act::Say("334 VXNlcm5hbWU6"),
                "dQ==" => Act::Say("334 UGFzc3dvcmQ6"),
                "AUTH" | "cEBzcw==" => Act::Say(answer),
                _ => Act::Usual,
            })
            .await;
            let url = format!("smtp://u:p%40ss@127.0.0.1:{}?timeout=5", server.port);
            let line = Relay::from_url("test", &url)
                .expect("a relay")
                .connect()
                .await;
            assert_eq!(line.is_ok(), good, "{offer}: {line:?}");
            assert!(
                server.heard().iter().any(|word| word == words),
                "{:?}",
                server.heard()
            );
        }
    }
}

#[tokio::test]
async fn a_folder_keeps_whole_messages_in_order_of_time() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("out");
    let relay = Relay::from_url("test", &format!("file://{}", folder.display())).expect("a relay");
    let mut line = relay.connect().await.expect("connects");
    for number in [2, 1, 2] {
        assert!(accepted(&line.send(&letter(number)).await));
    }
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    assert_eq!(
        names.len(),
        2,
        "sent again, a message replaces itself: {names:?}"
    );
    assert!(
        names[0].ends_with("20210820T091112.000Z-1@example.com.eml"),
        "{names:?}"
    );
    assert_eq!(std::fs::read(&names[1]).expect("readable"), letter(2).raw);
    std::fs::remove_dir_all(&folder).expect("removed");
    std::fs::write(&folder, "in the way").expect("written");
    assert!(matches!(
        line.send(&letter(3)).await,
        Reply::Unreachable { .. }
    ));
}

#[tokio::test]
async fn the_memory_relay_answers_as_it_was_told() {
    let memory = candor::mail::memory::MemoryRelay::new("test");
    let mut line = Relay::Memory(memory.clone())
        .connect()
        .await
        .expect("connects");
    memory.answer_next([Reply::heard(450, "later", None)]);
    memory.answer_by(|letter| {
        letter
            .message_id
            .starts_with('3')
            .then(|| Reply::heard(550, "no", None))
    });
    let mut accepted_ones = Vec::new();
    for number in 1..=4 {
        accepted_ones.push(accepted(&line.send(&letter(number)).await));
    }
    assert_eq!(accepted_ones, [false, true, false, true]);
    assert_eq!(memory.sent().len(), 2);
    memory.set_away(true);
    assert!(matches!(
        line.send(&letter(5)).await,
        Reply::Unreachable { .. }
    ));
    assert!(Relay::Memory(memory).connect().await.is_err());
}
