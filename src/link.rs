//! Status links and notice codes: made and checked without a database.
//!
//! A status link is a capability: the person's id, an epoch that revokes older links when it is
//! raised, and a MAC under a key that is not in the database. A forged one is refused by arithmetic.
//! A notice code is short enough to read out: 45 bits and a check symbol in Crockford's base 32. A letter on
//! paper carries a code of the same form.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::id::{BUCKETS, NoticeId, PersonId, PostalId};
use crate::seal::{Keyring, same};

const MAC_LEN: usize = 16;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a genuine status link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusLink {
    /// The person of the link.
    pub person: PersonId,
    /// The link is good while the person's epoch is still this one.
    pub epoch: i16,
}

impl StatusLink {
    /// Characters of a token.
    pub const LENGTH: usize = 46;

    /// The token of the link: 46 URL-safe characters.
    pub fn token(self, keys: &Keyring) -> String {
        let mut bytes = [0; 16 + 2 + MAC_LEN];
        bytes[..16].copy_from_slice(self.person.uuid().as_bytes());
        bytes[16..18].copy_from_slice(&self.epoch.to_be_bytes());
        let mac = keys.link_mac(&[b"status", &bytes[..18]]);
        bytes[18..].copy_from_slice(&mac[..MAC_LEN]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Checks a token; forged, cut and foreign ones are all `None`.
    pub fn check(token: &str, keys: &Keyring) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .filter(|b| b.len() == 18 + MAC_LEN)?;
        let mac = keys.link_mac(&[b"status", &bytes[..18]]);
        if !same(&mac[..MAC_LEN], &bytes[18..]) {
            return None;
        }
        Some(Self {
            person: PersonId::from_uuid(Uuid::from_slice(&bytes[..16]).ok()?),
            epoch: i16::from_be_bytes([bytes[16], bytes[17]]),
        })
    }
}

/// A notice code such as `7F3K-92QX-4T`: bucket (6 bits), MAC of the notice or letter (39 bits), check symbol.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NoticeCode(u64);

impl NoticeCode {
    /// The code of a notice.
    pub fn of(notice: NoticeId, keys: &Keyring) -> Self {
        let mac = keys.code_mac(&[b"code", notice.uuid().as_bytes()]);
        Self::new(notice.bucket(), mac)
    }

    /// The code printed in the letter of a list to this person. It follows from the master key, the list and the
    /// person, so that a dump of the database does not give it.
    pub fn of_letter(list: PostalId, person: PersonId, keys: &Keyring) -> Self {
        let (list, id) = (list.uuid(), person.uuid());
        let mac = keys.code_mac(&[b"letter code", list.as_bytes(), id.as_bytes()]);
        Self::new(person.bucket(), mac)
    }

    fn new(bucket: i32, mac: [u8; 32]) -> Self {
        let bits = u64::from_be_bytes([0, 0, 0, mac[0], mac[1], mac[2], mac[3], mac[4]]) >> 1;
        let bucket = u64::try_from(bucket).unwrap_or(0);
        Self((bucket << 39) | bits)
    }

    /// Reads what a person typed or pasted: only letters and digits count, their case does not, `O` is
    /// `0`, `I` and `L` are `1`. A wrong check symbol is `None`, so that most slips are told apart from unknown codes.
    pub fn parse(typed: &str) -> Option<Self> {
        let symbols: Vec<u64> = typed
            .chars()
            .filter(|c| c.is_alphanumeric())
            .map(symbol)
            .collect::<Option<_>>()?;
        let (check, data) = symbols.split_last()?;
        if data.len() != 9 {
            return None;
        }
        let bits = data.iter().fold(0, |bits, s| (bits << 5) | s);
        (check_symbol(bits) == *check).then_some(Self(bits))
    }

    /// The bucket in which the notice lies.
    pub fn bucket(self) -> i32 {
        i32::try_from(self.0 >> 39).unwrap_or(0) & (BUCKETS - 1)
    }

    /// What the database keeps instead of the code, so that a dump holds no valid code.
    pub fn key(self, keys: &Keyring) -> i64 {
        let mac = keys.code_mac(&[b"key", &self.0.to_be_bytes()]);
        i64::from_be_bytes([
            mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7],
        ])
    }
}

impl fmt::Display for NoticeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..9).rev() {
            let symbol = ALPHABET[((self.0 >> (place * 5)) & 31) as usize];
            write!(f, "{}", char::from(symbol))?;
            if matches!(place, 5 | 1) {
                f.write_str("-")?;
            }
        }
        write!(f, "{}", char::from(ALPHABET[check_symbol(self.0) as usize]))
    }
}

impl fmt::Debug for NoticeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeCode(•••)")
    }
}

fn symbol(c: char) -> Option<u64> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|a| char::from(*a) == c)
        .map(|at| at as u64)
}

/// A weighted sum modulo 31, a prime: one wrong symbol or two neighbours swapped change it, but for
/// `0` and `Z` (31), which weigh the same.
fn check_symbol(bits: u64) -> u64 {
    (0..9)
        .map(|place| (place + 2) * ((bits >> (place * 5)) & 31))
        .sum::<u64>()
        % 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_link_checks_out_and_any_change_breaks_it(id: [u8; 16], epoch: i16, at in 0usize..46) {
            let keys = Keyring::new(&[1; 32]);
            let link = StatusLink { person: PersonId::from_uuid(Uuid::from_bytes(id)), epoch };
            let token = link.token(&keys);
            prop_assert_eq!(StatusLink::check(&token, &keys), Some(link));
            prop_assert_eq!(StatusLink::check(&token, &Keyring::new(&[2; 32])), None);
            let mut bent: Vec<char> = token.chars().collect();
            bent[at] = if bent[at] == 'A' { 'B' } else { 'A' };
            prop_assert_eq!(StatusLink::check(&bent.iter().collect::<String>(), &keys), None);
        }

        #[test]
        fn a_code_reads_back_however_it_was_typed(id: [u8; 16]) {
            let keys = Keyring::new(&[1; 32]);
            let notice = NoticeId::from_uuid(Uuid::from_bytes(id));
            let code = NoticeCode::of(notice, &keys);
            let shown = code.to_string();
            prop_assert_eq!(shown.len(), 12);
            prop_assert_eq!(code.bucket(), notice.bucket());
            prop_assert_eq!(NoticeCode::parse(&shown), Some(code));
            let sloppy = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(NoticeCode::parse(&sloppy), Some(code));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed: String) {
            let _ = NoticeCode::parse(&typed);
            let _ = StatusLink::check(&typed, &Keyring::new(&[1; 32]));
        }
    }
}
