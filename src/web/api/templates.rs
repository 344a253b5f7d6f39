//! `/api/v1/templates`: versioned texts, what the check finds in them, and how they read.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
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
use crate::template::edit::{self, EditError, Words};
use crate::template::preview::{Setting, preview as render};
use crate::template::rules::Rules;
use crate::template::{Template, Variants, manage, naming, pick, starting_text, store};
use crate::web::caller::Allowed;
use crate::web::problem::template::FindingView;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::sample_reader::{Wanted, reader};

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
    fn of(app: &App, template: Template) -> Self {
        Self {
            findings: findings(app, &template),
            names: template.names,
            id: template.id,
            name: template.name,
            version: template.version,
            variants: template.variants,
        }
    }
}

fn findings(app: &App, of: &Template) -> Vec<FindingView> {
    let today = app.now().date_naive();
    let rules = Rules::of(&app.config).unwrap_or_default();
    let texts = of.variants.iter().flat_map(|(locale, text)| {
        let found = rules.template(locale, text, today);
        found
            .iter()
            .flat_map(FindingView::of_remark)
            .collect::<Vec<_>>()
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

/// The query of [`list`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sought {
    /// Words of the name or of the newest texts.
    q: String,
}

/// `GET /templates`.
pub(crate) async fn list(
    _: Allowed<SeeTemplates>,
    app: Data<App>,
    sought: Query<Sought>,
) -> Answer {
    let view = |of: store::Listed| ListedView {
        id: of.id,
        name: of.name,
        version: of.version,
        locales: of.locales,
        created_at: of.created_at,
    };
    let found = store::search(&mut *app.db.get().await?, &sought.q).await?;
    let items: Vec<_> = found.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// The body of [`create`]: texts, or a starting text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    name: String,
    #[serde(default)]
    variants: Variants,
    /// The elements that the texts name by words.
    #[serde(default)]
    names: ElementSet,
    /// The key of a starting text, in place of `variants`.
    starting_text: Option<String>,
    /// Its languages; all of them if none is named.
    #[serde(default)]
    locales: Vec<String>,
}

/// `POST /templates`.
///
/// # Errors
/// A text that does not compile, a name in use, no such starting text.
pub(crate) async fn create(who: Allowed<EditTemplate>, app: Data<App>, new: Json<New>) -> Answer {
    let new = new.0;
    let id = match &new.starting_text {
        None => edit::create(&app, who.id, &new.name, words(&new.variants, new.names)).await?,
        Some(_) if !new.variants.is_empty() || !new.names.is_empty() => {
            let why = "give either variants (and names) or starting_text (and locales)";
            return Err(Problem::new(Kind::NotAccepted).because(why));
        }
        Some(key) => {
            let text = starting_text::find(key).ok_or(EditError::NoSuchStart)?;
            manage::begin(&app, who.id, &new.name, text, &new.locales).await?
        }
    };
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/templates/{id}")));
    shown(&app, answer, id, None).await
}

/// The query of [`show`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Which {
    version: Option<i32>,
}

/// `GET /templates/{id}`: its newest version, or the one that is named.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    _: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    which: Query<Which>,
) -> Answer {
    shown(&app, HttpResponse::Ok(), *id, which.version).await
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

/// Answers with a version of a template, the newest if none is named.
pub(super) async fn shown(
    app: &App,
    mut answer: HttpResponseBuilder,
    id: TemplateId,
    version: Option<i32>,
) -> Answer {
    let template = store::find(&mut *app.db.get().await?, id, version).await?;
    Ok(answer.json(TemplateView::of(app, template)))
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
    /// One of the hardest people of that incident, by a word of `person::hardest::Hard`; needs that right too.
    reader: Option<String>,
}

/// A notice as it would be sent, in the JSON of the API.
#[derive(Debug, Serialize)]
struct PreviewView {
    locale: String,
    /// Who it is for, in words.
    reader: String,
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
    let wanted = Wanted {
        reference: asked.reference.as_deref().unwrap_or_default(),
        hard: asked.reader.as_deref().unwrap_or_default(),
    };
    let found = reader(&app, &who, incident.as_ref(), wanted).await?;
    let locale = asked.locale.unwrap_or(found.locale);
    let (locale, variant) = pick(&template.variants, &locale).ok_or_else(Problem::not_found)?;
    let told = incident.as_ref().map(|of| told(&of.facts, locale));
    let titled = incident.as_ref().zip(told.as_deref());
    let setting = Setting {
        organisation: &app.config.organisation.name,
        incident: titled.map(|(of, facts)| (of.title.as_str(), facts)),
        public_url: &app.config.http.public_url,
    };
    let shown = render(locale, variant, &setting, &found.reader)?;
    Ok(HttpResponse::Ok().json(PreviewView {
        locale: locale.to_owned(),
        reader: found.words,
        subject: shown.subject,
        text: shown.text,
        html: shown.html,
    }))
}
