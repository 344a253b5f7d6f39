//! The people who belong on a list for the post and have no postal address: they need one, or are told otherwise.

use std::time::{Duration, Instant};

use super::take::{AT_ONCE, has_address};
use super::{MinorsRule, PostalError, PostalKind, store};
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
    /// The references of the next people, sorted within a bucket, of people whose reference was given to another one their
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

/// How many people lack an address for a list of this kind now; `None` if counting them takes longer than `within`.
///
/// # Errors
/// The database's.
pub async fn count(
    app: &App,
    of: &Incident,
    kind: PostalKind,
    within: Duration,
) -> Result<Option<i64>, PostalError> {
    let until = Instant::now() + within;
    let Some(key) = of.key(&app.keys)? else {
        return Ok(Some(0));
    };
    match counted(app, (of.id, &key), kind, until).await {
        Err(error) if error.is_passing() => Ok(None),
        counted => Ok(counted?),
    }
}

async fn counted(
    app: &App,
    (of, key): (IncidentId, &IncidentKey),
    kind: PostalKind,
    until: Instant,
) -> db::Result<Option<i64>> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(None);
    }
    let mut tx = app.db.begin_within(left).await?;
    let rule = store::minors(&mut tx, of).await?;
    let mut all = Some(0);
    for bucket in 0..BUCKETS {
        if Instant::now() >= until {
            all = None;
            break;
        }
        let lacking = of_bucket(&mut tx, key, (of, bucket), (kind, rule)).await?;
        all = all.map(|n| n + i64::try_from(lacking.len()).unwrap_or(i64::MAX));
    }
    tx.roll_back().await;
    Ok(all)
}

/// The references of people of one bucket who belong on the next list and lack an address. Everybody on a list that
/// waits had one.
async fn of_bucket(
    conn: &mut Conn,
    key: &IncidentKey,
    (of, bucket): (IncidentId, i32),
    which: (PostalKind, MinorsRule),
) -> db::Result<Vec<String>> {
    let people = store::to_list(conn, of, bucket, which, false).await?;
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
