//! What an approver reads from top to bottom: the message in each language, what differs from the approval before, who gets
//! it and how fast. Approve and reject stand at its end.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::buttons::MAY_READ_TWICE;
use super::compared::{Compared, compared};
use super::content::{self, Content};
use super::outlook::Outlook;
use super::readiness::Readiness;
use super::row::which;
use super::snapshot::found;
use crate::app::App;
use crate::campaign::content::Content as Pinned;
use crate::campaign::store::{self, Overview, approvals};
use crate::campaign::{Campaign, CampaignStatus, approval, change, hold};
use crate::db::{self, Conn};
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::ticket;
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::frame_with;
use crate::web::console::findings::Findings;
use crate::web::console::names::Names;
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, ConsoleFrame, Faults, ShownCampaign};
use crate::web::problem::{Answer, Problem};

/// `/console/campaigns/{id}/approval`
#[derive(Template)]
#[template(path = "console/campaign/approval.html")]
pub struct ApprovalPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub incident: String,
    /// Its number within its incident, its kind, day and hour.
    pub which: String,
    /// Its state.
    pub status: CampaignStatus,
    /// Its version; both forms carry it.
    pub version: i64,
    /// What changed since the submission, in words; empty while what was submitted would still be sent.
    pub void: String,
    /// The same, word by word.
    pub changed: Vec<Compared>,
    /// What is to be approved.
    pub content: Content,
    /// Its audience; `None` while it is not counted.
    pub readiness: Option<Readiness>,
    /// What it is compared with, a sentence.
    pub earlier: String,
    /// What differs from that.
    pub differs: Vec<Compared>,
    /// When it would end, and how the helpline stands.
    pub outlook: Outlook,
    /// What rules found when it was submitted.
    pub findings: Findings,
    /// Why the reader cannot approve it; empty if they can.
    pub blocked: String,
    /// Whether the reader can reject it.
    pub may_reject: bool,
    /// The question before an approval, with the number of people.
    pub sure: String,
    /// The comment of a rejection as typed.
    pub comment: String,
    /// Why the last action was refused.
    pub faults: Faults,
}

impl ApprovalPage {
    fn state(&self) -> ShownCampaign {
        match self.void.is_empty() {
            true => ShownCampaign::Status(self.status),
            false => ShownCampaign::ApprovalVoid,
        }
    }

    /// The address that a form posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/campaigns/{}/{action}", self.id)
    }
}

/// `GET /console/campaigns/{id}/approval`.
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

/// What is read in one transaction.
struct Read {
    of: Overview,
    incident: Incident,
    present: Option<Pinned>,
    submitted: Option<Pinned>,
    earlier: Option<approvals::Earlier>,
    waiting: ticket::store::Waiting,
    names: Names,
    state: store::SendState,
}

impl Read {
    async fn at(app: &App, conn: &mut Conn, id: CampaignId) -> Result<Self, Problem> {
        let mut of = store::overview(conn, id).await?;
        let incident = incident::store::find(conn, of.campaign.incident).await?;
        hold::open_reasons(app, [&mut of.campaign], std::slice::from_ref(&incident));
        let text = of.template.as_ref().ok_or(db::Error::Missing)?;
        let hash = of.campaign.content.as_deref();
        let hash = hash.map(crate::campaign::content::hash);
        Ok(Self {
            present: Pinned::of(&of.campaign, &incident, text, &app.config),
            // The page says of a content that cannot be read that its approval is void.
            submitted: of.campaign.submitted().ok().flatten(),
            earlier: approvals::earlier(conn, id, &hash.unwrap_or_default()).await?,
            waiting: ticket::store::waiting(conn).await?,
            names: Names::load(conn).await?,
            state: store::send_state(conn).await?,
            of,
            incident,
        })
    }

    /// What is approved, or would be submitted.
    fn content(&self) -> Option<&Pinned> {
        self.submitted.as_ref().or(self.present.as_ref())
    }

    /// What it is compared with, and what differs.
    fn compared(&self) -> (String, Vec<Compared>) {
        let own = self.of.campaign.id;
        let Some(earlier) = &self.earlier else {
            let none = "No content of this template was approved before: there is nothing to compare it with.";
            return (none.to_owned(), Vec::new());
        };
        let whose = match earlier.campaign_id == own {
            true => "Compared with what was approved of this campaign",
            false => "Compared with what was approved last of this template, for another campaign",
        };
        let at = earlier.approved_at.format("%-d %B %Y, %H:%M UTC");
        match (Pinned::from_text(&earlier.content), self.content()) {
            (Ok(before), Some(after)) => (format!("{whose}, {at}."), compared(&before, after)),
            _ => (
                format!("What was approved on {at} cannot be read by this version of Candor."),
                Vec::new(),
            ),
        }
    }
}

pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    audiences: &AudienceCounts,
    id: CampaignId,
) -> Result<ApprovalPage, Problem> {
    let mut conn = app.db.snapshot().await?;
    let read = Read::at(app, &mut conn, id).await?;
    // Other requests need the connection while this page waits for the count.
    conn.roll_back().await;
    let campaign = &read.of.campaign;
    let counted = match (campaign.launched_at, &read.present) {
        (None, Some(present)) => {
            let asked = Asked::of(campaign, Some(present.scope));
            audiences.in_time(app, asked).await
        }
        _ => None,
    };
    let readiness = read
        .present
        .as_ref()
        .zip(counted)
        .map(|(present, counted)| {
            let reader = (&read.names, who);
            Readiness::of(campaign, present, &counted, &read.incident, reader)
        });
    assemble(app, req, who, read, readiness)
}

fn assemble(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    read: Read,
    readiness: Option<Readiness>,
) -> Result<ApprovalPage, Problem> {
    let now = app.now();
    let known = std::slice::from_ref(&read.incident);
    let mut void = approval::void(app, [&read.of], known);
    let campaign = &read.of.campaign;
    let void = void.remove(&campaign.id).map(|all| change::in_words(&all));
    let seen = read.state.relays();
    let text = read.of.template.as_ref().ok_or(db::Error::Missing)?;
    let present = (read.present.as_ref(), seen.as_slice());
    let changed = match (&void, &read.submitted, &read.present) {
        (Some(_), Some(before), Some(after)) => compared(before, after),
        _ => Vec::new(),
    };
    let (earlier, differs) = read.compared();
    let people = readiness.as_ref().map(|of| of.count.mailable);
    let key = read.incident.key(&app.keys).ok().flatten();
    let findings = found(&read.of, (&read.names, who, now), key.as_ref());
    Ok(ApprovalPage {
        content: content::content(app, &read.names, campaign, text, present, now)?,
        blocked: blocked(campaign, (people, findings.open()), (who, void.is_some())),
        findings,
        may_reject: campaign.status == CampaignStatus::InReview && is_second(campaign, who),
        sure: people.map(|n| question(campaign, n)).unwrap_or_default(),
        outlook: Outlook::of(
            &app.config.pacing,
            &campaign.limits,
            people,
            read.waiting,
            now,
        ),
        desk: frame_with(app, req, who, Area::Campaigns, &read.state),
        id: campaign.id.to_string(),
        name: campaign.name.to_string(),
        which: which(read.of.number, campaign),
        status: campaign.status,
        version: campaign.version.into(),
        void: void.unwrap_or_default(),
        slug: read.incident.slug.clone(),
        incident: read.incident.title.clone(),
        changed,
        readiness,
        earlier,
        differs,
        comment: String::new(),
        faults: Faults::default(),
    })
}

/// Whether the reader approves campaigns, and neither wrote nor submitted this one.
fn is_second(of: &Campaign, who: &Signed) -> bool {
    let own = of.created_by == who.id || of.submitted_by == Some(who.id);
    who.may(Right::ApproveCampaign) && !own
}

/// Why the reader cannot approve it; empty if they can.
fn blocked(
    of: &Campaign,
    (people, open): (Option<i64>, usize),
    (who, is_void): (&Signed, bool),
) -> String {
    let own = of.created_by == who.id || of.submitted_by == Some(who.id);
    match of.status {
        CampaignStatus::Draft => "It is a draft: its author must submit it first.",
        CampaignStatus::InReview if own => {
            "A second person must approve what you wrote or submitted."
        }
        CampaignStatus::InReview if !who.may(Right::ApproveCampaign) => {
            "Your roles do not allow to approve campaigns."
        }
        CampaignStatus::InReview if is_void => {
            "Something changed since it was submitted. Its author must take it back and submit it again."
        }
        CampaignStatus::InReview if people.is_none() => {
            "The people it goes to are not counted yet. Load this page again in a moment."
        }
        CampaignStatus::InReview if open > 0 => {
            "A rule found something that is not settled. Waive it on the page of the campaign, or reject the campaign."
        }
        CampaignStatus::InReview => "",
        CampaignStatus::Approved | CampaignStatus::Scheduled if is_void => {
            "It was approved, and the approval is void."
        }
        CampaignStatus::Approved | CampaignStatus::Scheduled => "It is approved.",
        CampaignStatus::Sending | CampaignStatus::Paused | CampaignStatus::Completed => {
            "It was launched."
        }
        CampaignStatus::Cancelled => "It is cancelled.",
    }
    .to_owned()
}

fn question(of: &Campaign, people: i64) -> String {
    let to = match people {
        1 => "1 person".to_owned(),
        n => format!("{} people", count(n)),
    };
    let twice = match of.audience.may_have_been_told {
        true => MAY_READ_TWICE,
        false => "",
    };
    format!("You approve exactly this content for {to}.{twice}")
}
