//! A text as rules read it: merged with the facts, for a sample person with the elements of its readers.

use crate::element::ElementSet;
use crate::incident::Facts;
use crate::template::Variant;
use crate::template::lint::reading::{placeholders, replace_placeholders};
use crate::template::lint::{self, Finding};
use crate::template::merge::{self, Compiled, Fixed, MergeError, MissingValue, Values};
use crate::template::preview::{CODE, LINK_END, Reader, keys_as_facts};

/// What a text is set in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// The organisation's name.
    pub organisation: &'a str,
    /// The incident's title.
    pub title: &'a str,
    /// Its facts; `None` without an incident: facts show as their keys.
    pub facts: Option<&'a Facts>,
    /// Where links begin.
    pub public_url: &'a str,
    /// Domains of the organisation.
    pub domains: &'a [String],
    /// Whether a list says which elements of each person were exposed.
    pub is_known: bool,
}

/// One text in one language, merged for people with some elements.
pub(crate) struct Text<'a> {
    /// Its language tag.
    pub locale: &'a str,
    pub(super) body: &'a str,
    pub(super) setting: Setting<'a>,
    pub(super) elements: ElementSet,
    /// The elements that it names by words.
    pub(super) declared: ElementSet,
    pub(super) compiled: Option<Compiled>,
    pub(super) errors: Vec<MergeError>,
    pub(super) missing: Option<MissingValue>,
    /// As sent, in small letters; the source if it cannot be merged.
    pub(super) plain: String,
    /// The subject and the lines of the body, in small letters.
    pub(super) lines: Vec<String>,
    /// As sent, for links.
    pub(super) sent: String,
    pub(super) placeholders: Vec<String>,
    pub(super) subject_placeholders: Vec<String>,
    /// What the source shows without a rule.
    pub(super) source: Vec<Finding>,
}

impl<'a> Text<'a> {
    /// Reads a text for people with `elements` exposed.
    pub(crate) fn read(
        locale: &'a str,
        variant: &'a Variant,
        setting: Setting<'a>,
        elements: ElementSet,
        declared: ElementSet,
    ) -> Self {
        let (compiled, errors) = compile(locale, variant, &setting);
        let mut missing = None;
        let rendered = compiled.as_ref().and_then(|text| {
            let values = values(elements);
            let link = format!("{}{LINK_END}", setting.public_url);
            let values = Values {
                status_link: &link,
                ..values.of()
            };
            text.render(&values).map_err(|why| missing = Some(why)).ok()
        });
        let sent = match &rendered {
            Some(mail) => format!("{}\n{}", mail.subject, mail.text),
            None => replace_placeholders(
                &format!("{}\n{}", variant.subject, variant.body),
                '\u{E000}',
            ),
        };
        let lines = std::iter::once(variant.subject.as_str()).chain(variant.body.lines());
        Self {
            locale,
            body: &variant.body,
            setting,
            elements,
            declared,
            compiled,
            errors,
            missing,
            plain: small(&sent),
            lines: lines.map(small).collect(),
            sent,
            placeholders: placeholders(&variant.body),
            subject_placeholders: placeholders(&variant.subject),
            source: lint::lint(&variant.subject, &variant.body),
        }
    }

    /// The language without region and script.
    pub(super) fn language(&self) -> String {
        let end = self.locale.split(['-', '_']).next().unwrap_or("");
        end.to_ascii_lowercase()
    }

    /// The facts that it quotes, each with its value if that is known.
    pub(super) fn quoted(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let keys = self.compiled.as_ref().map_or(&[][..], Compiled::facts);
        let value = |key: &str| {
            let mut facts = self.setting.facts?.iter();
            let found = facts.find(|(of, _)| of.eq_ignore_ascii_case(key));
            found.map(|(_, value)| value.as_str())
        };
        keys.iter().map(move |key| (key.as_str(), value(key)))
    }

    /// The line that quotes a fact; 0 if it is the subject or none.
    pub(super) fn line_of_fact(&self, key: &str) -> usize {
        let word = format!("facts.{}", key.to_ascii_lowercase());
        let quotes = |line: &String| placeholders(line).contains(&word);
        self.lines.iter().position(quotes).unwrap_or_default()
    }
}

/// Compiles it; facts show as their keys where no incident is known.
fn compile(
    locale: &str,
    variant: &Variant,
    setting: &Setting<'_>,
) -> (Option<Compiled>, Vec<MergeError>) {
    let of = |facts: &Facts| {
        let fixed = Fixed {
            locale,
            organisation: setting.organisation,
            incident_title: setting.title,
            facts,
        };
        merge::compile(&variant.subject, &variant.body, &fixed)
    };
    let compiled = match setting.facts {
        Some(facts) => of(facts),
        None => of(&Facts::new()).or_else(|wrong| of(&keys_as_facts(&wrong))),
    };
    match compiled {
        Ok(text) => (Some(text), Vec::new()),
        Err(wrong) => (None, wrong),
    }
}

/// A sample person.
struct Sample(Reader);

fn values(elements: ElementSet) -> Sample {
    Sample(Reader {
        elements,
        ..Reader::sample()
    })
}

impl Sample {
    fn of(&self) -> Values<'_> {
        Values {
            name: &self.0.name,
            reference: &self.0.reference,
            elements: self.0.elements,
            told_wrongly: self.0.told_wrongly,
            status_link: "",
            notice_code: CODE,
        }
    }
}

/// A text in small letters, with plain quotation marks and hyphens and single spaces.
pub(super) fn small(text: &str) -> String {
    let mut small = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !small.is_empty() {
            small.push(' ');
        }
        small.extend(word.chars().flat_map(char::to_lowercase).map(|c| match c {
            '’' | '‘' => '\'',
            '\u{2011}' | '\u{2010}' => '-',
            c => c,
        }));
    }
    small
}
