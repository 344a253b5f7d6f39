//! The outcomes of a campaign's messages: over time, by reply, by relay and by mailbox provider. They are read from
//! counters, so that the cost does not grow with the number of people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::speed::{SLOW, unanswered};
use crate::campaign::ability::{self, RelaySeen};
use crate::campaign::canary::CanaryState;
use crate::campaign::store::{self, LeftOut, Overview, Pace};
use crate::db::Conn;
use crate::delivery::policy::{BounceReason, HoldReason};
use crate::delivery::store::tally::{self, Answered, Part, Stretch};
use crate::notice::AttemptResult;
use crate::web::figures::{Chart, Column};
use crate::web::page::span;
use crate::web::problem::Problem;

/// The maximum number of columns: more would be too narrow on a phone.
const COLUMNS: i64 = 60;
/// The possible widths of a column in minutes.
const WIDTHS: [i32; 11] = [1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1_440];
/// How many kinds of reply are shown.
const REPLIES: i64 = 12;

/// One kind of reply.
#[derive(Debug, Clone)]
pub struct ReplyRow {
    /// `550 5.1.1`
    pub code: String,
    /// Its meaning in words.
    pub words: String,
    /// How often.
    pub count: i64,
}

/// One relay.
#[derive(Debug, Clone)]
pub struct RelayRow {
    /// Its state, or why it is held.
    pub state: String,
    /// Connections in use.
    pub connections: i64,
    /// Its results for this campaign.
    pub part: Part,
}

/// The outcomes of a campaign.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    /// Results over time; `None` before the first.
    pub chart: Option<Chart>,
    /// The replies, the most frequent first.
    pub replies: Vec<ReplyRow>,
    /// The relays with their present state.
    pub relays: Vec<RelayRow>,
    /// Results by mailbox provider; empty with only one provider.
    pub providers: Vec<Part>,
    /// People left out when their notice was about to be sent.
    pub left_out: LeftOut,
}

/// Reads the outcomes of a campaign; `seen` is what the senders at work see of their relays.
///
/// # Errors
/// Database errors.
pub async fn outcomes(
    conn: &mut Conn,
    of: &Overview,
    seen: &[RelaySeen],
    now: DateTime<Utc>,
) -> Result<Outcomes, Problem> {
    let left_out = match of.campaign.launched_at {
        Some(_) => store::left_out(conn, of.campaign.id).await?,
        None => LeftOut::default(),
    };
    let Some(ends) = of.ends else {
        return Ok(Outcomes {
            left_out,
            ..Outcomes::default()
        });
    };
    let (from, minutes) = columns(ends);
    let mut tally = tally::tally(conn, of.campaign.id, (from, minutes), REPLIES).await?;
    if tally.providers.len() == 1 {
        tally.providers.clear();
    }
    let (last, pace) = (ends.1, of.pace.as_ref());
    Ok(Outcomes {
        chart: Some(chart(&tally.stretches, last, (from, minutes), pace)),
        replies: tally.answers.iter().map(reply).collect(),
        relays: relays(tally.relays, seen, now),
        providers: tally.providers,
        left_out,
    })
}

/// The start of the first column, and the width of a column in minutes.
fn columns((first, last): (DateTime<Utc>, DateTime<Utc>)) -> (DateTime<Utc>, i32) {
    let fits = |minutes: &i32| (last - first).num_minutes() / i64::from(*minutes) < COLUMNS;
    let minutes = WIDTHS.into_iter().find(fits).unwrap_or(1_440);
    let width = TimeDelta::minutes(minutes.into());
    (first.duration_trunc(width).unwrap_or(first), minutes)
}

fn chart(
    stretches: &[Stretch],
    last: DateTime<Utc>,
    (from, minutes): (DateTime<Utc>, i32),
    pace: Option<&Pace>,
) -> Chart {
    let width = TimeDelta::minutes(minutes.into());
    let found: BTreeMap<_, _> = stretches.iter().map(|s| (s.at, s)).collect();
    let passed = pace.and_then(|pace| pace.passed_at);
    let label = match last - from < TimeDelta::days(1) {
        true => "%H:%M",
        false => "%-d %b, %H:%M",
    };
    let column = |at: DateTime<Utc>| {
        let figures = found.get(&at);
        let everyone = passed.is_some_and(|passed| passed >= at && passed < at + width);
        let canary = at == from && pace.is_some_and(|pace| pace.canary != CanaryState::None);
        Column {
            label: at.format(label).to_string(),
            figures: figures.map_or(vec![0; 3], |s| vec![s.sent, s.deferred, s.refused]),
            mark: match (everyone, canary) {
                (true, _) => Some("everyone".to_owned()),
                (false, true) => Some("canary".to_owned()),
                (false, false) => None,
            },
        }
    };
    let moments = std::iter::successors(Some(from), |at| Some(*at + width));
    let each = match minutes {
        1 => "minute".to_owned(),
        _ => span(width),
    };
    Chart {
        title: format!("Outcomes per {each}, UTC"),
        layers: vec![("sent", "done"), ("deferred", "look"), ("refused", "act")],
        columns: moments.take_while(|at| *at <= last).map(column).collect(),
    }
}

fn reply(answered: &Answered) -> ReplyRow {
    let code = match answered.code {
        0 => "no reply".to_owned(),
        code => format!("{code} {}", answered.enhanced)
            .trim_end()
            .to_owned(),
    };
    ReplyRow {
        code,
        words: words(answered).replace('_', " "),
        count: answered.n,
    }
}

/// The meaning of a reply for readers who do not know SMTP.
fn words(answered: &Answered) -> &str {
    match answered.reason.as_str() {
        "" => match answered.result {
            AttemptResult::Accepted => "accepted",
            AttemptResult::Deferred => "to be tried again later",
            AttemptResult::Refused => "refused",
            AttemptResult::Expired => "tried for too long",
            AttemptResult::Unreachable => "the relay cannot be reached",
            AttemptResult::Uncertain => "the connection was lost before the answer",
            AttemptResult::Cancelled => "not sent: sending was stopped",
            AttemptResult::InFlight => "being sent",
        },
        reason => reason_words(reason),
    }
}

/// The reason of a result for readers who do not know SMTP; a reason of neither catalogue as it is stored.
pub(crate) fn reason_words(reason: &str) -> &str {
    let bounced = BounceReason::parse(reason).map(BounceReason::in_words);
    let held = || HoldReason::parse(reason).map(HoldReason::in_words);
    bounced.or_else(held).unwrap_or(reason)
}

/// The relays that sent messages of this campaign, and the relays that senders use now.
fn relays(parts: Vec<Part>, seen: &[RelaySeen], now: DateTime<Utc>) -> Vec<RelayRow> {
    let mut rows: BTreeMap<String, RelayRow> = BTreeMap::new();
    let unused = |name: &str| Part {
        name: name.to_owned(),
        sent: 0,
        deferred: 0,
        refused: 0,
    };
    let named = seen.iter().map(|relay| unused(&relay.name)).chain(parts);
    for part in named {
        let of = || seen.iter().filter(|relay| relay.name == part.name);
        let row = RelayRow {
            state: state(of(), now),
            connections: of().map(|relay| relay.connections).sum(),
            part: part.clone(),
        };
        rows.insert(part.name, row);
    }
    rows.into_values().collect()
}

fn state<'r>(seen: impl Iterator<Item = &'r RelaySeen>, now: DateTime<Utc>) -> String {
    let seen: Vec<_> = seen.collect();
    let held = |relay: &&RelaySeen| relay.held_until.filter(|until| *until > now);
    let holding = seen.iter().filter(|relay| held(relay).is_some()).count();
    // The sender that uses the relay again first.
    let first = seen.iter().min_by_key(|relay| held(relay));
    match (first, holding) {
        (None, _) => "no running sender uses it".to_owned(),
        (_, 0) => open(&seen, now),
        (Some(relay), _) => match held(relay) {
            None => format!("open, held by {holding} of {} senders", seen.len()),
            Some(until) => {
                let why = relay.why.as_deref().unwrap_or_default().replace('_', " ");
                format!("held for {}: {why}", span(until - now))
            }
        },
    }
}

/// The state of an open relay, which can be held for some mailbox providers.
fn open(seen: &[&RelaySeen], now: DateTime<Utc>) -> String {
    let held = seen.iter().flat_map(|relay| &relay.providers);
    let held: Vec<_> = held.filter(|provider| provider.until > now).collect();
    let Some(last) = held.iter().max_by_key(|provider| provider.until) else {
        let seen: Vec<RelaySeen> = seen.iter().map(|relay| (*relay).clone()).collect();
        let slow = ability::slow(&seen, now, SLOW);
        return match slow.first() {
            Some(slow) => format!("open; no answer {}", unanswered(slow, now)),
            None => "open".to_owned(),
        };
    };
    let named: BTreeSet<&str> = held.iter().filter_map(|one| one.name.as_deref()).collect();
    let unnamed = held.iter().filter(|one| one.name.is_none()).count();
    let unnamed = match unnamed {
        0 => None,
        1 => Some("one small mailbox provider".to_owned()),
        n => Some(format!("{n} small mailbox providers")),
    };
    let all: Vec<String> = named
        .into_iter()
        .map(str::to_owned)
        .chain(unnamed)
        .collect();
    let (left, why) = (span(last.until - now), last.why.replace('_', " "));
    format!("open; mail to {} is held for {left}: {why}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::ability::ProviderHeld;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_660 + minute * 60, 0).expect("a moment")
    }

    #[test]
    fn columns_are_wide_enough_for_the_period() {
        assert_eq!(columns((at(0), at(0))), (at(0), 1));
        assert_eq!(columns((at(0), at(59))).1, 1);
        assert_eq!(columns((at(0), at(60))), (at(-1), 2));
        assert_eq!(columns((at(0), at(60 * 24 * 3))).1, 120);
        assert_eq!(columns((at(0), at(60 * 24 * 400))).1, 1_440);
    }

    #[test]
    fn a_period_without_outcomes_is_an_empty_column() {
        let stretch = |minute, sent| Stretch {
            at: at(minute),
            sent,
            deferred: 1,
            refused: 2,
        };
        let pace = Pace {
            canary: CanaryState::Passed,
            percent: 100,
            reason: None,
            passed_at: Some(at(2) + TimeDelta::seconds(59)),
        };
        let stretches = [stretch(0, 5), stretch(3, 9)];
        let chart = chart(&stretches, at(3), (at(0), 1), Some(&pace));
        let figures: Vec<_> = chart.columns.iter().map(|c| c.figures.clone()).collect();
        assert_eq!(figures, [[5, 1, 2], [0; 3], [0; 3], [9, 1, 2]]);
        let marks: Vec<_> = chart.columns.iter().map(|c| c.mark.as_deref()).collect();
        assert_eq!(marks, [Some("canary"), None, Some("everyone"), None]);
        assert_eq!(chart.title, "Outcomes per minute, UTC");
    }

    #[test]
    fn the_state_of_a_relay_combines_what_its_senders_report() {
        let seen = |name: &str, connections, held_until: Option<i64>| RelaySeen {
            name: name.to_owned(),
            connections,
            held_until: held_until.map(at),
            why: held_until.map(|_| "rate_limited".to_owned()),
            per_second: 0,
            node_per_second: 0,
            providers: Vec::new(),
            unanswered: None,
        };
        let seen = [
            seen("a", 3, None),
            seen("b", 1, Some(-5)),
            seen("a", 4, Some(2)),
            seen("d", 0, Some(9)),
            seen("d", 0, Some(2)),
        ];
        let gone = Part {
            name: "c".to_owned(),
            sent: 7,
            deferred: 0,
            refused: 0,
        };
        let held = |name: Option<&str>, minute| ProviderHeld {
            name: name.map(str::to_owned),
            until: at(minute),
            why: "not_permitted".to_owned(),
        };
        let mut partly = seen[1].clone();
        partly.providers = vec![
            held(Some("big"), 9),
            held(None, 3),
            held(None, 4),
            held(Some("late"), -1),
        ];
        let said = state([&partly].into_iter(), at(0));
        assert_eq!(
            said,
            "open; mail to big, 2 small mailbox providers is held for 9 min: not permitted"
        );
        let rows = relays(vec![gone], &seen, at(0));
        let said: Vec<_> = rows
            .iter()
            .map(|r| (&*r.part.name, r.connections, &*r.state))
            .collect();
        assert_eq!(
            said,
            [
                ("a", 7, "open, held by 1 of 2 senders"),
                ("b", 1, "open"),
                ("c", 0, "no running sender uses it"),
                ("d", 0, "held for 2 min: rate limited"),
            ]
        );
    }
}
