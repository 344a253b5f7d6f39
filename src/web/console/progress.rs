//! How far a campaign is, in figures and words that are the same on every page and in the stream of events.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::{Value, json};

use super::speed::Bearing;
use crate::campaign::ability::Ability;
use crate::campaign::pacing::CanaryState;
use crate::campaign::store::{self, Pace, Progress};
use crate::campaign::{Campaign, CampaignStatus};
use crate::db::{self, Conn};
use crate::delivery::store::tally;
use crate::notice::NoticeStatus;
use crate::web::figures::count;
use crate::web::page::{percent, span};

/// Notices by state, in the words of the contract.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is the state of that name")]
pub struct Counts {
    pub queued: i64,
    pub sending: i64,
    pub sent: i64,
    pub deferred: i64,
    pub bounced: i64,
    pub expired: i64,
    pub uncertain: i64,
    pub withheld: i64,
    pub cancelled: i64,
    /// Notices that may have reached their people twice; `None`: that could not be counted in time.
    pub doubled: Option<i64>,
}

impl Counts {
    /// State, figure and what it means, the hero first.
    pub fn rows(&self) -> [(&'static str, i64, &'static str); 9] {
        [
            ("sent", self.sent, "the relay took it"),
            ("queued", self.queued, "wait their turn"),
            ("sending", self.sending, "on a connection now"),
            ("deferred", self.deferred, "tried again later"),
            ("uncertain", self.uncertain, "maybe sent, maybe not"),
            ("bounced", self.bounced, "the address refused"),
            ("expired", self.expired, "gave up trying"),
            ("withheld", self.withheld, "each with a reason"),
            ("cancelled", self.cancelled, "never left"),
        ]
    }

    /// How many notices may have reached their people twice, in words.
    pub fn doubled(&self) -> String {
        self.doubled.map_or("not counted".to_owned(), count)
    }

    /// Notices that were sent, or tried to an end.
    pub fn done(&self) -> i64 {
        self.sent + self.bounced + self.expired + self.uncertain
    }
}

impl From<&Progress> for Counts {
    fn from(progress: &Progress) -> Self {
        Self {
            queued: progress.of(NoticeStatus::Queued),
            sending: progress.of(NoticeStatus::Sending),
            sent: progress.of(NoticeStatus::Sent),
            deferred: progress.of(NoticeStatus::Deferred),
            bounced: progress.of(NoticeStatus::Bounced),
            expired: progress.of(NoticeStatus::Expired),
            uncertain: progress.of(NoticeStatus::Uncertain),
            withheld: progress.of(NoticeStatus::Withheld),
            cancelled: progress.of(NoticeStatus::Cancelled),
            doubled: Some(0),
        }
    }
}

/// What of a campaign's page can change by itself.
#[derive(Debug)]
pub struct Moving<'p> {
    /// Its state. One that is not the page's own makes the page load again.
    pub status: &'p str,
    /// Notices by state.
    pub counts: &'p Counts,
    /// Notices that can be sent.
    pub total: i64,
    /// Whether the total grows no more.
    pub is_whole: bool,
    /// Rate and time left, or what prevents sending.
    pub pace: &'p str,
    /// Why it goes at this speed.
    pub speed: &'p str,
    /// Whether something keeps it from sending, a pause or anything else.
    pub is_held: bool,
}

impl Moving<'_> {
    /// One `progress` event: every figure as the page words it.
    pub fn event(&self) -> Value {
        let mut figures = serde_json::Map::new();
        for (state, figure, _) in self.counts.rows() {
            figures.insert(state.to_owned(), count(figure).into());
        }
        let done = self.counts.done();
        let words = [
            ("doubled", self.counts.doubled()),
            ("of", of_total(self.total, self.is_whole)),
            (
                "percent",
                part(self.status, self.counts, self.total, self.is_whole),
            ),
            ("pace", self.pace.to_owned()),
            ("speed", self.speed.to_owned()),
        ];
        figures.extend(words.map(|(name, words)| (name.to_owned(), words.into())));
        json!({
            "status": self.status,
            "figures": figures,
            "values": {"done": done},
            "most": {"done": self.total.max(1)},
            "held": self.is_held,
        })
    }
}

/// Whether something keeps a campaign under way from sending, a pause or anything else.
pub fn is_held(campaign: &Campaign, ability: &Ability) -> bool {
    match campaign.status {
        CampaignStatus::Paused => true,
        CampaignStatus::Sending => !ability.is_open(),
        _ => false,
    }
}

/// Whether no more notices are added to a campaign.
pub fn is_whole(campaign: &Campaign, progress: &Progress) -> bool {
    progress.frozen || campaign.launched_at.is_none() || campaign.status.is_over()
}

/// `of 464 sent`.
pub fn of_total(total: i64, is_whole: bool) -> String {
    match is_whole {
        true => format!("of {} sent", count(total)),
        false => format!("sent, {} prepared so far", count(total)),
    }
}

/// The part of what can be sent that was sent, or tried to an end; empty while that is not known.
pub fn part_done(done: i64, total: i64, is_whole: bool) -> String {
    match is_whole && total > 0 {
        true => format!("{} done", percent(done, total)),
        false => String::new(),
    }
}

/// The same of a campaign in this state: one that was cancelled is not done, whatever part of it left.
pub fn part(status: &str, counts: &Counts, total: i64, is_whole: bool) -> String {
    match status {
        "cancelled" => format!("{} cancelled", count(counts.cancelled)),
        _ => part_done(counts.done(), total, is_whole),
    }
}

/// What prevents sending, a sentence; `None`: nothing does.
pub fn prevented(ability: &Ability) -> Option<String> {
    Some(match ability {
        Ability::Open => return None,
        Ability::Stopped { .. } => "All sending is stopped.".to_owned(),
        Ability::InDoubt { .. } => "Sending is held: the database may be an older copy.".to_owned(),
        Ability::NoSender => "Nothing leaves: no sender is running.".to_owned(),
        Ability::Held {
            relay,
            until,
            why,
            relays,
        } => {
            let others = relays.iter().filter(|one| one.relay != *relay);
            let others = others.map(|one| {
                let why = one.why.replace('_', " ");
                format!(
                    "; relay {}, {why}, until {}",
                    one.relay,
                    one.until.format("%H:%M:%S")
                )
            });
            format!(
                "Held until {} UTC: relay {relay}, {}{}.",
                until.format("%H:%M:%S"),
                why.replace('_', " "),
                others.collect::<String>()
            )
        }
        Ability::Paced { reason } => reason.clone(),
    })
}

/// `6,120/s · about 17 min left`, for so many that ended in so many seconds; empty while nothing moves.
fn rate(done: i64, seconds: f64, left: i64) -> String {
    if done <= 0 || seconds <= 0.0 {
        return String::new();
    }
    let rate = done as f64 / seconds;
    // Rounded, not cut off: at two a second, the last of them is under way as it is counted.
    let words = match rate {
        10.0.. => format!("{}/s", count(rate.round() as i64)),
        1.0.. => format!("{rate:.1}/s").replace(".0/s", "/s"),
        _ => "less than 1/s".to_owned(),
    };
    if left == 0 {
        return words;
    }
    let more = TimeDelta::try_seconds((left as f64 / rate).ceil() as i64);
    format!(
        "{words} · about {} left",
        span(more.unwrap_or(TimeDelta::MAX))
    )
}

/// Rate and time left while it sends, or what prevents that; why it is paused. `done` notices ended in the latest
/// `seconds`.
pub fn pace(
    campaign: &Campaign,
    progress: &Progress,
    ability: &Ability,
    (done, seconds): (i64, f64),
) -> String {
    match (campaign.status, &campaign.status_reason) {
        (CampaignStatus::Paused, Some(reason)) => match campaign.reason_sealed {
            Some(_) => format!("Paused: {reason}."),
            None => format!("Paused by Candor: {reason}."),
        },
        (CampaignStatus::Sending, _) => match prevented(ability) {
            Some(prevented) => prevented,
            None if !progress.frozen => String::new(),
            None => match (progress.left(), progress.of(NoticeStatus::Deferred)) {
                (left, deferred) if deferred > 0 && left == deferred => {
                    format!("{} to be tried again later", count(deferred))
                }
                (left, _) => rate(done, seconds, left),
            },
        },
        (CampaignStatus::Cancelled, _) if progress.left() > 0 => {
            let settles = prevented(ability);
            format!(
                "{} not settled yet. {}",
                count(progress.left()),
                settles
                    .as_deref()
                    .unwrap_or("A sender does that in a moment.")
            )
        }
        _ => String::new(),
    }
}

/// How many notices ended in the latest seconds that tell how fast a campaign goes; none where nothing tells it: it
/// was paused or held until a moment ago, or nothing ends.
///
/// # Errors
/// The database's.
pub async fn lately(
    conn: &mut Conn,
    campaign: &Campaign,
    progress: &Progress,
    now: DateTime<Utc>,
) -> db::Result<(i64, f64)> {
    let Some(launched) = campaign
        .launched_at
        .filter(|_| campaign.status == CampaignStatus::Sending)
    else {
        return Ok((0, 0.0));
    };
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let first = minute - TimeDelta::minutes(2);
    let second = minute - TimeDelta::minutes(1);
    let went_on = store::went_on_at(conn, campaign.id).await?;
    if went_on.is_some_and(|at| at > second || launched > first && at > launched) {
        // Nothing was sent in a part of what would be counted.
        return Ok((0, 0.0));
    }
    if launched > first {
        let seconds = (now - launched).num_milliseconds() as f64 / 1_000.0;
        return Ok((progress.done(), seconds));
    }
    // Of the first it is only asked whether it was sending then already: the second is a whole minute of it.
    let before = tally::ended(conn, campaign.id, first).await?;
    let ended = tally::ended(conn, campaign.id, second).await?;
    Ok(match before {
        0 => (0, 0.0),
        _ => (ended, 60.0),
    })
}

/// Why it goes at this speed, or is paused; empty while there is nothing to say.
pub fn speed(
    campaign: &Campaign,
    pace: Option<&Pace>,
    ability: &Ability,
    bearing: &Bearing,
) -> String {
    let slowed = pace.and_then(|pace| pace.reason.as_deref());
    let first = pace.is_some_and(|pace| pace.canary == CanaryState::Running);
    match (campaign.status, &campaign.status_reason) {
        (CampaignStatus::Paused, Some(reason)) => format!("Paused: {reason}."),
        (CampaignStatus::Sending, _) => {
            if let Some(prevented) = prevented(ability) {
                return prevented;
            }
            let limit = bearing.at_most(campaign);
            let silent = bearing.silent();
            let first = first
                .then_some("A first slice goes ahead; the rest follows once that has ended well.");
            let said = first.into_iter().chain([slowed.unwrap_or(&limit)]);
            let said = said.chain(silent.as_deref());
            let said = said.chain(bearing.slow.iter().map(String::as_str));
            said.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_says_how_fast_and_how_long_still() {
        assert_eq!(
            rate(6_120, 1.0, 6_120 * 60 * 17),
            "6,120/s · about 17 min left"
        );
        assert_eq!(rate(1, 10.0, 0), "less than 1/s");
        assert_eq!(rate(0, 10.0, 5), "");
        assert_eq!(rate(10, 1.0, 1), "10/s · about 1 s left");
        assert_eq!(rate(197, 100.0, 0), "2/s", "not cut off");
        assert_eq!(rate(25, 10.0, 0), "2.5/s");
        assert_eq!(rate(999, 100.0, 0), "10/s");
    }

    #[test]
    fn an_event_carries_the_total_and_no_part_of_a_total_that_still_grows() {
        let counts = Counts {
            sent: 54,
            bounced: 2,
            queued: 408,
            ..Counts::default()
        };
        let event = |is_whole, total| {
            let moving = Moving {
                status: "sending",
                counts: &counts,
                total,
                is_whole,
                pace: "",
                speed: "",
                is_held: false,
            };
            moving.event()
        };
        let launched = event(false, 0);
        assert_eq!(launched["figures"]["of"], "sent, 0 prepared so far");
        assert_eq!(launched["figures"]["percent"], "");
        assert_eq!(launched["most"]["done"], 1);
        let whole = event(true, 464);
        assert_eq!(whole["figures"]["of"], "of 464 sent");
        assert_eq!(whole["figures"]["percent"], "12 % done");
        assert_eq!(
            (&whole["values"]["done"], &whole["most"]["done"]),
            (&json!(56), &json!(464))
        );
    }
}
