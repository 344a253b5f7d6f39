//! The numbers that tell an incident's campaigns apart.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, IncidentId};

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = Uuid)]
    id: CampaignId,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Numbers the campaigns of each of these incidents from 1, in the order in which they were drafted: a number never
/// changes, since no campaign is deleted.
///
/// # Errors
/// The database's.
pub async fn numbers(conn: &mut Conn, of: &[IncidentId]) -> Result<HashMap<CampaignId, i64>> {
    // Ids sort by the time of their making.
    let rows: Vec<Numbered> = statement(
        "select id, row_number() over (partition by incident_id order by id) as n
        from campaign where incident_id = any($1)",
    )
    .bind::<Array<Uuid>, _>(of)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.n)).collect())
}
