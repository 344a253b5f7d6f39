//! What can be seen in the source of a text without a rule of its own: findings for its author; none stops the template
//! from compiling. Each says what was found and why it harms the reader. Links after domain research V13.
//! `template::rules` adds what rules with words and places find.

mod check;
pub(super) mod links;
pub(super) mod reading;
mod unfinished;
mod values;

use std::borrow::Cow;
use std::iter;

pub use check::Check;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Think again.
    Warning,
    /// Must not be sent.
    Error,
}

/// One remark on a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What looked for it.
    pub check: Check,
    /// How much it matters.
    pub severity: Severity,
    /// Line of the body, from 1; 0 means the subject or the template as a whole.
    pub line: usize,
    /// What was found.
    pub what: String,
    /// Why it matters and what to do.
    pub why: Cow<'static, str>,
}

/// What the source of a text shows, by line. It is the same in every language.
pub fn lint(subject: &str, body: &str) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for (number, line) in iter::once(subject).chain(body.lines()).enumerate() {
        findings.exclamation(number, line);
        findings.unfinished(number, line);
        findings.values(number, line);
    }
    findings.links(body);
    findings
        .0
        .sort_by_key(|f| (f.line, std::cmp::Reverse(f.severity)));
    findings.0
}

/// What must not be sent of a text without markup, such as a fact.
pub fn lint_value(text: &str) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for (number, line) in text.lines().enumerate() {
        findings.unfinished(number + 1, line);
        findings.values(number + 1, line);
    }
    findings.0.retain(|found| found.severity == Severity::Error);
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        check: Check,
        severity: Severity,
        line: usize,
        what: impl Into<String>,
        why: &'static str,
    ) {
        self.0.push(Finding {
            check,
            severity,
            line,
            what: what.into(),
            why: why.into(),
        });
    }

    fn exclamation(&mut self, number: usize, line: &str) {
        let image_start = |at: usize| line[at + '!'.len_utf8()..].starts_with('[');
        if line.contains('！') || line.match_indices('!').any(|(at, _)| !image_start(at)) {
            self.add(
                Check::Urgency,
                Severity::Warning,
                number,
                "an exclamation mark",
                "It sounds like advertising or alarm. End the sentence with a full stop.",
            );
        }
    }
}

/// A fact named after a means of contact, a mail or phone link, or digits like a phone number.
pub(super) fn has_contact(body: &str, used: &[String]) -> bool {
    let names = ["contact", "phone", "mail", "helpline", "hotline", "call"];
    let fact = |word: &String| word.starts_with("facts.") && names.iter().any(|n| word.contains(n));
    let lower = body.to_lowercase();
    used.iter().any(fact)
        || lower.contains("mailto:")
        || lower.contains("tel:")
        || lower
            .split_whitespace()
            .any(|w| w.contains('@') && w.contains('.'))
        || reading::holds_phone_number(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Vec<String> {
        let findings = lint("Notice", body);
        findings.into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn exclamation_marks_are_found_but_images_are_not_exclamations() {
        assert_eq!(found("Act now!"), ["an exclamation mark"]);
        assert_eq!(found("![x](https://example.com/a.png)"), [""; 0]);
    }
}
