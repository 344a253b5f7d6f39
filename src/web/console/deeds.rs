//! Where the buttons of a campaign's page post to.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::around::{on_to, out_of_date};
use super::audience::Audiences;
use super::campaign::filled;
use crate::app::App;
use crate::campaign::hold;
use crate::campaign::launch::{self, CampaignError};
use crate::campaign::store;
use crate::id::CampaignId;
use crate::staff::right::{ApproveCampaign, DraftCampaign, LaunchCampaign, StopSending};
use crate::web::caller::Allowed;
use crate::web::form::{Form, Nothing};
use crate::web::page;
use crate::web::problem::{Answer, Problem};

/// What every button sends: what its page showed.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Seen {
    version: i32,
    content_hash: String,
    /// Of a submission: what is acknowledged with it.
    acknowledged: Vec<String>,
    /// Of a launch: that it may go although its texts quote facts that are not public.
    agreed: String,
}

/// Refuses what was decided on a page that is no longer so.
async fn as_seen(app: &App, id: CampaignId, seen: &Seen) -> Result<(), Problem> {
    let now = store::find(&mut *app.db.get().await?, id).await?.version;
    if now == seen.version {
        Ok(())
    } else {
        Err(out_of_date())
    }
}

fn done(id: CampaignId, deed: &str) -> Answer {
    Ok(on_to(&format!("/console/campaigns/{id}"), deed))
}

/// `POST /console/campaigns/{id}/submit`. What stands against it is said on the page, with the ticks kept.
///
/// # Errors
/// Illegal moves, a page that is out of date.
pub async fn submit(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<Audiences>,
    id: Path<CampaignId>,
    mut seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    let said = seen.acknowledged.iter().cloned().collect();
    let reasons = match launch::submit_with(&app, who.id, *id, &said).await {
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
        Err(error) => return Err(error.into()),
    };
    for reason in reasons {
        seen.fault("reach", reason);
    }
    let mut page = filled(&app, &req, &who, &audiences, *id).await?;
    for one in page
        .reach
        .iter_mut()
        .flat_map(|reach| &mut reach.acknowledge)
    {
        one.ticked = said.contains(&one.key);
    }
    page.faults = seen.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
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

/// `POST /console/campaigns/{id}/approve`: exactly the content that the page showed.
///
/// # Errors
/// Own work, another content.
pub async fn approve(
    who: Allowed<ApproveCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    launch::approve(&app, who.id, *id, &seen.content_hash).await?;
    done(*id, "approve")
}

/// `POST /console/campaigns/{id}/take-back`.
///
/// # Errors
/// An illegal move.
pub async fn take_back(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    launch::take_back(&app, who.id, *id).await?;
    done(*id, "take-back")
}

/// `POST /console/campaigns/{id}/launch`. The page is shown again if texts and public page disagree and that was not
/// agreed to.
///
/// # Errors
/// An illegal move, or an approval that is void.
pub async fn launch(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<Audiences>,
    id: Path<CampaignId>,
    mut seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    let agreed = seen.agreed == "yes";
    let hidden = match launch::launch_with(&app, who.id, *id, agreed).await {
        Err(CampaignError::Unpublished(hidden)) => hidden,
        launched => {
            launched?;
            return done(*id, "launch");
        }
    };
    let reason = format!(
        "It was not launched: its texts quote facts that the public page does not show as they are now: {}. Publish \
             them, or tick in the question of “Launch” that it may go all the same.",
        hidden.join(", ")
    );
    seen.fault("reach", reason);
    let mut page = filled(&app, &req, &who, &audiences, *id).await?;
    page.faults = seen.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// `POST /console/campaigns/{id}/pause`, whatever the page showed: holding is always safe.
///
/// # Errors
/// An illegal move.
pub async fn pause(
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
/// An illegal move.
pub async fn resume(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    hold::resume(&app, who.id, *id).await?;
    done(*id, "resume")
}

/// `POST /console/campaigns/{id}/cancel`.
///
/// # Errors
/// An illegal move.
pub async fn cancel(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    _seen: Form<Seen>,
) -> Answer {
    hold::cancel(&app, who.id, *id).await?;
    done(*id, "cancel")
}

/// `POST /console/stop`: no message leaves any node (P4).
///
/// # Errors
/// A form that is not ours, or the database's.
pub async fn stop(who: Allowed<StopSending>, app: Data<App>, _form: Form<Nothing>) -> Answer {
    let done = hold::stop_everything(&app, who.actor()).await?;
    let said = match done.recorded {
        true => "stopped",
        false => "stopped-unrecorded",
    };
    Ok(on_to("/console", said))
}

/// `POST /console/start`.
///
/// # Errors
/// A form that is not ours, or the database's.
pub async fn start(who: Allowed<StopSending>, app: Data<App>, _form: Form<Nothing>) -> Answer {
    let done = hold::start_again(&app, who.actor()).await?;
    let said = match done.recorded {
        true => "started",
        false => "started-unrecorded",
    };
    Ok(on_to("/console", said))
}
