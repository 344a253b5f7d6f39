//! Reads the log of a relay, as Postfix writes it, for what became of Candor's messages: the `message-id` line of a
//! queue id, then what was said of that queue id.

use std::collections::HashMap;
use std::io::{self, BufRead};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, TimeDelta, TimeZone, Utc};

use super::relay_span::{Spans, Uncovered};
use crate::address::EmailAddress;
use crate::mail::Reply;
use crate::seal::from_hex;

/// Octets of a line that are looked at; the rest is no line of a mail log.
const LONGEST: u64 = 64 * 1024;
/// A message that Postfix takes is in its queue within this time of its `message-id` line. One that the log follows
/// for longer without that was not taken: the connection was lost first.
const TAKEN_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// What stands in hex before the @ of a Message-ID that Candor made.
pub type MessageKey = [u8; 16];

/// What a relay did with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has it, or passed it on.
    Taken {
        /// What it wrote of that.
        words: String,
    },
    /// It could not deliver it, and gave up.
    Returned {
        /// The answer that it got.
        reply: Reply,
    },
    /// It began to read it, and the log ends there.
    Begun,
}

/// What the log says of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// What became of it.
    pub fate: Fate,
    /// When, if the line says so.
    pub at: Option<DateTime<Utc>>,
}

/// A message that a log mentions.
#[derive(Debug)]
struct Message {
    /// The host of the last log entry about it.
    host: usize,
    logged: Logged,
}

/// What the logs of relays say of Candor's messages.
#[derive(Debug, Default)]
pub struct RelayLog {
    messages: HashMap<MessageKey, Message>,
    /// By the host that wrote the line, and by its queue id: those are a relay's own.
    queue: HashMap<(usize, String), MessageKey>,
    spans: Spans,
    /// The zone of times that say none.
    zone: Option<FixedOffset>,
    is_whole: bool,
}

impl RelayLog {
    /// A log with times in `zone` where they do not say it. `is_whole`: the operator declared it complete, so its
    /// beginning and end are not checked.
    pub fn new(zone: Option<FixedOffset>, is_whole: bool) -> Self {
        Self {
            zone,
            is_whole,
            ..Self::default()
        }
    }

    /// Reads one more file, the earlier of a relay before the later. Times without a year are of the year before `now`.
    ///
    /// # Errors
    /// If it cannot be read, or no line of it begins with a time.
    pub fn read(&mut self, mut log: impl BufRead, now: DateTime<Utc>) -> io::Result<()> {
        let mut line = Vec::new();
        let mut is_empty = true;
        self.spans.begin_file();
        loop {
            line.clear();
            if io::Read::take(&mut log, LONGEST).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            is_empty = false;
            self.line(&String::from_utf8_lossy(&line), now);
        }
        match self.spans.end_file() || is_empty {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is not a mail log: no line begins with a time. Unpack a compressed log first",
            )),
        }
    }

    /// When the first line of a file was written, without reading on.
    pub fn first_moment(
        &self,
        log: &mut impl BufRead,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let begin = log.fill_buf().ok()?;
        let line = begin.split(|octet| *octet == b'\n').next()?;
        moment(&String::from_utf8_lossy(line), self.zone, now).map(|(at, _)| at)
    }

    /// Whether the logs of each relay reach from the first moment to the second.
    ///
    /// # Errors
    /// [`Uncovered`], which names the relay with missing entries.
    pub fn covers(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), Uncovered> {
        match self.is_whole {
            true => Ok(()),
            false => self.spans.cover(from, to),
        }
    }

    /// What is said of a message.
    pub fn of(&self, key: &MessageKey) -> Option<&Logged> {
        let message = self.messages.get(key)?;
        self.may_be_taken(message).then_some(&message.logged)
    }

    /// The messages that are named.
    pub fn keys(&self) -> impl Iterator<Item = (&MessageKey, &Logged)> {
        let named = self.messages.iter();
        let named = named.filter(|(_, message)| self.may_be_taken(message));
        named.map(|(key, message)| (key, &message.logged))
    }

    /// Whether no message of Candor's stands in it.
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }

    /// `false`: the relay began to read it, did not say within [`TAKEN_WITHIN`] that it has it, and went on with other
    /// things.
    fn may_be_taken(&self, Message { host, logged }: &Message) -> bool {
        let end = self.spans.last_line_of(*host);
        let followed = end.zip(logged.at).map(|(end, at)| end - at);
        logged.fate != Fate::Begun || followed.is_none_or(|time| time < TAKEN_WITHIN)
    }

    fn line(&mut self, line: &str, now: DateTime<Utc>) -> Option<()> {
        let moment = moment(line, self.zone, now);
        self.spans.line(moment);
        let at = moment.map(|(at, _)| at);
        let (head, said) = line.trim_end().split_once("]: ")?;
        let (host, program) = head_of(head)?;
        let host = self.spans.host(host, at);
        if !program.contains("postfix") {
            return None;
        }
        self.spans.names_relay(host);
        let (id, said) = said.split_once(": ")?;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        // Postfix instances of one host have queues of their own, and names such as `postfix-out/smtp`.
        let instance = program.split(['/', '[']).next().unwrap_or_default();
        let id = (host, format!("{instance} {id}"));
        if let Some(message_id) = said.strip_prefix("message-id=") {
            let key = key(message_id)?;
            self.queue.insert(id, key);
            let begun = Logged {
                fate: Fate::Begun,
                at,
            };
            self.note(key, host, begun);
            return Some(());
        }
        let key = *self.queue.get(&id)?;
        match said {
            "removed" => {
                self.queue.remove(&id);
                return Some(());
            }
            _ if said.starts_with("milter-reject:") || said.starts_with("reject:") => {
                self.queue.remove(&id);
                let is_begun = |of: &Message| of.logged.fate == Fate::Begun && of.host == host;
                if self.messages.get(&key).is_some_and(is_begun) {
                    self.messages.remove(&key);
                }
                return Some(());
            }
            _ => {}
        }
        let fate = fate(said)?;
        self.note(key, host, Logged { fate, at });
        Some(())
    }

    /// Keeps what is surest of a message, and of that the latest: a content filter takes one before the second queue id tells
    /// what became of it, and another relay may have begun to read it later.
    fn note(&mut self, key: MessageKey, host: usize, logged: Logged) {
        let rank = |logged: &Logged| (weight(&logged.fate), logged.at);
        let is_surer = |known: &Message| rank(&logged) >= rank(&known.logged);
        if self.messages.get(&key).is_none_or(is_surer) {
            self.messages.insert(key, Message { host, logged });
        }
    }
}

fn weight(fate: &Fate) -> u8 {
    match fate {
        Fate::Begun => 0,
        Fate::Taken { .. } => 1,
        Fate::Returned { .. } => 2,
    }
}

fn key(message_id: &str) -> Option<MessageKey> {
    let bare = message_id.trim().trim_matches(['<', '>']);
    let (local, _) = bare.split_once('@')?;
    if local.len() != 32 {
        return None;
    }
    from_hex(local)?.try_into().ok()
}

/// What a line of the queue manager or of a delivery says.
fn fate(said: &str) -> Option<Fate> {
    if said.starts_with("from=<") && said.contains("(queue active)") {
        let words = "the relay has it in its queue".to_owned();
        return Some(Fate::Taken { words });
    }
    let (before, after) = said.split_once("status=")?;
    let (status, words) = after.split_once([' ', ',']).unwrap_or((after, ""));
    let to = before
        .split_once("to=<")
        .and_then(|(_, to)| to.split_once('>'));
    let to = to.and_then(|(to, _)| EmailAddress::parse(to).ok());
    let words = words.trim().trim_start_matches('(').trim_end_matches(')');
    let kept = |words: &str| Reply::heard(250, words, to.as_ref()).parts().2.to_owned();
    match status {
        "sent" | "deferred" => Some(Fate::Taken {
            words: kept(&format!("{status}: {words}")),
        }),
        "bounced" | "expired" => {
            let (code, text) = answer(words, enhanced(before));
            Some(Fate::Returned {
                reply: Reply::heard(code, &text, to.as_ref()),
            })
        }
        _ => None,
    }
}

fn enhanced(before: &str) -> &str {
    let after = before.split_once("dsn=").map_or("", |(_, dsn)| dsn);
    after.split(',').next().unwrap_or_default()
}

/// The answer of the other side that Postfix quotes, `… said: 550 5.1.1 … (in reply to RCPT TO command)`, or its own
/// words with its own code.
fn answer(words: &str, dsn: &str) -> (u16, String) {
    let quoted = words.split_once(" said: ").map(|(_, quoted)| quoted);
    if let Some(quoted) = quoted {
        let quoted = quoted.split(" (in reply to").next().unwrap_or(quoted);
        let code = quoted.get(..3).and_then(|code| code.parse().ok());
        if let Some(code) = code.filter(|code| (500..600).contains(code)) {
            return (code, quoted[3..].trim_start_matches([' ', '-']).to_owned());
        }
    }
    (554, format!("{dsn} {words}"))
}

/// The host and the program of a line, from what stands before the number of its process. Where the host is not said it is
/// empty.
fn head_of(head: &str) -> Option<(&str, &str)> {
    let mut words = head.split_whitespace().rev();
    let program = words.next()?;
    let host = words.next().unwrap_or_default();
    // Its place has the time then.
    let is_time = host.contains(':');
    Some((if is_time { "" } else { host }, program))
}

/// When a line was written, and whether it or `zone` says that with a zone. Without one it is taken for UTC.
fn moment(
    line: &str,
    zone: Option<FixedOffset>,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, bool)> {
    let first = line.split(' ').next().unwrap_or_default();
    let exact = DateTime::parse_from_rfc3339(first)
        // `journalctl -o short-iso` writes no colon in the zone.
        .or_else(|_| DateTime::parse_from_str(first, "%Y-%m-%dT%H:%M:%S%.f%z"));
    if let Ok(at) = exact {
        return Some((at.to_utc(), true));
    }
    let stamp = line.get(..15)?;
    let of = |year: i32| {
        let text = format!("{year} {stamp}");
        let at = NaiveDateTime::parse_from_str(&text, "%Y %b %e %H:%M:%S").ok()?;
        let here = zone.map(|zone| zone.from_local_datetime(&at).single());
        here.map_or(Some(at.and_utc()), |at| Some(at?.to_utc()))
    };
    let at = of(now.year())
        .filter(|at| *at <= now + TimeDelta::days(1))
        .or_else(|| of(now.year() - 1));
    at.map(|at| (at, zone.is_some()))
}

#[cfg(test)]
mod tests;
