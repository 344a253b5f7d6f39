//! The people who must not be told by a list that waits any more: people with flags or a scope that a later list changed, and
//! people with another postal address in a later list. Addresses are sealed, so those are opened and compared.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::consent::{Barred, BarredPerson, Reason};
use super::store::{self, OfLists};
use super::{Batch, PostalKind};
use crate::db::{self, Conn};
use crate::id::{IncidentId, PostalId};
use crate::seal::IncidentKey;

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
    let lists = [(of.id, of.kind)];
    let mut found = of_lists(conn, (of.incident, key), &lists, named, until).await?;
    Ok(found.barred.remove(&of.id).unwrap_or_default())
}

/// The same of each of these lists of an incident, and how many former persons are on each: two statements.
///
/// # Errors
/// As [`barred`].
pub async fn of_lists(
    conn: &mut Conn,
    of: (IncidentId, &IncidentKey),
    lists: &[(PostalId, PostalKind)],
    named: i32,
    until: Option<Instant>,
) -> db::Result<OfLists> {
    let ids: Vec<_> = lists.iter().map(|(id, _)| *id).collect();
    let mut found = store::barred(conn, of, &ids, named).await?;
    let posted = lists.iter().filter(|(_, kind)| kind.is_posted());
    let posted: Vec<_> = posted.map(|(id, _)| *id).collect();
    if posted.is_empty() {
        return Ok(found);
    }
    for (list, moved) in moved(conn, of, &posted, named, until).await? {
        found.barred.entry(list).or_default().push(moved);
    }
    Ok(found)
}

/// The people of each list with another address now than the one on their letter.
async fn moved(
    conn: &mut Conn,
    of: (IncidentId, &IncidentKey),
    lists: &[PostalId],
    named: i32,
    until: Option<Instant>,
) -> db::Result<HashMap<PostalId, Barred>> {
    let most = usize::try_from(named).unwrap_or(0);
    let mut moved: HashMap<PostalId, (i64, BTreeSet<BarredPerson>)> = HashMap::new();
    let go_on = || match until.is_some_and(|until| Instant::now() >= until) {
        true => Err(db::Error::Late("no time is left".to_owned())),
        false => Ok(()),
    };
    let take = |list: PostalId, person: BarredPerson| {
        let (people, some) = moved.entry(list).or_default();
        *people += 1;
        some.insert(person);
        // The first by their ids, as with other reasons.
        if some.len() > most {
            some.pop_last();
        }
    };
    store::each_moved(conn, of, lists, go_on, take).await?;
    let barred = |(list, (people, some)): (PostalId, (i64, BTreeSet<BarredPerson>))| {
        let barred = Barred {
            reason: Reason::AddressChanged,
            people,
            some: some.into_iter().collect(),
        };
        (list, barred)
    };
    Ok(moved.into_iter().map(barred).collect())
}
