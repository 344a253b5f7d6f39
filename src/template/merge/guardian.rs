//! The paragraph that addresses the parent or guardian of a minor, before everything else in the notice.

use super::html;
use super::person::Person;
use super::placeholder::Placeholder;
use super::values::{MissingValue, Values};
use super::wrap;
use crate::template::guardian;
use crate::template::layout::{self, Style};

/// The two sentences, for one person.
pub(super) struct Addressed {
    to: String,
    advice: &'static str,
}

impl Addressed {
    /// Without a name, the reference stands for the minor.
    pub(super) fn new(
        person: &Person<'_>,
        values: &Values<'_>,
        locale: &str,
    ) -> Result<Self, MissingValue> {
        let named = match values.name.trim().is_empty() {
            true => Placeholder::Reference,
            false => Placeholder::Name,
        };
        let words = guardian::words(locale);
        Ok(Self {
            to: words.to.replace("{name}", &person.plain(named)?),
            advice: words.advice,
        })
    }

    pub(super) fn text(&self, text: &mut String) {
        let mut first = String::with_capacity(256);
        wrap::wrap(&self.to, "", &mut first);
        first.push_str("\n\n");
        wrap::wrap(self.advice, "", &mut first);
        first.push_str("\n\n");
        text.insert_str(0, &first);
    }

    /// Stands after the head of the document, which ends with the column that all of it lies in.
    pub(super) fn html(&self, style: &Style, locale: &str, html: &mut String) {
        let head = layout::after_title(&layout::language_tag(locale), style);
        let at = html.find(&head).map_or(0, |at| at + head.len());
        let mut first = format!("<p style=\"{}\"><strong>", style.paragraph);
        html::escape(&self.to, &mut first);
        first.push_str("</strong><br>\n");
        html::escape(self.advice, &mut first);
        first.push_str("</p>\n");
        html.insert_str(at, &first);
    }
}
