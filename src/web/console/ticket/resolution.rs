//! How a ticket ended: its resolution, by which actor and when.

use chrono::{DateTime, Utc};

use crate::ticket::store::{Ended, Ends};
use crate::ticket::{Ticket, TicketResolution};
use crate::web::console::Choice;

/// The sentence about the end of a solved or closed ticket; empty for another one. `name` returns the name of an actor.
pub(crate) fn how_it_ended(of: &Ticket, ends: &Ends, name: impl Fn(&str) -> String) -> String {
    if !of.status.is_done() {
        return String::new();
    }
    let by = |(actor, at): &Ended| format!("by {} on {}", name(actor), minute(*at));
    let how = of.resolution.map(in_words).unwrap_or_default();
    // A reopened ticket is no longer solved.
    let solved = ends.solved.as_ref().filter(|_| of.solved_at.is_some());
    match (solved, &ends.closed) {
        (Some(solved), Some(closed)) => {
            format!("Solved ({how}) {}. Closed {}.", by(solved), by(closed))
        }
        (Some(solved), None) => format!("Solved ({how}) {}.", by(solved)),
        (None, Some(closed)) => format!("Closed as {how} {}.", by(closed)),
        (None, None) => String::new(),
    }
}

fn minute(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%-d %B %Y, %H:%M UTC")
}

/// A resolution inside a sentence.
pub(crate) fn in_words(how: TicketResolution) -> &'static str {
    match how {
        TicketResolution::Answered => "answered",
        TicketResolution::SelfService => "the customer found the answer",
        TicketResolution::NoResponse => "the customer did not answer",
        TicketResolution::Withdrawn => "the customer took it back",
        TicketResolution::Referred => "another office answers it",
        TicketResolution::Duplicate => "a duplicate",
        TicketResolution::Merged => "merged into another ticket",
        TicketResolution::Spam => "spam",
    }
}

/// A resolution as an option.
pub(crate) fn choice(how: &TicketResolution) -> Choice {
    let words = match how {
        TicketResolution::Answered => "Answered",
        TicketResolution::SelfService => "They found the answer themselves",
        TicketResolution::NoResponse => "They did not answer us",
        TicketResolution::Withdrawn => "They took it back",
        TicketResolution::Referred => "Another office answers it",
        TicketResolution::Duplicate => "Duplicate",
        TicketResolution::Merged => "Merged into another",
        TicketResolution::Spam => "Spam",
    };
    Choice {
        value: how.to_string(),
        words: words.to_owned(),
    }
}
