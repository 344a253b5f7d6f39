//! One person was told by word of mouth: by telephone, in person, or through a representative.

use chrono::NaiveDate;
use serde_json::json;

use super::{Batch, Knows, PostalError, PostalKind, Telling, check_day, post, store};
use crate::account;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::Conn;
use crate::id::{IncidentId, PersonId, StaffId};
use crate::incident;
use crate::person::flags::WithheldReason;
use crate::person::{self, Became, PersonStanding, Settled, ToldBy};
use crate::seal::IncidentKey;

/// Records that the person with this reference or this id (the reference of a former person names another one), or a
/// representative, was told of everything that is exposed now. This also corrects people who were told of something
/// that is not theirs, even if they are not affected any more.
///
/// # Errors
/// [`PostalError::State`], [`PostalError::Held`], [`PostalError::Retracted`], [`PostalError::NothingOwed`]; a day that is not past, or on which
/// no list named the person.
pub async fn told(
    app: &App,
    by: StaffId,
    of: IncidentId,
    reference: &str,
    on: NaiveDate,
    telling: &Telling,
) -> Result<Batch, PostalError> {
    let now = app.now();
    check_day(on, on.and_time(chrono::NaiveTime::MIN).and_utc(), now)?;
    let mut tx = app.db.begin().await?;
    // Locked before the people, as in all transactions: the key exists until this transaction ends.
    let found = incident::store::hold(&mut tx, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    if !PostalKind::Single.may_tell_in(found.state) {
        return Err(PostalError::State(found.state));
    }
    let id = sought(&mut tx, &key, of, reference.trim()).await?;
    let bucket = id.bucket();
    person::store::lock(&mut tx, of, bucket..bucket + 1).await?;
    // Read under the lock: no other transaction changes them now.
    let person = person::store::find_row(&mut tx, id).await?;
    let since = person::store::listed_since(&mut tx, id).await?;
    if let Some(since) = since.map(|at| at.date_naive()).filter(|since| on < *since) {
        return Err(PostalError::BeforeListed { on, since });
    }
    let kind = kind_of(&person)?;
    let (exposed, corrects) = (person.exposed_now(), !person.told_wrongly().is_empty());
    let batch = Batch {
        people: 1,
        ..Batch::new(of, kind, by, now)
    };
    store::insert_batch(&mut tx, &batch).await?;
    let how = post::seal(&key, &batch, telling);
    store::set_posting(&mut tx, batch.id, on, (by, now), Some(&how)).await?;
    store::set_posted(&mut tx, batch.id).await?;
    let before = Knows {
        told: person.told,
        named: person.named,
    };
    store::insert_told(&mut tx, batch.id, id, (exposed, corrects), before, now).await?;
    let settled = Settled {
        person: id,
        became: Became::Told {
            address: None,
            by: ToldBy::Otherwise,
            named: exposed,
            replaces: corrects,
        },
    };
    account::store::settle(&mut tx, of, bucket, &[settled]).await?;
    let detail = json!({ "batch": batch.id, "people": 1, "on": on });
    let actor = Actor::Staff(by);
    audit::store::append(&mut tx, now, actor, Action::LettersTold, of, &detail).await?;
    let batch = store::find(&mut tx, batch.id).await?;
    tx.commit().await?;
    Ok(batch)
}

/// The kind of list that records it; an error for people who must not or need not be told.
fn kind_of<C>(person: &person::Person<C>) -> Result<PostalKind, PostalError> {
    let corrects = !person.told_wrongly().is_empty();
    let retracted = person.standing == PersonStanding::Retracted;
    Ok(match person.flags.withheld_reason() {
        _ if retracted && !corrects => return Err(PostalError::Retracted),
        Some(WithheldReason::LegalHold) => return Err(PostalError::Held),
        _ if person.told.is_some() && !corrects && person.unnamed().is_empty() => {
            return Err(PostalError::NothingOwed);
        }
        Some(WithheldReason::ProtectedAddress) => PostalKind::Safe,
        Some(WithheldReason::Deceased) => PostalKind::Kin,
        Some(
            WithheldReason::Changed
            | WithheldReason::NoAddress
            | WithheldReason::NotAffected
            | WithheldReason::AlreadyTold,
        )
        | None => PostalKind::Single,
    })
}

async fn sought(
    conn: &mut Conn,
    key: &IncidentKey,
    of: IncidentId,
    named: &str,
) -> Result<PersonId, PostalError> {
    let by_reference = person::store::find_by_reference(conn, key, of, named).await?;
    if let Some(person) = by_reference.first() {
        return Ok(person.id);
    }
    let id: PersonId = named.parse().map_err(|_| PostalError::Missing)?;
    let person = person::store::find_row(conn, id).await?;
    (person.incident == of)
        .then_some(id)
        .ok_or(PostalError::Missing)
}
