//! Why a reply was not sent: the ticket changed while the agent read it.

use chrono::TimeDelta;

use super::view::Conflict;
use crate::app::App;
use crate::ticket::{MessageKind, agent};
use crate::web::caller::Signed;
use crate::web::page::span;

/// The change since the page was loaded, for the reader `who`.
pub fn in_words(app: &App, who: &Signed, conflict: &agent::Conflict) -> Conflict {
    let customers = conflict
        .newer
        .iter()
        .find(|message| message.kind == MessageKind::Customer);
    let newest = customers.or_else(|| conflict.newer.first());
    let author = newest.map(|message| match customers {
        Some(_) => "The customer wrote",
        None if message.author == who.actor().to_string() => "You wrote in another tab or window",
        None => "A colleague wrote",
    });
    Conflict {
        what: match (author, newest) {
            (Some(author), Some(message)) => format!("{author} {}", since(app.now() - message.at)),
            _ => "This ticket changed while you read it".to_owned(),
        },
        place: i64::from(newest.map_or(conflict.now.messages, |message| message.no)),
    }
}

/// How long ago, in words.
fn since(gone: TimeDelta) -> String {
    match gone.num_seconds() {
        ..10 => "just now".to_owned(),
        _ => format!("{} ago", span(gone)),
    }
}
