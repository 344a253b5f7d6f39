//! One campaign, the page of the comms lead at three in the morning: how far, how fast, how it
//! goes, and the buttons that are legal now.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::around::{self, Names};
use super::audience::Audiences;
use super::content::{Content, content};
use super::offer::offered;
use super::outcomes::{Outcomes, outcomes};
use super::reach::Reach;
use super::{Deed, Done};
use crate::app::App;
use crate::campaign::approval;
use crate::campaign::approval::present_content;
use crate::campaign::change::in_words;
use crate::campaign::error::CampaignError;
use crate::campaign::hold;
use crate::campaign::pacing::CanaryState;
use crate::campaign::store::{self, Pace, Progress};
use crate::campaign::{Campaign, CampaignStatus};
use crate::id::CampaignId;
use crate::incident;
use crate::notice::NoticeStatus;
use crate::staff::right::SeeCampaigns;
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, Desk, Faults, percent, span};
use crate::web::problem::{Answer, Problem};
use crate::web::who::{Allowed, Signed};

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
    /// Its state.
    pub status: String,
    /// For `If-Match`; goes into every form.
    pub version: i64,
    /// People in the audience, or notices once launched; `None` while they are not counted yet.
    pub total: Option<i64>,
    /// Notices by state.
    pub counts: Counts,
    /// Rate and time left: `6,120/s · about 17 min left`; empty while nothing moves.
    pub pace: String,
    /// When it must be through: `must be through in 2 h`; empty if that does not matter, or no longer.
    pub deadline: String,
    /// Why it goes at this speed, a sentence; empty while it does not send.
    pub speed: String,
    /// Legal and blocked deeds; the primary one first.
    pub deeds: Vec<Deed>,
    /// What changed since it was submitted, in words; empty while nothing did.
    pub void: String,
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
    /// The latest deeds.
    pub log: Vec<Done>,
}

/// Notices by state, in the words of the contract.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is the state of that name")]
pub struct Counts {
    pub queued: i64,
    pub sending: i64,
    pub sent: i64,
    pub deferred: i64,
    pub bounced: i64,
    pub expired: i64,
    pub uncertain: i64,
    pub withheld: i64,
    pub cancelled: i64,
}

impl Counts {
    /// State, figure and what it means, the hero first.
    pub fn rows(&self) -> [(&'static str, i64, &'static str); 9] {
        [
            ("sent", self.sent, "the relay took it"),
            ("queued", self.queued, "wait their turn"),
            ("sending", self.sending, "on a connection now"),
            ("deferred", self.deferred, "tried again later"),
            ("uncertain", self.uncertain, "maybe sent twice"),
            ("bounced", self.bounced, "the address refused"),
            ("expired", self.expired, "gave up trying"),
            ("withheld", self.withheld, "each with a reason"),
            ("cancelled", self.cancelled, "never left"),
        ]
    }
}

impl CampaignPage {
    /// One `progress` event: every figure as this page words it, so that page and stream agree.
    /// A `status` other than the page's own makes the page load itself anew.
    pub fn live(&self) -> Value {
        live(
            &self.status,
            &self.counts,
            self.total(),
            &self.pace,
            &self.speed,
        )
    }

    /// Its state as the page shows it: an approval that is void is none.
    fn state(&self) -> &str {
        match self.void.is_empty() {
            true => &self.status,
            false => "approval_void",
        }
    }

    fn percent(&self) -> String {
        percent(self.counts.sent, self.total())
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

    /// Whether it has been launched.
    fn launched(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "draft" | "in_review" | "approved" | "scheduled"
        )
    }
}

/// See [`CampaignPage::live`]; what the stream knows without the page.
pub fn live(status: &str, counts: &Counts, total: i64, pace: &str, speed: &str) -> Value {
    let mut figures = serde_json::Map::new();
    for (state, figure, _) in counts.rows() {
        figures.insert(state.to_owned(), count(figure).into());
    }
    figures.insert("percent".into(), percent(counts.sent, total).into());
    figures.insert("pace".into(), pace.into());
    figures.insert("speed".into(), speed.into());
    json!({"status": status, "figures": figures, "values": {"done": counts.sent}})
}

impl From<&Progress> for Counts {
    fn from(progress: &Progress) -> Self {
        Self {
            queued: progress.of(NoticeStatus::Queued),
            sending: progress.of(NoticeStatus::Sending),
            sent: progress.of(NoticeStatus::Sent),
            deferred: progress.of(NoticeStatus::Deferred),
            bounced: progress.of(NoticeStatus::Bounced),
            expired: progress.of(NoticeStatus::Expired),
            uncertain: progress.of(NoticeStatus::Uncertain),
            withheld: progress.of(NoticeStatus::Withheld),
            cancelled: progress.of(NoticeStatus::Cancelled),
        }
    }
}

/// `6,120/s · about 17 min left`, for so many settled in so many seconds; empty while nothing moves.
pub fn pace(settled: i64, seconds: f64, left: i64) -> String {
    if settled <= 0 || seconds <= 0.0 {
        return String::new();
    }
    let rate = settled as f64 / seconds;
    let words = if rate >= 1.0 {
        format!("{}/s", count(rate as i64))
    } else {
        "less than 1/s".to_owned()
    };
    match left {
        0 => words,
        left => {
            let more =
                TimeDelta::try_seconds((left as f64 / rate) as i64).unwrap_or(TimeDelta::MAX);
            format!("{words} · about {} left", span(more))
        }
    }
}

/// The pace since the launch, while it sends; why the program paused it, if it did.
pub fn since_launch(campaign: &Campaign, progress: &Progress, now: DateTime<Utc>) -> String {
    if let (CampaignStatus::Paused, Some(reason)) = (campaign.status, &campaign.status_reason) {
        return match campaign.reason_sealed {
            Some(_) => format!("Paused: {reason}."),
            None => format!("Paused by Candor: {reason}."),
        };
    }
    let Some(launched) = campaign
        .launched_at
        .filter(|_| campaign.status == CampaignStatus::Sending)
    else {
        return String::new();
    };
    let seconds = (now - launched).num_milliseconds() as f64 / 1_000.0;
    pace(
        progress.settled(),
        seconds,
        progress.total() - progress.settled(),
    )
}

/// Why it goes at this speed, or was paused by the program; empty while there is nothing to say.
pub fn speed(campaign: &Campaign, pace: Option<&Pace>, stopped: bool) -> String {
    let slowed = pace.and_then(|pace| pace.reason.as_deref());
    let first = pace.is_some_and(|pace| pace.canary == CanaryState::Running);
    match (campaign.status, &campaign.status_reason) {
        (CampaignStatus::Paused, Some(reason)) => format!("Paused: {reason}."),
        (CampaignStatus::Sending, _) if stopped => "All sending is stopped.".to_owned(),
        (CampaignStatus::Sending, _) => {
            let limit = match campaign.limits.rate_per_second {
                0 => "As fast as the relays take them.".to_owned(),
                rate => format!("At most {}/s, as approved.", count(rate.into())),
            };
            let first = first
                .then_some("A first slice goes ahead; the rest follows once that has ended well.");
            let said = first.into_iter().chain([slowed.unwrap_or(&limit)]);
            said.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
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
    let mut conn = app.db.get().await?;
    let mut campaign = store::find(&mut conn, id).await?;
    hold::open_reasons(app, &mut conn, [&mut campaign]).await?;
    let incident = incident::store::find(&mut conn, campaign.incident).await?;
    let progress = store::progress(&mut conn, id).await?;
    let pace = store::pace(&mut conn, id).await?;
    let desk = around::desk(app, &mut conn, req, who, Area::Campaigns).await?;
    let present = match present_content(app, &mut conn, &campaign).await {
        Ok(content) => Some(content),
        Err(CampaignError::NoScope) => None,
        Err(error) => return Err(error.into()),
    };
    let void = approval::void(app, &mut conn, std::slice::from_ref(&campaign)).await?;
    let void = void.get(&id).map(|changed| in_words(changed));
    let content = content(app, &mut conn, &campaign, present.as_ref(), now).await?;
    let outcomes = outcomes(&mut conn, id, pace.as_ref(), now).await?;
    let key = incident.key(&app.keys).ok().flatten();
    let owner = Campaign::reason_owner(id);
    let log =
        around::log_opened(&mut conn, id, now, key.as_ref().map(|key| (key, &*owner))).await?;
    let names = Names::load(&mut conn).await?;
    // Others need it while this page waits.
    drop(conn);
    let counted = match (campaign.launched_at, &present) {
        (None, Some(present)) => audiences.of(app, &campaign, Some(present.scope)).await,
        _ => None,
    };
    let reach = present
        .as_ref()
        .zip(counted.as_ref())
        .map(|(present, counted)| Reach::of(&campaign, present, counted, &incident, (&names, who)));
    let total = match campaign.launched_at {
        Some(_) => Some(progress.total()),
        None => counted.map(|counted| counted.count.mailable),
    };
    Ok(CampaignPage {
        pace: since_launch(&campaign, &progress, now),
        speed: speed(
            &campaign,
            pace.as_ref(),
            desk.stopped.is_some() || desk.doubt.is_some(),
        ),
        deeds: offered(&campaign, present.as_ref(), total, reach.as_ref(), who),
        void: void.unwrap_or_default(),
        reach,
        defaults: match campaign.launched_at {
            Some(_) => Vec::new(),
            None => app.config.left_at_defaults(),
        },
        faults: Faults::default(),
        log,
        counts: Counts::from(&progress),
        name: content.template_name.clone(),
        content,
        desk,
        id: id.to_string(),
        slug: incident.slug,
        incident: incident.title,
        kind: campaign.kind.to_string(),
        status: campaign.status.to_string(),
        version: campaign.version.into(),
        total,
        deadline: deadline(&campaign, now),
        outcomes,
    })
}

fn deadline(of: &Campaign, now: DateTime<Utc>) -> String {
    match of.limits.finish_by.filter(|_| !of.status.is_over()) {
        Some(by) if by > now => format!("must be through in {}", span(by - now)),
        Some(_) => "should be through by now".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_says_how_fast_and_how_long_still() {
        assert_eq!(
            pace(6_120, 1.0, 6_120 * 60 * 17),
            "6,120/s · about 17 min left"
        );
        assert_eq!(pace(1, 10.0, 0), "less than 1/s");
        assert_eq!(pace(0, 10.0, 5), "");
    }
}
