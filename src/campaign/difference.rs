//! In what two drafts of campaigns differ: an edit from what was before, a copy from what was copied.

use serde_json::Value;

use super::{Campaign, Limits};
use crate::audit::changed::Part;

/// A part of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Its name.
    Name,
    /// Why it is sent.
    Kind,
    /// The template, or its version.
    Template,
    /// The recipients.
    Audience,
    /// Messages a second.
    Rate,
    /// The size of the canary.
    Canary,
    /// When it must be through.
    FinishBy,
    /// When it is launched.
    LaunchAt,
    /// In which hours it is held.
    Quiet,
    /// What happens to uncertain notices.
    Policy,
}

impl Difference {
    const ALL: [Self; 10] = [
        Self::Name,
        Self::Kind,
        Self::Template,
        Self::Audience,
        Self::Rate,
        Self::Canary,
        Self::FinishBy,
        Self::LaunchAt,
        Self::Quiet,
        Self::Policy,
    ];

    /// Its word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Template => "template",
            Self::Audience => "audience",
            Self::Rate => "rate",
            Self::Canary => "canary",
            Self::FinishBy => "finish_by",
            Self::LaunchAt => "launch_at",
            Self::Quiet => "quiet",
            Self::Policy => "on_uncertain",
        }
    }

    /// What a page calls it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Name => "the name",
            Self::Kind => "the kind",
            Self::Template => "the template or its version",
            Self::Audience => "the audience",
            Self::Rate => "the maximum rate",
            Self::Canary => "the canary",
            Self::FinishBy => "the deadline",
            Self::LaunchAt => "the time of the launch",
            Self::Quiet => "the quiet hours",
            Self::Policy => "what happens to uncertain notices",
        }
    }
}

/// The differences as the audit log keeps them.
pub(crate) fn words(of: &[Difference]) -> Vec<&'static str> {
    of.iter().map(|one| one.word()).collect()
}

/// The parts that an edit changed, by the words that its entry in the audit log has.
pub(crate) fn parts(changed: &Value) -> Vec<Part> {
    let words = changed.as_array().into_iter().flatten();
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    let known = Difference::ALL.into_iter();
    known
        .filter(|one| words.contains(&one.word()))
        .map(|one| Part::new(format!("draft:{}", one.word()), one.in_words()))
        .collect()
}

fn in_limits(a: &Limits, b: &Limits) -> [(bool, Difference); 5] {
    [
        (a.rate_per_second != b.rate_per_second, Difference::Rate),
        (a.canary != b.canary, Difference::Canary),
        (a.finish_by != b.finish_by, Difference::FinishBy),
        (a.launch_at != b.launch_at, Difference::LaunchAt),
        (a.quiet != b.quiet, Difference::Quiet),
    ]
}

/// In what a campaign differs from `before`.
pub(crate) fn differences(before: &Campaign, of: &Campaign) -> Vec<Difference> {
    let template = |of: &Campaign| (of.template, of.template_version);
    let own = [
        (before.name != of.name, Difference::Name),
        (before.kind != of.kind, Difference::Kind),
        (template(before) != template(of), Difference::Template),
        (before.audience != of.audience, Difference::Audience),
    ];
    let policy = (before.on_uncertain != of.on_uncertain, Difference::Policy);
    let limits = in_limits(&before.limits, &of.limits);
    let all = own.into_iter().chain(limits).chain([policy]);
    all.filter(|(is_other, _)| *is_other)
        .map(|(_, what)| what)
        .collect()
}
