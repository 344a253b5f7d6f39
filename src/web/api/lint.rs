//! The rules about texts, and what they find in texts that are not in a campaign yet.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};

use super::Json;
use super::incidents::named;
use crate::app::App;
use crate::db::Conn;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::person::place::Jurisdiction;
use crate::staff::right::SeeTemplates;
use crate::template::rules::{self, Known, Remark, RuleView, Rules, Setting};
use crate::template::{Variants, store};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};

#[derive(Serialize)]
struct RuleList {
    items: Vec<RuleView>,
    next: Option<String>,
}

/// `GET /rules`: every rule of this deployment.
pub(crate) async fn list(_: Allowed<SeeTemplates>, app: Data<App>) -> Answer {
    let rules = Rules::of(&app.config).map_err(Problem::broken)?;
    Ok(HttpResponse::Ok().json(RuleList {
        items: rules.all().iter().map(RuleView::from).collect(),
        next: None,
    }))
}

/// The body of [`lint`]: a template, or texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    template: Option<TemplateId>,
    /// The newest if left out.
    version: Option<i32>,
    #[serde(default)]
    variants: Variants,
    /// The elements that the texts name by words.
    #[serde(default)]
    names: ElementSet,
    /// The incident of the facts; without one, facts show as their keys.
    incident: Option<String>,
    #[serde(default)]
    jurisdictions: Vec<Jurisdiction>,
    /// What was exposed of the readers; everything if left out.
    elements: Option<ElementSet>,
}

#[derive(Serialize)]
struct Linted {
    findings: Vec<Remark>,
    unknown_places: Vec<String>,
    country_only: Vec<String>,
}

/// The texts of a template, else those that were given, with the elements that they name by words.
async fn texts(
    conn: &mut Conn,
    template: Option<(TemplateId, Option<i32>)>,
    given: (Variants, ElementSet),
) -> Result<(Variants, ElementSet), Problem> {
    let (variants, names) = match template {
        Some((id, version)) => {
            let found = store::find(conn, id, version).await?;
            (found.variants, found.names)
        }
        None => given,
    };
    if variants.is_empty() {
        let why = "name a template, or give variants";
        return Err(Problem::new(Kind::BadRequest).because(why));
    }
    Ok((variants, names))
}

/// `POST /lint`.
///
/// # Errors
/// 404 without such a template or incident.
pub(crate) async fn lint(_: Allowed<SeeTemplates>, app: Data<App>, asked: Json<Asked>) -> Answer {
    let asked = asked.0;
    let mut conn = app.db.get().await?;
    let template = asked.template.map(|id| (id, asked.version));
    let given = (asked.variants, asked.names);
    let (variants, names) = texts(&mut conn, template, given).await?;
    let incident = match &asked.incident {
        Some(name) => Some(named(&mut conn, name).await?),
        None => None,
    };
    drop(conn);
    let rules = Rules::of(&app.config).map_err(Problem::broken)?;
    let domains = rules::domains(&app.config);
    let setting = Setting {
        organisation: &app.config.organisation.name,
        title: incident.as_ref().map_or("Sample incident", |of| &of.title),
        facts: incident.as_ref().map(|of| &of.facts),
        public_url: &app.config.http.public_url,
        domains: &domains,
        is_known: true,
    };
    let elements = (asked.elements.unwrap_or(ElementSet::ALL), names);
    let places = asked.jurisdictions;
    let today = app.now().date_naive();
    let of = |known| {
        let places = places.iter().filter(|place| rules.known(place) == known);
        places.map(ToString::to_string).collect()
    };
    Ok(HttpResponse::Ok().json(Linted {
        findings: rules.check(&variants, elements, &places, (setting, today)),
        unknown_places: of(Known::Nothing),
        country_only: of(Known::Country),
    }))
}
