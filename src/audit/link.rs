//! Links committed events into the chain, many at once. Any node does it; the lock on the head's row excludes the
//! others.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::store::{self, chain};
use super::{Action, Event, Head, Linked};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::db::{Conn, Result};

/// How many events are linked in one transaction.
const BATCH: i64 = 2_000;
/// How many numbers of rows outside of the chain are named in the program's log.
const NAMED: i64 = 20;

/// What one turn did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many events were linked.
    pub linked: usize,
    /// Whether more wait.
    pub more: bool,
    /// Numbers of rows behind the end of the chain, which the program did not write; the first few.
    pub outside: Vec<i64>,
    /// The head was missing and was created again.
    pub restored: bool,
}

/// Links what waits, at most one batch. Another node that does the same, or a lock on the head, is no error: nothing is
/// linked then.
///
/// # Errors
/// The database's.
pub async fn turn(app: &App) -> Result<Turn> {
    if chain::is_idle(&mut *app.db.get().await?).await? {
        return Ok(Turn::default());
    }
    let mut tx = app.db.begin().await?;
    chain::be_quick(&mut tx).await?;
    let (head, restored) = match chain::lock_head(&mut tx).await? {
        Some(head) => (head, false),
        None if chain::head(&mut tx).await?.is_some() => return Ok(Turn::default()),
        None => (lost(&mut tx, app.now()).await?, true),
    };
    let outside = chain::numbers_after(&mut tx, head.seq, BATCH).await?;
    let events = chain::waiting(&mut tx, BATCH).await?;
    let more = i64::try_from(events.len()).unwrap_or(0) == BATCH;
    let linked = placed(head, events, &outside);
    if !linked.is_empty() {
        chain::link(&mut tx, &linked).await?;
    }
    tx.commit().await?;
    Ok(Turn {
        linked: linked.len(),
        more,
        outside: outside
            .into_iter()
            .take(usize::try_from(NAMED).unwrap_or(0))
            .collect(),
        restored,
    })
}

/// Links all that waits.
///
/// # Errors
/// The database's.
pub async fn all(app: &App) -> Result<()> {
    while turn(app).await?.more {}
    Ok(())
}

/// Gives events their places behind the head; numbers that are taken are passed over.
fn placed(head: Head, events: Vec<Event>, taken: &[i64]) -> Vec<Linked> {
    let (mut last, mut taken) = (head, taken.iter().copied().peekable());
    let place = |event: Event| {
        let mut seq = last.seq + 1;
        while taken
            .next_if(|number| *number <= seq)
            .is_some_and(|number| number == seq)
        {
            seq += 1;
        }
        let linked = Linked::new(seq, event, std::mem::take(&mut last.hash));
        last = Head {
            seq,
            hash: linked.hash.clone(),
        };
        linked
    };
    events.into_iter().map(place).collect()
}

/// Finds the end of a chain without its head, and writes that this happened. The end is the last row that is intact
/// and continues another intact row.
async fn lost(conn: &mut Conn, now: DateTime<Utc>) -> Result<Head> {
    let head = end(conn).await?;
    let detail = json!({ "after": head.seq });
    store::append(
        conn,
        now,
        Actor::System(System::Audit),
        Action::AuditHeadRestored,
        "audit",
        &detail,
    )
    .await?;
    Ok(head)
}

async fn end(conn: &mut Conn) -> Result<Head> {
    let mut before = None;
    let mut later: Vec<Linked> = Vec::new();
    loop {
        let rows = chain::rows_before(conn, before, BATCH).await?;
        let Some(lowest) = rows.last().map(|row| row.seq) else {
            return Ok(Head::default());
        };
        before = Some(lowest);
        for row in rows.into_iter().filter(Linked::is_intact) {
            let follows = later.iter().position(|last| last.prev_hash == row.hash);
            let found = match follows {
                Some(at) => later.swap_remove(at),
                None if row.prev_hash.is_empty() => row,
                None => {
                    later.push(row);
                    continue;
                }
            };
            return Ok(Head {
                seq: found.seq,
                hash: found.hash,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_linked_in_order_and_pass_over_numbers_that_are_taken() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        let event = |n: i32| {
            Event::new(
                at,
                Actor::System(System::Cli),
                Action::KeyAdd,
                n,
                &json!({}),
            )
        };
        let head = Head {
            seq: 7,
            hash: vec![1; 32],
        };
        let linked = placed(
            head.clone(),
            (0..3).map(event).collect(),
            &[8, 9, 11, 5_000],
        );
        let numbers: Vec<i64> = linked.iter().map(|one| one.seq).collect();
        assert_eq!(numbers, [10, 12, 13]);
        assert_eq!(linked[0].prev_hash, head.hash);
        assert_eq!(linked[1].prev_hash, linked[0].hash);
        assert!(linked.iter().all(Linked::is_intact));
    }
}
