//! Forms of our own pages. They carry a token against CSRF, stay within a limit, and a refusal gives back what was typed.

mod fields;
pub(crate) mod resubmit;
mod token;
mod value;

use std::ops::Deref;
use std::rc::Rc;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::{LocalBoxFuture, Ready, ready};
use serde::de::{DeserializeOwned, IgnoredAny};

use self::fields::Fields;
pub(crate) use self::token::{check, token};
use crate::web::body;
use crate::web::page::{Fault, Faults};
use crate::web::problem::Problem;

/// The fields of a form that has only a button.
#[derive(Debug, serde::Deserialize)]
pub struct Nothing {}

/// The field that carries the token.
const TOKEN: &str = "csrf";
/// The fields of passwords and codes, which no page repeats. A test compares them with all templates.
const SECRETS: &[&str] = &["password", "present", "new", "again", "code", "letter"];

/// A form as it was sent, and what is wrong with it.
///
/// `T` has a `String` for everything that people type, so that the page can show it again. What they choose is a number, a
/// typed id, a `pg_enum!`, a `bool` (a ticked box), an `Option` (empty is `None`) or a `Vec` (repeated fields). Declare
/// `T` with `#[serde(default)]`: browsers do not send a box that is not ticked.
#[derive(Debug)]
pub struct Form<T> {
    /// The fields as the browser sent them.
    pub typed: T,
    /// What the handler found wrong, for the page.
    pub faults: Faults,
}

/// A form that has only a button.
pub(crate) type Pressed = Form<IgnoredAny>;

impl<T> Form<T> {
    /// Notes what is wrong with a field, and what to do about it.
    pub fn fault(&mut self, field: &str, why: impl std::fmt::Display) {
        self.faults.0.push(Fault {
            field: field.to_owned(),
            text: why.to_string(),
        });
    }
}

impl<T> Deref for Form<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.typed
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::whole(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let fields = Fields::parse(&body.await?);
            let fields = Rc::new(fields);
            req.extensions_mut().insert(Typed(Rc::clone(&fields)));
            check(&req, fields.get(TOKEN)).map_err(|problem| problem.typed(fields.words()))?;
            Ok(Self {
                typed: fields
                    .check_text()
                    .and_then(|()| fields.read())
                    .map_err(|problem| problem.typed(fields.words()))?,
                faults: Faults::default(),
            })
        })
    }
}

/// The query of a page's address, read like a form. If a name occurs twice, the last value counts. Unknown names are
/// ignored, since mail software and trackers add some.
#[derive(Debug)]
pub(crate) struct Query<T>(T);

impl<T> Query<T> {
    /// Unwraps the fields of the query.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let fields = Fields::parse(req.query_string().as_bytes());
        ready(fields.read().map(Self))
    }
}

/// Reads the body of a form that cannot be accepted, keeps its fields for [`resubmit`], and returns its longest text.
pub(crate) async fn keep(req: &mut ServiceRequest) -> String {
    let mut payload = req.take_payload();
    match body::whole(req.request(), &mut payload).await {
        Ok(body) if req.content_type() == "application/x-www-form-urlencoded" => {
            let fields = Rc::new(Fields::parse(&body));
            req.extensions_mut().insert(Typed(Rc::clone(&fields)));
            fields.words()
        }
        _ => String::new(),
    }
}

/// Reads the fields of the request's form as another type too; `None` unless [`Form`] has read the body.
pub(crate) fn also<T: DeserializeOwned>(req: &HttpRequest) -> Option<T> {
    let extensions = req.extensions();
    extensions.get::<Typed>()?.0.read().ok()
}

/// The form of the request, kept in its extensions.
struct Typed(Rc<Fields>);

/// The fields of the request's form, once [`Form`] or [`keep`] has read them.
fn typed(req: &HttpRequest) -> Option<Rc<Fields>> {
    let extensions = req.extensions();
    Some(Rc::clone(&extensions.get::<Typed>()?.0))
}
