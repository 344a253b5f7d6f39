//! The people that a part of a notice is meant for: what `{{#if …}}` says.

use crate::element::{Element, ElementSet};

/// One case in which a part of a notice is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// This element of the reader was exposed.
    Has(Element),
    /// Nothing of the reader is exposed any more: a correction to people who are not affected after all.
    Nothing,
}

impl Condition {
    /// `any`, `none`, or the code of an element; `None` if it is none of them.
    pub(super) fn parse(code: &str) -> Option<Vec<Self>> {
        match code {
            "any" => Some(Element::ALL.iter().copied().map(Self::Has).collect()),
            "none" => Some(vec![Self::Nothing]),
            code => Element::from_code(code).map(|element| vec![Self::Has(element)]),
        }
    }

    /// Whether it holds for people with these exposed elements.
    pub(super) fn holds(self, exposed: ElementSet) -> bool {
        match self {
            Self::Has(element) => exposed.contains(element),
            Self::Nothing => exposed.is_empty(),
        }
    }
}
