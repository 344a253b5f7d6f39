//! The caller of a request, as a parameter of handlers. `middleware/authentication.rs` has found out who it is
//! before the parameters are read. `Allowed<…>` as the first parameter therefore refuses before anything
//! else is looked at.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Once;

use actix_web::cookie::{Cookie, CookieBuilder, SameSite};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::{Ready, ready};

use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::person::Person;
use crate::person::contact::Sealed;
use crate::staff::session::Token;
use crate::staff::{Needs, Staff};
use crate::web::problem::{Kind, Problem};

/// The cookie of a staff session. Under https no other host of the domain can set one of that name (`__Host-`,
/// RFC 6265bis §4.1.3.2); browsers refuse the prefix without encryption.
fn session_cookie_name(app: &App) -> &'static str {
    match app.config.http.public_url.is_https() {
        true => "__Host-candor_session",
        false => "candor_session",
    }
}

/// The session that the request's cookie names.
pub(crate) fn session_token(app: &App, req: &HttpRequest) -> Option<Token> {
    Token::parse(req.cookie(session_cookie_name(app))?.value())
}

/// A member of staff, by session or by key.
#[derive(Debug, Clone)]
pub struct Signed {
    staff: Rc<Staff>,
    session: Option<Token>,
}

impl Signed {
    /// The member of staff of a session or an API key.
    pub fn new(staff: Staff, session: Option<Token>) -> Self {
        let staff = Rc::new(staff);
        Self { staff, session }
    }

    /// The actor, for verbs and the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Staff(self.staff.id)
    }

    /// Counts for the audit log that people, tickets or rejects were shown: `rows` of them.
    pub fn saw(&self, app: &App, action: Action, subject: impl ToString, rows: usize) {
        app.noticed
            .note(app.now(), self.actor(), action, subject, rows);
    }

    /// The session's token; an API key has none.
    pub fn session(&self) -> Option<Token> {
        self.session
    }
}

impl Deref for Signed {
    type Target = Staff;

    fn deref(&self) -> &Staff {
        &self.staff
    }
}

impl FromRequest for Signed {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed = req.extensions().get::<Self>().cloned();
        ready(signed.ok_or(Problem::new(Kind::NotSignedIn)))
    }
}

/// A member of staff who has the right `R`. Put it first among a handler's parameters:
/// `async fn launch(who: Allowed<LaunchCampaign>, …)`.
#[derive(Debug, Clone)]
pub(crate) struct Allowed<R>(Signed, PhantomData<R>);

impl<R> Deref for Allowed<R> {
    type Target = Signed;

    fn deref(&self) -> &Signed {
        &self.0
    }
}

impl<R: Needs> FromRequest for Allowed<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed = Signed::from_request(req, payload).into_inner();
        ready(signed.and_then(|signed| {
            if signed.may(R::RIGHT) {
                Ok(Self(signed, PhantomData))
            } else {
                Err(Problem::new(Kind::NotAllowed))
            }
        }))
    }
}

/// An affected person, by status link.
#[derive(Clone)]
pub struct Visitor {
    /// The person of the link, with sealed contact data.
    pub person: Rc<Person<Sealed>>,
    /// The link's token, for addresses and forms of their pages.
    pub token: String,
    /// How many postal letters to them came back. A session that was opened with the code of a letter ends with each.
    pub letters_back: i64,
}

impl Visitor {
    /// The actor, for verbs and the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Customer(self.person.id)
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visitor = req.extensions().get::<Self>().cloned();
        ready(visitor.ok_or_else(Problem::not_found))
    }
}

/// Answers a request with a problem from inside a middleware.
pub(crate) fn refuse(req: ServiceRequest, problem: Problem) -> ServiceResponse {
    req.error_response(problem)
}

/// The program, from inside a middleware.
///
/// # Errors
/// `Broken` if the server was put together without it.
pub(crate) fn app(req: &ServiceRequest) -> Result<web::Data<App>, Problem> {
    req.app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Problem::broken("the server was built without its App"))
}

/// The cookie of a new session; it ends with the browser, or earlier with the session.
pub(crate) fn session_cookie(app: &App, token: Token) -> Cookie<'static> {
    cookie(app, session_cookie_name(app), token.expose(), "/").finish()
}

/// A cookie that scripts cannot read and other sites cannot send; under https it is sent encrypted only.
pub(crate) fn cookie(
    app: &App,
    name: &'static str,
    value: String,
    path: impl Into<Cow<'static, str>>,
) -> CookieBuilder<'static> {
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.http.public_url.is_https())
}

/// The cookie that ends a session in the browser.
pub(crate) fn no_session_cookie(app: &App) -> Cookie<'static> {
    let mut cookie = cookie(app, session_cookie_name(app), String::new(), "/").finish();
    cookie.make_removal();
    cookie
}

/// The address of the client. Behind a proxy on this machine or one in `http.proxies`, the proxy names it: the
/// last address of X-Forwarded-For that is not a proxy. Any other client may have invented the header.
pub(crate) fn came_from(req: &HttpRequest) -> IpAddr {
    let peer = req
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let app = req.app_data::<web::Data<App>>();
    let proxies = proxies(req);
    let headers = req.headers().get_all("x-forwarded-for");
    let said: Vec<&str> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let (from, doubt) = forwarded(peer, &said, proxies);
    let is_https = app.is_some_and(|app| app.config.http.public_url.is_https());
    match doubt {
        Some(Doubt::Nothing) if !is_https => {}
        Some(doubt) => doubt.warn(),
        None => {}
    }
    from
}

fn proxies(req: &HttpRequest) -> &[IpAddr] {
    let app = req.app_data::<web::Data<App>>();
    app.map_or(&[], |app| &app.config.http.proxies)
}

/// Whether the request comes from this machine or from an address of `http.proxies`.
pub(crate) fn is_from_proxy(req: &HttpRequest) -> bool {
    let peer = req.peer_addr().map(|peer| peer.ip());
    peer.is_some_and(|peer| is_proxy(peer, proxies(req)))
}

fn is_proxy(address: IpAddr, proxies: &[IpAddr]) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || proxies.contains(&address)
}

/// What is missing in the header of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Nothing,
    NoAddress,
}

impl Doubt {
    /// Logs it once: the limits on signing in and on codes depend on the address.
    fn warn(self) {
        static SAID: Once = Once::new();
        let what = match self {
            Self::Nothing => "sends no X-Forwarded-For",
            Self::NoAddress => "sends an X-Forwarded-For whose last entry is no address",
        };
        SAID.call_once(|| {
            tracing::warn!(
                "the proxy before Candor {what}: all visitors share its limits. See \"The proxy\" in docs/operations.md"
            );
        });
    }
}

fn forwarded(peer: IpAddr, said: &[&str], proxies: &[IpAddr]) -> (IpAddr, Option<Doubt>) {
    if !is_proxy(peer, proxies) {
        return (peer, None);
    }
    let mut last = None;
    for word in said.iter().rev() {
        match address(word.trim()) {
            None => return (last.unwrap_or(peer), Some(Doubt::NoAddress)),
            Some(address) if is_proxy(address, proxies) => last = Some(address),
            Some(address) => return (address, None),
        }
    }
    match last {
        Some(address) => (address, None),
        None => (peer, Some(Doubt::Nothing)),
    }
}

/// An address as proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches('"');
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(address) = word.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let inner = word.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_may_have_a_port_and_brackets() {
        for word in [
            "2001:db8::1",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "\"[2001:db8::1]:443\"",
        ] {
            assert_eq!(address(word), Some(ip("2001:db8::1")), "{word}");
        }
        assert_eq!(address("192.0.2.7:51234"), Some(ip("192.0.2.7")));
        for word in ["", "unknown", "_hidden", "192.0.2.7:x", "192.0.2"] {
            assert_eq!(address(word), None, "{word}");
        }
    }

    #[test]
    fn the_last_address_that_is_not_a_proxy_counts() {
        let (loopback, stranger) = (ip("127.0.0.1"), ip("198.51.100.1"));
        let of = |peer, said: &[&str]| forwarded(peer, said, &[ip("10.0.0.5")]);
        assert_eq!(of(stranger, &["192.0.2.1"]), (stranger, None));
        assert_eq!(of(loopback, &["192.0.2.1"]), (ip("192.0.2.1"), None));
        let said = ["6.6.6.6", " 192.0.2.1:4711", "10.0.0.5"];
        assert_eq!(of(loopback, &said), (ip("192.0.2.1"), None));
        assert_eq!(of(ip("10.0.0.5"), &["192.0.2.1"]).0, ip("192.0.2.1"));
        assert_eq!(of(loopback, &[]), (loopback, Some(Doubt::Nothing)));
        let said = ["192.0.2.1", "unknown"];
        assert_eq!(of(loopback, &said), (loopback, Some(Doubt::NoAddress)));
    }
}
