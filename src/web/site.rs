//! The embedded files, `/robots.txt` and `/source`.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, Responder};

use crate::app::App;
use crate::web::page;
use crate::web::problem::{Answer, Problem};

/// `GET /assets/{file}`: the name changes with the content, so browsers may keep it for good.
///
/// # Errors
/// 404 for any other name.
pub(crate) async fn asset(file: Path<String>) -> Answer {
    let (kind, text) = page::asset(&format!("/assets/{file}")).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(text))
}

/// `GET /robots.txt`.
pub(crate) async fn robots() -> impl Responder {
    "User-agent: *\nDisallow: /s/\nDisallow: /console\nDisallow: /api\n"
}

/// `GET /source`: where the source code of this program is (AGPL-3.0, section 13).
///
/// # Errors
/// The server was built without its App.
pub(crate) async fn source(req: HttpRequest) -> Answer {
    let app = req.app_data::<Data<App>>();
    let app = app.ok_or_else(|| Problem::broken("the server was built without its App"))?;
    let url = &app.config.http.source_url;
    if !url.is_empty() {
        return Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, url.as_str()))
            .finish());
    }
    let (version, address) = (
        env!("CARGO_PKG_VERSION"),
        &app.config.organisation.from_address,
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(format!(
            "These pages are served by Candor {version}, which is free software under the GNU Affero General Public \
             License, version 3 or later. You may have its source: write to {address}.\n"
        )))
}
