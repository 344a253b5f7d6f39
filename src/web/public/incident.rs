//! The public page of an incident: the facts, and every statement with its date; none is ever removed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

use super::told::Told;
use super::{Update, known, promised};
use crate::app::App;
use crate::incident::{self, Incident, IncidentState};
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::page::{self, Moment, PublicFrame};
use crate::web::problem::{Answer, Problem};

/// More statements than any incident has.
const MOST: i64 = 1_000;

/// `/incidents/{slug}`
#[derive(Template)]
#[template(path = "public/incident.html")]
pub struct IncidentPage {
    /// The frame.
    pub visit: PublicFrame,
    /// Its address.
    pub slug: String,
    /// Its public title.
    pub title: String,
    /// The fact sheet.
    pub facts: Vec<Told>,
    /// All statements, the latest first.
    pub updates: Vec<Update>,
    /// When the next one comes, if promised.
    pub next_update: Option<Moment>,
    /// When the data about its people were deleted: nothing is promised from then on.
    pub forgotten: Option<Moment>,
    /// Whether it turned out to be no breach.
    pub dismissed: bool,
}

/// `/incidents/{slug}/feed.xml`: the same statements for feed readers (RFC 4287).
#[derive(Template)]
#[template(path = "public/feed.xml")]
struct Feed {
    /// Where the pages are.
    url: String,
    organisation: String,
    incident: Incident,
    updates: Vec<incident::Update>,
}

/// `GET /incidents/{slug}`.
///
/// # Errors
/// 404 while nothing about it is public.
pub async fn show(req: HttpRequest, app: Data<App>, slug: Path<String>) -> Answer {
    let (incident, updates) = public(&app, &slug).await?;
    let view = IncidentPage {
        visit: frame::visit(&app, &req),
        facts: known(&incident, "en"),
        updates: updates.iter().map(Update::of).collect(),
        next_update: promised(&incident),
        forgotten: incident.forgotten_at.map(Moment::day),
        dismissed: incident.state == IncidentState::Dismissed,
        title: incident.public_title().to_owned(),
        slug: incident.slug,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `GET /incidents/{slug}/feed.xml`.
///
/// # Errors
/// 404 while nothing about it is public.
pub async fn feed(app: Data<App>, slug: Path<String>) -> Answer {
    let (incident, updates) = public(&app, &slug).await?;
    let feed = Feed {
        url: app.config.http.public_url.to_string(),
        organisation: app.config.organisation.name.clone(),
        incident,
        updates,
    };
    Ok(HttpResponse::Ok()
        .content_type("application/atom+xml; charset=utf-8")
        .body(feed.render()?))
}

async fn public(app: &App, slug: &str) -> Result<(Incident, Vec<incident::Update>), Problem> {
    let mut conn = app.db.get().await?;
    let incident = incident::store::find_by_slug(&mut conn, slug).await?;
    let (updates, has_spoken) =
        incident::store::updates_and_spoken(&mut conn, incident.id, MOST).await?;
    if !incident.is_public(has_spoken) {
        return Err(Problem::not_found());
    }
    Ok((incident, updates))
}

impl Feed {
    /// When something last changed.
    fn updated(&self) -> String {
        let at = self
            .updates
            .first()
            .map_or(self.incident.created_at, |u| u.published_at);
        self.stamp(&at)
    }

    fn stamp(&self, at: &DateTime<Utc>) -> String {
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// XML 1.0 has no way to write most control characters.
    fn printable(&self, text: &str) -> String {
        text.chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect()
    }
}
