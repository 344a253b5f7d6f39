//! Both walks of Candor, done on the invented breach: a row becomes a mail becomes a figure, and a
//! question becomes an answer. Nothing is faked: these are the same actions that console and API do.

use std::io::Cursor;
use std::time::Duration;

use anyhow::{Result, bail};

use super::carrier;
use super::questions::{answer_all, ask_all, way_in};
use super::{Plan, SLUG, TITLE, Update, Variant, initial, supplement, updates, write_csv};
use crate::account::{self, Account};
use crate::app::App;
use crate::campaign::store::{NewCampaign, Progress};
use crate::campaign::{
    self, Audience, CampaignKind, CampaignStatus, Limits, UncertainPolicy, launch, waiver,
};
use crate::id::{CampaignId, IncidentId, StaffId};
use crate::incident::{self, Incident, IncidentState, UpdateKind, steer};
use crate::notice::NoticeStatus;
use crate::scope::consent::Consent;
use crate::scope::import::{Imported, Source};
use crate::scope::{self, ScopeMode};
use crate::template::{self, Variants};

/// The seed of the people.
const SEED: u64 = 2021;
/// Longest wait for a campaign.
const PATIENCE: Duration = Duration::from_secs(600);

/// The accounts that act: an author, an approver and an agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// Writes and launches.
    pub comms: StaffId,
    /// Approves.
    pub approver: StaffId,
    /// Answers.
    pub agent: StaffId,
}

/// What the walks came to.
#[derive(Debug)]
pub(crate) struct Report {
    /// The first list and its rejects by reason.
    pub first: (Imported, Vec<(String, String, i64)>),
    /// The account after the first campaign.
    pub told: Account,
    /// The second list.
    pub second: Imported,
    /// The account after it took effect.
    pub grown: Account,
    /// The account after the supplement.
    pub whole: Account,
    /// Each campaign's name and notices by state.
    pub campaigns: Vec<(CampaignKind, Progress)>,
    /// The status link of a person.
    pub link: String,
    /// The code in their newest notice.
    pub code: String,
    /// The number of a ticket, and its moves.
    pub ticket: (String, Vec<String>),
    /// How many questions were asked and answered.
    pub answered: usize,
}

/// Does both walks; senders must be at work. `tell` hears of each step.
///
/// # Errors
/// What an action refused.
pub(crate) async fn run(app: &App, cast: Cast, plan: Plan, tell: impl Fn(&str)) -> Result<Report> {
    tell("opening the incident and retelling its first days");
    let incident = open(app, cast.comms).await?;
    let id = incident.id;

    tell("importing scope version 1");
    let first = import(app, cast.comms, id, plan, 1).await?;
    let reasons = reasons(app, id, first.version).await?;
    move_to(app, cast.comms, id, IncidentState::Notifying).await?;
    tell("the first campaign: written, approved by a second person, sent");
    let words = ("first list", texts(initial()));
    let sent = send(app, cast, id, CampaignKind::Initial, words).await?;
    let told = figures(app, id).await?;

    tell("importing scope version 2: more was taken than people were told");
    let second = import(app, cast.comms, id, plan, 2).await?;
    let grown = figures(app, id).await?;
    tell("the people found since, who were told nothing so far");
    let words = ("second list", texts(initial()));
    let newcomers = send(app, cast, id, CampaignKind::Initial, words).await?;
    tell("the supplement, to exactly those who were told less than was taken");
    let words = ("second list", texts(supplement()));
    let supplemented = send(app, cast, id, CampaignKind::Supplement, words).await?;
    let whole = figures(app, id).await?;

    tell("customers ask, an agent answers");
    let asked = ask_all(app, id, &[sent.0, supplemented.0]).await?;
    let ticket = answer_all(app, cast.agent, &asked).await?;
    let (link, code) = way_in(app, id, &[sent.0, supplemented.0]).await?;
    Ok(Report {
        first: (first, reasons),
        told,
        second,
        grown,
        whole,
        campaigns: vec![
            (CampaignKind::Initial, sent.1),
            (CampaignKind::Initial, newcomers.1),
            (CampaignKind::Supplement, supplemented.1),
        ],
        link,
        code,
        ticket,
        answered: asked.len(),
    })
}

async fn open(app: &App, by: StaffId) -> Result<Incident> {
    let facts = carrier::facts(&app.config);
    let incident = steer::open(app, by, SLUG, TITLE, &facts).await?;
    steer::publish_facts(app, by, incident.id, incident.version).await?;
    for Update {
        at,
        kind,
        headline,
        text,
    } in updates()
    {
        let kind: UpdateKind = kind.parse()?;
        steer::publish(
            app,
            by,
            incident.id,
            kind,
            &format!("{headline}\n\n{text}"),
            Some(at),
        )
        .await?;
    }
    for state in [IncidentState::Confirmed, IncidentState::Scoping] {
        move_to(app, by, incident.id, state).await?;
    }
    Ok(incident)
}

async fn move_to(app: &App, by: StaffId, id: IncidentId, to: IncidentState) -> Result<()> {
    let version = incident::store::find(&mut *app.db.get().await?, id)
        .await?
        .version;
    Ok(steer::move_to(app, by, id, version, to).await?)
}

async fn import(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    plan: Plan,
    version: i32,
) -> Result<Imported> {
    let mut list = Vec::new();
    match version {
        1 => write_csv(&mut list, plan.version_1(SEED), true)?,
        _ => write_csv(&mut list, plan.version_2(SEED), false)?,
    };
    let imported = scope::import::import(
        app,
        by,
        incident,
        ScopeMode::Full,
        Source::File(Cursor::new(list)),
        |_| {},
    )
    .await?;
    scope::activate::activate(app, by, incident, imported.version, Consent::NotGiven).await?;
    Ok(imported)
}

async fn reasons(
    app: &App,
    incident: IncidentId,
    version: i32,
) -> Result<Vec<(String, String, i64)>> {
    Ok(scope::store::count_rejects(&mut *app.db.get().await?, incident, version).await?)
}

fn texts(variants: Vec<Variant>) -> Variants {
    variants
        .into_iter()
        .map(|v| {
            (
                v.locale.to_owned(),
                template::Variant {
                    subject: v.subject.to_owned(),
                    body: v.body,
                },
            )
        })
        .collect()
}

async fn send(
    app: &App,
    cast: Cast,
    incident: IncidentId,
    kind: CampaignKind,
    (list, variants): (&str, Variants),
) -> Result<(CampaignId, Progress)> {
    let template = template::edit::create(
        app,
        cast.comms,
        &format!("Notice of data breach · {kind}, {list}"),
        &variants,
    )
    .await?;
    let new = NewCampaign {
        incident,
        template,
        template_version: 1,
        kind,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let id = launch::create(app, cast.comms, &new).await?;
    let hash = launch::submit(app, cast.comms, id).await?;
    waive_all(app, cast.approver, id).await?;
    launch::approve(app, cast.approver, id, &hash).await?;
    launch::launch(app, cast.comms, id).await?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut conn = app.db.get().await?;
        let status = campaign::store::find(&mut conn, id).await?.status;
        let progress = campaign::store::progress(&mut conn, id).await?;
        if status == CampaignStatus::Completed {
            return Ok((id, progress));
        }
        if tokio::time::Instant::now() > deadline {
            bail!(
                "the {kind} campaign is not through after ten minutes: {} of {} sent",
                progress.of(NoticeStatus::Sent),
                progress.total()
            );
        }
        drop(conn);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The approver waives what rules find in the texts of the rehearsal.
async fn waive_all(app: &App, by: StaffId, id: CampaignId) -> Result<()> {
    let reason = "This breach and its people are invented: no law is about them.";
    let found = campaign::store::overview(&mut *app.db.get().await?, id).await?;
    for one in found.judged.remarks.iter().filter(|one| one.blocking) {
        waiver::waive(app, by, id, &one.finding, reason).await?;
    }
    Ok(())
}

async fn figures(app: &App, incident: IncidentId) -> Result<Account> {
    Ok(account::account(&mut *app.db.get().await?, incident).await?)
}
