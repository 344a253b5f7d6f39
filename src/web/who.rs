//! Who is asking. A middleware recognises them before the handler's parameters are read, so that
//! `Allowed<…>` as the first parameter refuses before anything else is looked at.
//!
//! The console knows people by session, the API by key, `/s/{token}` by status link; none of them
//! accepts what another does, so that a cookie alone never moves the API.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::future::{Ready, ready};

use crate::actor::Actor;
use crate::app::App;
use crate::id::{IncidentId, PersonId};
use crate::link::StatusLink;
use crate::person::visit;
use crate::staff::key::{self, ApiKey};
use crate::staff::session::{self, Token};
use crate::staff::{Needs, Staff};
use crate::web::problem::{Kind, Problem};
use crate::web::{form, sign_in};

/// Name of the cookie of a staff session.
pub const SESSION_COOKIE: &str = "candor_session";

/// A member of staff, by session or by key.
#[derive(Debug, Clone)]
pub struct Signed {
    staff: Rc<Staff>,
    session: Option<Token>,
}

impl Signed {
    /// The doer, for verbs and the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Staff(self.staff.id)
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
    /// Whose link it is.
    pub person: PersonId,
    /// The incident they are in.
    pub incident: IncidentId,
    /// The link's token, for addresses and forms of their pages.
    pub token: String,
}

impl Visitor {
    /// The doer, for verbs and the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Customer(self.person)
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

/// Middleware of `/s/{token}`: a forged link is refused by arithmetic, a revoked one by the person's
/// row, both with the same 404.
pub async fn visit(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match visitor(&req).await {
        Ok(visitor) => {
            req.extensions_mut().insert(visitor);
            Ok(next.call(req).await?.map_into_boxed_body())
        }
        Err(problem) => Ok(refuse(req, problem)),
    }
}

async fn visitor(req: &ServiceRequest) -> Result<Visitor, Problem> {
    let app = app(req)?;
    let token = req.match_info().get("token").unwrap_or_default().to_owned();
    let link = StatusLink::check(&token, &app.keys).ok_or_else(Problem::not_found)?;
    let mut conn = app.db.get().await?;
    let incident = visit::find(&mut conn, link).await?;
    Ok(Visitor {
        person: link.person,
        incident,
        token,
    })
}

/// Middleware of the console: recognises a session. A stranger's form is not thrown away: its words
/// come back on the page that asks to sign in.
pub async fn by_session(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let token = req.cookie(SESSION_COOKIE).and_then(|cookie| Token::parse(cookie.value()));
    let staff = match token {
        Some(token) => match app(&req) {
            Ok(app) => session::find(&app, token).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        },
        None => Ok(None),
    };
    match staff {
        Ok(Some(staff)) => {
            let (staff, session) = (Rc::new(staff), token);
            req.extensions_mut().insert(Signed { staff, session });
        }
        Ok(None) if req.method() == Method::POST && req.path() != sign_in::PATH => {
            let typed = form::words_of(&mut req).await;
            return Ok(refuse(req, Problem::new(Kind::NotSignedIn).typed(typed)));
        }
        Ok(None) => {}
        Err(problem) => return Ok(refuse(req, problem)),
    }
    Ok(next.call(req).await?.map_into_boxed_body())
}

/// Middleware of the API: recognises a key.
pub async fn by_key(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let key = req
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|text| ApiKey::parse(text.trim()));
    let staff = match (key, app(&req)) {
        (Some(key), Ok(app)) => key::find(&app, key).await.map_err(Problem::from),
        (None, Ok(_)) => Ok(None),
        (_, Err(problem)) => Err(problem),
    };
    match staff {
        Ok(Some(staff)) => {
            let (staff, session) = (Rc::new(staff), None);
            req.extensions_mut().insert(Signed { staff, session });
            Ok(next.call(req).await?.map_into_boxed_body())
        }
        Ok(None) => Ok(refuse(req, Problem::new(Kind::NotSignedIn))),
        Err(problem) => Ok(refuse(req, problem)),
    }
}

/// Answers a request with a problem from inside a middleware.
pub fn refuse(req: ServiceRequest, problem: Problem) -> ServiceResponse {
    req.into_response(HttpResponse::from_error(problem))
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
    Cookie::build(SESSION_COOKIE, token.expose())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.http.public_url.starts_with("https://"))
        .finish()
}

/// The cookie that ends a session in the browser.
pub fn no_session_cookie() -> Cookie<'static> {
    let mut cookie = Cookie::build(SESSION_COOKIE, "").path("/").finish();
    cookie.make_removal();
    cookie
}

/// Where the request comes from. Behind a proxy on this machine, what the proxy says; from anybody
/// else such a header may be invented.
pub fn came_from(req: &HttpRequest) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded = req
        .headers()
        .get_all("x-forwarded-for")
        .last()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    match forwarded {
        Some(address) if peer.is_loopback() => address,
        _ => peer,
    }
}
