//! A set of elements in one integer: what Postgres stores, compares and subtracts.

use super::Element;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// The elements exposed for, or named to, one person. Never holds a bit outside the register.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ElementSet(i64);

/// A part of a list of codes is no element.
///
/// It does not repeat the part: a file with shifted columns would put a stolen value into
/// our logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("part {part} of the list is not an element code")]
pub struct UnknownElement {
    /// Which part, from 1, empty ones counted.
    pub part: usize,
}

impl ElementSet {
    /// No element.
    pub const EMPTY: ElementSet = ElementSet(0);
    /// Every element of the register.
    pub const ALL: ElementSet = ElementSet::of(&Element::ALL);

    /// The set of these elements.
    pub const fn of(elements: &[Element]) -> ElementSet {
        let (mut bits, mut i) = (0, 0);
        while i < elements.len() {
            bits |= elements[i].mask();
            i += 1;
        }
        ElementSet(bits)
    }

    /// The set that [`bits`](Self::bits) gave; `None` if a bit has no element.
    pub const fn from_bits(bits: i64) -> Option<ElementSet> {
        if bits & !ElementSet::ALL.0 == 0 {
            Some(ElementSet(bits))
        } else {
            None
        }
    }

    /// The known part of `bits`. For display only: dropping a bit from an exposure would break
    /// the promise that everything exposed is named.
    pub const fn from_bits_truncate(bits: i64) -> ElementSet {
        ElementSet(bits & ElementSet::ALL.0)
    }

    /// What the database stores: bit n stands for the element with discriminant n.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Reads codes separated by `;`, or what [`Element::from_word`] takes for them; empty parts do not matter.
    /// No code at all is an empty set: whether that is allowed, the caller knows.
    ///
    /// # Errors
    /// The first part that is no element code.
    pub fn parse(list: &str) -> Result<ElementSet, UnknownElement> {
        let parts = list.split(';').map(str::trim).enumerate();
        parts
            .filter(|(_, code)| !code.is_empty())
            .map(|(at, code)| Element::from_word(code).ok_or(UnknownElement { part: at + 1 }))
            .collect()
    }

    /// Adds one.
    pub const fn insert(&mut self, element: Element) {
        self.0 |= element.mask();
    }

    /// Whether this one is in it.
    pub const fn contains(self, element: Element) -> bool {
        self.0 & element.mask() != 0
    }

    /// Those in either.
    #[must_use]
    pub const fn union(self, other: ElementSet) -> ElementSet {
        ElementSet(self.0 | other.0)
    }

    /// Those in both.
    #[must_use]
    pub const fn intersection(self, other: ElementSet) -> ElementSet {
        ElementSet(self.0 & other.0)
    }

    /// Those in `self` that are not in `other`.
    #[must_use]
    pub const fn minus(self, other: ElementSet) -> ElementSet {
        ElementSet(self.0 & !other.0)
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many it holds.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Its elements in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Element> + Clone {
        Element::ALL
            .into_iter()
            .filter(move |element| self.contains(*element))
    }

    /// Its elements, the gravest first; among equals in the order of the register.
    #[must_use]
    pub fn gravest_first(self) -> Vec<Element> {
        let mut elements: Vec<Element> = self.iter().collect();
        elements.sort_by_key(|element| std::cmp::Reverse(element.severity()));
        elements
    }

    /// The severity of the worst element; 0 for the empty set.
    pub fn severity(self) -> u8 {
        self.iter().map(Element::severity).max().unwrap_or(0)
    }
}

impl FromIterator<Element> for ElementSet {
    fn from_iter<I: IntoIterator<Item = Element>>(elements: I) -> Self {
        elements
            .into_iter()
            .fold(ElementSet::EMPTY, |mut set, element| {
                set.insert(element);
                set
            })
    }
}

impl FromStr for ElementSet {
    type Err = UnknownElement;

    fn from_str(list: &str) -> Result<Self, UnknownElement> {
        ElementSet::parse(list)
    }
}

/// The codes, joined by `;`: what [`ElementSet::parse`] reads.
impl fmt::Display for ElementSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, element) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(";")?;
            }
            f.write_str(element.code())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ElementSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementSet({self})")
    }
}

/// An array of codes.
impl Serialize for ElementSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for ElementSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Element>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_set_survives_text_json_and_bits(bits: i64) {
            let set = ElementSet::from_bits_truncate(bits);
            prop_assert_eq!(ElementSet::parse(&set.to_string()), Ok(set));
            prop_assert_eq!(ElementSet::from_bits(set.bits()), Some(set));
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<ElementSet>(&json).unwrap(), set);
            prop_assert_eq!(set.iter().collect::<ElementSet>(), set);
            prop_assert_eq!(set.iter().count(), set.len());
        }

        #[test]
        fn any_text_is_parsed_or_refused(text: String) {
            let _ = ElementSet::parse(&text);
        }

        #[test]
        fn what_is_left_after_minus_was_not_in_the_other(a: i64, b: i64) {
            let (a, b) = (ElementSet::from_bits_truncate(a), ElementSet::from_bits_truncate(b));
            prop_assert!(a.minus(b).intersection(b).is_empty());
            prop_assert_eq!(a.minus(b).union(a.intersection(b)), a);
        }
    }

    #[test]
    fn spaces_case_and_empty_parts_do_not_matter() {
        let expected = ElementSet::of(&[Element::Name, Element::Ssn]);
        assert_eq!(ElementSet::parse(" ; SSN;name ;;Name; "), Ok(expected));
        assert_eq!(ElementSet::parse("  "), Ok(ElementSet::EMPTY));
        assert_eq!(expected.severity(), 5);
        assert_eq!(ElementSet::EMPTY.severity(), 0);
    }

    #[test]
    fn an_unknown_code_is_named_by_its_place_only() {
        let error = ElementSet::parse("name;;123-45-6789").unwrap_err();
        assert_eq!(
            error.to_string(),
            "part 3 of the list is not an element code"
        );
    }

    #[test]
    fn an_unknown_bit_is_refused() {
        assert_eq!(ElementSet::from_bits(1 << 62), None);
        assert_eq!(ElementSet::from_bits(-1), None);
    }

    #[test]
    fn json_is_an_array_of_codes() {
        let set = ElementSet::of(&[Element::Phone, Element::Name]);
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["name","phone"]"#);
        assert!(serde_json::from_str::<ElementSet>(r#"["shoe_size"]"#).is_err());
    }
}
