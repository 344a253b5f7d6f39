//! The counters of the account in the database.

use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::books::{Moved, counters};
use crate::db::schema::sql_types;
use crate::db::{Conn, Result};
use crate::id::IncidentId;

// The arrays come in the order in which all writers lock.
const TOTALS: &str = "
    insert into account_count (incident_id, bucket, standing, incomplete, n)
    select $1, m.bucket, m.standing, m.incomplete, m.n
    from unnest($2, $3, $4, $5) as m (bucket, standing, incomplete, n)
    on conflict (incident_id, bucket, standing, incomplete)
        do update set n = account_count.n + excluded.n";

const PARTS: &str = "
    insert into account_part (incident_id, kind, bucket, value, standing, incomplete, n)
    select $1, m.kind, m.bucket, m.value, m.standing, m.incomplete, m.n
    from unnest($2, $3, $4, $5, $6, $7) as m (kind, bucket, value, standing, incomplete, n)
    on conflict (incident_id, kind, bucket, value, standing, incomplete)
        do update set n = account_part.n + excluded.n";

/// Moves the counters of the account. Their rows are few and shared by all who write to the bucket: call it
/// last before the audit.
///
/// # Errors
/// The database's.
pub async fn move_account(conn: &mut Conn, incident: IncidentId, moved: &[Moved]) -> Result<()> {
    let (totals, parts) = counters(moved);
    if totals.is_empty() && parts.is_empty() {
        return Ok(());
    }
    diesel::sql_query(TOTALS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<Integer>, _>(totals.keys().map(|t| t.0).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(totals.keys().map(|t| t.1).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(totals.keys().map(|t| t.2).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(totals.values().copied().collect::<Vec<_>>())
        .execute(conn)
        .await?;
    diesel::sql_query(PARTS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<sql_types::AccountKind>, _>(parts.keys().map(|p| p.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(parts.keys().map(|p| p.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(parts.keys().map(|p| p.2.as_str()).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(parts.keys().map(|p| p.3).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(parts.keys().map(|p| p.4).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(parts.values().copied().collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
