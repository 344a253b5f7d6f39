//! The people who belong on a list for the post and have no postal address: they need one, or are told otherwise.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::store::{Belongs, Next};
use super::take::{AT_ONCE, has_address};
use super::{MinorsRule, PostalError, PostalKind, store};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{BUCKETS, IncidentId};
use crate::incident::{self, Incident};
use crate::person;
use crate::person::contact::Contact;
use crate::seal::IncidentKey;

/// These people being read, bucket by bucket.
pub struct Lacking {
    app: App,
    of: IncidentId,
    key: IncidentKey,
    which: (PostalKind, MinorsRule),
    bucket: i32,
}

/// Begins to read who lacks an address for a list of this kind.
///
/// # Errors
/// [`PostalError::Forgotten`].
pub async fn without_address(
    app: &App,
    of: IncidentId,
    kind: PostalKind,
) -> Result<Lacking, PostalError> {
    // It may take long, and pages need their connections.
    let app = app.patient();
    let mut conn = app.db.get().await?;
    let found = incident::store::find(&mut conn, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let rule = store::minors(&mut conn, of).await?;
    drop(conn);
    Ok(Lacking {
        app,
        of,
        key,
        which: (kind, rule),
        bucket: 0,
    })
}

impl Lacking {
    /// The references of the next people, sorted within a bucket, of former persons their
    /// ids: what [`super::told::told`] takes; `None` at the end.
    ///
    /// # Errors
    /// [`PostalError::Forgotten`] once the incident was forgotten.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, PostalError> {
        while self.bucket < BUCKETS {
            let mut conn = self.app.db.get().await?;
            let key = incident::store::wrapped_key(&mut conn, self.of).await?;
            key.ok_or(PostalError::Forgotten)?;
            let of = (self.of, self.bucket);
            let mut references = of_bucket(&mut conn, &self.key, of, self.which).await?;
            self.bucket += 1;
            if !references.is_empty() {
                references.sort_unstable();
                return Ok(Some(references));
            }
        }
        Ok(None)
    }
}

/// Of how many people a page opens the contact data at most, and of those of one bucket at least.
const AT_MOST: i64 = 100_000;

/// How many people lacked an address when they were last counted, by bucket. While the same people belong on the next
/// list, with the same contact data, so is the number, and no contact data are opened again for it.
#[derive(Debug, Default)]
pub struct Counts(Mutex<HashMap<Place, (Basis, i64)>>);

/// An incident, a kind of list and a bucket.
type Place = (IncidentId, PostalKind, i32);

/// What a number was counted from: how many people belong on the next list, and the hash of them.
type Basis = (i64, i64);

fn basis(of: &Next) -> Basis {
    (of.people, of.hash)
}

impl Counts {
    /// How many people lack an address for the next list of each of these kinds now: two statements. A kind that is not
    /// counted is left out: counting takes longer than `within`, or the contact data of more than a page opens are new.
    /// What was counted is kept, and the next call goes on from there.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(
        &self,
        app: &App,
        of: &Incident,
        which: (&[PostalKind], MinorsRule),
        within: Duration,
    ) -> Result<HashMap<PostalKind, i64>, PostalError> {
        let none = || -> HashMap<_, _> { which.0.iter().map(|kind| (*kind, 0)).collect() };
        let Some(key) = of.key(&app.keys)?.filter(|_| !which.0.is_empty()) else {
            return Ok(none());
        };
        let until = Instant::now() + within;
        let read = async |conn: &mut Conn| self.read(conn, (of.id, &key), which, until).await;
        let Some(counted) = app.db.read_within(within, read).await? else {
            return Ok(HashMap::new());
        };
        let mut all = none();
        for (kind, people) in counted {
            let sum = all.remove(&kind);
            all.extend(sum.zip(people).map(|(sum, people)| (kind, sum + people)));
        }
        Ok(all)
    }

    /// The numbers of all buckets, each with its kind; `None` for one that is not counted.
    async fn read(
        &self,
        conn: &mut Conn,
        (of, key): (IncidentId, &IncidentKey),
        (kinds, rule): (&[PostalKind], MinorsRule),
        until: Instant,
    ) -> db::Result<Vec<(PostalKind, Option<i64>)>> {
        // Before the contact data: a list that comes in force from here on is another basis.
        let next = store::next(conn, of, (kinds, rule)).await?;
        let mut room = AT_MOST;
        let is_new = |one: &&Next| self.known(of, one).is_none();
        let fits = |one: &&Next| {
            let fits = room > 0;
            room -= one.people;
            fits
        };
        let new: Vec<_> = next
            .iter()
            .filter(is_new)
            .take_while(fits)
            .copied()
            .collect();
        if !new.is_empty() {
            let mut lacking: HashMap<_, i64> = HashMap::new();
            let take = |place, contact: Contact| {
                if Instant::now() >= until {
                    return Err(db::Error::Late("no time is left".to_owned()));
                }
                *lacking.entry(place).or_default() += i64::from(!has_address(&contact));
                Ok(())
            };
            store::each_contact(conn, (of, key), rule, &new, take).await?;
            for one in &new {
                let place = (one.kind, one.bucket);
                self.keep(of, one, lacking.get(&place).copied().unwrap_or_default());
            }
        }
        let known = |one: &Next| (one.kind, self.known(of, one));
        Ok(next.iter().map(known).collect())
    }

    fn known(&self, of: IncidentId, one: &Next) -> Option<i64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, people) = all.get(&(of, one.kind, one.bucket))?;
        (*from == basis(one)).then_some(*people)
    }

    fn keep(&self, of: IncidentId, one: &Next, people: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((of, one.kind, one.bucket), (basis(one), people));
    }
}

/// The references of people of one bucket who belong on the next list and lack an address. People on a list that waits
/// had one.
async fn of_bucket(
    conn: &mut Conn,
    key: &IncidentKey,
    (of, bucket): (IncidentId, i32),
    which: (PostalKind, MinorsRule),
) -> db::Result<Vec<String>> {
    let people = store::to_list(conn, of, bucket, which, false).await?;
    lacking(conn, key, (of, bucket), &people).await
}

/// The references of those of some people of one bucket who lack an address.
async fn lacking(
    conn: &mut Conn,
    key: &IncidentKey,
    (of, bucket): (IncidentId, i32),
    people: &[Belongs],
) -> db::Result<Vec<String>> {
    let mut references = Vec::new();
    for some in people.chunks(AT_ONCE) {
        let ids: Vec<_> = some.iter().map(|one| one.person).collect();
        let opened = person::store::load_many(conn, key, (of, bucket), &ids).await?;
        let former = person::store::former_among(conn, bucket, &ids).await?;
        let lacking = opened.into_iter().filter(|one| !has_address(&one.contact));
        // The reference of a former person names another one by now.
        references.extend(lacking.map(|one| match former.contains(&one.id) {
            true => one.id.to_string(),
            false => one.contact.reference,
        }));
    }
    Ok(references)
}
