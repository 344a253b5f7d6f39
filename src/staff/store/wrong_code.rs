//! Wrong notice codes in the database: when each network's limit is used up no more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Double, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::schema::wrong_code;
use crate::db::{Conn, Result, statement};

/// Rows that are deleted at once.
const SWEPT: i64 = 20_000;

/// When the buckets of these networks are full again; those that are full are left out.
///
/// # Errors
/// The database's.
pub(crate) async fn find(
    conn: &mut Conn,
    networks: &[Vec<u8>],
) -> Result<Vec<(Vec<u8>, DateTime<Utc>)>> {
    Ok(wrong_code::table
        .filter(wrong_code::network.eq_any(networks))
        .select((wrong_code::network, wrong_code::full_at))
        .load(conn)
        .await?)
}

/// Counts one wrong code against networks; each gets one try back per interval in seconds. `only_known`: only
/// against those that stand here.
///
/// # Errors
/// The database's.
pub(crate) async fn count(
    conn: &mut Conn,
    (networks, seconds): (&[Vec<u8>], &[f64]),
    now: DateTime<Utc>,
    only_known: bool,
) -> Result<()> {
    let sql = match only_known {
        false => {
            "insert into wrong_code as w (network, full_at) \
             select n, $3 + make_interval(secs => s) from unnest($1, $2) as t (n, s) order by n \
             on conflict (network) do update set full_at = greatest(w.full_at, $3) + (excluded.full_at - $3)"
        }
        true => {
            "update wrong_code w set full_at = greatest(w.full_at, $3) + make_interval(secs => s) \
             from unnest($1, $2) as t (n, s) where w.network = n"
        }
    };
    statement(sql)
        .bind::<Array<Bytea>, _>(networks)
        .bind::<Array<Double>, _>(seconds)
        .bind::<Timestamptz, _>(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes rows without effect.
///
/// # Errors
/// The database's.
pub(crate) async fn sweep(conn: &mut Conn, now: DateTime<Utc>) -> Result<()> {
    let sweep = statement(
        "delete from wrong_code where network in \
         (select network from wrong_code where full_at <= $1 limit $2)",
    );
    sweep
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(SWEPT)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many networks are counted.
///
/// # Errors
/// The database's.
pub(crate) async fn total(conn: &mut Conn) -> Result<i64> {
    Ok(wrong_code::table.count().get_result(conn).await?)
}
