//! The token of forms against cross-site request forgery (CSRF).
//!
//! Every form carries the token `csrf`. It is a MAC over what the sender of the form already holds: the session of a
//! signed-in member of staff, or the token of a status link. Candor stores nothing for it. Pages without either
//! (`/verify`, signing in) gain a foreign site nothing that its own server could not do; there the MAC is over the day,
//! and proves a page of today or yesterday. A form is also refused when the browser says that another site sent it
//! (`Sec-Fetch-Site`, else `Origin`).

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::App;
use crate::seal::{random, same};
use crate::web::caller::{Signed, Visitor};
use crate::web::problem::{Kind, Problem};

/// Octets of the MAC that a token keeps.
const MAC_LEN: usize = 16;

/// The token for the forms of the page that answers `req`. It has a new mask on each page: pages are compressed, and the
/// length of an answer would reveal what a constant token has in common with text that a stranger puts on the page (BREACH).
pub(crate) fn token(app: &App, req: &HttpRequest) -> String {
    let today = app.now().timestamp().div_euclid(86_400);
    let expected = &mac(app, req, today)[..MAC_LEN];
    let mask = random::<MAC_LEN>();
    let masked = expected.iter().zip(mask).map(|(octet, mask)| octet ^ mask);
    URL_SAFE_NO_PAD.encode(mask.iter().copied().chain(masked).collect::<Vec<_>>())
}

/// Refuses a form that another site sent, or with the token of another sender. Handlers that read the body themselves
/// call it; [`super::Form`] does so by itself.
///
/// # Errors
/// [`Kind::FormNotOurs`].
pub(crate) fn check(req: &HttpRequest, token: &str) -> Result<(), Problem> {
    let refused = || Problem::new(Kind::FormNotOurs);
    let app = req.app_data::<web::Data<App>>().ok_or_else(refused)?;
    if !is_same_origin(req, &app.config.http.public_url) {
        return Err(refused());
    }
    let given = URL_SAFE_NO_PAD.decode(token).ok().and_then(|masked| {
        let (mask, masked) = masked.split_at_checked(MAC_LEN)?;
        let octets = mask.iter().zip(masked).map(|(mask, octet)| mask ^ octet);
        Some(octets.collect::<Vec<u8>>())
    });
    let given = given.ok_or_else(refused)?;
    let today = app.now().timestamp().div_euclid(86_400);
    let fits = |day| same(&mac(app, req, day)[..MAC_LEN], &given);
    (fits(today) || fits(today - 1))
        .then_some(())
        .ok_or_else(refused)
}

fn mac(app: &App, req: &HttpRequest, day: i64) -> [u8; 32] {
    let extensions = req.extensions();
    let session = extensions.get::<Signed>().and_then(Signed::session);
    match (session, extensions.get::<Visitor>()) {
        (Some(token), _) => app.keys.link_mac(&[b"form of a session", &token.hash()]),
        (None, Some(visitor)) => app
            .keys
            .link_mac(&[b"form of a link", visitor.token.as_bytes()]),
        (None, None) => app.keys.link_mac(&[b"form of a day", &day.to_be_bytes()]),
    }
}

/// Whether the browser says that the form was on a page of ours. Pages are sent with `no-referrer`; therefore `Origin` is
/// often `null`, which proves nothing.
fn is_same_origin(req: &HttpRequest, public_url: &str) -> bool {
    let word = |name: &str| req.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    match (word("sec-fetch-site"), word("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None | Some("null")) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            origin == public_url || word(header::HOST.as_str()) == Some(host)
        }
    }
}
