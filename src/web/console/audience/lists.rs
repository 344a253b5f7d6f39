//! Adding a list of references, typed or as a file.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use askama::Template;

use super::draft::{back, faults_of};
use super::typed::{Typed, list_value};
use crate::app::App;
use crate::campaign::reference_list::{self, LONGEST, ListError};
use crate::staff::right::DraftCampaign;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer;
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::form::{self, Query};
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};

/// `/console/incidents/{slug}/audience/lists`
#[derive(Template)]
#[template(path = "console/audience/lists.html")]
pub(crate) struct NewList {
    desk: ConsoleFrame,
    slug: String,
    /// The query of the audience that the list is for.
    query: String,
    /// References that were typed and not added.
    references: String,
    faults: Faults,
}

impl NewList {
    async fn of(
        (app, req, who): (&App, &HttpRequest, &Signed),
        (slug, typed): (String, &Typed),
    ) -> Result<Self, Problem> {
        let mut conn = app.db.get().await?;
        Ok(Self {
            desk: answer::frame(app, &mut conn, req, who, Area::Incidents).await?,
            slug,
            query: typed.query(),
            references: String::new(),
            faults: Faults::default(),
        })
    }
}

/// `GET /console/incidents/{slug}/audience/lists`, with the conditions that are typed on the page of the audience.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    typed: Query<Typed>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let page = NewList::of((&app, &req, &who), (of.slug, &typed)).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// What the form sends.
#[derive(Default)]
struct Sent {
    query: String,
    side: String,
    typed: String,
    file: String,
}

/// `POST /console/incidents/{slug}/audience/lists`.
///
/// # Errors
/// 404, a form without our token. A list that is refused shows the page again, with what was typed.
pub(crate) async fn add(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    body: Payload,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let sent = read(&req, body).await?;
    let mut typed = Typed::parse(&sent.query);
    let text = format!("{}\n{}", sent.typed, sent.file);
    let added = match reference_list::add(&app, who.id, of.id, &text).await {
        Ok(added) => added,
        Err(error @ (ListError::Missing | ListError::Key(_) | ListError::Db(_))) => {
            return Err(error.into());
        }
        Err(why) => {
            let mut page = NewList::of((&app, &req, &who), (of.slug, &typed)).await?;
            page.faults = faults_of("typed_references", &sentence(why));
            page.references = sent.typed;
            return Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?);
        }
    };
    let value = list_value(added.listed);
    match sent.side.as_str() {
        "without" => typed.without = value,
        _ => typed.only = value,
    }
    Ok(back(&of.slug, &typed, "list"))
}

/// The fields of the form, once its token is checked.
async fn read(req: &HttpRequest, body: Payload) -> Result<Sent, Problem> {
    let mut parts = Parts::new(body, &boundary(req)?);
    let (mut token, mut sent) = (String::new(), Sent::default());
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(1_000).await?,
            "query" => sent.query = parts.text(20_000).await?,
            "side" => sent.side = parts.text(100).await?,
            "references" | "file" => {
                form::check(req, &token)?;
                let text = parts.text(LONGEST).await?;
                match name.as_str() {
                    "file" => sent.file = text,
                    _ => sent.typed = text,
                }
            }
            _ => {}
        }
    }
    form::check(req, &token)?;
    Ok(sent)
}
