//! What pages are built from: frames, times, form errors, tones and assets.
//!
//! A page is an askama struct in the folder of its `.html`. A handler fills it and calls [`show`].

mod assets;
mod faults;
mod frame;
mod moment;
mod state;
mod tone;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

pub use self::assets::{asset, css_path, editor_css_path, editor_js_path, js_path, mark_path};
pub use self::faults::{Fault, Faults};
pub use self::frame::{Area, ConsoleFrame, Language, Link, Organisation, PublicFrame, Stopped};
pub use self::moment::{Moment, hundredths, percent, span};
pub use self::state::{Badge, ShownAccount, ShownCampaign, ShownScope, State};
pub use self::tone::{Flash, Tone};

/// Renders a page as the answer to a request.
///
/// # Errors
/// The template's own error: in practice only a formatter that failed.
pub fn show<T: Template>(status: StatusCode, page: &T) -> Result<HttpResponse, askama::Error> {
    let body = page.render()?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(body))
}
