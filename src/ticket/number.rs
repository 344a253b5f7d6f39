//! A ticket's number: what people read out on the phone, such as `K7QD-2M4X`. Random, so that it says
//! nothing about how many tickets there are and cannot be guessed from another.

use std::fmt;
use std::str::FromStr;

use diesel_derive_newtype::DieselNewType;

use crate::seal;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Eight symbols with a hyphen in the middle.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType)]
pub struct Number(String);

/// Text that is not a ticket number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket number has eight letters and digits, such as K7QD-2M4X")]
pub struct NotANumber;

impl Number {
    /// A new one: 40 random bits.
    pub fn random() -> Self {
        let symbols = seal::random::<8>().map(|byte| ALPHABET[usize::from(byte & 31)]);
        Self::of(symbols)
    }

    fn of(symbols: [u8; 8]) -> Self {
        let text: String = symbols.into_iter().map(char::from).collect();
        Self(format!("{}-{}", &text[..4], &text[4..]))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    /// Reads what a person typed: case, spaces and hyphens do not matter, `O` is `0`, `I` and `L` are
    /// `1`.
    fn from_str(typed: &str) -> Result<Self, NotANumber> {
        let symbol = |c: char| {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            u8::try_from(c).ok().filter(|byte| ALPHABET.contains(byte))
        };
        let symbols: Option<Vec<u8>> = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–'))
            .take(9)
            .map(symbol)
            .collect();
        let symbols = symbols.and_then(|s| <[u8; 8]>::try_from(s).ok());
        symbols.map(Self::of).ok_or(NotANumber)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_reads_back_however_it_was_typed() {
        for _ in 0..200 {
            let number = Number::random();
            let sloppy = number.as_str().to_lowercase().replace('0', "o");
            assert_eq!(number.as_str().parse(), Ok(number.clone()));
            assert_eq!(
                sloppy.replace('-', " ").replace('1', "l").parse(),
                Ok(number)
            );
        }
        assert!("K7QD-2M4".parse::<Number>().is_err());
        assert!("K7QD-2M4XX".parse::<Number>().is_err());
        assert!("K7QD-2M4U".parse::<Number>().is_err());
    }

    proptest! {
        #[test]
        fn nothing_typed_makes_it_panic(typed: String) {
            let _ = typed.parse::<Number>();
        }
    }
}
