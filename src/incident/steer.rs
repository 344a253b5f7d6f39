//! What the comms team does with an incident: open it, move it on, keep its facts, publish them and updates.

mod claims;
mod facts;

use serde_json::json;

pub use self::claims::{NewClaim, claims_of, edit_claim};
pub use self::facts::{check_update, edit_facts, publish, publish_facts};
use super::open::{Open, Untold};
use super::{
    BadText, Facts, Incident, IncidentState, change, check_facts, check_slug, check_title, store,
};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::changed::{self, Changed};
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::deployment::keys::{self, KeyError};
use crate::id::{IncidentId, StaffId};

/// Why an incident was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SteerError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// The slug is in use.
    #[error("an incident with this slug exists already")]
    SlugTaken,
    /// A text was refused.
    #[error(transparent)]
    Text(#[from] BadText),
    /// The published table has no such move.
    #[error("an incident cannot go from {from} to {to}")]
    IllegalMove {
        /// Where it stands.
        from: IncidentState,
        /// Where it was to go.
        to: IncidentState,
    },
    /// Something of it is not over.
    #[error("this incident cannot be {to} yet: {}", .reasons.join("; "))]
    StillOpen {
        /// Where it was to go: closed or dismissed.
        to: IncidentState,
        /// What is open, each with its number.
        reasons: Vec<String>,
        /// All the numbers.
        open: Box<Open>,
    },
    /// People are not told yet, or not rightly, and no yes covers their number.
    #[error(
        "not everybody is told rightly: {}. Say yes to these numbers to move the incident to monitoring all the same",
        .0.in_words()
    )]
    NotTold(Untold),
    /// Its key was destroyed: nothing follows.
    #[error("this incident was forgotten: nothing of it can be changed any more")]
    Forgotten,
    /// What was to be published is public already.
    #[error("title and facts are public already, exactly as they are")]
    NothingNew,
    /// It is not at the version that the caller saw.
    #[error("this incident changed since you read it: {0}. Read it again, then repeat your change")]
    Changed(Box<Changed>),
    /// The incidents of this database are sealed under other keys.
    #[error(transparent)]
    Key(KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<KeyError> for SteerError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Db(error) => error.into(),
            other => Self::Key(other),
        }
    }
}

impl From<db::Error> for SteerError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("incident_slug_is_taken") => Self::SlugTaken,
            other => Self::Db(other),
        }
    }
}

/// Opens an incident with a key of its own.
///
/// # Errors
/// [`SteerError::Text`], [`SteerError::SlugTaken`], [`SteerError::Key`].
pub async fn open(
    app: &App,
    by: StaffId,
    slug: &str,
    title: &str,
    facts: &Facts,
) -> Result<Incident, SteerError> {
    check_slug(slug)?;
    check_title(title)?;
    check_facts(facts)?;
    let now = app.now();
    let id = IncidentId::new(now);
    let (_, wrapped_key) = app.keys.new_incident_key(id);
    let mut tx = app.db.begin().await?;
    keys::open(&mut tx, &app.keys, now).await?;
    let new = store::NewIncident {
        id,
        slug,
        title,
        facts,
        wrapped_key: &wrapped_key,
        created_by: by,
        created_at: now,
    };
    store::insert(&mut tx, &new).await?;
    claims::record_first(&mut tx, id, facts, (by, now)).await?;
    let incident = store::find(&mut tx, id).await?;
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::IncidentOpen,
        id,
        &json!({ "slug": slug }),
    )
    .await?;
    tx.commit().await?;
    Ok(incident)
}

/// A move to the next state, as a member of staff asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The version of the incident that they saw.
    pub version: i32,
    /// The next state.
    pub to: IncidentState,
    /// The confirmed numbers of people not told yet. Only monitoring asks for it.
    pub agreed: Option<Untold>,
}

/// Moves an incident to its next state, with nothing agreed to.
///
/// # Errors
/// As [`step`].
pub async fn move_to(
    app: &App,
    by: StaffId,
    id: IncidentId,
    version: i32,
    to: IncidentState,
) -> Result<(), SteerError> {
    let agreed = None;
    step(
        app,
        by,
        id,
        Step {
            version,
            to,
            agreed,
        },
    )
    .await
}

/// Moves an incident to its next state. Closing and dismissing wait until what is open is over; monitoring asks
/// for a yes while people are not told.
///
/// # Errors
/// [`SteerError::IllegalMove`], [`SteerError::StillOpen`], [`SteerError::NotTold`], [`SteerError::Forgotten`], or
/// [`SteerError::Changed`] if it is no longer at the version of the step.
pub async fn step(app: &App, by: StaffId, id: IncidentId, step: Step) -> Result<(), SteerError> {
    let Step {
        version,
        to,
        agreed,
    } = step;
    let mut tx = app.db.begin().await?;
    let from = lock(&mut tx, id).await?;
    at_version(&mut tx, &from, version).await?;
    if !from.state.after().contains(&to) {
        return Err(SteerError::IllegalMove {
            from: from.state,
            to,
        });
    }
    let open = still_open(&mut tx, id).await?;
    if let Err(refused) = check(&open, to, agreed) {
        // The caller may discard a list next: the lock on the scope is released by then.
        tx.roll_back().await;
        return Err(refused);
    }
    let moved = store::set_state(&mut tx, id, version, to).await?;
    moved.expected("incident", id)?;
    let mut detail = json!({ "from": from.state, "to": to });
    if let Some(untold) = agreed.map(|_| open.untold()).filter(|left| !left.is_none()) {
        detail["untold"] = json!(untold);
    }
    audit::store::append(
        &mut tx,
        app.now(),
        Actor::Staff(by),
        Action::IncidentMove,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

fn check(open: &Open, to: IncidentState, agreed: Option<Untold>) -> Result<(), SteerError> {
    let reasons = match to {
        IncidentState::Closed => open.before_closing(),
        IncidentState::Dismissed => open.before_dismissing(),
        IncidentState::Monitoring => {
            let untold = open.untold();
            let covered = agreed.is_some_and(|agreed| agreed.covers(&untold));
            return match covered || untold.is_none() {
                true => Ok(()),
                false => Err(SteerError::NotTold(untold)),
            };
        }
        _ => Vec::new(),
    };
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(SteerError::StillOpen {
            to,
            reasons,
            open: Box::new(*open),
        }),
    }
}

/// Counts what is open in an incident; the caller has locked its row. An import that died, which the next one
/// discards, is not open.
///
/// # Errors
/// The database's.
pub async fn still_open(conn: &mut Conn, id: IncidentId) -> db::Result<Open> {
    // In this order: a list that became a draft in between is counted.
    let nobody_imports = store::lists::try_lock(conn, id).await?;
    let open = store::count_open(conn, id).await?;
    Ok(with_imports(open, nobody_imports))
}

/// The same for a page, which locks nothing, and whether an import or an activation of the incident is at work.
///
/// # Errors
/// The database's.
pub async fn open_for_page(conn: &mut Conn, id: IncidentId) -> db::Result<(Open, bool)> {
    let (open, nobody_imports) = store::count_open_for_page(conn, id).await?;
    Ok((with_imports(open, nobody_imports), !nobody_imports))
}

fn with_imports(open: Open, nobody_imports: bool) -> Open {
    let importing = match nobody_imports {
        true => 0,
        // Also one that has not opened its version yet.
        false if open.activating == 0 => open.importing.max(1),
        false => open.importing,
    };
    Open { importing, ..open }
}

/// The incident, its row locked until the transaction ends; not a forgotten one, which nothing follows.
async fn lock(conn: &mut Conn, id: IncidentId) -> Result<Incident, SteerError> {
    let found = store::lock(conn, id).await?;
    match found.forgotten_at {
        None => Ok(found),
        Some(_) => Err(SteerError::Forgotten),
    }
}

/// Refuses a caller who saw another version of this incident, whose row is locked.
async fn at_version(conn: &mut Conn, now: &Incident, seen: i32) -> Result<(), SteerError> {
    if now.version == seen {
        return Ok(());
    }
    let subject = now.id.to_string();
    let most = changed::count(seen, now.version);
    let events = audit::store::list_acts(conn, &subject, &change::VERSIONED, most).await?;
    let changed = Changed::of(now.version, events, change::parts);
    Err(SteerError::Changed(Box::new(changed)))
}
