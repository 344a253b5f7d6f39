//! What may be done with a campaign now, and the doing: the console's buttons and where they post to.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::Deed;
use super::around::{on_to, out_of_date};
use crate::app::App;
use crate::campaign::content::Content;
use crate::campaign::hold;
use crate::campaign::launch;
use crate::campaign::{Campaign, CampaignStatus, store};
use crate::id::CampaignId;
use crate::staff::Right;
use crate::staff::right::{ApproveCampaign, DraftCampaign, LaunchCampaign, StopSending};
use crate::web::figures::count;
use crate::web::form::{Form, Nothing};
use crate::web::problem::{Answer, Problem};
use crate::web::who::{Allowed, Signed};

/// The deeds of a campaign that this person may do: legal ones, and those blocked with the reason.
/// `present` is what would be sent if it were submitted now, to so many `people`, if they are counted.
pub fn offered(
    of: &Campaign,
    present: Option<&Content>,
    people: Option<i64>,
    who: &Signed,
) -> Vec<Deed> {
    let changed = of.content.is_some() && present.map(Content::to_text) != of.content;
    let deed = |to: &CampaignStatus| deed(of.status, *to, people.unwrap_or_default(), who);
    let mut deeds: Vec<Deed> = of.status.after().iter().filter_map(deed).collect();
    let own = of.created_by == who.id || of.submitted_by == Some(who.id);
    for deed in &mut deeds {
        let why = match deed.name.as_str() {
            "submit" if present.is_none() => "The incident has no list in force yet.",
            "approve" if own => {
                "Four eyes: somebody else must approve what you wrote or submitted."
            }
            "approve" | "launch" if changed => {
                "Something changed since it was submitted. Take it back and submit it again."
            }
            "approve" | "launch" if people.is_none() => {
                "The people it goes to are not counted yet. Load this page again in a moment."
            }
            _ => "",
        };
        deed.blocked = why.to_owned();
    }
    deeds
}

fn deed(from: CampaignStatus, to: CampaignStatus, people: i64, who: &Signed) -> Option<Deed> {
    use CampaignStatus::{Approved, Cancelled, Draft, InReview, Paused, Sending};
    let to_people = format!("Messages go out to {} people.", count(people));
    let (name, words, look, right, sure) = match (from, to) {
        (_, InReview) => (
            "submit",
            "Submit for approval",
            "",
            Right::DraftCampaign,
            String::new(),
        ),
        (_, Approved) => (
            "approve",
            "Approve",
            "",
            Right::ApproveCampaign,
            format!(
                "You approve exactly this content for {} people.",
                count(people)
            ),
        ),
        (_, Draft) => (
            "take-back",
            "Take back",
            "quiet",
            Right::DraftCampaign,
            String::new(),
        ),
        (Paused, Sending) => ("resume", "Resume", "", Right::LaunchCampaign, String::new()),
        (_, Sending) => ("launch", "Launch", "", Right::LaunchCampaign, to_people),
        (_, Paused) => (
            "pause",
            "Pause",
            "quiet",
            Right::LaunchCampaign,
            String::new(),
        ),
        (_, Cancelled) => (
            "cancel",
            "Cancel",
            "danger",
            Right::LaunchCampaign,
            "What has not left by now never will. This cannot be taken back.".to_owned(),
        ),
        _ => return None,
    };
    who.may(right).then(|| Deed {
        name: name.to_owned(),
        words: words.to_owned(),
        look,
        sure,
        blocked: String::new(),
    })
}

/// What every button sends: what its page showed.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Seen {
    version: i32,
    content_hash: String,
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

/// `POST /console/campaigns/{id}/submit`.
///
/// # Errors
/// Illegal moves, no list in force, texts that do not compile.
pub async fn submit(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    launch::submit(&app, who.id, *id).await?;
    done(*id, "submit")
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

/// `POST /console/campaigns/{id}/launch`.
///
/// # Errors
/// An illegal move, or an approval that is void.
pub async fn launch(
    who: Allowed<LaunchCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    seen: Form<Seen>,
) -> Answer {
    as_seen(&app, *id, &seen).await?;
    launch::launch(&app, who.id, *id).await?;
    done(*id, "launch")
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
    hold::stop_everything(&app, who.actor()).await?;
    Ok(on_to("/console", "stopped"))
}

/// `POST /console/start`.
///
/// # Errors
/// A form that is not ours, or the database's.
pub async fn start(who: Allowed<StopSending>, app: Data<App>, _form: Form<Nothing>) -> Answer {
    hold::start_again(&app, who.actor()).await?;
    Ok(on_to("/console", "started"))
}
