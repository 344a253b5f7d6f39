//! What differs between two texts, word by word.

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stands in both.
    Same,
    /// It stands in the older text only.
    Removed,
    /// It stands in the newer text only.
    Added,
}

/// A piece of the two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What became of it.
    pub fate: Fate,
    /// Its words.
    pub text: String,
}

/// Longer texts are shown as replaced.
const MOST_PAIRS: usize = 4_000_000;

/// The pieces of both texts in their order: of words that were replaced, the older ones first.
pub(crate) fn words(older: &str, newer: &str) -> Vec<Piece> {
    let (older, newer) = (split(older), split(newer));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |fate: Fate, text: &str| match pieces.last_mut() {
        Some(last) if last.fate == fate => last.text.push_str(text),
        _ => pieces.push(Piece {
            fate,
            text: text.to_owned(),
        }),
    };
    if older.len() * newer.len() > MOST_PAIRS {
        older.iter().for_each(|word| push(Fate::Removed, word));
        newer.iter().for_each(|word| push(Fate::Added, word));
        return pieces;
    }
    let common = common(&older, &newer);
    let at = |i: usize, j: usize| common[i * (newer.len() + 1) + j];
    let (mut i, mut j) = (0, 0);
    while i < older.len() || j < newer.len() {
        if i < older.len() && j < newer.len() && older[i] == newer[j] {
            push(Fate::Same, older[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == newer.len() || (i < older.len() && at(i + 1, j) >= at(i, j + 1)) {
            push(Fate::Removed, older[i]);
            i += 1;
        } else {
            push(Fate::Added, newer[j]);
            j += 1;
        }
    }
    pieces
}

/// The words, each with the space after it.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// For each pair of places the number of words that what follows has in common.
fn common(older: &[&str], newer: &[&str]) -> Vec<u16> {
    let width = newer.len() + 1;
    let mut table = vec![0_u16; (older.len() + 1) * width];
    for i in (0..older.len()).rev() {
        for j in (0..newer.len()).rev() {
            let at = i * width + j;
            table[at] = match older[i] == newer[j] {
                true => table[at + width + 1].saturating_add(1),
                false => table[at + width].max(table[at + 1]),
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replaced_words_are_told_apart() {
        let marked: String = words("We closed the way.", "We have closed the door.")
            .into_iter()
            .map(|piece| match piece.fate {
                Fate::Same => piece.text,
                Fate::Removed => format!("[-{}-]", piece.text),
                Fate::Added => format!("{{+{}+}}", piece.text),
            })
            .collect();
        assert_eq!(marked, "We {+have +}closed the [-way.-]{+door.+}");
    }

    proptest! {
        #[test]
        fn the_pieces_make_both_texts(older in "[ab \n]{0,40}", newer in "[ab \n]{0,40}") {
            let pieces = words(&older, &newer);
            let but = |gone: Fate| -> String {
                let left = pieces.iter().filter(|piece| piece.fate != gone);
                left.map(|piece| piece.text.as_str()).collect()
            };
            prop_assert_eq!(but(Fate::Added), older);
            prop_assert_eq!(but(Fate::Removed), newer);
        }
    }
}
