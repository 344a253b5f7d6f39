//! What each kind of check finds in a text.

use std::borrow::Cow;

use super::reading;
use super::rule::Rule;
use super::text::{Text, small};
use crate::template::lint::links::hosts;
use crate::template::lint::reading::is_word;
use crate::template::lint::{self, Check, Finding, Severity};
use crate::template::merge::Problem;

/// One place where a rule finds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Line of the body, from 1; 0 means the subject or the text as a whole.
    pub line: usize,
    /// What was found there; empty if the rule says it.
    pub what: String,
    /// Whether it is advice although the rule blocks.
    pub is_advice: bool,
}

impl Hit {
    fn at(line: usize, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
            is_advice: false,
        }
    }

    fn advice(what: impl Into<String>) -> Self {
        Self {
            is_advice: true,
            ..Self::at(0, what)
        }
    }
}

/// What a rule finds in a text.
pub(super) fn look(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    match rule.check {
        Check::NeedsPart => needs_part(rule, text),
        Check::Forbids | Check::SecondPurpose => forbidden(rule, text),
        Check::HedgeAgainstKnown | Check::UnnumberedQuantity if text.setting.is_known => {
            phrases(rule, text)
        }
        Check::HedgeAgainstKnown | Check::UnnumberedQuantity => Vec::new(),
        Check::UnnamedElement => unnamed(text),
        Check::MissingValue => missing(text),
        Check::LinkOutside => outside(rule, text),
        Check::ExposedValue | Check::Unfinished => {
            let mut found = in_source(rule.check, text);
            found.extend(in_facts(rule.check, text));
            found
        }
        Check::UnsafeLink | Check::Shortener => in_source(rule.check, text),
        Check::Urgency => {
            let mut found = in_source(rule.check, text);
            found.extend(phrases(rule, text));
            found
        }
        Check::ReadingLevel => level(rule, text),
        Check::Length => length(rule, text),
        Check::PassiveOpening => opening(rule, text),
    }
}

fn needs_part(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let used = |word: &String| text.placeholders.contains(word);
    let quotes = text.quoted().any(|(key, value)| {
        rule.is_its_fact(key) && value.is_none_or(|value| !value.trim().is_empty())
    });
    let reached = rule.contact && lint::has_contact(text.body, &text.placeholders);
    let is_shown = rule.placeholders.iter().any(used) || quotes || reached;
    if is_shown && !rule.phrases_only {
        return Vec::new();
    }
    let is_there = |word: &String| !places(&text.plain, &small(word), false).is_empty();
    let language = text.language();
    match rule.words(&language) {
        None => vec![Hit::advice(format!(
            "Candor has no words of this rule in “{language}”: read the text yourself"
        ))],
        Some(words) if words.iter().any(is_there) => Vec::new(),
        Some(_) => vec![Hit::at(0, "")],
    }
}

fn forbidden(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let mut found = phrases(rule, text);
    for word in &rule.subject_placeholders {
        if text.subject_placeholders.contains(word) {
            found.push(Hit::at(0, format!("{{{{ {word} }}}} in the subject")));
        }
    }
    let facts = text.quoted().filter(|(key, _)| rule.is_its_fact(key));
    found.extend(facts.map(|(key, _)| {
        let what = format!("{{{{ facts.{key} }}}}");
        Hit::at(text.line_of_fact(key), what)
    }));
    found
}

/// Languages that write no spaces between words.
const WITHOUT_SPACES: [&str; 4] = ["zh", "ja", "th", "ko"];

/// The phrases of a rule in what the author wrote and in the facts that the text quotes, if they are sent to these
/// readers; of phrases that overlap the first.
fn phrases(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let language = text.language();
    let words = rule.words(&language).unwrap_or_default();
    let whole = !WITHOUT_SPACES.contains(&language.as_str());
    let words: Vec<String> = words.iter().map(|word| small(word)).collect();
    let is_sent = |word: &&String| !places(&text.plain, word, whole).is_empty();
    let words: Vec<&String> = words.iter().filter(is_sent).collect();
    let mut found = Vec::new();
    for (number, line) in text.lines.iter().enumerate() {
        for phrase in distinct(line, &words, whole) {
            found.push(Hit::at(number, format!("“{phrase}”")));
        }
    }
    for word in &words {
        found.extend(across_lines(word, text, whole));
    }
    for (key, value) in text.quoted() {
        let Some(value) = value else { continue };
        for phrase in distinct(&small(value), &words, whole) {
            let what = format!("the fact “{key}” says “{phrase}”");
            found.push(Hit::at(text.line_of_fact(key), what));
        }
    }
    found
}

/// A phrase that begins on one line of a paragraph and ends on the next.
fn across_lines(word: &str, text: &Text<'_>, whole: bool) -> Option<Hit> {
    let mut pairs = text.lines.windows(2).enumerate().skip(1);
    let is_split = |(_, pair): &(usize, &[String])| {
        let joined = pair.join(" ");
        let is_in = |part: &str| !places(part, word, whole).is_empty();
        is_in(&joined) && !pair.iter().any(|line| is_in(line))
    };
    let (line, _) = pairs.find(is_split)?;
    Some(Hit::at(line, format!("“{word}”")))
}

/// The phrases in one line. A phrase inside another one that was found is not found again.
fn distinct(line: &str, words: &[&String], whole: bool) -> Vec<String> {
    let mut covered: Vec<std::ops::Range<usize>> = Vec::new();
    let mut found = Vec::new();
    for word in words {
        for range in places(line, word, whole) {
            if word.contains('#') {
                found.push((*word).clone());
            } else if !covered.iter().any(|known| known.contains(&range.start)) {
                covered.push(range);
                found.push((*word).clone());
            }
        }
    }
    found
}

/// Where a phrase stands in a text. `#` stands for a number: then the places are those in the text with numbers replaced.
fn places(text: &str, phrase: &str, whole: bool) -> Vec<std::ops::Range<usize>> {
    let has_number = phrase.contains('#');
    let text = match has_number {
        true => Cow::Owned(numbered(text)),
        false => Cow::Borrowed(text),
    };
    let ranges = text.match_indices(phrase);
    ranges
        .map(|(at, _)| at..at + phrase.len())
        .filter(|range| !whole || has_number || is_word(&text, range))
        .collect()
}

/// The text with `#` in place of each number.
fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        out.push('#');
        while letters
            .next_if(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
            .is_some()
        {}
    }
    out
}

fn unnamed(text: &Text<'_>) -> Vec<Hit> {
    let Some(compiled) = &text.compiled else {
        return Vec::new();
    };
    let named = compiled.names(text.elements, text.declared);
    let element = |element: crate::element::Element| {
        let words = element.words(text.locale);
        Hit::at(0, format!("“{words}” ({element})"))
    };
    text.elements.minus(named).iter().map(element).collect()
}

fn missing(text: &Text<'_>) -> Vec<Hit> {
    let facts = text.errors.iter().filter_map(|error| match &error.problem {
        Problem::UnknownFact(key) => {
            let what = format!("the incident has no fact “{key}”");
            Some(Hit::at(error.line, what))
        }
        _ => None,
    });
    let value = text.missing.map(|why| Hit::at(0, why.to_string()));
    facts.chain(value).collect()
}

fn outside(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let ours = |host: &String| {
        let mut all = text.setting.domains.iter().chain(&rule.allow);
        all.any(|domain| {
            let rest = host.strip_suffix(domain.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let hosts = hosts(&text.sent).into_iter().filter(|host| !ours(host));
    let place = |host: String| {
        let line = text.lines.iter().position(|line| line.contains(&host));
        Hit::at(line.unwrap_or_default(), format!("“{host}”"))
    };
    hosts.map(place).collect()
}

fn hit(found: &Finding) -> Hit {
    Hit {
        is_advice: found.severity == Severity::Warning,
        ..Hit::at(found.line, format!("{}. {}", found.what, found.why))
    }
}

fn in_source(check: Check, text: &Text<'_>) -> Vec<Hit> {
    let of = text.source.iter().filter(|found| found.check == check);
    of.map(hit).collect()
}

/// What must not be sent of the facts that the text quotes.
fn in_facts(check: Check, text: &Text<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (key, value) in text.quoted() {
        for found in lint::lint_value(value.unwrap_or_default()) {
            if found.check == check {
                let what = format!("the fact “{key}”: {}. {}", found.what, found.why);
                hits.push(Hit::at(text.line_of_fact(key), what));
            }
        }
    }
    hits
}

fn level(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let least = rule.limit.unwrap_or_default();
    let score = reading::score(&text.language(), text.body);
    let hard = score.filter(|(_, score)| *score < least);
    let words = |(formula, score): (&str, f64)| {
        Hit::at(
            0,
            format!(
                "reading level: {score:.0} of 100 by {formula}; plain texts have {least:.0} or more"
            ),
        )
    };
    hard.map(words).into_iter().collect()
}

fn length(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    let most = rule.limit.unwrap_or(f64::INFINITY);
    let words = text.plain.split(' ').count();
    if words as f64 <= most {
        return Vec::new();
    }
    vec![Hit::at(0, format!("{words} words, of at most {most:.0}"))]
}

/// The first sentence that is no greeting.
fn opening(rule: &Rule, text: &Text<'_>) -> Vec<Hit> {
    const GREETING: usize = 5;
    let prose = reading::prose(text.body);
    let mut lines = prose.lines().map(small);
    let Some(first) = lines.find(|line| line.split(' ').count() > GREETING) else {
        return Vec::new();
    };
    let sentence = first
        .split(['.', '!', '?', '。'])
        .next()
        .unwrap_or_default();
    let words = rule.words(&text.language()).unwrap_or_default();
    let found = words
        .iter()
        .find(|word| !places(sentence, &small(word), true).is_empty());
    let line = |word: &String| {
        text.lines
            .iter()
            .skip(1)
            .position(|line| line.contains(word))
    };
    let hit = |word: &String| {
        let at = line(&small(word)).map_or(0, |line| line + 1);
        Hit::at(at, format!("“{word}” in the first sentence"))
    };
    found.map(hit).into_iter().collect()
}
