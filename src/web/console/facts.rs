//! The fact sheet of an incident: saving it, and publishing it after a look at what changes where.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::around::{self, incident_at, on_to, out_of_date};
use super::incident::{IncidentPage, done, filled};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::campaign::{self, approval};
use crate::element;
use crate::id::IncidentId;
use crate::incident::change::{Change, changes};
use crate::incident::steer::{self, SteerError};
use crate::incident::{Facts, Incident, store};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::person_lookup::CAMPAIGNS;
use crate::web::problem::{Answer, Problem};
use crate::web::public::Fact;

/// What the fact sheet's form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FactSheet {
    version: i32,
    /// `look` to see what publishing would change, once it is saved.
    act: String,
    key: Vec<String>,
    value: Vec<String>,
}

/// `POST /console/incidents/{slug}/facts`: saves the working sheet.
///
/// # Errors
/// 404, or a fact sheet that somebody changed meanwhile; a bad fact shows the page again.
pub async fn save(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<FactSheet>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let typed = std::mem::take(&mut form.typed);
    let pairs = typed
        .key
        .into_iter()
        .map(|key| key.trim().to_owned())
        .zip(typed.value);
    let facts: Facts = pairs.filter(|(key, _)| !key.is_empty()).collect();
    let title = &incident.title;
    let unsaved = Unsaved::of(&req, &incident.facts).but_facts();
    let looks = typed.act == "look";
    let saved = match looks && facts == incident.facts {
        // Only to be looked at.
        true => Ok(()),
        false => steer::edit_facts(&app, who.id, incident.id, typed.version, title, &facts).await,
    };
    match saved {
        Ok(()) if looks => {
            let publish = format!("/console/incidents/{slug}/facts/publish");
            return Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, publish))
                .finish());
        }
        Ok(()) => {
            let did = match has_void(&app, incident.id).await? {
                true => "facts-void",
                false => "facts",
            };
            return done(&app, &req, &who, &slug, (did, unsaved)).await;
        }
        Err(SteerError::Text(why)) => form.fault("facts", why),
        Err(SteerError::Changed) => {
            let typed = facts.values().cloned().collect::<Vec<_>>().join("\n\n");
            return Err(out_of_date().typed(typed));
        }
        Err(error) => return Err(error.into()),
    }
    let page = filled(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let facts = facts
        .into_iter()
        .map(|(key, value)| Fact { key, value })
        .collect();
    let page = IncidentPage {
        facts,
        version: typed.version,
        facts_faults: form.faults,
        ..page.with(unsaved)
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// `/console/incidents/{slug}/facts/publish`
#[derive(Template)]
#[template(path = "console/facts.html")]
pub struct Preview {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// Its working title.
    pub title: String,
    /// What this page was made from.
    pub version: i32,
    /// The title that is public now, if publishing changes it.
    pub title_before: Option<String>,
    /// The facts that publishing changes.
    pub rows: Vec<Row>,
    /// How many facts stay as they are.
    pub same: usize,
    /// When facts were published last.
    pub last: Option<Moment>,
    /// Whether anybody may read the incident's page now.
    pub is_public: bool,
    /// Whether nothing more can be published.
    pub is_forgotten: bool,
}

/// One fact that publishing changes.
#[derive(Debug, Clone)]
pub struct Row {
    /// What happens to it, and its texts.
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
        !self.is_forgotten && (first || self.title_before.is_some() || !self.rows.is_empty())
    }
}

/// Where readers see the fact with this key: as [`Fact::sheet`] chooses, which shows a fact that is told in several
/// languages in the reader's.
fn places(key: &str, facts: &Facts) -> String {
    let translation = key.rsplit_once('_').filter(|(base, language)| {
        element::LOCALES.contains(language) && facts.contains_key(*base)
    });
    match (translation, key) {
        (Some((_, "en")), _) => "public page, status pages in English".to_owned(),
        (Some((_, language)), _) => format!("status pages of people who read “{language}”"),
        (None, "next_update") => "front page, public page, status pages".to_owned(),
        (None, _) => "public page, status pages".to_owned(),
    }
}

/// Whether the approval of a campaign of the incident is void.
async fn has_void(app: &App, incident: IncidentId) -> Result<bool, Problem> {
    let mut conn = app.db.get().await?;
    let mut campaigns = campaign::store::list(&mut conn, Some(incident), None, CAMPAIGNS).await?;
    campaigns.retain(|one| one.approved_by.is_some());
    Ok(!approval::void(app, &mut conn, &campaigns).await?.is_empty())
}

/// `GET /console/incidents/{slug}/facts/publish`.
///
/// # Errors
/// 404.
pub async fn preview(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let has_spoken = store::has_spoken(&mut conn, incident.id).await?;
    let desk = around::desk(&app, &mut conn, &req, &who, Area::Incidents).await?;
    Ok(page::show(
        StatusCode::OK,
        &filled_in(desk, incident, has_spoken),
    )?)
}

fn filled_in(desk: Desk, of: Incident, has_spoken: bool) -> Preview {
    let public = of.public_facts();
    let rows: Vec<Row> = changes(public, &of.facts)
        .into_iter()
        .map(|change| {
            let within = match change.after {
                Some(_) => &of.facts,
                None => public,
            };
            Row {
                places: places(&change.key, within),
                change,
            }
        })
        .collect();
    let changed = rows.iter().filter(|row| row.change.after.is_some()).count();
    let public_title = of.public_title();
    Preview {
        desk,
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

/// What the button sends.
#[derive(Deserialize)]
pub struct Seen {
    version: i32,
}

/// `POST /console/incidents/{slug}/facts/publish`.
///
/// # Errors
/// 404, or an incident that somebody changed since the preview was loaded.
pub async fn publish(
    who: Allowed<SteerIncident>,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Seen>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    match steer::publish_facts(&app, who.id, incident.id, form.version).await {
        Ok(()) => Ok(on_to(
            &format!("/console/incidents/{slug}"),
            "facts-published",
        )),
        Err(SteerError::Changed) => Err(out_of_date()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_read_on_status_pages_alone() {
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
