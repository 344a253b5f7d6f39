//! A draft becomes a letter: its own MIME, so that no name, subject or text can break it.

use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::encode::{body, header, one_line, phrase_words, text_words};
use super::letter::Letter;
use crate::address::EmailAddress;

/// Cannot occur in either part: neither quoted-printable nor base64 makes `=_` (RFC 2045 §6.7).
const BOUNDARY: &str = "=_candor_alternative";
/// Longest header line that may leave (RFC 5322 §2.1.1), less room for the header's name.
const LONGEST_WORD: usize = 900;
/// The headers that compose writes itself.
const OWN_HEADERS: [&str; 11] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// A name with an address, as a header shows them.
#[derive(Clone)]
pub struct Mailbox {
    /// Any text; may be empty.
    pub name: String,
    /// The address.
    pub address: EmailAddress,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox {}", self.address)
    }
}

/// All that a letter is made of.
///
/// In names, subject and added headers, control characters and line breaks become spaces (see
/// [`super::one_line`]): they cannot add a header.
pub struct Draft {
    /// Who writes.
    pub from: Mailbox,
    /// The recipient.
    pub to: Mailbox,
    /// Where bounces go.
    pub return_path: EmailAddress,
    /// Any text.
    pub subject: String,
    /// The text part; any text.
    pub text: String,
    /// The HTML part, a whole document.
    pub html: Option<String>,
    /// `left@right`, without angle brackets (RFC 5322 §3.6.4).
    pub message_id: String,
    /// For the Date header.
    pub date: DateTime<Utc>,
    /// Language tag of the text (RFC 5646), such as `pt-BR`.
    pub language: String,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<EmailAddress>,
    /// More headers, such as `Feedback-ID`. Not those that compose writes itself.
    pub headers: Vec<(&'static str, String)>,
}

/// What no letter can be made of. Never says the offending text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// Not `left@right` in ASCII, or too long.
    #[error("the message id is not of the form left@right")]
    MessageId,
    /// Not a language tag.
    #[error("the language is not a language tag")]
    Language,
    /// Not a header name, or one that compose writes itself.
    #[error("the header {0} cannot be added")]
    Header(&'static str),
}

/// Makes the letter: `multipart/alternative` when there is an HTML part, else plain text.
///
/// The letter is ASCII throughout unless an address has a local part beyond ASCII (RFC 6531).
///
/// # Errors
/// Only for what the program itself chooses; no text of a person is ever refused.
pub fn compose(draft: &Draft) -> Result<Letter, ComposeError> {
    check(draft)?;
    let html_len = draft.html.as_ref().map_or(0, String::len);
    let mut out = String::with_capacity(1024 + (draft.text.len() + html_len) * 9 / 8);
    write_headers(&mut out, draft);
    match &draft.html {
        None => body(&mut out, "plain", &draft.text),
        Some(html) => {
            let kind = "multipart/alternative;".to_owned();
            header(
                &mut out,
                "Content-Type",
                [kind, format!("boundary=\"{BOUNDARY}\"")],
            );
            for (kind, text) in [("plain", &draft.text), ("html", html)] {
                out.push_str("\r\n--");
                out.push_str(BOUNDARY);
                out.push_str("\r\n");
                body(&mut out, kind, text);
            }
            out.push_str("\r\n--");
            out.push_str(BOUNDARY);
            out.push_str("--\r\n");
        }
    }
    Ok(Letter {
        sender: draft.return_path.clone(),
        recipient: draft.to.address.clone(),
        message_id: draft.message_id.clone(),
        date: draft.date,
        raw: out.into_bytes(),
    })
}

fn check(draft: &Draft) -> Result<(), ComposeError> {
    let id = &draft.message_id;
    let graphic = id
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&b));
    let two_sided = id
        .split_once('@')
        .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains('@'));
    if !(graphic && two_sided && id.len() <= 250) {
        return Err(ComposeError::MessageId);
    }
    let tag = &draft.language;
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if tag.len() > 35 || !tag.split('-').all(subtag) {
        return Err(ComposeError::Language);
    }
    for (name, value) in &draft.headers {
        let ours = OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name));
        let field = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        let folds = value.split(' ').all(|word| word.len() <= LONGEST_WORD);
        if ours || !field || name.len() > 60 || !folds {
            return Err(ComposeError::Header(name));
        }
    }
    Ok(())
}

fn write_headers(out: &mut String, draft: &Draft) {
    header(out, "From", mailbox_words(&draft.from));
    header(out, "To", mailbox_words(&draft.to));
    if let Some(address) = &draft.reply_to {
        header(out, "Reply-To", [addr_spec(address)]);
    }
    header(out, "Subject", text_words(&draft.subject));
    header(out, "Date", [draft.date.to_rfc2822()]);
    header(out, "Message-ID", [format!("<{}>", draft.message_id)]);
    header(out, "Auto-Submitted", ["auto-generated"]);
    header(out, "Content-Language", [&draft.language]);
    for (name, value) in &draft.headers {
        header(out, name, added_words(value));
    }
    header(out, "MIME-Version", ["1.0"]);
}

fn mailbox_words(mailbox: &Mailbox) -> Vec<String> {
    let mut words = phrase_words(&mailbox.name);
    let address = addr_spec(&mailbox.address);
    words.push(if words.is_empty() {
        address
    } else {
        format!("<{address}>")
    });
    words
}

/// The address on the wire: a domain is always sent in its ASCII form (RFC 5890), so only a
/// local part can make a relay without SMTPUTF8 refuse it.
pub(super) fn addr_spec(address: &EmailAddress) -> String {
    format!("{}@{}", address.local(), address.domain_ascii())
}

/// Added headers are often structured (lists of URLs): their ASCII words are left alone.
fn added_words(value: &str) -> Vec<String> {
    let value = one_line(value);
    if value.is_ascii() {
        value.split_ascii_whitespace().map(str::to_owned).collect()
    } else {
        text_words(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        let address = |text: &str| EmailAddress::parse(text).expect("an address");
        Draft {
            from: Mailbox {
                name: "Example, Inc.".into(),
                address: address("help@example.com"),
            },
            to: Mailbox {
                name: "Ann".into(),
                address: address("ann@bücher.example"),
            },
            return_path: address("bounce@example.com"),
            subject: "About your data\r\nBcc: all@example.com".into(),
            text: "one\n.two\n".into(),
            html: Some("<p>one</p>".into()),
            message_id: "n1@example.com".into(),
            date: DateTime::from_timestamp(1_629_450_672, 0).expect("a moment"),
            language: "en-US".into(),
            reply_to: None,
            headers: vec![("Feedback-ID", "c7:candor".into())],
        }
    }

    #[test]
    fn a_letter_reads_like_this() {
        let letter = compose(&draft()).expect("composes");
        let raw = String::from_utf8(letter.raw).expect("text");
        let expected = "From: \"Example, Inc.\" <help@example.com>\n\
            To: Ann <ann@xn--bcher-kva.example>\n\
            Subject: About your data Bcc: all@example.com\n\
            Date: Fri, 20 Aug 2021 09:11:12 +0000\n\
            Message-ID: <n1@example.com>\n\
            Auto-Submitted: auto-generated\n\
            Content-Language: en-US\n\
            Feedback-ID: c7:candor\n\
            MIME-Version: 1.0\n\
            Content-Type: multipart/alternative; boundary=\"=_candor_alternative\"\n\n\
            --=_candor_alternative\n\
            Content-Type: text/plain; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\none\n=2Etwo\n\n\
            --=_candor_alternative\n\
            Content-Type: text/html; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\n<p>one</p>\n\n\
            --=_candor_alternative--\n";
        assert_eq!(raw, expected.replace('\n', "\r\n"));
    }

    #[test]
    fn what_the_program_chooses_is_checked() {
        let refused = |change: fn(&mut Draft)| {
            let mut bad = draft();
            change(&mut bad);
            compose(&bad).err()
        };
        assert_eq!(
            refused(|d| d.message_id = "a>\r\nX: y@b".into()),
            Some(ComposeError::MessageId)
        );
        assert_eq!(
            refused(|d| d.message_id = "nowhere".into()),
            Some(ComposeError::MessageId)
        );
        assert_eq!(
            refused(|d| d.language = "en\r\nX".into()),
            Some(ComposeError::Language)
        );
        assert_eq!(
            refused(|d| d.headers = vec![("subject", "x".into())]),
            Some(ComposeError::Header("subject"))
        );
        assert_eq!(
            refused(|d| d.headers = vec![("X-A", "a\r\nBcc: b@c".into())]),
            None
        );
    }

    #[test]
    fn debug_shows_no_address_and_no_text() {
        let letter = compose(&draft()).expect("composes");
        assert!(!format!("{letter:?} {:?}", draft().to).contains("ann"));
    }
}
