//! What becomes public of claims: their states, and what a corrected claim said before.

use chrono::{DateTime, Utc};

use super::change::Change;
use super::claims::{Claims, Texts, Version, fact_key};
use super::{Correction, Published, PublishedClaim, PublishedClaims, UpdateKind};

/// What is public of the claims if they are published now. A claim that is corrected, and that says something else than in
/// public, keeps what it said in public.
pub fn publish(before: Option<&Published>, claims: &Claims, now: DateTime<Utc>) -> PublishedClaims {
    let live = claims.values().filter(|claim| !claim.texts.is_empty());
    let one = |claim: &Version| {
        let was = before.and_then(|before| before.claims.get(&claim.key));
        let is_corrected = claim.state == UpdateKind::Corrected;
        let mut corrections = was
            .filter(|_| is_corrected)
            .map_or_else(Vec::new, |was| was.corrections.clone());
        let said = before.map_or_else(Texts::new, |before| said_before(before, claim));
        if is_corrected && !said.is_empty() {
            corrections.push(Correction {
                at: now,
                before: said,
            });
        }
        let published = PublishedClaim {
            state: claim.state,
            locales: claim.texts.keys().cloned().collect(),
            corrections,
        };
        (claim.key.clone(), published)
    };
    live.map(one).collect()
}

/// The texts of a claim that are public and not as they are now.
fn said_before(before: &Published, claim: &Version) -> Texts {
    let public = |(locale, text): (&String, &String)| {
        let was = before.facts.get(&fact_key(&claim.key, locale))?;
        (was != text).then(|| (locale.clone(), was.clone()))
    };
    claim.texts.iter().filter_map(public).collect()
}

/// Whether publishing would change what pages say of states and corrections.
pub(crate) fn marks_differ(before: &PublishedClaims, after: &PublishedClaims) -> bool {
    let marks = |of: &PublishedClaims| -> Vec<(String, UpdateKind, usize)> {
        let marked = of.iter().filter(|(_, one)| one.state != UpdateKind::Known);
        marked
            .map(|(key, one)| (key.clone(), one.state, one.corrections.len()))
            .collect()
    };
    marks(before) != marks(after)
}

/// What publishing says of corrections and of what is being checked, a sentence for each claim. `changes`: the facts that
/// it changes.
pub(crate) fn notes(
    before: Option<&Published>,
    coming: &PublishedClaims,
    changes: &[&Change],
) -> Vec<String> {
    let none = PublishedClaims::new();
    let public = before.map_or(&none, |before| &before.claims);
    let note = |(key, claim): (&String, &PublishedClaim)| {
        let was = public.get(key);
        let state = was.map_or(UpdateKind::Known, |was| was.state);
        let corrections = was.map_or(0, |was| was.corrections.len());
        let is_replaced = |locale: &String| {
            let fact = fact_key(key, locale);
            let mut of = changes.iter().filter(|change| change.key == fact);
            of.any(|change| change.before.is_some() && change.after.is_some())
        };
        let is_replaced = claim.locales.iter().any(is_replaced);
        Some(match claim.state {
            UpdateKind::Corrected if claim.corrections.len() > corrections => {
                format!("Pages say that “{key}” was corrected, when, and what it said before.")
            }
            UpdateKind::Corrected => return None,
            _ if corrections > 0 => {
                format!("Pages no longer say that “{key}” was corrected.")
            }
            UpdateKind::BeingChecked if state != UpdateKind::BeingChecked => {
                format!("Pages say that “{key}” is being checked.")
            }
            UpdateKind::Known if state == UpdateKind::BeingChecked => {
                format!("Pages no longer say that “{key}” is being checked.")
            }
            UpdateKind::Known if is_replaced => format!(
                "“{key}” gets another text and is not marked as corrected: pages do not say what it said before."
            ),
            _ => return None,
        })
    };
    coming.iter().filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Facts;
    use crate::incident::claims::to_facts;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        pairs.iter().map(pair).collect()
    }

    fn claim(key: &str, texts: &[(&str, &str)]) -> Version {
        Version {
            key: key.to_owned(),
            number: 1,
            state: UpdateKind::Known,
            texts: facts(texts),
            by: None,
            at: None,
        }
    }

    #[test]
    fn a_correction_keeps_what_was_public() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
        let before = Published {
            facts: facts(&[("what", "wrong"), ("what_es", "mal"), ("same", "S")]),
            claims: PublishedClaims::new(),
            at: now,
            by: None,
        };
        let corrected = |texts| Version {
            state: UpdateKind::Corrected,
            ..claim("what", texts)
        };
        let claims: Claims = [
            corrected(&[("en", "right"), ("es", "bien"), ("fr", "juste")]),
            claim("same", &[("en", "S")]),
        ]
        .map(|one| (one.key.clone(), one))
        .into();
        let published = publish(Some(&before), &claims, now);
        let said = facts(&[("en", "wrong"), ("es", "mal")]);
        assert_eq!(published["what"].corrections.len(), 1);
        assert_eq!(published["what"].corrections[0].before, said);
        assert!(published["same"].corrections.is_empty());
        assert!(marks_differ(&before.claims, &published));
        // The same again keeps it, and adds nothing.
        let again = Published {
            facts: to_facts(&claims).expect("fine"),
            claims: published.clone(),
            ..before
        };
        assert_eq!(publish(Some(&again), &claims, now), published);
        assert!(!marks_differ(&again.claims, &published));
        // What was never public has nothing to show as corrected.
        assert!(publish(None, &claims, now)["what"].corrections.is_empty());
    }
}
