//! The account divided: by law, language, element or reason, from counters; by campaign, from its notices.

use diesel::sql_types::{BigInt, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::{Account, AccountKind, account};
use crate::app::App;
use crate::db::{Conn, Result};
use crate::element::Element;
use crate::id::IncidentId;

/// Where the people of one jurisdiction, locale, element or reason stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Slice {
    /// Which: a code; empty if the jurisdiction is not known.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// In scope.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Told.
    #[diesel(sql_type = BigInt)]
    pub notified: i64,
    /// Not yet told.
    #[diesel(sql_type = BigInt)]
    pub in_progress: i64,
    /// To be told by post.
    #[diesel(sql_type = BigInt)]
    pub needs_letter: i64,
    /// Not to be told, with a reason.
    #[diesel(sql_type = BigInt)]
    pub withheld: i64,
    /// Told, but not of everything; by element: not of this one.
    #[diesel(sql_type = BigInt)]
    pub unnotified_elements: i64,
}

impl From<Account> for Slice {
    fn from(whole: Account) -> Self {
        Self {
            value: String::new(),
            people: whole.people,
            notified: whole.notified,
            in_progress: whole.in_progress,
            needs_letter: whole.needs_letter,
            withheld: whole.withheld,
            unnotified_elements: whole.unnotified_elements,
        }
    }
}

const BY: &str = "
    select value, people, notified, in_progress, needs_letter, withheld, unnotified_elements
    from (
        select value,
            coalesce(sum(n) filter (where standing <> 'retracted'), 0)::bigint as people,
            coalesce(sum(n) filter (where is_notified(standing)), 0)::bigint as notified,
            coalesce(sum(n) filter (where standing = 'in_progress'), 0)::bigint as in_progress,
            coalesce(sum(n) filter (where standing = 'needs_letter'), 0)::bigint as needs_letter,
            coalesce(sum(n) filter (where standing = 'withheld'), 0)::bigint as withheld,
            coalesce(sum(n) filter (where is_notified(standing) and incomplete), 0)::bigint
                as unnotified_elements
        from account_part where incident_id = $1 and kind = $2::account_kind group by value
    ) parts
    where people <> 0 order by people desc, value";

/// The account by one property, the most people first. Every person counts once; by element, once for each.
///
/// # Errors
/// The database's.
pub async fn by(conn: &mut Conn, incident: IncidentId, kind: AccountKind) -> Result<Vec<Slice>> {
    let mut slices: Vec<Slice> = diesel::sql_query(BY)
        .bind::<Uuid, _>(incident)
        .bind::<Text, _>(kind.as_str())
        .load(conn)
        .await?;
    if kind == AccountKind::Element {
        for slice in &mut slices {
            let bit = slice.value.parse::<usize>().ok();
            if let Some(element) = bit.and_then(|bit| Element::ALL.get(bit)) {
                element.code().clone_into(&mut slice.value);
            }
        }
    }
    Ok(slices)
}

/// The account and its parts by each of some properties, all of the same moment.
///
/// # Errors
/// The database's.
pub async fn whole(
    app: &App,
    incident: IncidentId,
    kinds: &[AccountKind],
) -> Result<(Account, Vec<Vec<Slice>>)> {
    let mut tx = app.db.snapshot().await?;
    let whole = account(&mut tx, incident).await?;
    let mut parts = Vec::with_capacity(kinds.len());
    for kind in kinds {
        parts.push(by(&mut tx, incident, *kind).await?);
    }
    tx.commit().await?;
    Ok((whole, parts))
}
