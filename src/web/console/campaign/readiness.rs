//! Before a launch: who gets the campaign, which text they read, and what must be changed or acknowledged first.

use std::collections::BTreeSet;

use crate::campaign::approval::unpublished;
use crate::campaign::check::{self, Review};
use crate::campaign::content::Content;
use crate::campaign::{Campaign, CampaignStatus};
use crate::incident::Incident;
use crate::person::AudienceCount;
use crate::person::terms::{AudienceTerm, AudienceTerms};
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::console::audience::sentence::Sentence;
use crate::web::console::audience::typed::Typed;
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;

/// The audience of a campaign, and what prevents its submission.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    /// The sentence about its audience.
    pub sentence: Sentence,
    /// The query of the audience's page.
    pub builder: String,
    /// How many people can be told by e-mail, need a letter, are withheld or are left out.
    pub count: AudienceCount,
    /// The languages of the audience, most people first.
    pub readers: Vec<Reader>,
    /// Facts that its texts quote and that are not public in their present form.
    pub unpublished: Vec<String>,
    /// What must be changed before a submission, each a sentence.
    pub reasons: Vec<String>,
    /// What must be acknowledged, or was acknowledged.
    pub acknowledge: Vec<Acknowledgement>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether the reader may submit it.
    pub may_submit: bool,
}

/// People who read a language.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The language's name in words.
    pub language: String,
    /// How many people read it.
    pub people: i64,
    /// The language of the text that they get, in words.
    pub text: String,
    /// Whether the text is in their language.
    pub is_theirs: bool,
}

/// One thing to acknowledge.
#[derive(Debug, Clone)]
pub struct Acknowledgement {
    /// What the form sends: `fr`, `es:what_happened`.
    pub key: String,
    /// Why, a sentence.
    pub why: String,
    /// Whether its box is ticked.
    pub ticked: bool,
    /// The name of the person who acknowledged it; empty before that.
    pub by: String,
}

/// The text without its last sentence, which advises the author of a draft.
fn without_advice(why: &str) -> &str {
    why.trim_end_matches('.')
        .rfind(". ")
        .map_or(why, |end| &why[..=end])
}

/// The query of the page of the campaign's audience; there, staff who may can change the audience of a draft.
fn builder(of: &Campaign, who: &Signed) -> String {
    let is_draft = of.status == CampaignStatus::Draft && who.may(Right::DraftCampaign);
    Typed {
        draft: if is_draft {
            of.id.to_string()
        } else {
            String::new()
        },
        template: of.template.to_string(),
        ..Typed::of(of.kind, &of.audience)
    }
    .query()
}

impl Readiness {
    pub(crate) fn of(
        of: &Campaign,
        present: &Content,
        counted: &AudienceTerms,
        incident: &Incident,
        (names, who): (&Names, &Signed),
    ) -> Self {
        let (review, broken) = match check::review(present, &counted.classes) {
            Ok(review) => (review, Vec::new()),
            Err(wrong) => {
                let sentence = |(locale, error)| format!("The text “{locale}”: {error}");
                (Review::default(), wrong.into_iter().map(sentence).collect())
            }
        };
        let all: BTreeSet<String> = review
            .acknowledge
            .iter()
            .map(|one| one.key.clone())
            .collect();
        let mut reasons = broken;
        reasons.extend(review.reasons(&all));
        if counted.of(AudienceTerm::GetsIt) == 0 {
            reasons.push("No person in this audience can be told by e-mail.".to_owned());
        }
        let reader = |one: check::Readers| Reader {
            language: own_name(one.locale.as_str()),
            people: one.people,
            text: own_name(&one.text),
            is_theirs: one.is_theirs,
        };
        let acknowledgement = |one: check::ToAcknowledge| Acknowledgement {
            ticked: false,
            by: of
                .acknowledged
                .get(&one.key)
                .map(|by| names.of(*by))
                .unwrap_or_default(),
            key: one.key,
            why: match of.status {
                CampaignStatus::Draft => one.why,
                _ => without_advice(&one.why).to_owned(),
            },
        };
        Self {
            unpublished: unpublished(present, incident),
            count: counted.count(),
            builder: builder(of, who),
            sentence: Sentence::of(
                &incident.slug,
                (of.kind, &of.audience),
                counted,
                who.may(Right::SeeAllPeople),
            ),
            readers: review.readers.into_iter().map(reader).collect(),
            acknowledge: review
                .acknowledge
                .into_iter()
                .map(acknowledgement)
                .collect(),
            reasons,
            is_draft: of.status == CampaignStatus::Draft,
            may_submit: who.may(Right::DraftCampaign),
        }
    }

    /// Why the button alone cannot submit it; empty if it can.
    pub(crate) fn blocked(&self) -> &'static str {
        if !self.reasons.is_empty() {
            "Something must be changed first. See “Who reads what” below."
        } else if !self.acknowledge.is_empty() {
            "Something must be acknowledged with it. See “Who reads what” below."
        } else {
            ""
        }
    }
}
