//! The people who belong on the next lists, of all buckets and kinds together: how many, and their contact data.

use std::sync::LazyLock;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use super::super::{MinorsRule, PostalKind, PostalState, PostalStatus};
use super::opened;
use super::people::{belongs, correction_due};
use crate::db::schema::sql_types;
use crate::db::{Conn, Result, statement};
use crate::id::{BUCKETS, IncidentId, PersonId};
use crate::person::contact::Contact;
use crate::seal::IncidentKey;

/// The people of one bucket who belong on the next list of a kind and are on no list that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Next {
    /// The kind of list.
    #[diesel(sql_type = sql_types::PostalKind)]
    pub kind: PostalKind,
    /// The bucket.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// A hash of who they are and of their contact data, as far as the keys of these tell: another one after any change.
    #[diesel(sql_type = BigInt)]
    pub hash: i64,
}

/// `from` and `where` of these people `p` for lists of the kinds `k.kind`, which `kinds` gives.
fn people(kinds: &str) -> String {
    format!(
        "from person_now p {due} join {kinds}
        where p.bucket = any($1) and p.incident_id = $2 and {belongs}
            and not exists (select from postal_item i join postal_batch b on b.id = i.batch_id
                where i.bucket = p.bucket and i.person_id = p.id and i.status = '{on_it}'
                    and b.state in ('{listed}', '{posting}'))",
        due = correction_due(),
        belongs = belongs("k.kind", "$3"),
        on_it = PostalStatus::Listed,
        listed = PostalState::Listed,
        posting = PostalState::Posting,
    )
}

static NEXT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select k.kind::postal_kind as kind, p.bucket, count(*) as people,
            bit_xor(hash_record_extended(row(p.id, p.contact_key), 0)) as hash
        {}
        group by k.kind, p.bucket order by p.bucket, k.kind",
        people("unnest($4) k (kind) on true")
    )
});

static CONTACTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select k.kind::postal_kind as kind, p.bucket, p.id, p.reference_key, p.sealed {}",
        people("unnest($4, $5) k (kind, of_bucket) on k.of_bucket = p.bucket")
    )
});

/// The people who belong on the next list of each of these kinds, by bucket. Buckets without any are left out.
///
/// # Errors
/// The database's.
pub async fn next(
    conn: &mut Conn,
    incident: IncidentId,
    (kinds, minors): (&[PostalKind], MinorsRule),
) -> Result<Vec<Next>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    Ok(statement(&NEXT)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Uuid, _>(incident)
        .bind::<Bool, _>(minors == MinorsRule::GuardianLetter)
        .bind::<Array<Text>, _>(kinds)
        .load(conn)
        .await?)
}

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = sql_types::PostalKind)]
    kind: PostalKind,
    #[diesel(sql_type = Integer)]
    bucket: i32,
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = Bytea)]
    reference_key: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    sealed: Vec<u8>,
}

/// Passes on the contact data of each person of these, in no order, with the kind of list and the bucket. They are read
/// as they come: never all of them are in memory.
///
/// # Errors
/// `Inconsistent` for contact data that do not open; what `take` returns.
pub async fn each_contact(
    conn: &mut Conn,
    (incident, key): (IncidentId, &IncidentKey),
    minors: MinorsRule,
    of: &[Next],
    mut take: impl FnMut((PostalKind, i32), Contact) -> Result<()>,
) -> Result<()> {
    let buckets: Vec<i32> = of.iter().map(|one| one.bucket).collect();
    let kinds: Vec<&str> = of.iter().map(|one| one.kind.as_str()).collect();
    let mut rows = statement(&CONTACTS)
        .bind::<Array<Integer>, _>(&buckets)
        .bind::<Uuid, _>(incident)
        .bind::<Bool, _>(minors == MinorsRule::GuardianLetter)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Integer>, _>(&buckets)
        .load_stream::<ContactRow>(conn)
        .await?;
    while let Some(row) = rows.try_next().await? {
        let contact = opened((incident, key), row.id, (&row.reference_key, &row.sealed))?;
        take((row.kind, row.bucket), contact)?;
    }
    Ok(())
}
