//! The public facts of an incident as a reader sees them: in their language, with what is being checked and what was
//! corrected.

use super::Fact;
use crate::incident::claims::{DEFAULT, Texts, fact_key, told, told_key};
use crate::incident::{Incident, Published, PublishedClaim, UpdateKind};
use crate::web::page::Moment;

/// A public fact.
#[derive(Debug, Clone)]
pub struct Told {
    /// The fact, in the reader's language.
    pub fact: Fact,
    /// Set while it is being checked.
    pub state: Option<UpdateKind>,
    /// Its corrections, the latest first.
    pub corrections: Vec<Corrected>,
}

/// What a fact said before it was corrected.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// When the correct text was published.
    pub at: Moment,
    /// The text of before, in the reader's language if it was public in it.
    pub before: String,
}

impl From<Fact> for Told {
    fn from(fact: Fact) -> Self {
        Self {
            fact,
            state: None,
            corrections: Vec::new(),
        }
    }
}

/// The public facts of an incident for a reader of `locale`.
pub(super) fn sheet(of: &Incident, locale: &str) -> Vec<Told> {
    let Some(public) = &of.published else {
        return Vec::new();
    };
    let mut all: Vec<Told> = Fact::sheet(&public.facts, locale)
        .into_iter()
        .filter(|fact| !is_translation(public, &fact.key))
        .map(|fact| in_language(public, fact, locale))
        .chain(without_default(public, locale))
        .collect();
    all.sort_by(|a, b| a.fact.key.cmp(&b.fact.key));
    for told in &mut all {
        if let Some(claim) = public.claims.get(&told.fact.key) {
            mark(told, claim, locale);
        }
    }
    all
}

/// Whether a fact is a claim's text in another language than the default.
fn is_translation(public: &Published, fact: &str) -> bool {
    public.claims.iter().any(|(key, claim)| {
        let mut others = claim.locales.iter().filter(|locale| *locale != DEFAULT);
        others.any(|locale| fact_key(key, locale) == fact)
    })
}

fn in_language(public: &Published, fact: Fact, locale: &str) -> Told {
    let key = told_key(&public.facts, &fact.key, locale);
    let value = key.and_then(|key| public.facts.get(&key).cloned());
    Told::from(Fact {
        value: value.unwrap_or(fact.value),
        ..fact
    })
}

/// The claims without a text in the default language: in the reader's, else in the first that there is.
fn without_default(public: &Published, locale: &str) -> Vec<Told> {
    let in_theirs = told(&public.facts, locale);
    let claims = public
        .claims
        .iter()
        .filter(|(key, _)| !public.facts.contains_key(*key));
    let text = |(key, claim): (&String, &PublishedClaim)| {
        let first = claim.locales.first().map(|first| fact_key(key, first));
        let first = || public.facts.get(&first?);
        let value = in_theirs.get(key).or_else(first)?.clone();
        let key = key.clone();
        Some(Told::from(Fact { key, value }))
    };
    claims.filter_map(text).collect()
}

fn mark(told: &mut Told, claim: &PublishedClaim, locale: &str) {
    told.state = Some(claim.state).filter(|state| *state == UpdateKind::BeingChecked);
    let corrections = claim.corrections.iter().rev();
    told.corrections = corrections
        .filter_map(|one| {
            Some(Corrected {
                at: Moment::exact(one.at),
                before: nearest(&one.before, locale)?.clone(),
            })
        })
        .collect();
}

fn nearest<'t>(texts: &'t Texts, locale: &str) -> Option<&'t String> {
    let language = locale.split('-').next().unwrap_or(locale);
    let wanted = [locale, language, DEFAULT];
    let mut found = wanted.iter().filter_map(|tag| texts.get(*tag));
    found.next().or_else(|| texts.values().next())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::incident::{Correction, Facts, PublishedClaims};

    #[test]
    fn a_claim_is_shown_once_in_the_readers_language() {
        let facts = [
            ("what", "en"),
            ("what_ja", "ja"),
            ("offer_ja", "only ja"),
            ("own_ja", "own"),
        ];
        let facts: Facts = facts
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into();
        let claim = |locales: &[&str]| PublishedClaim {
            state: UpdateKind::BeingChecked,
            locales: locales.iter().map(|one| (*one).to_owned()).collect(),
            corrections: Vec::new(),
        };
        let claims = [
            ("what", claim(&["en", "ja"])),
            ("offer", claim(&["ja"])),
            ("own_ja", claim(&["en"])),
        ];
        let public = Published {
            facts,
            claims: claims.map(|(key, claim)| (key.to_owned(), claim)).into(),
            at: DateTime::UNIX_EPOCH,
            by: None,
        };
        let shown = |locale: &str| -> Vec<String> {
            let keys = Fact::sheet(&public.facts, locale).into_iter();
            let own = keys.filter(|fact| !is_translation(&public, &fact.key));
            let own = own.map(|fact| in_language(&public, fact, locale));
            let all = own.chain(without_default(&public, locale));
            all.map(|told| format!("{}={}", told.fact.key, told.fact.value))
                .collect()
        };
        assert_eq!(shown("ja-JP"), ["own_ja=own", "what=ja", "offer=only ja"]);
        assert_eq!(shown("ko"), ["own_ja=own", "what=en", "offer=only ja"]);
    }

    #[test]
    fn a_correction_is_shown_in_the_nearest_language() {
        let before = |text: &str| Correction {
            at: DateTime::UNIX_EPOCH,
            before: [("en", text), ("es", "mal")]
                .map(|(locale, text)| (locale.to_owned(), text.to_owned()))
                .into(),
        };
        let claims: PublishedClaims = [(
            "what".to_owned(),
            PublishedClaim {
                state: UpdateKind::Corrected,
                locales: vec!["en".to_owned()],
                corrections: vec![before("first"), before("second")],
            },
        )]
        .into();
        let shown = |locale: &str| -> Vec<String> {
            let fact = Fact {
                key: "what".to_owned(),
                value: "now".to_owned(),
            };
            let mut told = Told::from(fact);
            mark(&mut told, &claims["what"], locale);
            assert_eq!(told.state, None);
            told.corrections.into_iter().map(|one| one.before).collect()
        };
        assert_eq!(shown("de"), ["second", "first"]);
        assert_eq!(shown("es-MX"), ["mal", "mal"]);
    }
}
