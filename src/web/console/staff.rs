//! Who works here, and with which roles.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::around;
use crate::app::App;
use crate::id::{KeyId, StaffId};
use crate::staff::right::{ManageStaff, SeeStaff};
use crate::staff::store::KnownKey;
use crate::staff::{self, Right, Staff, key, manage};
use crate::web::caller::Allowed;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::Answer;

/// `/console/staff`
#[derive(Template)]
#[template(path = "console/staff.html")]
pub struct StaffList {
    /// The frame.
    pub desk: Desk,
    /// Everyone, by name.
    pub staff: Vec<StaffRow>,
    /// Whether this person may disable accounts.
    pub may_manage: bool,
}

/// One account.
#[derive(Debug, Clone)]
pub struct StaffRow {
    /// Its id.
    pub id: String,
    /// The person.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Since when it is disabled, if it is.
    pub disabled: Option<Moment>,
    /// Its API keys, the newest first.
    pub keys: Vec<KeyRow>,
}

/// One API key.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id; nothing of the secret.
    pub id: String,
    /// When it was made.
    pub made: Moment,
    /// Since when it opens nothing.
    pub revoked: Option<Moment>,
}

impl KeyRow {
    /// Where the button posts to that revokes it.
    fn revoke(&self) -> String {
        format!("/console/keys/{}/revoke", self.id)
    }
}

impl StaffRow {
    /// Where a deed about this account posts to.
    fn to(&self, deed: &str) -> String {
        format!("/console/staff/{}/{deed}", self.id)
    }
}

/// `GET /console/staff`.
///
/// # Errors
/// The database's.
pub async fn show(who: Allowed<SeeStaff>, req: HttpRequest, app: Data<App>) -> Answer {
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
        desk: around::desk(&app, &mut conn, &req, &who, Area::Staff).await?,
        staff: staff.into_iter().map(row).collect(),
        may_manage: who.may(Right::ManageStaff),
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /console/staff/{id}/disable`.
///
/// # Errors
/// 404; 422 for oneself.
pub async fn disable(
    who: Allowed<ManageStaff>,
    app: Data<App>,
    id: Path<StaffId>,
    _form: Form<Nothing>,
) -> Answer {
    manage::disable(&app, who.actor(), *id).await?;
    Ok(back())
}

/// `POST /console/staff/{id}/enable`.
///
/// # Errors
/// 404.
pub async fn enable(
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
/// 404, also for one that is revoked.
pub async fn revoke_key(
    who: Allowed<ManageStaff>,
    app: Data<App>,
    id: Path<KeyId>,
    _form: Form<Nothing>,
) -> Answer {
    key::revoke(&app, who.actor(), *id).await?;
    Ok(around::on_to("/console/staff", "key-revoked"))
}

fn back() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/console/staff"))
        .finish()
}
