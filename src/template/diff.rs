//! What differs between two texts, word by word.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Beyond this time a comparison of long texts becomes coarser.
const PATIENCE: Duration = Duration::from_millis(500);

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It stands in both.
    Same,
    /// It stands in the older text only.
    Removed,
    /// It stands in the newer text only.
    Added,
}

/// A piece of the two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub fate: Fate,
    /// Its words.
    pub text: String,
}

/// The pieces of both texts in their order: of words that were replaced, the older ones first.
pub fn words(older: &str, newer: &str) -> Vec<Piece> {
    let mut config = TextDiff::configure();
    config.timeout(PATIENCE);
    let compared = config.diff_unicode_words(older, newer);
    let mut diff = Diff::default();
    let changes: Vec<_> = compared.iter_all_changes().collect();
    for (at, change) in changes.iter().enumerate() {
        let text = change.value();
        let next = changes.get(at + 1).map(|next| next.tag());
        match change.tag() {
            ChangeTag::Delete => diff.removed.push_str(text),
            ChangeTag::Insert => diff.added.push_str(text),
            // A space between two replaced words: one replacement, not two.
            ChangeTag::Equal if diff.is_open() && is_space(text) && next.is_some_and(is_change) => {
                diff.removed.push_str(text);
                diff.added.push_str(text);
            }
            ChangeTag::Equal => diff.same(text),
        }
    }
    diff.close();
    diff.pieces
}

/// Whether any of these pieces was removed or added.
pub fn is_changed(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| piece.fate != Fate::Same)
}

fn is_space(text: &str) -> bool {
    text.chars().all(|c| c == ' ')
}

fn is_change(tag: ChangeTag) -> bool {
    tag != ChangeTag::Equal
}

#[derive(Default)]
struct Diff {
    removed: String,
    added: String,
    pieces: Vec<Piece>,
}

impl Diff {
    fn is_open(&self) -> bool {
        !(self.removed.is_empty() && self.added.is_empty())
    }

    fn same(&mut self, text: &str) {
        self.close();
        match self.pieces.last_mut() {
            Some(last) if last.fate == Fate::Same => last.text.push_str(text),
            _ => self.push(Fate::Same, text.to_owned()),
        }
    }

    /// Writes down what was replaced so far.
    fn close(&mut self) {
        let (removed, added) = (
            std::mem::take(&mut self.removed),
            std::mem::take(&mut self.added),
        );
        for (fate, text) in [(Fate::Removed, removed), (Fate::Added, added)] {
            if !text.is_empty() {
                self.push(fate, text);
            }
        }
    }

    fn push(&mut self, fate: Fate, text: String) {
        self.pieces.push(Piece { fate, text });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Removed words in [-…-], added ones in {+…+}.
    fn marked(older: &str, newer: &str) -> String {
        let mark = |piece: Piece| match piece.fate {
            Fate::Same => piece.text,
            Fate::Removed => format!("[-{}-]", piece.text),
            Fate::Added => format!("{{+{}+}}", piece.text),
        };
        words(older, newer).into_iter().map(mark).collect()
    }

    #[test]
    fn replaced_words_stand_together_also_in_chinese() {
        assert_eq!(
            marked("A thief took your name.", "A thief stole your name."),
            "A thief [-took-]{+stole+} your name."
        );
        assert_eq!(
            marked("Call us on weekdays.", "Call us every single day."),
            "Call us [-on weekdays-]{+every single day+}."
        );
        assert_eq!(
            marked("您的姓名被盗", "您的电话被盗"),
            "您的[-姓名-]{+电话+}被盗"
        );
        assert_eq!(marked("", "New"), "{+New+}");
        assert_eq!(marked("Same\n\nwords", "Same\n\nwords"), "Same\n\nwords");
        assert!(!is_changed(&words("Same", "Same")));
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_pieces(older in ".{0,60}", newer in ".{0,60}") {
            let pieces = words(&older, &newer);
            let without = |fate| -> String {
                let kept = pieces.iter().filter(|piece| piece.fate != fate);
                kept.map(|piece| piece.text.as_str()).collect()
            };
            prop_assert_eq!(without(Fate::Added), older);
            prop_assert_eq!(without(Fate::Removed), newer);
        }
    }
}
