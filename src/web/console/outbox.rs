//! The outbox of a rehearsal: messages that were written to files instead of being sent.

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::app::App;
use crate::audit::Action;
use crate::mail::read::{Folder, Found, Read};
use crate::staff::right::SeeOutbox;
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::middleware::headers::PREVIEW_POLICY;
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::problem::{Answer, Problem};

/// `/console/outbox` and `/console/outbox/{name}`
#[derive(Template)]
#[template(path = "console/outbox.html")]
pub struct Outbox {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The latest messages.
    pub letters: Vec<LetterRow>,
    /// The total number of messages.
    pub total: i64,
    /// The open message.
    pub letter: Option<OpenLetter>,
}

/// One message in the list.
#[derive(Debug, Clone)]
pub struct LetterRow {
    /// The name of its file.
    pub name: String,
    /// Its recipient.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was written.
    pub at: Moment,
}

/// One open message.
#[derive(Debug, Clone)]
pub struct OpenLetter {
    /// The name of its file.
    pub name: String,
    /// Its headers in order.
    pub headers: Vec<(String, String)>,
    /// Its text part.
    pub text: String,
    /// The address of its HTML part; empty without one.
    pub html: String,
}

impl Outbox {
    /// How many messages the page lists.
    fn shown(&self) -> i64 {
        i64::try_from(self.letters.len()).unwrap_or(i64::MAX)
    }
}

/// The maximum number of messages on the page.
const SHOWN: usize = 50;

/// `GET /console/outbox`.
///
/// # Errors
/// 404 if no relay is a folder.
pub(crate) async fn show(who: Allowed<SeeOutbox>, req: HttpRequest, app: Data<App>) -> Answer {
    let folder = folder(&app)?;
    let (found, total) = blocking(move || folder.newest(SHOWN)).await?;
    let row = |found: Found| LetterRow {
        to: found.read.header("To"),
        subject: found.read.header("Subject"),
        at: Moment::row(found.written_at),
        name: found.name,
    };
    let letters: Vec<_> = found.into_iter().map(row).collect();
    who.saw(&app, Action::OutboxRead, "list", letters.len());
    draw(&app, &req, &who, letters, total, None).await
}

/// `GET /console/outbox/{name}`.
///
/// # Errors
/// 404.
pub(crate) async fn one(
    who: Allowed<SeeOutbox>,
    req: HttpRequest,
    app: Data<App>,
    name: Path<String>,
) -> Answer {
    let read = open(&app, &name).await?;
    who.saw(&app, Action::OutboxRead, &name, 1);
    let html = read
        .html
        .is_some()
        .then(|| format!("/console/outbox/{name}/html"));
    let letter = OpenLetter {
        name: name.into_inner(),
        headers: read.headers,
        text: read.text,
        html: html.unwrap_or_default(),
    };
    draw(&app, &req, &who, Vec::new(), 0, Some(letter)).await
}

/// `GET /console/outbox/{name}/html`: the HTML part alone, for a sandboxed frame.
///
/// # Errors
/// 404.
pub(crate) async fn html(who: Allowed<SeeOutbox>, app: Data<App>, name: Path<String>) -> Answer {
    let html = open(&app, &name)
        .await?
        .html
        .ok_or_else(Problem::not_found)?;
    who.saw(&app, Action::OutboxRead, &name, 1);
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PREVIEW_POLICY))
        .body(html))
}

fn folder(app: &App) -> Result<Folder, Problem> {
    let urls = app
        .config
        .mail
        .relays
        .iter()
        .map(|relay| relay.url.expose());
    urls.filter_map(Folder::of)
        .next()
        .ok_or_else(Problem::not_found)
}

async fn open(app: &App, name: &str) -> Result<Read, Problem> {
    let (folder, name) = (folder(app)?, name.to_owned());
    blocking(move || folder.open(&name))
        .await?
        .ok_or_else(Problem::not_found)
}

/// Reads files on a thread that may block.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    web::block(read)
        .await
        .map_err(Problem::broken)?
        .map_err(Problem::broken)
}

async fn draw(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    letters: Vec<LetterRow>,
    total: usize,
    letter: Option<OpenLetter>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let view = Outbox {
        desk: frame::console(app, &mut conn, req, who, Area::Outbox).await?,
        letters,
        total: i64::try_from(total).unwrap_or(i64::MAX),
        letter,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}
