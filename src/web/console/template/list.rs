//! The list of templates, and the form that creates one.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::id::{StaffId, TemplateId};
use crate::staff::Right;
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::edit::{self, EditError};
use crate::template::starting_text::{self, StartingText};
use crate::template::{Variant, Variants, manage, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::figures::filters;
use crate::web::form::{Form, Query};
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::problem::Answer;
use crate::{audit, campaign};

/// The first text of a new template: the sections that readers need and laws require.
const FIRST_TEXT: (&str, &str) = (
    "Your data was stolen: what to do now",
    "Dear {{ name }},\n\n\
     ## What happened\n\n{{ facts.what_happened }}\n\n\
     ## What information was involved\n\nThese of yours were taken: {{ elements }}.\n\n\
     ## What you can do\n\n{{ guidance }}\n\n\
     ## What we are doing\n\n{{ facts.what_we_do }}\n\n\
     ## For more information\n\nYour own page: {{ status_link }}\n\nCall us: {{ facts.contact_phone }}\n",
);

/// How many campaigns are read to find those that use a template.
const LATEST: i64 = 200;

/// `/console/templates`
#[derive(Template)]
#[template(path = "console/template/list.html")]
pub struct Templates {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The templates.
    pub templates: Vec<TemplateRow>,
    /// The words that were sought.
    pub sought: String,
    /// What a new template can begin with; the first option is a letter with headings.
    pub texts: Vec<Choice>,
    /// The starting texts.
    pub starting: &'static [StartingText],
    /// The form; `None` without the right to edit templates.
    pub new: Option<NewTemplate>,
}

/// One template in the list.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    /// Its id.
    pub id: String,
    /// Its name, for staff.
    pub name: String,
    /// Its latest version.
    pub version: i64,
    /// The locales it is written in.
    pub locales: Vec<String>,
    /// Campaigns that use any version.
    pub campaigns: i64,
    /// When it was last changed.
    pub at: Moment,
}

/// The form, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct NewTemplate {
    pub name: String,
    pub locale: String,
    pub text: String,
    pub faults: Faults,
}

/// The query.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Sought {
    q: String,
}

/// `GET /console/templates`.
///
/// # Errors
/// Database errors.
pub(crate) async fn list(
    who: Allowed<SeeTemplates>,
    req: HttpRequest,
    app: Data<App>,
    sought: Query<Sought>,
) -> Answer {
    let new = who.may(Right::EditTemplate).then(NewTemplate::default);
    shown(&app, &req, &who, (StatusCode::OK, &sought.q), new).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    (status, sought): (StatusCode, &str),
    new: Option<NewTemplate>,
) -> Answer {
    let now = app.now();
    let mut conn = app.db.get().await?;
    let campaigns = campaign::store::list(&mut conn, None, None, LATEST).await?;
    let found = store::search(&mut conn, sought).await?;
    let subjects: Vec<_> = found.iter().map(|one| one.id.to_string()).collect();
    let last = audit::store::last_of_each(&mut conn, &subjects).await?;
    let last: HashMap<_, _> = last.into_iter().map(|one| (one.subject, one.at)).collect();
    let mut templates = Vec::new();
    for one in found {
        let using = campaigns
            .iter()
            .filter(|campaign| campaign.template == one.id)
            .count();
        let changed = last.get(&one.id.to_string()).copied();
        templates.push(TemplateRow {
            id: one.id.to_string(),
            name: one.name,
            version: one.version.into(),
            locales: one.locales,
            campaigns: i64::try_from(using).unwrap_or(i64::MAX),
            at: Moment::ago(changed.unwrap_or(one.created_at), now),
        });
    }
    let desk = answer::frame(app, &mut conn, req, who, Area::Templates).await?;
    Ok(page::show(
        status,
        &Templates {
            desk,
            templates,
            sought: sought.to_owned(),
            texts: texts(),
            starting: starting_text::all(),
            new,
        },
    )?)
}

fn texts() -> Vec<Choice> {
    let letter = Choice {
        value: String::new(),
        words: "A short letter with headings, in one language".to_owned(),
    };
    let text = |one: &StartingText| Choice {
        value: one.key.to_owned(),
        words: one.title.clone(),
    };
    let texts = starting_text::all().iter().map(text);
    [letter].into_iter().chain(texts).collect()
}

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    name: String,
    locale: String,
    /// The key of a starting text; empty for a letter with headings.
    text: String,
}

/// Writes the template.
async fn written(app: &App, by: StaffId, typed: &Typed) -> Result<TemplateId, EditError> {
    let name = typed.name.trim();
    if typed.text.is_empty() {
        let (subject, body) = (FIRST_TEXT.0.to_owned(), FIRST_TEXT.1.to_owned());
        let locale = typed.locale.trim().to_owned();
        let variants = Variants::from([(locale, Variant { subject, body })]);
        return edit::create(app, by, name, &variants).await;
    }
    let text = starting_text::find(&typed.text).ok_or(EditError::NoSuchStart)?;
    let locales = typed.locale.split([',', ' ', ';']);
    let locales = locales.filter(|locale| !locale.is_empty());
    let locales: Vec<String> = locales.map(str::to_owned).collect();
    manage::begin(app, by, name, text, &locales).await
}

/// `POST /console/templates`.
///
/// # Errors
/// A form without our token; database errors. A bad name or language shows the page again.
pub(crate) async fn begin(
    who: Allowed<EditTemplate>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let error = match written(&app, who.id, &form).await {
        Ok(id) => return Ok(redirect(&format!("/console/templates/{id}"), "begun")),
        Err(error) => error,
    };
    let field = match &error {
        EditError::Name | EditError::NameTaken => "name",
        EditError::Variants | EditError::NoSuchText(_) => "locale",
        EditError::NoSuchStart => "text",
        _ => return Err(error.into()),
    };
    form.fault(field, error);
    let Typed { name, locale, text } = form.typed;
    let new = NewTemplate {
        name,
        locale,
        text,
        faults: form.faults,
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    shown(&app, &req, &who, (status, ""), Some(new)).await
}
