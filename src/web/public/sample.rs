//! The page behind the link of a test and of a preview: it says that it is a sample, and shows nothing of any person.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use crate::app::App;
use crate::web::frame;
use crate::web::page::{self, PublicFrame};
use crate::web::problem::Answer;

/// `/s/sample`
#[derive(Template)]
#[template(path = "public/sample.html")]
pub struct Sample {
    /// The frame.
    pub visit: PublicFrame,
}

/// `GET /s/sample`.
///
/// # Errors
/// A fault of the page itself.
pub async fn show(req: HttpRequest, app: Data<App>) -> Answer {
    let visit = frame::visit(&app, &req);
    Ok(page::show(StatusCode::OK, &Sample { visit })?)
}
