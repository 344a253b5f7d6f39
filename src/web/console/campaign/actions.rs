//! The actions of a campaign: what the buttons of its page post.

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::page::{CampaignPage, load};
use crate::app::App;
use crate::audit::changed::Changed;
use crate::campaign::hold;
use crate::campaign::launch::{self, CampaignError};
use crate::delivery::retry_now::retry_now;
use crate::id::CampaignId;
use crate::staff::right::{DraftCampaign, LaunchCampaign};
use crate::web::audience_counts::AudienceCounts;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::console::changed::{in_words, out_of_date};
use crate::web::form::Form;
use crate::web::page::{self, Fault};
use crate::web::problem::{Answer, Problem};

/// The form of every button: what its page showed.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Seen {
    version: i32,
    /// Of a submission: the keys of the acknowledged warnings.
    acknowledged: Vec<String>,
    /// Of a launch: `yes` if it may go although its texts quote facts that are not public.
    agreed: String,
}

impl Seen {
    /// The campaign as its page showed it.
    fn of(&self, id: CampaignId) -> launch::Seen {
        launch::Seen::at(id, Some(self.version))
    }
}

/// The problem of an action that was refused.
pub(super) async fn refused(app: &App, error: CampaignError) -> Problem {
    match error {
        CampaignError::Changed(changed) => out_of_date(app, &changed).await,
        other => other.into(),
    }
}

/// Leads to the page of the campaign, or says what changed since it was loaded.
pub(super) async fn ended(
    app: &App,
    id: CampaignId,
    action: &str,
    end: Result<(), CampaignError>,
) -> Answer {
    match end {
        Ok(()) => done(id, action),
        Err(error) => Err(refused(app, error).await),
    }
}

fn done(id: CampaignId, action: &str) -> Answer {
    Ok(redirect(&format!("/console/campaigns/{id}"), action))
}

/// `POST /console/campaigns/{id}/submit`. If it is refused, the page shows the reasons and keeps the ticks.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn submit(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    mut seen: Form<Seen>,
) -> Answer {
    let said = seen.acknowledged.iter().cloned().collect();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let reasons = match launch::submit_with(&app, who.id, seen.of(*id), &said).await {
        Ok(_) => return done(*id, "submit"),
        Err(CampaignError::NotReady(review, said)) => review.reasons(&said),
        Err(
            error @ (CampaignError::Nobody(_)
            | CampaignError::State(_)
            | CampaignError::Late
            | CampaignError::Activating(_)
            | CampaignError::NoScope
            | CampaignError::Audience(_)
            | CampaignError::Text(_)),
        ) => error.to_string().lines().map(sentence).collect(),
        // The ticks stay, on the campaign as it is now.
        Err(CampaignError::Changed(changed)) => {
            status = StatusCode::CONFLICT;
            what_changed(&app, &changed).await?
        }
        Err(error) => return Err(refused(&app, error).await),
    };
    for reason in reasons {
        seen.fault("readiness", reason);
    }
    let mut page = load(&app, &req, &who, &audiences, *id).await?;
    page.faults = seen.faults;
    keep_ticks(&mut page, &said);
    Ok(page::show(status, &page)?)
}

/// What changed since the page was loaded, in sentences.
async fn what_changed(app: &App, changed: &Changed) -> Result<Vec<String>, Problem> {
    let changed = in_words(app, changed).await?;
    Ok(vec![
        sentence(&changed),
        "This page shows the campaign as it is now.".to_owned(),
    ])
}

/// Ticks what was ticked. While the audience is not counted, the page has no boxes, and says what it was.
fn keep_ticks(page: &mut CampaignPage, said: &BTreeSet<String>) {
    match &mut page.readiness {
        Some(readiness) => {
            for one in &mut readiness.acknowledge {
                one.ticked = said.contains(&one.key);
            }
        }
        None if said.is_empty() => {}
        None => {
            let keys: Vec<&str> = said.iter().map(String::as_str).collect();
            page.faults.0.push(Fault {
                field: "main".to_owned(),
                text: format!("You had ticked: {}.", keys.join(", ")),
            });
        }
    }
}

/// A line of an error as a sentence.
fn sentence(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// `POST /console/campaigns/{id}/take-back`.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn take_back(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    let end = launch::take_back(&app, who.id, seen.of(*id)).await;
    ended(&app, *id, "take-back", end).await
}

/// `POST /console/campaigns/{id}/launch`. If its texts quote facts that are not public and the box is not ticked, the page
/// asks for it.
///
/// # Errors
/// An illegal transition, or a void approval.
pub(crate) async fn launch(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    mut seen: Form<Seen>,
) -> Answer {
    let agreed = seen.agreed == "yes";
    let hidden = match launch::launch_with(&app, who.id, seen.of(*id), agreed).await {
        Err(CampaignError::Unpublished(hidden)) => hidden,
        launched => return ended(&app, *id, "launch", launched.map(drop)).await,
    };
    let reason = format!(
        "It was not launched: its texts quote facts whose present text is not public: {}. Publish them, or press \
             “Launch” and tick the box to launch it anyway.",
        hidden.join(", ")
    );
    seen.fault("reach", reason);
    let mut page = load(&app, &req, &who, &audiences, *id).await?;
    page.faults = seen.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// `POST /console/campaigns/{id}/pause`, from any version of the page: a pause is always safe.
///
/// # Errors
/// An illegal transition.
pub(crate) async fn pause(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    _seen: Form<Seen>,
) -> Answer {
    hold::pause(&app, who.actor(), *id, None).await?;
    done(*id, "pause")
}

/// `POST /console/campaigns/{id}/resume`.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn resume(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    let end = hold::resume(&app, who.id, seen.of(*id)).await;
    ended(&app, *id, "resume", end).await
}

/// `POST /console/campaigns/{id}/cancel`.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn cancel(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    let end = hold::cancel(&app, who.id, seen.of(*id)).await;
    ended(&app, *id, "cancel", end).await
}

/// `POST /console/campaigns/{id}/retry`: its deferred messages are due now.
///
/// # Errors
/// It is not under way, or a page that is out of date.
pub(crate) async fn retry(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    let end = retry_now(&app, who.id, seen.of(*id)).await;
    ended(&app, *id, "retry", end.map(drop)).await
}
