//! What became of the e-mails of a ticket, in words for agents.

use crate::outbox::{Delivery, LetterStatus, LetterWithheld};
use crate::ticket::Ticket;
use crate::web::thread::{Kind, Message};

/// What became of the last answer, for the agent who sent it.
pub fn answered(ticket: &Ticket, thread: &[Message], letters: &[Delivery]) -> String {
    let last = thread.iter().rev().find(|m| m.kind == Kind::Agent);
    let letter = last.and_then(|message| {
        let no = Some(message.place);
        letters.iter().find(|l| l.message_no.map(i64::from) == no)
    });
    match (letter, ticket.person) {
        (None, None) => {
            "Kept on this ticket. No person is connected to it, so that nothing is sent: tell the \
             caller yourself."
                .to_owned()
        }
        (None, Some(_)) => {
            "Answered on the customer's page. No e-mail is sent: there is no address that we may \
             use. Call, or write a letter."
                .to_owned()
        }
        (Some(letter), _) => match letter.status {
            LetterStatus::Queued => {
                "Answered. The e-mail waits to be sent; the answer stands on the customer's \
                 page."
                    .to_owned()
            }
            _ => format!(
                "Answered on the customer's page. By e-mail: {}.",
                delivery(letter)
            ),
        },
    }
}

/// How far an e-mail got, beside its message.
pub fn delivery(letter: &Delivery) -> String {
    let at = letter
        .settled_at
        .map(|at| at.format(" %-d %b, %H:%M UTC").to_string());
    match letter.status {
        LetterStatus::Queued => "e-mail waits to be sent".to_owned(),
        LetterStatus::Sent => format!("e-mail accepted by the relay{}", at.unwrap_or_default()),
        LetterStatus::Failed => "the e-mail was refused: call, or write a letter".to_owned(),
        LetterStatus::Uncertain => {
            "perhaps sent: the database was put back to an older state. If it matters, answer again"
                .to_owned()
        }
        LetterStatus::Withheld => format!(
            "the e-mail was not sent{}: {}",
            at.unwrap_or_default(),
            letter.withheld.map(why_withheld).unwrap_or_default()
        ),
    }
}

/// Why an e-mail was held back, and what an agent can do.
fn why_withheld(why: LetterWithheld) -> &'static str {
    match why {
        LetterWithheld::LegalHold => "a legal hold came first. Ask your lead",
        LetterWithheld::Deceased => "the list now says that the person has died",
        LetterWithheld::ProtectedAddress => "the address is protected now. Do not write to it",
        LetterWithheld::Retracted => {
            "the list now says that the person is not affected. Check the words, and answer again"
        }
        LetterWithheld::NoAddress => {
            "the list gives no e-mail address any more. Call, or write a letter"
        }
        LetterWithheld::AddressChanged => "the address changed",
        LetterWithheld::LinkRevoked => {
            "the links of this person were revoked. Make sure who they are, and answer again"
        }
        LetterWithheld::Expired => "it was too old",
        LetterWithheld::UnknownPerson => "it did not say to whom it goes. Answer again",
        LetterWithheld::Forgotten => "the incident was forgotten",
    }
}
