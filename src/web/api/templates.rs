//! `/api/v1/templates`: versioned texts, what the check finds in them, and how they read.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::incidents::named;
use super::{Json, Page};
use crate::app::App;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::incident::claims::told;
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::edit::{self, Words};
use crate::template::lint;
use crate::template::preview::{Reader, Setting, preview as render};
use crate::template::{Template, Variants, naming, pick, store};
use crate::web::caller::Allowed;
use crate::web::problem::template::FindingView;
use crate::web::problem::{Answer, Problem};
use crate::web::sample_reader::reader;

/// One version of a template, in the JSON of the API.
#[derive(Debug, Serialize)]
struct TemplateView {
    id: TemplateId,
    name: String,
    version: i32,
    variants: Variants,
    names: ElementSet,
    findings: Vec<FindingView>,
}

impl TemplateView {
    fn of(template: Template) -> Self {
        Self {
            findings: findings(&template),
            names: template.names,
            id: template.id,
            name: template.name,
            version: template.version,
            variants: template.variants,
        }
    }
}

fn findings(of: &Template) -> Vec<FindingView> {
    let texts = of.variants.iter().flat_map(|(locale, text)| {
        let found = lint::lint(&text.subject, &text.body, locale).into_iter();
        found.map(|finding| FindingView::of(locale, finding))
    });
    let named = naming::findings(&of.variants, of.names).into_iter();
    texts
        .chain(named.map(|(locale, finding)| FindingView::of(locale, finding)))
        .collect()
}

/// A template in a list, in the JSON of the API.
#[derive(Debug, Serialize)]
struct ListedView {
    id: TemplateId,
    name: String,
    version: i32,
    locales: Vec<String>,
    created_at: DateTime<Utc>,
}

/// `GET /templates`.
pub(crate) async fn list(_: Allowed<SeeTemplates>, app: Data<App>) -> Answer {
    let view = |of: store::Listed| ListedView {
        id: of.id,
        name: of.name,
        version: of.version,
        locales: of.locales,
        created_at: of.created_at,
    };
    let items: Vec<_> = store::list(&mut *app.db.get().await?)
        .await?
        .into_iter()
        .map(view)
        .collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// The body of [`create`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    variants: Variants,
    /// The elements that the texts name by words.
    #[serde(default)]
    names: ElementSet,
}

/// `POST /templates`.
///
/// # Errors
/// A text that does not compile, or a name in use.
pub(crate) async fn create(who: Allowed<EditTemplate>, app: Data<App>, new: Json<New>) -> Answer {
    let id = edit::create(
        &app,
        who.id,
        &new.0.name,
        words(&new.0.variants, new.0.names),
    )
    .await?;
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/templates/{id}")));
    shown(&app, answer, id, None).await
}

/// `GET /templates/{id}`: its newest version.
///
/// # Errors
/// 404.
pub(crate) async fn show(_: Allowed<SeeTemplates>, app: Data<App>, id: Path<TemplateId>) -> Answer {
    shown(&app, HttpResponse::Ok(), *id, None).await
}

/// The body of [`add_version`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    variants: Variants,
    /// The elements that the texts name by words.
    #[serde(default)]
    names: ElementSet,
    /// The version that was read before it was changed: if another one was saved since, nothing is written.
    based_on: Option<i32>,
}

fn words(variants: &Variants, names: ElementSet) -> Words<'_> {
    Words { variants, names }
}

/// `POST /templates/{id}/versions`.
///
/// # Errors
/// 404, or a text that does not compile.
pub(crate) async fn add_version(
    who: Allowed<EditTemplate>,
    app: Data<App>,
    id: Path<TemplateId>,
    new: Json<NewVersion>,
) -> Answer {
    let NewVersion {
        variants,
        names,
        based_on,
    } = &new.0;
    let version = edit::add_version(&app, who.id, *id, words(variants, *names), *based_on).await?;
    shown(&app, HttpResponse::Created(), *id, Some(version)).await
}

async fn shown(
    app: &App,
    mut answer: HttpResponseBuilder,
    id: TemplateId,
    version: Option<i32>,
) -> Answer {
    let template = store::find(&mut *app.db.get().await?, id, version).await?;
    Ok(answer.json(TemplateView::of(template)))
}

/// The body of [`preview`]; everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asked {
    version: Option<i32>,
    locale: Option<String>,
    /// The incident of the facts; without one, facts show as their keys.
    incident: Option<String>,
    /// A real person of that incident; needs the right to see people.
    reference: Option<String>,
}

/// A notice as it would be sent, in the JSON of the API.
#[derive(Debug, Serialize)]
struct PreviewView {
    locale: String,
    subject: String,
    text: String,
    html: String,
}

/// `POST /templates/{id}/preview`.
///
/// # Errors
/// 404, or a text that does not compile with the incident's facts.
pub(crate) async fn preview(
    who: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Json<Asked>,
) -> Answer {
    let asked = asked.0;
    let template = store::find(&mut *app.db.get().await?, *id, asked.version).await?;
    let incident = match &asked.incident {
        Some(name) => Some(named(&mut *app.db.get().await?, name).await?),
        None => None,
    };
    let person = reader(&app, &who, incident.as_ref(), asked.reference.as_deref()).await?;
    let (reader, reads) = person.unwrap_or_else(|| (Reader::sample(), "en".to_owned()));
    let locale = asked.locale.unwrap_or(reads);
    let (locale, variant) = pick(&template.variants, &locale).ok_or_else(Problem::not_found)?;
    let told = incident.as_ref().map(|of| told(&of.facts, locale));
    let titled = incident.as_ref().zip(told.as_deref());
    let setting = Setting {
        organisation: &app.config.organisation.name,
        incident: titled.map(|(of, facts)| (of.title.as_str(), facts)),
        public_url: &app.config.http.public_url,
    };
    let shown = render(locale, variant, &setting, &reader)?;
    Ok(HttpResponse::Ok().json(PreviewView {
        locale: locale.to_owned(),
        subject: shown.subject,
        text: shown.text,
        html: shown.html,
    }))
}
