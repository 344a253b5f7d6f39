//! Why a reply was not sent: the ticket changed while the agent read it.

use super::view::Conflict;
use crate::app::App;
use crate::ticket::{MessageKind, agent};
use crate::web::caller::Signed;
use crate::web::console::changed::{ago, sentence};
use crate::web::console::names::Names;

/// The change since the page was loaded, for the reader `who`.
pub(crate) fn in_words(
    app: &App,
    who: &Signed,
    names: &Names,
    conflict: &agent::Conflict,
) -> Conflict {
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
            (Some(author), Some(message)) => format!("{author} {}", ago(app.now(), message.at)),
            _ => match conflict.changed.last() {
                Some(last) => sentence(last, names, app.now()),
                None => "This ticket changed while you read it".to_owned(),
            },
        },
        place: i64::from(newest.map_or(conflict.now.messages, |message| message.no)),
    }
}
