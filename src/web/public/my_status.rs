//! The page of a status link, in two tiers: the link alone shows nothing personal; after
//! a one-time code to the address on file it shows the data of this person.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::correction::{self, Correction};
pub use super::details::{Corrected, Details, SentLetter, SentNotice, Wrong, subject};
use super::told::Told;
use super::unlock::{self, Step, Unlock};
use super::{Update, known, my_ticket, promised};
use crate::app::App;
use crate::deployment;
use crate::element::{ElementSet, guidance};
use crate::incident;
use crate::ticket::TicketStatus;
use crate::ticket::intake::{self, IntakeError};
use crate::ticket::{self, Ticket};
use crate::web::caller::Visitor;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::frame;
pub use crate::web::notification::LastNotification;
use crate::web::notification::NotificationHistory;
use crate::web::page::{self, Faults, Moment, PublicFrame};
use crate::web::person_lookup::written_to;
use crate::web::problem::{Answer, Problem};

/// The topic of a question with the box "already misusing" ticked.
const HARM: &str = "Fraud: somebody is already misusing the data";

/// `/s/{token}`
#[derive(Template)]
#[template(path = "public/my_status.html")]
pub struct MyStatus {
    /// The frame.
    pub visit: PublicFrame,
    /// The link's token, for the forms.
    pub token: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's public title.
    pub title: String,
    /// The last notification of this person.
    pub told: LastNotification,
    /// The days between which records of what was sent may be missing, for a person who seems not to be notified.
    pub missing: Option<(Moment, Moment)>,
    /// What was wrong in messages to this person.
    pub corrections: Vec<Correction>,
    /// Set if the list says that they are not affected.
    pub not_affected: Option<NotAffected>,
    /// What to do first, at most three: general in tier 0, of the person's elements in tier 1.
    pub actions: Vec<Action>,
    /// The incident's fact sheet.
    pub facts: Vec<Told>,
    /// The latest statement.
    pub latest: Option<Update>,
    /// When the next statement comes, if promised.
    pub next_update: Option<Moment>,
    /// Whether the incident has a public page.
    pub is_public: bool,
    /// The person's questions; in tier 0 without a word of their content.
    pub tickets: Vec<MyTicketLine>,
    /// The form for a new question.
    pub ask: Ask,
    /// The step to tier 1.
    pub unlock: Unlock,
    /// Tier 1, once open.
    pub mine: Option<Details>,
}

/// The text for a person who is not affected after all. Nothing of it is personal.
#[derive(Debug, Clone)]
pub struct NotAffected {
    /// The day and the number of the list that says so, if recorded.
    pub list: Option<(Moment, i32)>,
    /// Whether they were told that data about them was taken.
    pub told_wrongly: bool,
}

/// A day, for the page.
pub(super) fn day(at: &DateTime<Utc>) -> Moment {
    Moment::day(*at)
}

/// One thing to do today.
#[derive(Debug, Clone)]
pub struct Action {
    /// In a few words.
    pub title: String,
    /// How, in a sentence or two.
    pub how: String,
}

/// A question in the list.
#[derive(Debug, Clone)]
pub struct MyTicketLine {
    /// As the customer quotes it.
    pub number: String,
    /// What it is: a question, or a call.
    pub name: String,
    /// The ticket's state, for its tone.
    pub status: TicketStatus,
    /// The customer label of the state.
    pub label: String,
    /// When it last changed.
    pub at: Moment,
}

/// The form for a new question, as typed.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The question.
    pub text: String,
    /// The box: the data are already misused.
    pub harm: bool,
    /// Why it was refused; field `text`.
    pub faults: Faults,
}

/// The advice for everybody.
const DISTRUST: (&str, &str) = (
    "Distrust calls and messages about this",
    "A caller who has your data can sound genuine. We never ask for a password, a PIN, a card number or \
     money. When in doubt, hang up and use the number at the foot of this page.",
);
/// The advice for a person who can get a code by e-mail.
const SEE: (&str, &str) = (
    "See which of your data was taken",
    "Ask for a one-time code below. This page then says what to do first about your own data.",
);

/// The advice for a person with a postal letter.
const SEE_BY_LETTER: &str = "Type the code that is printed in our letter below. This page then says what to do first about \
     your own data.";

/// What the form for a question sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    text: String,
    harm: bool,
}

/// `GET /s/{token}`.
///
/// # Errors
/// 404 once the incident was forgotten, as for a link that never was.
pub async fn show(visitor: Visitor, req: HttpRequest, app: Data<App>) -> Answer {
    let (ask, unlock) = (Ask::default(), Unlock::default());
    page(&app, &req, &visitor, StatusCode::OK, ask, unlock).await
}

/// `POST /s/{token}/tickets`: takes a question, exactly as it was written.
///
/// # Errors
/// 404 as [`show`].
pub async fn ask(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let topic = if form.harm { HARM } else { "" };
    let person = &visitor.person;
    match intake::ask(&app, person.incident, person.id, topic, &form.text).await {
        Ok(asked) => {
            let number = &asked.ticket().number;
            let to = format!("/s/{}/tickets/{number}/asked", visitor.token);
            Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, to))
                .finish())
        }
        Err(IntakeError::Words(why)) => {
            form.fault("text", sentence(why));
            let ask = Ask {
                text: form.typed.text,
                harm: form.typed.harm,
                faults: form.faults,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&app, &req, &visitor, status, ask, Unlock::default()).await
        }
        Err(IntakeError::Missing) => Err(Problem::not_found()),
        Err(IntakeError::Db(error)) => Err(error.into()),
    }
}

/// The page, with what was typed and refused.
///
/// # Errors
/// As [`show`].
pub async fn page(
    app: &App,
    req: &HttpRequest,
    visitor: &Visitor,
    status: StatusCode,
    ask: Ask,
    unlock: Unlock,
) -> Answer {
    let mut conn = app.db.get().await?;
    let person = &visitor.person;
    let incident = incident::store::find(&mut conn, person.incident).await?;
    let key = incident
        .key(&app.keys)
        .map_err(Problem::broken)?
        .ok_or_else(Problem::not_found)?;
    let (campaigns, notices) = written_to(&mut conn, incident.id, person.id).await?;
    let sent_by: Vec<_> = notices.iter().map(|one| (one.id, one.campaign)).collect();
    let case = NotificationHistory::of(&mut conn, person, notices).await?;
    let left = correction::left_in(&sent_by, &case.left);
    let corrections = correction::shown(&mut conn, req, person, &campaigns, &left).await?;
    let (latest, has_spoken) =
        incident::store::updates_and_spoken(&mut conn, incident.id, 1).await?;
    let tickets = ticket::store::shown_to(&mut conn, &app.keys, person.id).await?;
    let missing = match case.told {
        LastNotification::Nothing => deployment::store::missing(&mut conn, app.now()).await?,
        LastNotification::Perhaps(_)
        | LastNotification::Email(_)
        | LastNotification::Post(_)
        | LastNotification::Returned(_)
        | LastNotification::Prepared
        | LastNotification::Otherwise => None,
    };
    drop(conn);
    let mine = match unlock::is_open(app, req, visitor) {
        true => Some(Details::of(app, person, &key, &campaigns, &case)?),
        false => None,
    };
    let unlock = match mine {
        Some(_) => unlock,
        None => unlock.now(app, visitor).await?,
    };
    let locale = person.locale.as_str();
    let view = MyStatus {
        visit: frame::visit(app, req),
        token: visitor.token.clone(),
        told: case.told,
        missing: missing.map(|gap| (Moment::day(gap.from), Moment::day(gap.until))),
        corrections,
        not_affected: not_affected(&case),
        actions: match mine {
            Some(_) => guided(person.exposed_now(), locale),
            None => general(case.retracted, &unlock),
        },
        facts: known(&incident, locale),
        latest: latest.first().map(Update::of),
        next_update: promised(&incident),
        is_public: incident.is_public(has_spoken),
        tickets: tickets.iter().map(|t| line(t, app)).collect(),
        title: incident.public_title().to_owned(),
        slug: incident.slug,
        ask,
        unlock,
        mine,
    };
    Ok(page::show(status, &view)?)
}

fn not_affected(case: &NotificationHistory) -> Option<NotAffected> {
    case.retracted.then(|| NotAffected {
        list: case
            .listed
            .map(|listed| (Moment::day(listed.at), listed.version)),
        told_wrongly: case.wrong.is_some(),
    })
}

fn action(title: &str, how: &str) -> Action {
    Action {
        title: title.to_owned(),
        how: how.to_owned(),
    }
}

/// The advice for the exposed data of this person; without any, the advice for everybody.
fn guided(exposed: ElementSet, locale: &str) -> Vec<Action> {
    if exposed.is_empty() {
        return vec![action(DISTRUST.0, DISTRUST.1)];
    }
    guidance(exposed, locale)
        .iter()
        .map(|a| action(a.title, a.text))
        .collect()
}

/// The advice before the second step, which is not personal. It names a code only if the person can get one.
fn general(retracted: bool, unlock: &Unlock) -> Vec<Action> {
    let mut all = vec![action(DISTRUST.0, DISTRUST.1)];
    match unlock.step {
        _ if retracted => {}
        _ if unlock.by_letter => all.push(action(SEE.0, SEE_BY_LETTER)),
        Step::NoMail => {}
        _ => all.push(action(SEE.0, SEE.1)),
    }
    all
}

fn line(ticket: &Ticket, app: &App) -> MyTicketLine {
    let now = app.now();
    let hears = ticket.hears(now, app.config.helpline.reopen_days);
    MyTicketLine {
        number: ticket.number.to_string(),
        name: my_ticket::name(ticket),
        status: ticket.status,
        label: ticket.label_customer(now, hears).to_owned(),
        at: Moment::exact(ticket.updated_at),
    }
}
