//! The accounts of staff, their roles and their API keys.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::app::App;
use crate::id::{KeyId, StaffId};
use crate::staff::right::{ManageStaff, SeeStaff};
use crate::staff::store::KnownKey;
use crate::staff::{self, Right, Staff, key, manage};
use crate::ticket::released;
use crate::web::caller::Allowed;
use crate::web::console::answer;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::problem::Answer;

/// `/console/staff`
#[derive(Template)]
#[template(path = "console/staff/list.html")]
pub struct StaffList {
    /// The frame.
    pub desk: ConsoleFrame,
    /// All accounts, by name.
    pub staff: Vec<StaffRow>,
    /// Whether the reader may disable accounts and revoke keys.
    pub may_manage: bool,
}

/// One account.
#[derive(Debug, Clone)]
pub struct StaffRow {
    /// Its id.
    pub id: String,
    /// The name of the person.
    pub name: String,
    /// The address to sign in with; empty for an account that only uses keys.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// When it was disabled.
    pub disabled: Option<Moment>,
    /// Its API keys, the newest first.
    pub keys: Vec<KeyRow>,
}

/// One API key.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id; no part of the secret.
    pub id: String,
    /// When it was created.
    pub made: Moment,
    /// When it was revoked.
    pub revoked: Option<Moment>,
}

impl KeyRow {
    /// The address that the button to revoke it posts to.
    fn revoke(&self) -> String {
        format!("/console/keys/{}/revoke", self.id)
    }
}

impl StaffRow {
    /// The address that a button of the account posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/staff/{}/{action}", self.id)
    }
}

/// `GET /console/staff`.
///
/// # Errors
/// Database errors.
pub(crate) async fn show(who: Allowed<SeeStaff>, req: HttpRequest, app: Data<App>) -> Answer {
    let mut conn = app.db.get().await?;
    let staff = staff::store::list(&mut conn).await?;
    let keys = staff::store::list_keys(&mut conn).await?;
    let key = |key: &KnownKey| KeyRow {
        id: key.id.to_string(),
        made: Moment::row(key.created_at),
        revoked: key.revoked_at.map(Moment::row),
    };
    let row = |one: Staff| StaffRow {
        keys: keys
            .iter()
            .filter(|key| key.account == one.id)
            .map(key)
            .collect(),
        id: one.id.to_string(),
        name: one.name,
        email: one
            .email
            .map(|email| email.as_str().to_owned())
            .unwrap_or_default(),
        roles: one.roles.iter().map(ToString::to_string).collect(),
        disabled: one.disabled_at.map(Moment::row),
    };
    let view = StaffList {
        desk: answer::frame(&app, &mut conn, &req, &who, Area::Staff).await?,
        staff: staff.into_iter().map(row).collect(),
        may_manage: who.may(Right::ManageStaff),
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /console/staff/{id}/disable`.
///
/// # Errors
/// 404; 422 for the own account.
pub(crate) async fn disable(
    who: Allowed<ManageStaff>,
    app: Data<App>,
    id: Path<StaffId>,
    _form: Form<Nothing>,
) -> Answer {
    released::disable(&app, who.actor(), *id).await?;
    Ok(back())
}

/// `POST /console/staff/{id}/enable`.
///
/// # Errors
/// 404.
pub(crate) async fn enable(
    who: Allowed<ManageStaff>,
    app: Data<App>,
    id: Path<StaffId>,
    _form: Form<Nothing>,
) -> Answer {
    manage::enable(&app, who.actor(), *id).await?;
    Ok(back())
}

/// `POST /console/keys/{key}/revoke`: one key, for good.
///
/// # Errors
/// 404, also for a revoked key.
pub(crate) async fn revoke_key(
    who: Allowed<ManageStaff>,
    app: Data<App>,
    id: Path<KeyId>,
    _form: Form<Nothing>,
) -> Answer {
    key::revoke(&app, who.actor(), *id).await?;
    Ok(answer::redirect("/console/staff", "key-revoked"))
}

fn back() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/console/staff"))
        .finish()
}
