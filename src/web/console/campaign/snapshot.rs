//! What the page of a campaign reads in one transaction, so that all its figures are of one moment.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

use super::content::{Content, content};
use super::outcomes::{Outcomes, outcomes};
use super::progress::lately;
use super::speed::SpeedFactors;
use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::approval::{self, present_content};
use crate::campaign::change::in_words;
use crate::campaign::content::Content as Pinned;
use crate::campaign::error::CampaignError;
use crate::campaign::store::{self, Pace, Progress};
use crate::campaign::{Campaign, hold};
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::web::caller::Signed;
use crate::web::console::HistoryLine;
use crate::web::console::answer;
use crate::web::console::history::history_with_reasons;
use crate::web::console::names::Names;
use crate::web::page::{Area, ConsoleFrame};
use crate::web::problem::Problem;

/// A campaign and everything that its page shows, read at one moment.
pub(super) struct Snapshot {
    pub(super) campaign: Campaign,
    pub(super) incident: Incident,
    pub(super) progress: Progress,
    /// The content if it were submitted now; `None` without an active list.
    pub(super) present: Option<Pinned>,
    pub(super) content: Content,
    pub(super) names: Names,
    pub(super) now: DateTime<Utc>,
    pub(super) desk: ConsoleFrame,
    pub(super) factors: SpeedFactors,
    pub(super) pace: Option<Pace>,
    pub(super) ability: Ability,
    pub(super) latest: (i64, f64),
    /// What changed since the submission, in words.
    pub(super) void: Option<String>,
    pub(super) outcomes: Outcomes,
    pub(super) history: (Vec<HistoryLine>, bool),
    pub(super) number: i64,
}

impl Snapshot {
    /// Reads it in a read-only transaction, which ends before the caller counts what takes long.
    pub(super) async fn read(
        app: &App,
        req: &HttpRequest,
        who: &Signed,
        id: CampaignId,
    ) -> Result<Self, Problem> {
        let now = app.now();
        let mut conn = app.db.snapshot().await?;
        let mut campaign = store::find(&mut conn, id).await?;
        hold::open_reasons(app, &mut conn, [&mut campaign]).await?;
        let incident = incident::store::find(&mut conn, campaign.incident).await?;
        let progress = store::progress(&mut conn, id).await?;
        let pace = store::pace(&mut conn, id).await?;
        let present = match present_content(app, &mut conn, &campaign).await {
            Ok(content) => Some(content),
            Err(CampaignError::NoScope) => None,
            Err(error) => return Err(error.into()),
        };
        let void = approval::void(app, &mut conn, std::slice::from_ref(&campaign)).await?;
        let key = incident.key(&app.keys).ok().flatten();
        let owner = Campaign::reason_owner(id);
        let key = key.as_ref().map(|key| (key, &*owner));
        let numbers = store::numbers(&mut conn, &[campaign.incident]).await?;
        let read = Self {
            factors: SpeedFactors::load(app, &mut conn, &campaign, now).await?,
            ability: store::ability_of(&mut conn, &campaign, pace.as_ref(), now).await?,
            latest: lately(&mut conn, &campaign, &progress, now).await?,
            desk: answer::frame(app, &mut conn, req, who, Area::Campaigns).await?,
            content: content(app, &mut conn, &campaign, present.as_ref(), now).await?,
            outcomes: outcomes(&mut conn, id, pace.as_ref(), now).await?,
            history: history_with_reasons(&mut conn, id, now, key).await?,
            names: Names::load(&mut conn).await?,
            number: numbers.get(&id).copied().unwrap_or_default(),
            void: void.get(&id).map(|changed| in_words(changed)),
            campaign,
            incident,
            progress,
            present,
            now,
            pace,
        };
        // Other requests need the connection while this page waits for counts.
        conn.roll_back().await;
        Ok(read)
    }
}
