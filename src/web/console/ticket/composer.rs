//! The composer of the ticket page: where a reply goes, and the buttons that send it.

use super::delivery::ReplyChannel;
use super::draft::Draft;
use super::resolution;
use super::view::Composer;
use crate::person::Person;
use crate::ticket::status::Need;
use crate::ticket::{Ticket, TicketResolution, TicketStatus};
use crate::web::console::Button;

/// The composer with the draft of the agent.
pub(super) fn composer(
    ticket: &Ticket,
    person: Option<&Person>,
    channel: &ReplyChannel,
    draft: Draft,
) -> Composer {
    let default = TicketResolution::Answered.to_string();
    Composer {
        as_note: draft.as_note,
        to: goes_to(ticket, person, channel),
        reply: draft.reply,
        note: draft.note,
        next: next(ticket.status),
        resolutions: Need::Answer
            .resolutions()
            .iter()
            .map(resolution::choice)
            .collect(),
        resolution: if draft.resolution.is_empty() {
            default
        } else {
            draft.resolution
        },
        reason: draft.reason,
        review_on: draft.review_on,
        faults: draft.faults,
    }
}

/// Where a reply goes, and the language of the customer if that is not English.
fn goes_to(ticket: &Ticket, person: Option<&Person>, channel: &ReplyChannel) -> String {
    let address = person.and_then(|person| person.contact.email.as_ref());
    let to = match (channel, address) {
        (ReplyChannel::Email, Some(address)) => format!("e-mail, {}", address.masked()),
        _ => channel.goes_to(),
    };
    let is_read = matches!(
        channel,
        ReplyChannel::Email | ReplyChannel::LetterCode | ReplyChannel::Nobody
    );
    let language = language(&ticket.locale);
    match is_read && language != "English" {
        true => {
            format!("Goes to {to}. The customer reads {language}. Your words are not translated.")
        }
        false => format!("Goes to {to}."),
    }
}

/// The buttons that send a reply. Solved comes first, since nearly every reply is an answer.
fn next(from: TicketStatus) -> Vec<Button> {
    use TicketStatus::{OnHold, Open, Pending, Solved};
    let words = [
        (Solved, "Send and set: Solved"),
        (Pending, "Send and set: Pending"),
        (OnHold, "Send and set: On hold"),
        (Open, "Send and set: Open"),
    ];
    let offered: Vec<_> = from.offered().collect();
    let send = |name: &str, words: &str| Button {
        name: name.to_owned(),
        words: words.to_owned(),
        look: "quiet",
        ..Button::default()
    };
    let mut next: Vec<_> = words
        .iter()
        .filter(|(to, _)| offered.contains(to))
        .map(|(to, words)| send(to.as_str(), words))
        .collect();
    if matches!(from, Open | Pending) {
        next.push(send("", "Send"));
    }
    if let Some(first) = next.first_mut() {
        first.look = "";
    }
    next
}

/// The English name of a language; an unknown one is named by its code.
fn language(locale: &str) -> String {
    let words = [
        ("en", "English"),
        ("es", "Spanish"),
        ("fr", "French"),
        ("de", "German"),
        ("vi", "Vietnamese"),
        ("zh", "Chinese"),
        ("ko", "Korean"),
        ("ru", "Russian"),
        ("ar", "Arabic"),
    ];
    let code = locale.split('-').next().unwrap_or(locale);
    words
        .iter()
        .find(|(tag, _)| *tag == code)
        .map_or(locale, |(_, words)| words)
        .to_owned()
}
