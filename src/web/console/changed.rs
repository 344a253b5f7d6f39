//! What others changed since a page of the console was loaded, in sentences.

use chrono::{DateTime, Utc};

use super::names::Names;
use crate::app::App;
use crate::audit::changed::{Changed, Edit};
use crate::db;
use crate::web::page::span;
use crate::web::problem::{Kind, Problem};

/// The problem of a form from a page that is out of date: who changed what, and when.
pub(crate) async fn out_of_date(app: &App, changed: &Changed) -> Problem {
    match in_words(app, changed).await {
        Ok(words) => Problem::new(Kind::Changed).because(words),
        Err(error) => error.into(),
    }
}

/// The changes, a sentence each, without a full stop after the last.
pub(crate) async fn in_words(app: &App, changed: &Changed) -> db::Result<String> {
    if changed.edits.is_empty() {
        return Ok("this changed since your page was loaded; load it again".to_owned());
    }
    let names = Names::load(&mut *app.db.get().await?).await?;
    let sentences: Vec<_> = changed
        .edits
        .iter()
        .map(|edit| sentence(edit, &names, app.now()))
        .collect();
    Ok(sentences.join(". "))
}

/// `Cleo Ortiz changed the fact sheet 2 minutes ago: the fact “when”`.
pub(crate) fn sentence(edit: &Edit, names: &Names, now: DateTime<Utc>) -> String {
    let by = edit.by.as_deref();
    let who = by.map_or_else(|| "Another person".to_owned(), |by| names.of_actor(by));
    let act = edit.action.map_or("changed it", |action| action.in_words());
    let parts: Vec<_> = edit.parts.iter().map(ToString::to_string).collect();
    let parts = match parts.is_empty() {
        true => String::new(),
        false => format!(": {}", parts.join(", ")),
    };
    format!("{who} {act} {}{parts}", ago(now, edit.at))
}

/// How long ago, in words.
pub(crate) fn ago(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let gone = now - at;
    match gone.num_seconds() {
        ..10 => "just now".to_owned(),
        _ => format!("{} ago", span(gone)),
    }
}
