//! Searches the audit log by action, actor, subject and time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Linked;
use super::store::found::{self, Acts};
use super::store::{chain, chained};
use crate::db::{Conn, Result};

/// How many numbers one statement looks at where no index leads to the events: some hundred milliseconds' work.
const WINDOW: i64 = 50_000;

/// Filters of a search.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    /// On one of these; `None`: on anything.
    pub subjects: Option<BTreeSet<String>>,
    /// The actor, the action, the time.
    pub acts: Acts,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Events, newest first.
    pub rows: Vec<Linked>,
    /// The search goes on below this number; `None`: the log has no more.
    pub before: Option<i64>,
    /// Whether the search ended before the page was full, since it took too long.
    pub is_partial: bool,
}

/// The newest `limit` events of the chain that are sought; those below the number `before`, if given. Rows outside of the
/// chain are left out. A search without a subject ends after `patience`, wherever it is.
///
/// # Errors
/// The database's.
pub(crate) async fn search(
    conn: &mut Conn,
    sought: &Sought,
    before: Option<i64>,
    limit: usize,
    patience: Duration,
) -> Result<Found> {
    let until = Instant::now() + patience;
    let head = chain::head(conn).await?.unwrap_or_default();
    let mut begin = before.map_or(head.seq + 1, |before| before.min(head.seq + 1));
    let mut found = Found::default();
    let wanted = |rows: &[Linked]| i64::try_from(limit + 1 - rows.len()).unwrap_or(i64::MAX);
    match &sought.subjects {
        Some(subjects) => {
            let subjects: Vec<String> = subjects.iter().cloned().collect();
            let which = (begin, wanted(&found.rows));
            found.rows = found::on(conn, &subjects, &sought.acts, which).await?;
        }
        // Numbers of the chain begin at 1.
        None => {
            while begin > 1 && found.rows.len() <= limit {
                if found.before.is_some() && Instant::now() >= until {
                    found.is_partial = true;
                    break;
                }
                let from = (begin - WINDOW).max(1);
                let which = (begin, wanted(&found.rows));
                let more = found::between(conn, from, &sought.acts, which).await?;
                found.rows.extend(more);
                begin = from;
                found.before = Some(begin).filter(|begin| *begin > 1);
            }
        }
    }
    if found.rows.len() > limit {
        found.rows.truncate(limit);
        found.before = found.rows.last().map(|last| last.seq);
        found.is_partial = false;
    }
    found.rows = chained(conn, found.rows).await?;
    Ok(found)
}
