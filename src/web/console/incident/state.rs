//! The states of an incident: the buttons for the next states, and the form that changes the state.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::incident_at;
use super::page::{done, load};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::incident::IncidentState;
use crate::incident::open::{Open, Untold};
use crate::incident::steer::{self, SteerError, Step};
use crate::staff::right::SteerIncident;
use crate::web::console::Button;
use crate::web::console::answer::{MOVED, out_of_date};
use crate::web::figures::count;
use crate::web::form::Form;
use crate::web::page::{self, Desk, Fault, Flash};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;

/// The button for a next state, or why the state is not allowed yet. `promises`: the latest public update promises the next
/// one.
pub fn button(to: IncidentState, open: &Open, promises: bool) -> Button {
    let all_told = open.untold().is_none();
    let (words, look, sure, reasons) = match to {
        IncidentState::Suspected => ("Suspect", "quiet", String::new(), vec![]),
        IncidentState::Confirmed => ("Confirm", "", String::new(), vec![]),
        IncidentState::Scoping => ("Start scoping", "", String::new(), vec![]),
        IncidentState::Notifying => ("Start notifying", "", String::new(), vec![]),
        IncidentState::Monitoring if all_told && open.withheld == 0 => {
            ("Everybody is told: monitor", "", String::new(), vec![])
        }
        IncidentState::Monitoring => ("Monitor", "", stay_untold(open), vec![]),
        IncidentState::Closed => ("Close", "", closing(open, promises), open.before_closing()),
        IncidentState::Dismissed => (
            "Dismiss",
            "danger",
            "It was no breach. This cannot be taken back.".to_owned(),
            open.before_dismissing(),
        ),
    };
    let blocked = match reasons.is_empty() {
        true => String::new(),
        false => format!("Not yet: {}.", reasons.join("; ")),
    };
    Button {
        name: to.to_string(),
        words: words.to_owned(),
        look,
        sure,
        tick: String::new(),
        blocked,
    }
}

/// The question before closing, with the people who stay untold.
fn closing(open: &Open, promises: bool) -> String {
    let drafts = match open.drafts {
        0 => String::new(),
        1 => " 1 draft of a campaign stays a draft.".to_owned(),
        n => format!(" {} drafts of campaigns stay drafts.", count(n)),
    };
    let promise = match promises {
        true => " The latest public update still promises a next one: publish a last update first.",
        false => "",
    };
    let over = ["The incident is over.".to_owned(), stay_untold(open)];
    let over = over.join(" ");
    let over = over.trim_end();
    format!("{over}{drafts}{promise} It can be opened again for a new scope.")
}

/// The sentence about withheld people; empty without any.
fn stay_untold(open: &Open) -> String {
    match open.withheld {
        0 => String::new(),
        1 => "1 person is withheld and stays untold.".to_owned(),
        n => format!("{} people are withheld and stay untold.", count(n)),
    }
}

/// Names the new state in the message about a change of state.
pub fn moved(desk: Desk, state: IncidentState) -> Desk {
    let flash = desk.flash.map(|flash| match flash.text == MOVED {
        true => Flash {
            text: format!("The incident is now {state}."),
            ..flash
        },
        false => flash,
    });
    Desk { flash, ..desk }
}

/// The form of the buttons.
#[derive(Deserialize)]
pub struct To {
    to: IncidentState,
    version: i32,
    /// Present if the box that confirms the numbers below is ticked.
    #[serde(default)]
    confirm: Option<String>,
    #[serde(default)]
    in_progress: i64,
    #[serde(default)]
    needs_letter: i64,
    #[serde(default)]
    told_too_little: i64,
    #[serde(default)]
    told_too_much: i64,
}

impl To {
    fn step(&self) -> Step {
        let untold = Untold {
            in_progress: self.in_progress,
            needs_letter: self.needs_letter,
            told_too_little: self.told_too_little,
            told_too_much: self.told_too_much,
        };
        Step {
            version: self.version,
            to: self.to,
            agreed: self.confirm.as_ref().map(|_| untold),
        }
    }
}

/// `POST /console/incidents/{slug}/state`.
///
/// # Errors
/// 404 without the incident. The page shows why a change is refused: an illegal transition, open work, people who are not
/// told, or an incident that changed since the page was loaded.
pub async fn change(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<To>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts);
    let problem = match steer::step(&app, who.id, incident.id, form.step()).await {
        Ok(()) => return done(&app, &req, &who, &slug, ("moved", unsaved)).await,
        Err(SteerError::Changed) => out_of_date(),
        Err(error) => Problem::from(error),
    };
    if !matches!(
        problem.kind(),
        Kind::InTheWay | Kind::IllegalMove | Kind::Changed
    ) {
        return Err(problem);
    }
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = load(&app, &mut conn, &req, &who, incident).await?;
    let mut page = page.with(unsaved);
    page.facts_faults.0.push(Fault {
        field: "state".to_owned(),
        text: problem.sentence(),
    });
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}
