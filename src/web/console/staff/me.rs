//! The own account: its sessions and its password.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::audit::Action;
use crate::id::SessionId;
use crate::staff::manage::{ManageError, change_password};
use crate::staff::password::{Cost, Password};
use crate::staff::session;
use crate::staff::sign_in::Attempts;
use crate::staff::store::Session;
use crate::web::caller::Signed;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Flash, Moment, Tone};
use crate::web::problem::{Answer, Problem};

/// `/console/me`
#[derive(Template)]
#[template(path = "console/staff/me.html")]
pub struct Me {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The own sessions, the newest first.
    pub sessions: Vec<SessionRow>,
    /// The faults of the form.
    pub faults: Faults,
}

/// One session.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Whether it is the session of this request.
    pub here: bool,
    /// When it began.
    pub began: Moment,
    /// When it was last used, to the minute.
    pub used: Moment,
    /// When it ends at the latest.
    pub ends: Moment,
}

impl SessionRow {
    /// The address that the button to end it posts to.
    fn end(&self) -> String {
        format!("/console/me/sessions/{}/end", self.id)
    }
}

/// The query: the last action.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    did: String,
}

/// The form of [`change()`].
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    present: String,
    new: String,
    again: String,
}

/// `GET /console/me`.
///
/// # Errors
/// Database errors.
pub async fn show(who: Signed, req: HttpRequest, app: Data<App>, asked: Query<Asked>) -> Answer {
    let text = match asked.did.as_str() {
        "password" => "Your password is changed. Your other sessions have ended.",
        "ended" => "That session has ended.",
        _ => "",
    };
    let flash = (!text.is_empty()).then(|| Flash {
        tone: Tone::Done,
        text: text.to_owned(),
    });
    page(&app, &req, &who, StatusCode::OK, Faults::default(), flash).await
}

/// `POST /console/me/password`. The page never shows typed passwords again.
///
/// # Errors
/// 429 after too many wrong passwords; database errors.
pub async fn change(
    who: Signed,
    req: HttpRequest,
    app: Data<App>,
    attempts: Data<Attempts>,
    mut form: Form<Typed>,
) -> Answer {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let new = match Password::parse(&form.new) {
        Ok(new) if form.new == form.again => new,
        Ok(_) => {
            form.fault("again", "This is not the same as the new password.");
            return page(&app, &req, &who, refused, form.faults, None).await;
        }
        Err(why) => {
            form.fault("new", format!("{}.", capital(&why.to_string())));
            return page(&app, &req, &who, refused, form.faults, None).await;
        }
    };
    attempts
        .may_try_own_password(who.id, app.now())
        .map_err(Problem::too_many)?;
    let hash = new.hash(Cost::FULL).await;
    match change_password(&app, who.id, who.session(), &form.present, &hash).await {
        Ok(()) => Ok(to("/console/me?did=password")),
        Err(why @ ManageError::WrongPassword) => {
            app.noticed.note(
                app.now(),
                who.actor(),
                Action::StaffPasswordRefused,
                who.id,
                0,
            );
            form.fault("present", format!("{}.", capital(&why.to_string())));
            page(&app, &req, &who, refused, form.faults, None).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/me/sessions/{session}/end`.
///
/// # Errors
/// 404.
pub async fn end(who: Signed, app: Data<App>, id: Path<SessionId>, _form: Form<Nothing>) -> Answer {
    match session::end(&app, who.id, *id).await? {
        true => Ok(to("/console/me?did=ended")),
        false => Err(Problem::not_found()),
    }
}

async fn page(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    faults: Faults,
    flash: Option<Flash>,
) -> Answer {
    let own = who.session().map(|token| token.hash());
    let row = |one: Session| SessionRow {
        here: own.is_some_and(|hash| one.token_hash == hash),
        id: one.id.to_string(),
        began: Moment::row(one.created_at),
        used: Moment::row(one.seen_at.unwrap_or(one.created_at)),
        ends: Moment::row(one.expires_at),
    };
    let sessions = session::list(app, who.id).await?;
    let mut conn = app.db.get().await?;
    let view = Me {
        desk: ConsoleFrame {
            flash,
            ..frame::console(app, &mut conn, req, who, Area::Me).await?
        },
        sessions: sessions.into_iter().map(row).collect(),
        faults,
    };
    Ok(page::show(status, &view)?)
}

fn to(page: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, page))
        .finish()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
