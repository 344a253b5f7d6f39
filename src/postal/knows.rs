//! What a person was told, and what they know once a letter turns out not to have reached them.

use crate::element::ElementSet;
use crate::person::ToldBy;

/// What a person was told, and by which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knows {
    /// The channel that told them last.
    pub told: Option<ToldBy>,
    /// What they were told.
    pub named: ElementSet,
}

impl Knows {
    fn and(self, by: ToldBy, named: ElementSet) -> Self {
        Self {
            told: Some(by),
            named: self.named.union(named),
        }
    }
}

/// A letter that counts as having told its person, for [`take_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// By which channel.
    pub by: ToldBy,
    /// What it named.
    pub named: ElementSet,
    /// What the person knew before it.
    pub before: Knows,
}

impl Counted {
    fn after(&self, before: Knows) -> Knows {
        before.and(self.by, self.named)
    }
}

/// What a person knows once a letter turns out not to have reached them. `later` are the letters recorded after it
/// that still count, in order; what was known before each changes with it. If another channel told the person after
/// the letter, they know what that told them, as `now` has it.
pub fn take_back(letter: &Counted, later: &mut [Counted], now: Knows) -> Knows {
    let (mut was, mut is) = (letter.after(letter.before), letter.before);
    for next in later {
        if next.before != was {
            return now;
        }
        next.before = is;
        (was, is) = (next.after(was), next.after(is));
    }
    if now == was { is } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    const NOTHING: Knows = Knows {
        told: None,
        named: ElementSet::EMPTY,
    };

    fn letter(named: &[Element], before: Knows) -> Counted {
        Counted {
            by: ToldBy::Post,
            named: ElementSet::of(named),
            before,
        }
    }

    #[test]
    fn a_letter_that_came_back_leaves_what_was_known_before() {
        let first = letter(&[Element::Name], NOTHING);
        assert_eq!(take_back(&first, &mut [], first.after(NOTHING)), NOTHING);
    }

    #[test]
    fn an_email_after_the_letter_stays_told() {
        let first = letter(&[Element::Name], NOTHING);
        let now = first
            .after(NOTHING)
            .and(ToldBy::Email, ElementSet::of(&[Element::Ssn]));
        assert_eq!(take_back(&first, &mut [], now), now);
    }

    #[test]
    fn both_of_two_letters_may_come_back_in_any_order() {
        let first = letter(&[Element::Name], NOTHING);
        let second = letter(&[Element::Ssn], first.after(NOTHING));
        let both = second.after(second.before);
        // The first, then the second.
        let mut later = [second];
        let one = take_back(&first, &mut later, both);
        assert_eq!(
            one,
            NOTHING.and(ToldBy::Post, ElementSet::of(&[Element::Ssn]))
        );
        assert_eq!(take_back(&later[0], &mut [], one), NOTHING);
        // The second, then the first.
        let one = take_back(&second, &mut [], both);
        assert_eq!(one, first.after(NOTHING));
        assert_eq!(take_back(&first, &mut [], one), NOTHING);
    }
}
