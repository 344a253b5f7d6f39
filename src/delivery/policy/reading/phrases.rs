//! What the words of negative replies mean. Phrases are whole words in lower case without punctuation, as
//! [`words`] leaves them; in each table the first match wins.

use super::super::reason::BounceReason::{
    self, HostUnknown, MailboxDisabled, MailboxFull, MessageTooBig, Moved, UserUnknown,
};
use super::super::reason::HoldReason::{
    self, Blocked, ContentRefused, NotPermitted, Protocol, RateLimited, SenderRefused,
};

/// Phrases of one meaning.
type Rows<T> = [(T, &'static [&'static str])];

/// Greylisting, whatever else is said.
const GREYLISTED: &[&str] = &[
    "greylist",
    "greylisted",
    "greylisting",
    "graylist",
    "graylisted",
    "grey listed",
    "postgrey",
];

/// It passes.
const PASSES: &[&str] = &[
    "try again later",
    "try later",
    "retry later",
    "please retry",
    "temporarily",
    "temporary",
    "temporary failure",
    "receiving mail at a rate",
    "service unavailable",
    "service currently unavailable",
    "message expired",
    "insufficient disk space",
    "insufficient system storage",
    "timed out",
    "too many hops",
    "mail loop",
    "routing loop",
];

/// The mailbox's owner or its administrator wants no mail from us.
const UNWANTED: &[&str] = &[
    "resolver rst authrequired",
    "resolver rst notauthorized",
    "resolver rst restricted",
    "resolver rst sendernotauthenticated",
    "not authorized to send to",
    "not authorised to send to",
    "recipient rejected by rule",
    "not permitted to send to",
    "not allowed to send to",
    "sender not authenticated for group",
    "only accepts mail from",
    "do not have permission",
    "not authorized for this mailbox",
    "not authorised for this mailbox",
    "not permitted for this mailbox",
    "not allowed for this mailbox",
    "recipient preferences",
    "refused by recipient",
    "refused by the recipient",
    "rejected by recipient",
    "rejected by the recipient",
    "blocked by recipient",
    "blocked by the recipient",
    "recipient does not accept",
    "recipient has blocked",
    "user has blocked",
    "recipient refuses",
    "mailbox does not accept",
    "does not want your mail",
];

/// Against us, beyond doubt: none of these is said of a mailbox.
#[rustfmt::skip]
const OURS: &Rows<HoldReason> = &[
    (Protocol, &["line limit exceeded", "line too long", "lines too long", "line length"]),
    (RateLimited, &[
        "rate limit", "rate limited", "ratelimited", "ratelimit", "unusual rate", "sending rate", "too many", "throttled",
        "throttling", "too fast", "too frequently", "frequency limited", "unexpected volume",
        "daily quota", "hourly quota", "sending quota", "relay quota", "message quota", "rate quota", "sender quota",
        "outbound quota", "sending limit", "daily limit", "hourly limit", "slow down", "exceeded the rate",
        "exceeds the rate", "maximum number of messages", "messages per hour", "messages per day", "this hour",
    ]),
    (Blocked, &[
        "blacklist", "blacklisted", "black list", "blocklist", "blocklisted", "block list", "denylist", "dnsbl", "dnsbls",
        "rbl", "spamhaus", "spamcop", "sorbs", "uceprotect", "abuseat", "senderscore", "listed on", "listed by", "listed at",
        "is listed", "are listed", "your ip", "your host", "your network", "blocked ip", "ip blocked", "ip address blocked",
        "client host", "host rejected", "host network", "network not allowed", "network blocked", "mail exchanger",
        "blocked using", "reputation", "ip mismatch", "mismatches client ip", "ip name lookup", "spf", "dkim",
        "dmarc", "reverse dns", "rdns", "ptr", "helo", "ehlo", "unsolicited", "ube", "uce", "banned",
        "unauthenticated", "purported responsible address", "rfc 5322", "rfc 5321", "rfc 2822", "rfc5322", "tls required",
    ]),
    (SenderRefused, &[
        "sender address rejected", "sender rejected", "sender refused", "sender verify failed", "sender domain", "sending domain",
        "invalid sender", "return path", "sender denied", "sender blocked", "mail from", "senders not allowed", "sender not allowed",
        "sender unknown", "unknown sender", "bad sender", "from address", "email address is not verified", "sender account",
        "sender s account", "senders account", "sending account", "sender s domain", "senders domain", "domain of sender",
        "domain of the sender", "originating domain", "your domain", "your sender",
    ]),
    (NotPermitted, &[
        "your account", "sending paused", "sending suspended", "sending disabled", "sending is", "sending has been",
        "suspended for this account", "disabled for this account", "from this account", "relay access denied", "relaying denied", "unable to relay", "relay not permitted", "not permitted to relay",
        "relaying not allowed", "relay denied", "relaying", "authentication required", "must authenticate",
        "authentication is required", "rcpthosts", "not a relay", "open relay", "we do not relay",
    ]),
    (ContentRefused, &[
        "virus", "malware", "content rejected", "content refused", "content declined", "content denied", "content blocked",
        "message content", "prohibited content", "bulk mail", "looks like spam", "spam message", "as spam", "8 bit data",
        "bad header", "header error", "duplicate header", "phishing", "attachment",
    ]),
];

/// About one mailbox.
#[rustfmt::skip]
const THEIRS: &Rows<BounceReason> = &[
    (UserUnknown, &[
        "user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address",
        "no such account", "does not exist", "doesn t exist", "not exist", "no longer exists", "unknown recipient",
        "recipient unknown", "user not found", "recipient not found", "recipnotfound", "recipientnotfound", "mailbox not found",
        "invalid recipient", "invalid mailbox", "invalid user", "unknown address", "address unknown", "unknown mailbox",
        "no mailbox here", "no mailbox", "account not found", "unknown local part", "not a known user", "not listed in",
        "undeliverable address", "unverified address", "invalid address", "bad address", "user doesn t have",
        "recipient address rejected access denied", "mailbox unavailable", "bad destination", "user is unknown", "is not found",
        "inactive email address", "address not present", "not our user", "mailbox name not allowed", "user invalid", "mailbox unknown",
        "destinataire invalide", "destinataire inconnu", "adresse inconnue", "utilisateur inconnu",
        "empfänger unbekannt", "unbekannter empfänger", "benutzer unbekannt", "usuario desconocido", "no existe",
        "utente sconosciuto", "destinatario sconosciuto", "usuário desconhecido",
    ]),
    (MailboxDisabled, &[
        "disabled", "inactive", "suspended", "deactivated", "not active", "account closed", "no longer available",
        "account has been", "user locked", "account locked", "account is locked", "mailbox locked", "mailbox is locked",
        "account is blocked", "account blocked", "user is blocked", "user blocked", "mailbox is blocked", "mailbox blocked",
        "recipient is blocked", "account was blocked", "mailbox is frozen", "account is frozen", "frozen", "compte du destinataire est bloque",
        "account expired", "mailbox is closed",
    ]),
    (MailboxFull, &[
        "over quota", "overquota", "quota exceeded", "exceeded quota", "exceeds quota", "exceed mailbox quota",
        "exceeded storage", "storage exceeded", "mailbox full", "mailbox is full", "mailfolder is full", "inbox is full", "quota", "disk full", "too full",
        "boite pleine", "buzón lleno", "postfach voll", "casella piena", "mailbox size",
    ]),
    (MessageTooBig, &[
        "too large", "too big", "size limit", "exceeds size", "message size exceeds", "maximum message size",
        "message size", "exceeded maximum", "size exceeds", "recipsizelimit",
    ]),
    (HostUnknown, &[
        "host unknown", "unknown host", "no such domain", "domain not found", "domain name not found", "host not found",
        "unrouteable", "unrouteable address", "unroutable", "invalid domain", "domain is not reachable", "does not accept mail",
        "unknown domain", "no such host", "host or domain name not found", "domain does not exist",
    ]),
    (Moved, &["user not local", "not our customer", "has moved"]),
];

/// Words that name the sending side.
const SENDER: &[&str] = &[
    "sender",
    "senders",
    "sending",
    "originator",
    "envelope from",
    "reverse path",
];

/// Words that name the mailbox or its owner.
const RECIPIENT: &[&str] = &[
    "recipient",
    "recipients",
    "rcpt",
    "mailbox",
    "user",
    "you tried to reach",
    "addressee",
    "destinataire",
    "utilisateur",
    "empfänger",
    "destinatario",
    "usuario",
    "utente",
];

/// Against us, if nothing else is said.
#[rustfmt::skip]
const PERHAPS_OURS: &Rows<HoldReason> = &[
    (ContentRefused, &["spam"]),
    (RateLimited, &["limit exceeded"]),
    (Blocked, &[
        "blocked", "poor", "not authorized", "not authorised", "access denied", "policy", "prohibited", "suspicious",
        "denied", "not allowed", "unauthorized",
    ]),
];

/// What the words of a reply say; each as far as they say anything of the kind.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) is_greylisted: bool,
    pub(super) passes: bool,
    pub(super) is_unwanted: bool,
    pub(super) ours: Option<HoldReason>,
    pub(super) theirs: Option<BounceReason>,
    pub(super) perhaps_ours: Option<HoldReason>,
    /// The sending side is named.
    pub(super) names_sender: bool,
    /// The mailbox is named.
    pub(super) names_recipient: bool,
    /// There are no words.
    pub(super) is_silent: bool,
}

impl Said {
    pub(super) fn in_words(text: &str) -> Self {
        let said = words(text);
        let has = |phrase: &&str| said.contains(&format!(" {phrase} "));
        let any = |phrases: &[&str]| phrases.iter().any(has);
        Self {
            is_greylisted: any(GREYLISTED),
            passes: any(PASSES),
            is_unwanted: any(UNWANTED),
            ours: first(OURS, any),
            theirs: first(THEIRS, any),
            perhaps_ours: first(PERHAPS_OURS, any),
            names_sender: any(SENDER),
            names_recipient: any(RECIPIENT),
            is_silent: !said.chars().any(char::is_alphabetic),
        }
    }
}

fn first<T: Copy>(rows: &Rows<T>, any: impl Fn(&[&str]) -> bool) -> Option<T> {
    let row = rows.iter().find(|(_, phrases)| any(phrases))?;
    Some(row.0)
}

/// Lower case, one space around every word.
pub(super) fn words(text: &str) -> String {
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
