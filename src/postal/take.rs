//! Taking a list: everybody who belongs on it becomes a letter of one batch, in one transaction.

use serde_json::json;

use super::{Batch, MinorsRule, PostalError, PostalKind, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db::Conn;
use crate::id::{BUCKETS, IncidentId, StaffId};
use crate::incident;
use crate::link::NoticeCode;

/// Takes a list. People on a list that waits stay out, unless `again`. Imports and activations of the incident wait
/// meanwhile.
///
/// # Errors
/// [`PostalError::Nobody`], [`PostalError::Waiting`], [`PostalError::MinorsAreMailed`] for a list of guardians.
pub async fn take(
    app: &App,
    by: StaffId,
    of: IncidentId,
    kind: PostalKind,
    again: bool,
) -> Result<Batch, PostalError> {
    // It may take long.
    let app = &app.patient();
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let found = incident::store::lock(&mut tx, of).await?;
    found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let rule = store::minors(&mut tx, of).await?;
    if kind == PostalKind::Guardian && rule != MinorsRule::GuardianLetter {
        return Err(PostalError::MinorsAreMailed);
    }
    let mut batch = Batch::new(of, kind, by, now);
    store::insert_batch(&mut tx, &batch).await?;
    for bucket in 0..BUCKETS {
        batch.people += list(app, &mut tx, &batch, bucket, rule, again).await?;
    }
    if batch.people == 0 {
        let waiting = store::waiting(&mut tx, of, kind).await?;
        return Err(match waiting {
            0 => PostalError::Nobody,
            waiting => PostalError::Waiting { waiting },
        });
    }
    store::set_people(&mut tx, batch.id, batch.people).await?;
    let detail = json!({ "list": kind, "batch": batch.id, "people": batch.people, "again": again });
    let actor = Actor::Staff(by);
    audit::store::append(&mut tx, now, actor, "letters.export", of, &detail).await?;
    tx.commit().await?;
    Ok(batch)
}

/// Puts the people of one bucket on the list; how many.
async fn list(
    app: &App,
    tx: &mut Conn,
    batch: &Batch,
    bucket: i32,
    rule: MinorsRule,
    again: bool,
) -> Result<i64, PostalError> {
    let people = store::to_list(tx, batch.incident, bucket, (batch.kind, rule), again).await?;
    let code = |person| {
        // Nobody has checked yet that a relative or a shelter may open the person's page.
        let printed = batch.kind.is_posted();
        printed.then(|| NoticeCode::of_letter(batch.id, person, &app.keys).key(&app.keys))
    };
    let letters: Vec<_> = people
        .into_iter()
        .map(|(person, named)| (person, named, code(person)))
        .collect();
    store::insert_items(tx, batch.id, bucket, &letters).await?;
    Ok(i64::try_from(letters.len()).unwrap_or(i64::MAX))
}
