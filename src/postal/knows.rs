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

/// A message or letter that counts as having told its person, for [`take_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The channel.
    pub by: ToldBy,
    /// What it named.
    pub named: ElementSet,
    /// Whether it corrected: what was known before it is known no more.
    pub replaces: bool,
    /// What the person knew before it; `None`: that is not on record, as of messages.
    pub before: Option<Knows>,
}

impl Counted {
    fn after(&self, before: Knows) -> Knows {
        Knows {
            told: Some(self.by),
            named: match self.replaces {
                true => self.named,
                false => before.named.union(self.named),
            },
        }
    }
}

/// What a person knows once a letter turns out not to have reached them. `later` are the messages and letters after it
/// that still count, in order; what was known before each letter changes with it. If their order does not explain what
/// the person knows `now`, only what no later one named is taken back.
pub fn take_back(letter: &Counted, later: &mut [Counted], now: Knows) -> Knows {
    let unknown = Knows {
        told: None,
        named: ElementSet::EMPTY,
    };
    let start = letter.before.unwrap_or(unknown);
    let (mut was, mut is) = (letter.after(start), start);
    let told_later = later
        .iter()
        .fold(ElementSet::EMPTY, |all, one| all.union(one.named));
    for next in later.iter_mut() {
        if next.before.is_some_and(|before| before != was) {
            break;
        }
        if next.before.is_some() {
            next.before = Some(is);
        }
        (was, is) = (next.after(was), next.after(is));
    }
    if now == was {
        return is;
    }
    let lost = letter.named.minus(start.named).minus(told_later);
    Knows {
        named: now.named.minus(lost),
        ..now
    }
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
            replaces: false,
            before: Some(before),
        }
    }

    fn email(named: &[Element], replaces: bool) -> Counted {
        Counted {
            by: ToldBy::Email,
            named: ElementSet::of(named),
            replaces,
            before: None,
        }
    }

    fn knows(told: ToldBy, named: &[Element]) -> Knows {
        Knows {
            told: Some(told),
            named: ElementSet::of(named),
        }
    }

    #[test]
    fn a_letter_that_came_back_leaves_what_was_known_before() {
        let first = letter(&[Element::Name], NOTHING);
        assert_eq!(take_back(&first, &mut [], first.after(NOTHING)), NOTHING);
    }

    #[test]
    fn b10_an_email_after_the_letter_told_what_it_named_and_no_more() {
        let first = letter(&[Element::Name], NOTHING);
        let mut later = [email(&[Element::Ssn], false)];
        let now = later[0].after(first.after(NOTHING));
        let is = take_back(&first, &mut later, now);
        assert_eq!(is, knows(ToldBy::Email, &[Element::Ssn]));
    }

    #[test]
    fn a_correction_after_the_letter_is_what_is_known() {
        let first = letter(&[Element::Name, Element::Ssn], NOTHING);
        let mut later = [email(&[Element::Name], true)];
        let now = later[0].after(first.after(NOTHING));
        assert_eq!(take_back(&first, &mut later, now), now);
    }

    #[test]
    fn a_letter_of_correction_that_came_back_leaves_what_was_said_wrongly() {
        let before = knows(ToldBy::Post, &[Element::Name, Element::Ssn]);
        let correction = Counted {
            replaces: true,
            ..letter(&[Element::Ssn], before)
        };
        let now = correction.after(before);
        assert_eq!(now.named, ElementSet::of(&[Element::Ssn]));
        assert_eq!(take_back(&correction, &mut [], now), before);
    }

    #[test]
    fn what_no_order_explains_loses_only_what_nothing_else_named() {
        let first = letter(&[Element::Name, Element::Ssn], NOTHING);
        let mut later = [email(&[Element::Ssn], false)];
        let now = knows(
            ToldBy::Email,
            &[Element::Name, Element::Ssn, Element::Phone],
        );
        let is = take_back(&first, &mut later, now);
        assert_eq!(is, knows(ToldBy::Email, &[Element::Ssn, Element::Phone]));
    }

    #[test]
    fn both_of_two_letters_may_come_back_in_any_order() {
        let first = letter(&[Element::Name], NOTHING);
        let second = letter(&[Element::Ssn], first.after(NOTHING));
        let both = second.after(first.after(NOTHING));
        // The first, then the second.
        let mut later = [second];
        let one = take_back(&first, &mut later, both);
        assert_eq!(one, knows(ToldBy::Post, &[Element::Ssn]));
        assert_eq!(take_back(&later[0], &mut [], one), NOTHING);
        // The second, then the first.
        let one = take_back(&second, &mut [], both);
        assert_eq!(one, first.after(NOTHING));
        assert_eq!(take_back(&first, &mut [], one), NOTHING);
    }
}
