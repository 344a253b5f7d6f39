//! Letters that came back, or were not posted after all: their people are told no more than before, and belong on the
//! next list, which says why.

mod work;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;

use self::work::Work;
use super::slips::{Refused, Slip, Slips, Which};
use super::{PostalError, PostalKind, PostalStatus, store};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::Conn;
use crate::id::{IncidentId, PostalId, StaffId};
use crate::incident;
use crate::person::contact::reference_key;
use crate::seal::{IncidentKey, bucket};

/// What became of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Letters recorded as returned.
    pub returned: i64,
    /// Letters recorded as not posted.
    pub not_posted: i64,
    /// Lines that were refused, by their number, and why.
    pub refused: Vec<(usize, Refused)>,
}

/// Records letters of an incident that came back, all in one transaction; lines that name no letter are refused one by
/// one. With `only`, references mean letters of that list.
///
/// # Errors
/// [`PostalError`].
pub async fn returned(
    app: &App,
    by: StaffId,
    of: IncidentId,
    only: Option<PostalId>,
    slips: Slips,
) -> Result<Recorded, PostalError> {
    // It may take long.
    let app = &app.patient();
    let mut tx = app.db.begin().await?;
    // Locked before the people, as in all transactions: the key exists until this transaction ends.
    let found = incident::store::hold(&mut tx, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let mut recorded = Recorded::default();
    let by_bucket = by_bucket(&key, slips, &mut recorded.refused);
    let mut closed = BTreeMap::<PostalId, (i64, i64)>::new();
    for (bucket, slips) in by_bucket {
        let mut work = Work::load(app, &mut tx, (&key, of, bucket), slips.as_slice()).await?;
        work.only = only;
        for (n, slip) in slips.iter().enumerate() {
            match work.close(app, n, slip) {
                Ok((batch, not_posted)) => {
                    let count = closed.entry(batch).or_default();
                    *if not_posted {
                        &mut count.1
                    } else {
                        &mut count.0
                    } += 1;
                }
                Err(why) => recorded.refused.push((slip.line, why)),
            }
        }
        work.write(app, &mut tx, &key).await?;
    }
    recorded.refused.sort_unstable_by_key(|(line, _)| *line);
    for (batch, count) in &closed {
        store::add_closed(&mut tx, *batch, *count).await?;
        recorded.returned += count.0;
        recorded.not_posted += count.1;
    }
    let lists: Vec<_> = closed.keys().collect();
    let detail = json!({ "returned": recorded.returned, "not_posted": recorded.not_posted, "batches": lists });
    let actor = Actor::Staff(by);
    if !closed.is_empty() {
        audit::store::append(
            &mut tx,
            app.now(),
            actor,
            Action::LettersReturned,
            of,
            &detail,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(recorded)
}

/// The slips by the bucket of the people that they name. Lines that are none are refused.
fn by_bucket(
    key: &IncidentKey,
    slips: Slips,
    refused: &mut Vec<(usize, Refused)>,
) -> BTreeMap<i32, Vec<Slip>> {
    let mut by_bucket: BTreeMap<i32, Vec<Slip>> = BTreeMap::new();
    for slip in slips {
        match slip {
            Ok(slip) => {
                let bucket = match &slip.which {
                    Which::Reference(reference) => bucket(&reference_key(key, reference)),
                    Which::Person(person) => person.bucket(),
                    Which::Code(code) => code.bucket(),
                };
                by_bucket.entry(bucket).or_default().push(slip);
            }
            Err(line) => refused.push(line),
        }
    }
    by_bucket
}

/// Takes back what was told to the next of kin of people of these buckets who are not dead, as the list has it now: they
/// know nothing of it themselves. Within the transaction that puts the list in force and has locked its people.
///
/// # Errors
/// As [`returned`].
pub async fn take_back_kin(
    app: &App,
    tx: &mut Conn,
    of: IncidentId,
    buckets: Range<i32>,
) -> Result<(), PostalError> {
    let living = store::told_kin_of_living(tx, of, (buckets.start, buckets.end)).await?;
    let Some(_) = living.first() else {
        return Ok(());
    };
    let found = incident::store::find(tx, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let mut closed = BTreeMap::<PostalId, i64>::new();
    for some in living.chunk_by(|a, b| a.0 == b.0) {
        let ids: Vec<_> = some.iter().map(|(_, person)| *person).collect();
        let mut work = Work::of_people(tx, (of, some[0].0), &[], &ids).await?;
        for one in work.people.values_mut() {
            // The last first: each leaves what the one before it left.
            for at in (0..one.items.len()).rev() {
                let item = &one.items[at];
                let counts = item.status == PostalStatus::Posted;
                if counts && item.batch.kind == PostalKind::Kin {
                    *closed.entry(item.batch.id).or_default() += 1;
                    one.close(at, true, "the person is alive");
                }
            }
        }
        work.write(app, tx, &key).await?;
    }
    for (batch, n) in &closed {
        store::add_closed(tx, *batch, (0, *n)).await?;
    }
    let lists: Vec<_> = closed.keys().collect();
    let people = closed.values().sum::<i64>();
    let detail = json!({ "returned": 0, "not_posted": people, "batches": lists, "why": "deceased was lifted" });
    let (now, actor) = (app.now(), Actor::System(System::Scope));
    Ok(audit::store::append(tx, now, actor, Action::LettersReturned, of, &detail).await?)
}
