//! How text becomes ASCII lines: header words (RFC 2047) and bodies (RFC 2045).
//!
//! Own code instead of lettre's `MessageBuilder`, which lets through what we promise to stop:
//! a subject that merely looks like an encoded word is shown decoded, a long word makes a line
//! beyond 998 octets, control characters in a name reach the reader, and a NUL in a name makes it
//! lose the From header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Where header lines are folded (RFC 5322 §2.1.1: SHOULD).
const FOLD_AT: usize = 76;
/// ASCII words longer than this are encoded, so that they can be folded.
const LONG_WORD: usize = 60;
/// Octets in one encoded word: 64 characters, which leaves room for a header's name before it.
const WORD_OCTETS: usize = 39;

/// The text as it may stand in a header: every run of control characters and line separators
/// becomes one space, blank ends are cut.
///
/// Replaced rather than refused: a name comes from a customer list, and a person must not stay
/// unnotified because of a stray tab.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut broken = false;
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            broken = true;
            continue;
        }
        if broken {
            line.push(' ');
            broken = false;
        }
        line.push(c);
    }
    line.trim().to_owned()
}

/// Appends `Name: words`, folded between words. No words make an empty header.
pub(super) fn header<W: AsRef<str>>(
    out: &mut String,
    name: &str,
    words: impl IntoIterator<Item = W>,
) {
    out.push_str(name);
    out.push(':');
    let mut column = name.len() + 1;
    let mut first = true;
    for word in words {
        let word = word.as_ref();
        if !first && column + 1 + word.len() > FOLD_AT {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
        first = false;
    }
    out.push_str("\r\n");
}

/// Words of unstructured text (a subject).
pub(super) fn text_words(text: &str) -> Vec<String> {
    let text = one_line(text);
    let plain = text.is_ascii()
        && !text.contains("=?")
        && text
            .split(' ')
            .all(|word| (1..=LONG_WORD).contains(&word.len()));
    if plain {
        text.split(' ').map(str::to_owned).collect()
    } else {
        encoded_words(&text)
    }
}

/// Words of a display name (RFC 5322 `phrase`).
pub(super) fn phrase_words(name: &str) -> Vec<String> {
    let name = one_line(name);
    if name.is_empty() {
        Vec::new()
    } else if !name.is_ascii() || name.contains("=?") || name.len() > LONG_WORD {
        encoded_words(&name)
    } else if name.split(' ').all(is_atom) {
        name.split(' ').map(str::to_owned).collect()
    } else {
        vec![format!(
            "\"{}\"",
            name.replace('\\', "\\\\").replace('"', "\\\"")
        )]
    }
}

/// RFC 5322 §3.2.3, less what no name needs.
fn is_atom(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_'".contains(&b))
}

/// RFC 2047: each word whole characters, at most 75 long; the spaces between them do not count.
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let most = rest.len().min(WORD_OCTETS);
        let cut = (1..=most)
            .rev()
            .find(|&at| rest.is_char_boundary(at))
            .unwrap_or(rest.len());
        let (chunk, tail) = rest.split_at(cut);
        words.push(format!("=?utf-8?b?{}?=", STANDARD.encode(chunk)));
        rest = tail;
    }
    words
}

/// The lines of a text, whatever ends them: CRLF, LF, or a bare CR.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(
        text.strip_suffix("\r\n")
            .or(text.strip_suffix('\n'))
            .unwrap_or(text),
    );
    if text.is_empty() {
        rest = None;
    }
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let next = end + 1 + usize::from(text[end..].starts_with("\r\n"));
        rest = Some(&text[next..]);
        Some(&text[..end])
    })
}

/// Appends a body with its Content-Type and transfer encoding: quoted-printable, or base64 where
/// that is shorter (most scripts other than Latin). Both give lines of at most 76 ASCII octets.
/// The text keeps every character; its line ends become CRLF, and it ends with one.
pub(super) fn body(out: &mut String, kind: &str, text: &str) {
    let foreign = text.bytes().filter(|b| !b.is_ascii()).count();
    let base64 = foreign * 6 > text.len();
    let encoding = if base64 { "base64" } else { "quoted-printable" };
    header(
        out,
        "Content-Type",
        [format!("text/{kind};"), "charset=utf-8".to_owned()],
    );
    header(out, "Content-Transfer-Encoding", [encoding]);
    out.push_str("\r\n");
    if base64 {
        base64_lines(out, text);
    } else {
        quoted_lines(out, text);
    }
}

fn base64_lines(out: &mut String, text: &str) {
    let mut canonical = String::with_capacity(text.len() + 64);
    for line in lines(text) {
        canonical.push_str(line);
        canonical.push_str("\r\n");
    }
    for chunk in canonical.as_bytes().chunks(57) {
        STANDARD.encode_string(chunk, out);
        out.push_str("\r\n");
    }
}

/// The widest line of quoted-printable, less the `=` that continues it.
const QUOTED_WIDTH: usize = 75;

/// RFC 2045 §6.7.
fn quoted_lines(out: &mut String, text: &str) {
    for line in lines(text) {
        quoted_line(out, line);
        out.push_str("\r\n");
    }
}

/// How many octets from the beginning mean themselves, wherever they stand but at the ends of a line.
fn plain_run(octets: &[u8]) -> usize {
    /// Looked at together, without a branch for each.
    const BLOCK: usize = 16;
    let plain = |o: u8| (b' '..=b'~').contains(&o) & (o != b'=') | (o == b'\t');
    let blocks = octets.chunks_exact(BLOCK);
    let whole = blocks.take_while(|block| block.iter().fold(true, |all, o| all & plain(*o)));
    let whole = whole.count() * BLOCK;
    let rest = octets[whole..].iter().take_while(|o| plain(**o));
    whole + rest.count()
}

fn quoted_line(out: &mut String, line: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // A blank at the end would be lost on the way, a dot at the beginning would have to be doubled.
    let bare = |at: usize, octet: u8| match octet {
        b' ' | b'\t' => at + 1 < line.len(),
        b'.' => at > 0,
        octet => matches!(octet, b'!'..=b'<' | b'>'..=b'~'),
    };
    let (mut column, mut at) = (0, 0);
    while at < line.len() {
        // Whole runs at once: nearly all of a text is one.
        let most = line.len().min(at + QUOTED_WIDTH - column);
        let mut run = plain_run(&line.as_bytes()[at..most]);
        if run > 0 && !bare(at, line.as_bytes()[at]) {
            run = 0;
        } else if run > 0 && !bare(at + run - 1, line.as_bytes()[at + run - 1]) {
            run -= 1;
        }
        if run > 0 {
            out.push_str(&line[at..at + run]);
        }
        (at, column) = (at + run, column + run);
        let Some(octet) = line.as_bytes().get(at).copied() else {
            break;
        };
        let width = if bare(at, octet) { 1 } else { 3 };
        if column + width > QUOTED_WIDTH {
            out.push_str("=\r\n");
            column = 0;
            continue;
        }
        out.push('=');
        out.push(char::from(HEX[usize::from(octet >> 4)]));
        out.push(char::from(HEX[usize::from(octet & 15)]));
        (at, column) = (at + 1, column + 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        quoted_lines(&mut out, text);
        out
    }

    fn written(name: &str, words: Vec<String>) -> String {
        let mut out = String::new();
        header(&mut out, name, words);
        out
    }

    #[test]
    fn a_line_break_in_a_header_becomes_a_space() {
        assert_eq!(one_line("a\r\nBcc: b@c\u{2028}d\u{7}e "), "a Bcc: b@c d e");
    }

    #[test]
    fn plain_words_stay_readable_and_are_folded() {
        let subject = "Your data was part of a breach: what happened, what to do now, whom to ask";
        let out = written("Subject", text_words(subject));
        assert!(out.lines().all(|line| line.len() <= 76), "{out}");
        assert_eq!(out.replace("\r\n", ""), format!("Subject: {subject}"));
    }

    #[test]
    fn what_looks_encoded_or_blank_is_encoded() {
        assert_eq!(
            text_words("=?utf-8?q?x?="),
            ["=?utf-8?b?PT91dGYtOD9xP3g/PQ==?="]
        );
        assert_eq!(text_words("a  b"), ["=?utf-8?b?YSAgYg==?="]);
        assert_eq!(
            text_words(&"x".repeat(2000)).iter().map(String::len).max(),
            Some(64)
        );
        assert_eq!(text_words(""), ["=?utf-8?b??="; 0]);
    }

    #[test]
    fn names_are_atoms_quoted_or_encoded() {
        assert_eq!(phrase_words("Ann O'Neil"), ["Ann", "O'Neil"]);
        assert_eq!(phrase_words("Neil, \"Ann\" \\"), [r#""Neil, \"Ann\" \\""#]);
        assert_eq!(phrase_words("Zoë"), ["=?utf-8?b?Wm/Dqw==?="]);
        assert!(phrase_words(" \t").is_empty());
    }

    #[test]
    fn quoted_printable_keeps_ends_of_lines_and_length() {
        assert_eq!(quoted("a=b \n\tc\r\nd\re"), "a=3Db=20\r\n\tc\r\nd\r\ne\r\n");
        assert!(
            quoted(&"é".repeat(500))
                .lines()
                .all(|line| line.len() <= 76)
        );
    }
}
