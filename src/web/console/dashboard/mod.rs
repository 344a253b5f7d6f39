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
use super::campaign::progress::{is_whole, lately, of_total, pace};
use super::campaign::row::{about, which};
use super::campaign::speed::SpeedFactors;
use super::names::template_names;
pub use super::tasks::Task;
use super::tasks::{of_closed as of_closed_incident, of_incident};
use crate::app::App;
use crate::campaign::ability::Ability;
use crate::campaign::change::Change;
use crate::campaign::store::Pace;
use crate::campaign::{self, Campaign, CampaignStatus, approval};
use crate::db::Conn;
use crate::deployment;
use crate::id::{CampaignId, IncidentId, TemplateId};
use crate::incident::IncidentState;
use crate::incident::{self, Incident};
use crate::notice::NoticeStatus;
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
pub async fn show(who: Signed, req: HttpRequest, app: Data<App>) -> Answer {
    let mut conn = app.db.get().await?;
    let mut board = Board::load(&app, &mut conn, &who).await?;
    let running = board.running(&app, &mut conn).await?;
    let mut tasks = std::mem::take(&mut board.tasks);
    tasks.extend(tasks::of_campaigns(&board, &who));
    tasks.extend(tasks::of_helpline(&mut conn, &who, board.now).await?);
    let doubt = deployment::store::doubt(&mut conn).await?;
    tasks.extend(match &doubt {
        Some(doubt) => Some(tasks::of_doubt(doubt, &who)),
        None => tasks::of_sending(&board.ability, &running, &who),
    });
    tasks.extend(running.iter().filter_map(|one| tasks::of_pace(one, &who)));
    let relays = campaign::store::relays(&mut conn).await?;
    tasks.extend(tasks::of_relays(&board.ability, &relays, &who, board.now));
    tasks.sort_by_key(|task| Reverse(weight(task.tone)));
    let desk = answer::frame(&app, &mut conn, &req, &who, Area::Dashboard).await?;
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
    campaigns: Vec<Campaign>,
    ability: Ability,
    /// The changes that voided the approvals of campaigns.
    void: HashMap<CampaignId, Vec<Change>>,
    template_names: BTreeMap<TemplateId, String>,
    numbers: HashMap<CampaignId, i64>,
    titles: BTreeMap<IncidentId, String>,
    incidents: Vec<(IncidentId, Accounted)>,
    /// How urgent each incident is, by [`weight`].
    urgency: BTreeMap<IncidentId, u8>,
    tasks: Vec<Task>,
}

impl Board {
    async fn load(app: &App, conn: &mut Conn, who: &Signed) -> Result<Self, Problem> {
        let now = app.now();
        let mut campaigns = campaign::store::list(conn, None, None, LATEST).await?;
        campaign::hold::open_reasons(app, conn, &mut campaigns).await?;
        let mut board = Self {
            now,
            void: approval::void(app, conn, &campaigns).await?,
            ability: campaign::store::ability(conn, now).await?,
            template_names: template_names(conn).await?,
            campaigns,
            numbers: HashMap::new(),
            titles: BTreeMap::new(),
            incidents: Vec::new(),
            urgency: BTreeMap::new(),
            tasks: Vec::new(),
        };
        board.add_incidents(conn, who).await?;
        let all: Vec<_> = board.titles.keys().copied().collect();
        board.numbers = campaign::store::numbers(conn, &all).await?;
        for one in &board.campaigns {
            if let Some(task) = tasks::of_campaign(&board, one, who) {
                let urgency = board.urgency.entry(one.incident).or_default();
                *urgency = weight(task.tone).max(*urgency);
            }
        }
        Ok(board)
    }

    /// Adds the incidents, their accounts and their tasks.
    async fn add_incidents(&mut self, conn: &mut Conn, who: &Signed) -> Result<(), Problem> {
        let of_closed = incident::store::untold_of_closed(conn).await?;
        for one in incident::store::list(conn).await? {
            self.titles.insert(one.id, one.title.clone());
            if let Some((_, untold)) = of_closed.iter().find(|(id, _)| *id == one.id) {
                let it = format!("{}:", one.title);
                self.tasks
                    .extend(of_closed_incident(&it, &one, untold, who));
            }
            if one.is_over() {
                continue;
            }
            let shown = Accounted::load(conn, &one, self.now).await?;
            let tasks = of_incident(conn, &one, shown.account.as_ref(), who).await?;
            let most = tasks.iter().map(|task| weight(task.tone)).max();
            let unfinished = shown.account.as_ref().map_or(0, unfinished);
            self.urgency
                .insert(one.id, most.unwrap_or(0).max(unfinished));
            self.tasks.extend(tasks);
            self.incidents.push((one.id, shown));
        }
        Ok(())
    }

    fn number(&self, of: &Campaign) -> i64 {
        self.numbers.get(&of.id).copied().unwrap_or_default()
    }

    fn name(&self, of: &Campaign) -> String {
        let name = self.template_names.get(&of.template);
        name.cloned().unwrap_or_default()
    }

    /// The title of its incident, its name, and what tells it from others of that name.
    fn full_name(&self, of: &Campaign) -> String {
        let which = format!("“{}” ({})", self.name(of), which(self.number(of), of));
        match self.titles.get(&of.incident) {
            Some(title) => format!("{title}: {which}"),
            None => which,
        }
    }

    /// The campaigns that are sending or paused.
    async fn running(&self, app: &App, conn: &mut Conn) -> Result<Vec<Running>, Problem> {
        let mut running = Vec::new();
        for one in self.campaigns.iter().filter(|one| is_running(one.status)) {
            running.push(self.load_running(app, conn, one).await?);
        }
        Ok(running)
    }

    async fn load_running(
        &self,
        app: &App,
        conn: &mut Conn,
        campaign: &Campaign,
    ) -> Result<Running, Problem> {
        let progress = campaign::store::progress(conn, campaign.id).await?;
        let slowed = campaign::store::pace(conn, campaign.id).await?;
        let ability = Pace::allows(slowed.as_ref(), &self.ability);
        let latest = lately(conn, campaign, &progress, self.now).await?;
        let factors = SpeedFactors::load(app, conn, campaign, self.now).await?;
        let waits = factors.waits_for(campaign, &progress, &ability);
        let title = self.titles.get(&campaign.incident);
        Ok(Running {
            held: match &ability {
                Ability::Paced { reason } if campaign.status == CampaignStatus::Sending => {
                    reason.clone()
                }
                _ => String::new(),
            },
            id: campaign.id.to_string(),
            name: self.name(campaign),
            kind: campaign.kind.to_string(),
            incident: title.cloned().unwrap_or_default(),
            about: about(self.number(campaign), campaign),
            which: which(self.number(campaign), campaign),
            status: campaign.status,
            sent: progress.of(NoticeStatus::Sent),
            of: of_total(progress.sendable(), is_whole(campaign, &progress)),
            done: progress.done(),
            total: progress.sendable(),
            pace: waits.unwrap_or_else(|| pace(campaign, &progress, &ability, latest)),
        })
    }

    fn most_urgent_first(mut self) -> Vec<Accounted> {
        let urgency = self.urgency;
        self.incidents
            .sort_by_key(|(id, _)| Reverse(urgency.get(id).copied()));
        self.incidents.into_iter().map(|(_, shown)| shown).collect()
    }
}

impl Accounted {
    async fn load(conn: &mut Conn, of: &Incident, now: DateTime<Utc>) -> Result<Self, Problem> {
        Ok(Self {
            slug: of.slug.clone(),
            title: of.title.clone(),
            state: of.state,
            account: Account::load(conn, of, now).await?,
        })
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
