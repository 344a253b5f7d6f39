//! The people who belong on a list for the post and have no postal address: they need one, or are told otherwise.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::store::Belongs;
use super::take::{AT_ONCE, has_address};
use super::{MinorsRule, PostalError, PostalKind, store};
use crate::account;
use crate::account::store::Applied;
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{BUCKETS, IncidentId};
use crate::incident::{self, Incident};
use crate::person;
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

/// Of how many people on the next lists of all kinds together a page opens the contact data each time, in two statements.
/// Those of more people are counted bucket by bucket, and the numbers are kept ([`Counts`]).
pub const FEW: i64 = 10_000;

/// How many people lack an address for the next list of each of these kinds; kinds without such people are left out. `None`
/// if counting them takes longer than `within`.
///
/// # Errors
/// The database's.
pub async fn count_few(
    app: &App,
    of: &Incident,
    (kinds, rule): (&[PostalKind], MinorsRule),
    within: Duration,
) -> Result<Option<HashMap<PostalKind, i64>>, PostalError> {
    let Some(key) = of.key(&app.keys)?.filter(|_| !kinds.is_empty()) else {
        return Ok(Some(HashMap::new()));
    };
    let read = async |conn: &mut Conn| -> db::Result<HashMap<PostalKind, i64>> {
        let next = store::listed_next(conn, of.id, kinds, rule).await?;
        let mut all: HashMap<PostalKind, i64> = HashMap::new();
        for some in next.chunks(usize::try_from(FEW).unwrap_or(usize::MAX)) {
            let ids: Vec<_> = some.iter().map(|(_, id)| *id).collect();
            let opened = person::store::load_of_buckets(conn, &key, of.id, &ids).await?;
            let lacking = opened.iter().filter(|one| !has_address(one));
            let lacking: HashSet<_> = lacking.map(|one| one.id).collect();
            for (kind, _) in some.iter().filter(|(_, id)| lacking.contains(id)) {
                *all.entry(*kind).or_default() += 1;
            }
        }
        Ok(all)
    };
    Ok(app.db.read_within(within, read).await?)
}

/// The number of each bucket, and what it was counted from.
type ByBucket = HashMap<i32, (Basis, i64)>;

/// How many people lacked an address when they were last counted, by bucket. Contact data change with the list of
/// affected people only: while that and the people who belong on the list for the post are the same, so is the number,
/// and no contact data are opened again for it.
#[derive(Debug, Default)]
pub struct Counts(Mutex<HashMap<(IncidentId, PostalKind), ByBucket>>);

/// What a number was counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    lists: Applied,
    /// A hash of the people who belong on the list for the post.
    people: u64,
}

impl Basis {
    fn of(lists: Applied, people: &[Belongs]) -> Self {
        let mut hasher = DefaultHasher::new();
        people.iter().for_each(|one| one.person.hash(&mut hasher));
        Self {
            lists,
            people: hasher.finish(),
        }
    }
}

impl Counts {
    /// How many people lack an address for a list of this kind now; `None` if counting them takes longer than `within`.
    /// What was counted by then is kept, and the next call goes on from there.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(
        &self,
        app: &App,
        of: &Incident,
        kind: PostalKind,
        within: Duration,
    ) -> Result<Option<i64>, PostalError> {
        let until = Instant::now() + within;
        let Some(key) = of.key(&app.keys)? else {
            return Ok(Some(0));
        };
        let read = async |conn: &mut Conn| self.read(conn, (of.id, &key), kind, until).await;
        Ok(app.db.read_within(within, read).await?)
    }

    async fn read(
        &self,
        conn: &mut Conn,
        (of, key): (IncidentId, &IncidentKey),
        kind: PostalKind,
        until: Instant,
    ) -> db::Result<i64> {
        let rule = store::minors(conn, of).await?;
        // Before the people: a list that comes in force from here on is another basis.
        let lists = account::store::applied(conn, of).await?;
        let mut all = 0;
        for bucket in 0..BUCKETS {
            if Instant::now() >= until {
                return Err(db::Error::Late("no time is left".to_owned()));
            }
            let people = store::to_list(conn, of, bucket, (kind, rule), false).await?;
            let basis = Basis::of(lists, &people);
            let known = self.known((of, kind), bucket);
            all += match known.filter(|(known, _)| *known == basis) {
                Some((_, n)) => n,
                None => {
                    let lacking = lacking(conn, key, (of, bucket), &people).await?.len();
                    let n = i64::try_from(lacking).unwrap_or(i64::MAX);
                    self.keep((of, kind), bucket, (basis, n));
                    n
                }
            };
        }
        Ok(all)
    }

    fn known(&self, of: (IncidentId, PostalKind), bucket: i32) -> Option<(Basis, i64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&of)?.get(&bucket).copied()
    }

    fn keep(&self, of: (IncidentId, PostalKind), bucket: i32, counted: (Basis, i64)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(of).or_default().insert(bucket, counted);
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
        let lacking = opened.into_iter().filter(|one| !has_address(one));
        // The reference of a former person names another one by now.
        references.extend(lacking.map(|one| match former.contains(&one.id) {
            true => one.id.to_string(),
            false => one.contact.reference,
        }));
    }
    Ok(references)
}
