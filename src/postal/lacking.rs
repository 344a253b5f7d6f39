//! The people who belong on a list for the post and have no postal address: they need one, or are told otherwise.

use super::take::{AT_ONCE, has_address};
use super::{MinorsRule, PostalError, PostalKind, store};
use crate::app::App;
use crate::id::{BUCKETS, IncidentId};
use crate::incident;
use crate::person;
use crate::seal::IncidentKey;

/// These people being read, bucket by bucket.
pub struct Lacking {
    app: App,
    of: IncidentId,
    key: IncidentKey,
    kind: PostalKind,
    rule: MinorsRule,
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
        kind,
        rule,
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
            let references = self.of_bucket(self.bucket).await?;
            self.bucket += 1;
            if !references.is_empty() {
                return Ok(Some(references));
            }
        }
        Ok(None)
    }

    async fn of_bucket(&self, bucket: i32) -> Result<Vec<String>, PostalError> {
        let mut conn = self.app.db.get().await?;
        let key = incident::store::wrapped_key(&mut conn, self.of).await?;
        key.ok_or(PostalError::Forgotten)?;
        let which = (self.kind, self.rule);
        let people = store::to_list(&mut conn, self.of, bucket, which, true).await?;
        let mut references = Vec::new();
        for some in people.chunks(AT_ONCE) {
            let ids: Vec<_> = some.iter().map(|one| one.person).collect();
            let opened =
                person::store::load_many(&mut conn, &self.key, (self.of, bucket), &ids).await?;
            let former = person::store::former_among(&mut conn, bucket, &ids).await?;
            let lacking = opened.into_iter().filter(|one| !has_address(one));
            // The reference of a former person names another one by now.
            references.extend(lacking.map(|one| match former.contains(&one.id) {
                true => one.id.to_string(),
                false => one.contact.reference,
            }));
        }
        references.sort_unstable();
        Ok(references)
    }
}
