//! The second step after the link: a one-time code to the address on file, or the code of a postal letter, before
//! anything personal is shown.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::postal;
use crate::seal::same;
use crate::ticket::code;
pub use crate::ticket::code::Step;
use crate::web::caller::{self, Visitor};
use crate::web::page::{Faults, Moment};
use crate::web::problem::Problem;

/// Octets of the MAC that the cookie keeps.
const MAC_LEN: usize = 16;

/// The state of a visitor's one-time code.
#[derive(Debug, Clone, Default)]
pub struct Unlock {
    /// The state of the code.
    pub step: Step,
    /// Which page to come back to: a path below this link.
    pub back: String,
    /// The refused code, as typed.
    pub code: String,
    /// Why it was refused, at field `code` or `letter`. The sentence never says which check failed.
    pub faults: Faults,
    /// The code printed in a letter, as typed and refused.
    pub letter: String,
    /// Whether a letter with a code was posted or is about to be: the page then offers its field.
    pub by_letter: bool,
}

/// A moment for the page.
pub(super) fn exact(at: &DateTime<Utc>) -> Moment {
    Moment::exact(*at)
}

impl Unlock {
    /// Reads the present state of the visitor's code.
    ///
    /// # Errors
    /// 404 once the incident was forgotten.
    pub async fn now(self, app: &App, visitor: &Visitor) -> Result<Self, Problem> {
        let person = &visitor.person;
        let mut conn = app.db.get().await?;
        let step = code::step(&mut conn, app, person.incident, person.id).await?;
        let by_letter = postal::code::is_out(&mut conn, person).await?;
        Ok(Self {
            step,
            by_letter,
            ..self
        })
    }

    /// The button that sends a code, and its look; none where no code can be sent now.
    pub(super) fn offer(&self) -> Option<(&'static str, &'static str)> {
        match self.step {
            Step::NoMail | Step::Stopped | Step::TooMany { .. } => None,
            Step::Offer if self.by_letter => Some(("Send me a code", "quiet")),
            Step::Offer => Some(("Send me a code", "")),
            Step::Sending { .. } | Step::Sent { .. } => {
                Some(("Nothing arrived? Send a new code", "plain"))
            }
            Step::Refused { .. } | Step::UsedUp => Some(("Send a new code", "quiet")),
        }
    }

    /// Whether the field for the code is shown: a code was sent or is being sent, or the one that was typed was refused.
    pub(super) fn takes_code(&self) -> bool {
        matches!(self.step, Step::Sending { .. } | Step::Sent { .. })
            || !self.faults.of("code").is_empty()
    }
}

/// Name of the cookie that keeps the second step open. Its path is the link's, so browsers send it to no other person's
/// pages.
const COOKIE: &str = "candor_details";

/// Whether this visitor made the second step on this device, not too long ago.
pub fn is_open(app: &App, req: &HttpRequest, visitor: &Visitor) -> bool {
    let value = req
        .cookie(COOKIE)
        .and_then(|cookie| URL_SAFE_NO_PAD.decode(cookie.value()).ok());
    let Some(Ok(value)) = value.map(<[u8; 8 + MAC_LEN]>::try_from) else {
        return false;
    };
    let (until, mac) = value.split_at(8);
    let expiry = i64::from_be_bytes(until.try_into().unwrap_or_default());
    same(&cookie_mac(app, visitor, until)[..MAC_LEN], mac) && expiry > app.now().timestamp()
}

/// The cookie of a visitor who made the second step just now.
pub fn cookie(app: &App, visitor: &Visitor) -> Cookie<'static> {
    let minutes = app.config.sessions.customer_minutes;
    let until = (app.now().timestamp() + minutes * 60).to_be_bytes();
    let mac = cookie_mac(app, visitor, &until);
    let value = URL_SAFE_NO_PAD.encode([&until[..], &mac[..MAC_LEN]].concat());
    caller::cookie(app, COOKIE, value, format!("/s/{}", visitor.token))
        .max_age(Duration::minutes(minutes))
        .finish()
}

/// The cookie that closes it again.
pub fn no_cookie(visitor: &Visitor) -> Cookie<'static> {
    let mut cookie = Cookie::build(COOKIE, "")
        .path(format!("/s/{}", visitor.token))
        .finish();
    cookie.make_removal();
    cookie
}

/// The MAC over the person, the epoch of their links, the address on file, whether a flag forbids to write to it, how many
/// letters came back, and the expiry. A change of any of the first five ends the second step.
fn cookie_mac(app: &App, visitor: &Visitor, until: &[u8]) -> [u8; 32] {
    let person = &visitor.person;
    let epoch = person.link_epoch.to_be_bytes();
    let address = person.email_key.as_deref().unwrap_or_default();
    let forbidden = [u8::from(person.flags.withheld_reason().is_some())];
    let id = person.id.uuid();
    let letters_back = visitor.letters_back.to_be_bytes();
    app.keys.link_mac(&[
        b"second step",
        id.as_bytes(),
        &epoch,
        address,
        &forbidden,
        &letters_back,
        until,
    ])
}
