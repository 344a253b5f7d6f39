//! Freezing an audience: after the launch, chunk by chunk, people become notices while earlier chunks
//! are already sent. Each chunk is one transaction, so that a killed sender leaves nothing half done.

use std::collections::BTreeMap;

use super::store::batch::{self, NewBatch, Unfrozen};
use super::store::{self, NewNotice};
use super::{BatchStatus, NoticeStatus};
use crate::app::App;
use crate::campaign::content::Content;
use crate::campaign::{self, Campaign};
use crate::db::{Conn, Error, Result};
use crate::id::NoticeId;
use crate::link::NoticeCode;
use crate::person::{self, AudienceRow, PersonStanding};

/// Freezes the next chunk of whichever campaign needs it. `false`: there is nothing to freeze.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<bool> {
    // Should it be lost, nothing of it was sent: the beginning of an attempt is made durable after it.
    let mut tx = app.db.begin_unhurried().await?;
    let Some(mut at) = batch::lock_unfrozen(&mut tx).await? else {
        return Ok(false);
    };
    let campaign = campaign::store::find(&mut tx, at.campaign_id).await?;
    let most = app.config.mail.batch;
    let canary = campaign::store::canary_left(&mut tx, campaign.id, most).await?;
    let limit = if canary > 0 { canary } else { most };
    let people = page(&mut tx, &campaign, &at, limit.into()).await?;
    let whole = people.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(last) = people.last() {
        at.after = last.id;
        let queued = queue(&mut tx, app, &campaign, &mut at, (&people, canary > 0)).await?;
        if canary > 0 {
            campaign::store::take_canary(&mut tx, campaign.id, queued).await?;
        }
    }
    batch::set_frozen(&mut tx, &at, whole).await?;
    if whole {
        campaign::store::end_canary(&mut tx, campaign.id).await?;
        campaign::store::complete_if_done(&mut tx, campaign.id, app.now()).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn page(
    conn: &mut Conn,
    campaign: &Campaign,
    at: &Unfrozen,
    limit: i64,
) -> Result<Vec<AudienceRow>> {
    let content = campaign
        .content
        .as_deref()
        .and_then(Content::from_text)
        .ok_or_else(|| Error::inconsistent("campaign", campaign.id))?;
    let filter = content.audience.filter(content.kind);
    person::store::page_after(conn, campaign.incident, at.bucket, at.after, &filter, limit).await
}

/// Turns a page of people into notices and one batch, perhaps of the first slice; how many are queued.
async fn queue(
    conn: &mut Conn,
    app: &App,
    campaign: &Campaign,
    at: &mut Unfrozen,
    (people, canary): (&[AudienceRow], bool),
) -> Result<i32> {
    let now = app.now();
    let mailable: Vec<_> = people
        .iter()
        .filter(|person| person.standing != PersonStanding::NeedsLetter)
        .collect();
    // In the order of the people: so the notices lie in the table and in both its keys.
    let mut ids: Vec<NoticeId> = mailable
        .iter()
        .map(|_| NoticeId::in_bucket(at.bucket, now))
        .collect();
    ids.sort_unstable();
    let notices: Vec<NewNotice> = mailable
        .into_iter()
        .zip(ids)
        .map(|(person, id)| {
            let code_key = NoticeCode::of(id, &app.keys).key(&app.keys);
            NewNotice {
                id,
                person: person.id,
                withheld: person.withheld,
                named: person.exposed.bits(),
                code_key,
            }
        })
        .collect();
    let queued = notices.iter().filter(|n| n.withheld.is_none()).count();
    let size = i32::try_from(queued).unwrap_or(i32::MAX);
    store::insert(
        conn,
        (campaign.id, campaign.incident, at.bucket, at.next_batch),
        &notices,
        now,
    )
    .await?;
    let counts = BTreeMap::from([
        (NoticeStatus::Queued, queued as i64),
        (NoticeStatus::Withheld, (notices.len() - queued) as i64),
    ]);
    campaign::store::move_counts(conn, campaign.id, &counts).await?;
    let ids = || notices.iter().map(|n| n.id);
    if let (true, Some(first_id), Some(last_id)) = (queued > 0, ids().min(), ids().max()) {
        let new = NewBatch {
            campaign_id: campaign.id,
            bucket: at.bucket,
            batch_no: at.next_batch,
            size,
            first_id,
            last_id,
            status: BatchStatus::Ready,
            due_at: now,
            canary,
        };
        batch::insert(conn, &new).await?;
        at.next_batch += 1;
    }
    Ok(size)
}
