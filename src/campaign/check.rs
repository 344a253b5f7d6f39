//! Whether the texts of a campaign suit all people in its audience (promise P2): who reads which text, what it leaves
//! unnamed or names wrongly, and what an author has to acknowledge.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub(crate) use super::acknowledge::{Readers, ToAcknowledge};
use super::content::Content;
use super::{CampaignKind, acknowledge};
use crate::element::{Element, ElementSet};
use crate::person::AudienceClass;
use crate::person::place::Locale;
use crate::template::lint::{self, Finding, Severity};
use crate::template::merge::{Compiled, MergeError, Placeholder};
use crate::template::pick;

/// An element that a text does not name to people who lost it, or names to people who did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Naming {
    /// Which element.
    pub element: Element,
    /// The language that these people read.
    pub locale: Locale,
    /// The language tag of the text that they get.
    pub text: String,
    /// How many.
    pub people: i64,
}

/// A text that cannot be filled for people without exposed elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfillable {
    /// `elements` or `guidance`.
    pub placeholder: &'static str,
    /// The language that these people read.
    pub locale: Locale,
    /// The language tag of the text that they get.
    pub text: String,
    /// How many.
    pub people: i64,
}

/// By text: how many recipients of a correction it does not tell everything.
type Unsaid = BTreeMap<String, i64>;

/// What a check of the texts against the audience found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// Who reads what, most people first.
    pub readers: Vec<Readers>,
    /// Exposed elements that a text leaves unnamed.
    pub unnamed: Vec<Naming>,
    /// Elements that a text names and that are not theirs.
    pub not_theirs: Vec<Naming>,
    /// Texts that cannot be filled.
    pub unfillable: Vec<Unfillable>,
    /// Findings that forbid to send a text, by its language tag.
    pub findings: Vec<(String, Finding)>,
    /// What has to be acknowledged, acknowledged or not.
    pub acknowledge: Vec<ToAcknowledge>,
}

impl Review {
    /// Whether the texts may be sent, given what was acknowledged.
    pub fn is_ready<'a>(&self, acknowledged: impl IntoIterator<Item = &'a String>) -> bool {
        self.unnamed.is_empty()
            && self.not_theirs.is_empty()
            && self.unfillable.is_empty()
            && self.findings.is_empty()
            && self.open(acknowledged).is_empty()
    }

    /// What is not acknowledged yet.
    pub fn open<'a>(
        &self,
        acknowledged: impl IntoIterator<Item = &'a String>,
    ) -> Vec<&ToAcknowledge> {
        let said: BTreeSet<&String> = acknowledged.into_iter().collect();
        let open = self.acknowledge.iter();
        open.filter(|one| !said.contains(&one.key)).collect()
    }

    /// Every reason not to send, as sentences.
    pub fn reasons<'a>(&self, acknowledged: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        let mut reasons = Vec::new();
        for ((text, element), who) in together(&self.unnamed) {
            reasons.push(format!(
                "{who}: the text “{text}” does not name “{}” ({element}). Write {{{{ elements }}}}, or name it by words \
                 and declare it in the template.",
                element.words(text),
            ));
        }
        for ((text, element), who) in together(&self.not_theirs) {
            reasons.push(format!(
                "{who}: the text “{text}” names “{}” ({element}), which was not exposed of them. Put the sentence \
                 between {{{{#if has.{element}}}}} and {{{{/if}}}}, or narrow the audience.",
                element.words(text),
            ));
        }
        for one in &self.unfillable {
            if one.placeholder == Placeholder::ToldWrongly.word() {
                reasons.push(format!(
                    "{}: they were told of nothing that is not theirs, and the text “{}” shows {{{{ {} }}}}. Narrow the \
                     audience to people who were told wrongly, or leave it out.",
                    readers(one.people, &[&one.locale]),
                    one.text,
                    one.placeholder,
                ));
                continue;
            }
            reasons.push(format!(
                "{}: nothing was exposed of them, and the text “{}” shows {{{{ {} }}}}. Put it between \
                 {{{{#if has.any}}}} and {{{{/if}}}}, or narrow the audience.",
                readers(one.people, &[&one.locale]),
                one.text,
                one.placeholder,
            ));
        }
        for (locale, finding) in &self.findings {
            let line = match finding.line {
                0 => String::new(),
                line => format!(", line {line}"),
            };
            reasons.push(format!(
                "The text “{locale}”{line}: {}. {}",
                finding.what, finding.why
            ));
        }
        reasons.extend(
            self.open(acknowledged)
                .into_iter()
                .map(|one| one.why.clone()),
        );
        reasons
    }
}

/// Who is concerned, in words, by text and element.
fn together(all: &[Naming]) -> BTreeMap<(&str, Element), String> {
    let mut found: BTreeMap<(&str, Element), (i64, Vec<&Locale>)> = BTreeMap::new();
    for one in all {
        let (people, locales) = found.entry((&one.text, one.element)).or_default();
        *people += one.people;
        locales.push(&one.locale);
    }
    let words = |(at, (people, locales)): (_, (i64, Vec<&Locale>))| (at, readers(people, &locales));
    found.into_iter().map(words).collect()
}

/// `12 people who read es, es-MX`; of many languages the first.
fn readers(people: i64, locales: &[&Locale]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = locales.iter().take(SHOWN).map(|one| one.as_str()).collect();
    let more = match locales.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let who = match people {
        1 => "1 person who reads".to_owned(),
        people => format!("{people} people who read"),
    };
    format!("{who} {}{more}", shown.join(", "))
}

/// Checks the texts of a content against the classes of its audience.
///
/// # Errors
/// What does not compile, with its locale.
pub(crate) fn review(
    content: &Content,
    classes: &[AudienceClass],
) -> Result<Review, Vec<(String, MergeError)>> {
    let texts = content.compile()?;
    let mut found = Found::default();
    for class in classes {
        if let Some((tag, text)) = pick(&texts, class.locale.as_str()) {
            found.class(content, class, tag, text);
        }
    }
    Ok(found.review(content, &texts))
}

type Place<K> = BTreeMap<(K, Locale, String), i64>;

#[derive(Default)]
struct Found {
    readers: BTreeMap<(Locale, String), i64>,
    unnamed: Place<Element>,
    not_theirs: Place<Element>,
    unfillable: Place<&'static str>,
    /// Who was told wrongly and is not told of what.
    uncorrected: Unsaid,
    /// Who is not affected any more and reads a text that others get and that has no words for them.
    unaddressed: Unsaid,
    /// The texts of people with exposed elements.
    for_affected: BTreeSet<String>,
}

impl Found {
    fn class(&mut self, content: &Content, class: &AudienceClass, tag: &str, text: &Compiled) {
        let at = |key| (key, class.locale.clone(), tag.to_owned());
        let reads = (class.locale.clone(), tag.to_owned());
        *self.readers.entry(reads).or_default() += class.people;
        let named = text.names(class.exposed, content.names);
        // A correction replaces what was said; other notices add to it.
        let known = match content.kind {
            CampaignKind::Correction => ElementSet::EMPTY,
            CampaignKind::Initial | CampaignKind::Supplement => class.named,
        };
        for element in class.exposed.minus(named).minus(known).iter() {
            *self.unnamed.entry(at(element)).or_default() += class.people;
        }
        for element in named.minus(class.exposed).iter() {
            let at = (element, class.locale.clone(), tag.to_owned());
            *self.not_theirs.entry(at).or_default() += class.people;
        }
        let shown = text.shown(class.exposed);
        let word = Placeholder::ToldWrongly;
        let corrects = shown.told_wrongly || text.is_in_subject(word);
        let is_right = class.named.minus(class.exposed).is_empty();
        if corrects && is_right {
            let at = (word.word(), class.locale.clone(), tag.to_owned());
            *self.unfillable.entry(at).or_default() += class.people;
        }
        if content.kind == CampaignKind::Correction {
            let unsaid = |place: &mut Unsaid, is_unsaid| {
                if is_unsaid {
                    *place.entry(tag.to_owned()).or_default() += class.people;
                }
            };
            let is_nothing = class.exposed.is_empty();
            unsaid(&mut self.uncorrected, !is_right && !corrects);
            unsaid(&mut self.unaddressed, is_nothing && !shown.for_nothing);
            if !is_nothing {
                self.for_affected.insert(tag.to_owned());
            }
        }
        if class.exposed.is_empty() {
            for (is_shown, word) in [
                (shown.list, Placeholder::Elements.word()),
                (shown.guidance, Placeholder::Guidance.word()),
            ] {
                if is_shown {
                    let at = (word, class.locale.clone(), tag.to_owned());
                    *self.unfillable.entry(at).or_default() += class.people;
                }
            }
        }
    }

    fn review(self, content: &Content, texts: &BTreeMap<String, Compiled>) -> Review {
        let naming = |place: Place<Element>| {
            let one = |((element, locale, text), people)| Naming {
                element,
                locale,
                text,
                people,
            };
            place.into_iter().map(one).collect()
        };
        let unfillable = |((placeholder, locale, text), people)| Unfillable {
            placeholder,
            locale,
            text,
            people,
        };
        let mut readers: Vec<Readers> = self.readers.into_iter().map(read).collect();
        readers.sort_by_key(|one| std::cmp::Reverse(one.people));
        // An audience without affected people has its whole text written for the others.
        let mut unaddressed = self.unaddressed;
        unaddressed.retain(|text, _| self.for_affected.contains(text));
        let mut to_say = acknowledge::acknowledge(content, texts, &readers);
        to_say.extend(self.uncorrected.into_iter().map(acknowledge::uncorrected));
        to_say.extend(unaddressed.into_iter().map(acknowledge::unaddressed));
        Review {
            acknowledge: to_say,
            findings: findings(content, texts, &readers),
            readers,
            unnamed: naming(self.unnamed),
            not_theirs: naming(self.not_theirs),
            unfillable: self.unfillable.into_iter().map(unfillable).collect(),
        }
    }
}

fn read(((locale, text), people): ((Locale, String), i64)) -> Readers {
    Readers {
        is_theirs: acknowledge::language(&text) == locale.language(),
        locale,
        people,
        text,
    }
}

/// What must not be sent: in the texts that have readers, and in the facts that those texts quote.
fn findings(
    content: &Content,
    texts: &BTreeMap<String, Compiled>,
    readers: &[Readers],
) -> Vec<(String, Finding)> {
    let mut all = Vec::new();
    for tag in acknowledge::used(readers).into_keys() {
        let Some(variant) = content.variants.get(tag) else {
            continue;
        };
        let mut found = lint::lint(&variant.subject, &variant.body);
        found.retain(|finding| finding.severity == Severity::Error);
        let told = content.told(tag);
        for key in texts.get(tag).map_or(&[][..], Compiled::facts) {
            let facts = told.iter();
            let value = facts.filter(|(of, _)| of.eq_ignore_ascii_case(key));
            let wrong = value.flat_map(|(_, value)| lint::lint_value(value));
            found.extend(wrong.map(|finding| Finding {
                line: 0,
                what: format!("the fact “{key}”: {}", finding.what),
                ..finding
            }));
        }
        all.extend(found.into_iter().map(|finding| (tag.to_owned(), finding)));
    }
    all
}
