//! Logging a phone call: who, how they were verified, what was said, what comes next.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::{Choice, tickets};
use crate::address::EmailAddress;
use crate::app::App;
use crate::id::{IncidentId, PersonId};
use crate::incident;
use crate::link::NoticeCode;
use crate::notice;
use crate::person::find::{Clue, find};
use crate::staff::right::WorkTickets;
use crate::ticket::desk::{self, Caller, DeskError};
use crate::ticket::{Then, TicketStatus};
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Faults};
use crate::web::problem::{Answer, Problem};
use crate::web::thread::sentence;
use crate::web::who::{Allowed, Signed};

/// `/console/helpline/call`
#[derive(Template)]
#[template(path = "console/call.html")]
pub struct CallForm {
    /// The frame.
    pub desk: Desk,
    /// The person's reference, notice code or e-mail address, as typed.
    pub reference: String,
    /// How callers may be verified; never by what was in the breach.
    pub verifications: Vec<Choice>,
    /// The one chosen.
    pub verification: String,
    /// What was said, as typed.
    pub text: String,
    /// The states the ticket may take.
    pub states: Vec<Choice>,
    /// The one chosen.
    pub then: String,
    /// Why it was refused.
    pub faults: Faults,
}

/// How a caller may be verified, none of it by what was in the breach. The words are logged.
const VERIFICATIONS: [(&str, &str); 4] = [
    ("", "Not verified: general advice only"),
    ("notice_code", "Read the code in their notice aloud"),
    ("one_time_code", "Read a one-time code aloud"),
    ("called_back", "Called back on the number on file"),
];

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    reference: String,
    verification: String,
    text: String,
    then: String,
}

/// `GET /console/helpline/call`.
///
/// # Errors
/// The database's.
pub async fn show(who: Allowed<WorkTickets>, req: HttpRequest, app: Data<App>) -> Answer {
    form(
        &app,
        &req,
        &who,
        StatusCode::OK,
        Typed::default(),
        Faults::default(),
    )
    .await
}

/// `POST /console/helpline/call`: opens a ticket for whoever called.
///
/// # Errors
/// The database's.
pub async fn log(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    mut typed: Form<Typed>,
) -> Answer {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let (incident, person) = match caller(&app, typed.reference.trim()).await? {
        Found::One(incident, person) => (incident, person),
        Found::Refused(why) => {
            typed.fault("reference", why);
            return form(&app, &req, &who, refused, typed.typed, typed.faults).await;
        }
    };
    let verified = VERIFICATIONS
        .iter()
        .find(|(value, _)| *value == typed.verification);
    let verified = verified.map_or(VERIFICATIONS[0].1, |(_, words)| words);
    let text = match typed.text.trim().is_empty() {
        true => String::new(),
        false => format!("{}\n\nVerified: {verified}.", typed.text),
    };
    let caller = Caller {
        incident,
        person,
        locale: "en",
        topic: "",
    };
    let ticket = match desk::open_for_caller(&app, who.id, &caller, &text).await {
        Err(DeskError::Words(why)) => {
            typed.fault("text", sentence(why));
            return form(&app, &req, &who, refused, typed.typed, typed.faults).await;
        }
        opened => opened?,
    };
    if typed.then == TicketStatus::Solved.as_str() {
        let then = Then::solved();
        desk::transition(&app, who.actor(), ticket.id, ticket.version, &then).await?;
    }
    Ok(tickets::to(&ticket, "call"))
}

/// Who called.
enum Found {
    /// This person; none if the caller could not say anything that finds them.
    One(IncidentId, Option<PersonId>),
    /// Why nobody was found.
    Refused(&'static str),
}

/// Looks in every incident, the newest first, for a notice code, an e-mail address, a reference, or a
/// name and postcode.
async fn caller(app: &App, said: &str) -> Result<Found, Problem> {
    let mut conn = app.db.get().await?;
    let incidents = incident::store::list(&mut conn).await?;
    let known = || {
        incidents
            .iter()
            .filter(|incident| incident.forgotten_at.is_none())
    };
    if said.is_empty() {
        let newest = known().next().map(|incident| Found::One(incident.id, None));
        return Ok(newest.unwrap_or(Found::Refused("There is no incident to call about.")));
    }
    if let Some(code) = NoticeCode::parse(said) {
        let found = notice::store::by_code(&mut conn, code.bucket(), code.key(&app.keys)).await?;
        if let Some(notice) = found.first() {
            return Ok(Found::One(notice.incident, Some(notice.person)));
        }
    }
    drop(conn);
    for (incident, clue) in known().flat_map(|of| clues(said).into_iter().map(move |c| (of, c))) {
        match find(app, incident.id, &clue).await?.as_slice() {
            [] => {}
            [person] => return Ok(Found::One(incident.id, Some(person.id))),
            _ => {
                return Ok(Found::Refused(
                    "Several people fit this: ask for the reference.",
                ));
            }
        }
    }
    Ok(Found::Refused(
        "Nobody is found by this. Check it with the caller, or leave it empty and say who called below.",
    ))
}

/// What somebody may have meant: an address, or a reference, or a name and a postcode with a comma between.
fn clues(said: &str) -> Vec<Clue> {
    if let Ok(email) = EmailAddress::parse(said) {
        return vec![Clue::Email(email)];
    }
    let named = said
        .rsplit_once(',')
        .filter(|(name, postcode)| !name.trim().is_empty() && !postcode.trim().is_empty());
    let named = named.map(|(name, code)| Clue::NamePostcode(name.to_owned(), code.to_owned()));
    std::iter::once(Clue::Reference(said.to_owned()))
        .chain(named)
        .collect()
}

async fn form(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    typed: Typed,
    faults: Faults,
) -> Answer {
    let mut conn = app.db.get().await?;
    let choice = |(value, words): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        words: (*words).to_owned(),
    };
    let states = [
        ("open", "Open: I go on with it"),
        ("solved", "Solved: answered on the phone"),
    ];
    let view = CallForm {
        desk: frame::console(app, &mut conn, req, who, Area::Helpline).await?,
        reference: typed.reference,
        verifications: VERIFICATIONS.iter().map(choice).collect(),
        verification: typed.verification,
        text: typed.text,
        states: states.iter().map(choice).collect(),
        then: typed.then,
        faults,
    };
    Ok(page::show(status, &view)?)
}
