//! The cells of a damaged line, as far as they can be told.

use ::csv::ByteRecord;
use memchr::{memchr, memmem};

use super::record::Shape;

/// Where a cell with unbalanced quotation marks ends.
#[derive(Debug, Clone, Copy)]
enum Guess {
    /// At the next delimiter.
    Delimiter,
    /// At the next delimiter behind the next quotation mark.
    Behind,
    /// At the next quotation mark before a delimiter.
    Mark,
}

/// The cells of a damaged line for the person who corrects it: guessed so that their number is right, if possible.
pub(super) fn leniently(line: &[u8], shape: &Shape, into: &mut ByteRecord) {
    for guess in [
        Guess::Delimiter,
        Guess::Behind,
        Guess::Mark,
        Guess::Delimiter,
    ] {
        into.clear();
        guessed(line, shape.delimiter, guess, into);
        if into.len() == shape.width() {
            break;
        }
    }
}

fn guessed(line: &[u8], delimiter: u8, guess: Guess, into: &mut ByteRecord) {
    let (mut rest, mut cell) = (Some(line), Vec::new());
    while let Some(of) = rest {
        cell.clear();
        let length = if let Some(length) = quoted(of, delimiter, &mut cell) {
            into.push_field(&cell);
            length
        } else {
            let length = guess.end(of, delimiter);
            into.push_field(&of[..length]);
            length
        };
        rest = of.get(length + 1..);
    }
}

impl Guess {
    fn end(self, of: &[u8], delimiter: u8) -> usize {
        let is_open = of.first() == Some(&b'"');
        let from = match self {
            Self::Behind if is_open => memchr(b'"', &of[1..]).map_or(0, |mark| mark + 1),
            Self::Mark if is_open => {
                memmem::find(&of[1..], &[b'"', delimiter]).map_or(0, |mark| mark + 1)
            }
            _ => 0,
        };
        from + memchr(delimiter, &of[from..]).unwrap_or(of.len() - from)
    }
}

/// The octets of a cell in quotation marks, if it ends as it should within this line.
fn quoted(of: &[u8], delimiter: u8, cell: &mut Vec<u8>) -> Option<usize> {
    let mut at = 1;
    of.first().filter(|first| **first == b'"')?;
    loop {
        let mark = at + memchr(b'"', &of[at..])?;
        cell.extend_from_slice(&of[at..mark]);
        match of.get(mark + 1) {
            Some(b'"') => cell.push(b'"'),
            Some(next) if *next != delimiter => return None,
            _ => return Some(mark + 1),
        }
        at = mark + 2;
    }
}
