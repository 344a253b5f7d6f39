//! The front door: who speaks, what happened lately, and the two ways in without a link.

use askama::Template;

use super::Update;
use crate::web::figures::filters;
use crate::web::page::{Moment, Visit};

/// `/`
#[derive(Template)]
#[template(path = "public/home.html")]
pub struct Home {
    /// The frame.
    pub visit: Visit,
    /// Public incidents, the latest first.
    pub incidents: Vec<Listed>,
}

/// An incident on the front page.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its address: `/incidents/{slug}`.
    pub slug: String,
    /// Its public title.
    pub title: String,
    /// The latest statement.
    pub latest: Option<Update>,
    /// When the next one comes, if promised.
    pub next_update: Option<Moment>,
}
