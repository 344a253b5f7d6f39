//! What became of a list: its letters were posted, its people were told, or it was thrown away.

use chrono::NaiveDate;
use serde_json::json;

use super::consent::{Confirmed, unanswered};
use super::{Batch, PostalError, PostalKind, PostalState, Telling, check_day, moved, owner, store};
use crate::account;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::retry::retried;
use crate::db::{self, Conn};
use crate::id::{PostalId, StaffId};
use crate::incident;
use crate::person::{self, Became, Settled};
use crate::seal::IncidentKey;
use crate::staff::replay::store::mark_done;

/// How many people one transaction records as told.
const AT_ONCE: i64 = 2_000;

/// What became of a list, and the numbers to which the person who says so agreed.
#[derive(Debug, Clone)]
pub struct Done {
    /// The day on which its letters were posted, or its people told.
    pub on: NaiveDate,
    /// Who was told and how; `None` for letters that were posted.
    pub telling: Option<Telling>,
    /// Yes to the people who must not be told by it any more.
    pub confirmed: Confirmed,
}

impl Done {
    /// Posted on this day, with no yes.
    pub fn posted(on: NaiveDate) -> Self {
        Self {
            on,
            telling: None,
            confirmed: Confirmed::default(),
        }
    }

    /// Told on this day, with no yes.
    pub fn told(on: NaiveDate, telling: Telling) -> Self {
        Self {
            telling: Some(telling),
            ..Self::posted(on)
        }
    }

    fn action(&self) -> Action {
        match self.telling {
            Some(_) => Action::LettersTold,
            None => Action::LettersPosted,
        }
    }
}

/// Records that the letters of a list were posted on a day, or that the people of a list of next of kin or safe channels
/// were told: its people are told what the list says, bucket by bucket, and the account moves with each. If this call
/// ends half way, [`resume`] or the same call goes on where it stands.
///
/// # Errors
/// [`PostalError::NotWaiting`] unless it waits; a day that cannot be; [`PostalError::IsTold`] and
/// [`PostalError::IsPosted`] for another kind of list; [`PostalError::Unconfirmed`] if people must not be told by it any
/// more, or another number of them.
pub async fn record(
    app: &App,
    by: StaffId,
    id: PostalId,
    done: &Done,
) -> Result<Batch, PostalError> {
    // It may take long.
    let app = &app.patient().apart();
    let mut tx = app.db.begin().await?;
    let batch = store::lock(&mut tx, id).await?;
    match (&done.telling, batch.kind.is_posted()) {
        (None, false) => return Err(PostalError::IsTold(batch.kind)),
        (Some(_), true) => return Err(PostalError::IsPosted(batch.kind)),
        _ => {}
    }
    // The same call again goes on where an earlier one was left.
    if batch.state != PostalState::Posting || batch.posted_on != Some(done.on) {
        begin(app, &mut tx, by, &batch, done).await?;
    }
    // Whatever comes now, it goes on.
    mark_done(&mut tx).await?;
    tx.commit().await?;
    settle(app, &batch).await?;
    Ok(store::find(&mut *app.db.get().await?, id).await?)
}

async fn begin(
    app: &App,
    tx: &mut Conn,
    by: StaffId,
    batch: &Batch,
    done: &Done,
) -> Result<(), PostalError> {
    let now = app.now();
    is_waiting(batch)?;
    check_day(done.on, batch.taken_at, now)?;
    // No list comes in force between the count and the record.
    incident::store::share_scope(tx, batch.incident).await?;
    let found = incident::store::find(tx, batch.incident).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let barred = moved::barred(tx, &key, batch, 0, None).await?;
    let questions = unanswered(&barred, &done.confirmed);
    if !questions.is_empty() {
        return Err(PostalError::Unconfirmed { questions });
    }
    let how = done
        .telling
        .as_ref()
        .map(|telling| seal(&key, batch, telling));
    store::set_posting(tx, batch.id, done.on, (by, now), how.as_deref()).await?;
    let detail = json!({
        "list": batch.kind, "batch": batch.id, "people": batch.people, "on": done.on, "confirmed": done.confirmed,
    });
    let (actor, of) = (Actor::Staff(by), batch.incident);
    audit::store::append(tx, now, actor, done.action(), of, &detail).await?;
    Ok(())
}

pub(super) fn seal(key: &IncidentKey, batch: &Batch, telling: &Telling) -> Vec<u8> {
    let plain = json!(telling).to_string();
    key.seal(&owner(batch.id, None), plain.as_bytes())
}

fn is_waiting(batch: &Batch) -> Result<(), PostalError> {
    if batch.state == PostalState::Listed {
        return Ok(());
    }
    Err(PostalError::NotWaiting {
        state: batch.state,
        on: batch.posted_on,
    })
}

/// Records all people of a posted list as told. Several processes may do this at the same time.
async fn settle(app: &App, batch: &Batch) -> Result<(), PostalError> {
    let buckets = store::listed_buckets(&mut *app.db.get().await?, batch.id).await?;
    for bucket in buckets {
        while retried(|| some(app, batch, bucket)).await? {}
    }
    Ok(store::set_posted(&mut *app.db.get().await?, batch.id).await?)
}

/// Records some people of a bucket; `false`: none were left.
async fn some(app: &App, batch: &Batch, bucket: i32) -> db::Result<bool> {
    let mut tx = app.db.begin().await?;
    person::store::lock(&mut tx, batch.incident, bucket..bucket + 1).await?;
    let letters = store::post_items(&mut tx, batch.id, bucket, app.now(), AT_ONCE).await?;
    if letters.is_empty() {
        return Ok(false);
    }
    let told = |(person, named)| Settled {
        person,
        became: Became::Told {
            address: None,
            by: batch.kind.told_by(),
            named,
            replaces: batch.kind == PostalKind::Correction,
        },
    };
    let told: Vec<_> = letters.into_iter().map(told).collect();
    account::store::settle(&mut tx, batch.incident, bucket, &told).await?;
    tx.commit().await?;
    Ok(true)
}

/// Completes interrupted recordings of lists. Workers call it periodically.
///
/// # Errors
/// The first that ends one of them.
pub async fn resume(app: &App) -> Result<(), PostalError> {
    // It may take long.
    let app = &app.patient().apart();
    let half = store::list_posting(&mut *app.db.get().await?).await?;
    for batch in half {
        settle(app, &batch).await?;
    }
    Ok(())
}

/// Throws a list away that was not posted: its people belong on the next one, its codes open nothing.
///
/// # Errors
/// [`PostalError::NotWaiting`] unless it waits.
pub async fn discard(app: &App, by: StaffId, id: PostalId) -> Result<Batch, PostalError> {
    let mut tx = app.db.begin().await?;
    let batch = store::lock(&mut tx, id).await?;
    is_waiting(&batch)?;
    store::set_discarded(&mut tx, id).await?;
    let detail = json!({ "list": batch.kind, "batch": id, "people": batch.people });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(
        &mut tx,
        now,
        actor,
        Action::LettersDiscard,
        batch.incident,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(Batch {
        state: PostalState::Discarded,
        ..batch
    })
}
