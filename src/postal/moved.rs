//! The people who must not be told by a list that waits any more: people with flags or a scope that a later list changed, and
//! people with another postal address in a later list. Addresses are sealed, so those are opened and compared.

use std::time::Instant;

use super::consent::{Barred, Reason};
use super::{Batch, store};
use crate::db::{self, Conn};
use crate::id::PersonId;
use crate::person;
use crate::seal::IncidentKey;

/// How many people are opened at once.
const AT_ONCE: usize = 1_000;

/// The people of a list that waits who must not be told by it any more: how many for each reason, and at most `named`
/// of them.
///
/// # Errors
/// `Late` if comparing addresses takes longer than `until`.
pub async fn barred(
    conn: &mut Conn,
    key: &IncidentKey,
    of: &Batch,
    named: i32,
    until: Option<Instant>,
) -> db::Result<Vec<Barred>> {
    let mut barred = store::barred(conn, of, named).await?;
    let moved = moved(conn, key, of, until).await?;
    if !moved.is_empty() {
        let some = usize::try_from(named).unwrap_or(0);
        barred.push(Barred {
            reason: Reason::AddressChanged,
            people: i64::try_from(moved.len()).unwrap_or(i64::MAX),
            some: moved.into_iter().take(some).collect(),
        });
    }
    Ok(barred)
}

/// The people with another address now than the one on their letter.
async fn moved(
    conn: &mut Conn,
    key: &IncidentKey,
    of: &Batch,
    until: Option<Instant>,
) -> db::Result<Vec<PersonId>> {
    let mut moved = Vec::new();
    if !of.kind.is_posted() || !store::is_older(conn, of).await? {
        return Ok(moved);
    }
    let changed = store::with_other_contact(conn, of).await?;
    for some in changed.chunks(AT_ONCE) {
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(db::Error::Late("no time is left".to_owned()));
        }
        let ids: Vec<_> = some.iter().map(|(id, _)| *id).collect();
        let people = person::store::load_of_buckets(conn, key, of.incident, &ids).await?;
        let was = |id: PersonId| {
            let at = some.binary_search_by_key(&id, |(id, _)| *id).ok()?;
            Some(some[at].1.as_slice())
        };
        let other = people.into_iter().filter(|one| {
            let is = one.contact.address_key(key);
            is.as_ref().map(<[u8; 16]>::as_slice) != was(one.id)
        });
        moved.extend(other.map(|one| one.id));
    }
    Ok(moved)
}
