//! What must be confirmed before a draft is activated, as fields of a form.

use crate::scope::consent::Question;

/// A question that must be answered: a field of the form.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The name of the field.
    pub name: &'static str,
    /// The value that it sends: the number that the page showed.
    pub value: String,
    /// The statement to confirm, or the question.
    pub words: String,
    /// The answers to choose from: value and text of each. Empty for a box to tick.
    pub answers: Vec<(String, String)>,
}

impl From<&Question> for Asked {
    fn from(question: &Question) -> Self {
        let number = question.number().to_string();
        let (name, value) = match question {
            Question::Rejected { .. } => ("rejected", number),
            Question::FlagsLifted { flag, .. } => ("lifted", format!("{flag}:{number}")),
            Question::Retracted { .. } => ("retracted", number),
            Question::Replaced { .. } => ("replaced", number),
            Question::EmailsLost { .. } => ("emails_lost", number),
            Question::AddressesLost { .. } => ("addresses_lost", number),
            Question::ToldTooMuch { .. } => ("told_too_much", number),
            Question::IdentityChanges { .. } => ("identity", number),
            Question::CampaignsEnd { .. } => ("campaigns_ended", number),
        };
        let answers = match question.otherwise() {
            None => Vec::new(),
            Some(otherwise) => vec![
                (format!("same:{value}"), question.yes()),
                (format!("another:{value}"), otherwise),
                (
                    "later".to_owned(),
                    "Not now: it stays a draft, and nothing changes.".to_owned(),
                ),
            ],
        };
        Self {
            name,
            value,
            words: question.to_string(),
            answers,
        }
    }
}
