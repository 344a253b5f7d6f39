//! Reads them: the questions of several nouns in one statement, so that their answers are of one moment.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Jsonb, Uuid};
use diesel_async::RunQueryDsl;

use crate::account::{self, Account};
use crate::campaign::store::{Reach, reach};
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;
use crate::postal::MinorsRule;
use crate::postal::store::{Due, due};

/// The figures of an incident.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// Where its people stand.
    pub account: Account,
    /// What its campaigns still do.
    pub reach: Reach,
    /// How many people belong on each kind of letter list.
    pub due: Vec<Due>,
    /// How its minors are told.
    pub minors: MinorsRule,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: IncidentId,
    #[diesel(sql_type = sql_types::MinorsRule)]
    minors: MinorsRule,
    #[diesel(embed)]
    account: Account,
    #[diesel(embed)]
    reach: Reach,
    #[diesel(sql_type = Jsonb)]
    due: serde_json::Value,
}

/// The figures of each of these incidents, from counters: in the time of a few rows each.
///
/// # Errors
/// The database's.
pub(crate) async fn summaries(
    conn: &mut Conn,
    of: &[IncidentId],
) -> Result<HashMap<IncidentId, Summary>> {
    let each = format!(
        "select of_each.id, of_each.minors, a.*, r.*, d.due
        from (select id, minors from incident where id = any($1)) of_each
        cross join lateral ({}) a
        cross join lateral ({}) r
        cross join lateral (select coalesce(jsonb_agg(one), '[]') as due from ({}) one) d",
        account::question("of_each.id"),
        reach::question("of_each.id"),
        due::question("of_each.id"),
    );
    let rows: Vec<Row> = diesel::sql_query(each)
        .bind::<Array<Uuid>, _>(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    let read = |row: Row| {
        let due: Vec<Due> = serde_json::from_value(row.due)
            .map_err(|_| Error::inconsistent("account_count", row.id))?;
        let summary = Summary {
            account: row.account,
            reach: row.reach,
            due,
            minors: row.minors,
        };
        Ok((row.id, summary))
    };
    rows.into_iter().map(read).collect()
}
