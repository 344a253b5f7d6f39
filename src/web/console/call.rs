//! Logging a phone call: who, how they were verified, what was said, what comes next.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::sought::{Sought, known, seek};
use super::{Choice, tickets};
use crate::app::App;
use crate::audit::Action;
use crate::deployment::{self, Missing};
use crate::id::{IncidentId, PersonId};
use crate::incident::Incident;
use crate::link::NoticeCode;
use crate::notice::{self, store::outcome};
use crate::person;
use crate::postal;
use crate::staff::right::WorkTickets;
use crate::ticket::desk::{self, Caller, DeskError};
use crate::ticket::{Then, TicketStatus};
use crate::web::caller::{Allowed, Signed};
use crate::web::conversation::sentence;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Faults};
use crate::web::problem::{Answer, Problem};

/// `/console/helpline/call`
#[derive(Template)]
#[template(path = "console/call.html")]
pub struct CallForm {
    /// The frame.
    pub desk: Desk,
    /// The person's reference, notice code, e-mail address or ticket number, as typed.
    pub reference: String,
    /// The incidents in which the caller was found, or all for a caller who was not looked for; the first is no choice.
    pub incidents: Vec<Choice>,
    /// The one chosen.
    pub incident: String,
    /// How callers may be verified; never by what was in the breach.
    pub verifications: Vec<Choice>,
    /// The one chosen.
    pub verification: String,
    /// The code that the caller read aloud, as typed.
    pub code: String,
    /// What was said, as typed.
    pub text: String,
    /// The states the ticket may take.
    pub states: Vec<Choice>,
    /// The one chosen.
    pub then: String,
    /// Why it was refused.
    pub faults: Faults,
}

/// How a caller may be verified, none of it by what was in the breach: with what the log says of it. Candor compares
/// the code; the rest is what the agent says. One-time codes are not among them: customers read that we never ask for
/// one on the phone.
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

/// What the form sends.
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
/// The database's.
pub async fn show(who: Allowed<WorkTickets>, req: HttpRequest, app: Data<App>) -> Answer {
    let incidents = known(&mut *app.db.get().await?).await?;
    let typed = Typed::default();
    let offered = (typed, Faults::default(), incidents);
    form(&app, &req, &who, StatusCode::OK, offered).await
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
    let incidents = known(&mut *app.db.get().await?).await?;
    if let Some((field, why)) = typed.contradiction() {
        typed.fault(field, why);
        let offered = (typed.typed, typed.faults, incidents);
        return form(&app, &req, &who, refused, offered).await;
    }
    let found = caller(&app, &incidents, &typed.typed).await?;
    who.saw(&app, Action::PeopleFind, "call", found.people());
    let (incident, person) = match found {
        Found::One(incident, person) => (incident, person),
        Found::Refused(field, why) => {
            typed.fault(field, why);
            let offered = (typed.typed, typed.faults, incidents);
            return form(&app, &req, &who, refused, offered).await;
        }
        Found::Several(ids) => {
            typed.fault("incident", SEVERAL);
            let several = incidents.into_iter().filter(|of| ids.contains(&of.id));
            let offered = (typed.typed, typed.faults, several.collect());
            return form(&app, &req, &who, refused, offered).await;
        }
    };
    if typed.verification == BY_CODE
        && let Some(why) = not_verified(&app, typed.read_aloud(), person).await?
    {
        typed.fault("code", why);
        let offered = (typed.typed, typed.faults, incidents);
        return form(&app, &req, &who, refused, offered).await;
    }
    let chosen = VERIFICATIONS
        .iter()
        .find(|(value, ..)| *value == typed.verification);
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
    let ticket = match desk::open_for_caller(&app, who.id, &caller, &text).await {
        Err(DeskError::Words(why)) => {
            typed.fault("text", sentence(why));
            let offered = (typed.typed, typed.faults, incidents);
            return form(&app, &req, &who, refused, offered).await;
        }
        opened => opened?,
    };
    if typed.then == TicketStatus::Solved.as_str() {
        let then = Then::solved();
        desk::transition(&app, who.actor(), ticket.id, ticket.version, &then).await?;
    }
    Ok(tickets::to(&ticket, "call"))
}

const NOT_THEIRS: &str = "No notice and no letter to this person has this code. Ask for it again, or log the call as not \
     verified.";

const OTHERS_MAY_HOLD_IT: &str = "A flag forbids to write to this person, or their links were revoked: others may have \
     read their messages and know this code. Verify the caller otherwise, or log the call as not verified.";

/// What is said of a code that is not on record while messages may be missing there.
fn may_be_missing(missing: &Missing) -> String {
    let day = |at: DateTime<Utc>| at.format("%-d %B %Y");
    format!(
        "We have no record that this code was sent. Records of what we sent between {} and {} may be missing, so it may be genuine \
         all the same. Verify the caller otherwise, or log the call as not verified.",
        day(missing.from),
        day(missing.until)
    )
}

impl Typed {
    /// Where the code and the way in which the caller was verified do not fit each other.
    fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let by_code = self.verification == BY_CODE;
        let is_typed = !self.code.trim().is_empty();
        if by_code && !is_typed && NoticeCode::parse(&self.reference).is_none() {
            return Some(("code", "Type the code that they read aloud."));
        }
        let unused = is_typed && !by_code;
        unused.then_some((
            "verification",
            "A code is typed below. Choose that they read it aloud, or empty that field.",
        ))
    }

    /// The code that the caller read aloud; who was found by it need not read it twice.
    fn read_aloud(&self) -> &str {
        match self.code.trim() {
            "" => self.reference.trim(),
            code => code,
        }
    }
}

/// Why this code does not verify that the caller is this person; `None`: it does. A notice that left, or a letter that
/// still counts, carries it to this person, and nothing says that others may have read that.
async fn not_verified(
    app: &App,
    typed: &str,
    person: Option<PersonId>,
) -> Result<Option<String>, Problem> {
    let (Some(code), Some(person)) = (NoticeCode::parse(typed), person) else {
        return Ok(Some(NOT_THEIRS.to_owned()));
    };
    let mut conn = app.db.get().await?;
    let row = person::store::find_row(&mut conn, person).await?;
    if row.flags.withheld_reason().is_some() || row.link_epoch > 0 {
        return Ok(Some(OTHERS_MAY_HOLD_IT.to_owned()));
    }
    let found = notice::store::by_code(&mut conn, code.bucket(), code.key(&app.keys)).await?;
    for notice in found.iter().filter(|notice| notice.person == person) {
        if outcome::left(&mut conn, notice).await?.is_some() {
            return Ok(None);
        }
    }
    let letter = postal::code::whose(app, &mut conn, code).await?;
    if letter.is_some_and(|(_, whose)| whose == person) {
        return Ok(None);
    }
    // The code of somebody else, or of a letter that counts no longer, is on record.
    let is_known = found.iter().any(|notice| notice.person != person)
        || postal::code::is_known(app, &mut conn, code).await?;
    let missing = match is_known {
        true => None,
        false => deployment::store::missing(&mut conn, app.now()).await?,
    };
    let why = missing.as_ref().map(may_be_missing);
    Ok(Some(why.unwrap_or_else(|| NOT_THEIRS.to_owned())))
}

/// Who called.
enum Found {
    /// This person; none if the caller could not say anything that finds them.
    One(IncidentId, Option<PersonId>),
    /// Somebody in each of these incidents.
    Several(Vec<IncidentId>),
    /// Why nobody was found, and at which field.
    Refused(&'static str, &'static str),
}

impl Found {
    /// How many people were found, at least.
    fn people(&self) -> usize {
        match self {
            Self::One(_, person) => usize::from(person.is_some()),
            Self::Several(incidents) => incidents.len(),
            Self::Refused(..) => 0,
        }
    }
}

const NOBODYS_TICKET: &str = "This is the number of a ticket, but no person is connected with it. Leave this empty, and write the number \
     below.";

const SEVERAL: &str = "The caller is found in several incidents: ask which one they call about.";

/// Looks in the incident that was chosen, else in every one.
async fn caller(app: &App, known: &[Incident], typed: &Typed) -> Result<Found, Problem> {
    let said = match typed.reference.trim() {
        "" if typed.verification == BY_CODE => typed.code.trim(),
        said => said,
    };
    let chosen = known.iter().find(|of| of.id.to_string() == typed.incident);
    if said.is_empty() {
        return Ok(match (chosen, known) {
            (Some(of), _) => Found::One(of.id, None),
            (None, [only]) => Found::One(only.id, None),
            (None, []) => Found::Refused("reference", "There is no incident to call about."),
            (None, _) => Found::Refused("incident", "Choose the incident that the call is about."),
        });
    }
    let people = match seek(app, known, chosen.map(|of| of.id), said).await? {
        Sought::People(people) => people,
        Sought::Ticket(ticket) => match ticket.person {
            Some(person) => vec![(ticket.incident, person)],
            None => return Ok(Found::Refused("reference", NOBODYS_TICKET)),
        },
    };
    let mut ids: Vec<_> = people.iter().map(|(incident, _)| *incident).collect();
    ids.dedup();
    Ok(match (people.as_slice(), ids.as_slice()) {
        ([], _) => Found::Refused(
            "reference",
            "Nobody is found by this. Check it with the caller, or leave it empty and say who called below.",
        ),
        ([(incident, person)], _) => Found::One(*incident, Some(*person)),
        (_, [_]) => Found::Refused(
            "reference",
            "Several people fit this: ask for the reference.",
        ),
        _ => Found::Several(ids),
    })
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
