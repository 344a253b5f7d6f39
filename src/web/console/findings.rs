//! What rules found in texts, as pages show it: the line, what is wrong, what to do, the rule with its source, and who
//! waived it.

use crate::campaign::Campaign;
use crate::campaign::findings::Findings as Found;
use crate::campaign::store::Judged;
use crate::id::CampaignId;
use crate::seal::IncidentKey;
use crate::template::Variants;
use crate::template::rules::{Remark, State};
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;
use crate::web::figures::count;
use crate::web::page::{Moment, Tone};

/// The findings of a page.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What stops an approval, and then advice.
    pub findings: Vec<Finding>,
    /// Places of the audience for which Candor knows no rule.
    pub unknown: Vec<String>,
    /// Places for which it knows only rules of the whole country.
    pub country_only: Vec<String>,
    /// Whether this is what was found when the campaign was submitted, and can be waived.
    pub is_submitted: bool,
    /// Whether the reader may waive.
    pub may_waive: bool,
}

/// What one rule found in one text.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    /// What the form sends.
    pub key: String,
    /// `Act` stops an approval, `Done` is waived, `Look` is advice.
    pub tone: Tone,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub todo: String,
    /// The text and its readers: `English, for 12 people in US-CA`.
    pub who: String,
    /// The rule's name.
    pub rule: String,
    /// Its source, and where it stands.
    pub source: String,
    /// Whether it stops an approval.
    pub blocking: bool,
    /// Where it stands in the text.
    pub lines: Vec<Line>,
    /// Who waived it, when and why.
    pub waiver: Option<Waiver>,
    /// A reason that was typed and refused.
    pub typed: String,
}

/// One place in a text.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// `Body, line 3`.
    pub place: String,
    /// The line itself; empty for the text as a whole.
    pub quote: String,
    /// What was found there.
    pub what: String,
}

/// A waiver that holds.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The name of the approver.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Why; empty once the incident is forgotten.
    pub reason: String,
}

/// Characters of a line that are shown.
const QUOTE: usize = 160;

impl Findings {
    /// The findings in the text of one language of a template.
    pub(crate) fn of_template(remarks: &[Remark], variants: &Variants) -> Self {
        Self {
            findings: remarks.iter().map(|one| finding(one, variants)).collect(),
            ..Self::default()
        }
    }

    /// What rules find in a draft.
    pub(crate) fn of_draft(found: Found, variants: &Variants) -> Self {
        Self {
            unknown: found.unknown,
            country_only: found.country_only,
            ..Self::of_template(&found.remarks, variants)
        }
    }

    /// What was found when a campaign was submitted, with its waivers.
    pub(crate) fn of_submitted(
        (of, judged): (&Campaign, &Judged),
        variants: &Variants,
        key: Option<&IncidentKey>,
        (names, now): (&Names, chrono::DateTime<chrono::Utc>),
    ) -> Self {
        let mut shown = Self::of_template(&judged.remarks, variants);
        shown.is_submitted = true;
        for one in &mut shown.findings {
            let waiver = judged
                .waivers
                .iter()
                .find(|waiver| waiver.finding == one.key);
            if let Some(waiver) = waiver {
                one.tone = Tone::Done;
                one.waiver = Some(Waiver {
                    by: names.of(waiver.by),
                    at: Moment::ago(waiver.at, now),
                    reason: opened(key, of.id, &waiver.reason_sealed),
                });
            }
        }
        shown
    }

    /// How many findings stop the approval.
    pub(crate) fn open(&self) -> usize {
        let open = |one: &&Finding| one.blocking && one.waiver.is_none();
        self.findings.iter().filter(open).count()
    }

    /// Whether the page has something to say.
    pub(crate) fn any(&self) -> bool {
        !self.findings.is_empty() || !self.unknown.is_empty() || !self.country_only.is_empty()
    }

    /// Those that stop an approval, or were waived.
    pub(crate) fn blocking(&self) -> Vec<&Finding> {
        self.findings.iter().filter(|one| one.blocking).collect()
    }

    /// Those that are advice.
    pub(crate) fn advice(&self) -> Vec<&Finding> {
        self.findings.iter().filter(|one| !one.blocking).collect()
    }
}

/// The reason of a waiver; empty if its key is destroyed.
pub(crate) fn opened(key: Option<&IncidentKey>, id: CampaignId, sealed: &[u8]) -> String {
    let plain = key.and_then(|key| key.open(&Campaign::reason_owner(id), sealed).ok());
    plain
        .and_then(|plain| String::from_utf8(plain).ok())
        .unwrap_or_default()
}

fn finding(of: &Remark, variants: &Variants) -> Finding {
    Finding {
        key: of.finding.clone(),
        tone: if of.blocking { Tone::Act } else { Tone::Look },
        what: of.what.clone(),
        todo: of.todo.clone(),
        who: who(of),
        rule: of.rule.clone(),
        source: source(of),
        blocking: of.blocking,
        lines: lines(of, variants),
        waiver: None,
        typed: String::new(),
    }
}

fn who(of: &Remark) -> String {
    let language = own_name(&of.locale);
    let people = match of.people {
        None => return language,
        Some(1) => "1 person".to_owned(),
        Some(n) => format!("{} people", count(n)),
    };
    match of.places.join(", ") {
        none if none.is_empty() => format!("{language}, for {people}"),
        places => format!("{language}, for {people} in {places}"),
    }
}

fn source(of: &Remark) -> String {
    let mut source = of.citation.clone();
    if of.state == State::Disputed {
        source += ". It is disputed whether this binds";
    }
    if of.unverified {
        source += ". Not checked against the law itself: ask your counsel";
    }
    source
}

/// The places, each with its line; a place that says nothing more than the rule is left out.
fn lines(of: &Remark, variants: &Variants) -> Vec<Line> {
    let body = variants
        .get(&of.locale)
        .map_or("", |text| text.body.as_str());
    let line = |one: &crate::template::rules::Line| {
        let quote = match one.line {
            0 => "",
            n => body.lines().nth(n - 1).unwrap_or_default(),
        };
        Line {
            place: match one.line {
                0 => "Subject or the whole text".to_owned(),
                n => format!("Body, line {n}"),
            },
            quote: quote.trim().chars().take(QUOTE).collect(),
            what: one.what.clone(),
        }
    };
    let said = of.lines.iter();
    said.filter(|one| one.line > 0 || !one.what.is_empty())
        .map(line)
        .collect()
}
