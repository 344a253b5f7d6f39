//! A server's answers, read from octets as they come. Any complete line that begins with three digits is an
//! answer: servers add odd white space, leave the text out, end lines with a line feed alone, write lines of
//! any length, and change the code between the lines of one answer.

use std::borrow::Cow;

use super::answer::Answer;

/// Octets of one line that are kept; the rest of the line is read and dropped.
const KEPT_OF_LINE: usize = 2_000;
/// Octets of one answer's text that are kept.
const KEPT_OF_TEXT: usize = 8_000;
/// Octets without a complete answer after which a server is given up. RFC 5321 §4.5.3.1.5 has 512 for a line.
const MOST: usize = 4 << 20;

/// Cuts octets into answers.
#[derive(Debug, Default)]
pub(super) struct Replies {
    line: Vec<u8>,
    /// The lines of an answer without its last line, which is still to come.
    begun: Option<String>,
    ready: std::collections::VecDeque<Answer>,
    /// Octets since the last complete answer.
    octets: usize,
    /// An answer was read.
    speaks: bool,
    /// A line came before the first answer that was none.
    babbles: bool,
}

impl Replies {
    /// Takes what the server said next.
    pub(super) fn feed(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.octets += piece.len();
            let room = KEPT_OF_LINE.saturating_sub(self.line.len());
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                self.end_line();
            }
        }
    }

    /// The next complete answer.
    pub(super) fn next(&mut self) -> Option<Answer> {
        self.ready.pop_front()
    }

    /// Whether this is no mail server: it says something else first, or never comes to an end.
    pub(super) fn are_hopeless(&self) -> bool {
        self.octets > MOST || (self.babbles && !self.speaks)
    }

    /// Whether nothing was said beyond the answers that were taken.
    pub(super) fn are_through(&self) -> bool {
        self.line.is_empty() && self.begun.is_none() && self.ready.is_empty()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        match Line::read(&line, self.begun.is_some()) {
            Line::Answer { code, text, ends } => {
                let whole = self.begun.get_or_insert_default();
                add(whole, &text);
                if ends {
                    let text = self.begun.take().unwrap_or_default();
                    self.ready.push_back(Answer { code, text });
                    self.octets = 0;
                    self.speaks = true;
                }
            }
            // Some wrap a long text without repeating the code.
            Line::Other(text) => match &mut self.begun {
                Some(whole) => add(whole, &text),
                None => self.babbles |= !text.is_empty(),
            },
        }
        self.line = line;
        self.line.clear();
    }
}

/// Adds a line. Many servers repeat the enhanced code on every line (RFC 2034 §4).
fn add(whole: &mut String, text: &str) {
    let repeated = whole.split_ascii_whitespace().next().filter(|word| {
        word.split('.').count() == 3 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    let text = repeated
        .and_then(|code| text.strip_prefix(code)?.strip_prefix(' '))
        .map_or(text, str::trim_start);
    if whole.len() + text.len() < KEPT_OF_TEXT {
        if !whole.is_empty() {
            whole.push('\n');
        }
        whole.push_str(text);
    }
}

/// What a line is.
enum Line<'a> {
    /// Part of an answer; `ends`: its last.
    Answer {
        code: u16,
        text: Cow<'a, str>,
        ends: bool,
    },
    Other(Cow<'a, str>),
}

impl<'a> Line<'a> {
    /// Reads a line; `inside`: the answer before it goes on.
    fn read(line: &'a [u8], inside: bool) -> Self {
        let bare = line.trim_ascii_start();
        let is_indented = bare.len() < line.len();
        let digits = bare
            .first_chunk()
            .filter(|digits: &&[u8; 3]| digits.iter().all(u8::is_ascii_digit));
        let (Some(digits), after) = (digits, bare.get(3).copied()) else {
            return Self::Other(words(line));
        };
        let code = digits
            .iter()
            .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let is_class = matches!(digits[0], b'2'..=b'5');
        // "192.0.2.1 is listed" is a text, and so is what stands where only a text is expected.
        let is_text = matches!(after, Some(b'.' | b'0'..=b'9'))
            || (is_indented && !is_class)
            || (inside && !(is_class && matches!(after, None | Some(b'-' | b' ' | b'\t' | b'\r'))));
        if is_text {
            return Self::Other(words(line));
        }
        Self::Answer {
            code,
            text: words(bare.get(4..).unwrap_or_default()),
            ends: after != Some(b'-'),
        }
    }
}

/// Some servers answer in Latin-1.
fn words(octets: &[u8]) -> Cow<'_, str> {
    let octets = octets.trim_ascii();
    match std::str::from_utf8(octets) {
        Ok(text) => text.into(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(octets: &[u8]) -> Vec<(u16, String)> {
        let mut replies = Replies::default();
        replies.feed(octets);
        std::iter::from_fn(|| replies.next().map(|answer| (answer.code, answer.text))).collect()
    }

    #[test]
    fn a_line_that_begins_with_three_digits_is_an_answer() {
        for (said, code, text) in [
            ("250 2.0.0 Ok\r\n", 250, "2.0.0 Ok"),
            ("250\r\n", 250, ""),
            ("250 \r\n", 250, ""),
            ("250 2.0.0 Ok\n", 250, "2.0.0 Ok"),
            ("571 5.7.1 no\r\n", 571, "5.7.1 no"),
            ("699 what\r\n", 699, "what"),
            ("550\t5.1.1 no\r\n", 550, "5.1.1 no"),
            ("550   5.1.1   no  \r\n", 550, "5.1.1   no"),
            ("  550 no\r\n", 550, "no"),
            ("550: no\r\n", 550, "no"),
            ("550 no\rsuch\0user\r\n", 550, "no\rsuch\0user"),
            ("550-first\r\n551 second\r\n", 551, "first\nsecond"),
            ("250-\r\n250\r\n", 250, ""),
            ("220-mx\r\n554 5.7.1 not you\r\n", 554, "mx\n5.7.1 not you"),
            (
                "550-listed:\r\n192.0.2.1 by us\r\n550 end\r\n",
                550,
                "listed:\n192.0.2.1 by us\nend",
            ),
            (
                "550-see\r\n 100 mails an hour\r\n 550 end\r\n",
                550,
                "see\n100 mails an hour\nend",
            ),
            ("550-5.1.1 one\r\n550 5.1.1 two\r\n", 550, "5.1.1 one\ntwo"),
            ("\r\n\r\n250 ok\r\n", 250, "ok"),
        ] {
            assert_eq!(read(said.as_bytes()), [(code, text.to_owned())], "{said:?}");
        }
        assert_eq!(
            read(b"550 \xfcnbekannt\r\n"),
            [(550, "ünbekannt".to_owned())]
        );
        assert_eq!(
            read("550 ünbekannt\r\n".as_bytes()),
            [(550, "ünbekannt".to_owned())]
        );
    }

    #[test]
    fn what_is_not_complete_is_no_answer() {
        for said in [
            "",
            "250 ok",
            "250-ok\r\n",
            "25\r\n",
            "ok\r\n",
            "203.0.113.9 is listed\r\n",
        ] {
            assert_eq!(read(said.as_bytes()), [], "{said:?}");
        }
    }

    #[test]
    fn a_line_of_any_length_is_read_and_the_memory_stays_small() {
        let mut replies = Replies::default();
        replies.feed(b"550 5.1.1 ");
        for _ in 0..400 {
            replies.feed(&[b'x'; 1_000]);
        }
        assert!(replies.next().is_none() && replies.line.capacity() < 10_000);
        replies.feed(b"\r\n250 ok\r\n");
        let first = replies.next().expect("an answer");
        assert!(first.code == 550 && first.text.starts_with("5.1.1 xxx"));
        assert_eq!(replies.next().map(|answer| answer.code), Some(250));
        assert!(!replies.are_hopeless() && replies.are_through());
    }

    #[test]
    fn who_speaks_something_else_is_no_mail_server() {
        let mut replies = Replies::default();
        replies.feed(b"HTTP/1.1 400 Bad Request\r\n");
        assert!(replies.are_hopeless());
        let mut replies = Replies::default();
        replies.feed(b"220 hello\r\nwrapped without a code\r\n");
        assert!(!replies.are_hopeless());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_octets_arrive(
            said in proptest::collection::vec("(250|421|550|571|2|)[- \t:]?[a-z 5.]{0,9}(\r\n|\n|)", 0..9),
            at in 0usize..60,
        ) {
            let said = said.concat().into_bytes();
            let mut parts = Replies::default();
            let (one, two) = said.split_at(at.min(said.len()));
            parts.feed(one);
            parts.feed(two);
            let parts: Vec<_> = std::iter::from_fn(|| parts.next().map(|a| (a.code, a.text))).collect();
            prop_assert_eq!(parts, read(&said));
        }

        #[test]
        fn nothing_makes_it_panic(octets: Vec<u8>) {
            read(&octets);
        }
    }
}
