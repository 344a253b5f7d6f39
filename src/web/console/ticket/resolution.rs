//! How a ticket ended: its resolution, by which actor and when.

use chrono::{DateTime, Utc};

use crate::db::{self, Conn};
use crate::seal::IncidentKey;
use crate::ticket::{Move, Ticket, TicketResolution, TicketStatus, store};
use crate::web::console::Choice;

/// The sentence about the end of a solved or closed ticket; empty for another one. `name` returns the name of an actor.
///
/// # Errors
/// Database errors.
pub async fn how_it_ended(
    conn: &mut Conn,
    key: Option<&IncidentKey>,
    of: &Ticket,
    name: impl Fn(&str) -> String,
) -> db::Result<String> {
    if !of.status.is_done() {
        return Ok(String::new());
    }
    let history = store::history_with(conn, key, of).await?;
    let last = |to: TicketStatus| history.iter().rfind(|step| step.to == to);
    let by = |step: &Move| format!("by {} on {}", name(&step.actor), minute(step.at));
    let how = of.resolution.map(in_words).unwrap_or_default();
    // A reopened ticket is no longer solved.
    let solved = last(TicketStatus::Solved).filter(|_| of.solved_at.is_some());
    let closed = last(TicketStatus::Closed);
    Ok(match (solved, closed) {
        (Some(solved), Some(closed)) => {
            format!("Solved ({how}) {}. Closed {}.", by(solved), by(closed))
        }
        (Some(solved), None) => format!("Solved ({how}) {}.", by(solved)),
        (None, Some(closed)) => format!("Closed as {how} {}.", by(closed)),
        (None, None) => String::new(),
    })
}

fn minute(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%-d %B %Y, %H:%M UTC")
}

/// A resolution inside a sentence.
pub fn in_words(how: TicketResolution) -> &'static str {
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
pub fn choice(how: &TicketResolution) -> Choice {
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
