//! Reads letters that [`super::compose()`] made and a folder relay kept: what the outbox page of a
//! rehearsal shows. Other mail is read as well as it goes; nothing makes it panic.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use url::Url;

/// A letter, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Its headers in order, decoded.
    pub headers: Vec<(String, String)>,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: Option<String>,
}

impl Read {
    /// The first header of this name; empty when there is none.
    pub fn header(&self, name: &str) -> String {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// A letter in a folder.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its file's name.
    pub name: String,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// The letter.
    pub read: Read,
}

/// The folder of a `file://` relay.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder behind a relay's URL; `None` for other relays.
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "file")?;
        url.to_file_path().ok().map(Self)
    }

    /// The newest letters, and how many there are in all. A folder that is not there yet is empty.
    ///
    /// # Errors
    /// The file system's.
    pub fn newest(&self, limit: usize) -> io::Result<(Vec<Found>, usize)> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            entries => entries?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_ours(name)).collect();
        // Names begin with the date.
        names.sort_unstable_by(|a, b| b.cmp(a));
        let total = names.len();
        names.truncate(limit);
        let found = |name: String| {
            let path = self.0.join(&name);
            let written_at = fs::metadata(&path)?.modified()?.into();
            Ok(Found {
                read: read(&fs::read(&path)?),
                name,
                written_at,
            })
        };
        Ok((
            names.into_iter().map(found).collect::<io::Result<_>>()?,
            total,
        ))
    }

    /// One letter; `None` if there is none of this name.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(&self, name: &str) -> io::Result<Option<Read>> {
        if !is_ours(name) {
            return Ok(None);
        }
        match fs::read(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            raw => Ok(Some(read(&raw?))),
        }
    }
}

/// Whether a folder relay gives such names. None of them leads out of the folder.
fn is_ours(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@".contains(&b);
    let letter = Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "eml");
    letter && !name.starts_with('.') && name.bytes().all(plain)
}

/// Takes a letter apart.
pub fn read(raw: &[u8]) -> Read {
    let raw = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let (head, rest) = split(&raw);
    let fields = fields(head);
    let mut letter = Read {
        headers: fields
            .iter()
            .map(|(name, value)| (name.clone(), decoded_words(value)))
            .collect(),
        ..Read::default()
    };
    match boundary(value(&fields, "content-type")) {
        None => letter.text = body(&fields, rest),
        Some(boundary) => {
            let mark = format!("\n--{boundary}");
            let parts = format!("\n{rest}");
            for part in parts.split(&mark).skip(1) {
                let (head, rest) = split(part.trim_start_matches('\n'));
                let fields = self::fields(head);
                match value(&fields, "content-type") {
                    kind if kind.starts_with("text/html") => {
                        letter.html = Some(body(&fields, rest));
                    }
                    kind if kind.starts_with("text/plain") => letter.text = body(&fields, rest),
                    _ => {}
                }
            }
        }
    }
    letter
}

fn split(raw: &str) -> (&str, &str) {
    raw.split_once("\n\n").unwrap_or((raw, ""))
}

/// Headers, unfolded.
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.strip_prefix([' ', '\t']), fields.last_mut()) {
            (Some(more), Some((_, value))) => {
                value.push(' ');
                value.push_str(more.trim_start());
            }
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
    }
    fields
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value.as_str())
}

fn boundary(kind: &str) -> Option<&str> {
    let (_, after) = kind.split_once("boundary=")?;
    let quoted = after
        .strip_prefix('"')
        .and_then(|rest| rest.split('"').next());
    quoted
        .or_else(|| after.split(';').next())
        .filter(|boundary| !boundary.is_empty())
}

fn body(fields: &[(String, String)], raw: &str) -> String {
    let bytes = match value(fields, "content-transfer-encoding")
        .to_ascii_lowercase()
        .as_str()
    {
        "base64" => {
            let letters: String = raw.split_whitespace().collect();
            STANDARD.decode(letters).unwrap_or_default()
        }
        "quoted-printable" => unquoted(raw),
        _ => raw.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

/// RFC 2045 §6.7.
fn unquoted(raw: &str) -> Vec<u8> {
    let raw = raw.replace("=\n", "");
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let octet = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match octet
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| byte == b'=')
        {
            Some(octet) => {
                out.push(octet);
                rest = &tail[2..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    out
}

/// RFC 2047, as far as we write it: base 64 in UTF-8. The space between two such words does not count.
fn decoded_words(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut after_encoded = false;
    for (at, word) in value.split(' ').enumerate() {
        let encoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|rest| rest.strip_suffix("?="));
        let octets = encoded.and_then(|letters| STANDARD.decode(letters).ok());
        if at > 0 && !(after_encoded && octets.is_some()) {
            out.push(' ');
        }
        after_encoded = octets.is_some();
        match octets {
            Some(octets) => out.push_str(&String::from_utf8_lossy(&octets)),
            None => out.push_str(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Mailbox, compose};
    use super::*;
    use crate::address::EmailAddress;
    use proptest::prelude::*;

    fn letter(subject: &str, text: &str, html: Option<&str>) -> Vec<u8> {
        let mailbox = |text: &str| Mailbox {
            name: "Zoë, <Löwe>".into(),
            address: EmailAddress::parse(text).expect("an address"),
        };
        let draft = Draft {
            from: mailbox("help@example.com"),
            to: mailbox("ann@example.com"),
            return_path: EmailAddress::parse("bounce@example.com").expect("an address"),
            subject: subject.into(),
            text: text.into(),
            html: html.map(str::to_owned),
            message_id: "n1@example.com".into(),
            date: DateTime::from_timestamp(1_629_450_672, 0).expect("a moment"),
            language: "en".into(),
            reply_to: None,
            headers: Vec::new(),
        };
        compose(&draft).expect("composes").raw
    }

    proptest! {
        #[test]
        fn what_was_composed_reads_back(text in "[^\r\u{85}\u{2028}\u{2029}\u{b}\u{c}]*", html in proptest::option::of("[ -~äß=.\n]*")) {
            let read = read(&letter("Ihre Daten: was geschah ✓", &text, html.as_deref()));
            prop_assert_eq!(read.header("subject"), "Ihre Daten: was geschah ✓");
            prop_assert_eq!(read.header("To"), "Zoë, <Löwe> <ann@example.com>");
            prop_assert_eq!(read.text.trim_end_matches('\n'), text.trim_end_matches('\n'));
            let same = |html: String| html.trim_end_matches('\n').to_owned();
            prop_assert_eq!(read.html.map(same), html.map(same));
        }

        #[test]
        fn nothing_makes_it_panic(raw: Vec<u8>, name: String) {
            let _ = read(&raw);
            let _ = is_ours(&name);
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert!(is_ours("20261123T090000.000Z-a@b.example.eml"));
        for name in [
            "../a.eml", "a/b.eml", ".a.eml", "..", "a.txt", "", "a\\b.eml", ".eml",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
