//! The page of one campaign: its progress, its speed, its outcomes, and the buttons that are legal now.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::buttons::{APPROVAL, buttons, cancel_question, retry_button};
use super::compared::{Compared, compared};
use super::content::{Content, not_affected};
use super::head::Head;
use super::outcomes::Outcomes;
use super::progress::{
    Counts, is_held, is_whole, of_total, pace as pace_in_words, percent_done, speed,
};
use super::readiness::Readiness;
use super::row::which;
use super::snapshot::Snapshot;
use crate::app::App;
use crate::campaign::launch::TAKEN_BACK;
use crate::campaign::store::MayHaveArrived;
use crate::campaign::{Campaign, CampaignStatus, doubled, findings};
use crate::id::CampaignId;
use crate::notice::NoticeStatus;
use crate::person::terms::AudienceTerm;
use crate::staff::right::SeeCampaigns;
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::findings::Findings;
use crate::web::console::{Button, HistoryLine};
use crate::web::figures::filters;
use crate::web::page::{self, ConsoleFrame, Faults, Moment, ShownCampaign, span};
use crate::web::problem::{Answer, Problem};

/// `/console/campaigns/{id}`
#[derive(Template)]
#[template(path = "console/campaign/page.html")]
pub struct CampaignPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub incident: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its number within its incident, its kind, day and hour: several campaigns can have one name.
    pub which: String,
    /// Its state.
    pub status: CampaignStatus,
    /// Its version; every form carries it.
    pub version: i64,
    /// People who can be sent to, or after the launch notices that can be sent; `None` while they are not counted.
    pub total: Option<i64>,
    /// Whether the total is final; it grows while the audience is being prepared.
    pub is_whole: bool,
    /// Notices by state.
    pub counts: Counts,
    /// Rate and time left: `6,120/s · about 17 min left`, or what prevents sending; empty while nothing moves.
    pub pace: String,
    /// Whether a pause or anything else prevents sending.
    pub is_held: bool,
    /// The deadline: `must be finished in 2 h`; empty without one, and once the campaign is over.
    pub deadline: String,
    /// The reason of its speed, a sentence; empty while it does not send.
    pub speed: String,
    /// Its buttons, the primary one first.
    pub buttons: Vec<Button>,
    /// What changed since the submission, in words: the approval is void. Empty while it is valid.
    pub void: String,
    /// The same, word by word; only before the launch.
    pub changed: Vec<Compared>,
    /// The comment of the approver who rejected it; empty for none, and once it is submitted again.
    pub rejection: String,
    /// What its author must check before a submission; empty for nothing.
    pub doubt: String,
    /// Its audience and what prevents its submission; `None` after the launch, and while the audience is not counted.
    pub readiness: Option<Readiness>,
    /// What rules find in the texts of a draft, or found when it was submitted.
    pub findings: Findings,
    /// Settings at their defaults that recipients would see; none after the launch.
    pub defaults: Vec<String>,
    /// Why the last action was refused.
    pub faults: Faults,
    /// The content that is approved.
    pub content: Content,
    /// The outcomes of its messages.
    pub outcomes: Outcomes,
    /// Waiting notices that an uncertain attempt may have delivered; `None` if they were not counted in time.
    pub maybe_arrived: Option<i64>,
    /// The latest actions.
    pub log: Vec<HistoryLine>,
    /// Whether there are older actions.
    pub has_older_acts: bool,
    /// When the figures were read.
    pub as_of: Moment,
    /// Whether an uncertain notice may have told each person of its audience before.
    pub is_again: bool,
    /// Its schedule, what it was copied from, and further acts.
    pub head: Head,
}

impl CampaignPage {
    /// The state that the page shows.
    fn state(&self) -> ShownCampaign {
        match self.void.is_empty() {
            true => ShownCampaign::Status(self.status),
            false => ShownCampaign::ApprovalVoid,
        }
    }

    fn percent(&self) -> String {
        percent_done(self.status, &self.counts, self.total(), self.is_whole)
    }

    fn of(&self) -> String {
        of_total(self.total(), self.is_whole)
    }

    fn total(&self) -> i64 {
        self.total.unwrap_or_default()
    }

    /// The address that a button posts to, or leads to.
    fn to(&self, action: &str) -> String {
        format!("/console/campaigns/{}/{action}", self.id)
    }

    /// The id of the field for the reason of a waiver, by the place of its finding.
    pub(super) fn reason_of(&self, place: &usize) -> String {
        format!("reason-{place}")
    }

    /// Whether figures change without an action of staff.
    fn is_live(&self) -> bool {
        use CampaignStatus::{Paused, Scheduled, Sending};
        matches!(self.status, Scheduled | Sending | Paused)
    }

    /// Whether it is cancelled while senders still hold notices of it, or notices are not settled.
    fn is_being_settled(&self) -> bool {
        self.status == CampaignStatus::Cancelled
            && self.counts.queued + self.counts.sending + self.counts.deferred > 0
    }

    /// Whether it was launched.
    fn launched(&self) -> bool {
        use CampaignStatus::{Approved, Draft, InReview, Scheduled};
        !matches!(self.status, Draft | InReview | Approved | Scheduled)
    }
}

/// `GET /console/campaigns/{id}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
) -> Answer {
    let page = load(&app, &req, &who, &audiences, *id).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    audiences: &AudienceCounts,
    id: CampaignId,
) -> Result<CampaignPage, Problem> {
    let mut snapshot = Snapshot::read(app, req, who, id).await?;
    let campaign = &snapshot.campaign;
    let may_have_arrived = doubled::counted(app, campaign, doubled::PATIENCE).await?;
    let present = snapshot.present.as_ref();
    let counted = match (campaign.launched_at, present) {
        (None, Some(present)) => {
            let asked = Asked::of(campaign, Some(present.scope));
            audiences.in_time(app, asked).await
        }
        _ => None,
    };
    let mut readiness = None;
    if let (Some(present), Some(counted)) = (present, &counted) {
        snapshot.content.not_affected = not_affected(campaign, present, &counted.classes);
        let reader = (&snapshot.names, who);
        if campaign.content.is_none() {
            let found = findings::of(app, present, &counted.classes)?;
            snapshot.findings = Findings::of_draft(found, &present.variants);
        }
        readiness = Some(Readiness::of(
            campaign,
            present,
            counted,
            &snapshot.incident,
            reader,
        ));
    }
    let total = match campaign.launched_at {
        Some(_) => Some(snapshot.progress.sendable()),
        None => counted.map(|counted| counted.of(AudienceTerm::GetsIt)),
    };
    Ok(assemble(
        snapshot,
        app,
        who,
        (readiness, total),
        may_have_arrived,
    ))
}

/// Fills the page from the snapshot and from what was counted afterwards.
fn assemble(
    read: Snapshot,
    app: &App,
    who: &Signed,
    (readiness, total): (Option<Readiness>, Option<i64>),
    arrived: Option<MayHaveArrived>,
) -> CampaignPage {
    let (campaign, progress) = (&read.campaign, &read.progress);
    let question = cancel_question(campaign, progress);
    let reader = (who, read.void.is_some());
    let waits = read.factors.waits_for(campaign, progress, &read.ability);
    let pace = || pace_in_words(campaign, progress, &read.ability, read.latest);
    let mut buttons = buttons(
        campaign,
        read.present.as_ref(),
        total,
        readiness.as_ref(),
        reader,
        &question,
    );
    block_approval(&mut buttons, &read.findings);
    let deferred = progress.of(NoticeStatus::Deferred);
    buttons.extend(retry_button(campaign, deferred, who));
    CampaignPage {
        buttons,
        changed: changed(&read),
        findings: read.findings,
        rejection: campaign.rejection().unwrap_or_default().to_owned(),
        pace: waits.unwrap_or_else(pace),
        is_held: is_held(campaign, &read.ability),
        speed: speed(campaign, read.pace.as_ref(), &read.ability, &read.factors),
        doubt: doubt(campaign),
        deadline: deadline(campaign, read.now),
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
        head: Head::of(campaign, read.copied_from, (&read.names, who)),
        is_whole: is_whole(campaign, progress),
        id: campaign.id.to_string(),
        kind: campaign.kind.to_string(),
        which: which(read.number, campaign),
        status: campaign.status,
        version: campaign.version.into(),
        name: campaign.name.to_string(),
        readiness,
        total,
        faults: Faults::default(),
        as_of: Moment::exact(read.now),
        void: read.void.unwrap_or_default(),
        log: read.history.0,
        has_older_acts: read.history.1,
        content: read.content,
        desk: read.desk,
        slug: read.incident.slug,
        incident: read.incident.title,
        outcomes: read.outcomes,
    }
}

/// Says beside the link to the approval that findings stop it.
fn block_approval(buttons: &mut [Button], findings: &Findings) {
    for button in buttons {
        if button.name == APPROVAL && button.blocked.is_empty() && findings.open() > 0 {
            button.blocked =
                "A rule found something that is not settled. See “What the rules found” below."
                    .to_owned();
        }
    }
}

/// What changed since a campaign that is not launched was submitted, word by word.
fn changed(read: &Snapshot) -> Vec<Compared> {
    let is_void = read.void.is_some() && read.campaign.launched_at.is_none();
    let submitted = read.campaign.submitted().ok().flatten();
    match (submitted.filter(|_| is_void), &read.present) {
        (Some(before), Some(after)) => compared(&before, after),
        _ => Vec::new(),
    }
}

/// What the author of a draft must check first. A draft that staff took back needs no reason.
fn doubt(of: &Campaign) -> String {
    let reason = of
        .status_reason
        .as_deref()
        .filter(|said| *said != TAKEN_BACK && of.reason_sealed.is_none());
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
