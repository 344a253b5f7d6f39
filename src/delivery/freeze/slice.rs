//! A slice of an audience: as many people as a batch has at most, of one bucket or of several, become notices.

use std::collections::BTreeMap;

use super::super::letter::Edition;
use super::super::store::batch::{self, NewBatch};
use super::super::store::unfrozen::{self, Unfrozen};
use super::super::store::{self, NewNotice};
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::db::{Conn, Result};
use crate::id::NoticeId;
use crate::link::NoticeCode;
use crate::notice::{BatchStatus, NoticeStatus};
use crate::person::{self, AudienceFilter, AudienceRow};

/// What a campaign's audience is frozen with.
pub(super) struct Pinned {
    pub(super) scope: i32,
    pub(super) filter: AudienceFilter,
    pub(super) edition: Edition,
}

/// What freezing a slice came to.
pub(super) struct Frozen {
    /// Notices that are queued by it.
    pub(super) made: u64,
    /// Whether this slice completes the campaign: its audience is empty.
    pub(super) is_through: bool,
}

/// People of one bucket, and how far its freezing is with them.
struct Part {
    at: Unfrozen,
    people: Vec<AudienceRow>,
    whole: bool,
}

/// A slice while it is taken.
pub(super) struct Slice<'a> {
    app: &'a App,
    pub(super) campaign: &'a Campaign,
    pinned: &'a Pinned,
    people: usize,
    queued: i32,
    has_whole: bool,
    /// What it adds to the counters of the campaign.
    counts: BTreeMap<NoticeStatus, i64>,
    /// Notices that are still to go into the campaign's canary.
    canary_left: i32,
}

impl<'a> Slice<'a> {
    /// An empty slice. If the canary is not full, the row of the campaign's pace is locked before any people: a
    /// transaction that has locked people never waits for that row.
    pub(super) async fn new(
        tx: &mut Conn,
        app: &'a App,
        campaign: &'a Campaign,
        pinned: &'a Pinned,
    ) -> Result<Self> {
        let canary_left = campaign::store::canary_left(tx, campaign.id).await?;
        Ok(Self {
            app,
            campaign,
            pinned,
            people: 0,
            queued: 0,
            has_whole: false,
            counts: BTreeMap::new(),
            canary_left,
        })
    }

    /// Whether no more people fit in.
    pub(super) fn is_full(&self) -> bool {
        self.room() <= 0
    }

    fn room(&self) -> i32 {
        let taken = i32::try_from(self.people).unwrap_or(i32::MAX);
        self.app.config.mail.batch - taken
    }

    /// How many people come in now, and whether they are of the campaign's canary, which is sent before the rest.
    fn limit(&self) -> (i32, bool) {
        match self.canary_left.min(self.room()) {
            0 => (self.room(), false),
            canary => (canary, true),
        }
    }

    /// Takes people of one bucket.
    pub(super) async fn take(&mut self, tx: &mut Conn, at: Unfrozen) -> Result<()> {
        let (limit, canary) = self.limit();
        let (incident, filter) = (self.campaign.incident, &self.pinned.filter);
        let place = (at.bucket, at.after);
        let people = person::store::page_after(tx, incident, place, filter, limit.into()).await?;
        let whole = people.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let part = Part { at, people, whole };
        self.write(tx, vec![part], canary).await
    }

    /// Takes people of several untouched buckets, of an incident with few people.
    pub(super) async fn take_few(&mut self, tx: &mut Conn, places: Vec<Unfrozen>) -> Result<()> {
        let (limit, canary) = self.limit();
        let buckets: Vec<i32> = places.iter().map(|at| at.bucket).collect();
        let (incident, filter) = (self.campaign.incident, &self.pinned.filter);
        let people =
            person::store::page_of_few(tx, incident, &buckets, filter, limit.into()).await?;
        let parts = parts(places, people, usize::try_from(limit).unwrap_or(usize::MAX));
        self.write(tx, parts, canary).await
    }

    /// Turns people into notices, with one batch for each bucket.
    async fn write(&mut self, tx: &mut Conn, mut parts: Vec<Part>, canary: bool) -> Result<()> {
        let now = self.app.now();
        let (mut notices, mut batches) = (Vec::new(), Vec::new());
        for part in &mut parts {
            let Some(last) = part.people.last() else {
                continue;
            };
            part.at.after = last.id;
            self.people += part.people.len();
            let new = self.notices(part);
            let queued = new.iter().filter(|n| n.withheld.is_none()).count();
            let ids = || new.iter().map(|n| n.id);
            if let (true, Some(first_id), Some(last_id)) = (queued > 0, ids().min(), ids().max()) {
                batches.push(NewBatch {
                    campaign_id: self.campaign.id,
                    bucket: part.at.bucket,
                    batch_no: part.at.next_batch,
                    size: i32::try_from(queued).unwrap_or(i32::MAX),
                    first_id,
                    last_id,
                    status: BatchStatus::Ready,
                    due_at: now,
                    canary,
                });
                part.at.next_batch += 1;
            }
            notices.extend(new);
        }
        if !notices.is_empty() {
            self.insert(tx, &notices, &batches, canary).await?;
        }
        self.has_whole |= parts.iter().any(|part| part.whole);
        let to: Vec<_> = parts.iter().map(|part| (&part.at, part.whole)).collect();
        unfrozen::set(tx, self.campaign.id, &to).await
    }

    async fn insert(
        &mut self,
        tx: &mut Conn,
        notices: &[NewNotice],
        batches: &[NewBatch],
        canary: bool,
    ) -> Result<()> {
        let (now, campaign) = (self.app.now(), self.campaign);
        store::insert(tx, (campaign.id, campaign.incident), notices, now).await?;
        let queued = batches.iter().map(|batch| batch.size).sum();
        let withheld = notices.iter().filter(|n| n.withheld.is_some()).count();
        let withheld = i64::try_from(withheld).unwrap_or(0);
        *self.counts.entry(NoticeStatus::Queued).or_default() += i64::from(queued);
        *self.counts.entry(NoticeStatus::Withheld).or_default() += withheld;
        if !batches.is_empty() {
            batch::insert(tx, batches).await?;
        }
        if canary {
            campaign::store::take_canary(tx, campaign.id, queued).await?;
            self.canary_left -= queued;
        }
        self.queued += queued;
        Ok(())
    }

    fn notices(&self, part: &Part) -> Vec<NewNotice> {
        let (app, now) = (self.app, self.app.now());
        // As the audience was counted: who has no address that takes mail is not written to.
        let mailable: Vec<_> = part
            .people
            .iter()
            .filter(|person| person.has_address || person.withheld.is_some())
            .collect();
        // In the order of the people: so the notices lie in the table and in both its keys.
        let mut ids: Vec<NoticeId> = mailable
            .iter()
            .map(|_| NoticeId::in_bucket(part.at.bucket, now))
            .collect();
        ids.sort_unstable();
        let edition = &self.pinned.edition;
        mailable
            .into_iter()
            .zip(ids)
            .map(|(person, id)| NewNotice {
                id,
                batch_no: part.at.next_batch,
                person: person.id,
                withheld: person.withheld,
                named: edition.names(person.locale.as_str(), person.exposed).bits(),
                code_key: NoticeCode::of(id, &app.keys).key(&app.keys),
            })
            .collect()
    }

    /// Ends the slice, last in its transaction: pace, counters, end and row of the campaign, in this order. Senders who
    /// settle write the counters with their people locked, so that no people may be locked after them.
    pub(super) async fn end(self, tx: &mut Conn) -> Result<Frozen> {
        let mut is_through = false;
        if self.has_whole {
            campaign::store::end_canary(tx, self.campaign.id).await?;
        }
        campaign::store::move_counts(tx, self.campaign.id, &self.counts).await?;
        if self.has_whole {
            let now = self.app.now();
            is_through = campaign::store::complete_if_done(tx, self.campaign.id, now).await?;
        }
        Ok(Frozen {
            made: u64::try_from(self.queued).unwrap_or(0),
            is_through,
        })
    }
}

/// The people of each bucket. If there are as many as were asked for, the last of their buckets may have more, and those
/// behind it were not looked at.
fn parts(places: Vec<Unfrozen>, people: Vec<AudienceRow>, limit: usize) -> Vec<Part> {
    let is_full = people.len() >= limit;
    let last = people.last().map(|person| person.id.bucket());
    let mut of: BTreeMap<i32, Vec<AudienceRow>> = BTreeMap::new();
    for person in people {
        of.entry(person.id.bucket()).or_default().push(person);
    }
    let was_read = |at: &Unfrozen| !is_full || last.is_some_and(|last| at.bucket <= last);
    let read = places.into_iter().filter(was_read);
    read.map(|at| Part {
        people: of.remove(&at.bucket).unwrap_or_default(),
        whole: !is_full || Some(at.bucket) != last,
        at,
    })
    .collect()
}
