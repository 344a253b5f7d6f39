//! The writer of outcomes, over a connection of its own.

use std::collections::HashSet;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row, Statement};

use super::outcome::Outcome;
use crate::db::Result;
use crate::id::NoticeId;

/// What names a row: notice, attempt, whether it is the result.
pub type Key = (NoticeId, i16, bool);

/// Which rows were written.
#[derive(Debug)]
pub enum Written {
    /// Every one.
    All,
    /// Only these: the others were there already, another sender wrote them.
    Only(HashSet<Key>),
}

impl Written {
    /// Whether the row with this key was: told once, to the first who asks. Two connections of one sender may submit
    /// the same, after it has taken over its own batch; the row of the first is in the table.
    pub fn take(&mut self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.remove(key),
        }
    }
}

const INSERT: &str = "
    insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, enhanced,
        reply, reason, retry_at, at)
    select o.bucket, o.notice_id, o.attempt, o.settled, o.campaign_id, o.result::attempt_result, o.relay,
        o.code, o.enhanced, o.reply, o.reason, o.retry_at, o.at
    from unnest($1::int[], $2::uuid[], $3::smallint[], $4::bool[], $5::uuid[], $6::text[], $7::text[],
            $8::smallint[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[])
        as o (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, enhanced, reply, reason,
            retry_at, at)";

const UNLESS_THERE: &str = "
    on conflict (bucket, notice_id, attempt, settled) do nothing
    returning notice_id, attempt, settled";

/// Writes outcomes over a connection of its own, by a statement that is planned once: hundreds of times a
/// second, planning would cost more than writing.
pub struct Writer {
    client: Client,
    insert: Statement,
    /// Costs a third more.
    insert_unless_there: Statement,
}

impl Writer {
    /// Prepares a connection.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(client: Client) -> Result<Self> {
        let insert = client.prepare(INSERT).await?;
        let careful = format!("{INSERT}{UNLESS_THERE}");
        let insert_unless_there = client.prepare(&careful).await?;
        Ok(Self {
            client,
            insert,
            insert_unless_there,
        })
    }

    /// Writes many rows in one statement, of whatever buckets. Hardly ever is one there already: that is looked
    /// for only once the statement has failed for it.
    ///
    /// # Errors
    /// The database's; then no row is written, or that is unknown.
    pub async fn write(&self, rows: &[&Outcome]) -> Result<Written> {
        match self.ask(&self.insert, rows).await {
            Ok(_) => return Ok(Written::All),
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
            Err(error) => return Err(error.into()),
        }
        let written = self.ask(&self.insert_unless_there, rows).await?;
        let key = |row: &Row| (NoticeId::from_uuid(row.get(0)), row.get(1), row.get(2));
        Ok(Written::Only(written.iter().map(key).collect()))
    }

    async fn ask(
        &self,
        statement: &Statement,
        rows: &[&Outcome],
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        fn column<'o, T>(rows: &[&'o Outcome], of: impl Fn(&'o Outcome) -> T) -> Vec<T> {
            rows.iter().map(|row| of(row)).collect()
        }
        self.client
            .query(
                statement,
                &[
                    &column(rows, |o| o.notice_id.bucket()),
                    &column(rows, |o| o.notice_id.uuid()),
                    &column(rows, |o| o.attempt),
                    &column(rows, |o| o.settled),
                    &column(rows, |o| o.campaign_id.uuid()),
                    &column(rows, |o| o.result.as_str()),
                    &column(rows, |o| o.relay.as_str()),
                    &column(rows, |o| o.code),
                    &column(rows, |o| o.enhanced.as_deref()),
                    &column(rows, |o| o.reply.as_deref()),
                    &column(rows, |o| o.reason.as_deref()),
                    &column(rows, |o| o.retry_at),
                    &column(rows, |o| o.at),
                ],
            )
            .await
    }
}
