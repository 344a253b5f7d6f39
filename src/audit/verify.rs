//! Follows the whole chain and names what does not fit.

use super::follow::{Chain, Step};
use super::store::chain;
use super::{Action, Flaw, Head, Linked};
use crate::app::App;
use crate::db::{Conn, Result};

/// How many rows are read at once.
const PAGE: i64 = 1_000;
/// How many flaws are kept; the others are counted.
const KEPT: usize = 1_000;

/// What verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many events the chain has.
    pub events: i64,
    /// Where it ends.
    pub head: Head,
    /// How many events wait to be linked.
    pub waiting: i64,
    /// What is wrong, in the order of the rows; the first thousand.
    pub flaws: Vec<Flaw>,
    /// How many more are wrong.
    pub more: usize,
}

impl Report {
    fn add(&mut self, flaw: Flaw) {
        match self.flaws.len() < KEPT {
            true => self.flaws.push(flaw),
            false => self.more += 1,
        }
    }

    /// Whether the chain is whole and no row is outside of it.
    pub fn is_whole(&self) -> bool {
        self.flaws.is_empty()
    }
}

/// Reads every row of the log as it is at one moment: nodes go on linking while it is read.
///
/// # Errors
/// The database's.
pub async fn verify(app: &App) -> Result<Report> {
    let mut tx = app.db.snapshot().await?;
    let report = read(&mut tx).await?;
    tx.commit().await?;
    Ok(report)
}

async fn read(conn: &mut Conn) -> Result<Report> {
    let mut report = Report::default();
    let head = chain::head(conn).await?;
    // Without a head everything that continues the chain is in it.
    let end = head.as_ref().map_or(i64::MAX, |head| head.seq);
    let (mut chained, mut after) = (Chain::default(), None);
    loop {
        let rows = chain::rows_after(conn, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.seq);
        for row in &rows {
            follow(conn, &mut chained, row, end, &mut report).await?;
        }
    }
    match head {
        Some(head) => {
            if let Some(flaw) = chained.end(&head) {
                report.add(flaw);
            }
            report.head = head;
        }
        None => {
            report.add(Flaw::HeadLost);
            report.head = chained.last().clone();
        }
    }
    report.events = chained.events();
    report.waiting = chain::count_waiting(conn).await?;
    if let Some((events, first)) = chain::waiting_long(conn).await? {
        report.add(Flaw::Waiting { events, first });
    }
    Ok(report)
}

async fn follow(
    conn: &mut Conn,
    chained: &mut Chain,
    row: &Linked,
    end: i64,
    report: &mut Report,
) -> Result<()> {
    if row.seq > end {
        report.add(Flaw::Outside(row.seq));
        return Ok(());
    }
    let last = chained.last().clone();
    match chained.step(row) {
        Step::Follows => {}
        Step::Altered => report.add(Flaw::Altered(row.seq)),
        // A later row continues the chain: this row is outside of it.
        Step::Differs if chain::is_continued(conn, &last.hash, row.seq, end).await? => {
            report.add(Flaw::Outside(row.seq));
            return Ok(());
        }
        Step::Differs if chained.rivals_last(row) && row.is_intact() => {
            report.add(Flaw::Outside(last.seq));
            chained.replace_last(row);
        }
        Step::Differs => {
            report.add(Flaw::Broken(row.seq));
            chained.take(row);
        }
    }
    if row.event.action == Action::AuditHeadRestored.as_str() {
        report.add(Flaw::HeadRestored(row.seq));
    }
    Ok(())
}
