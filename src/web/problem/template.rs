//! Problems of templates and their texts.

use serde::Serialize;

use super::{Kind, Problem};
use crate::template::edit::EditError;
use crate::template::lint::{Finding, Severity};
use crate::template::merge::{MergeError, Part};
use crate::template::preview::PreviewError;
use crate::template::rules::{Line, Remark};

/// A finding of the text check, in the JSON of the API. A template may be saved with it. A campaign with an error is not
/// submitted.
#[derive(Debug, Serialize)]
pub(crate) struct FindingView {
    locale: String,
    severity: &'static str,
    line: usize,
    what: String,
    why: String,
    /// The rule that found it.
    rule: String,
    /// The source of the rule; empty for those of Candor itself.
    citation: String,
}

impl FindingView {
    /// A finding in the text of a locale.
    pub(crate) fn of(locale: &str, finding: Finding) -> Self {
        Self {
            locale: locale.to_owned(),
            severity: match finding.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            line: finding.line,
            what: finding.what,
            why: finding.why.into_owned(),
            rule: finding.check.own_rule(),
            citation: String::new(),
        }
    }

    /// What a rule found, once for each place in the text.
    pub(crate) fn of_remark(of: &Remark) -> Vec<Self> {
        let view = |line: &Line| Self {
            locale: of.locale.clone(),
            severity: if of.blocking { "error" } else { "warning" },
            line: line.line,
            what: match line.what.as_str() {
                "" => of.what.clone(),
                what => what.to_owned(),
            },
            why: match line.what.as_str() {
                "" => of.todo.clone(),
                _ => format!("{} {}", of.what, of.todo),
            },
            rule: of.rule.clone(),
            citation: of.citation.clone(),
        };
        of.lines.iter().map(view).collect()
    }
}

/// An error in a text, in the JSON of the API.
#[derive(Debug, Serialize)]
struct TextError {
    locale: Option<String>,
    part: &'static str,
    line: usize,
    column: usize,
    why: String,
}

/// The problem of texts that do not compile: each error with its place.
pub(crate) fn bad_text<'e>(
    wrong: impl Iterator<Item = (Option<&'e str>, &'e MergeError)>,
) -> Problem {
    let each = |(locale, error): (Option<&str>, &MergeError)| TextError {
        locale: locale.map(str::to_owned),
        part: match error.part {
            Part::Subject => "subject",
            Part::Body => "body",
        },
        line: error.line,
        column: error.column,
        why: error.problem.to_string(),
    };
    let errors: Vec<_> = wrong.map(each).collect();
    Problem::new(Kind::NotAccepted)
        .because("the text has errors: the member errors lists each with its place")
        .with("errors", errors)
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let kind = match &error {
            EditError::Missing => Kind::NotFound,
            EditError::NameTaken => Kind::Taken,
            EditError::Changed { .. } => Kind::Changed,
            EditError::Used(_) => Kind::InTheWay,
            EditError::Name
            | EditError::Variants
            | EditError::Names(_)
            | EditError::Text(_)
            | EditError::NoSuchStart
            | EditError::NoSuchText(_)
            | EditError::Db(_) => Kind::NotAccepted,
        };
        match error {
            EditError::Db(error) => error.into(),
            EditError::Text(wrong) => {
                bad_text(wrong.iter().map(|(locale, e)| (Some(locale.as_str()), e)))
            }
            EditError::Changed { ref changed, .. } => Self::changed(&error, changed),
            error => Self::new(kind).because(error),
        }
    }
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Text(wrong) => bad_text(wrong.iter().map(|error| (None, error))),
            missing @ PreviewError::Missing(_) => Self::new(Kind::NotAccepted).because(missing),
        }
    }
}
