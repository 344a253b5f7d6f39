//! Freezing an audience: after the launch, chunk by chunk, people become notices while earlier chunks
//! are already sent. Each chunk is one transaction, so that a killed sender leaves nothing half done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::letter::Edition;
use super::store::batch::{self, NewBatch, Unfrozen};
use super::store::{self, NewNotice};
use super::{BatchStatus, NoticeStatus};
use crate::actor::Actor;
use crate::app::App;
use crate::campaign::content::Content;
use crate::campaign::{self, Campaign, guard, hold};
use crate::db::{Conn, Error, Result};
use crate::id::{BUCKETS, CampaignId, NoticeId};
use crate::link::NoticeCode;
use crate::person::{self, AudienceFilter, AudienceRow};

/// Who ends a campaign when nothing of it is left.
const ME: Actor = Actor::System("senders");
/// How many campaigns' contents are kept compiled.
const KEPT: usize = 16;
/// Of an incident with so few people, buckets without anybody of the audience are found at once: a campaign to a
/// handful of people does not take a transaction for each bucket.
const FEW: i64 = 10_000;

/// What a campaign's audience is frozen with.
struct Pinned {
    scope: i32,
    filter: AudienceFilter,
    edition: Edition,
}

/// Freezes audiences, with the content of each campaign compiled once.
#[derive(Default)]
pub struct Freezer {
    pinned: HashMap<CampaignId, Arc<Pinned>>,
}

/// Freezes the next chunk of whichever campaign needs it, once.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<bool> {
    Freezer::default().step(app).await
}

impl Freezer {
    /// Freezes the next chunk of whichever campaign needs it. `false`: there is nothing to freeze. A campaign whose
    /// list version is no longer the one in force is paused: its approval is void.
    ///
    /// # Errors
    /// The database's.
    pub async fn step(&mut self, app: &App) -> Result<bool> {
        // Should it be lost, nothing of it was sent: the beginning of an attempt is made durable after it.
        let mut tx = app.db.begin_unhurried().await?;
        let Some(at) = batch::lock_unfrozen(&mut tx).await? else {
            return Ok(false);
        };
        let campaign = campaign::store::find(&mut tx, at.campaign_id).await?;
        let pinned = self.pinned(app, &campaign)?;
        // Another campaign of the incident does not take the same people at the same moment. Before the incident's row,
        // as in an activation.
        let bucket = at.bucket..at.bucket + 1;
        person::store::lock(&mut tx, campaign.incident, bucket).await?;
        let other = hold::other_scope(&mut tx, campaign.incident, pinned.scope).await?;
        if let Some(version) = other {
            drop(tx);
            hold::pause_unfrozen(app, campaign.id, version).await?;
            return Ok(true);
        }
        let begun = Instant::now();
        let frozen = chunk(&mut tx, app, (&campaign, &pinned), at).await?;
        tx.commit().await?;
        let took = begun.elapsed().as_secs_f64();
        app.metrics.freeze_seconds.observe(took);
        if frozen.is_through {
            guard::log(app, campaign.id, ME, "a campaign is through").await;
        }
        Ok(true)
    }

    fn pinned(&mut self, app: &App, campaign: &Campaign) -> Result<Arc<Pinned>> {
        if let Some(pinned) = self.pinned.get(&campaign.id) {
            return Ok(Arc::clone(pinned));
        }
        let strange = || Error::inconsistent("campaign", campaign.id);
        let text = campaign.content.as_deref().unwrap_or_default();
        let content = Content::from_text(text).ok_or_else(strange)?;
        let edition = Edition::new(text, &app.config, &app.keys, &app.signers);
        let pinned = Arc::new(Pinned {
            scope: content.scope,
            filter: AudienceFilter {
                but: Some(campaign.id),
                ..content.audience.filter(content.kind)
            },
            edition: edition.map_err(|_| strange())?,
        });
        if self.pinned.len() >= KEPT {
            self.pinned.clear();
        }
        self.pinned.insert(campaign.id, Arc::clone(&pinned));
        Ok(pinned)
    }
}

/// Freezes what is left of a campaign's audience, in the caller's transaction and however the campaign stands; how many
/// notices that made. Where another list has taken the place of the one that was approved nothing more is frozen, as
/// while it is sent.
///
/// # Errors
/// The database's.
pub async fn rest(tx: &mut Conn, app: &App, campaign: &Campaign) -> Result<u64> {
    let mut left = batch::lock_unfrozen_of(tx, campaign.id).await?;
    if left.is_empty() {
        return Ok(0);
    }
    let pinned = Freezer::default().pinned(app, campaign)?;
    person::store::lock(tx, campaign.incident, 0..BUCKETS).await?;
    if hold::other_scope(tx, campaign.incident, pinned.scope)
        .await?
        .is_some()
    {
        return Ok(0);
    }
    let mut made = 0;
    while let Some(at) = left.pop() {
        made += chunk(tx, app, (campaign, &pinned), at).await?.made;
        if left.is_empty() {
            left = batch::lock_unfrozen_of(tx, campaign.id).await?;
        }
    }
    Ok(made)
}

/// What freezing a chunk came to.
struct Frozen {
    /// Notices that are queued by it.
    made: u64,
    /// Whether the campaign is completed by it: nobody is to be written to.
    is_through: bool,
}

async fn chunk(
    tx: &mut Conn,
    app: &App,
    (campaign, pinned): (&Campaign, &Pinned),
    mut at: Unfrozen,
) -> Result<Frozen> {
    let most = app.config.mail.batch;
    let canary = campaign::store::canary_left(tx, campaign.id, most).await?;
    let limit = if canary > 0 { canary } else { most };
    let (incident, filter) = (campaign.incident, &pinned.filter);
    let people =
        person::store::page_after(tx, incident, at.bucket, at.after, filter, limit.into()).await?;
    let whole = people.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let mut made = 0;
    let begins = at.bucket == 0 && at.after.uuid().is_nil();
    if let Some(last) = people.last() {
        at.after = last.id;
        let chosen = (people.as_slice(), canary > 0);
        let queued = queue(tx, app, (campaign, &pinned.edition), &mut at, chosen).await?;
        made = u64::try_from(queued).unwrap_or(0);
        if canary > 0 {
            campaign::store::take_canary(tx, campaign.id, queued).await?;
        }
    }
    batch::set_frozen(tx, &at, whole).await?;
    if begins && whole {
        let but = person::store::buckets_of_few(tx, incident, filter, FEW).await?;
        if let Some(but) = but {
            batch::set_empty(tx, campaign.id, &but).await?;
        }
    }
    let mut is_through = false;
    if whole {
        campaign::store::end_canary(tx, campaign.id).await?;
        is_through = campaign::store::complete_if_done(tx, campaign.id, app.now()).await?;
    }
    Ok(Frozen { made, is_through })
}

/// Turns a page of people into notices and one batch, perhaps of the first slice; how many are queued.
async fn queue(
    conn: &mut Conn,
    app: &App,
    (campaign, edition): (&Campaign, &Edition),
    at: &mut Unfrozen,
    (people, canary): (&[AudienceRow], bool),
) -> Result<i32> {
    let now = app.now();
    // As the audience was counted: who has no address that takes mail is not written to.
    let mailable: Vec<_> = people
        .iter()
        .filter(|person| person.has_address || person.withheld.is_some())
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
                named: edition.names(person.locale.as_str(), person.exposed).bits(),
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
