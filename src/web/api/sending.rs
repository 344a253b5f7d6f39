//! Whether anything may be sent at all: the emergency stop, and a database that may be an older copy.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::campaign::ability::Ability;
use crate::deployment::{self, Doubt};
use crate::staff::right::SeeCampaigns;
use crate::web::caller::Allowed;
use crate::web::problem::Answer;
use crate::{campaign, db};

/// A database that may be an older copy, as programs read it.
#[derive(Debug, Serialize)]
pub(crate) struct InDoubt {
    /// Words: `epoch`, `row`, `database`, `cluster`, `timeline`, `declared`.
    why: Vec<&'static str>,
    /// Since when nothing is sent.
    since: DateTime<Utc>,
    /// When the database was last known to be the one in use.
    last_in_use: DateTime<Utc>,
    /// The same for people.
    detail: String,
}

impl From<Doubt> for InDoubt {
    fn from(doubt: Doubt) -> Self {
        Self {
            why: doubt.why.iter().map(|why| why.as_str()).collect(),
            since: doubt.at,
            last_in_use: doubt.copied_at,
            detail: doubt.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Sending {
    allowed: bool,
    stopped_at: Option<DateTime<Utc>>,
    in_doubt: Option<InDoubt>,
    /// Whether anything can leave now, and what prevents it.
    now: Ability,
}

/// The doubt on record, for an answer.
pub(crate) async fn in_doubt(app: &App) -> db::Result<Option<InDoubt>> {
    let doubt = deployment::store::doubt(&mut *app.db.get().await?).await?;
    Ok(doubt.map(InDoubt::from))
}

/// `GET /sending`: whether messages may leave, and why not.
pub(crate) async fn show(_who: Allowed<SeeCampaigns>, app: Data<App>) -> Answer {
    let state = campaign::store::send_state(&mut *app.db.get().await?).await?;
    let now = state.ability(app.now());
    let in_doubt = state.doubt.map(InDoubt::from);
    Ok(HttpResponse::Ok().json(Sending {
        allowed: state.stopped.is_none() && in_doubt.is_none(),
        stopped_at: state.stopped.map(|stop| stop.at),
        in_doubt,
        now,
    }))
}
