//! The SQLSTATE of an error on its way through diesel.
//!
//! diesel tells eight kinds of errors apart and keeps the SQLSTATE of the others to itself; their text is in the
//! language of the server. What it does pass on is the name of a column. So the errors that the server sends get their
//! SQLSTATE there, before anybody reads them (docs/decisions/0017).

use tokio::io::ReadBuf;

/// The type of an error message (Postgres documentation, "Message Formats": ErrorResponse).
const ERROR: u8 = b'E';
/// Its fields.
const CODE: u8 = b'C';
const COLUMN: u8 = b'c';
/// Type and length of a message; the length counts itself.
const HEAD: usize = 5;

/// Reads along what a server sends. All but errors passes as it is, without a copy.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// The head of the present message, as far as it passed.
    head: [u8; HEAD],
    has: usize,
    /// Octets of its body that are still to come.
    body: usize,
    /// An error that is not whole yet.
    error: Vec<u8>,
    /// What is to be read next, and how much of it was.
    ready: Vec<u8>,
    given: usize,
}

impl Replies {
    /// Takes note of what the server sent. As many octets pass as they are; what follows them is kept for
    /// [`Self::give`].
    pub(super) fn note(&mut self, octets: &[u8]) -> usize {
        let mut at = 0;
        while at < octets.len() {
            if !self.error.is_empty() || self.is_error(octets[at]) {
                self.keep(&octets[at..]);
                break;
            }
            at += self.pass(&octets[at..]);
        }
        at
    }

    /// Passes on what was kept. `false`: nothing was.
    pub(super) fn give(&mut self, to: &mut ReadBuf<'_>) -> bool {
        let left = &self.ready[self.given..];
        if left.is_empty() {
            return false;
        }
        let some = left.len().min(to.remaining());
        to.put_slice(&left[..some]);
        self.given += some;
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
        }
        true
    }

    /// Whether an error begins with this octet.
    fn is_error(&self, octet: u8) -> bool {
        self.body == 0 && self.has == 0 && octet == ERROR
    }

    /// Goes a step through messages that are no errors, and says how long it was.
    fn pass(&mut self, octets: &[u8]) -> usize {
        if self.body > 0 {
            let step = self.body.min(octets.len());
            self.body -= step;
            return step;
        }
        self.head[self.has] = octets[0];
        self.has += 1;
        if self.has == HEAD {
            self.has = 0;
            self.body = length(&self.head).saturating_sub(HEAD);
        }
        1
    }

    /// Copies what comes, errors with their code.
    fn keep(&mut self, octets: &[u8]) {
        let mut at = 0;
        while at < octets.len() {
            if !self.error.is_empty() || self.is_error(octets[at]) {
                at += self.collect(&octets[at..]);
            } else {
                let step = self.pass(&octets[at..]);
                self.ready.extend_from_slice(&octets[at..at + step]);
                at += step;
            }
        }
    }

    /// Adds to an error, and passes it on once it is whole.
    fn collect(&mut self, octets: &[u8]) -> usize {
        let whole = match self.error.len() {
            HEAD.. => length(&self.error),
            _ => HEAD,
        };
        let step = whole.saturating_sub(self.error.len()).min(octets.len());
        self.error.extend_from_slice(&octets[..step]);
        if self.error.len() >= HEAD && self.error.len() >= length(&self.error) {
            let error = std::mem::take(&mut self.error);
            let with_code = with_code(&error);
            self.ready.extend(with_code.unwrap_or(error));
        }
        step
    }
}

/// Octets of a message with its type, from its head.
fn length(head: &[u8]) -> usize {
    let length = head[1..HEAD].try_into().map_or(0, u32::from_be_bytes);
    usize::try_from(length).map_or(HEAD, |length| (length + 1).max(HEAD))
}

/// The error with its code as the column's name. `None`: it is not formed as one.
fn with_code(error: &[u8]) -> Option<Vec<u8>> {
    let mut rest = error.get(HEAD..)?;
    let mut out = error[..HEAD].to_vec();
    let mut code = None;
    while let [field @ 1..=u8::MAX, after @ ..] = rest {
        let end = memchr::memchr(0, after)?;
        let (value, next) = after.split_at(end);
        if *field == CODE {
            code = Some(value);
        }
        if *field != COLUMN {
            push(&mut out, *field, value);
        }
        rest = &next[1..];
    }
    push(&mut out, COLUMN, code?);
    out.push(0);
    let length = u32::try_from(out.len() - 1).ok()?;
    out[1..HEAD].copy_from_slice(&length.to_be_bytes());
    Some(out)
}

fn push(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field);
    out.extend_from_slice(value);
    out.push(0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short");
        [&[kind], &length.to_be_bytes()[..], body].concat()
    }

    fn error(code: &str, column: Option<&str>) -> Vec<u8> {
        let mut body = format!("SFEHLER\0VERROR\0C{code}\0MVerkettung (Deadlock) entdeckt\0");
        if let Some(column) = column {
            body.push_str(&format!("c{column}\0"));
        }
        body.push('\0');
        message(ERROR, body.as_bytes())
    }

    /// What is read if the server's octets arrive in pieces of these sizes and are read in these.
    fn read(sent: &[u8], pieces: &[usize], room: usize) -> Vec<u8> {
        let (mut replies, mut all) = (Replies::default(), Vec::new());
        let (mut rest, mut sizes) = (sent, pieces.iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| (*size).min(rest.len()));
            let (piece, after) = rest.split_at(size);
            let passes = replies.note(piece);
            all.extend_from_slice(&piece[..passes]);
            let mut space = vec![0; room];
            let mut space = ReadBuf::new(&mut space);
            while replies.give(&mut space) {
                all.extend_from_slice(space.filled());
                space.clear();
            }
            rest = after;
        }
        all
    }

    fn one() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let other = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..40))
            .prop_filter("not an error", |(kind, _)| *kind != ERROR)
            .prop_map(|(kind, body)| (message(kind, &body), message(kind, &body)));
        let ours = ("[0-9A-Z]{5}", prop::option::of("[a-z]{0,9}")).prop_map(|(code, column)| {
            (error(&code, column.as_deref()), error(&code, Some(&code)))
        });
        prop_oneof![other, ours]
    }

    proptest! {
        #[test]
        fn however_octets_arrive_errors_bear_their_code_and_the_rest_is_as_it_was(
            messages in prop::collection::vec(one(), 0..12),
            pieces in prop::collection::vec(1_usize..50, 1..6),
            room in 1_usize..60,
        ) {
            let sent: Vec<_> = messages.iter().flat_map(|(sent, _)| sent.clone()).collect();
            let due: Vec<_> = messages.iter().flat_map(|(_, due)| due.clone()).collect();
            prop_assert_eq!(read(&sent, &pieces, room), due);
        }

        #[test]
        fn octets_that_are_no_protocol_harm_nobody(
            sent in prop::collection::vec(any::<u8>(), 0..300),
            pieces in prop::collection::vec(1_usize..50, 1..6),
        ) {
            let got = read(&sent, &pieces, 16);
            prop_assert!(got.len() <= 2 * sent.len());
        }
    }

    #[test]
    fn an_error_without_a_code_passes_as_it_is() {
        for body in [&b"\0"[..], b"", b"Mwords", b"SERROR\0Mwords\0\0"] {
            let sent = message(ERROR, body);
            assert_eq!(read(&sent, &[3], 8), sent);
        }
    }
}
