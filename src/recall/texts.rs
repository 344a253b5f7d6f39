//! Finds the texts of campaigns that a recall names as wrong: by template version, or by words in them.

use super::{Named, WrongTexts};
use crate::campaign::Campaign;
use crate::campaign::content::{Content, ContentError};
use crate::element::ElementSet;
use crate::id::CampaignId;
use crate::invisible::is_invisible;
use crate::template::merge::Values;

/// The wrong texts among those that were sent, or may have been: of launched campaigns.
///
/// # Errors
/// The content of a campaign that cannot be read.
pub(super) fn wrong<'c>(
    campaigns: impl IntoIterator<Item = &'c Campaign>,
    named: &Named,
) -> Result<Vec<WrongTexts>, (CampaignId, ContentError)> {
    let launched = campaigns
        .into_iter()
        .filter(|one| one.launched_at.is_some());
    let mut found: Vec<_> = of(launched, named)?;
    found.sort_by_key(|one| one.campaign);
    Ok(found)
}

/// The campaigns that were submitted and not launched, and have a wrong text: Candor has not sent it yet.
pub(crate) fn not_sent_yet<'c>(
    campaigns: impl IntoIterator<Item = &'c Campaign>,
    named: &Named,
) -> Vec<CampaignId> {
    let waiting = campaigns
        .into_iter()
        .filter(|one| one.launched_at.is_none() && one.ended_at.is_none() && one.content.is_some());
    let each = waiting.map(|one| of([one], named).unwrap_or_default());
    each.flatten().map(|one| one.campaign).collect()
}

fn of<'c>(
    campaigns: impl IntoIterator<Item = &'c Campaign>,
    named: &Named,
) -> Result<Vec<WrongTexts>, (CampaignId, ContentError)> {
    let words = named.words.as_deref().map(folded);
    let mut found = Vec::new();
    for campaign in campaigns {
        let version = (campaign.template, campaign.template_version);
        if named.template.is_some_and(|wanted| wanted != version) {
            continue;
        }
        let content = campaign.submitted().map_err(|why| (campaign.id, why))?;
        let Some(content) = content else {
            continue;
        };
        let locales = match &words {
            None => content.variants.keys().cloned().collect(),
            Some(words) => with_words(&content, words),
        };
        if !locales.is_empty() {
            found.push(WrongTexts {
                campaign: campaign.id,
                whole: locales.len() == content.variants.len(),
                locales,
            });
        }
    }
    Ok(found)
}

/// The languages of the texts that contain the folded words: as they were written, or as some reader sees them, facts
/// included. Words of an optional part count for every reader.
fn with_words(content: &Content, words: &str) -> Vec<String> {
    let compiled = content.compile().unwrap_or_default();
    let all = ElementSet::ALL;
    let readers = [
        (all, ElementSet::EMPTY),
        (all, all),
        (ElementSet::EMPTY, all),
        (ElementSet::EMPTY, ElementSet::EMPTY),
    ];
    let is_read = |locale: &String| {
        let Some(text) = compiled.get(locale) else {
            return false;
        };
        readers.iter().any(|(elements, told_wrongly)| {
            let rendered = text.render(&Values {
                name: "N. N.",
                reference: "0",
                elements: *elements,
                told_wrongly: *told_wrongly,
                status_link: "https://example.org/s/sample",
                notice_code: "0000-0000-00",
            });
            rendered.is_ok_and(|one| {
                folded(&one.subject).contains(words) || folded(&one.text).contains(words)
            })
        })
    };
    let named = content.variants.iter().filter(|(locale, variant)| {
        folded(&variant.subject).contains(words)
            || folded(&variant.body).contains(words)
            || is_read(locale)
    });
    named.map(|(locale, _)| locale.clone()).collect()
}

/// A text for comparison: without regard to case, line breaks and characters that do not show.
fn folded(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_across_lines_and_whatever_their_case() {
        let text = folded("We lost data\non\u{a0}5 MAY\u{200b}. ");
        assert_eq!(text, "we lost data on 5 may.");
        assert!(text.contains(&folded("On  5 May")));
    }
}
