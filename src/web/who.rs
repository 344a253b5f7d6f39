//! Who is asking, as handlers say it in their signatures. `recognise.rs` has found out before the
//! handler's parameters are read, so that `Allowed<…>` as the first of them refuses before anything
//! else is looked at.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::cookie::{Cookie, CookieBuilder, SameSite};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::{Ready, ready};

use crate::actor::Actor;
use crate::app::App;
use crate::person::Person;
use crate::person::contact::Sealed;
use crate::staff::session::Token;
use crate::staff::{Needs, Staff};
use crate::web::problem::{Kind, Problem};

/// Name of the cookie of a staff session.
pub const SESSION_COOKIE: &str = "candor_session";

/// A member of staff, by session or by key.
#[derive(Debug, Clone)]
pub struct Signed {
    staff: Rc<Staff>,
    session: Option<Token>,
}

impl Signed {
    /// Somebody whom a session or a key names.
    pub fn new(staff: Staff, session: Option<Token>) -> Self {
        let staff = Rc::new(staff);
        Self { staff, session }
    }

    /// The doer, for verbs and the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Staff(self.staff.id)
    }

    /// Counts for the audit log that people, tickets or rejects were shown: `rows` of them.
    pub fn saw(&self, app: &App, deed: &'static str, subject: impl ToString, rows: usize) {
        app.noticed
            .note(app.now(), self.actor(), deed, subject, rows);
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
pub struct Allowed<R>(Signed, PhantomData<R>);

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
    /// Whose link it is; their contact data still sealed.
    pub person: Rc<Person<Sealed>>,
    /// The link's token, for addresses and forms of their pages.
    pub token: String,
}

impl Visitor {
    /// The doer, for verbs and the audit log.
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
pub fn refuse(req: ServiceRequest, problem: Problem) -> ServiceResponse {
    req.error_response(problem)
}

/// The program, from inside a middleware.
///
/// # Errors
/// `Broken` if the server was put together without it.
pub fn app(req: &ServiceRequest) -> Result<web::Data<App>, Problem> {
    req.app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| Problem::broken("the server was built without its App"))
}

/// The cookie of a new session; it ends with the browser, or earlier with the session.
pub fn session_cookie(app: &App, token: Token) -> Cookie<'static> {
    cookie(app, SESSION_COOKIE, token.expose(), "/").finish()
}

/// A cookie that no script reads and no other site sends, and that leaves in the clear only where we are.
pub fn cookie(
    app: &App,
    name: &'static str,
    value: String,
    path: impl Into<Cow<'static, str>>,
) -> CookieBuilder<'static> {
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.http.public_url.starts_with("https://"))
}

/// The cookie that ends a session in the browser.
pub fn no_session_cookie() -> Cookie<'static> {
    let mut cookie = Cookie::build(SESSION_COOKIE, "").path("/").finish();
    cookie.make_removal();
    cookie
}

/// Where the request comes from. Behind a proxy on this machine or one in `http.proxies`, what the proxy says;
/// from anybody else such a header may be invented.
pub fn came_from(req: &HttpRequest) -> IpAddr {
    let peer = req
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded = req
        .headers()
        .get_all("x-forwarded-for")
        .last()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    match forwarded {
        Some(address) if peer.is_loopback() || is_proxy(req, peer) => address,
        _ => peer,
    }
}

fn is_proxy(req: &HttpRequest, peer: IpAddr) -> bool {
    let app = req.app_data::<web::Data<App>>();
    app.is_some_and(|app| app.config.http.proxies.contains(&peer.to_canonical()))
}
