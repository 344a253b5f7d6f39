//! One campaign, the page of the comms lead at three in the morning: how far, how fast, how it
//! goes, and the buttons that are legal now.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::around::{self, Names};
use super::audience::Audiences;
use super::campaign_rows::which;
use super::content::{Content, content, not_affected};
use super::offer::{never, offered};
use super::outcomes::{Outcomes, outcomes};
use super::progress::{
    Counts, is_held, is_whole, lately, of_total, pace as words_of_pace, part, speed,
};
use super::reach::Reach;
use super::speed::Bearing;
use super::{Deed, Done};
use crate::app::App;
use crate::campaign::approval;
use crate::campaign::approval::present_content;
use crate::campaign::change::in_words;
use crate::campaign::doubled;
use crate::campaign::error::CampaignError;
use crate::campaign::hold;
use crate::campaign::launch::TAKEN_BACK;
use crate::campaign::store;
use crate::campaign::{Campaign, CampaignStatus};
use crate::id::CampaignId;
use crate::incident;
use crate::staff::right::SeeCampaigns;
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::page::{self, Area, Desk, Faults, Moment, span};
use crate::web::problem::{Answer, Problem};

/// `/console/campaigns/{id}`
#[derive(Template)]
#[template(path = "console/campaign.html")]
pub struct CampaignPage {
    /// The frame.
    pub desk: Desk,
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
    /// What tells it from others of its name: its number within its incident, kind, day and hour.
    pub which: String,
    /// Its state.
    pub status: String,
    /// For `If-Match`; goes into every form.
    pub version: i64,
    /// People in the audience who can be sent to, or such notices once launched; `None` while they are not counted yet.
    pub total: Option<i64>,
    /// Whether the total grows no more; it does while the audience is still being prepared.
    pub is_whole: bool,
    /// Notices by state.
    pub counts: Counts,
    /// Rate and time left: `6,120/s · about 17 min left`, or what prevents sending; empty while nothing moves.
    pub pace: String,
    /// Whether something keeps it from sending, a pause or anything else.
    pub is_held: bool,
    /// When it must be through: `must be through in 2 h`; empty if that does not matter, or no longer.
    pub deadline: String,
    /// Why it goes at this speed, a sentence; empty while it does not send.
    pub speed: String,
    /// Legal and blocked deeds; the primary one first.
    pub deeds: Vec<Deed>,
    /// What changed since it was submitted, in words; empty while nothing did.
    pub void: String,
    /// What its author is to find out before it is submitted; empty: nothing.
    pub doubt: String,
    /// Whom it goes to and what they read; none once it was launched, or while that is not counted.
    pub reach: Option<Reach>,
    /// Settings at their defaults that would go out; none once it was launched.
    pub defaults: Vec<String>,
    /// Why the last act was refused.
    pub faults: Faults,
    /// What exactly goes out.
    pub content: Content,
    /// What came of its messages.
    pub outcomes: Outcomes,
    /// Notices that wait for another try and may have arrived; `None` if that could not be counted in time.
    pub maybe_arrived: Option<i64>,
    /// The latest deeds.
    pub log: Vec<Done>,
    /// Whether there are older acts than those.
    pub has_older_acts: bool,
    /// When the figures were read.
    pub as_of: Moment,
    /// Whether each person of its audience may have had an earlier notice.
    pub is_again: bool,
}

impl CampaignPage {
    /// Its state as the page shows it: an approval that is void is none.
    fn state(&self) -> &str {
        match self.void.is_empty() {
            true => &self.status,
            false => "approval_void",
        }
    }

    fn percent(&self) -> String {
        part(&self.status, &self.counts, self.total(), self.is_whole)
    }

    fn of(&self) -> String {
        of_total(self.total(), self.is_whole)
    }

    fn total(&self) -> i64 {
        self.total.unwrap_or_default()
    }

    /// Where a deed of this page posts to.
    fn to(&self, deed: &str) -> String {
        format!("/console/campaigns/{}/{deed}", self.id)
    }

    /// Whether figures can still change by themselves.
    fn moves(&self) -> bool {
        matches!(self.status.as_str(), "scheduled" | "sending" | "paused")
    }

    /// Whether it is over while notices of it are still in the hands of senders, or wait to be settled.
    fn is_being_settled(&self) -> bool {
        self.status == "cancelled"
            && self.counts.queued + self.counts.sending + self.counts.deferred > 0
    }

    /// Whether it has been launched.
    fn launched(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "draft" | "in_review" | "approved" | "scheduled"
        )
    }
}

/// `GET /console/campaigns/{id}`.
///
/// # Errors
/// 404.
pub async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<Audiences>,
    id: Path<CampaignId>,
) -> Answer {
    let page = filled(&app, &req, &who, &audiences, *id).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// The page as it is now.
pub(super) async fn filled(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    audiences: &Audiences,
    id: CampaignId,
) -> Result<CampaignPage, Problem> {
    let now = app.now();
    // All figures of the page are of one moment.
    let mut conn = app.db.snapshot().await?;
    let mut campaign = store::find(&mut conn, id).await?;
    hold::open_reasons(app, &mut conn, [&mut campaign]).await?;
    let incident = incident::store::find(&mut conn, campaign.incident).await?;
    let progress = store::progress(&mut conn, id).await?;
    let bearing = Bearing::load(app, &mut conn, &campaign, now).await?;
    let pace = store::pace(&mut conn, id).await?;
    let ability = store::ability_of(&mut conn, &campaign, pace.as_ref(), now).await?;
    let latest = lately(&mut conn, &campaign, &progress, now).await?;
    let desk = around::desk(app, &mut conn, req, who, Area::Campaigns).await?;
    let present = match present_content(app, &mut conn, &campaign).await {
        Ok(content) => Some(content),
        Err(CampaignError::NoScope) => None,
        Err(error) => return Err(error.into()),
    };
    let void = approval::void(app, &mut conn, std::slice::from_ref(&campaign)).await?;
    let void = void.get(&id).map(|changed| in_words(changed));
    let mut content = content(app, &mut conn, &campaign, present.as_ref(), now).await?;
    let outcomes = outcomes(&mut conn, id, pace.as_ref(), now).await?;
    let key = incident.key(&app.keys).ok().flatten();
    let owner = Campaign::reason_owner(id);
    let (log, has_older_acts) =
        around::log_opened(&mut conn, id, now, key.as_ref().map(|key| (key, &*owner))).await?;
    let names = Names::load(&mut conn).await?;
    let numbers = store::numbers(&mut conn, &[campaign.incident]).await?;
    // Others need it while this page waits.
    conn.roll_back().await;
    let may_have_arrived = doubled::counted(app, &campaign, doubled::PATIENCE).await?;
    let waiting = match progress.left() {
        0 => Some(0),
        _ => may_have_arrived.map(|of| of.waiting),
    };
    let counted = match (campaign.launched_at, &present) {
        (None, Some(present)) => audiences.of(app, &campaign, Some(present.scope)).await,
        _ => None,
    };
    if let (Some(present), Some(counted)) = (&present, &counted) {
        content.not_affected = not_affected(&campaign, present, &counted.classes);
    }
    let reach = present
        .as_ref()
        .zip(counted.as_ref())
        .map(|(present, counted)| Reach::of(&campaign, present, counted, &incident, (&names, who)));
    let total = match campaign.launched_at {
        Some(_) => Some(progress.sendable()),
        None => counted.map(|counted| counted.count.mailable),
    };
    Ok(CampaignPage {
        pace: bearing
            .waits_for(&campaign, &progress, &ability)
            .unwrap_or_else(|| words_of_pace(&campaign, &progress, &ability, latest)),
        is_held: is_held(&campaign, &ability),
        speed: speed(&campaign, pace.as_ref(), &ability, &bearing),
        deeds: offered(
            &campaign,
            present.as_ref(),
            total,
            reach.as_ref(),
            (who, void.is_some()),
            &never(&campaign, &progress),
        ),
        void: void.unwrap_or_default(),
        doubt: doubt(&campaign),
        reach,
        defaults: match campaign.launched_at {
            Some(_) => Vec::new(),
            None => app.config.left_at_defaults(),
        },
        faults: Faults::default(),
        log,
        has_older_acts,
        as_of: Moment::exact(now),
        is_again: campaign.audience.may_have_been_told,
        maybe_arrived: waiting,
        counts: Counts {
            doubled: may_have_arrived.map(|of| of.twice),
            ..Counts::from(&progress)
        },
        is_whole: is_whole(&campaign, &progress),
        name: content.template_name.clone(),
        content,
        desk,
        id: id.to_string(),
        slug: incident.slug,
        incident: incident.title,
        kind: campaign.kind.to_string(),
        which: which(numbers.get(&id).copied().unwrap_or_default(), &campaign),
        status: campaign.status.to_string(),
        version: campaign.version.into(),
        total,
        deadline: deadline(&campaign, now),
        outcomes,
    })
}

/// Why Candor doubts a draft. What somebody took back by hand needs no reason.
fn doubt(of: &Campaign) -> String {
    let reason = of
        .status_reason
        .as_deref()
        .filter(|said| *said != TAKEN_BACK);
    match (of.status, reason) {
        (CampaignStatus::Draft, Some(reason)) => format!("Look first: {reason}."),
        _ => String::new(),
    }
}

fn deadline(of: &Campaign, now: DateTime<Utc>) -> String {
    match of.limits.finish_by.filter(|_| !of.status.is_over()) {
        Some(by) if by > now => format!("must be through in {}", span(by - now)),
        Some(_) => "should be through by now".to_owned(),
        None => String::new(),
    }
}
