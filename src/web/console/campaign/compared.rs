//! Two contents of campaigns compared: each part that differs, word by word.

use chrono::{DateTime, Utc};

use super::content::{in_words_of_canary, policy_in_words, sender, to_whom};
use crate::campaign::Limits;
use crate::campaign::change::Change;
use crate::campaign::content::Content;
use crate::element::in_words;
use crate::template::diff::{Piece, words};
use crate::web::figures::count;

/// A part that differs.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its name: `the text “en”`.
    pub name: String,
    /// Its words before and after.
    pub pieces: Vec<Piece>,
}

/// Each part that differs, in the order in which people read it.
pub(crate) fn compared(before: &Content, after: &Content) -> Vec<Compared> {
    let one = |change: Change| Compared {
        pieces: words(&of(before, &change), &of(after, &change)),
        name: change.to_string(),
    };
    before.changes(after).into_iter().map(one).collect()
}

/// A part of a content in words; empty if the content has no such part.
fn of(content: &Content, part: &Change) -> String {
    match part {
        // Neither can be compared: waivers are no part of a content.
        Change::Format | Change::Waivers => String::new(),
        Change::Text(locale) => content
            .variants
            .get(locale)
            .map(|text| format!("{}\n\n{}", text.subject, text.body))
            .unwrap_or_default(),
        Change::FactLanguages => match content.facts_by_language {
            true => "in the language of the text, if a fact has one".to_owned(),
            false => "as each text names them".to_owned(),
        },
        Change::Fact(key) => content.facts.get(key).cloned().unwrap_or_default(),
        Change::Names => in_words(content.names, "en"),
        Change::Title => content.title.clone(),
        Change::Kind => content.kind.to_string(),
        Change::Audience => to_whom(&content.audience, content.kind),
        Change::Scope => format!("list version {}", content.scope),
        Change::Rate => limits(&content.limits),
        Change::Schedule => content
            .limits
            .launch_at
            .map_or("at no set time".to_owned(), in_utc),
        Change::Quiet => content
            .limits
            .quiet
            .map_or("none".to_owned(), |quiet| quiet.to_string()),
        Change::Policy => policy_in_words(content.on_uncertain).to_owned(),
        Change::Organisation => content.organisation.clone(),
        Change::Sender => sender(content),
        Change::ReturnPath => match content.verp {
            true => format!("{}, with the id of the notice", content.return_path),
            false => content.return_path.clone(),
        },
        Change::PublicAddress => content.public_url.clone(),
        Change::Acknowledged => {
            let keys: Vec<&str> = content.acknowledged.keys().map(String::as_str).collect();
            keys.join(", ")
        }
    }
}

/// Rate, canary and deadline in words.
fn limits(of: &Limits) -> String {
    let rate = match of.rate_per_second {
        0 => "as fast as the relays take them".to_owned(),
        rate => format!("at most {}/s", count(rate.into())),
    };
    let canary = in_words_of_canary(of.canary);
    let by = of.finish_by.map_or("no deadline".to_owned(), |by| {
        format!("finish by {}", in_utc(by))
    });
    format!("{rate}; canary: {canary}; {by}")
}

fn in_utc(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}
