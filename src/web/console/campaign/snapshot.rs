//! What the page of a campaign reads in one transaction, so that all its figures are of one moment.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

use super::buttons::{buttons, cancel_question};
use super::content::{Content, content};
use super::outcomes::{Outcomes, outcomes};
use super::page::CampaignPage;
use super::progress::{Counts, is_held, is_whole, lately, pace as pace_in_words, speed};
use super::readiness::Readiness;
use super::row::which;
use super::speed::SpeedFactors;
use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::approval::{self, present_content};
use crate::campaign::change::in_words;
use crate::campaign::content::Content as Pinned;
use crate::campaign::error::CampaignError;
use crate::campaign::launch::TAKEN_BACK;
use crate::campaign::store::{self, MayHaveArrived, Pace, Progress};
use crate::campaign::{Campaign, CampaignStatus, hold};
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::web::console::HistoryLine;
use crate::web::console::answer;
use crate::web::console::history::history_with_reasons;
use crate::web::console::names::Names;
use crate::web::page::{Area, Desk, Faults, Moment, span};
use crate::web::problem::Problem;
use crate::web::who::Signed;

/// A campaign and everything that its page shows, read at one moment.
pub(super) struct Snapshot {
    pub(super) campaign: Campaign,
    pub(super) incident: Incident,
    pub(super) progress: Progress,
    /// The content if it were submitted now; `None` without an active list.
    pub(super) present: Option<Pinned>,
    pub(super) content: Content,
    pub(super) names: Names,
    now: DateTime<Utc>,
    desk: Desk,
    factors: SpeedFactors,
    pace: Option<Pace>,
    ability: Ability,
    latest: (i64, f64),
    /// What changed since the submission, in words.
    void: Option<String>,
    outcomes: Outcomes,
    history: (Vec<HistoryLine>, bool),
    number: i64,
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

    /// The page, with what was counted outside of the transaction.
    pub(super) fn page(
        self,
        app: &App,
        who: &Signed,
        (readiness, total): (Option<Readiness>, Option<i64>),
        arrived: Option<MayHaveArrived>,
    ) -> CampaignPage {
        let (campaign, progress) = (&self.campaign, &self.progress);
        let question = cancel_question(campaign, progress);
        let reader = (who, self.void.is_some());
        let waits = self.factors.waits_for(campaign, progress, &self.ability);
        let pace = || pace_in_words(campaign, progress, &self.ability, self.latest);
        CampaignPage {
            buttons: buttons(
                campaign,
                self.present.as_ref(),
                total,
                readiness.as_ref(),
                reader,
                &question,
            ),
            pace: waits.unwrap_or_else(pace),
            is_held: is_held(campaign, &self.ability),
            speed: speed(campaign, self.pace.as_ref(), &self.ability, &self.factors),
            doubt: doubt(campaign),
            deadline: deadline(campaign, self.now),
            defaults: match campaign.launched_at {
                Some(_) => Vec::new(),
                None => app.config.left_at_defaults(),
            },
            maybe_arrived: match progress.left() {
                0 => Some(0),
                _ => arrived.map(|of| of.waiting),
            },
            counts: Counts {
                doubled: arrived.map(|of| of.twice),
                ..Counts::from(progress)
            },
            is_again: campaign.audience.may_have_been_told,
            is_whole: is_whole(campaign, progress),
            id: campaign.id.to_string(),
            kind: campaign.kind.to_string(),
            which: which(self.number, campaign),
            status: campaign.status.to_string(),
            version: campaign.version.into(),
            name: self.content.template_name.clone(),
            readiness,
            total,
            faults: Faults::default(),
            as_of: Moment::exact(self.now),
            void: self.void.unwrap_or_default(),
            log: self.history.0,
            has_older_acts: self.history.1,
            content: self.content,
            desk: self.desk,
            slug: self.incident.slug,
            incident: self.incident.title,
            outcomes: self.outcomes,
        }
    }
}

/// What the author of a draft must check first. A draft that staff took back needs no reason.
fn doubt(of: &Campaign) -> String {
    let reason = of
        .status_reason
        .as_deref()
        .filter(|said| *said != TAKEN_BACK);
    match (of.status, reason) {
        (CampaignStatus::Draft, Some(reason)) => format!("Check first: {reason}."),
        _ => String::new(),
    }
}

fn deadline(of: &Campaign, now: DateTime<Utc>) -> String {
    match of.limits.finish_by.filter(|_| !of.status.is_over()) {
        Some(by) if by > now => format!("must be finished in {}", span(by - now)),
        Some(_) => "is past its deadline".to_owned(),
        None => String::new(),
    }
}
