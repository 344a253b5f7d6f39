//! What the rules find in the texts of a campaign, for the people who get each: by language, place and exposed elements.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::content::Content;
use super::error::CampaignError;
use crate::app::App;
use crate::element::ElementSet;
use crate::person::AudienceClass;
use crate::person::place::Jurisdiction;
use crate::template::pick;
use crate::template::rules::{self, Known, Remark, Remarks, Rules, Setting, Text};

/// What the rules found, and the places with too few known rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What blocks comes first.
    pub remarks: Vec<Remark>,
    /// Places of the audience for which Candor knows no rule.
    pub unknown: Vec<String>,
    /// Places for which it knows only rules of the whole country.
    pub country_only: Vec<String>,
}

/// Readers of one text who see the same words and have the same rules.
#[derive(Default)]
struct Group {
    elements: ElementSet,
    people: BTreeMap<Option<Jurisdiction>, i64>,
}

/// What the rules of this deployment find today.
///
/// # Errors
/// [`CampaignError::Rules`].
pub(crate) fn of(
    app: &App,
    content: &Content,
    classes: &[AudienceClass],
) -> Result<Findings, CampaignError> {
    let rules = Rules::of(&app.config)?;
    let domains = rules::domains(&app.config);
    let today = app.now().date_naive();
    Ok(find(&rules, (content, &domains), classes, today))
}

/// Looks for what the rules say in the texts that have readers. What makes a text unusable is not here: `check` finds that
/// for every class of readers.
fn find(
    rules: &Rules,
    (content, domains): (&Content, &[String]),
    classes: &[AudienceClass],
    day: NaiveDate,
) -> Findings {
    let mut found = Remarks::default();
    let setting = Setting {
        organisation: &content.organisation,
        title: &content.title,
        facts: Some(&content.facts),
        public_url: &content.public_url,
        domains,
        is_known: true,
    };
    for ((tag, _), group) in groups(rules, content, classes) {
        let Some(variant) = content.variants.get(&tag) else {
            continue;
        };
        let text = Text::read(&tag, variant, setting, group.elements, content.names);
        let all = rules.look_for(&text, &group.people, day).into_iter();
        all.filter(|one| one.waivable || !one.blocking)
            .for_each(|one| found.add(one));
    }
    let places: BTreeSet<&Jurisdiction> = classes
        .iter()
        .filter_map(|class| class.jurisdiction.as_ref())
        .collect();
    let of = |known| {
        let places = places.iter().filter(|place| rules.known(place) == known);
        places.map(ToString::to_string).collect()
    };
    Findings {
        remarks: found.sorted(),
        unknown: of(Known::Nothing),
        country_only: of(Known::Country),
    }
}

/// The readers of each text. People with other elements are one group if no rule and no condition of the text tells them
/// apart; the sample person of a group has all that was exposed of one of them.
fn groups(
    rules: &Rules,
    content: &Content,
    classes: &[AudienceClass],
) -> BTreeMap<(String, i64), Group> {
    let texts = content.compile().unwrap_or_default();
    let mut groups: BTreeMap<(String, i64), Group> = BTreeMap::new();
    for class in classes {
        let Some((tag, text)) = pick(&texts, class.locale.as_str()) else {
            continue;
        };
        let telling = rules.elements().union(text.conditions());
        let apart = match class.exposed.is_empty() {
            true => -1,
            false => class.exposed.intersection(telling).bits(),
        };
        let group = groups.entry((tag.to_owned(), apart)).or_default();
        group.elements = group.elements.union(class.exposed);
        *group.people.entry(class.jurisdiction.clone()).or_default() += class.people;
    }
    groups
}
