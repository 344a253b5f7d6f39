//! "Am I affected?" without a link. The page has no form and looks nothing up, so that no visitor can ask about another
//! person.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use crate::app::App;
use crate::web::frame;
use crate::web::page::{self, PublicFrame};
use crate::web::problem::Answer;

/// `/find-me`
#[derive(Template)]
#[template(path = "public/find_me.html")]
pub struct FindMe {
    /// The frame.
    pub visit: PublicFrame,
}

/// `GET /find-me`.
///
/// # Errors
/// A fault of the page itself.
pub async fn show(req: HttpRequest, app: Data<App>) -> Answer {
    let visit = frame::visit(&app, &req);
    Ok(page::show(StatusCode::OK, &FindMe { visit })?)
}
