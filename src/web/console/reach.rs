//! Whom a campaign that was not launched goes to, which text they read, and what stands against it.

use std::collections::BTreeSet;

use super::around::Names;
use super::audience::Counted;
use super::template::language;
use crate::campaign::approval::unpublished;
use crate::campaign::check::{self, Review};
use crate::campaign::content::Content;
use crate::campaign::{Campaign, CampaignStatus};
use crate::incident::Incident;
use crate::person::AudienceCount;
use crate::staff::Right;
use crate::web::caller::Signed;

/// What a campaign's page says of its audience.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// How it divides.
    pub count: AudienceCount,
    /// Who reads what, most people first.
    pub readers: Vec<Reader>,
    /// Facts that its texts quote and that no public page shows as they are now.
    pub unpublished: Vec<String>,
    /// What must be changed before it can be submitted.
    pub reasons: Vec<String>,
    /// What must be acknowledged, or was.
    pub acknowledge: Vec<Acknowledgement>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether the reader of the page may submit it.
    pub may_submit: bool,
}

/// People who read a language.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The language's name in words.
    pub language: String,
    /// How many.
    pub people: i64,
    /// The name of the language of the text that they get.
    pub text: String,
    /// Whether that is a text in their language.
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
    /// Who acknowledged it; empty if nobody did yet.
    pub by: String,
}

/// What is so, without its last sentence, which says what an author may do about it.
fn without_advice(why: &str) -> &str {
    why.trim_end_matches('.')
        .rfind(". ")
        .map_or(why, |end| &why[..=end])
}

impl Reach {
    pub(super) fn of(
        of: &Campaign,
        present: &Content,
        counted: &Counted,
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
        if counted.count.mailable == 0 {
            reasons.push("Nobody in this audience can be told by e-mail.".to_owned());
        }
        let reader = |one: check::Readers| Reader {
            language: language(one.locale.as_str()),
            people: one.people,
            text: language(&one.text),
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
            count: counted.count,
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

    /// Why it cannot be submitted by its button alone; empty if it can.
    pub(super) fn in_the_way(&self) -> &'static str {
        if !self.reasons.is_empty() {
            "Something must be changed first. See “Who reads what” below."
        } else if !self.acknowledge.is_empty() {
            "Something must be acknowledged with it. See “Who reads what” below."
        } else {
            ""
        }
    }
}
