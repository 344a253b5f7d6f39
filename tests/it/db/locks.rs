//! Concurrent transactions: which waits for which, which is retried, and what a race must not leave behind.

mod again;
mod german;
mod launch;
mod staff;
mod tickets;

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
