//! The audit entry of a stop, when two processes may write it.

use std::time::Duration;

use candor::audit::store::write;
use candor::audit::{Action, Event};
use candor::campaign::{hold, store};
use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::SYSTEM;
use crate::house::House;

const WRITTEN: &str = "select count(*) from audit_event where action = 'sending.stop'";
const LATE: &str = "select count(*) from audit_event where action = 'sending.stop' \
    and detail::jsonb->'written_late' = 'true'";

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_its_own_process_may_still_write_is_left_to_it() {
    let house = House::new().await;
    // The state between the commit of a stop and its audit entry.
    let entry = Event::new(
        house.app.now(),
        SYSTEM,
        Action::SendingStop,
        "everything",
        &json!({}),
    );
    let mut tx = house.app.db.begin().await.unwrap();
    let stopped = store::set_stopped(&mut tx, Some((house.app.now(), "test")), &entry).await;
    assert!(stopped.unwrap().is_written());
    tx.commit().await.unwrap();
    hold::record_switches(&house.app).await.unwrap();
    house.app.clock.advance(TimeDelta::seconds(4));
    hold::record_switches(&house.app).await.unwrap();
    assert_eq!(house.number(WRITTEN).await, 0, "it is not late yet");
    house.app.clock.advance(TimeDelta::seconds(1));
    hold::record_switches(&house.app).await.unwrap();
    assert_eq!(
        (house.number(WRITTEN).await, house.number(LATE).await),
        (1, 1),
        "that process died"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_says_that_its_entry_exists_when_another_process_writes_it_at_the_same_time() {
    let house = House::new().await;
    let mut other = house.app.db.begin().await.unwrap();
    other
        .batch_execute("lock table audit_event in share row exclusive mode")
        .await
        .unwrap();
    let app = house.app.clone();
    let stopping = tokio::spawn(async move { hold::stop_everything(&app, SYSTEM).await });
    let entry = loop {
        let entries = store::unrecorded(&mut other).await.unwrap();
        if let Some(entry) = entries.into_iter().next() {
            break entry;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    // Once the stop waits to write its entry, this session writes it first.
    let waits =
        "select count(*) from pg_locks where not granted and relation = 'audit_event'::regclass";
    while house.number(waits).await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    write(&mut other, &entry).await.unwrap();
    other.commit().await.unwrap();
    let done = stopping.await.unwrap().unwrap();
    assert_eq!((done.changed, done.recorded), (true, true));
    assert_eq!(
        (house.number(WRITTEN).await, house.number(LATE).await),
        (1, 0)
    );
    let waiting = "select jsonb_array_length(unrecorded) from emergency_stop";
    assert_eq!(house.number(waiting).await, 0);
}
