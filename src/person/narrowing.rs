//! Parts of an audience: waves, and lists of references.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::seal::{from_hex, to_hex};

/// The number of parts that waves are made of.
pub const PARTS: u16 = 1_000;

/// A part of an audience, in thousandths from `from` up to and without `to`. A keyed hash of the reference decides where a
/// person stands, so waves that do not overlap have no person in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct Wave {
    from: u16,
    to: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    #[serde(default)]
    from: u16,
    to: u16,
}

/// No people, or more than all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a wave goes from a smaller to a larger number of thousandths, at most from 0 to 1000")]
pub struct NotAWave;

impl TryFrom<Bounds> for Wave {
    type Error = NotAWave;

    fn try_from(of: Bounds) -> Result<Self, NotAWave> {
        Self::new(of.from, of.to)
    }
}

impl Wave {
    /// The wave between two bounds.
    ///
    /// # Errors
    /// [`NotAWave`].
    pub fn new(from: u16, to: u16) -> Result<Self, NotAWave> {
        match from < to && to <= PARTS {
            true => Ok(Self { from, to }),
            false => Err(NotAWave),
        }
    }

    /// The first part that is in it.
    pub fn from(self) -> u16 {
        self.from
    }

    /// The first part behind it.
    pub fn to(self) -> u16 {
        self.to
    }
}

/// Names a list of references by its entries: the SHA-256 of their keyed hashes in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListDigest(pub [u8; 32]);

impl std::fmt::Display for ListDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// Text that names no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list of references is named by 64 hexadecimal digits")]
pub struct NotADigest;

impl std::str::FromStr for ListDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let bytes = from_hex(text).ok_or(NotADigest)?;
        bytes.try_into().map(Self).map_err(|_| NotADigest)
    }
}

impl Serialize for ListDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ListDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_has_people_and_no_more_than_all() {
        for (from, to, is) in [
            (0, 1_000, true),
            (100, 300, true),
            (0, 0, false),
            (300, 100, false),
            (0, 1_001, false),
        ] {
            assert_eq!(Wave::new(from, to).is_ok(), is, "{from} {to}");
            let json = format!(r#"{{"from":{from},"to":{to}}}"#);
            let read = serde_json::from_str::<Wave>(&json);
            assert_eq!(read.is_ok(), is, "{json}");
            let again = read.map(|wave| serde_json::to_string(&wave).expect("JSON"));
            assert!(again.is_err() || again.is_ok_and(|text| text == json));
        }
    }

    #[test]
    fn a_list_is_named_by_its_digest_only() {
        let digest = ListDigest([7; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "07", "zz", &"07".repeat(33)] {
            assert_eq!(wrong.parse::<ListDigest>(), Err(NotADigest));
        }
    }
}
