//! What goes into a notice and what comes out.

use std::collections::BTreeMap;

use super::placeholder::Placeholder;
use crate::element::ElementSet;

/// What is the same for all recipients of this template in this locale.
#[derive(Debug, Clone, Copy)]
pub struct Fixed<'a> {
    /// BCP 47 tag: the language of the frame, the guidance and the direction of writing.
    pub locale: &'a str,
    /// The name that stands first in every notice.
    pub organisation: &'a str,
    /// `{{ incident.title }}`.
    pub incident_title: &'a str,
    /// `{{ facts.KEY }}`: plain text, line breaks kept. A fact that is a web address is a link.
    pub facts: &'a BTreeMap<String, String>,
}

/// What one person's notice is filled with. No `Debug`: it is personal.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// May be empty: then the notice greets with a neutral word, [`crate::template::layout::Words::salutation`].
    pub name: &'a str,
    /// The organisation's own number for the person.
    pub reference: &'a str,
    /// What was exposed.
    pub elements: ElementSet,
    /// What they were told before and is not theirs.
    pub told_wrongly: ElementSet,
    /// The personal URL, http or https; anything else counts as missing.
    pub status_link: &'a str,
    /// The short code.
    pub notice_code: &'a str,
}

/// A finished notice, not yet mail. No `Debug`: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// The text part: `\n` line ends, wrapped at 72 columns except addresses.
    pub text: String,
    /// The HTML part: a whole document that fetches nothing.
    pub html: String,
}

/// This person cannot get this notice: a value that it uses is empty or unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this person has no usable value for {0}")]
pub struct MissingValue(pub Placeholder);
