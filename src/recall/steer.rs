//! What staff do with a recall: propose it, publish it by a second person, discard it, withdraw it.

use serde_json::{Value, json};

use super::store;
use super::texts::wrong;
use super::{BadProposal, Corrections, Named, Recall, RecallStatus, WrongTexts, check};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::changed::{self, Changed, Part};
use crate::audit::{self, Action, Event};
use crate::campaign::error::CampaignError;
use crate::db::{self, Conn};
use crate::id::{CampaignId, IncidentId, RecallId, StaffId};
use crate::{campaign, incident};

/// More campaigns than any incident has.
pub(super) const CAMPAIGNS: i64 = 500;

/// The acts that each make a new version of a recall.
const VERSIONED: [Action; 3] = [
    Action::RecallDiscard,
    Action::RecallPublish,
    Action::RecallWithdraw,
];

/// Why a recall was refused.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// There is no such recall, incident or template version.
    #[error("there is no such recall, incident or template version")]
    Missing,
    /// What was proposed is not complete.
    #[error(transparent)]
    Bad(#[from] BadProposal),
    /// No text that was sent is named.
    #[error(
        "no text that was sent is meant: compare the words with the text as people read it, or choose another template version"
    )]
    NoText,
    /// Between the proposal and now, more or other texts were sent that are meant.
    #[error(
        "since the proposal another campaign was launched with such a text: discard the recall and propose it again"
    )]
    OtherTexts,
    /// The publisher proposed it (P5).
    #[error("four eyes: who proposed a recall cannot publish it")]
    SamePerson,
    /// The published table has no such move.
    #[error("a recall that is {from} cannot become {to}")]
    IllegalMove {
        /// Where it stands.
        from: RecallStatus,
        /// Where it was to go.
        to: RecallStatus,
    },
    /// It is not at the version that the caller saw.
    #[error("this recall changed since you read it: {0}. Read it again, then repeat your change")]
    Changed(Box<Changed>),
    /// The incident's people were forgotten.
    #[error("this incident was forgotten: its status pages exist no longer")]
    Forgotten,
    /// Its correction is not on the status pages.
    #[error(
        "a correcting campaign is drafted while the correction is published, and this recall is {0}"
    )]
    NotPublished(RecallStatus),
    /// No relay accepted a message with the text.
    #[error("no relay accepted a message with this text so far: there is nobody to write to")]
    Nobody,
    /// A correction has the list of these people.
    #[error(
        "the correction {0} has the list of exactly these people: edit or copy it, or cancel it first"
    )]
    Drafted(CampaignId),
    /// The campaign was not drafted.
    #[error(transparent)]
    Campaign(Box<CampaignError>),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<CampaignError> for RecallError {
    fn from(error: CampaignError) -> Self {
        Self::Campaign(Box::new(error))
    }
}

impl From<db::Error> for RecallError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("published_by_another_person") => Self::SamePerson,
            db::Error::Conflict(name) if name.ends_with("_fkey") => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// A recall as the caller saw it; commands name no version and act on the present one.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    id: RecallId,
    version: Option<i32>,
}

impl Seen {
    /// The recall at the version that the caller saw; `None`: at any.
    pub fn at(id: RecallId, version: Option<i32>) -> Self {
        Self { id, version }
    }
}

/// Proposes a recall of the texts that are named. No page shows it before it is published.
///
/// # Errors
/// [`RecallError::Bad`], [`RecallError::NoText`], [`RecallError::Missing`], [`RecallError::Forgotten`].
pub async fn propose(
    app: &App,
    by: StaffId,
    of: IncidentId,
    (named, corrections): (Named, Corrections),
) -> Result<RecallId, RecallError> {
    let (named, corrections) = check(named, corrections)?;
    let now = app.now();
    let id = RecallId::new(now);
    let mut tx = app.db.begin().await?;
    let incident = incident::store::hold(&mut tx, of).await?;
    if incident.forgotten_at.is_some() {
        return Err(RecallError::Forgotten);
    }
    let texts = texts_now(&mut tx, of, &named).await?;
    if texts.is_empty() {
        return Err(RecallError::NoText);
    }
    let said = (&named, &corrections);
    store::insert(&mut tx, (id, of), said, &texts, (by, now)).await?;
    // Not the words: what staff type may be anything.
    let detail = json!({
        "incident": of, "template": named.template.map(|(template, _)| template),
        "template_version": named.template.map(|(_, version)| version), "by_words": named.words.is_some(),
        "texts": of_texts(&texts), "languages": corrections.keys().collect::<Vec<_>>(),
    });
    note(&mut tx, app, by, (Action::RecallPropose, id), &detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Publishes a recall that another person proposed: the status pages of the people who were sent the text show the
/// correction from then on.
///
/// # Errors
/// [`RecallError::SamePerson`], [`RecallError::OtherTexts`], and as [`withdraw`].
pub async fn publish(app: &App, by: StaffId, seen: Seen) -> Result<(), RecallError> {
    let mut tx = app.db.begin().await?;
    let recall = lock_for(&mut tx, seen, RecallStatus::Published).await?;
    if recall.proposed.0 == by {
        return Err(RecallError::SamePerson);
    }
    let incident = incident::store::find(&mut tx, recall.incident).await?;
    if incident.forgotten_at.is_some() {
        return Err(RecallError::Forgotten);
    }
    if texts_now(&mut tx, recall.incident, &recall.named).await? != recall.texts {
        return Err(RecallError::OtherTexts);
    }
    go(tx, app, by, (&recall, RecallStatus::Published)).await
}

/// Takes a published correction off the status pages.
///
/// # Errors
/// [`RecallError::Changed`], [`RecallError::IllegalMove`], [`RecallError::Missing`].
pub async fn withdraw(app: &App, by: StaffId, seen: Seen) -> Result<(), RecallError> {
    let mut tx = app.db.begin().await?;
    let recall = lock_for(&mut tx, seen, RecallStatus::Withdrawn).await?;
    go(tx, app, by, (&recall, RecallStatus::Withdrawn)).await
}

/// Drops a proposal.
///
/// # Errors
/// As [`withdraw`].
pub async fn discard(app: &App, by: StaffId, seen: Seen) -> Result<(), RecallError> {
    let mut tx = app.db.begin().await?;
    let recall = lock_for(&mut tx, seen, RecallStatus::Discarded).await?;
    go(tx, app, by, (&recall, RecallStatus::Discarded)).await
}

async fn go(
    mut tx: db::Tx,
    app: &App,
    by: StaffId,
    (recall, to): (&Recall, RecallStatus),
) -> Result<(), RecallError> {
    let action = match to {
        RecallStatus::Published => Action::RecallPublish,
        RecallStatus::Withdrawn => Action::RecallWithdraw,
        RecallStatus::Proposed | RecallStatus::Discarded => Action::RecallDiscard,
    };
    let moved = store::set_status(&mut tx, recall.id, to, (by, app.now())).await?;
    moved.expected("recall", recall.id)?;
    let detail = json!({ "incident": recall.incident, "texts": of_texts(&recall.texts) });
    note(&mut tx, app, by, (action, recall.id), &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// The texts that are meant and were sent, as of now.
async fn texts_now(
    conn: &mut Conn,
    of: IncidentId,
    named: &Named,
) -> Result<Vec<WrongTexts>, RecallError> {
    let campaigns = campaign::store::list(conn, Some(of), None, CAMPAIGNS).await?;
    wrong(&campaigns, named).map_err(|(id, why)| RecallError::Db(why.of(id)))
}

fn of_texts(texts: &[WrongTexts]) -> Value {
    let one = |of: &WrongTexts| json!({ "campaign": of.campaign, "locales": of.locales });
    texts.iter().map(one).collect()
}

pub(super) async fn note(
    conn: &mut Conn,
    app: &App,
    by: StaffId,
    (action, id): (Action, RecallId),
    detail: &Value,
) -> db::Result<()> {
    audit::store::append(conn, app.now(), Actor::Staff(by), action, id, detail).await
}

/// Locks the recall, and checks that it is as the caller saw it and may go to `to`.
async fn lock_for(conn: &mut Conn, seen: Seen, to: RecallStatus) -> Result<Recall, RecallError> {
    let now = store::lock(conn, seen.id).await?;
    if let Some(version) = seen.version.filter(|version| *version != now.version) {
        let most = changed::count(version, now.version);
        let events = audit::store::list_acts(conn, &now.id.to_string(), &VERSIONED, most).await?;
        let changed = Changed::of(now.version, events, parts);
        return Err(RecallError::Changed(Box::new(changed)));
    }
    match now.status.after().contains(&to) {
        true => Ok(now),
        false => Err(RecallError::IllegalMove {
            from: now.status,
            to,
        }),
    }
}

/// The parts of a recall that one of its acts changed.
fn parts(event: &Event) -> Vec<Part> {
    let to = match Action::parse(&event.action) {
        Some(Action::RecallPublish) => RecallStatus::Published,
        Some(Action::RecallWithdraw) => RecallStatus::Withdrawn,
        Some(Action::RecallDiscard) => RecallStatus::Discarded,
        _ => return Vec::new(),
    };
    vec![Part::state("status", None, to.as_str())]
}
