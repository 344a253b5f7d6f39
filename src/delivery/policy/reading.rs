//! Reading a negative reply: what it refuses (the address, us, or only for now), and how long it asks us to wait.
//!
//! Enhanced codes (RFC 3463, RFC 5248, RFC 7505), words and bare codes are read each by itself. Where they disagree,
//! the less final reading wins: what passes before what is against us, that before what refuses one mailbox, that
//! before what condemns an address.

use chrono::TimeDelta;

use super::reason::BounceReason::{
    self, AddressInvalid, HostUnknown, MailboxDisabled, MailboxFull, MessageTooBig, Moved,
    NeedsSmtputf8, Policy, Unexplained, UserUnknown,
};
use super::reason::HoldReason::{
    self, Blocked, ContentRefused, NotPermitted, Protocol, SenderRefused,
};
use Meaning::{Address, Unclear, Us, Wait};
use phrases::Said;

mod phrases;

/// What a server may ask us to wait, at least and at most.
const ASKED: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::hours(4));

/// What a negative reply refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Address(BounceReason),
    Us(HoldReason),
    /// A permanent refusal that no rule explains.
    Unclear,
    /// A temporary condition.
    Wait,
}

/// Enhanced codes that mean one thing, without their class.
const BY_STATUS: [(&str, Meaning); 23] = [
    ("1.1", Address(UserUnknown)),
    ("1.2", Address(HostUnknown)),
    ("1.3", Address(AddressInvalid)),
    ("1.4", Address(AddressInvalid)),
    ("1.6", Address(Moved)),
    ("1.7", Us(SenderRefused)),
    ("1.8", Us(SenderRefused)),
    ("1.10", Address(HostUnknown)),
    ("2.1", Address(MailboxDisabled)),
    ("2.2", Address(MailboxFull)),
    ("2.3", Address(MessageTooBig)),
    ("3.4", Address(MessageTooBig)),
    ("4.4", Address(HostUnknown)),
    ("4.7", Wait),
    ("5.1", Us(Protocol)),
    ("5.2", Us(Protocol)),
    ("5.3", Wait),
    ("5.4", Us(Protocol)),
    ("6.7", Address(NeedsSmtputf8)),
    ("7.13", Address(MailboxDisabled)),
    ("7.17", Address(UserUnknown)),
    ("7.18", Address(HostUnknown)),
    ("7.19", Us(Blocked)),
];

/// Reads a negative reply.
pub(super) fn meaning(code: Option<u16>, enhanced: Option<&str>, text: &str) -> Meaning {
    let said = Said::in_words(text);
    let (class, detail) = enhanced
        .and_then(|code| code.split_once('.'))
        .unwrap_or_default();
    let known = BY_STATUS.iter().find(|(status, _)| *status == detail);
    let status = known.map(|(_, meaning)| *meaning);
    if said.is_greylisted {
        return Wait;
    }
    if said.is_unwanted {
        return Address(Policy);
    }
    if let Some(reason) = said.ours {
        return Us(reason);
    }
    if said.passes || is_soft_within(code, text) {
        return Wait;
    }
    let is_of_mailbox = class == "5" && (detail.starts_with("1.") || detail == "2.1");
    let by_words = match (said.theirs, said.perhaps_ours) {
        // "The sender does not exist" says nothing about the recipient's mailbox.
        (Some(_), _) if said.names_sender && !said.names_recipient => Some(Us(SenderRefused)),
        // "Account suspended" may be said of ours, too.
        (Some(MailboxDisabled), _) if !is_of_mailbox && !said.names_recipient => Some(Unclear),
        // "User unknown, see our policy".
        (Some(reason), _) => Some(Address(reason)),
        (None, Some(reason)) => Some(Us(reason)),
        (None, None) => None,
    };
    match (status, by_words) {
        (Some(status), Some(words)) => less_final(status, words),
        (Some(one), None) | (None, Some(one)) => one,
        // 5.7.1 and the like stand for anything where the words do not say more.
        (None, None) => by_subject(class, detail).unwrap_or_else(|| by_code(code, said.is_silent)),
    }
}

/// What the second number of an enhanced code says alone (RFC 3463 §3).
fn by_subject(class: &str, detail: &str) -> Option<Meaning> {
    match detail.split('.').next().filter(|_| class == "5")? {
        "1" => Some(Address(UserUnknown)),
        "6" => Some(Us(ContentRefused)),
        "7" => Some(Us(Blocked)),
        _ => None,
    }
}

/// The one that leaves more open; the second if they are equal in that.
fn less_final(one: Meaning, other: Meaning) -> Meaning {
    match finality(one) < finality(other) {
        true => one,
        false => other,
    }
}

fn finality(meaning: Meaning) -> u8 {
    match meaning {
        Wait => 0,
        Us(_) | Unclear => 1,
        Address(reason) => 2 + u8::from(reason.is_hard()),
    }
}

/// Whether a permanent reply names a passing status, as in `554 4.4.7`.
fn is_soft_within(code: Option<u16>, text: &str) -> bool {
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    let word = word.trim_start_matches('#');
    code.is_some_and(|code| code >= 500)
        && word.starts_with("4.")
        && word.split('.').count() == 3
        && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The last resort: RFC 5321 §4.2.3, RFC 4954 §6, RFC 7504. With words that no rule knows a code alone condemns
/// nothing; a server that adds no word can mean nothing else.
fn by_code(code: Option<u16>, is_silent: bool) -> Meaning {
    match code {
        Some(500..=504 | 555) => Us(Protocol),
        Some(530 | 534 | 535 | 538) => Us(NotPermitted),
        Some(551) => Address(Moved),
        Some(521 | 556) if is_silent => Address(HostUnknown),
        Some(552) if is_silent => Address(MailboxFull),
        Some(553) if is_silent => Address(AddressInvalid),
        Some(550) if is_silent => Address(Unexplained),
        Some(500..600) => Unclear,
        _ => Wait,
    }
}

/// What makes two refusals the same: their words without figures, addresses and links.
pub(super) fn gist(text: &str) -> String {
    let plain = text.split_whitespace().filter(|word| {
        !word.contains("***") && !word.contains("://") && !word.contains(char::is_numeric)
    });
    let plain: Vec<&str> = plain.take(12).collect();
    phrases::words(&plain.join(" "))
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
