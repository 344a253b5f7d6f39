//! Whether a list names every reference once: told without asking the database, where most lists end.

use crate::person::contact::Key;

/// References that are remembered, at eight octets each. Of a longer list the database must tell.
const REMEMBERED: usize = 4 << 20;

/// The beginnings of the blind indexes of the references so far; none of a list that is too long.
pub(super) struct References(Option<Vec<u64>>);

impl Default for References {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl References {
    /// Takes the next one.
    pub(super) fn take(&mut self, key: &Key) {
        let Some(seen) = &mut self.0 else { return };
        if seen.len() == REMEMBERED {
            self.0 = None;
        } else {
            let [a, b, c, d, e, f, g, h, ..] = *key;
            seen.push(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        }
    }

    /// Whether all were different, for certain. Two that only begin alike make it uncertain too: of a
    /// million lists of four million rows, that befalls one.
    pub(super) fn are_distinct(self) -> bool {
        self.0.is_some_and(|mut seen| {
            seen.sort_unstable();
            seen.windows(2).all(|pair| pair[0] != pair[1])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(keys: impl IntoIterator<Item = u32>) -> bool {
        let mut references = References::default();
        for n in keys {
            let mut key = [0; 16];
            key[..4].copy_from_slice(&n.to_be_bytes());
            references.take(&key);
        }
        references.are_distinct()
    }

    #[test]
    fn a_reference_that_comes_again_is_noticed_wherever_it_stands() {
        assert!(distinct([]));
        assert!(distinct([3, 1, 2]));
        assert!(!distinct([3, 1, 2, 3]));
    }

    #[test]
    fn a_list_too_long_to_remember_is_never_called_distinct() {
        let most = u32::try_from(REMEMBERED).expect("a small number");
        assert!(distinct(0..most));
        assert!(!distinct(0..=most));
    }
}
