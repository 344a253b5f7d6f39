//! A campaign as the API shows it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::canary::CanaryState;
use crate::campaign::change::Change;
use crate::campaign::store::{self, LeftOut, MayHaveArrived, Overview, SendState};
use crate::campaign::{
    Acknowledged, Audience, Campaign, CampaignKind, CampaignStatus, Limits, Name, UncertainPolicy,
};
use crate::campaign::{content, doubled};
use crate::db::Result;
use crate::id::{CampaignId, IncidentId, StaffId, TemplateId};
use crate::notice::NoticeStatus;
use crate::seal::to_hex;
use crate::zone::Zone;

/// What is read of campaigns in addition to their overviews.
#[derive(Debug)]
pub(crate) struct Results {
    left_out: BTreeMap<CampaignId, LeftOut>,
    /// `None`: that could not be counted in time.
    may_have_arrived: Option<BTreeMap<CampaignId, MayHaveArrived>>,
    state: Option<SendState>,
    now: DateTime<Utc>,
}

/// Whether a campaign waits for senders: a cancelled one until they have settled what was under way.
fn waits(of: &Overview) -> bool {
    match of.campaign.status {
        CampaignStatus::Sending => true,
        CampaignStatus::Cancelled => of.progress.left() > 0,
        _ => false,
    }
}

impl Results {
    /// Reads it. The caller must hold no connection. It waits for the numbers of notices that may have arrived twice at most
    /// [`doubled::PATIENCE`].
    pub(crate) async fn load(app: &App, of: &[Overview]) -> Result<Self> {
        let campaigns = || of.iter().map(|one| &one.campaign);
        let may_have_arrived =
            doubled::counted_of_each(app, campaigns(), doubled::PATIENCE).await?;
        let mut conn = app.db.get().await?;
        let launched = campaigns().filter(|one| one.launched_at.is_some());
        let launched: Vec<_> = launched.map(|one| one.id).collect();
        Ok(Self {
            state: match of.iter().any(waits) {
                true => Some(store::send_state(&mut conn).await?),
                false => None,
            },
            left_out: match launched.is_empty() {
                true => BTreeMap::new(),
                false => store::left_out_of_each(&mut conn, &launched).await?,
            },
            may_have_arrived,
            now: app.now(),
        })
    }

    /// What prevents a campaign from sending, or a cancelled one from being settled.
    fn held(&self, of: &Overview) -> Option<Ability> {
        let state = self.state.as_ref().filter(|_| waits(of))?;
        let ability = state.ability_of(&of.campaign, of.pace.as_ref(), self.now);
        Some(ability).filter(|ability| !ability.is_open())
    }

    fn may_have_arrived(&self, of: CampaignId) -> Option<MayHaveArrived> {
        let counted = self.may_have_arrived.as_ref()?;
        Some(counted.get(&of).copied().unwrap_or_default())
    }
}

/// A campaign, in the JSON of the API.
#[derive(Debug, Serialize)]
pub(crate) struct CampaignView {
    id: CampaignId,
    name: Name,
    copied_from: Option<CampaignId>,
    /// When the clock launches it, or was to launch it; null if staff launch it.
    scheduled_for: Option<DateTime<Utc>>,
    scheduled_zone: Option<Zone>,
    scheduled_by: Option<StaffId>,
    incident: IncidentId,
    template: TemplateId,
    template_version: i32,
    kind: CampaignKind,
    audience: Audience,
    limits: Limits,
    on_uncertain: UncertainPolicy,
    acknowledged: Acknowledged,
    approval: Option<ApprovalView>,
    status: CampaignStatus,
    status_reason: Option<String>,
    /// The comment of the approver who rejected this draft.
    rejection: Option<String>,
    next: Vec<CampaignStatus>,
    version: i32,
    content_hash: Option<String>,
    counts: BTreeMap<NoticeStatus, i64>,
    /// Of those withheld, the people who did not fit the approved audience any more when their notice was due.
    left_out: LeftOut,
    total: i64,
    /// All but the withheld.
    sendable: i64,
    /// Notices that may have reached their people twice; null if that could not be counted in time.
    doubled: Option<i64>,
    /// Queued and deferred ones that may have arrived: how an attempt ended is not known; null as above.
    maybe_arrived: Option<i64>,
    frozen: bool,
    /// What prevents the campaign from sending, or a cancelled one from being settled; null if nothing does.
    held: Option<Ability>,
    pace: Option<PaceView>,
    created_by: StaffId,
    created_at: DateTime<Utc>,
    submitted_by: Option<StaffId>,
    approved_by: Option<StaffId>,
    approved_at: Option<DateTime<Utc>>,
    launched_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

/// Whether what was submitted is what would be sent, in the JSON of the API; from the submission on.
#[derive(Debug, Serialize)]
struct ApprovalView {
    valid: bool,
    changed: Vec<Change>,
}

/// What the program decided about its speed, in the JSON of the API; from the launch on.
#[derive(Debug, Serialize)]
struct PaceView {
    canary: CanaryState,
    percent: i16,
    reason: Option<String>,
}

impl CampaignView {
    /// The campaign in its present state.
    pub(crate) fn of(
        overview: Overview,
        results: &Results,
        void: &HashMap<CampaignId, Vec<Change>>,
    ) -> Self {
        let held = results.held(&overview);
        let Overview {
            campaign,
            progress,
            pace,
            ..
        } = overview;
        let may_have_arrived = results.may_have_arrived(campaign.id);
        let left_out = results.left_out.get(&campaign.id);
        let left_out = left_out.copied().unwrap_or_default();
        let changed = void.get(&campaign.id).cloned().unwrap_or_default();
        let is_void = !changed.is_empty();
        Self {
            rejection: campaign.rejection().map(str::to_owned),
            left_out,
            approval: campaign.content.is_some().then_some(ApprovalView {
                valid: changed.is_empty(),
                changed,
            }),
            acknowledged: campaign.acknowledged.clone(),
            pace: pace.map(|pace| PaceView {
                canary: pace.canary,
                percent: pace.percent,
                reason: pace.reason,
            }),
            content_hash: content_hash(&campaign),
            total: progress.total(),
            sendable: progress.sendable(),
            doubled: may_have_arrived.map(|of| of.twice),
            maybe_arrived: may_have_arrived.map(|of| of.waiting),
            held,
            frozen: campaign.launched_at.is_some() && progress.frozen,
            counts: progress.counts,
            id: campaign.id,
            name: campaign.name,
            copied_from: campaign.copied_from,
            scheduled_for: campaign.schedule.map(|schedule| schedule.at),
            scheduled_zone: campaign.schedule.map(|schedule| schedule.zone),
            scheduled_by: campaign.schedule.map(|schedule| schedule.by),
            incident: campaign.incident,
            template: campaign.template,
            template_version: campaign.template_version,
            kind: campaign.kind,
            audience: campaign.audience,
            limits: campaign.limits,
            on_uncertain: campaign.on_uncertain,
            next: next(campaign.status, is_void),
            status: campaign.status,
            status_reason: campaign.status_reason,
            version: campaign.version,
            created_by: campaign.created_by,
            created_at: campaign.created_at,
            submitted_by: campaign.submitted_by,
            approved_by: campaign.approved_by,
            approved_at: campaign.approved_at,
            launched_at: campaign.launched_at,
            ended_at: campaign.ended_at,
        }
    }
}

/// The states that may follow. A paused campaign with a void approval cannot be resumed.
fn next(status: CampaignStatus, is_void: bool) -> Vec<CampaignStatus> {
    let is_over = is_void && status == CampaignStatus::Paused;
    let next = status.after().iter().copied();
    next.filter(|to| !(is_over && *to == CampaignStatus::Sending))
        .collect()
}

/// The hash of the submitted content, which an approval names.
pub(crate) fn content_hash(campaign: &Campaign) -> Option<String> {
    campaign
        .content
        .as_deref()
        .map(|text| to_hex(&content::hash(text)))
}
