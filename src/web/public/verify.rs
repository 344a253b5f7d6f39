//! Checks whether a notice is genuine by its code, without following a link.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use chrono::NaiveTime;
use serde::Deserialize;

use crate::app::App;
use crate::db::Conn;
use crate::delivery::store::{self as notices, outcome};
use crate::deployment;
use crate::incident;
use crate::link::NoticeCode;
use crate::postal::{self, PostalState, PostalStatus};
use crate::staff::sign_in::Attempts;
use crate::staff::wrong_code;
use crate::ticket::number::Number;
use crate::web::caller::came_from;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Faults, Moment, PublicFrame};
use crate::web::problem::{self, Problem};

/// `/verify`
#[derive(Template)]
#[template(path = "public/verify.html")]
pub struct Verify {
    /// The frame.
    pub visit: PublicFrame,
    /// The code as typed.
    pub code: String,
    /// A code that cannot be one, with the reason; field `code`.
    pub faults: Faults,
    /// What we found.
    pub answer: Answer,
}

/// The answer about a code.
#[derive(Debug, Clone, Default)]
pub enum Answer {
    /// Nothing asked yet.
    #[default]
    Unasked,
    /// We sent it, or may have.
    Genuine {
        /// When, to the day.
        at: Moment,
        /// Whether we know that it left.
        surely: bool,
        /// About which incident.
        title: String,
        /// Its address.
        slug: String,
    },
    /// It is printed in a letter of ours.
    Letter {
        /// The day on which the letter was posted; none if that is not on record yet.
        posted: Option<Moment>,
        /// About which incident.
        title: String,
        /// Its address; none while its page is not public.
        slug: Option<String>,
    },
    /// Unknown, mistyped, or of a notice that was never sent: the same words for all.
    Unknown,
    /// Not a code of a notice, but something that other messages of ours carry: the words say what.
    Other(&'static str),
    /// We do not know it, and records of what was sent between these days may be missing.
    Missing {
        /// The first of them.
        from: Moment,
        /// The last.
        until: Moment,
    },
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    code: String,
}

/// `GET /verify`.
///
/// # Errors
/// A fault of the page itself.
pub async fn show(req: HttpRequest, app: Data<App>) -> problem::Answer {
    let view = Verify {
        visit: frame::visit(&app, &req),
        code: String::new(),
        faults: Faults::default(),
        answer: Answer::Unasked,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /verify`. It changes nothing, but a code does not belong in an address, which
/// browsers and servers store.
///
/// # Errors
/// The database's; too many wrong codes from one address.
pub async fn check(
    req: HttpRequest,
    app: Data<App>,
    attempts: Data<Attempts>,
    mut form: Form<Typed>,
) -> problem::Answer {
    let from = came_from(&req);
    wrong_code::may_try(&app, &attempts, from).await?;
    let answer = match NoticeCode::parse(&form.code) {
        Some(code) => look_up(&app, code).await?,
        None => match other(&form.code) {
            Some(words) => Answer::Other(words),
            None => {
                form.fault(
                    "code",
                    "A letter is missing or mistyped: compare it with your notice.",
                );
                Answer::Unknown
            }
        },
    };
    if matches!(
        answer,
        Answer::Unknown | Answer::Other(_) | Answer::Missing { .. }
    ) {
        wrong_code::count(&app, &attempts, from).await?;
    }
    let view = Verify {
        visit: frame::visit(&app, &req),
        code: form.typed.code,
        faults: form.faults,
        answer,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// What a text is that is not the code of a notice but looks like a text in other messages of ours.
fn other(typed: &str) -> Option<&'static str> {
    let typed = typed.trim();
    if typed.len() == 6 && typed.bytes().all(|c| c.is_ascii_digit()) {
        return Some(
            "Six digits may be a one-time code that you asked for on your own page. Type it only there, and tell it to \
             nobody.",
        );
    }
    let is_number = typed.parse::<Number>().is_ok();
    is_number.then_some(
        "This looks like the number of a question. Our receipts and answers name that number. You see your question on \
         your own page, behind the link in your notice.",
    )
}

async fn look_up(app: &App, code: NoticeCode) -> Result<Answer, Problem> {
    let mut conn = app.db.get().await?;
    let found = notices::by_code(&mut conn, code.bucket(), code.key(&app.keys)).await?;
    for notice in found {
        let Some(left) = outcome::left(&mut conn, &notice).await? else {
            continue;
        };
        let incident = incident::store::find(&mut conn, notice.incident).await?;
        return Ok(Answer::Genuine {
            at: Moment::day(left.at),
            surely: left.surely,
            title: incident.public_title().to_owned(),
            slug: incident.slug,
        });
    }
    look_up_letter(app, &mut conn, code).await
}

/// Whether a postal letter carries the code. A letter that came back is genuine too; the code of a letter that was
/// not posted is unknown.
async fn look_up_letter(app: &App, conn: &mut Conn, code: NoticeCode) -> Result<Answer, Problem> {
    let key = code.key(&app.keys);
    let mut letters = postal::store::of_code(conn, code.bucket(), &[key]).await?;
    letters.retain(|letter| {
        letter.status != PostalStatus::NotPosted && letter.batch.state != PostalState::Discarded
    });
    let Some(letter) = letters.into_iter().next() else {
        return unknown(app, conn).await;
    };
    let incident = incident::store::find(conn, letter.batch.incident).await?;
    let has_spoken = incident::store::has_spoken(conn, incident.id).await?;
    let is_public = incident.is_public(has_spoken);
    let posted = letter.batch.posted_on.map(|on| on.and_time(NaiveTime::MIN));
    Ok(Answer::Letter {
        posted: posted.map(|at| Moment::day(at.and_utc())),
        title: incident.public_title().to_owned(),
        slug: is_public.then_some(incident.slug),
    })
}

/// The answer for a code that no message on record carries. It cannot be computed from the key alone, since it belongs to
/// a notice or a list; after the database was put back to an older state those may be missing.
async fn unknown(app: &App, conn: &mut Conn) -> Result<Answer, Problem> {
    let missing = deployment::store::missing(conn, app.now()).await?;
    Ok(missing.map_or(Answer::Unknown, |missing| Answer::Missing {
        from: Moment::day(missing.from),
        until: Moment::day(missing.until),
    }))
}
