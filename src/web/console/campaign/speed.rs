//! The speed of a running campaign: the limits of the settings, and what its batches wait for.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::campaign::ability::{self, Ability, RelaySeen, SlowRelay};
use crate::campaign::store::{self, Progress, Waits};
use crate::campaign::{Campaign, CampaignStatus};
use crate::config::Config;
use crate::db::{self, Conn};
use crate::delivery::pacing;
use crate::id::CampaignId;
use crate::notice::NoticeStatus;
use crate::web::figures::count;
use crate::web::page::span;

/// How long [`LastWaits`] is shown before it is read again.
const WAITS: Duration = Duration::from_secs(5);

/// What limits the speed of a campaign now.
#[derive(Debug, Clone, Default)]
pub struct SpeedFactors {
    /// What its batches wait for.
    pub waits: Waits,
    /// The limits of the settings in words.
    pub limits: Vec<String>,
    /// The relays that do not answer, each a sentence.
    pub slow: Vec<String>,
    /// How many connections wait for these relays.
    pub blocked: i64,
}

/// A relay that takes longer to answer is named on the page of a campaign.
pub const SLOW: TimeDelta = TimeDelta::seconds(5);

/// The sentence about a relay that does not answer.
pub fn slow_in_words(of: &SlowRelay, now: DateTime<Utc>) -> String {
    format!(
        "Relay {} has not answered {}.",
        of.relay,
        unanswered(of, now)
    )
}

/// `on 8 connections, on one of them for 42 s`.
pub fn unanswered(of: &SlowRelay, now: DateTime<Utc>) -> String {
    let longest = span(now - of.since);
    match of.connections {
        1 => format!("on 1 connection for {longest}"),
        n => format!("on {} connections, on one of them for {longest}", count(n)),
    }
}

/// What the batches of a campaign wait for, as read at most `WAITS` ago: the statement reads every unfinished batch.
#[derive(Debug, Clone, Default)]
pub struct LastWaits(Option<(Instant, Waits)>);

impl LastWaits {
    /// The value of the last seconds, or a new one from the database.
    ///
    /// # Errors
    /// Database errors.
    pub async fn get(
        &mut self,
        conn: &mut Conn,
        (id, lease_seconds): (CampaignId, i64),
        now: Instant,
    ) -> db::Result<Waits> {
        match self.0 {
            Some((at, waits)) if now.duration_since(at) < WAITS => Ok(waits),
            _ => {
                let waits = store::waits(conn, id, lease_seconds).await?;
                self.0 = Some((now, waits));
                Ok(waits)
            }
        }
    }
}

impl SpeedFactors {
    /// What limits a campaign, as the senders at work see their relays and its batches wait.
    pub fn of(
        app: &App,
        of: &Campaign,
        seen: &[RelaySeen],
        waits: Waits,
        now: DateTime<Utc>,
    ) -> Self {
        let (CampaignStatus::Sending, Some(launched)) = (of.status, of.launched_at) else {
            return Self::default();
        };
        let slow = ability::slow(seen, now, SLOW);
        Self {
            blocked: slow.iter().map(|one| one.connections).sum(),
            slow: slow.iter().map(|one| slow_in_words(one, now)).collect(),
            waits,
            limits: limits_now(&app.config, seen, now - launched),
        }
    }

    /// What all remaining notices wait for; `None` if some can be sent now, or if the campaign cannot send.
    pub fn waits_for(
        &self,
        of: &Campaign,
        progress: &Progress,
        ability: &Ability,
    ) -> Option<String> {
        let left = progress.left();
        let can_send = of.status == CampaignStatus::Sending && ability.is_open() && progress.frozen;
        if !can_send || left == 0 {
            return None;
        }
        let sending = progress.of(NoticeStatus::Sending);
        if sending > 0 {
            let all_wait = !self.slow.is_empty() && self.blocked >= sending;
            return all_wait.then(|| self.slow.join(" "));
        }
        if left <= self.waits.silent {
            return self.silent();
        }
        let deferred = progress.of(NoticeStatus::Deferred);
        (left == deferred).then(|| match self.waits.next_at {
            Some(next) => format!(
                "{} to be tried again later, the next at {} UTC or soon after",
                count(deferred),
                next.format("%H:%M:%S")
            ),
            None => format!("{} to be tried again later", count(deferred)),
        })
    }

    /// The sentence about notices in batches of a sender that stopped; `None` without such a sender.
    pub fn silent(&self) -> Option<String> {
        let free_at = self.waits.free_at.filter(|_| self.waits.silent > 0)?;
        let what = match self.waits.silent {
            1 => "1 notice is in the batch of a sender that stopped: another sender takes it over"
                .to_owned(),
            n => format!(
                "Up to {} notices are in batches of a sender that stopped: another sender takes them over",
                count(n)
            ),
        };
        Some(format!(
            "{what} at {} UTC at the latest.",
            free_at.format("%H:%M:%S")
        ))
    }

    /// Its maximum speed: its own limit, and the limits of the settings.
    pub fn at_most(&self, of: &Campaign) -> String {
        match (of.limits.rate_per_second, &self.limits[..]) {
            (0, []) => "As fast as the relays take them.".to_owned(),
            (0, some) => format!(
                "As fast as the relays take them and the settings allow: {}.",
                some.join(", ")
            ),
            (rate, []) => format!("At most {}/s, as approved.", count(rate.into())),
            (rate, some) => format!(
                "At most {}/s, as approved; by the settings {}.",
                count(rate.into()),
                some.join(", ")
            ),
        }
    }
}

/// The limits of running relays and nodes, and the ramp: `relay alpha at most 5/s`. Without a running sender, the limits
/// of this process's own settings.
pub fn limits(config: &Config, seen: &[RelaySeen]) -> Vec<String> {
    let mut all = BTreeSet::new();
    let mut limit = |what: String, rate: u32| {
        if rate > 0 {
            all.insert(format!("{what} at most {}/s", count(rate.into())));
        }
    };
    for relay in seen {
        limit(format!("relay {}", relay.name), relay.per_second);
        limit("each node".to_owned(), relay.node_per_second);
    }
    if seen.is_empty() {
        for relay in &config.mail.relays {
            limit(format!("relay {}", relay.name), relay.rate_per_second);
        }
        limit("each node".to_owned(), config.mail.rate_per_second);
    }
    let mut all: Vec<String> = all.into_iter().collect();
    let pacing = &config.pacing;
    if pacing.ramp_start_per_second > 0 {
        let minutes = TimeDelta::minutes(pacing.ramp_double_minutes.into());
        all.push(format!(
            "at first {}/s, twice as much every {}",
            count(pacing.ramp_start_per_second.into()),
            span(minutes),
        ));
    }
    all
}

/// The same for a campaign of this age: with the present value of the ramp.
pub fn limits_now(config: &Config, seen: &[RelaySeen], since_launch: TimeDelta) -> Vec<String> {
    let mut all = limits(config, seen);
    if config.pacing.ramp_start_per_second > 0 {
        all.pop();
        if let Some(rate) = pacing::ramp(since_launch, &config.pacing) {
            all.push(format!(
                "at most {}/s now, during the ramp",
                count(rate.into())
            ));
        }
    }
    all
}
