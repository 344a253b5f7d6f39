//! The public pages: what a customer sees, often on a phone. Each file has the data of one page;
//! its template is in the same folder.
//!
//! | request | page or answer | form fields (`csrf` in each) |
//! |---|---|---|
//! | `GET /` | [`home::Home`] | |
//! | `GET /incidents/{slug}` | [`incident::IncidentPage`] | |
//! | `GET /s/{token}` | [`my_status::MyStatus`] | |
//! | `GET /s/sample` | [`sample::Sample`] | |
//! | `POST /s/{token}/code` | sends a code, back to `back` with `?code#unlock` | `back` |
//! | `POST /s/{token}/open` | opens tier 1 for the session, back to `back` | `back`, `code` |
//! | `POST /s/{token}/leave` | closes tier 1, back to the page | |
//! | `POST /s/{token}/tickets` | asks, on to the next | `text`, `harm` (`yes` or absent) |
//! | `GET /s/{token}/tickets/{number}/asked` | [`question_received::QuestionReceived`] | |
//! | `GET /s/{token}/tickets/{number}` | [`my_ticket::MyTicket`] | |
//! | `POST /s/{token}/tickets/{number}/messages` | replies, back to the ticket | `text` |
//! | `POST /s/{token}/tickets/{number}/reopen` | "this did not help" | |
//! | `GET, POST /verify` | [`verify::Verify`] | `code` |
//! | `GET /find-me` | [`find_me::FindMe`] | |
//!
//! A form that is refused answers 422 with the same page, its faults, and what was typed.

pub mod correction;
pub(crate) mod details;
pub mod find_me;
pub mod home;
pub mod incident;
pub mod my_status;
pub mod my_ticket;
pub mod problem;
pub mod question_received;
pub mod sample;
pub(crate) mod second_step;
pub mod told;
pub mod unlock;
pub mod verify;

use chrono::NaiveDate;

use self::told::Told;
use crate::element;
use crate::incident::{Facts, Incident, Update as Published, UpdateKind};
use crate::web::page::Moment;

/// The fact that promises the next statement.
const NEXT_UPDATE: &str = "next_update";

/// A dated public statement.
#[derive(Debug, Clone)]
pub struct Update {
    /// How sure it is.
    pub kind: UpdateKind,
    /// When it was published.
    pub at: Moment,
    /// Plain text; line breaks are kept.
    pub text: String,
}

/// One line of an incident's fact sheet.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its key, shown as words: `what_happened`.
    pub key: String,
    /// Plain text; line breaks are kept.
    pub value: String,
}

impl Update {
    /// A statement as it was published.
    pub fn of(update: &Published) -> Update {
        Update {
            kind: update.kind,
            at: Moment::exact(update.published_at),
            text: update.body.clone(),
        }
    }
}

impl Fact {
    /// The fact sheet for a reader of `locale`. A fact that is also given in other languages
    /// (`what_happened`, `what_happened_es`) is shown once, in theirs.
    pub fn sheet(facts: &Facts, locale: &str) -> Vec<Fact> {
        let language = element::spoken(locale);
        let told = |key: &str| {
            let translated = facts.get(&format!("{key}_{language}"));
            translated
                .or_else(|| facts.get(key))
                .cloned()
                .unwrap_or_default()
        };
        let translation = |key: &str| {
            key.rsplit_once('_').is_some_and(|(base, language)| {
                element::LOCALES.contains(&language) && facts.contains_key(base)
            })
        };
        facts
            .keys()
            .filter(|key| !translation(key))
            .map(|key| Fact {
                key: key.clone(),
                value: told(key),
            })
            .collect()
    }
}

/// The public facts of an incident as a reader of `locale` sees them. One that is over promises no next update.
pub fn known(of: &Incident, locale: &str) -> Vec<Told> {
    let mut facts = told::sheet(of, locale);
    if of.is_over() {
        facts.retain(|told| told.fact.key != NEXT_UPDATE);
    }
    facts
}

/// When the next statement about an incident comes, if it is not over.
pub fn promised(of: &Incident) -> Option<Moment> {
    next_update(of.public_facts()).filter(|_| !of.is_over())
}

/// When the next statement comes: the fact `next_update`, if it is a day (`2026-11-30`). Written
/// otherwise it is only shown among the facts.
fn next_update(facts: &Facts) -> Option<Moment> {
    let day: NaiveDate = facts.get(NEXT_UPDATE)?.parse().ok()?;
    Some(Moment::day(day.and_hms_opt(0, 0, 0)?.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_shown_once_in_the_readers_language() {
        let pairs = [
            ("what", "en"),
            ("what_es", "es"),
            ("phone", "1"),
            ("other_es", "alone"),
        ];
        let facts = pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let shown = |locale| -> Vec<_> {
            Fact::sheet(&facts, locale)
                .into_iter()
                .map(|f| format!("{}={}", f.key, f.value))
                .collect()
        };
        assert_eq!(shown("es-MX"), ["other_es=alone", "phone=1", "what=es"]);
        assert_eq!(shown("ko"), ["other_es=alone", "phone=1", "what=en"]);
    }
}
