//! Guesses the encoding of a file from all of it. Single cells tell too little: in an older encoding one name in a
//! hundred happens to be valid UTF-8, and would be read as another name.

mod likely;
mod start;

use std::io::{self, Read};

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};
use memchr::{memchr_iter, memchr3, memmem};
use thiserror::Error;

use self::likely::likely;
pub(super) use self::start::known_start;

/// What a file most likely is, where it is no UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    /// Text in another encoding.
    #[error("The file is text in {0}, not in UTF-8. Save it as CSV in UTF-8, and import it again.")]
    Encoding(&'static str),
    /// UTF-8 that was read in another encoding and written as UTF-8 once more.
    #[error(
        "The file was UTF-8, was read as {0} and saved as UTF-8 again: its accented letters are broken. Export it \
         again from where it comes from."
    )]
    Doubled(&'static str),
    /// No text at all.
    #[error("The file is {0}. Save it as CSV in UTF-8, and import that file.")]
    NotText(&'static str),
}

/// Octets of words in no UTF-8 that are kept to be looked at.
const SAMPLE: usize = 16 << 10;
/// A word that is longer is looked at in parts.
const LONGEST: usize = 1024;
/// The number of words that decides whether text was encoded twice.
const TELLING: u64 = 50_000;

/// Reads a file and judges it on the way; at its end it fails if the file is in the wrong encoding.
pub(super) struct Judged<R> {
    source: R,
    judge: Judge,
}

impl<R: Read> Judged<R> {
    /// A file; `start` was read from it before.
    pub(super) fn new(source: R, start: &[u8]) -> Self {
        let mut judge = Judge::default();
        judge.feed(start);
        Self { source, judge }
    }

    /// What is wrong with it, as far as it was read.
    pub(super) fn verdict(&self) -> Option<Wrong> {
        self.judge.verdict()
    }
}

impl<R: Read> Read for Judged<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let octets = self.source.read(to)?;
        if octets > 0 {
            self.judge.feed(&to[..octets]);
            return Ok(octets);
        }
        self.judge.end();
        match self.judge.verdict() {
            Some(wrong) if !to.is_empty() => Err(io::Error::other(wrong)),
            _ => Ok(0),
        }
    }
}

/// What an error of [`Judged`] says of the file.
pub(super) fn wrong(error: &io::Error) -> Option<Wrong> {
    error.get_ref()?.downcast_ref::<Wrong>().copied()
}

/// What was seen of a file, word by word.
#[derive(Default)]
struct Judge {
    /// The beginning of a word that goes on in the next octets.
    open: Vec<u8>,
    lines: u64,
    /// Words that are not ASCII and are UTF-8.
    valid: u64,
    /// Words that are neither.
    invalid: u64,
    /// Of the first valid ones, those that make sense if they were encoded twice, by the encoding between.
    doubled: [u64; 2],
    utf7: u64,
    hz: u64,
    /// The encoding that an escape sequence announces (ISO 2022).
    escaped: Option<&'static str>,
    sample: Vec<u8>,
}

/// As what UTF-8 is mistaken for.
static BETWEEN: [(&Encoding, &str); 2] = [
    (WINDOWS_1252, "Windows-1252"),
    (WINDOWS_1251, "Windows-1251"),
];

impl Judge {
    fn feed(&mut self, octets: &[u8]) {
        self.lines += memchr_iter(b'\n', octets).count() as u64;
        let is_plain = octets.is_ascii() && memchr3(b'+', b'~', 0x1b, octets).is_none();
        if is_plain && self.open.is_empty() {
            return;
        }
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|octet| is_between(*octet)) {
            let (word, behind) = rest.split_at(end);
            rest = &behind[1..];
            if self.open.is_empty() {
                self.word(word);
            } else {
                self.open.extend_from_slice(word);
                let word = std::mem::take(&mut self.open);
                self.word(&word);
            }
        }
        self.open.extend_from_slice(rest);
        if self.open.len() > LONGEST {
            self.end();
        }
    }

    /// The last word has ended.
    fn end(&mut self) {
        let word = std::mem::take(&mut self.open);
        self.word(&word);
    }

    fn word(&mut self, word: &[u8]) {
        if word.is_ascii() {
            self.seven_bits(word);
            return;
        }
        match str::from_utf8(word) {
            Ok(text) => {
                self.valid += 1;
                if self.valid <= TELLING {
                    self.twice(text);
                }
            }
            Err(_) => {
                self.invalid += 1;
                if self.sample.len() < SAMPLE {
                    self.sample.extend_from_slice(word);
                    self.sample.push(b' ');
                }
            }
        }
    }

    fn twice(&mut self, text: &str) {
        for (count, (encoding, _)) in self.doubled.iter_mut().zip(BETWEEN) {
            *count += u64::from(is_doubled(text, encoding));
        }
    }

    fn seven_bits(&mut self, word: &[u8]) {
        if let Some(at) = memmem::find(word, b"\x1b") {
            self.escaped = match word.get(at + 1..at + 3) {
                Some(b"$B" | b"$@" | b"(J" | b"(I") => Some("ISO-2022-JP"),
                Some(b"$)") => Some("ISO-2022-KR"),
                _ => self.escaped,
            };
        }
        self.hz += u64::from(memmem::find(word, b"~{").is_some_and(|at| word.len() >= at + 4));
        self.utf7 += u64::from(is_utf7(word));
    }

    fn verdict(&self) -> Option<Wrong> {
        let is_ascii = self.valid + self.invalid == 0;
        if let Some(name) = self.escaped {
            return Some(Wrong::Encoding(name));
        }
        if is_ascii && self.hz > 0 {
            return Some(Wrong::Encoding("HZ (Chinese, 7 bits)"));
        }
        // A name may look like this by chance, but not one name in two thousand.
        if is_ascii && self.utf7 > 0 && self.utf7 * 2_000 >= self.lines {
            return Some(Wrong::Encoding("UTF-7"));
        }
        if self.invalid > self.valid {
            return likely(&self.sample).map(Wrong::Encoding);
        }
        let looked_at = self.valid.min(TELLING);
        let mut between = self.doubled.iter().zip(BETWEEN);
        between
            .find(|(count, _)| **count > 1 && **count * 2 >= looked_at)
            .map(|(_, (_, name))| Wrong::Doubled(name))
    }
}

/// What stands between words, and is no second octet of a character in any encoding that we know.
const fn is_between(octet: u8) -> bool {
    matches!(octet, b',' | b';' | b'\t' | b'\n' | b'\r' | b'"' | b' ')
}

/// Whether every stretch of a word that is not ASCII is UTF-8 once it is written in an encoding of single octets.
fn is_doubled(word: &str, encoding: &'static Encoding) -> bool {
    let mut stretches = word
        .split(|c: char| c.is_ascii())
        .filter(|stretch| !stretch.is_empty())
        .peekable();
    stretches.peek().is_some()
        && stretches.all(|stretch| {
            let (octets, _, is_lossy) = encoding.encode(stretch);
            !is_lossy && str::from_utf8(&octets).is_ok()
        })
}

/// Whether a word has a letter as UTF-7 writes it (RFC 2152): `M+APw-ller`. An address with a plus sign has an `@`.
fn is_utf7(word: &[u8]) -> bool {
    if word.contains(&b'@') {
        return false;
    }
    let Some(at) = memmem::find(word, b"+") else {
        return false;
    };
    let of_base64 = |octet: &&u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    let shifted: Vec<u8> = word[at + 1..]
        .iter()
        .take_while(of_base64)
        .copied()
        .collect();
    let ends = word.get(at + 1 + shifted.len()) == Some(&b'-');
    ends && letters_of_base64(&shifted)
}

fn letters_of_base64(shifted: &[u8]) -> bool {
    let (mut bits, mut held, mut letters) = (0_u32, 0, 0);
    for octet in shifted {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        (bits, held) = (bits << 6 | u32::from(value), held + 6);
        if held >= 16 {
            held -= 16;
            match char::from_u32(bits >> held & 0xffff) {
                Some(c) if !c.is_ascii() && c.is_alphabetic() => letters += 1,
                _ => return false,
            }
            bits &= (1 << held) - 1;
        }
    }
    letters > 0 && held < 6 && bits == 0
}
