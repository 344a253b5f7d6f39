//! Two texts compared word by word.

/// The most comparisons of words; longer texts are shown as a whole, the former one and the present one.
const MOST: usize = 4_000_000;

/// What became of some words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// In both texts.
    Same,
    /// Only in the former text.
    Removed,
    /// Only in the present text.
    Added,
}

/// Words in a row with the same fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What became of them.
    pub fate: Fate,
    /// The words with the spaces after them.
    pub text: String,
}

/// Compares two texts. The pieces without the added ones are `before`, without the removed ones `after`.
pub(crate) fn word_diff(before: &str, after: &str) -> Vec<Piece> {
    let (old, new) = (words(before), words(after));
    let both = old.iter().zip(&new);
    let start = both.take_while(|(a, b)| a == b).count();
    let rest = (&old[start..], &new[start..]);
    let both = rest.0.iter().rev().zip(rest.1.iter().rev());
    let end = both.take_while(|(a, b)| a == b).count();
    let mut pieces = Vec::new();
    let mut add = |fate, word: &str| match pieces.last_mut() {
        Some(Piece { fate: last, text }) if *last == fate => text.push_str(word),
        _ => pieces.push(Piece {
            fate,
            text: word.to_owned(),
        }),
    };
    old[..start].iter().for_each(|word| add(Fate::Same, word));
    middle(
        &rest.0[..rest.0.len() - end],
        &rest.1[..rest.1.len() - end],
        &mut add,
    );
    old[old.len() - end..]
        .iter()
        .for_each(|word| add(Fate::Same, word));
    pieces
}

/// The words of a text, each with the spaces after it.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut from = 0;
    let mut in_space = false;
    for (at, c) in text.char_indices() {
        if in_space && !c.is_whitespace() {
            words.push(&text[from..at]);
            from = at;
        }
        in_space = c.is_whitespace();
    }
    if from < text.len() {
        words.push(&text[from..]);
    }
    words
}

/// The longest common subsequence of the words that differ, by dynamic programming.
fn middle(old: &[&str], new: &[&str], add: &mut impl FnMut(Fate, &str)) {
    let width = new.len() + 1;
    if old.len().saturating_mul(new.len()) > MOST {
        old.iter().for_each(|word| add(Fate::Removed, word));
        new.iter().for_each(|word| add(Fate::Added, word));
        return;
    }
    // The length of the longest common subsequence of what is left from each place on.
    let mut left = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            left[i * width + j] = match old[i] == new[j] {
                true => left[(i + 1) * width + j + 1] + 1,
                false => left[(i + 1) * width + j].max(left[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            add(Fate::Same, old[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && left[(i + 1) * width + j] >= left[i * width + j + 1])
        {
            add(Fate::Removed, old[i]);
            i += 1;
        } else {
            add(Fate::Added, new[j]);
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let piece = |piece: Piece| match piece.fate {
            Fate::Same => piece.text,
            Fate::Removed => format!("[-{}-]", piece.text),
            Fate::Added => format!("[+{}+]", piece.text),
        };
        word_diff(before, after).into_iter().map(piece).collect()
    }

    #[test]
    fn removed_and_added_words_are_marked() {
        assert_eq!(shown("", ""), "");
        assert_eq!(shown("the same", "the same"), "the same");
        assert_eq!(
            shown("Call 555-0142 today.", "Call 555-0199 today."),
            "Call [-555-0142 -][+555-0199 +]today."
        );
        assert_eq!(shown("", "new words"), "[+new words+]");
        assert_eq!(
            shown("one two three four", "one three two four"),
            "one [-two -]three [+two +]four"
        );
    }

    #[test]
    fn both_texts_can_be_read_from_the_pieces() {
        for (before, after) in [
            ("a b c\n\nd  e", "a c\n\nd e f"),
            ("  x y", "x  y "),
            ("ü é", "é ü é"),
        ] {
            let pieces = word_diff(before, after);
            let without = |fate| {
                let kept = pieces.iter().filter(|piece| piece.fate != fate);
                kept.map(|piece| piece.text.as_str()).collect::<String>()
            };
            assert_eq!(without(Fate::Added), before);
            assert_eq!(without(Fate::Removed), after);
        }
    }

    #[test]
    fn very_long_texts_are_replaced_as_a_whole() {
        let (before, after) = ("a b ".repeat(2_000), "c d ".repeat(2_000));
        assert_eq!(word_diff(&before, &after).len(), 2);
    }
}
