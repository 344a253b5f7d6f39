//! Forms: they come from our own page, stay within a limit, and lose nothing that was typed.
//!
//! Every form carries a token, `csrf`, that nobody else can make and that needs no memory of ours.
//! It is a MAC over what the sender of the form must already hold: the session of a signed-in member
//! of staff, or the token of a status link. Where there is neither (`/verify`, signing in)
//! a foreign page could gain nothing that its own server could not do as well; there the MAC is over
//! the day, and proves a page of today or yesterday. All forms are also refused when the browser says
//! that another site sent them (`Sec-Fetch-Site`, else `Origin`).

use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header;
use actix_web::web;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{LocalBoxFuture, Ready, ready};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IgnoredAny, IntoDeserializer, Visitor as Seer,
};
use serde::forward_to_deserialize_any;

use crate::app::App;
use crate::seal::{random, same};
use crate::web::body;
use crate::web::page::{Fault, Faults};
use crate::web::problem::{Kind, Problem};
use crate::web::text::{self, Lines};
use crate::web::who::{Signed, Visitor};

/// A form of nothing but a button.
#[derive(Debug, serde::Deserialize)]
pub struct Nothing {}

/// The field that carries the token.
const TOKEN: &str = "csrf";
/// Fields of which no page repeats anything: passwords and codes. A test compares them with those of all templates.
pub(super) const SECRETS: &[&str] = &["password", "present", "new", "again", "code", "letter"];

/// Octets of the MAC that a token keeps.
const MAC_LEN: usize = 16;

/// A form as it was sent, and what is wrong with it.
///
/// `T` has a `String` for everything that is typed, so that it can be shown again; numbers, typed
/// ids, words of a `pg_enum!`, `bool` (a ticked box), `Option` (empty is `None`) and `Vec` (repeated)
/// for everything that is chosen. Declare `T` with `#[serde(default)]`: a box that is not ticked is
/// not sent.
#[derive(Debug)]
pub struct Form<T> {
    /// What was sent.
    pub typed: T,
    /// What the handler found wrong, for the page.
    pub faults: Faults,
}

/// A form that is a button and nothing else.
pub type Pressed = Form<IgnoredAny>;

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

/// The query of a page's address, read as forms are: of a name that stands there twice the last counts, and what is
/// not asked for is passed over, since mail software and trackers add to addresses.
#[derive(Debug)]
pub struct Query<T>(T);

impl<T> Query<T> {
    /// What was asked.
    pub fn into_inner(self) -> T {
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

/// The token for the forms of the page that answers `req`: another one each time, since pages are compressed, and
/// the length of an answer would tell what a constant token has in common with what a stranger puts on the page.
pub fn token(app: &App, req: &HttpRequest) -> String {
    let today = app.now().timestamp().div_euclid(86_400);
    let mac = &ground(app, req, today)[..MAC_LEN];
    let mask = random::<MAC_LEN>();
    let masked = mac.iter().zip(mask).map(|(octet, mask)| octet ^ mask);
    URL_SAFE_NO_PAD.encode(mask.iter().copied().chain(masked).collect::<Vec<_>>())
}

/// Refuses a form that another site sent, or whose token is not of its sender. For handlers that
/// read the body themselves; [`Form`] has done it already.
///
/// # Errors
/// [`Kind::FormNotOurs`].
pub fn check(req: &HttpRequest, token: &str) -> Result<(), Problem> {
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
    let fits = |day| same(&ground(app, req, day)[..MAC_LEN], &given);
    (fits(today) || fits(today - 1))
        .then_some(())
        .ok_or_else(refused)
}

fn ground(app: &App, req: &HttpRequest, day: i64) -> [u8; 32] {
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

/// What the browser says about where the form stood. Pages are sent with `no-referrer`, so that
/// `Origin` is often `null` and says nothing.
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

/// The longest words in a form that cannot be accepted, to be given back. Takes the body, and keeps its fields for
/// the page that gives them back (`web::again`).
pub async fn keep(req: &mut ServiceRequest) -> String {
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

/// The fields of the request's form read as `T` too, once [`Form`] has read them: what belongs to other parts of the page.
pub fn also<T: DeserializeOwned>(req: &HttpRequest) -> Option<T> {
    let extensions = req.extensions();
    extensions.get::<Typed>()?.0.read().ok()
}

/// The form that the request carried.
struct Typed(Rc<Fields>);

/// The fields of the request's form, once [`Form`] or [`keep`] has read them.
pub(super) fn typed(req: &HttpRequest) -> Option<Rc<Fields>> {
    let extensions = req.extensions();
    Some(Rc::clone(&extensions.get::<Typed>()?.0))
}

/// Names and what was entered under each, in the order in which they came.
pub(super) struct Fields(Vec<(String, Vec<String>)>);

impl Fields {
    /// Every name with each of its values.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_str(), value.as_str()))
        })
    }

    fn parse(body: &[u8]) -> Self {
        let mut fields: Vec<(String, Vec<String>)> = Vec::new();
        // A stranger may send a hundred thousand names: none is looked for among the others.
        let mut places: HashMap<String, usize> = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            let place = *places.entry(name.into_owned()).or_insert_with_key(|name| {
                fields.push((name.clone(), Vec::new()));
                fields.len() - 1
            });
            fields[place].1.push(value.into_owned());
        }
        Self(fields)
    }

    /// The last value under a name; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .and_then(|(_, values)| values.last())
            .map_or("", String::as_str)
    }

    /// What somebody would be sorry to lose.
    fn words(&self) -> String {
        self.0
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), TOKEN | "next"))
            .filter(|(name, _)| !SECRETS.contains(&name.as_str()))
            .flat_map(|(_, values)| values)
            .max_by_key(|words| words.len())
            .filter(|words| words.len() >= 20)
            .map(|words| text::without_controls(words))
            .unwrap_or_default()
    }

    fn check_text(&self) -> Result<(), Problem> {
        for (name, values) in &self.0 {
            let found = text::control(name, Lines::One);
            let mut each = values.iter();
            let found = found.or_else(|| each.find_map(|value| text::control(value, Lines::Many)));
            if let Some(character) = found {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let place = match name.len() <= 40 && name.chars().all(is_word) {
                    true => format!("the field {name}"),
                    false => "a field".to_owned(),
                };
                return Err(text::refused(&place, character));
            }
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let pairs = self
            .0
            .iter()
            .map(|(name, values)| (name.as_str(), Entered(values.clone())));
        serde_path_to_error::deserialize(MapDeserializer::<_, Error>::new(pairs)).map_err(|e| {
            Problem::new(Kind::BadRequest).because(format!("field {}: {}", e.path(), e.inner()))
        })
    }
}

/// What was entered under one name, as serde reads it.
#[derive(Clone)]
struct Entered(Vec<String>);

impl Entered {
    fn last(mut self) -> String {
        self.0.pop().unwrap_or_default()
    }
}

impl IntoDeserializer<'_, Error> for Entered {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty,)+) => {$(
        fn $method<S: Seer<'de>>(self, seer: S) -> Result<S::Value, Error> {
            let number = self.last().trim().parse::<$number>();
            seer.$visit(number.map_err(|_| Error::custom("must be a number"))?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Entered {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i64 i64,
        deserialize_i16 visit_i64 i64,
        deserialize_i32 visit_i64 i64,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u64 u64,
        deserialize_u16 visit_u64 u64,
        deserialize_u32 visit_u64 u64,
        deserialize_u64 visit_u64 u64,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<S: Seer<'de>>(self, seer: S) -> Result<S::Value, Error> {
        seer.visit_string(self.last())
    }

    fn deserialize_bool<S: Seer<'de>>(self, seer: S) -> Result<S::Value, Error> {
        seer.visit_bool(!matches!(&*self.last(), "" | "no" | "false" | "off" | "0"))
    }

    fn deserialize_option<S: Seer<'de>>(self, seer: S) -> Result<S::Value, Error> {
        if self.0.iter().all(String::is_empty) {
            seer.visit_none()
        } else {
            seer.visit_some(self)
        }
    }

    fn deserialize_seq<S: Seer<'de>>(self, seer: S) -> Result<S::Value, Error> {
        let each = self.0.into_iter().map(|value| Self(vec![value]));
        seer.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_newtype_struct<S: Seer<'de>>(
        self,
        _: &'static str,
        seer: S,
    ) -> Result<S::Value, Error> {
        seer.visit_newtype_struct(self)
    }

    fn deserialize_enum<S: Seer<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        seer: S,
    ) -> Result<S::Value, Error> {
        StringDeserializer::<Error>::new(self.last()).deserialize_enum(name, words, seer)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::id::StaffId;
    use crate::staff::StaffRole;

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Sample {
        text: String,
        version: i32,
        harm: bool,
        then: Option<StaffRole>,
        who: Option<StaffId>,
        key: Vec<String>,
    }

    fn read(body: &str) -> Result<Sample, Problem> {
        Fields::parse(body.as_bytes()).read()
    }

    #[test]
    fn a_form_is_read_as_its_fields_are_meant() {
        let id = "stf_00000000000070008000000000000001";
        let body =
            format!("csrf=x&text=a+%C3%A4%0D%0A&version=3&harm=yes&then=lead&who={id}&key=a&key=");
        let sample = read(&body).expect("readable");
        let expected = Sample {
            text: "a ä\r\n".to_owned(),
            version: 3,
            harm: true,
            then: Some(StaffRole::Lead),
            who: id.parse().ok(),
            key: vec!["a".to_owned(), String::new()],
        };
        assert_eq!(sample, expected);
        assert_eq!(read("then=&who=").expect("readable"), Sample::default());
    }

    #[test]
    fn a_field_of_the_wrong_kind_is_named() {
        for bad in ["version=many", "then=boss", "who=per_1"] {
            assert_eq!(
                read(bad).expect_err("refused").kind(),
                Kind::BadRequest,
                "{bad}"
            );
        }
    }

    /// The names of the fields of a template that take a password or a code.
    fn secrets_in(template: &str) -> Vec<String> {
        let fields = template.split("p::field(").skip(1);
        let fields = fields.map(|rest| rest.split("}}").next().unwrap_or_default());
        let signs = ["\"password\"", "one-time-code", "look = \"code\""];
        let secret = fields.filter(|field| signs.iter().any(|sign| field.contains(sign)));
        let name = |field: &str| field.split('"').nth(1).unwrap_or_default().to_owned();
        secret.map(name).collect()
    }

    #[test]
    fn no_page_repeats_what_any_template_asks_for_as_a_password_or_a_code() {
        let (mut found, mut plain) = (std::collections::BTreeSet::new(), Vec::new());
        let web = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web");
        for folder in ["", "/console", "/public"] {
            for file in std::fs::read_dir(format!("{web}{folder}")).expect("a folder") {
                let path = file.expect("a file").path();
                if path.extension().is_some_and(|end| end == "html") {
                    let template = std::fs::read_to_string(&path).expect("a template");
                    found.extend(secrets_in(&template));
                    plain.extend(template.contains("type=\"password\"").then_some(path));
                }
            }
        }
        let listed: std::collections::BTreeSet<String> =
            SECRETS.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, listed);
        assert!(plain.is_empty(), "a field outside of p::field: {plain:?}");
        for name in SECRETS {
            let body = format!("{name}=correct+horse+battery+staple");
            assert_eq!(Fields::parse(body.as_bytes()).words(), "", "{name}");
        }
    }

    #[test]
    fn the_longest_words_are_given_back_and_never_a_password() {
        let body = "csrf=long-long-long-long-long-long&password=long+long+long+long+long+long\
                    &text=This+is+what+I+wanted+to+ask";
        assert_eq!(
            Fields::parse(body.as_bytes()).words(),
            "This is what I wanted to ask"
        );
        assert_eq!(Fields::parse(b"text=short").words(), "");
    }
}
