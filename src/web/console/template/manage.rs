//! What the page of versions does: it copies a template, or deletes it.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::history::{self, Asked, History};
use crate::app::App;
use crate::id::TemplateId;
use crate::staff::right::EditTemplate;
use crate::template::edit::EditError;
use crate::template::manage;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::console::changed::out_of_date;
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::Answer;

/// The form of the copy.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Copied {
    name: String,
    version: Option<i32>,
}

/// `POST /console/templates/{id}/copy`.
///
/// # Errors
/// 404. A bad name shows the page again.
pub(crate) async fn copy(
    who: Allowed<EditTemplate>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    mut form: Form<Copied>,
) -> Answer {
    let of = (*id, form.version);
    let error = match manage::copy(&app, who.id, of, form.name.trim()).await {
        Ok(id) => {
            return Ok(redirect(
                &format!("/console/templates/{id}"),
                "template-copied",
            ));
        }
        Err(error @ (EditError::Name | EditError::NameTaken)) => error,
        Err(error) => return Err(error.into()),
    };
    form.fault("name", error);
    let asked = Asked {
        version: form.version,
        ..Asked::default()
    };
    let page = history::load(&app, &req, &who, *id, &asked).await?;
    let page = History {
        copy: form.typed.name,
        faults: form.faults,
        ..page
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The button that deletes.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Deleted {
    version: Option<i32>,
}

/// `POST /console/templates/{id}/delete`.
///
/// # Errors
/// 404, 409 if a campaign uses it or another version was saved since.
pub(crate) async fn delete(
    who: Allowed<EditTemplate>,
    app: Data<App>,
    id: Path<TemplateId>,
    form: Form<Deleted>,
) -> Answer {
    match manage::delete(&app, who.id, *id, form.version).await {
        Ok(()) => Ok(redirect("/console/templates", "template-deleted")),
        Err(EditError::Changed { changed, .. }) => Err(out_of_date(&app, &changed).await),
        Err(error) => Err(error.into()),
    }
}
