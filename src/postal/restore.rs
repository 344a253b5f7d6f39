//! Puts a list of letters back that was taken after the copy of the database which is in use now: its people are on a list
//! that waits, and its codes are known again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::kept::{BadList, Fault, Kept, KeptList};
use super::store::{Belongs, NewItem};
use super::take::AT_ONCE;
use super::{Batch, PostalError, PostalKind, PostalState, PostalStatus, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::id::{IncidentId, PersonId, PostalId, StaffId};
use crate::incident;
use crate::person;
use crate::person::contact::reference_key;
use crate::seal::{IncidentKey, bucket};

/// What was put back.
#[derive(Debug, Clone)]
pub struct PutBack {
    /// The list.
    pub batch: Batch,
    /// How many of its people are on another list that waits, too.
    pub on_another: i64,
    /// How many are known here under another id than their letter was written for: its code is known, its link leads
    /// nowhere.
    pub renamed: i64,
}

/// Why a list is not put back.
#[derive(Debug, thiserror::Error)]
pub enum PutBackError {
    /// The file, or lines of it.
    #[error(transparent)]
    List(#[from] BadList),
    /// Its id says another time than one in the past.
    #[error("the list was not taken yet, as its id has it: are the clocks right?")]
    InFuture,
    /// Something else.
    #[error(transparent)]
    Postal(#[from] PostalError),
}

impl From<db::Error> for PutBackError {
    fn from(error: db::Error) -> Self {
        Self::Postal(error.into())
    }
}

/// Puts a list back as one that waits, wholly or not at all: that it was posted, or its people told, is recorded
/// afterwards as of any list.
///
/// # Errors
/// [`PutBackError`]: lines with people who are not known here, [`PostalError::Known`], [`PostalError::Forgotten`].
pub async fn put_back(
    app: &App,
    by: StaffId,
    of: IncidentId,
    list: KeptList,
) -> Result<PutBack, PutBackError> {
    // It may take long.
    let app = &app.patient();
    let now = app.now();
    let taken_at = made_at(list.id).filter(|at| *at <= now);
    let taken_at = taken_at.ok_or(PutBackError::InFuture)?;
    let mut tx = app.db.begin().await?;
    store::lock_taking(&mut tx, of).await?;
    // No list version comes in force before this one is here.
    incident::store::share_scope(&mut tx, of).await?;
    let found = incident::store::find(&mut tx, of).await?;
    let key = found.key(&app.keys).map_err(PostalError::from)?;
    let key = key.ok_or(PostalError::Forgotten)?;
    refuse_known(&mut tx, list.id).await?;
    let people = i64::try_from(list.letters.len()).unwrap_or(i64::MAX);
    let batch = Batch {
        id: list.id,
        taken_at,
        people,
        ..Batch::new(of, list.kind, by, now)
    };
    store::insert_batch(&mut tx, &batch).await?;
    let mut done = PutBack {
        batch,
        on_another: 0,
        renamed: 0,
    };
    let mut faults = Vec::new();
    for (bucket, letters) in by_bucket(&key, list.letters) {
        let mut seen = BTreeSet::new();
        for some in letters.chunks(AT_ONCE) {
            let people = resolve(&mut tx, &key, (of, bucket), some, &mut faults).await?;
            insert(
                app,
                &mut tx,
                bucket,
                &people,
                &mut seen,
                &mut done,
                &mut faults,
            )
            .await?;
        }
    }
    if !faults.is_empty() {
        faults.sort_unstable_by_key(|(line, _)| *line);
        return Err(BadList::Lines(faults).into());
    }
    let detail = json!({ "list": done.batch.kind, "batch": done.batch.id, "people": people });
    let actor = Actor::Staff(by);
    audit::store::append(&mut tx, now, actor, Action::LettersRestore, of, &detail).await?;
    tx.commit().await?;
    Ok(done)
}

/// Refuses a list that the database has.
async fn refuse_known(tx: &mut Conn, list: PostalId) -> Result<(), PutBackError> {
    match store::find(tx, list).await {
        Err(db::Error::Missing) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(PostalError::Known(list).into()),
    }
}

fn by_bucket(key: &IncidentKey, letters: Vec<Kept>) -> BTreeMap<i32, Vec<Kept>> {
    let mut by_bucket: BTreeMap<i32, Vec<Kept>> = BTreeMap::new();
    for letter in letters {
        let at = match letter.person {
            Some(person) => person.bucket(),
            None => bucket(&reference_key(key, &letter.reference)),
        };
        by_bucket.entry(at).or_default().push(letter);
    }
    by_bucket
}

/// The moment in a list's id.
fn made_at(id: PostalId) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.uuid().get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// The recipients in this database of letters of one bucket: the person of the link, else the one with the reference.
async fn resolve<'a>(
    tx: &mut Conn,
    key: &IncidentKey,
    of: (IncidentId, i32),
    letters: &'a [Kept],
    faults: &mut Vec<(u64, Fault)>,
) -> Result<Vec<(PersonId, &'a Kept)>, PutBackError> {
    let ids: Vec<_> = letters.iter().filter_map(|letter| letter.person).collect();
    let known = person::store::load_many(tx, key, of, &ids).await?;
    let known: BTreeMap<_, _> = known
        .into_iter()
        .map(|person| (person.id, reference_key(key, &person.contact.reference)))
        .collect();
    let references: Vec<_> = letters
        .iter()
        .map(|letter| reference_key(key, &letter.reference).to_vec())
        .collect();
    let named = store::facts(tx, of, &references, &[]).await?;
    let named: BTreeMap<_, _> = named
        .into_iter()
        .map(|(id, reference, _)| (reference, id))
        .collect();
    let mut found = Vec::with_capacity(letters.len());
    for (letter, reference) in letters.iter().zip(references) {
        let linked = letter.person.and_then(|id| known.get_key_value(&id));
        match (linked, named.get(&reference)) {
            // Of a former person the id stands in place of the reference.
            (Some((id, of)), _)
                if of.as_slice() != reference && letter.reference != id.to_string() =>
            {
                faults.push((letter.line, Fault::OtherPerson));
            }
            (Some((id, _)), _) | (None, Some(id)) => found.push((*id, letter)),
            (None, None) => faults.push((letter.line, Fault::Nobody)),
        }
    }
    Ok(found)
}

async fn insert(
    app: &App,
    tx: &mut Conn,
    bucket: i32,
    people: &[(PersonId, &Kept)],
    seen: &mut BTreeSet<PersonId>,
    done: &mut PutBack,
    faults: &mut Vec<(u64, Fault)>,
) -> Result<(), PutBackError> {
    let mut items = Vec::with_capacity(people.len());
    for (person, letter) in people {
        if !seen.insert(*person) {
            faults.push((letter.line, Fault::Twice));
            continue;
        }
        done.renamed += i64::from(letter.person.is_some_and(|id| id != *person));
        items.push(NewItem {
            of: Belongs {
                person: *person,
                named: letter.named,
                minor: letter.minor,
            },
            code_key: letter.code.map(|code| code.key(&app.keys)),
            replaces: done.batch.kind == PostalKind::Correction,
            // The file may be from before a list that changed the address: that is not known, and not asked about.
            address_key: None,
        });
    }
    let ids: Vec<_> = items.iter().map(|item| item.of.person).collect();
    let others = store::of_people(tx, bucket, &ids).await?;
    let waits = others.iter().filter(|item| {
        let batch = item.batch.state;
        item.status == PostalStatus::Listed
            && item.batch.id != done.batch.id
            && matches!(batch, PostalState::Listed | PostalState::Posting)
    });
    let waits: BTreeSet<_> = waits.map(|item| item.person).collect();
    done.on_another += i64::try_from(waits.len()).unwrap_or(i64::MAX);
    Ok(store::insert_items(tx, done.batch.id, bucket, &items).await?)
}
