//! The dashboard: the tasks of the reader, the running campaigns, the account of each incident.

mod tasks;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, Utc};

use super::Account;
use super::answer;
use super::campaign::progress::{is_whole, lately, minutes, of_total, pace};
use super::campaign::row::{about, which};
use super::campaign::speed::SpeedFactors;
use super::recall::tasks::tasks as of_recalls;
pub use super::tasks::Task;
use super::tasks::{Figures, of_closed as of_closed_incident};
use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::change::Change;
use crate::campaign::store::{Overview, Pace, SendState, Speed};
use crate::campaign::{self, CampaignStatus, approval};
use crate::db::Conn;
use crate::id::{CampaignId, IncidentId};
use crate::incident::open::Untold;
use crate::incident::{self, Incident, IncidentState};
use crate::notice::NoticeStatus;
use crate::recall;
use crate::web::caller::Signed;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Tone};
use crate::web::problem::{Answer, Problem};

/// How many of the latest campaigns are read.
const LATEST: i64 = 100;

/// `/console`
#[derive(Template)]
#[template(path = "console/dashboard/dashboard.html")]
pub struct Dashboard {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The tasks of the reader, the most urgent first.
    pub tasks: Vec<Task>,
    /// Incidents that are not closed: the most urgent first, then the latest.
    pub incidents: Vec<Accounted>,
    /// Campaigns that are sending or paused.
    pub running: Vec<Running>,
}

/// An incident with its account.
#[derive(Debug, Clone)]
pub struct Accounted {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: IncidentState,
    /// Its figures; `None` before a list is active.
    pub account: Option<Account>,
}

/// A campaign that is sending or paused.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its incident's title.
    pub incident: String,
    /// Its number, kind, day and audience.
    pub about: String,
    /// The same without the audience.
    pub which: String,
    /// Its state.
    pub status: CampaignStatus,
    /// Notices sent.
    pub sent: i64,
    /// The total: `of 464 sent`.
    pub of: String,
    /// Notices with a final result of sending.
    pub done: i64,
    /// Notices that can be sent.
    pub total: i64,
    /// Rate and time left, in words, or what prevents sending; empty while nothing moves.
    pub pace: String,
    /// Why Candor holds it, a sentence; empty if it does not.
    pub held: String,
}

/// `GET /console`.
///
/// # Errors
/// Database errors.
pub(crate) async fn show(who: Signed, req: HttpRequest, app: Data<App>) -> Answer {
    let mut conn = app.db.get().await?;
    let mut board = Board::load(&app, &mut conn, &who).await?;
    let running = board.running(&app);
    let mut tasks = std::mem::take(&mut board.tasks);
    tasks.extend(tasks::of_campaigns(&board, &who));
    let recalls = recall::store::open(&mut conn).await?;
    tasks.extend(of_recalls(&recalls, &board.titles, &who));
    tasks.extend(tasks::of_helpline(&mut conn, &who, board.now).await?);
    tasks.extend(match &board.state.doubt {
        Some(doubt) => Some(tasks::of_doubt(doubt, &who)),
        None => tasks::of_sending(&board.ability, &running, &who),
    });
    tasks.extend(running.iter().filter_map(|one| tasks::of_pace(one, &who)));
    let relays = board.state.relays();
    tasks.extend(tasks::of_relays(&board.ability, &relays, &who, board.now));
    tasks.sort_by_key(|task| Reverse(weight(task.tone)));
    let desk = answer::frame_with(&app, &req, &who, Area::Dashboard, &board.state);
    Ok(page::show(
        StatusCode::OK,
        &Dashboard {
            desk,
            tasks,
            incidents: board.most_urgent_first(),
            running,
        },
    )?)
}

/// What the dashboard reads: the incidents with their tasks, and the latest campaigns.
struct Board {
    now: DateTime<Utc>,
    campaigns: Vec<Overview>,
    state: SendState,
    ability: Ability,
    /// What the speed of each campaign that is sending follows from.
    speeds: BTreeMap<CampaignId, Speed>,
    /// The changes that voided the approvals of campaigns.
    void: HashMap<CampaignId, Vec<Change>>,
    titles: BTreeMap<IncidentId, String>,
    incidents: Vec<(IncidentId, Accounted)>,
    /// How urgent each incident is, by [`weight`].
    urgency: BTreeMap<IncidentId, u8>,
    tasks: Vec<Task>,
}

impl Board {
    async fn load(app: &App, conn: &mut Conn, who: &Signed) -> Result<Self, Problem> {
        let now = app.now();
        let incidents = incident::store::list(conn).await?;
        let mut campaigns = campaign::store::overviews(conn, None, None, LATEST).await?;
        let each = campaigns.iter_mut().map(|one| &mut one.campaign);
        campaign::hold::open_reasons(app, each, &incidents);
        let is_sending = |one: &&Overview| one.campaign.status == CampaignStatus::Sending;
        let sending = campaigns.iter().filter(is_sending);
        let sending: Vec<_> = sending.map(|one| one.campaign.id).collect();
        let lease = app.config.mail.lease_seconds;
        let state = campaign::store::send_state(conn).await?;
        let mut board = Self {
            now,
            void: approval::void(app, &campaigns, &incidents),
            ability: state.ability(now),
            speeds: campaign::store::speeds(conn, &sending, minutes(now), lease).await?,
            state,
            campaigns,
            titles: BTreeMap::new(),
            incidents: Vec::new(),
            urgency: BTreeMap::new(),
            tasks: Vec::new(),
        };
        board.add_incidents(conn, &incidents, who).await?;
        for one in &board.campaigns {
            if let Some(task) = tasks::of_campaign(&board, one, who) {
                let urgency = board.urgency.entry(one.campaign.incident).or_default();
                *urgency = weight(task.tone).max(*urgency);
            }
        }
        Ok(board)
    }

    /// Adds the incidents, their accounts and their tasks.
    async fn add_incidents(
        &mut self,
        conn: &mut Conn,
        incidents: &[Incident],
        who: &Signed,
    ) -> Result<(), Problem> {
        let is_closed =
            |one: &Incident| one.state == IncidentState::Closed && one.forgotten_at.is_none();
        let shown = incidents
            .iter()
            .filter(|one| is_closed(one) || !one.is_over());
        let figures = Figures::load(conn, &shown.collect::<Vec<_>>(), who).await?;
        for one in incidents {
            self.titles.insert(one.id, one.title.clone());
            let of = figures.of(one.id);
            if let Some(of) = of.filter(|_| is_closed(one)) {
                let it = format!("{}:", one.title);
                let untold = untold(&of.account);
                self.tasks
                    .extend(of_closed_incident(&it, one, &untold, who));
            }
            if one.is_over() {
                continue;
            }
            let account = of.filter(|_| one.active_scope.is_some());
            let account = account.map(|of| Account::of(&of.account, self.now));
            let tasks = figures.tasks(one, account.as_ref(), who);
            let most = tasks.iter().map(|task| weight(task.tone)).max();
            let unfinished = account.as_ref().map_or(0, unfinished);
            self.urgency
                .insert(one.id, most.unwrap_or(0).max(unfinished));
            self.tasks.extend(tasks);
            let shown = Accounted {
                slug: one.slug.clone(),
                title: one.title.clone(),
                state: one.state,
                account,
            };
            self.incidents.push((one.id, shown));
        }
        Ok(())
    }

    /// The title of its incident, its name, and what tells it from others of that name.
    fn full_name(&self, of: &Overview) -> String {
        let which = format!(
            "“{}” ({})",
            of.campaign.name,
            which(of.number, &of.campaign)
        );
        match self.titles.get(&of.campaign.incident) {
            Some(title) => format!("{title}: {which}"),
            None => which,
        }
    }

    /// The campaigns that are sending or paused.
    fn running(&self, app: &App) -> Vec<Running> {
        let running = self.campaigns.iter();
        running
            .filter(|one| is_running(one.campaign.status))
            .map(|one| self.running_campaign(app, one))
            .collect()
    }

    fn running_campaign(&self, app: &App, of: &Overview) -> Running {
        let (campaign, progress) = (&of.campaign, &of.progress);
        let ability = Pace::allows(of.pace.as_ref(), &self.ability);
        let speed = self.speeds.get(&campaign.id).copied().unwrap_or_default();
        let went_on = self.state.allowed_at.max(of.resumed_at);
        let latest = lately(campaign, progress, (went_on, speed.ended), self.now);
        let relays = self.state.relays();
        let factors = SpeedFactors::of(app, campaign, &relays, speed.waits, self.now);
        let waits = factors.waits_for(campaign, progress, &ability);
        let title = self.titles.get(&campaign.incident);
        Running {
            held: match &ability {
                Ability::Paced { reason } if campaign.status == CampaignStatus::Sending => {
                    reason.clone()
                }
                _ => String::new(),
            },
            id: campaign.id.to_string(),
            name: campaign.name.to_string(),
            kind: campaign.kind.to_string(),
            incident: title.cloned().unwrap_or_default(),
            about: about(of.number, campaign),
            which: which(of.number, campaign),
            status: campaign.status,
            sent: progress.of(NoticeStatus::Sent),
            of: of_total(progress.sendable(), is_whole(campaign, progress)),
            done: progress.done(),
            total: progress.sendable(),
            pace: waits.unwrap_or_else(|| pace(campaign, progress, &ability, latest)),
        }
    }

    fn most_urgent_first(mut self) -> Vec<Accounted> {
        let urgency = self.urgency;
        self.incidents
            .sort_by_key(|(id, _)| Reverse(urgency.get(id).copied()));
        self.incidents.into_iter().map(|(_, shown)| shown).collect()
    }
}

/// The people of a closed incident who are not told, or not rightly.
fn untold(of: &crate::account::Account) -> Untold {
    Untold {
        in_progress: of.in_progress,
        needs_letter: of.needs_letter,
        told_too_little: of.unnotified_elements,
        told_too_much: of.told_too_much,
    }
}

/// How urgent a tone is.
fn weight(tone: Tone) -> u8 {
    match tone {
        Tone::Act => 2,
        Tone::Look => 1,
        Tone::Idle | Tone::Busy | Tone::Done => 0,
    }
}

/// How urgent an account is for any reader: people who were not told rightly, or who need a letter.
fn unfinished(of: &Account) -> u8 {
    let told = of.unnotified_elements + of.told_too_much + of.needs_letter;
    match (of.unexplained, told) {
        (0, 0) => 0,
        (0, _) => weight(Tone::Look),
        _ => weight(Tone::Act),
    }
}

fn is_running(status: CampaignStatus) -> bool {
    matches!(status, CampaignStatus::Sending | CampaignStatus::Paused)
}
