//! Partial results of batches: shown while one of their messages waits for its answer, and counted once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candor::actor::Actor;
use candor::campaign::hold;

use super::pages::{Shown, has, has_not, until};
use super::sink::Sink;
use crate::people::list;
use crate::sending::{Sending, local};

/// Partial results of batches are written each second. If they were written with the end of the batch, no figure would
/// be shown here.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_shown_within_seconds_while_a_message_of_the_same_batch_has_no_answer() {
    let shown = Shown::in_one_batch("", 40).await;
    let sink = Sink::start(Duration::from_millis(5)).await;
    let first = shown
        .scene
        .references(&shown.house, "p", 1, 1)
        .await
        .remove(0);
    sink.leave_unanswered(&format!("{first}@"));
    let sending = Sending::start(&shown.house, vec![local(sink.port, 2)]);
    // One more may wait on the connection without an answer.
    let accepted = || sink.accepted("", Instant::now());
    until("all others are accepted", async || accepted() >= 38).await;
    let took = until("all others are shown", async || {
        shown.api()["counts"]["sent"].as_i64() >= Some(38)
    })
    .await;
    println!("shown within {took:?}");
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert_eq!(
        shown
            .house
            .number("select count(*) from batch where status = 'leased'")
            .await,
        1
    );
    let counts = shown.api()["counts"].clone();
    assert_eq!(counts["sent"].as_i64(), Some(accepted()));
    let words = format!(
        "{}</b> <span data-live=\"of\">of 40 sent</span>",
        accepted()
    );
    has(&shown.page(), &[&words]);
    has(
        &shown.dashboard(),
        &[&format!("<b>{}</b> of 40 sent", accepted())],
    );
    assert_eq!(shown.event()["figures"]["sent"], accepted().to_string());
    sink.answer();
    shown.house.until_idle().await;
    sending.end().await;
    let api = shown.api();
    assert_eq!(
        (&api["counts"]["sent"], &api["status"]),
        (&40.into(), &"completed".into())
    );
    assert_eq!(accepted(), 40, "no person is sent to twice");
}

/// The results of a leased batch are settled although a message of the same batch is on a connection and gets no
/// answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_campaign_is_settled_within_a_second_though_a_relay_does_not_answer() {
    let shown = Shown::in_one_batch("", 300).await;
    let sink = Sink::start(Duration::from_millis(20)).await;
    let sending = Sending::start(&shown.house, vec![local(sink.port, 2)]);
    let sent = async || shown.api()["counts"]["sent"].as_i64().unwrap();
    until("some are sent", async || sent().await > 20).await;
    sink.fall_silent();
    let by_then = Duration::from_secs(1);
    tokio::time::sleep(by_then).await;
    let accepted = sink.accepted("", Instant::now());
    until("all that was accepted is shown", async || {
        sent().await == accepted
    })
    .await;
    let comms = shown.scene.comms;
    hold::cancel(&shown.house.app, comms, shown.id)
        .await
        .unwrap();
    let took = until("it is settled", async || {
        let counts = shown.api()["counts"].clone();
        counts["cancelled"] == 300 - accepted - 2 && counts["sending"] == 2 && counts["queued"] == 0
    })
    .await;
    println!("settled within {took:?}");
    has_not(&shown.page(), &["No message was tried."]);
    assert!(took < Duration::from_secs(3), "{took:?}");
    drop(sending);
}

/// The connections that write partial results are ended while they write, at the end of the batch too: then it is
/// unknown whether the write took effect.
#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_batch_are_counted_once_although_the_connection_is_lost() {
    let shown = Shown::in_one_batch("[mail]\nlease_seconds = 4", 200).await;
    let sink = Sink::start(Duration::from_millis(60)).await;
    let sending = Sending::start(&shown.house, vec![local(sink.port, 2)]);
    let going = Arc::new(AtomicBool::new(true));
    let breaks = {
        let (client, going) = (shown.house.raw().await, Arc::clone(&going));
        let mine = shown.house.schema().to_owned();
        tokio::spawn(async move {
            // Ends the connections of this house while they write, at any point of the transaction.
            let end = "select pg_terminate_backend(l.pid) from pg_locks l join pg_class c on c.oid = l.relation
                where l.pid <> pg_backend_pid() and c.relname = 'campaign_count' and l.mode = 'RowExclusiveLock'
                    and c.relnamespace = $1::text::regnamespace";
            while going.load(Ordering::Relaxed) {
                client.execute(end, &[&mine]).await.unwrap();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        })
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    going.store(false, Ordering::Relaxed);
    breaks.await.unwrap();
    shown.house.until_idle().await;
    until("it is completed", async || {
        shown.api()["status"] == "completed"
    })
    .await;
    sending.end().await;
    let differ = candor::notice::account::recount::books(&shown.house.app, shown.scene.incident)
        .await
        .unwrap();
    assert_eq!(differ, []);
    assert_eq!(shown.api()["counts"]["sent"], 200);
}

/// The messages that were on connections when a campaign was paused may have been its last ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_last_message_ended_while_it_was_paused_completes_when_it_is_resumed() {
    let shown = Shown::launched("", &list(2, "name")).await;
    let sink = Sink::start(Duration::from_secs(1)).await;
    let sending = Sending::start(&shown.house, vec![local(sink.port, 2)]);
    let count = async |state: &str| shown.api()["counts"][state].as_i64().unwrap();
    until("both are on connections", async || {
        count("sending").await == 2
    })
    .await;
    let (app, comms) = (&shown.house.app, shown.scene.comms);
    hold::pause(app, Actor::Staff(comms), shown.id, None)
        .await
        .unwrap();
    until("both are sent", async || count("sent").await == 2).await;
    shown.house.until_idle().await;
    assert_eq!(shown.api()["status"], "paused");
    hold::resume(app, comms, shown.id).await.unwrap();
    assert_eq!(shown.api()["status"], "completed");
    has(&shown.page(), &["100 % done"]);
    sending.end().await;
}
