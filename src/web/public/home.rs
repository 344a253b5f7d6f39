//! The home page: the incidents, and what visitors without a link can do.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::{Update, promised};
use crate::app::App;
use crate::incident;
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::page::{self, Moment, PublicFrame};
use crate::web::problem::Answer;

/// `/`
#[derive(Template)]
#[template(path = "public/home.html")]
pub struct Home {
    /// The frame.
    pub visit: PublicFrame,
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

/// `GET /`.
pub async fn show(req: HttpRequest, app: Data<App>) -> Answer {
    let mut conn = app.db.get().await?;
    let public = incident::store::list_public(&mut conn).await?;
    let listed = |(one, latest): (incident::Incident, Option<incident::Update>)| Listed {
        next_update: promised(&one),
        latest: latest.as_ref().map(Update::of),
        title: one.public_title().to_owned(),
        slug: one.slug,
    };
    let incidents = public.into_iter().map(listed).collect();
    let view = Home {
        visit: frame::visit(&app, &req),
        incidents,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}
