//! A letter in the form that is signed, so that what relays do to blanks and folds does not count.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::seal::sha256;

/// What is signed, of what the letter has. From stands there twice: a second one, added on the way,
/// breaks the signature (RFC 6376 §8.15).
const SIGNED: [&str; 12] = [
    "from",
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "feedback-id",
];
/// What all signatures of one letter have in common.
pub(super) struct Canonical {
    /// The signed fields, canonical, each ended by CRLF.
    pub(super) headers: String,
    /// Their names, as `h=` lists them.
    pub(super) signed: Vec<&'static str>,
    /// In base64.
    pub(super) body_hash: String,
}

impl Canonical {
    /// `None` for what is no letter.
    pub(super) fn of(raw: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(raw).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Self::with(head, body, &SIGNED))
    }

    /// The fields of these names; a name more often than the field is there says that no other may be.
    pub(super) fn with(head: &str, body: &str, names: &[&'static str]) -> Self {
        let mut fields = fields(head);
        let mut headers = String::with_capacity(head.len());
        let mut signed = Vec::with_capacity(names.len());
        for (n, name) in names.iter().enumerate() {
            // From below: an added field of the same name would stand above (RFC 6376 §5.4.2).
            let found = fields
                .iter()
                .rposition(|(field, _)| field.eq_ignore_ascii_case(name));
            if let Some(at) = found {
                relaxed_field(&mut headers, name, fields.remove(at).1);
            } else if !names[..n].contains(name) {
                continue;
            }
            signed.push(*name);
        }
        Self {
            headers,
            signed,
            body_hash: STANDARD.encode(sha256(relaxed_body(body).as_bytes())),
        }
    }

    /// `h=`, in words between which a line may be folded.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let last = self.signed.len().saturating_sub(1);
        self.signed.iter().enumerate().map(move |(n, name)| {
            let start = if n == 0 { "h=" } else { "" };
            let end = if n == last { ';' } else { ':' };
            format!("{start}{name}{end}")
        })
    }
}

/// The fields of a header: name, and value with its folds.
fn fields(head: &str) -> Vec<(&str, &str)> {
    let mut fields = Vec::with_capacity(16);
    let mut rest = head;
    while !rest.is_empty() {
        let end = rest
            .match_indices("\r\n")
            .find(|(at, _)| !rest[at + 2..].starts_with([' ', '\t']))
            .map_or(rest.len(), |(at, _)| at);
        if let Some((name, value)) = rest[..end].split_once(':') {
            fields.push((name.trim_end(), value));
        }
        rest = rest[end..].strip_prefix("\r\n").unwrap_or_default();
    }
    fields
}

/// RFC 6376 §3.4.2.
fn relaxed_field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push(':');
    let blank = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
    for (n, word) in value
        .split(blank)
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push_str("\r\n");
}

/// RFC 6376 §3.4.4.
fn relaxed_body(body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 2);
    let mut lines = 0;
    for line in body.split("\r\n") {
        let line = line.trim_end_matches([' ', '\t']);
        if line.is_empty() {
            lines += 1;
            continue;
        }
        for _ in 0..lines {
            out.push_str("\r\n");
        }
        lines = 1;
        relaxed_line(&mut out, line);
    }
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    out
}

fn relaxed_line(out: &mut String, line: &str) {
    // Nearly every line is as it should be.
    if !line.contains('\t') && !line.contains("  ") {
        return out.push_str(line);
    }
    let mut blank = false;
    for c in line.chars() {
        let was = std::mem::replace(&mut blank, matches!(c, ' ' | '\t'));
        match (was, blank) {
            (false, true) => out.push(' '),
            (true, true) => {}
            (_, false) => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_empty_lines_count_as_rfc_6376_says() {
        for (body, relaxed) in [
            ("", ""),
            ("\r\n \r\n", ""),
            ("\r\n\r\na\t\tb \r\n\r\n", "\r\n\r\na b\r\n"),
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("no end", "no end\r\n"),
        ] {
            assert_eq!(relaxed_body(body), relaxed, "{body:?}");
        }
        let canon = Canonical::with("A: X\r\nB : Y\t\r\n\tZ  \r\nA: last", "", &["a", "b", "c"]);
        assert_eq!(canon.headers, "a:last\r\nb:Y Z\r\n");
        assert_eq!(canon.names().collect::<Vec<_>>(), ["h=a:", "b;"]);
    }
}
