//! A slow relay, and a stop before it answers.

use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::hold;
use candor::mail::Relay;

use super::route;
use crate::mail::scripted::{Act, Server, serve};
use crate::sending::{NO_BREAKER, Sending, launched};
use crate::tickets::{ANN, Helpline};

const OFFERS: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8"];
/// Longer than a stop may take, with room for a busy machine.
const LATE: Duration = Duration::from_secs(4);

fn late_at(stage: &'static str) -> impl FnMut(usize, &str) -> Act + Send + 'static {
    move |_, at| match at == stage {
        true => Act::Late(LATE),
        false => Act::Usual,
    }
}

fn relay(server: &Server) -> Relay {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    Relay::from_url("late", &url).expect("a relay")
}

async fn until_heard(server: &Server, what: impl Fn(&Server) -> bool) {
    for _ in 0..1_000 {
        if what(server) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server was not asked within ten seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_ticket_does_not_leave_after_a_stop_while_the_relay_was_slow() {
    for stage in ["CONNECT", "RCPT"] {
        let line = Helpline::new().await;
        line.asks(line.person(&ANN).await, "Hello?").await;
        let server = serve(OFFERS, late_at(stage)).await;
        let sending = Sending::start(&line, vec![route(relay(&server), false)]);
        let asked = |server: &Server| match stage {
            "CONNECT" => server.connections() > 0,
            _ => server.heard().iter().any(|word| word.starts_with("RCPT")),
        };
        until_heard(&server, asked).await;
        let by = Actor::Staff(line.agent);
        hold::stop_everything(&line.app, by).await.unwrap();
        let waiting = "select count(*) from outbox where status = 'queued' and lease_until is null";
        line.until("it waits again", waiting).await;
        sending.end().await;
        assert_eq!(server.texts(), [""; 0], "{stage}");

        // Afterwards it leaves.
        hold::start_again(&line.app, by).await.unwrap();
        line.app.clock.advance(chrono::TimeDelta::minutes(1));
        let quick = serve(OFFERS, |_, _| Act::Usual).await;
        line.send_through(vec![route(relay(&quick), false)]).await;
        assert_eq!(quick.texts().len(), 1, "{stage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_does_not_leave_after_a_stop_while_the_relay_was_slow() {
    for stage in ["RCPT", "DATA"] {
        let (house, scene) = launched(NO_BREAKER, ["ann@home.example".to_owned()]).await;
        let server = serve(OFFERS, late_at(stage)).await;
        let sending = Sending::start(&house, vec![route(relay(&server), false)]);
        until_heard(&server, |server| {
            server.heard().iter().any(|word| word.starts_with(stage))
        })
        .await;
        let by = Actor::Staff(scene.comms);
        hold::stop_everything(&house.app, by).await.unwrap();
        let ended = "select count(*) from outcome where result = 'cancelled'";
        house.until("the attempt was ended", ended).await;
        assert_eq!(server.texts(), [""; 0], "{stage}");
        assert_eq!(house.in_state("sent").await, 0, "{stage}");
        sending.end().await;

        // Afterwards it leaves, once.
        hold::start_again(&house.app, by).await.unwrap();
        house.send_all().await;
        assert_eq!(house.in_state("sent").await, 1, "{stage}");
        assert_eq!(house.mail.sent().len(), 1);
    }
}
