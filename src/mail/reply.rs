//! What a relay said about one letter, in words that may be stored: masked and short.

use std::borrow::Cow;

use crate::address::EmailAddress;

/// Longest reply text that is kept, in characters.
const TEXT_LIMIT: usize = 300;
const MASK: &str = "***";
/// Local parts that are also ordinary words of replies: masking them would hide what was said.
const REPLY_WORDS: [&str; 22] = [
    "user",
    "mailbox",
    "account",
    "recipient",
    "address",
    "unknown",
    "mail",
    "message",
    "domain",
    "host",
    "sender",
    "policy",
    "spam",
    "blocked",
    "quota",
    "full",
    "relay",
    "service",
    "server",
    "postmaster",
    "abuse",
    "rejected",
];

/// The outcome of one attempt to deliver one letter to a relay.
///
/// `text` is the server's, with anything that looks like an e-mail address masked, the
/// recipient's parts masked, and cut at 300 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The relay took responsibility for the letter (2xx after the final dot).
    Accepted {
        /// Reply code, 250 as a rule.
        code: u16,
        /// What it said.
        text: String,
    },
    /// Not now (4xx).
    Deferred {
        /// Reply code; none when the relay speaks no SMTP.
        code: Option<u16>,
        /// Enhanced status code (RFC 3463), such as `4.2.2`.
        enhanced: Option<String>,
        /// What it said.
        text: String,
    },
    /// No (5xx).
    Refused {
        /// Reply code.
        code: Option<u16>,
        /// Enhanced status code (RFC 3463), such as `5.1.1`.
        enhanced: Option<String>,
        /// What it said.
        text: String,
    },
    /// This relay lacks what the letter needs (SMTPUTF8, 8BITMIME, room): it was told nothing of it, and another relay
    /// may carry it.
    CannotCarry {
        /// The code that a relay would give.
        code: u16,
        /// The enhanced status code that it would give: `5.6.7`, `5.6.3` or `5.3.4`.
        enhanced: &'static str,
        /// What it lacks, in our words.
        text: String,
    },
    /// The relay is away, or was lost before the final dot: nothing was delivered.
    Unreachable {
        /// In our words.
        why: String,
    },
    /// The connection broke between the final dot and its reply: whether the relay accepted the message is unknown.
    Unknown {
        /// In our words.
        why: String,
    },
}

impl Reply {
    /// The reply a server gave, by the class of its code. `recipient` is masked in the text.
    pub fn heard(code: u16, text: &str, recipient: Option<&EmailAddress>) -> Reply {
        let enhanced = enhanced_code(code, text);
        let text = presentable(text, recipient);
        match code {
            200..300 => Reply::Accepted { code, text },
            400..500 => Reply::Deferred {
                code: Some(code),
                enhanced,
                text,
            },
            500..600 => Reply::Refused {
                code: Some(code),
                enhanced,
                text,
            },
            // An unknown class: it neither accepts the message nor condemns the address.
            _ => Reply::Deferred {
                code: Some(code),
                enhanced,
                text,
            },
        }
    }

    /// Code, enhanced code and words, as far as there are any.
    pub fn parts(&self) -> (Option<u16>, Option<&str>, &str) {
        match self {
            Reply::Accepted { code, text } => (Some(*code), None, text),
            Reply::Deferred {
                code,
                enhanced,
                text,
            }
            | Reply::Refused {
                code,
                enhanced,
                text,
            } => (*code, enhanced.as_deref(), text),
            Reply::CannotCarry {
                code,
                enhanced,
                text,
            } => (Some(*code), Some(enhanced), text),
            Reply::Unreachable { why } | Reply::Unknown { why } => (None, None, why),
        }
    }

    /// Nothing was delivered, and no recipient is to blame.
    pub(super) fn unreachable(why: impl Into<String>) -> Reply {
        Reply::Unreachable { why: why.into() }
    }
}

/// The enhanced code a reply starts with, if it fits the reply's class (RFC 2034 §4); or, as qmail has it, one
/// behind a `#` anywhere.
fn enhanced_code(code: u16, text: &str) -> Option<String> {
    let first = text.split(|c: char| c.is_whitespace() || c == '-').next();
    let marked = text.split('#').skip(1);
    let marked = marked.filter_map(|rest| {
        rest.split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .next()
    });
    first
        .into_iter()
        .chain(marked)
        .find_map(|word| fitting(code, word))
}

/// An enhanced code of the reply's class. Some write `5.1.0:`.
fn fitting(code: u16, word: &str) -> Option<String> {
    let word = word
        .trim_start_matches('#')
        .trim_end_matches([':', '.', ',', ';', '=']);
    let mut parts = word.split('.');
    let class = parts.next()?.parse::<u16>().ok()?;
    let number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let rest: Vec<&str> = parts.collect();
    (class == code / 100 && rest.len() == 2 && rest.into_iter().all(number))
        .then(|| word.to_owned())
}

fn presentable(text: &str, recipient: Option<&EmailAddress>) -> String {
    let theirs = recipient.map(Theirs::new);
    let whole = match recipient {
        Some(address) => text.replace(address.as_str(), MASK),
        None => text.to_owned(),
    };
    let between_words =
        |c: char| c.is_whitespace() || c.is_control() || "<>()[]{}\"'`,;:!?|/\\".contains(c);
    let mut out = String::with_capacity(whole.len());
    for piece in whole.split_inclusive(between_words) {
        let word = piece.trim_end_matches(between_words);
        out.push_str(&masked(word, theirs.as_ref()));
        out.extend(
            piece[word.len()..]
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c }),
        );
    }
    match out.char_indices().nth(TEXT_LIMIT) {
        Some((at, _)) => format!("{}…", &out[..at]),
        None => out,
    }
}

/// The parts of a recipient's address that no stored word may contain, in lower case.
struct Theirs {
    /// `None`: it is an ordinary word of replies.
    local: Option<String>,
    /// As it was given and as the DNS has it.
    domains: [String; 2],
}

impl Theirs {
    fn new(address: &EmailAddress) -> Self {
        let local = address.local().to_lowercase();
        Self {
            local: Some(local).filter(|local| !REPLY_WORDS.contains(&&**local)),
            domains: [
                address.domain().to_lowercase(),
                address.domain_ascii().to_lowercase(),
            ],
        }
    }

    /// Whether a word is, or contains, a part of the address: `mx.home.example`, `name=home.example`, `user=ann.lee`;
    /// also a parent domain (`home.example` of an address at `mail.home.example`).
    fn is_in(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let is_separator = |c: char| !(c.is_alphanumeric() || ".-_+".contains(c));
        let local = self.local.as_deref();
        let mut pieces = word.split(is_separator);
        pieces.any(|piece| Some(piece) == local || self.is_parent(piece))
            || self.domains.iter().any(|domain| word.contains(&**domain))
    }

    fn is_parent(&self, piece: &str) -> bool {
        let mut domains = self.domains.iter();
        piece.contains('.')
            && domains.any(|domain| {
                domain
                    .strip_suffix(piece)
                    .is_some_and(|rest| rest.ends_with('.'))
            })
    }
}

fn masked<'a>(word: &'a str, theirs: Option<&Theirs>) -> Cow<'a, str> {
    let bare = word.trim_end_matches('.');
    let is_theirs = !bare.is_empty() && theirs.is_some_and(|theirs| theirs.is_in(bare));
    if bare.contains('@') || bare.contains("%40") || is_theirs {
        Cow::Owned(format!("{MASK}{}", &word[bare.len()..]))
    } else {
        Cow::Borrowed(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(reply: &Reply) -> &str {
        match reply {
            Reply::Accepted { text, .. }
            | Reply::Deferred { text, .. }
            | Reply::Refused { text, .. }
            | Reply::CannotCarry { text, .. } => text,
            Reply::Unreachable { why } | Reply::Unknown { why } => why,
        }
    }

    #[test]
    fn a_reply_keeps_its_codes_and_loses_addresses() {
        let reply = Reply::heard(
            550,
            "5.1.1 <a.b+c@example.com>... User unknown; x=y@z.org.",
            None,
        );
        let text = "5.1.1 <***>... User unknown; ***.".to_owned();
        assert_eq!(
            reply,
            Reply::Refused {
                code: Some(550),
                enhanced: Some("5.1.1".into()),
                text
            }
        );
    }

    #[test]
    fn the_recipient_is_masked_without_its_at_sign_too() {
        let ann = EmailAddress::parse("Ann.Lee@home.example").expect("an address");
        let reply = Reply::heard(
            550,
            "no ann.lee at home.example, see https://x.test/?m=ann.lee%40home.example",
            Some(&ann),
        );
        assert_eq!(text_of(&reply), "no *** at ***, see https://x.test/?***");
        let user = EmailAddress::parse("user@home.example").expect("an address");
        assert_eq!(
            text_of(&Reply::heard(550, "User unknown", Some(&user))),
            "User unknown"
        );
    }

    #[test]
    fn a_domain_inside_another_word_is_masked_too() {
        let ann = EmailAddress::parse("Ann.Lee@Smith-Family.org").expect("an address");
        for (said, kept) in [
            (
                "connect to mx.smith-family.org[192.0.2.1]:25: Connection refused",
                "connect to ***[192.0.2.1]:25: Connection refused",
            ),
            (
                "Name service error for name=SMITH-FAMILY.ORG type=A: Host not found",
                "Name service error for *** type=A: Host not found",
            ),
            ("user=ann.lee, relay=mx2.smith-family.org.", "***, ***."),
            ("see mailer.example", "see mailer.example"),
        ] {
            assert_eq!(text_of(&Reply::heard(550, said, Some(&ann))), kept);
        }
        let sub = EmailAddress::parse("eva@post.smith-family.org").expect("an address");
        let said = "no MX for smith-family.org, no A for post.smith-family.org";
        let kept = "no MX for ***, no A for ***";
        assert_eq!(text_of(&Reply::heard(450, said, Some(&sub))), kept);
        let umlaut = EmailAddress::parse("eva@b\u{fc}cher.example").expect("an address");
        let said = "no host mx.xn--bcher-kva.example or mx.b\u{fc}cher.example";
        assert_eq!(
            text_of(&Reply::heard(450, said, Some(&umlaut))),
            "no host *** or ***"
        );
    }

    #[test]
    fn an_enhanced_code_must_fit_its_reply() {
        assert_eq!(enhanced_code(450, "4.2.0 wait").as_deref(), Some("4.2.0"));
        assert_eq!(enhanced_code(550, "4.2.0 wait"), None);
        assert_eq!(enhanced_code(550, "10.0.0.1 is listed"), None);
        assert_eq!(enhanced_code(550, "5.1 short"), None);
        assert_eq!(
            enhanced_code(550, "#5.1.0 rejected").as_deref(),
            Some("5.1.0")
        );
        let said = "sorry, no mailbox here by that name (#5.1.1)";
        assert_eq!(enhanced_code(550, said).as_deref(), Some("5.1.1"));
        assert_eq!(enhanced_code(550, "ticket #12.3 of 5.1.1"), None);
    }

    #[test]
    fn long_or_wild_texts_are_cut() {
        assert_eq!(
            text_of(&Reply::heard(450, &"é\u{7}".repeat(500), None))
                .chars()
                .count(),
            301
        );
    }
}
