//! Logging a phone call: who called, how the caller was verified, what was said, and the state of the ticket.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::caller::{Found, SEVERAL, find_caller, not_verified};
use super::lookup::incidents;
use crate::app::App;
use crate::audit::Action;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::link::NoticeCode;
use crate::staff::right::WorkTickets;
use crate::ticket::agent::{self, AgentError, Caller};
use crate::ticket::{Then, Ticket, TicketStatus};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::ticket::actions;
use crate::web::conversation::sentence;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};

/// `/console/helpline/call`
#[derive(Template)]
#[template(path = "console/helpline/call.html")]
pub struct CallForm {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The person's reference, notice code, e-mail address or ticket number, as typed.
    pub reference: String,
    /// The incidents in which the caller was found, or all before a search; the first option is none.
    pub incidents: Vec<Choice>,
    /// The chosen incident.
    pub incident: String,
    /// The ways to verify a caller; never by data of the breach.
    pub verifications: Vec<Choice>,
    /// The chosen verification.
    pub verification: String,
    /// The code that the caller read aloud, as typed.
    pub code: String,
    /// What was said, as typed.
    pub text: String,
    /// The states to choose from.
    pub states: Vec<Choice>,
    /// The chosen state.
    pub then: String,
    /// Why it was refused.
    pub faults: Faults,
}

/// The ways to verify a caller, none of them by data of the breach: value, text of the option, sentence for the log. Candor
/// compares the notice code; the agent vouches for the rest. One-time codes are not among them, since customers read that
/// we never ask for one on the phone.
const VERIFICATIONS: [(&str, &str, &str); 3] = [
    (
        "",
        "Not verified: general advice only",
        "Not verified: general advice only.",
    ),
    (
        BY_CODE,
        "They called and read the code in their notice or letter aloud: type it below",
        "Verified: the caller read the code of a notice or letter to this person, and Candor compared it.",
    ),
    (
        "called_back",
        "I called them back on a number that we had before",
        "Verified, says the agent: called back on a number that we had before. Candor did not check it.",
    ),
];

/// The choice for which the code is compared.
const BY_CODE: &str = "notice_code";

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    reference: String,
    incident: String,
    verification: String,
    code: String,
    text: String,
    then: String,
}

/// `GET /console/helpline/call`.
///
/// # Errors
/// Database errors.
pub(crate) async fn show(who: Allowed<WorkTickets>, req: HttpRequest, app: Data<App>) -> Answer {
    let incidents = incidents(&mut *app.db.get().await?).await?;
    let typed = Typed::default();
    let offered = (typed, Faults::default(), incidents);
    form(&app, &req, &who, StatusCode::OK, offered).await
}

/// `POST /console/helpline/call`: opens a ticket for the caller.
///
/// # Errors
/// Database errors. A form with faults shows the page again.
pub(crate) async fn log(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    mut typed: Form<Typed>,
) -> Answer {
    let incidents = incidents(&mut *app.db.get().await?).await?;
    match open(&app, &who, &incidents, &typed.typed).await? {
        Ok(ticket) => Ok(actions::to(&ticket, "call")),
        Err(refusal) => {
            typed.fault(refusal.field, refusal.why);
            let offered = match refusal.choose_from {
                None => incidents,
                Some(ids) => {
                    let several = incidents.into_iter();
                    several.filter(|of| ids.contains(&of.id)).collect()
                }
            };
            let offered = (typed.typed, typed.faults, offered);
            form(&app, &req, &who, StatusCode::UNPROCESSABLE_ENTITY, offered).await
        }
    }
}

/// Why a call is not logged.
struct Refusal {
    field: &'static str,
    why: String,
    /// The incidents to choose from, if the caller was found in several.
    choose_from: Option<Vec<IncidentId>>,
}

fn refusal(field: &'static str, why: impl Into<String>) -> Refusal {
    Refusal {
        field,
        why: why.into(),
        choose_from: None,
    }
}

/// Finds and verifies the caller, and opens the ticket.
async fn open(
    app: &App,
    who: &Signed,
    incidents: &[Incident],
    typed: &Typed,
) -> Result<Result<Ticket, Refusal>, Problem> {
    if let Some((field, why)) = typed.contradiction() {
        return Ok(Err(refusal(field, why)));
    }
    let chosen = incidents
        .iter()
        .find(|of| of.id.to_string() == typed.incident);
    let found = find_caller(app, incidents, chosen, typed.said()).await?;
    who.saw(app, Action::PeopleFind, "call", found.people());
    let (incident, person) = match found {
        Found::One(incident, person) => (incident, person),
        Found::Refused(field, why) => return Ok(Err(refusal(field, why))),
        Found::Several(ids) => {
            return Ok(Err(Refusal {
                choose_from: Some(ids),
                ..refusal("incident", SEVERAL)
            }));
        }
    };
    if typed.verification == BY_CODE
        && let Some(why) = not_verified(app, typed.read_aloud(), person).await?
    {
        return Ok(Err(refusal("code", why)));
    }
    let mut ways = VERIFICATIONS.iter();
    let chosen = ways.find(|(value, ..)| *value == typed.verification);
    let (how, _, verified) = chosen.unwrap_or(&VERIFICATIONS[0]);
    let text = match typed.text.trim().is_empty() {
        true => String::new(),
        false => format!("{}\n\n{verified}", typed.text),
    };
    let caller = Caller {
        incident,
        person,
        locale: "en",
        topic: "",
        verified: !how.is_empty(),
    };
    let ticket = match agent::open_for_caller(app, who.id, &caller, &text).await {
        Err(AgentError::Words(why)) => return Ok(Err(refusal("text", sentence(why)))),
        opened => opened?,
    };
    if typed.then == TicketStatus::Solved.as_str() {
        let then = Then::solved();
        agent::transition(app, who.actor(), ticket.id, ticket.version, &then).await?;
    }
    Ok(Ok(ticket))
}

impl Typed {
    /// The contradiction between the typed code and the chosen verification: field and reason.
    fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let by_code = self.verification == BY_CODE;
        let is_typed = !self.code.trim().is_empty();
        if by_code && !is_typed && NoticeCode::parse(&self.reference).is_none() {
            return Some(("code", "Type the code that they read aloud."));
        }
        let unused = is_typed && !by_code;
        unused.then_some((
            "verification",
            "A code is typed below. Choose that they read it aloud, or clear that field.",
        ))
    }

    /// What the caller said to be found.
    fn said(&self) -> &str {
        match self.reference.trim() {
            "" if self.verification == BY_CODE => self.code.trim(),
            said => said,
        }
    }

    /// The code that the caller read aloud: the code by which the caller was found is not typed twice.
    fn read_aloud(&self) -> &str {
        match self.code.trim() {
            "" => self.reference.trim(),
            code => code,
        }
    }
}

async fn form(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    (typed, faults, incidents): (Typed, Faults, Vec<Incident>),
) -> Answer {
    let mut conn = app.db.get().await?;
    let choice = |(value, words): (&str, &str)| Choice {
        value: (*value).to_owned(),
        words: (*words).to_owned(),
    };
    let states = [
        ("open", "Open: I go on with it"),
        ("solved", "Solved: answered on the phone"),
    ];
    let about = |of: Incident| Choice {
        value: of.id.to_string(),
        words: of.title,
    };
    let none = choice(("", "The one in which the caller is found"));
    let view = CallForm {
        desk: frame::console(app, &mut conn, req, who, Area::Helpline).await?,
        reference: typed.reference,
        incidents: std::iter::once(none)
            .chain(incidents.into_iter().map(about))
            .collect(),
        incident: typed.incident,
        verifications: VERIFICATIONS
            .iter()
            .map(|(value, words, _)| choice((value, words)))
            .collect(),
        verification: typed.verification,
        code: typed.code,
        text: typed.text,
        states: states.into_iter().map(choice).collect(),
        then: typed.then,
        faults,
    };
    Ok(page::show(status, &view)?)
}
