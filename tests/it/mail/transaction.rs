//! One SMTP transaction after the other, with every kind of failure.

use candor::mail::{Relay, Reply};

use super::scripted::{Act, hangs_up_at, serve};
use super::{MODERN, accepted, letter, line};

#[tokio::test]
async fn commands_are_pipelined_when_the_server_offers_it() {
    for (offers, bursts) in [(MODERN, 1), (&MODERN[1..], 3)] {
        let server = serve(offers, |_, _| Act::Usual).await;
        let mut line = line(&server).await;
        for number in 1..=3 {
            assert!(accepted(&line.send(&letter(number)).await));
        }
        line.close().await;
        let heard = server.heard();
        assert_eq!(
            heard.iter().filter(|word| word.starts_with("MAIL")).count(),
            3
        );
        assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
        assert_eq!(server.bursts_of_opening(), vec![bursts; 3], "{offers:?}");
    }
}

#[tokio::test]
async fn the_text_arrives_as_it_was_whatever_its_dots() {
    let server = serve(MODERN, |_, _| Act::Usual).await;
    let mut line = line(&server).await;
    let sent = letter(7);
    assert!(accepted(&line.send(&sent).await));
    assert_eq!(
        server.texts(),
        vec![String::from_utf8(sent.raw).expect("text")]
    );
}

#[tokio::test]
async fn a_refused_recipient_is_followed_by_a_lone_dot_or_rset() {
    // RFC 2920: some servers accept DATA without a recipient.
    for (data, ends) in [
        ("354 go ahead", "TEXT "),
        ("554 no valid recipients", "RSET"),
    ] {
        for offers in [MODERN, &MODERN[1..]] {
            let mut recipients = 0;
            let server = serve(offers, move |_, stage| match stage {
                "RCPT" => {
                    recipients += 1;
                    if recipients == 1 {
                        Act::Say("550 5.1.1 <ann.example@home.example> unknown")
                    } else {
                        Act::Usual
                    }
                }
                "DATA" if recipients == 1 => Act::Say(data),
                _ => Act::Usual,
            })
            .await;
            let mut line = line(&server).await;
            let reply = line.send(&letter(1)).await;
            let text = "5.1.1 <***> unknown".to_owned();
            assert_eq!(
                reply,
                Reply::Refused {
                    code: Some(550),
                    enhanced: Some("5.1.1".into()),
                    text
                }
            );
            assert!(line.healthy());
            assert!(
                accepted(&line.send(&letter(2)).await),
                "the connection stays usable"
            );
            let ends = if offers == MODERN { ends } else { "RSET" };
            assert!(
                server.heard().iter().any(|word| word == ends),
                "{:?}",
                server.heard()
            );
            assert_eq!(server.connections(), 1);
            assert_eq!(
                server
                    .texts()
                    .iter()
                    .filter(|text| !text.is_empty())
                    .count(),
                1
            );
        }
    }
}

#[tokio::test]
async fn every_refusal_is_told_by_its_own_reply() {
    for offers in [MODERN, &MODERN[1..]] {
        for stage in ["MAIL", "RCPT", "DATA", "TEXT"] {
            let server = serve(offers, move |_, at| {
                if at == stage {
                    Act::Say("452-4.3.1 disk\r\n452 4.3.1 full")
                } else {
                    Act::Usual
                }
            })
            .await;
            let mut line = line(&server).await;
            let reply = line.send(&letter(1)).await;
            let text = "4.3.1 disk full".to_owned();
            let enhanced = Some("4.3.1".into());
            assert_eq!(
                reply,
                Reply::Deferred {
                    code: Some(452),
                    enhanced,
                    text
                },
                "{stage} {offers:?}"
            );
            assert!(line.healthy(), "{stage}");
        }
    }
}

#[tokio::test]
async fn a_421_ends_the_connection_and_the_next_message_opens_another() {
    for offers in [MODERN, &MODERN[1..]] {
        for stage in ["MAIL", "RCPT", "DATA", "TEXT"] {
            let server = serve(offers, move |connection, at| {
                if connection == 1 && at == stage {
                    Act::Farewell("421 4.3.2 closing")
                } else {
                    Act::Usual
                }
            })
            .await;
            let mut line = line(&server).await;
            let reply = line.send(&letter(1)).await;
            assert!(
                matches!(
                    reply,
                    Reply::Deferred {
                        code: Some(421),
                        ..
                    }
                ),
                "{stage}: {reply:?}"
            );
            assert!(!line.healthy());
            assert!(accepted(&line.send(&letter(2)).await), "{stage}");
            assert_eq!(server.connections(), 2);
        }
    }
}

#[tokio::test]
async fn a_used_up_connection_is_replaced_without_an_error() {
    for farewell in [
        "421 4.7.0 idle too long",
        "452 4.5.3 too many messages on this connection",
        "",
    ] {
        let mut letters = 0;
        let server = serve(MODERN, move |connection, at| {
            letters += u32::from(at == "MAIL");
            match at {
                "MAIL" if connection == 1 && letters == 3 && farewell.is_empty() => Act::HangUp,
                "MAIL" if connection == 1 && letters == 3 => Act::Farewell(farewell),
                _ => Act::Usual,
            }
        })
        .await;
        let mut line = line(&server).await;
        for number in 1..=4 {
            assert!(
                accepted(&line.send(&letter(number)).await),
                "{farewell} {number}"
            );
        }
        assert_eq!((server.connections(), server.texts().len()), (2, 4));
    }
}

#[tokio::test]
async fn lost_before_the_final_dot_is_not_delivered() {
    for offers in [MODERN, &MODERN[1..]] {
        for stage in ["MAIL", "RCPT", "DATA"] {
            let server = serve(offers, hangs_up_at(stage)).await;
            let mut line = line(&server).await;
            let reply = line.send(&letter(1)).await;
            assert!(
                matches!(reply, Reply::Unreachable { .. }),
                "{stage}: {reply:?}"
            );
            assert!(!line.healthy());
        }
    }
}

#[tokio::test]
async fn lost_after_the_final_dot_is_unknown() {
    for offers in [MODERN, &MODERN[1..]] {
        for act in [
            Act::HangUp,
            Act::Silence,
            Act::Say("220 what?"),
            Act::Say("354 more?"),
            Act::Say("gibberish"),
        ] {
            let server = serve(
                offers,
                move |_, at| if at == "TEXT" { act } else { Act::Usual },
            )
            .await;
            let url = format!("smtp://127.0.0.1:{}?timeout=1", server.port);
            let mut line = Relay::from_url("test", &url)
                .expect("a relay")
                .connect()
                .await
                .expect("connects");
            let reply = line.send(&letter(1)).await;
            match act {
                // Any 2xx after the text accepts responsibility for the message.
                Act::Say("220 what?") => {
                    assert!(matches!(reply, Reply::Accepted { code: 220, .. }));
                }
                _ => assert!(matches!(reply, Reply::Unknown { .. }), "{act:?}: {reply:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_reason_given_before_the_connection_was_lost_counts() {
    let server = serve(MODERN, |_, at| match at {
        "RCPT" => Act::Farewell("550 5.1.1 unknown"),
        _ => Act::Usual,
    })
    .await;
    let mut line = line(&server).await;
    let reply = line.send(&letter(1)).await;
    assert!(
        matches!(
            reply,
            Reply::Refused {
                code: Some(550),
                ..
            }
        ),
        "{reply:?}"
    );
    assert!(!line.healthy());
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_accepts_nothing() {
    for offers in [MODERN, &MODERN[1..]] {
        for (stage, words) in [
            ("MAIL", "354 go"),
            ("RCPT", "334 go"),
            ("DATA", "250 2.0.0 Ok: queued"),
        ] {
            let server = serve(offers, move |_, at| {
                if at == stage {
                    Act::Say(words)
                } else {
                    Act::Usual
                }
            })
            .await;
            let mut line = line(&server).await;
            let reply = line.send(&letter(1)).await;
            assert!(
                matches!(reply, Reply::Unreachable { .. }),
                "{stage}: {reply:?}"
            );
            assert!(!line.healthy() && server.texts().is_empty());
        }
    }
}
