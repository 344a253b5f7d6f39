//! The fact sheet of an incident: saving it, and publishing it after a preview of the changes.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::incident_at;
use super::page::{IncidentPage, done, load};
use super::unsaved::{Statement, Unsaved};
use crate::app::App;
use crate::campaign::{self, approval};
use crate::element;
use crate::id::IncidentId;
use crate::incident::change::{Change, changes};
use crate::incident::claims::{Claims, DEFAULT, claim_of};
use crate::incident::steer::{self, SteerError};
use crate::incident::{Facts, Incident, PublishedClaims, publication, store};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::console::answer::{self, redirect};
use crate::web::console::changed::out_of_date;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::person_lookup::CAMPAIGNS;
use crate::web::problem::{Answer, Problem};
use crate::web::public::Fact;

/// The form of the fact sheet.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FactSheet {
    version: i32,
    /// `look`: save it, then show what publishing would change.
    act: String,
    key: Vec<String>,
    value: Vec<String>,
}

/// `POST /console/incidents/{slug}/facts`: saves the working sheet.
///
/// # Errors
/// 404, or a fact sheet that changed since the page was loaded. A bad fact shows the page again.
pub(crate) async fn save(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<FactSheet>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let facts = form.facts();
    let title = &incident.title;
    let unsaved = Unsaved::of(&req, &incident.facts).but_facts();
    let (looks, version) = (form.act == "look", form.version);
    let saved = match looks && facts == incident.facts {
        // Nothing to save.
        true => Ok(()),
        false => steer::edit_facts(&app, who.id, incident.id, version, title, &facts).await,
    };
    match saved {
        Ok(()) if looks => return Ok(to_preview(&slug)),
        Ok(()) => {
            let message = message_of(&app, incident.id).await?;
            return done(&app, &req, &who, &slug, (message, unsaved)).await;
        }
        Err(SteerError::Text(why)) => form.fault("facts", why),
        Err(SteerError::Changed(changed)) => {
            let typed = in_one_text(&facts, unsaved.statement);
            return Err(out_of_date(&app, &changed).await.typed(typed));
        }
        Err(error) => return Err(error.into()),
    }
    let page = load(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let facts = facts.into_iter();
    let page = IncidentPage {
        facts: facts.map(|(key, value)| Fact { key, value }).collect(),
        version,
        facts_faults: form.faults,
        ..page.with(unsaved)
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

impl FactSheet {
    /// The facts that have a key.
    fn facts(&self) -> Facts {
        let keys = self.key.iter().map(|key| key.trim().to_owned());
        let pairs = keys.zip(self.value.iter().map(|value| value.replace("\r\n", "\n")));
        pairs.filter(|(key, _)| !key.is_empty()).collect()
    }
}

/// What was typed, with the key of each fact, to be copied.
fn in_one_text(facts: &Facts, statement: Option<Statement>) -> String {
    let facts = facts.iter().map(|(key, value)| format!("{key}: {value}"));
    let words = facts.chain(statement.map(|statement| statement.text));
    words.collect::<Vec<_>>().join("\n\n")
}

fn to_preview(slug: &str) -> HttpResponse {
    let to = format!("/console/incidents/{slug}/facts/publish");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// `/console/incidents/{slug}/facts/publish`
#[derive(Template)]
#[template(path = "console/incident/facts.html")]
pub struct Preview {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// Its working title.
    pub title: String,
    /// The version of the incident that the page shows.
    pub version: i32,
    /// The title that is public now, if publishing changes it.
    pub title_before: Option<String>,
    /// The facts that publishing changes.
    pub rows: Vec<Row>,
    /// How many facts stay as they are.
    pub same: usize,
    /// What pages will say of corrections and of what is being checked.
    pub notes: Vec<String>,
    /// Whether publishing changes what they say of it.
    pub marks: bool,
    /// When facts were last published.
    pub last: Option<Moment>,
    /// Whether the incident's page is public now.
    pub is_public: bool,
    /// Whether the incident is forgotten, so that nothing can be published.
    pub is_forgotten: bool,
}

/// One fact that publishing changes.
#[derive(Debug, Clone)]
pub struct Row {
    /// The change, with both texts.
    pub change: Change,
    /// Where readers see it.
    pub places: String,
}

impl Row {
    fn what(&self) -> &'static str {
        match (&self.change.before, &self.change.after) {
            (None, _) => "new",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

impl Preview {
    fn can_publish(&self) -> bool {
        let first = self.last.is_none();
        !self.is_forgotten
            && (first || self.title_before.is_some() || self.marks || !self.rows.is_empty())
    }
}

/// Where readers see the fact with this key. [`Fact::sheet`] shows a fact with translations in the reader's language.
fn places(key: &str, facts: &Facts) -> String {
    let translation = key.rsplit_once('_').filter(|(base, language)| {
        element::LOCALES.contains(language) && facts.contains_key(*base)
    });
    match (translation, key) {
        (Some((_, "en")), _) => "public page, status pages in English".to_owned(),
        (Some((_, language)), _) => of_readers(language),
        (None, "next_update") => "front page, public page, status pages".to_owned(),
        (None, _) => "public page, status pages".to_owned(),
    }
}

fn of_readers(locale: &str) -> String {
    format!("status pages of people who read “{locale}”")
}

fn rows_of(rows: &[Row]) -> Vec<&Change> {
    rows.iter().map(|row| &row.change).collect()
}

/// The word of the message after saving: it says whether the approval of any campaign of the incident is void.
async fn message_of(app: &App, incident: IncidentId) -> Result<&'static str, Problem> {
    let mut conn = app.db.get().await?;
    let found = store::find(&mut conn, incident).await?;
    let campaigns = campaign::store::overviews(&mut conn, Some(incident), None, CAMPAIGNS).await?;
    let approved = campaigns
        .iter()
        .filter(|one| one.campaign.approved_by.is_some());
    let void = approval::void(app, approved, std::slice::from_ref(&found));
    Ok(match void.is_empty() {
        true => "facts",
        false => "facts-void",
    })
}

/// `GET /console/incidents/{slug}/facts/publish`.
///
/// # Errors
/// 404.
pub(crate) async fn preview(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let has_spoken = store::has_spoken(&mut conn, incident.id).await?;
    let claims = steer::claims_of(&mut conn, &incident).await?;
    let coming = publication::publish(incident.published.as_ref(), &claims, app.now());
    let desk = answer::frame(&app, &mut conn, &req, &who, Area::Incidents).await?;
    Ok(page::show(
        StatusCode::OK,
        &preview_page(desk, incident, (&claims, &coming), has_spoken),
    )?)
}

fn preview_page(
    desk: ConsoleFrame,
    of: Incident,
    (claims, coming): (&Claims, &PublishedClaims),
    has_spoken: bool,
) -> Preview {
    let public = of.public_facts();
    let rows: Vec<Row> = changes(public, &of.facts)
        .into_iter()
        .map(|change| {
            let within = match change.after {
                Some(_) => &of.facts,
                None => public,
            };
            let texts = claims.iter().map(|(key, one)| (key, &one.texts));
            let places = match claim_of(texts, &change.key) {
                Some((_, locale)) if locale != DEFAULT => of_readers(locale),
                _ => places(&change.key, within),
            };
            Row { places, change }
        })
        .collect();
    let changed = rows.iter().filter(|row| row.change.after.is_some()).count();
    let public_title = of.public_title();
    Preview {
        desk,
        notes: publication::notes(of.published.as_ref(), coming, &rows_of(&rows)),
        marks: {
            let none = PublishedClaims::new();
            let now = of.published.as_ref().map_or(&none, |one| &one.claims);
            publication::marks_differ(now, coming)
        },
        title_before: (public_title != of.title).then(|| public_title.to_owned()),
        same: of.facts.len() - changed,
        last: of.published.as_ref().map(|one| Moment::exact(one.at)),
        is_public: of.is_public(has_spoken),
        is_forgotten: of.forgotten_at.is_some(),
        version: of.version,
        rows,
        slug: of.slug,
        title: of.title,
    }
}

/// The form of the button.
#[derive(Deserialize)]
pub struct Seen {
    version: i32,
}

/// `POST /console/incidents/{slug}/facts/publish`.
///
/// # Errors
/// 404, or an incident that changed since the preview was loaded.
pub(crate) async fn publish(
    who: Allowed<SteerIncident>,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Seen>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    match steer::publish_facts(&app, who.id, incident.id, form.version).await {
        Ok(()) => Ok(redirect(
            &format!("/console/incidents/{slug}/facts"),
            "facts-published",
        )),
        Err(SteerError::Changed(changed)) => Err(out_of_date(&app, &changed).await),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_appears_on_status_pages_only() {
        let facts = ["what", "what_es", "what_en", "phone_es", "next_update"]
            .map(|key| (key.to_owned(), String::new()))
            .into();
        for (key, expected) in [
            ("what", "public page, status pages"),
            ("what_es", "status pages of people who read “es”"),
            ("what_en", "public page, status pages in English"),
            ("phone_es", "public page, status pages"),
            ("next_update", "front page, public page, status pages"),
        ] {
            assert_eq!(places(key, &facts), expected);
        }
    }
}
