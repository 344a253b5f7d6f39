//! Freezing audiences: after the launch, slice by slice, people become notices while earlier slices are already sent.
//! Campaigns take turns, corrections first. Each slice is one transaction, so that a killed sender leaves nothing half
//! done.

mod slice;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::slice::{Pinned, Slice};
use super::letter::Edition;
use super::store::unfrozen::{self, Unfrozen};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::campaign::content::Content;
use crate::campaign::{self, Campaign, guard, hold};
use crate::db::{Conn, Result};
use crate::deployment::keys;
use crate::id::CampaignId;
use crate::person::{self, AudienceFilter};

/// Who ends a campaign when nothing of it is left.
const ME: Actor = Actor::System(System::Senders);
/// How many campaigns' contents are kept compiled.
const KEPT: usize = 16;
/// Of an incident with so few people, the first slice is looked for in all buckets at once: a campaign to few people
/// takes one transaction.
const FEW: i64 = 10_000;
/// A slice that is not full goes on in the next buckets until this time has passed: then it is another campaign's turn.
const TURN: Duration = Duration::from_millis(150);

/// Freezes audiences, with the content of each campaign compiled once.
pub struct Freezer {
    /// How long a slice that is not full may go on.
    turn: Duration,
    /// The last look found nothing to freeze.
    idle: bool,
    pinned: HashMap<CampaignId, Arc<Pinned>>,
    /// The campaign of the last slice: the next is another's turn.
    last: Option<CampaignId>,
}

impl Default for Freezer {
    fn default() -> Self {
        Self::with_turn(TURN)
    }
}

/// Freezes a slice of the next campaign, once.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<bool> {
    Freezer::default().step(app).await
}

impl Freezer {
    /// Slices that are not full go on in the next buckets until this time has passed.
    pub fn with_turn(turn: Duration) -> Self {
        Self {
            turn,
            idle: false,
            pinned: HashMap::new(),
            last: None,
        }
    }

    /// Freezes a slice of the next campaign. `false`: there is nothing to freeze. A campaign whose
    /// list version is no longer the one in force is paused: its approval is void.
    ///
    /// # Errors
    /// The database's.
    pub async fn step(&mut self, app: &App) -> Result<bool> {
        // One statement instead of a transaction's three, and no lock that makes another node pass a bucket over.
        if self.idle && !unfrozen::is_any(&mut *app.db.get().await?).await? {
            return Ok(false);
        }
        keys::refuse_others(app).await?;
        // Should it be lost, nothing of it was sent: the beginning of an attempt is made durable after it.
        let mut tx = app.db.begin_unhurried().await?;
        let Some(at) = unfrozen::lock_next(&mut tx, self.last).await? else {
            self.idle = true;
            return Ok(false);
        };
        self.idle = false;
        self.last = Some(at.campaign_id);
        let campaign = campaign::store::find(&mut tx, at.campaign_id).await?;
        let pinned = self.pinned(app, &campaign)?;
        let other = hold::other_than(&mut tx, campaign.incident, at.scope, pinned.scope).await?;
        if let Some(version) = other {
            drop(tx);
            hold::pause_unfrozen(app, campaign.id, version).await?;
            return Ok(true);
        }
        let begun = Instant::now();
        let mut places = vec![at];
        if is_of_few(&mut tx, &campaign, &places[0]).await? {
            let others = unfrozen::lock_untouched(&mut tx, campaign.id, places[0].bucket).await?;
            places.extend(others);
        }
        let mut slice = Slice::new(&mut tx, app, &campaign, &pinned).await?;
        lock_people(&mut tx, &campaign, &places).await?;
        match <[Unfrozen; 1]>::try_from(places) {
            Ok([at]) => in_turn(&mut tx, &mut slice, at, self.turn).await?,
            Err(places) => slice.take_few(&mut tx, places).await?,
        }
        let frozen = slice.end(&mut tx).await?;
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
        let text = campaign.content.as_deref().unwrap_or_default();
        let content = Content::from_text(text).map_err(|why| why.of(campaign.id))?;
        let edition = Edition::new(text, &app.keys, &app.signers);
        let pinned = Arc::new(Pinned {
            scope: content.scope,
            filter: AudienceFilter {
                but: Some(campaign.id),
                ..content.audience.filter(content.kind)
            },
            edition: edition.map_err(|why| why.of(campaign.id))?,
        });
        if self.pinned.len() >= KEPT {
            self.pinned.clear();
        }
        self.pinned.insert(campaign.id, Arc::clone(&pinned));
        Ok(pinned)
    }
}

/// Whether this is the beginning of a campaign of an incident with few people.
async fn is_of_few(tx: &mut Conn, campaign: &Campaign, at: &Unfrozen) -> Result<bool> {
    let begins = at.bucket == 0 && at.is_untouched();
    Ok(begins && person::store::is_few(tx, campaign.incident, FEW).await?)
}

/// Another campaign of the incident does not take the same people at the same moment. After the incident's row, as in an
/// activation, so that senders who settle people do not wait for the row; and in the order of the buckets.
async fn lock_people(tx: &mut Conn, campaign: &Campaign, places: &[Unfrozen]) -> Result<()> {
    let buckets = places.iter().map(|at| at.bucket);
    let (first, last) = (buckets.clone().min(), buckets.max());
    let range = first.unwrap_or(0)..last.map_or(0, |last| last + 1);
    person::store::lock(tx, campaign.incident, range).await
}

/// Fills a slice from a bucket and those behind it, until it is full or the turn is over.
async fn in_turn(
    tx: &mut Conn,
    slice: &mut Slice<'_>,
    mut at: Unfrozen,
    turn: Duration,
) -> Result<()> {
    let until = Instant::now() + turn;
    loop {
        let bucket = at.bucket;
        slice.take(tx, at).await?;
        if slice.is_full() || Instant::now() >= until {
            return Ok(());
        }
        let Some(next) = unfrozen::lock_behind(tx, slice.campaign.id, bucket).await? else {
            return Ok(());
        };
        lock_people(tx, slice.campaign, std::slice::from_ref(&next)).await?;
        at = next;
    }
}

/// Locks what [`rest`] freezes of a campaign; `false`: its audience is complete.
///
/// # Errors
/// The database's.
pub async fn lock_rest(tx: &mut Conn, campaign: CampaignId) -> Result<bool> {
    Ok(!unfrozen::lock_all(tx, campaign).await?.is_empty())
}

/// Freezes what is left of a campaign's audience, in the caller's transaction and however the campaign stands; how many
/// notices that made. The caller has locked [`lock_rest`], the campaign's pace and the people of its incident. Where another list has taken the place of the one that was approved nothing more is frozen, as
/// while it is sent.
///
/// # Errors
/// The database's.
pub async fn rest(tx: &mut Conn, app: &App, campaign: &Campaign) -> Result<u64> {
    let mut left = unfrozen::lock_all(tx, campaign.id).await?;
    if left.is_empty() {
        return Ok(0);
    }
    let pinned = Freezer::default().pinned(app, campaign)?;
    let other = hold::other_scope(tx, campaign.incident, pinned.scope).await?;
    if other.is_some() {
        return Ok(0);
    }
    let mut made = 0;
    while let Some(at) = left.pop() {
        let mut slice = Slice::new(tx, app, campaign, &pinned).await?;
        slice.take(tx, at).await?;
        made += slice.end(tx).await?.made;
        if left.is_empty() {
            left = unfrozen::lock_all(tx, campaign.id).await?;
        }
    }
    Ok(made)
}
