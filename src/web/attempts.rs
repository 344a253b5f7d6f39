//! The attempts to send a notice, as the API and the console show them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::delivery::store::outcome::Outcome;
use crate::id::NoticeId;
use crate::notice::AttemptResult;

/// One SMTP transaction, in the JSON of the API.
#[derive(Debug, Serialize)]
pub(crate) struct AttemptView {
    /// From 1.
    pub attempt: i16,
    /// The name of the relay.
    pub relay: String,
    /// When the transaction began; the database records it before the message is sent.
    pub began_at: Option<DateTime<Utc>>,
    /// When its result was known.
    pub ended_at: Option<DateTime<Utc>>,
    /// The result.
    pub result: AttemptResult,
    /// The reply code (RFC 5321).
    pub code: Option<i16>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The reply's words, addresses masked.
    pub reply: Option<String>,
    /// The reason of the result.
    pub reason: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Joins the beginning and the result of each attempt; `rows` are in order.
pub(crate) fn attempts(outcomes: Vec<Outcome>) -> Vec<AttemptView> {
    let mut attempts: Vec<AttemptView> = Vec::new();
    for row in outcomes {
        let began_at = match attempts.pop_if(|last| last.attempt == row.attempt) {
            Some(begun) => begun.began_at,
            None => (!row.settled).then_some(row.at),
        };
        attempts.push(AttemptView {
            attempt: row.attempt,
            relay: row.relay,
            began_at,
            ended_at: row.settled.then_some(row.at),
            result: row.result,
            code: row.code,
            enhanced: row.enhanced,
            reply: row.reply,
            reason: row.reason,
            retry_at: row.retry_at,
        });
    }
    attempts
}

/// The same of several notices; `rows` are in the order of notices and attempts.
pub(crate) fn attempts_of_each(outcomes: Vec<Outcome>) -> BTreeMap<NoticeId, Vec<AttemptView>> {
    let mut of_each: BTreeMap<NoticeId, Vec<Outcome>> = BTreeMap::new();
    for row in outcomes {
        of_each.entry(row.notice_id).or_default().push(row);
    }
    of_each
        .into_iter()
        .map(|(id, rows)| (id, attempts(rows)))
        .collect()
}
