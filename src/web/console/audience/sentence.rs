//! The sentence: `517 in scope − 92 need a letter − 396 told before = 29 will get it`, each number a link to its people.

use crate::campaign::{Audience, CampaignKind};
use crate::person::terms::{AudienceTerm, AudienceTerms};
use crate::web::console::audience::typed::Typed;

/// The sentence about an audience.
#[derive(Debug, Clone, Default)]
pub struct Sentence {
    /// The people it begins with.
    pub all: i64,
    /// What is said of them.
    pub beginning: &'static str,
    /// Those who are left out, by the first reason that applies; none without people.
    pub left_out: Vec<Term>,
    /// Those who get the message.
    pub gets: Term,
}

/// A number of people, and what is said of them.
#[derive(Debug, Clone, Default)]
pub struct Term {
    /// How many.
    pub people: i64,
    /// What is said.
    pub words: &'static str,
    /// The list of them; empty for a reader who may not see it, and without people.
    pub href: String,
}

impl Sentence {
    /// The sentence about a counted audience of the incident at `slug`.
    pub(crate) fn of(
        slug: &str,
        (kind, audience): (CampaignKind, &Audience),
        counted: &AudienceTerms,
        may_see: bool,
    ) -> Self {
        let query = Typed::of(kind, audience).query();
        let who = audience.who(kind);
        let term = |term: AudienceTerm| {
            let people = counted.of(term);
            let href = match may_see && people > 0 {
                true => format!(
                    "/console/incidents/{slug}/audience/people?{query}&term={}",
                    term.as_str()
                ),
                false => String::new(),
            };
            let words = term.in_words(who, people);
            Term {
                people,
                words,
                href,
            }
        };
        let each = AudienceTerm::ALL.iter().copied();
        let left_out = each.filter(|one| *one != AudienceTerm::GetsIt && counted.of(*one) > 0);
        Self {
            all: counted.all(),
            beginning: who.beginning(),
            left_out: left_out.map(term).collect(),
            gets: term(AudienceTerm::GetsIt),
        }
    }
}
