//! The people that a part of a notice is meant for: what `{{#if …}}` says.

use crate::element::{Element, ElementSet};

/// What stands between two conditions. No code of an element has a full stop.
const OR: &str = "orhas.";

/// One case in which a part of a notice is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// This element of the reader was exposed.
    Has(Element),
    /// Nothing of the reader is exposed any more: a correction to people who are not affected after all.
    Nothing,
}

impl Condition {
    /// `any`, `none`, the code of an element, or several of them with `or has.` between them (spaces are taken out
    /// before); the first that is none of these is the error.
    pub(super) fn parse(codes: &str) -> Result<Vec<Self>, &str> {
        let each = codes.split(OR).map(|code| Self::one(code).ok_or(code));
        Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn one(code: &str) -> Option<Vec<Self>> {
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
