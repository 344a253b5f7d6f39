//! Sessions of the database that wait for each other: for tests of two transactions that meet.

use std::time::Duration;

use tokio_postgres::Client;

use crate::house::House;

/// A connection that has begun a transaction, and its server process id. In a deadlock the other session is ended.
pub async fn holder(house: &House) -> (Client, i32) {
    let raw = house.raw().await;
    raw.batch_execute("set deadlock_timeout = '1h'; begin")
        .await
        .unwrap();
    let pid = raw.query_one("select pg_backend_pid()", &[]).await.unwrap();
    (raw, pid.get(0))
}

/// Waits until this number of sessions wait for the holder's locks.
pub async fn until_waiting(house: &House, holder: i32, sessions: i64) {
    let question = format!(
        "select count(*) from pg_stat_activity where {holder} = any(pg_blocking_pids(pid))"
    );
    for _ in 0..2_000 {
        if house.number(&question).await == sessions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing waits for session {holder}");
}

/// Waits until a session has waited for `holder` this long.
pub async fn until_waited(house: &House, holder: i32, seconds: f64) {
    let waits = format!(
        "select count(*) from pg_stat_activity where {holder} = any(pg_blocking_pids(pid))
         and extract(epoch from clock_timestamp() - query_start) > {seconds}"
    );
    for _ in 0..600 {
        if house.number(&waits).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no session waits for session {holder}");
}

/// The server process id of a connection.
pub async fn pid(of: &Client) -> i32 {
    let row = of.query_one("select pg_backend_pid()", &[]).await.unwrap();
    row.get(0)
}

/// The session that waits for another one, once there is one.
pub async fn waiting_for(house: &House, holder: i32) -> i32 {
    let question = format!(
        "select coalesce(min(pid), 0) from pg_stat_activity where {holder} = any(pg_blocking_pids(pid))"
    );
    for _ in 0..2_000 {
        let pid = house.number(&question).await;
        if pid != 0 {
            return i32::try_from(pid).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing waits for session {holder}");
}
