//! The actions of the page for the approval, and the message in its frames.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::approval::load;
use super::content;
use crate::app::App;
use crate::campaign::error::CampaignError;
use crate::campaign::launch::{self, Seen};
use crate::campaign::{reject, store};
use crate::id::CampaignId;
use crate::staff::confirm::{ConfirmError, own_password};
use crate::staff::right::{ApproveCampaign, SeeCampaigns};
use crate::staff::sign_in::Attempts;
use crate::web::audience_counts::AudienceCounts;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::console::changed::out_of_date;
use crate::web::form::{Form, Query};
use crate::web::middleware::headers::PREVIEW_POLICY;
use crate::web::page;
use crate::web::problem::{Answer, Problem};

/// The query of [`letter`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InLocale {
    locale: String,
}

/// `GET /console/campaigns/{id}/letter`: the HTML part of the message in one language, or in the first, for a sample person,
/// as submitted, or of a draft as it is now; with a policy that forbids everything.
///
/// # Errors
/// 404 without such a language; a text that cannot be rendered.
pub(crate) async fn letter(
    _: Allowed<SeeCampaigns>,
    app: Data<App>,
    id: Path<CampaignId>,
    asked: Query<InLocale>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, *id).await?;
    let pinned = match campaign.submitted().map_err(Problem::broken)? {
        Some(submitted) => submitted,
        None => launch::present_content(&app, &mut conn, &campaign).await?,
    };
    let first = || pinned.variants.keys().next().map_or("", String::as_str);
    let locale = match asked.locale.as_str() {
        "" => first(),
        given => given,
    };
    let rendered = content::sample(&pinned, locale).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PREVIEW_POLICY))
        .body(rendered?.html))
}

/// The form of an approval. It is never printed: it holds a password.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Approving {
    version: i32,
    content_hash: String,
    password: String,
    comment: String,
}

/// `POST /console/campaigns/{id}/approve`: exactly the content that the page showed, with the password of the approver.
///
/// # Errors
/// The approver wrote or submitted it, or the content changed; 429 after too many wrong passwords.
pub(crate) async fn approve(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    (audiences, attempts): (Data<AudienceCounts>, Data<Attempts>),
    id: Path<CampaignId>,
    mut form: Form<Approving>,
) -> Answer {
    match own_password(&app, &attempts, who.id, &form.password).await {
        Ok(()) => {}
        Err(ConfirmError::Db(error)) => return Err(error.into()),
        Err(ConfirmError::TooMany(seconds)) => return Err(Problem::too_many(seconds)),
        Err(ConfirmError::WrongPassword) => {
            form.fault(
                "password",
                "This is not your password. Type it again: nothing is approved yet.",
            );
            let mut page = load(&app, &req, &who, &audiences, *id).await?;
            page.comment = form.typed.comment;
            page.faults = form.faults;
            return Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?);
        }
    }
    let seen = Seen::at(*id, Some(form.version));
    match launch::approve(&app, who.id, seen, &form.content_hash).await {
        Ok(()) => Ok(redirect(&format!("/console/campaigns/{id}"), "approve")),
        Err(CampaignError::Changed(changed)) => Err(out_of_date(&app, &changed).await),
        Err(error) => Err(error.into()),
    }
}

/// The form of a rejection.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Rejecting {
    version: i32,
    comment: String,
}

/// `POST /console/campaigns/{id}/reject`, with a comment for its author.
///
/// # Errors
/// The approver wrote or submitted it, or it changed.
pub(crate) async fn reject(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    mut form: Form<Rejecting>,
) -> Answer {
    let seen = Seen::at(*id, Some(form.version));
    match reject::reject(&app, who.id, seen, &form.comment).await {
        Ok(()) => Ok(redirect(&format!("/console/campaigns/{id}"), "reject")),
        Err(error @ CampaignError::Comment) => {
            let why = error.to_string();
            form.fault("comment", format!("{}.", why.replacen("say", "Say", 1)));
            let mut page = load(&app, &req, &who, &audiences, *id).await?;
            page.comment = form.typed.comment;
            page.faults = form.faults;
            Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
        }
        Err(CampaignError::Changed(changed)) => Err(out_of_date(&app, &changed).await),
        Err(error) => Err(error.into()),
    }
}
