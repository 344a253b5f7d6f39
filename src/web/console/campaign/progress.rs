//! The progress of a campaign in figures and words: the same on every page and in the stream of events.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::{Value, json};

use super::speed::SpeedFactors;
use crate::campaign::ability::Ability;
use crate::campaign::canary::CanaryState;
use crate::campaign::store::{Pace, Progress};
use crate::campaign::{Campaign, CampaignStatus};
use crate::notice::NoticeStatus;
use crate::web::figures::count;
use crate::web::page::{percent, span};

/// Notices by state.
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
    /// State, figure and meaning, in the order of the page.
    pub fn rows(&self) -> [(NoticeStatus, i64, &'static str); 9] {
        use NoticeStatus::{
            Bounced, Cancelled, Deferred, Expired, Queued, Sending, Sent, Uncertain, Withheld,
        };
        [
            Sent, Queued, Sending, Deferred, Uncertain, Bounced, Expired, Withheld, Cancelled,
        ]
        .map(|status| (status, self.of(status), means(status)))
    }

    /// The figure of a state.
    fn of(&self, status: NoticeStatus) -> i64 {
        match status {
            NoticeStatus::Queued => self.queued,
            NoticeStatus::Sending => self.sending,
            NoticeStatus::Sent => self.sent,
            NoticeStatus::Deferred => self.deferred,
            NoticeStatus::Bounced => self.bounced,
            NoticeStatus::Expired => self.expired,
            NoticeStatus::Uncertain => self.uncertain,
            NoticeStatus::Withheld => self.withheld,
            NoticeStatus::Cancelled => self.cancelled,
        }
    }

    /// How many notices may have reached their people twice, in words.
    pub fn doubled(&self) -> String {
        self.doubled.map_or("not counted".to_owned(), count)
    }

    /// Notices with a final result of sending.
    pub fn done(&self) -> i64 {
        self.sent + self.bounced + self.expired + self.uncertain
    }
}

/// What a state means, in words.
fn means(status: NoticeStatus) -> &'static str {
    match status {
        NoticeStatus::Sent => "the relay took it",
        NoticeStatus::Queued => "waiting to be sent",
        NoticeStatus::Sending => "on a connection now",
        NoticeStatus::Deferred => "will be tried again",
        NoticeStatus::Uncertain => "not known whether it arrived",
        NoticeStatus::Bounced => "the address was refused",
        NoticeStatus::Expired => "tried for too long",
        NoticeStatus::Withheld => "each with a reason",
        NoticeStatus::Cancelled => "never sent",
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

/// The figures and words of a campaign's page that change without an action of staff.
#[derive(Debug)]
pub struct ProgressEvent<'p> {
    /// The state of the campaign. The page loads again when it changes.
    pub status: CampaignStatus,
    /// Notices by state.
    pub counts: &'p Counts,
    /// Notices that can be sent.
    pub total: i64,
    /// Whether the total is final.
    pub is_whole: bool,
    /// Rate and time left, or what prevents sending.
    pub pace: &'p str,
    /// Why it goes at this speed.
    pub speed: &'p str,
    /// Whether a pause or anything else prevents sending.
    pub is_held: bool,
}

impl ProgressEvent<'_> {
    /// The data of one `progress` event.
    pub fn to_json(&self) -> Value {
        let mut figures = serde_json::Map::new();
        for (state, figure, _) in self.counts.rows() {
            figures.insert(state.to_string(), count(figure).into());
        }
        let done = self.counts.done();
        let words = [
            ("doubled", self.counts.doubled()),
            ("of", of_total(self.total, self.is_whole)),
            (
                "percent",
                percent_done(self.status, self.counts, self.total, self.is_whole),
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

/// Whether a pause or anything else prevents a launched campaign from sending.
pub fn is_held(campaign: &Campaign, ability: &Ability) -> bool {
    match campaign.status {
        CampaignStatus::Paused => true,
        CampaignStatus::Sending => !ability.is_open(),
        CampaignStatus::Draft
        | CampaignStatus::InReview
        | CampaignStatus::Approved
        | CampaignStatus::Scheduled
        | CampaignStatus::Completed
        | CampaignStatus::Cancelled => false,
    }
}

/// Whether all notices of a campaign exist.
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

/// The share of notices with a final result: `12 % done`; empty while the total is not final.
fn share_done(done: i64, total: i64, is_whole: bool) -> String {
    match is_whole && total > 0 {
        true => format!("{} done", percent(done, total)),
        false => String::new(),
    }
}

/// The share of notices with a final result; of a cancelled campaign the number of cancelled notices.
pub fn percent_done(status: CampaignStatus, counts: &Counts, total: i64, is_whole: bool) -> String {
    match status == CampaignStatus::Cancelled {
        true => format!("{} cancelled", count(counts.cancelled)),
        false => share_done(counts.done(), total, is_whole),
    }
}

/// What prevents sending, a sentence; `None` if nothing does.
pub fn prevented(ability: &Ability) -> Option<String> {
    Some(match ability {
        Ability::Open => return None,
        Ability::Stopped { .. } => "All sending is stopped.".to_owned(),
        Ability::InDoubt { .. } => "Sending is held: the database may be an older copy.".to_owned(),
        Ability::NoSender => "Nothing is sent: no sender is running.".to_owned(),
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

/// `6,120/s · about 17 min left`, for `done` results within `seconds`; empty without any.
fn rate(done: i64, seconds: f64, left: i64) -> String {
    if done <= 0 || seconds <= 0.0 {
        return String::new();
    }
    let rate = done as f64 / seconds;
    // Rounded, not truncated: at two a second, the second message is often still on its connection.
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

/// Rate and time left while it sends, or what prevents sending. `done` notices got a final result in the latest
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
                    .unwrap_or("A sender settles them in a moment.")
            )
        }
        _ => String::new(),
    }
}

/// The two whole minutes before the present one.
pub fn minutes(now: DateTime<Utc>) -> [DateTime<Utc>; 2] {
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    [2, 1].map(|before| minute - TimeDelta::minutes(before))
}

/// Final results and the seconds in which they came, from which the rate is computed. Zero if there is no rate: the
/// campaign was paused or held until a moment ago, or there are no results. `ended` is what ended in [`minutes`];
/// `went_on` is when its messages could last leave again after they could not.
pub fn lately(
    campaign: &Campaign,
    progress: &Progress,
    (went_on, ended): (Option<DateTime<Utc>>, [i64; 2]),
    now: DateTime<Utc>,
) -> (i64, f64) {
    let Some(launched) = campaign
        .launched_at
        .filter(|_| campaign.status == CampaignStatus::Sending)
    else {
        return (0, 0.0);
    };
    let [first, second] = minutes(now);
    if went_on.is_some_and(|at| at > second || launched > first && at > launched) {
        // Nothing was sent in a part of the period.
        return (0, 0.0);
    }
    if launched > first {
        let seconds = (now - launched).num_milliseconds() as f64 / 1_000.0;
        return (progress.done(), seconds);
    }
    // The second minute is complete only if the campaign was already sending in the first.
    match ended {
        [0, _] => (0, 0.0),
        [_, ended] => (ended, 60.0),
    }
}

/// The reason of its speed or of its pause; empty without one.
pub fn speed(
    campaign: &Campaign,
    pace: Option<&Pace>,
    ability: &Ability,
    factors: &SpeedFactors,
) -> String {
    let slowed = pace.and_then(|pace| pace.reason.as_deref());
    let first = pace.is_some_and(|pace| pace.canary == CanaryState::Running);
    match (campaign.status, &campaign.status_reason) {
        (CampaignStatus::Paused, Some(reason)) => format!("Paused: {reason}."),
        (CampaignStatus::Sending, _) => {
            if let Some(prevented) = prevented(ability) {
                return prevented;
            }
            let limit = factors.at_most(campaign);
            let silent = factors.silent();
            let first = first
                .then_some("The canary is sent first; the rest follows once its results are good.");
            let said = first.into_iter().chain([slowed.unwrap_or(&limit)]);
            let said = said.chain(silent.as_deref());
            let said = said.chain(factors.slow.iter().map(String::as_str));
            said.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_followed_by_the_time_left() {
        assert_eq!(
            rate(6_120, 1.0, 6_120 * 60 * 17),
            "6,120/s · about 17 min left"
        );
        assert_eq!(rate(1, 10.0, 0), "less than 1/s");
        assert_eq!(rate(0, 10.0, 5), "");
        assert_eq!(rate(10, 1.0, 1), "10/s · about 1 s left");
        assert_eq!(rate(197, 100.0, 0), "2/s", "not truncated");
        assert_eq!(rate(25, 10.0, 0), "2.5/s");
        assert_eq!(rate(999, 100.0, 0), "10/s");
    }

    #[test]
    fn an_event_has_no_percentage_while_its_total_grows() {
        let counts = Counts {
            sent: 54,
            bounced: 2,
            queued: 408,
            ..Counts::default()
        };
        let event = |is_whole, total| {
            let event = ProgressEvent {
                status: CampaignStatus::Sending,
                counts: &counts,
                total,
                is_whole,
                pace: "",
                speed: "",
                is_held: false,
            };
            event.to_json()
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
