//! Reads the log of a relay, as Postfix writes it, for what became of Candor's messages: the `message-id` line of a
//! queue id, then what was said of that queue id.

use std::collections::HashMap;
use std::io::{self, BufRead};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Utc};

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

/// What the logs of relays say of Candor's messages.
#[derive(Debug, Default)]
pub struct RelayLog {
    messages: HashMap<MessageKey, Logged>,
    queue: HashMap<String, MessageKey>,
    /// When the first line was written, of a log that says times with their zone.
    pub begins_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
}

impl RelayLog {
    /// Reads one more log, the earlier of a relay before the later. Times without a year are of the year before `now`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&mut self, mut log: impl BufRead, now: DateTime<Utc>) -> io::Result<()> {
        // Queue ids are a relay's own.
        self.queue.clear();
        let mut line = Vec::new();
        loop {
            line.clear();
            if io::Read::take(&mut log, LONGEST).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            self.line(&String::from_utf8_lossy(&line), now);
        }
        let ended = self.ends_at;
        self.messages.retain(|_, logged| {
            let followed = ended.zip(logged.at).map(|(end, at)| end - at);
            logged.fate != Fate::Begun || followed.is_none_or(|time| time < TAKEN_WITHIN)
        });
        Ok(())
    }

    /// What is said of a message.
    pub fn of(&self, key: &MessageKey) -> Option<&Logged> {
        self.messages.get(key)
    }

    /// The messages that are named.
    pub fn keys(&self) -> impl Iterator<Item = (&MessageKey, &Logged)> {
        self.messages.iter()
    }

    /// Whether no message of Candor's stands in it.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn line(&mut self, line: &str, now: DateTime<Utc>) -> Option<()> {
        let (at, is_exact) = moment(line, now);
        if is_exact {
            self.begins_at = self.begins_at.or(at);
        }
        self.ends_at = at.or(self.ends_at);
        let (head, said) = line.trim_end().split_once("]: ")?;
        if !head.contains("postfix") {
            return None;
        }
        let (id, said) = said.split_once(": ")?;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if let Some(message_id) = said.strip_prefix("message-id=") {
            let key = key(message_id)?;
            self.queue.insert(id.to_owned(), key);
            let logged = Logged {
                fate: Fate::Begun,
                at,
            };
            self.messages.entry(key).or_insert(logged);
            return Some(());
        }
        let key = *self.queue.get(id)?;
        match said {
            "removed" => {
                self.queue.remove(id);
                return Some(());
            }
            _ if said.starts_with("milter-reject:") || said.starts_with("reject:") => {
                self.queue.remove(id);
                if self
                    .messages
                    .get(&key)
                    .is_some_and(|of| of.fate == Fate::Begun)
                {
                    self.messages.remove(&key);
                }
                return Some(());
            }
            _ => {}
        }
        let fate = fate(said)?;
        let logged = self.messages.entry(key).or_insert(Logged {
            fate: Fate::Begun,
            at,
        });
        // A content filter takes a message before the second queue id tells what became of it.
        if weight(&fate) >= weight(&logged.fate) {
            *logged = Logged { fate, at };
        }
        Some(())
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

/// When a line was written, and whether it says that with its zone. Without one it is taken for UTC.
fn moment(line: &str, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, bool) {
    let first = line.split(' ').next().unwrap_or_default();
    if let Ok(at) = DateTime::parse_from_rfc3339(first) {
        return (Some(at.to_utc()), true);
    }
    let Some(stamp) = line.get(..15) else {
        return (None, false);
    };
    let of = |year: i32| {
        let text = format!("{year} {stamp}");
        NaiveDateTime::parse_from_str(&text, "%Y %b %e %H:%M:%S").ok()
    };
    let at = of(now.year())
        .filter(|at| at.and_utc() <= now + TimeDelta::days(1))
        .or_else(|| of(now.year() - 1));
    (at.map(|at| at.and_utc()), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-29T09:00:00Z".parse().expect("a time")
    }

    fn read(lines: &[&str]) -> RelayLog {
        let mut log = RelayLog::default();
        let text = lines.join("\n");
        log.read(text.as_bytes(), now()).expect("in memory");
        log
    }

    fn id(n: u8) -> String {
        format!("{n:02x}").repeat(16)
    }

    fn of(log: &RelayLog, n: u8) -> Option<Fate> {
        log.of(&[n; 16]).map(|logged| logged.fate.clone())
    }

    #[test]
    fn what_postfix_says_of_a_queue_id_is_what_became_of_its_message() {
        let one = format!("message-id=<{}@sundmere.example>", id(1));
        let two = format!("message-id=<{}@sundmere.example>", id(2));
        let line = |rest: &str| format!("Nov 29 08:00:01 mx postfix/cleanup[77]: {rest}");
        let lines = [
            line(&format!("4F2A1: {one}")),
            line("4F2A1: from=<notice@sundmere.example>, size=2712, nrcpt=1 (queue active)"),
            line(&format!("3zXyZ9k: {two}")),
            line(
                "4F2A1: to=<ann@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=0.1, delays=0/0/0/0, \
                  dsn=2.0.0, status=sent (250 2.0.0 Ok for ann@example.org: queued as 1)",
            ),
            line("4F2A1: removed"),
            line("3zXyZ9k: from=<notice@sundmere.example>, size=2712, nrcpt=1 (queue active)"),
            line(
                "3zXyZ9k: to=<bob@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=0.1, dsn=5.1.1, \
                  status=bounced (host mx.example.org[192.0.2.1] said: 550 5.1.1 <bob@example.org>: User unknown \
                  (in reply to RCPT TO command))",
            ),
        ];
        let log = read(&lines.each_ref().map(String::as_str));
        let words = "sent: 250 2.0.0 Ok for ***: queued as 1".to_owned();
        assert_eq!(of(&log, 1), Some(Fate::Taken { words }));
        let Some(Fate::Returned { reply }) = of(&log, 2) else {
            panic!("{:?}", of(&log, 2));
        };
        assert_eq!(
            reply.parts(),
            (Some(550), Some("5.1.1"), "5.1.1 <***>: User unknown")
        );
        assert_eq!(of(&log, 3), None);
        assert_eq!(log.begins_at, None, "without a zone nobody knows");
    }

    #[test]
    fn a_message_that_is_put_off_or_only_queued_is_the_relays_and_one_of_another_sender_is_nobodys()
    {
        let lines = [
            format!("2026-11-29T08:00:01.5+01:00 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>", id(1)),
            "2026-11-29T08:00:01.6+01:00 mx postfix/qmgr[8]: A1: from=<n@a.example>, size=9, nrcpt=1 (queue active)"
                .to_owned(),
            format!("2026-11-29T08:00:02+01:00 mx postfix/cleanup[7]: A2: message-id=<{}@a.example>", id(2)),
            "2026-11-29T08:00:03+01:00 mx postfix/relay/smtp[9]: A2: to=<x@y.example>, relay=none, dsn=4.4.1, \
             status=deferred (connect to y.example[192.0.2.9]:25: Connection timed out)"
                .to_owned(),
            "2026-11-29T08:00:03+01:00 mx postfix/cleanup[7]: A3: message-id=<weekly-news@b.example>".to_owned(),
            "2026-11-29T08:00:03+01:00 mx sshd[7]: A3: message-id=<00@b.example>".to_owned(),
        ];
        let log = read(&lines.each_ref().map(String::as_str));
        assert!(matches!(of(&log, 1), Some(Fate::Taken { .. })));
        assert!(matches!(of(&log, 2), Some(Fate::Taken { .. })));
        assert_eq!(log.keys().count(), 2);
        let begins = log.begins_at.expect("with a zone");
        assert_eq!(begins.to_rfc3339(), "2026-11-29T07:00:01.500+00:00");
    }

    #[test]
    fn a_message_whose_connection_was_lost_was_not_taken_unless_the_log_ends_there() {
        let begun = format!(
            "Nov 29 08:00:01 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>",
            id(1)
        );
        assert_eq!(of(&read(&[&begun]), 1), Some(Fate::Begun));
        let later = "Nov 29 08:09:01 mx postfix/smtpd[7]: connect from a.example[192.0.2.3]";
        assert_eq!(of(&read(&[&begun, later]), 1), None);
        let refused = "Nov 29 08:00:02 mx postfix/cleanup[7]: A1: milter-reject: END-OF-MESSAGE from a: 5.7.1 no";
        assert_eq!(of(&read(&[&begun, refused]), 1), None);
    }

    #[test]
    fn a_queue_id_that_is_used_again_belongs_to_its_latest_message() {
        let line = |rest: String| format!("Nov 29 08:00:01 mx postfix/cleanup[7]: {rest}");
        let queued = line("A1: from=<n@a.example>, size=9, nrcpt=1 (queue active)".to_owned());
        let lines = [
            line(format!("A1: message-id=<{}@a.example>", id(1))),
            queued.clone(),
            line("A1: removed".to_owned()),
            line("A1: to=<x@y.example>, dsn=5.0.0, status=bounced (late)".to_owned()),
            line(format!("A1: message-id=<{}@a.example>", id(2))),
            queued,
        ];
        let log = read(&lines.each_ref().map(String::as_str));
        assert!(matches!(of(&log, 1), Some(Fate::Taken { .. })));
        assert!(matches!(of(&log, 2), Some(Fate::Taken { .. })));
    }

    #[test]
    fn a_time_without_a_year_is_never_in_the_future() {
        let at = |line: &str| moment(line, now()).0.map(|at| at.to_rfc3339());
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(at("Nov  3 08:00:01 mx x"), is("2026-11-03T08:00:01+00:00"));
        assert_eq!(at("Dec 31 08:00:01 mx x"), is("2025-12-31T08:00:01+00:00"));
        assert_eq!(at("no time"), None);
    }
}
