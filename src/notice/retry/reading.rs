//! Reading a negative reply: whom it is about, and how long it asks us to wait.
//!
//! Enhanced codes (RFC 3463, RFC 5248, RFC 7505) go before words, words before bare codes.

use chrono::TimeDelta;

use super::reason::BounceReason::{
    self, AddressInvalid, HostUnknown, MailboxDisabled, MailboxFull, MessageTooBig, Moved,
    NeedsSmtputf8, Policy, Unexplained, UserUnknown,
};
use super::reason::HoldReason::{
    self, Blocked, ContentRefused, NotPermitted, Protocol, RateLimited, SenderRefused,
};
use Meaning::{Address, Us, Wait};

/// What a server may ask us to wait, at least and at most.
const ASKED: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::hours(4));

/// Whom a negative reply is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Address(BounceReason),
    Us(HoldReason),
    /// Nobody: it passes.
    Wait,
}

/// Enhanced codes that mean one thing whatever the words say, without their class.
const BY_STATUS: [(&str, Meaning); 21] = [
    ("1.1", Address(UserUnknown)),
    ("1.2", Address(HostUnknown)),
    ("1.3", Address(AddressInvalid)),
    ("1.4", Address(AddressInvalid)),
    ("1.6", Address(Moved)),
    ("1.7", Us(SenderRefused)),
    ("1.8", Us(SenderRefused)),
    ("1.10", Address(HostUnknown)),
    ("2.2", Address(MailboxFull)),
    ("2.3", Address(MessageTooBig)),
    ("3.4", Address(MessageTooBig)),
    ("4.4", Address(HostUnknown)),
    ("5.1", Us(Protocol)),
    ("5.2", Us(Protocol)),
    ("5.3", Wait),
    ("5.4", Us(Protocol)),
    ("6.7", Address(NeedsSmtputf8)),
    ("6.9", Address(NeedsSmtputf8)),
    ("7.13", Address(MailboxDisabled)),
    ("7.17", Address(UserUnknown)),
    ("7.18", Address(HostUnknown)),
];

#[rustfmt::skip]
/// Whole words, first match wins; what is about the sender goes before what only mentions a user.
const BY_WORDS: [(&[&str], Meaning); 12] = [
    (
        &["greylist", "greylisted", "greylisting", "graylist", "graylisted", "grey listed", "postgrey"],
        Wait,
    ),
    (
        &["sender address rejected", "sender rejected", "sender verify failed", "sender domain", "invalid sender",
          "return path", "sender denied", "mail from"],
        Us(SenderRefused),
    ),
    (
        &["resolver rst", "not authorized to send to", "recipient rejected by rule", "not permitted to send to",
          "sender not authenticated for group", "only accepts mail from", "do not have permission"],
        Address(Policy),
    ),
    (
        &["user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "does not exist",
          "doesn t exist", "not exist", "no longer exists", "unknown recipient", "recipient unknown", "user not found",
          "recipient not found", "recipnotfound", "mailbox not found", "invalid recipient", "invalid mailbox",
          "unknown address", "address unknown", "no mailbox here", "no mailbox", "account not found",
          "unknown local part", "not a known user", "not listed in", "undeliverable address", "invalid address",
          "user doesn t have", "recipient address rejected access denied", "mailbox unavailable", "bad destination", "user is unknown", "is not found"],
        Address(UserUnknown),
    ),
    (
        &["disabled", "inactive", "suspended", "deactivated", "not active", "account closed", "no longer available",
          "temporarily unavailable", "account has been", "user locked"],
        Address(MailboxDisabled),
    ),
    (
        &["over quota", "overquota", "quota exceeded", "exceeded quota", "exceed mailbox quota", "exceeded storage",
          "mailbox full", "mailbox is full", "mailfolder is full", "quota", "disk full", "too full"],
        Address(MailboxFull),
    ),
    (
        &["too large", "too big", "size limit", "exceeds size", "message size exceeds", "maximum message size",
          "message size", "exceeded maximum", "size exceeds"],
        Address(MessageTooBig),
    ),
    (
        &["host unknown", "unknown host", "no such domain", "domain not found", "domain name not found",
          "host not found", "unrouteable", "unrouteable address", "invalid domain", "domain is not reachable", "does not accept mail",
          "unknown domain", "no such host", "host or domain name not found"],
        Address(HostUnknown),
    ),
    (
        &["relay access denied", "relaying denied", "unable to relay", "relay not permitted", "not permitted to relay",
          "relaying not allowed", "relay denied", "authentication required", "must authenticate"],
        Us(NotPermitted),
    ),
    (
        &["rate limit", "rate limited", "ratelimited", "unusual rate", "sending rate", "too many", "throttled",
          "throttling", "too fast", "too frequently", "limit exceeded"],
        Us(RateLimited),
    ),
    (
        &["virus", "malware", "content rejected", "message content", "prohibited content", "bulk mail"],
        Us(ContentRefused),
    ),
    (
        &["spam", "blocked", "blocklist", "blocklisted", "block list", "blacklist", "blacklisted", "denylist",
          "dnsbl", "rbl", "spamhaus", "reputation", "banned", "spf", "dkim", "dmarc", "reverse dns", "rdns", "ptr",
          "unsolicited", "ube", "client host rejected", "poor", "not authorized", "access denied", "policy",
          "prohibited", "suspicious"],
        Us(Blocked),
    ),
];

/// Reads a negative reply.
pub(super) fn meaning(code: Option<u16>, enhanced: Option<&str>, text: &str) -> Meaning {
    let detail = enhanced
        .and_then(|code| code.split_once('.'))
        .map_or("", |(_, detail)| detail);
    let by_status = BY_STATUS.iter().find(|(status, _)| *status == detail);
    if let Some(&(_, meaning)) = by_status {
        return meaning;
    }
    let said = words(text);
    let by_words = BY_WORDS.iter().find(|(phrases, _)| {
        phrases
            .iter()
            .any(|phrase| said.contains(&format!(" {phrase} ")))
    });
    if let Some(&(_, meaning)) = by_words {
        return meaning;
    }
    match detail.split('.').next() {
        _ if code.is_none_or(|code| code < 500) => Wait,
        Some("1") => Address(UserUnknown),
        Some("2") if detail == "2.1" => Address(MailboxDisabled),
        Some("6") => Us(ContentRefused),
        Some("7") => Us(Blocked),
        _ => by_code(code),
    }
}

/// The last resort: RFC 5321 §4.2.3, RFC 4954 §6, RFC 7504.
fn by_code(code: Option<u16>) -> Meaning {
    match code {
        Some(500..=504 | 555) => Us(Protocol),
        Some(521 | 556) => Address(HostUnknown),
        Some(530 | 534 | 535 | 538) => Us(NotPermitted),
        Some(551) => Address(Moved),
        Some(552) => Address(MailboxFull),
        Some(553) => Address(AddressInvalid),
        Some(500..600) => Address(Unexplained),
        _ => Wait,
    }
}

/// Lower case, one space around every word.
fn words(text: &str) -> String {
    let mut said = String::with_capacity(text.len() + 2);
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        said.push(' ');
        said.extend(word.chars().flat_map(char::to_lowercase));
    }
    said.push(' ');
    said
}

/// "Try again in 5 minutes", "greylisted for 300 seconds", "come back in 00:04:59".
pub(super) fn asked_to_wait(text: &str) -> Option<TimeDelta> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    let seconds = words.windows(3).find_map(|three| {
        let [lead, amount, unit] = three else {
            return None;
        };
        matches!(*lead, "in" | "after" | "for" | "least" | "wait" | "about").then_some(())?;
        amount_in_seconds(amount, unit)
    });
    let seconds = seconds.or_else(|| {
        clock_in_seconds(
            words
                .windows(2)
                .find(|two| two[0] == "in" && two[1].contains(':'))?[1],
        )
    })?;
    Some(TimeDelta::try_seconds(seconds)?.clamp(ASKED.0, ASKED.1))
}

fn amount_in_seconds(amount: &str, unit: &str) -> Option<i64> {
    let amount: i64 = amount.parse().ok()?;
    let each = match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        _ => return None,
    };
    amount.checked_mul(each)
}

fn clock_in_seconds(clock: &str) -> Option<i64> {
    let parts: Vec<i64> = clock
        .split(':')
        .map(|part| part.parse().ok().filter(|n| (0..100).contains(n)))
        .collect::<Option<_>>()?;
    matches!(parts.len(), 2 | 3).then(|| parts.iter().fold(0, |sum, part| sum * 60 + part))
}
