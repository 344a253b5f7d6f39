//! How many people belong on which list, from the counters of the account.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Uuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::super::PostalKind;
use crate::db::schema::sql_types;
use crate::db::{Conn, Result};
use crate::id::IncidentId;

/// One kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, QueryableByName)]
pub struct Due {
    /// Which.
    #[diesel(sql_type = sql_types::PostalKind)]
    pub kind: PostalKind,
    /// How many people belong on it or on one that waits.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// How many are on lists that were taken and are not recorded as posted or told.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
}

// What `to_list` says of each person. A letter of correction names everything that is exposed, so its people are on no
// other list.
const DUE: &str = "
    with minors as (
        select coalesce((select minors = 'guardian_letter' from incident where id = $1), false) as by_letter
    ), due as (
        select coalesce(sum(n) filter (where standing = 'needs_letter' and correction = 'none'
                and not (minor and by_letter)), 0)::bigint as letter,
            coalesce(sum(n) filter (where minor and by_letter and correction = 'none'
                and (standing in ('in_progress', 'needs_letter') or is_notified(standing) and incomplete)), 0)::bigint
                as guardian,
            coalesce(sum(n) filter (where correction = 'letter' or correction = 'email' and minor and by_letter),
                0)::bigint as correction
        from account_count cross join minors where incident_id = $1
    ), withheld as (
        select coalesce(sum(n) filter (where value = 'deceased'), 0)::bigint as kin,
            coalesce(sum(n) filter (where value = 'protected_address'), 0)::bigint as safe
        from account_part where incident_id = $1 and kind = 'reason' and standing = 'withheld'
    ), waits as (
        select kind, sum(people)::bigint as n from postal_batch
        where incident_id = $1 and state in ('listed', 'posting') group by kind
    )
    select k.kind, k.people, coalesce(w.n, 0)::bigint as waiting
    from due cross join withheld cross join lateral (values ('letter'::postal_kind, letter), ('guardian', guardian),
        ('correction', correction), ('kin', kin), ('safe', safe)) as k (kind, people)
    left join waits w using (kind)
    order by k.kind";

/// The statement about the incident that `id` is in SQL.
pub(crate) fn question(id: &str) -> String {
    DUE.replace("$1", id)
}

/// How many people belong on each kind of list.
///
/// # Errors
/// The database's.
pub async fn due(conn: &mut Conn, of: IncidentId) -> Result<Vec<Due>> {
    Ok(diesel::sql_query(DUE)
        .bind::<Uuid, _>(of)
        .load(conn)
        .await?)
}
