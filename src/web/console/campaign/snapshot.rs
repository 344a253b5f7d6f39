//! What the page of a campaign reads in one transaction, so that all its figures are of one moment.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

use super::content::{Content, content};
use super::copy::CopiedFrom;
use super::outcomes::{Outcomes, outcomes};
use super::progress::{lately, minutes};
use super::speed::SpeedFactors;
use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::approval;
use crate::campaign::change::in_words;
use crate::campaign::content::Content as Pinned;
use crate::campaign::store::{self, Pace, Progress, Speed};
use crate::campaign::{Campaign, CampaignStatus, hold};
use crate::db;
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::seal::IncidentKey;
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::console::HistoryLine;
use crate::web::console::answer;
use crate::web::console::findings::Findings;
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
    /// What rules found when it was submitted.
    pub(super) findings: Findings,
    pub(super) outcomes: Outcomes,
    pub(super) history: (Vec<HistoryLine>, bool),
    pub(super) number: i64,
    pub(super) copied_from: Option<CopiedFrom>,
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
        let mut of = store::overview(&mut conn, id).await?;
        let incident = incident::store::find(&mut conn, of.campaign.incident).await?;
        let known = std::slice::from_ref(&incident);
        hold::open_reasons(app, [&mut of.campaign], known);
        let text = of.template.as_ref().ok_or(db::Error::Missing)?;
        let present = Pinned::of(&of.campaign, &incident, text, &app.config);
        let mut void = approval::void(app, [&of], known);
        let state = store::send_state(&mut conn).await?;
        let seen = state.relays();
        let speed = match of.campaign.status {
            CampaignStatus::Sending => {
                let lease = app.config.mail.lease_seconds;
                let mut of_each = store::speeds(&mut conn, &[id], minutes(now), lease).await?;
                of_each.remove(&id).unwrap_or_default()
            }
            _ => Speed::default(),
        };
        let names = Names::load(&mut conn).await?;
        let key = incident.key(&app.keys).ok().flatten();
        let owner = Campaign::reason_owner(id);
        let findings = found(&of, (&names, who, now), key.as_ref());
        let key = key.as_ref().map(|key| (key, &*owner));
        let history = history_with_reasons(&mut conn, id, key).await?;
        let outcomes = outcomes(&mut conn, &of, &seen, now).await?;
        let home = app.config.organisation.zone;
        let copied_from = CopiedFrom::load(&mut conn, &of.campaign, home).await?;
        // Other requests need the connection while this page waits for counts.
        conn.roll_back().await;
        let went_on = state.allowed_at.max(of.resumed_at);
        let (campaign, progress) = (&of.campaign, &of.progress);
        Ok(Self {
            factors: SpeedFactors::of(app, campaign, &seen, speed.waits, now),
            ability: state.ability_of(campaign, of.pace.as_ref(), now),
            latest: lately(campaign, progress, (went_on, speed.ended), now),
            desk: answer::frame_with(app, req, who, Area::Campaigns, &state),
            content: content(app, &names, campaign, text, (present.as_ref(), &seen), now)?,
            findings,
            copied_from,
            outcomes,
            history,
            names,
            number: of.number,
            void: void.remove(&id).map(|changed| in_words(&changed)),
            incident,
            present,
            now,
            campaign: of.campaign,
            progress: of.progress,
            pace: of.pace,
        })
    }
}

/// What rules found when it was submitted; nothing of a draft.
pub(super) fn found(
    of: &store::Overview,
    (names, who, now): (&Names, &Signed, DateTime<Utc>),
    key: Option<&IncidentKey>,
) -> Findings {
    use CampaignStatus::{Approved, InReview, Scheduled};
    let campaign = &of.campaign;
    let Ok(Some(submitted)) = campaign.submitted() else {
        return Findings::default();
    };
    let judged = (campaign, &of.judged);
    let shown = Findings::of_submitted(judged, &submitted.variants, key, (names, now));
    let own = campaign.created_by == who.id || campaign.submitted_by == Some(who.id);
    let waits = matches!(campaign.status, InReview | Approved | Scheduled);
    Findings {
        may_waive: waits && !own && who.may(Right::ApproveCampaign),
        ..shown
    }
}
