//! Whether a later list names every reference once: told without asking the database, where most lists end.
//! Of a first list a key tells it.

use crate::person::contact::Key;

/// References that are remembered, at eight octets each: ten million leave the importer below 128 MiB.
/// Of a longer list the database must tell.
const REMEMBERED: usize = 10 << 20;

/// The beginnings of the blind indexes of the references so far; none of a list that is too long.
pub(super) struct References {
    seen: Option<Vec<u64>>,
    limit: usize,
}

impl Default for References {
    fn default() -> Self {
        Self::up_to(REMEMBERED)
    }
}

impl References {
    fn up_to(limit: usize) -> Self {
        Self {
            seen: Some(Vec::new()),
            limit,
        }
    }

    /// Takes the next ones.
    pub(super) fn take(&mut self, keys: &[Key]) {
        let Some(seen) = &mut self.seen else { return };
        if seen.len() + keys.len() > self.limit {
            self.seen = None;
            return;
        }
        let beginning = |key: &Key| {
            let [a, b, c, d, e, f, g, h, ..] = *key;
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
        };
        seen.extend(keys.iter().map(beginning));
    }

    /// Whether all were different, for certain. Two that only begin alike make it uncertain too: of
    /// three hundred thousand lists of ten million rows, that befalls one.
    pub(super) fn are_distinct(self) -> bool {
        self.seen.is_some_and(|mut seen| {
            seen.sort_unstable();
            seen.windows(2).all(|pair| pair[0] != pair[1])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(keys: &[u8]) -> bool {
        let mut references = References::up_to(4);
        for n in keys {
            references.take(&[[*n; 16]]);
        }
        references.are_distinct()
    }

    #[test]
    fn a_reference_that_comes_again_is_noticed_wherever_it_stands() {
        assert!(distinct(&[]));
        assert!(distinct(&[3, 1, 2]));
        assert!(!distinct(&[3, 1, 2, 3]));
    }

    #[test]
    fn a_list_too_long_to_remember_is_never_called_distinct() {
        assert!(distinct(&[1, 2, 3, 4]));
        assert!(!distinct(&[1, 2, 3, 4, 5]));
    }
}
