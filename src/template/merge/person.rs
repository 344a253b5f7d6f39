//! One person's values, made harmless: nothing in them can act as markup, header, link or
//! reordering of the text around them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use super::bidi;
use super::condition::Condition;
use super::kept::{Form, Kept};
use super::placeholder::Placeholder;
use super::values::{MissingValue, Values};
use crate::element::{self, Advice};
use crate::template::layout;

/// Breaks what mail programs would turn into a link; invisible, and harmless inside a name.
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// The values of one person, each cleaned when first asked for and then kept, since the HTML
/// part, the text part and the subject ask again.
pub(super) struct Person<'v> {
    values: &'v Values<'v>,
    locale: &'v str,
    rtl: bool,
    kept: &'v Kept,
    name: OnceCell<Cow<'v, str>>,
    elements: OnceCell<String>,
    guidance: OnceCell<Vec<Advice>>,
}

impl<'v> Person<'v> {
    pub(super) fn new(values: &'v Values<'v>, locale: &'v str, rtl: bool, kept: &'v Kept) -> Self {
        Self {
            values,
            locale,
            rtl,
            kept,
            name: OnceCell::new(),
            elements: OnceCell::new(),
            guidance: OnceCell::new(),
        }
    }

    pub(super) fn has_any(&self, cases: &[Condition]) -> bool {
        cases.iter().any(|case| case.holds(self.values.elements))
    }

    /// The value as plain characters, not yet escaped for any format.
    pub(super) fn value(&self, placeholder: Placeholder) -> Result<Cow<'_, str>, MissingValue> {
        let value = match placeholder {
            Placeholder::Name => Cow::Borrowed(&**self.name.get_or_init(|| self.clean_name())),
            Placeholder::Reference => clean(self.values.reference),
            Placeholder::NoticeCode => clean(self.values.notice_code),
            Placeholder::StatusLink => clean(self.values.status_link),
            Placeholder::Elements => Cow::Borrowed(
                self.elements
                    .get_or_init(|| element::in_words(self.values.elements, self.locale))
                    .as_str(),
            ),
            Placeholder::ToldWrongly => {
                Cow::Owned(element::in_words(self.values.told_wrongly, self.locale))
            }
            Placeholder::Guidance => Cow::Borrowed(""),
        };
        let usable = match placeholder {
            Placeholder::StatusLink => is_web_link(&value),
            _ => !value.is_empty(),
        };
        usable.then_some(value).ok_or(MissingValue(placeholder))
    }

    /// The value for plain text, kept apart from text that runs in the other direction.
    pub(super) fn plain(&self, placeholder: Placeholder) -> Result<Cow<'_, str>, MissingValue> {
        let value = self.value(placeholder)?;
        Ok(match placeholder {
            Placeholder::Name if bidi::runs_against(&value, self.rtl) => {
                bidi::isolate(&value).into()
            }
            Placeholder::Reference | Placeholder::NoticeCode if self.rtl => {
                bidi::left_to_right(&value).into()
            }
            _ => value,
        })
    }

    /// The guidance in a form, as `write` would write it.
    pub(super) fn written_guidance(
        &self,
        form: Form,
        write: impl FnOnce(&mut String) -> Result<(), MissingValue>,
    ) -> Result<Arc<str>, MissingValue> {
        self.kept.get(self.values.elements, form, write)
    }

    pub(super) fn guidance(&self) -> Result<&[Advice], MissingValue> {
        let advice = self
            .guidance
            .get_or_init(|| element::guidance(self.values.elements, self.locale));
        match advice.is_empty() {
            true => Err(MissingValue(Placeholder::Guidance)),
            false => Ok(advice),
        }
    }

    /// Where a notice code is checked: next to the status pages, `…/s/TOKEN` → `…/verify`, shown without the scheme
    /// because it is to be typed.
    pub(super) fn check_address(&self) -> Result<String, MissingValue> {
        let link = self.value(Placeholder::StatusLink)?;
        let bare = link.split_once("://").map_or(&*link, |(_, rest)| rest);
        let site = bare
            .rsplit_once("/s/")
            .or_else(|| bare.split_once('/'))
            .map_or(bare, |(site, _)| site);
        let address = format!("{site}/verify");
        Ok(match self.rtl {
            true => bidi::left_to_right(&address),
            false => address,
        })
    }

    fn clean_name(&self) -> Cow<'v, str> {
        let name = clean(self.values.name);
        if name.is_empty() {
            Cow::Borrowed(layout::words(self.locale).salutation)
        } else if holds_link(&name) {
            Cow::Owned(break_links(&name))
        } else {
            name
        }
    }
}

fn is_web_link(value: &str) -> bool {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !value.contains(char::is_whitespace)
}

/// Takes out control characters (they could end a header or hide text) and the bidirectional
/// embeddings, overrides and isolates (an unclosed one turns round the organisation's words after
/// it). The marks LRM, RLM and ALM stay: real names use them and they reach no further than their
/// neighbours. White space of any kind becomes one space.
fn clean(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    let untouched = |c: char| !c.is_control() && !c.is_whitespace() && !is_hidden(c);
    // Nearly all values are ASCII, and that is seen at once.
    let plain = value.bytes().all(|b| matches!(b, b' '..=b'~'));
    let plain = plain || value.chars().all(|c| untouched(c) || c == ' ');
    if plain && !value.as_bytes().windows(2).any(|two| two == b"  ") {
        return Cow::Borrowed(value);
    }
    let mut cleaned = String::with_capacity(value.len());
    for c in value.chars().filter(|c| !is_hidden(*c)) {
        if !c.is_whitespace() && !c.is_control() {
            cleaned.push(c);
        } else if !cleaned.is_empty() && !cleaned.ends_with(' ') {
            cleaned.push(' ');
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    Cow::Owned(cleaned)
}

fn is_hidden(c: char) -> bool {
    bidi::is_control(c) || c == '\u{FEFF}'
}

/// Where a mail program could see an address in a name: `://`, a dot or an @ between letters.
fn is_joint(before: Option<char>, c: char, mut after: std::str::Chars<'_>) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        ':' => after.next() == Some('/'),
        // Initials (J.R.) are no domain: the part after the dot has one letter.
        '.' => {
            let (first, second) = (after.next(), after.next());
            word(before) && word(first) && (word(second) || first.is_some_and(char::is_numeric))
        }
        '@' => word(before) && word(after.next()),
        _ => false,
    }
}

fn holds_link(name: &str) -> bool {
    name.contains(['.', '@', ':']) && break_links(name).len() > name.len()
}

fn break_links(name: &str) -> String {
    let mut broken = String::with_capacity(name.len() + 12);
    let (mut before, mut rest) = (None, name.chars());
    while let Some(c) = rest.next() {
        broken.push(c);
        if is_joint(before, c, rest.clone()) {
            broken.push(ZERO_WIDTH_SPACE);
        }
        before = Some(c);
    }
    broken
}
