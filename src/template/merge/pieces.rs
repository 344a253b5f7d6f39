//! The compiled form of a line: what is the same for all people, and the gaps.

use super::condition::Condition;
use super::person::Person;
use super::placeholder::Placeholder;
use super::values::MissingValue;

/// A stretch of a compiled part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Fixed(String),
    Value(Placeholder, Place),
    Guidance,
    /// Where the reader checks a notice code.
    CheckAddress,
    /// For people with any of these elements.
    If(Vec<Condition>, Vec<Piece>),
}

/// Where a value stands, which decides how it is made safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Running HTML text.
    Prose,
    /// HTML text inside a link: no link in a link.
    Label,
    /// HTML text where no element may stand (`<title>`).
    Title,
    /// An HTML attribute that holds an address.
    Address,
    /// Text of the text part, or of the subject.
    Plain,
}

/// Appends fixed text, joined to the fixed text before it.
pub(super) fn push_fixed(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Fixed(before)) => before.push_str(text),
        _ => pieces.push(Piece::Fixed(text.into())),
    }
}

/// Fills the gaps of plain text.
pub(super) fn fill_plain(
    pieces: &[Piece],
    person: &Person<'_>,
    out: &mut String,
) -> Result<(), MissingValue> {
    for piece in pieces {
        match piece {
            Piece::Fixed(text) => out.push_str(text),
            Piece::Value(placeholder, Place::Address) => out.push_str(&person.value(*placeholder)?),
            Piece::Value(placeholder, _) => out.push_str(&person.plain(*placeholder)?),
            Piece::CheckAddress => out.push_str(&person.check_address()?),
            Piece::If(any, inner) if person.has_any(any) => fill_plain(inner, person, out)?,
            Piece::If(..) | Piece::Guidance => {}
        }
    }
    Ok(())
}
