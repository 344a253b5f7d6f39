//! The list of templates, and the form that creates one.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::campaign;
use crate::staff::Right;
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::edit::{self, EditError};
use crate::template::{Variant, Variants, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, redirect};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::problem::Answer;

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
pub(crate) const LATEST: i64 = 200;

/// `/console/templates`
#[derive(Template)]
#[template(path = "console/template/list.html")]
pub struct Templates {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The templates.
    pub templates: Vec<TemplateRow>,
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
    pub faults: Faults,
}

/// `GET /console/templates`.
///
/// # Errors
/// Database errors.
pub(crate) async fn list(who: Allowed<SeeTemplates>, req: HttpRequest, app: Data<App>) -> Answer {
    let new = who.may(Right::EditTemplate).then(NewTemplate::default);
    shown(&app, &req, &who, StatusCode::OK, new).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    new: Option<NewTemplate>,
) -> Answer {
    let now = app.now();
    let mut conn = app.db.get().await?;
    let campaigns = campaign::store::list(&mut conn, None, None, LATEST).await?;
    let found = store::list(&mut conn).await?;
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
            new,
        },
    )?)
}

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    name: String,
    locale: String,
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
    let (subject, body) = (FIRST_TEXT.0.to_owned(), FIRST_TEXT.1.to_owned());
    let locale = form.locale.trim().to_owned();
    let variants = Variants::from([(locale, Variant { subject, body })]);
    let error = match edit::create(&app, who.id, form.name.trim(), &variants).await {
        Ok(id) => return Ok(redirect(&format!("/console/templates/{id}"), "saved")),
        Err(error) => error,
    };
    let field = match &error {
        EditError::Name | EditError::NameTaken => "name",
        EditError::Variants => "locale",
        _ => return Err(error.into()),
    };
    form.fault(field, error);
    let Typed { name, locale } = form.typed;
    let new = NewTemplate {
        name,
        locale,
        faults: form.faults,
    };
    shown(
        &app,
        &req,
        &who,
        StatusCode::UNPROCESSABLE_ENTITY,
        Some(new),
    )
    .await
}
