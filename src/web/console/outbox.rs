//! The demo's post office: the letters that went to files instead of people.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Moment};

/// `/console/outbox` and `/console/outbox/{name}`
#[derive(Template)]
#[template(path = "console/outbox.html")]
pub struct Outbox {
    /// The frame.
    pub desk: Desk,
    /// The latest letters.
    pub letters: Vec<LetterRow>,
    /// How many there are in all.
    pub total: i64,
    /// The one opened.
    pub letter: Option<OpenLetter>,
}

/// One letter in the list.
#[derive(Debug, Clone)]
pub struct LetterRow {
    /// Its file's name.
    pub name: String,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was written.
    pub at: Moment,
}

/// One letter, opened.
#[derive(Debug, Clone)]
pub struct OpenLetter {
    /// Its file's name.
    pub name: String,
    /// Its headers in order.
    pub headers: Vec<(String, String)>,
    /// Its text part.
    pub text: String,
    /// Where its HTML part alone is served; empty when it has none.
    pub html: String,
}

impl Outbox {
    /// How many letters are on the page.
    fn shown(&self) -> i64 {
        i64::try_from(self.letters.len()).unwrap_or(i64::MAX)
    }
}
