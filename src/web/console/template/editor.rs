//! The editor of a template: saving a new version, and previewing what was typed.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::compare::{self, Compared};
use super::page::{TemplatePage, Variant, load};
use super::preview::{self, Asked};
use crate::app::App;
use crate::audit::changed::Changed;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::edit::{self, EditError};
use crate::template::merge::Part;
use crate::template::{self, Template as Text, Variants, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::redirect;
use crate::web::console::changed::sentence;
use crate::web::console::names::Names;
use crate::web::form::Form;
use crate::web::page::{self, Faults};
use crate::web::problem::{Answer, Problem};

/// The form of the editor: locale, subject and body of each language, and the settings of the preview.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Words {
    locale: Vec<String>,
    subject: Vec<String>,
    body: Vec<String>,
    names: String,
    /// The version that the editor showed.
    version: Option<i32>,
    /// `show`, or `show:` and a language: shows what was typed and saves nothing.
    act: String,
    /// The language that was shown.
    shown: String,
    incident: String,
    reference: String,
    reader: String,
    look: String,
}

impl Words {
    /// The triples that have a language, as typed.
    fn triples(&self) -> Vec<(String, template::Variant)> {
        let texts = self.subject.iter().zip(&self.body);
        let triple = |(tag, (subject, body)): (&String, (&String, &String))| {
            let text = template::Variant {
                subject: subject.clone(),
                body: body.replace("\r\n", "\n"),
            };
            (tag.trim().to_owned(), text)
        };
        let triples = self.locale.iter().zip(texts).map(triple);
        triples.filter(|(tag, _)| !tag.is_empty()).collect()
    }

    fn names(&self) -> Result<ElementSet, EditError> {
        ElementSet::parse(&self.names.replace(',', ";")).map_err(EditError::Names)
    }

    /// The language and the preview that the page shows.
    fn asked(&self) -> Asked {
        let locale = self.act.strip_prefix("show:").unwrap_or(&self.shown);
        Asked {
            locale: locale.to_owned(),
            incident: self.incident.clone(),
            reference: self.reference.clone(),
            reader: self.reader.clone(),
            look: self.look.clone(),
        }
    }
}

/// `POST /console/templates/{id}/versions`: saves a new version; with `act=show` shows what was typed and saves nothing.
///
/// # Errors
/// 404, a form without our token. Texts with errors show the page again.
pub(crate) async fn save(
    who: Allowed<EditTemplate>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    mut form: Form<Words>,
) -> Answer {
    let mut words = std::mem::take(&mut form.typed);
    if words.act.starts_with("show") {
        let page = shown(&app, &req, &who, (*id, words, form.faults)).await?;
        return Ok(page::show(StatusCode::OK, &page)?);
    }
    let triples = words.triples();
    let variants = &triples.iter().cloned().collect::<Variants>();
    let saved = match words.names() {
        Ok(names) => {
            let texts = edit::Words { variants, names };
            edit::add_version(&app, who.id, *id, texts, words.version).await
        }
        Err(error) => Err(error),
    };
    let error = match saved {
        Ok(_) => return Ok(redirect(&format!("/console/templates/{id}"), "saved")),
        Err(error) => error,
    };
    let (status, theirs) = note(&app, (*id, &mut words, &triples), &mut form, error).await?;
    let page = shown(&app, &req, &who, (*id, words, form.faults)).await?;
    Ok(page::show(status, &TemplatePage { theirs, ..page })?)
}

/// Notes at the fields why texts were not saved; what another account saved since, if that is why.
async fn note(
    app: &App,
    (id, words, triples): (TemplateId, &mut Words, &[(String, template::Variant)]),
    form: &mut Form<Words>,
    error: EditError,
) -> Result<(StatusCode, Vec<Compared>), Problem> {
    let mut theirs = Vec::new();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        EditError::Text(wrong) => {
            for (locale, error) in wrong {
                let field = field_of(triples, &locale, error.part);
                form.fault(&field, format!("{locale}: {error}"));
            }
        }
        why @ EditError::Names(_) => form.fault("names", why),
        ref why @ EditError::Changed { ref changed, .. } => {
            form.fault("locale-1", with_author(app, why, changed).await?);
            theirs = saved_since(app, id, words.version, changed.version).await?;
            // The page then carries the number of the newest version: the next save is based on it.
            (words.version, status) = (None, StatusCode::CONFLICT);
        }
        why @ EditError::Variants => form.fault("locale-1", why),
        error => return Err(error.into()),
    }
    Ok((status, theirs))
}

/// What was saved since the version that the typed texts are based on.
async fn saved_since(
    app: &App,
    id: TemplateId,
    read: Option<i32>,
    newest: i32,
) -> Result<Vec<Compared>, Problem> {
    let wanted = [(id, read.unwrap_or_default()), (id, newest)];
    let both = store::find_many(&mut *app.db.get().await?, &wanted).await?;
    let of = |version| both.iter().find(|one| one.version == version);
    let pair = read.and_then(of).zip(of(newest));
    Ok(pair.map_or_else(Vec::new, |(older, newer)| {
        compare::changed(&older.variants, &newer.variants)
    }))
}

/// Why a version was not saved, and who saved another one when.
async fn with_author(app: &App, why: &EditError, changed: &Changed) -> Result<String, Problem> {
    let names = Names::load(&mut *app.db.get().await?).await?;
    let said = changed
        .last()
        .map(|edit| sentence(edit, &names, app.now()))
        .unwrap_or_default();
    Ok(format!("{why}. {said}."))
}

/// The field of an error in a text.
fn field_of(triples: &[(String, template::Variant)], locale: &str, part: Part) -> String {
    let place = triples.iter().position(|(tag, _)| tag == locale);
    let part = match part {
        Part::Subject => "subject",
        Part::Body => "body",
    };
    format!("{part}-{}", place.unwrap_or(0) + 1)
}

/// The page with the typed texts, their check and their preview.
async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    (id, words, faults): (TemplateId, Words, Faults),
) -> Result<TemplatePage, Problem> {
    let saved = store::find(&mut *app.db.get().await?, id, None).await?;
    let triples = words.triples();
    let typed: Variants = triples.iter().cloned().collect();
    let unsaved = typed != saved.variants || words.names != saved.names.to_string();
    let names = words.names().unwrap_or(saved.names);
    let shown = Text {
        // Without any text there is no preview.
        variants: match typed.is_empty() {
            true => saved.variants.clone(),
            false => typed,
        },
        names,
        ..saved
    };
    let page = load(app, req, who, shown, words.asked()).await?;
    Ok(TemplatePage {
        variants: triples.into_iter().map(Variant::from).collect(),
        based_on: words.version.map_or(page.version, i64::from),
        names: words.names,
        faults,
        unsaved,
        ..page
    })
}

/// `POST /console/templates/{id}/preview`: the HTML part of the typed text, for the frame of the page.
///
/// # Errors
/// 404, or a text that cannot be rendered.
pub(crate) async fn preview(
    who: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    form: Form<Words>,
) -> Answer {
    let saved = store::find(&mut *app.db.get().await?, *id, None).await?;
    let typed = Text {
        variants: form.triples().into_iter().collect(),
        ..saved
    };
    preview::html_of(&app, &who, &typed, &form.asked()).await
}
