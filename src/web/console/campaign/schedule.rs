//! Scheduling a launch: a day, a time and a zone.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::campaign::error::CampaignError;
use crate::campaign::launch::Seen;
use crate::campaign::{Campaign, CampaignStatus, Schedule, schedule, store};
use crate::id::CampaignId;
use crate::staff::right::LaunchCampaign;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::console::changed::{in_words, out_of_date};
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};
use crate::zone::{BadLocal, Shown, Zone};

/// `/console/campaigns/{id}/schedule`
#[derive(Template)]
#[template(path = "console/campaign/schedule.html")]
pub struct SchedulePage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: CampaignStatus,
    /// Its version; the form carries it.
    pub version: i32,
    /// What clocks show now in the zone of the form.
    pub now: String,
    /// The time that was approved, in words; empty if none is part of the approval.
    pub approved: String,
    /// What was typed.
    pub typed: Typed,
    /// The two times that a typed time means; empty if it means one.
    pub which: Vec<Choice>,
    /// Facts that its texts quote and that are not public; empty, or agreed to.
    pub unpublished: Vec<String>,
    /// Why it was refused.
    pub faults: Faults,
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The version that the page showed.
    pub version: i32,
    /// The day, as typed.
    pub day: String,
    /// The time.
    pub time: String,
    /// The zone.
    pub zone: String,
    /// Of a time that occurs twice: which, by its offset.
    pub offset: String,
    /// Whether it may go although its texts quote facts that are not public.
    pub agreed: bool,
}

impl Typed {
    /// The form with the time that was approved, if one was.
    fn of(campaign: &Campaign, home: Zone) -> Self {
        let shown = campaign.limits.launch_at.map(|at| home.show(at));
        let part = |format: &str| {
            let shown = shown.map(|shown| shown.local.format(format).to_string());
            shown.unwrap_or_default()
        };
        Self {
            version: campaign.version,
            day: part("%Y-%m-%d"),
            time: part("%H:%M"),
            zone: home.to_string(),
            ..Self::default()
        }
    }

    fn read(&self) -> Result<Shown, (&'static str, String, Vec<Choice>)> {
        let zone = Zone::parse(&self.zone);
        let zone = zone.map_err(|why| ("zone", sentence(why), Vec::new()))?;
        let time = format!("{}{}", self.time.trim(), self.offset.trim());
        zone.read(&self.day, &time).map_err(|why| {
            let field = match why {
                BadLocal::Day => "day",
                _ => "time",
            };
            let which = match why {
                BadLocal::Twice(both) => both.map(one_of_two).into(),
                _ => Vec::new(),
            };
            (field, why.to_string(), which)
        })
    }
}

fn one_of_two(shown: Shown) -> Choice {
    Choice {
        value: shown.offset_typed(),
        words: shown.to_string(),
    }
}

/// `GET /console/campaigns/{id}/schedule`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
) -> Answer {
    let campaign = store::find(&mut *app.db.get().await?, *id).await?;
    let typed = Typed::of(&campaign, app.config.organisation.zone);
    let refusal = Refusal::default();
    shown(&app, &req, &who, campaign, (typed, refusal)).await
}

/// Why the form is shown again.
#[derive(Default)]
struct Refusal {
    faults: Faults,
    which: Vec<Choice>,
    unpublished: Vec<String>,
    is_changed: bool,
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Campaign,
    (typed, why): (Typed, Refusal),
) -> Answer {
    let home = app.config.organisation.zone;
    let zone = Zone::parse(&typed.zone).unwrap_or(home);
    let status = match (why.is_changed, why.faults.any()) {
        (true, _) => StatusCode::CONFLICT,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, false) => StatusCode::OK,
    };
    let mut conn = app.db.get().await?;
    let view = SchedulePage {
        desk: answer::frame(app, &mut conn, req, who, Area::Campaigns).await?,
        id: of.id.to_string(),
        name: of.name.to_string(),
        status: of.status,
        version: of.version,
        now: zone.show(app.now()).to_string(),
        approved: of
            .limits
            .launch_at
            .map(|at| home.show(at).to_string())
            .unwrap_or_default(),
        typed,
        which: why.which,
        unpublished: why.unpublished,
        faults: why.faults,
    };
    Ok(page::show(status, &view)?)
}

/// `POST /console/campaigns/{id}/schedule`.
///
/// # Errors
/// As a launch; a form with faults shows the page again.
pub(crate) async fn set(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    mut form: Form<Typed>,
) -> Answer {
    let mut why = Refusal::default();
    match form.typed.read() {
        Ok(when) => {
            let seen = Seen::at(*id, Some(form.version));
            let when = Schedule {
                at: when.at,
                zone: when.zone(),
                by: who.id,
            };
            match schedule::schedule(&app, seen, when, form.agreed).await {
                Ok(_) => return Ok(redirect(&format!("/console/campaigns/{id}"), "schedule")),
                Err(error) => refuse(&app, &mut form, &mut why, error).await?,
            }
        }
        Err((field, said, which)) => {
            form.fault(field, said);
            why.which = which;
        }
    }
    why.faults = form.faults;
    let now = store::find(&mut *app.db.get().await?, *id).await?;
    shown(&app, &req, &who, now, (form.typed, why)).await
}

/// Notes why the verb refused it at the field that it is about; other refusals are problems.
async fn refuse(
    app: &App,
    form: &mut Form<Typed>,
    why: &mut Refusal,
    error: CampaignError,
) -> Result<(), Problem> {
    match error {
        CampaignError::Past
        | CampaignError::TooFar
        | CampaignError::AfterDeadline
        | CampaignError::OtherTime(_) => form.fault("time", sentence(error)),
        CampaignError::Unpublished(facts) => {
            form.fault(
                "agreed",
                "Its texts quote facts whose present text is not public. Publish them, or tick the box below.",
            );
            why.unpublished = facts;
        }
        CampaignError::Changed(changed) => {
            form.fault("day", sentence(in_words(app, &changed).await?));
            why.is_changed = true;
        }
        error => return Err(error.into()),
    }
    Ok(())
}

/// `POST /console/campaigns/{id}/unschedule`.
///
/// # Errors
/// A campaign that is not scheduled, or a page that is out of date.
pub(crate) async fn cancel(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    form: Form<Typed>,
) -> Answer {
    let seen = Seen::at(*id, Some(form.version));
    match schedule::unschedule(&app, who.id, seen).await {
        Ok(()) => Ok(redirect(&format!("/console/campaigns/{id}"), "unschedule")),
        Err(CampaignError::Changed(changed)) => Err(out_of_date(&app, &changed).await),
        Err(error) => Err(error.into()),
    }
}
