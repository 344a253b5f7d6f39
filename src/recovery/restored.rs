//! Applies the decision about an older copy: which messages left after it was taken. It is one transaction, so that no
//! decision is applied in part; nothing is sent before its end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::departed::{Choice, End, Gap, REASON};
pub use super::error::RestoreError;
use super::relay_log::{Fate, MessageKey, RelayLog};
use super::{Restored, locks, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::campaign::{self, Campaign, CampaignStatus, UncertainPolicy, hold};
use crate::db::notify::SEND_PERMISSION;
use crate::db::{self, Tx, notify};
use crate::delivery::freeze;
use crate::delivery::letter::message_key;
use crate::deployment;
use crate::deployment::watch::Witness;
use crate::id::{BUCKETS, LetterId, NoticeId};
use crate::notice::AttemptResult;
use crate::outbox::LetterStatus;

/// The relay of outcomes that a log tells.
const LOG: &str = "log";
/// The relay of attempts that may have been made.
const NOT_KNOWN: &str = "not known";
/// How far the clocks of nodes, of the database and of relays may differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(15);
/// More events than a campaign has after it was paused.
const EVENTS: i64 = 50;
/// How long before the copy a campaign must have been paused, so that no sender still sent what it had leased.
const PAUSED_FOR: TimeDelta = TimeDelta::minutes(1);
/// What stands in the place of a relay's answer at a letter that may have left.
const PERHAPS: &str = "it may have been sent: the database was put back to an older state";

/// Goes through the campaigns under way.
struct Decision<'a> {
    app: &'a App,
    choice: &'a Choice,
    again: Option<bool>,
    gap: Gap,
    done: Restored,
    /// Messages of the log that belong to something.
    matched: BTreeSet<MessageKey>,
    /// How many messages the copy has as accepted, by relay: all, and those in the log.
    known: BTreeMap<String, (usize, usize)>,
}

/// How a campaign under way stands in the copy.
#[derive(Debug, Clone, Copy)]
struct Stands {
    is_paused: bool,
    /// Paused for good: it can only be cancelled.
    is_void: bool,
}

/// Decides what left after the copy was taken, and lets sending begin. `again`: whether what may have left is sent
/// again; `None`: as each campaign was approved, and no letter of a ticket.
///
/// # Errors
/// [`RestoreError`]; nothing has changed then.
pub async fn decide(
    app: &App,
    by: Actor,
    choice: &Choice,
    again: Option<bool>,
) -> Result<Restored, RestoreError> {
    let mut tx = app.db.begin().await?;
    deployment::store::lock(&mut tx).await?;
    let seen = deployment::store::look(&mut tx).await?;
    let doubt = seen.doubt().ok_or(RestoreError::NoDoubt)?;
    let mut decision = Decision {
        app,
        choice,
        again,
        gap: Gap {
            copied_at: doubt.copied_at,
            held_at: doubt.at,
            now: app.now(),
        },
        done: Restored::default(),
        matched: BTreeSet::new(),
        known: BTreeMap::new(),
    };
    let latest = Witness::new(app).latest(seen.id);
    if let Choice::Logged(log) = choice {
        fits(log, doubt.copied_at, latest)?;
    }
    if !matches!(choice, Choice::Nothing) {
        decision.apply(&mut tx, by).await?;
    }
    deployment::store::settle(&mut tx, latest, true).await?;
    notify::send(&mut tx, SEND_PERMISSION).await?;
    let words: Vec<_> = doubt.why.iter().map(|why| why.as_str()).collect();
    let detail = json!({
        "why": words, "last_in_use": doubt.copied_at, "decided": as_decided(choice), "generation": seen.generation + 1,
        "counts": decision.done,
    });
    let done = decision.done.clone();
    audit::store::append(
        &mut tx,
        app.now(),
        by,
        Action::DatabaseRestored,
        "everything",
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(done)
}

/// The choice as the audit log says it.
fn as_decided(choice: &Choice) -> &'static str {
    match choice {
        Choice::Nothing => "nothing left",
        Choice::Unknown => "uncertain",
        Choice::Logged(_) => "log",
    }
}

/// Whether a log can tell what left after a copy. `latest` is the last epoch of the lost database that this node saw: its
/// last moment, in milliseconds.
fn fits(log: &RelayLog, copied_at: DateTime<Utc>, latest: i64) -> Result<(), RestoreError> {
    if log.is_empty() {
        return Err(RestoreError::NotALog);
    }
    let lost_at = DateTime::from_timestamp_millis(latest).unwrap_or(copied_at);
    Ok(log.covers(copied_at, lost_at.max(copied_at))?)
}

impl Decision<'_> {
    /// Goes through all that may have left, and keeps the gap.
    async fn apply(&mut self, tx: &mut Tx, by: Actor) -> Result<(), RestoreError> {
        let mut under_way = Vec::new();
        for id in store::list_under_way(tx).await? {
            let of = campaign::store::find(tx, id).await?.incident;
            under_way.push((id, of));
        }
        locks::in_order(tx, &under_way, self.gap.now).await?;
        for (id, _) in under_way {
            campaign::store::lock_end(tx, id).await?;
            let campaign = campaign::store::lock(tx, id).await?;
            self.campaign(tx, &campaign).await?;
        }
        self.knows_every_relay()?;
        self.letters(tx).await?;
        self.take_back(tx, by).await?;
        self.mark_drafts(tx, by).await?;
        self.count_strangers(tx).await?;
        self.done.need_letter = store::count_need_letter(tx).await?;
        self.done.lists_waiting = store::lists_waiting(tx).await?;
        Ok(store::insert_gap(tx, self.gap).await?)
    }

    async fn campaign(&mut self, tx: &mut Tx, campaign: &Campaign) -> db::Result<()> {
        self.done.campaigns += 1;
        // Their Message-IDs are known before they are frozen; their outcomes need a notice.
        self.done.frozen += freeze::rest(tx, self.app, campaign).await?;
        let stands = Stands {
            is_paused: campaign.status == CampaignStatus::Paused,
            is_void: self.is_void(tx, campaign).await?,
        };
        let again = !stands.is_void
            && self
                .again
                .unwrap_or(campaign.on_uncertain == UncertainPolicy::Resend);
        for bucket in 0..BUCKETS {
            let (mut ends, mut unsent) = (Vec::new(), 0);
            for one in store::latest(tx, campaign.id, bucket).await? {
                let key = message_key(campaign.id, one.person);
                let is_logged = self.choice.of(&key, one.id).is_some();
                if is_logged {
                    self.matched.extend([key, *one.id.uuid().as_bytes()]);
                }
                if one.result == Some(AttemptResult::Accepted) && one.relay != LOG {
                    let known = self.known.entry(one.relay.clone()).or_default();
                    known.0 += 1;
                    known.1 += usize::from(is_logged);
                }
                // What was not on its way when such a campaign was paused can never have left.
                let stayed = stands.is_void && !one.is_open();
                let end = match self.choice {
                    Choice::Unknown if stayed => None,
                    choice => choice.end(campaign.id, &one, again, self.gap),
                };
                match end {
                    Some(end) => ends.push((one.id, end)),
                    None if !one.is_over() => unsent += 1,
                    None => {}
                }
            }
            self.count(&ends, unsent, stands);
            let relay = match self.choice {
                Choice::Logged(_) => LOG,
                _ => NOT_KNOWN,
            };
            store::insert_outcomes(tx, campaign.id, bucket, relay, &ends).await?;
        }
        // Those of people who were frozen here.
        store::give_batches_back(tx, campaign.id, self.gap.now).await
    }

    /// Whether the campaign was paused for good when the copy was taken: another list had taken the place of the one
    /// that was approved, before its audience was complete, so that it could not be resumed afterwards.
    async fn is_void(&self, tx: &mut Tx, campaign: &Campaign) -> db::Result<bool> {
        let content = campaign.submitted();
        let content = content.map_err(|why| why.of(campaign.id))?;
        let (CampaignStatus::Paused, Some(content)) = (campaign.status, content) else {
            return Ok(false);
        };
        if campaign::store::is_frozen(tx, campaign.id).await? {
            return Ok(false);
        }
        if hold::other_scope(tx, campaign.incident, content.scope)
            .await?
            .is_none()
        {
            return Ok(false);
        }
        let events = audit::store::list(tx, &campaign.id.to_string(), EVENTS).await?;
        let paused = events
            .iter()
            .find(|event| event.action == Action::CampaignPause.as_str());
        Ok(paused.is_some_and(|event| self.gap.copied_at - event.at >= PAUSED_FOR))
    }

    fn count(&mut self, ends: &[(NoticeId, End)], mut unsent: u64, stands: Stands) {
        for (_, end) in ends {
            match end.result {
                AttemptResult::Accepted => self.done.sent += 1,
                AttemptResult::Refused => self.done.refused += 1,
                AttemptResult::Uncertain => {
                    self.done.uncertain += 1;
                    let again = u64::from(end.retry_at.is_some());
                    match stands.is_paused {
                        true => self.done.again_paused += again,
                        false => self.done.again += again,
                    }
                }
                _ => unsent += 1,
            }
        }
        self.done.unsent += unsent;
        match stands {
            Stands { is_void: true, .. } => self.done.unsent_void += unsent,
            Stands { is_paused, .. } => self.done.unsent_paused += u64::from(is_paused) * unsent,
        }
    }

    /// A log that knows nothing of a relay that took messages is not that of all relays.
    fn knows_every_relay(&self) -> Result<(), RestoreError> {
        let Choice::Logged(_) = self.choice else {
            return Ok(());
        };
        let unknown = self.known.iter().find(|(_, known)| known.1 == 0);
        match unknown {
            Some((relay, (known, _))) => Err(RestoreError::OtherRelay {
                relay: relay.clone(),
                known: *known,
            }),
            None => Ok(()),
        }
    }

    async fn letters(&mut self, tx: &mut Tx) -> db::Result<()> {
        let mut ends: BTreeMap<LetterStatus, Vec<(LetterId, String)>> = BTreeMap::new();
        for (id, was_due) in store::list_waiting_letters(tx, self.gap.held_at).await? {
            let key = *id.uuid().as_bytes();
            let unknown = match self.again {
                Some(true) => LetterStatus::Queued,
                _ => LetterStatus::Uncertain,
            };
            let end = match self.choice {
                Choice::Logged(log) => log.of(&key).map(|logged| match &logged.fate {
                    Fate::Taken { words } => (LetterStatus::Sent, words.clone()),
                    Fate::Returned { reply } => (LetterStatus::Failed, reply.parts().2.to_owned()),
                    Fate::Begun => (unknown, PERHAPS.to_owned()),
                }),
                _ if was_due => Some((unknown, PERHAPS.to_owned())),
                _ => None,
            };
            let Some((to, reply)) = end else { continue };
            self.matched.insert(key);
            match to {
                LetterStatus::Sent => self.done.letters_sent += 1,
                LetterStatus::Failed => {}
                _ => self.done.letters_uncertain += 1,
            }
            ends.entry(to).or_default().push((id, reply));
        }
        for (to, which) in ends {
            store::settle_letters(tx, to, &which, self.gap.now).await?;
        }
        Ok(())
    }

    /// What was approved may have been launched after the copy was taken: it is approved again first.
    async fn take_back(&mut self, tx: &mut Tx, by: Actor) -> db::Result<()> {
        let reason = self.perhaps_launched();
        for id in store::list_approved(tx).await? {
            let taken_back = campaign::store::set_back(tx, id, &reason).await?;
            if !taken_back.is_written() {
                continue;
            }
            self.done.taken_back += 1;
            self.done.perhaps_launched.push(id);
            let detail = json!({ "reason": reason });
            audit::store::append(tx, self.gap.now, by, Action::CampaignTakeBack, id, &detail)
                .await?;
        }
        Ok(())
    }

    /// A draft may have been submitted, approved and launched after the copy was taken: the submission page says so.
    async fn mark_drafts(&mut self, tx: &mut Tx, by: Actor) -> db::Result<()> {
        let reason = self.perhaps_launched();
        for id in store::mark_drafts(tx, &reason, &self.done.perhaps_launched).await? {
            self.done.drafts += 1;
            self.done.perhaps_launched.push(id);
            let detail = json!({ "reason": reason });
            audit::store::append(tx, self.gap.now, by, Action::CampaignWarn, id, &detail).await?;
        }
        Ok(())
    }

    fn perhaps_launched(&self) -> String {
        let copied_at = self.gap.copied_at.format("%Y-%m-%d %H:%M UTC");
        format!(
            "{REASON}, that of {copied_at}: it may have been launched after that, and its people told. Find that out \
             before you submit it again"
        )
    }

    /// Counts the messages of the log after the copy that belong to nothing: neither to what was decided here nor to what
    /// the copy had settled just before it was taken.
    async fn count_strangers(&mut self, tx: &mut Tx) -> db::Result<()> {
        let Choice::Logged(log) = self.choice else {
            return Ok(());
        };
        let copied_at = self.gap.copied_at;
        let after = log.keys().filter(|(key, logged)| {
            !self.matched.contains(*key) && logged.at.is_none_or(|at| at > copied_at)
        });
        let mut strange: BTreeSet<MessageKey> = after.map(|(key, _)| *key).collect();
        let since = copied_at - CLOCKS;
        if !strange.is_empty() {
            for id in store::letters_settled_since(tx, since).await? {
                strange.remove(id.uuid().as_bytes());
            }
            for id in store::list_recent(tx, since).await? {
                for bucket in 0..BUCKETS {
                    for (notice, person) in store::settled_since(tx, id, bucket, since).await? {
                        strange.remove(&message_key(id, person));
                        strange.remove(notice.uuid().as_bytes());
                    }
                }
            }
        }
        self.done.strangers = strange.len() as u64;
        Ok(())
    }
}
