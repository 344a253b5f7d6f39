//! Letters that came back, or were not posted after all: their people are told no more than before, and belong on the
//! next list, which says why.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::slips::{Refused, Slip, Slips, Which};
use super::{
    Counted, Item, Knows, PostalError, PostalKind, PostalState, PostalStatus, owner, store,
    take_back,
};
use crate::account;
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::Conn;
use crate::id::{IncidentId, PersonId, PostalId, StaffId};
use crate::incident;
use crate::person::contact::reference_key;
use crate::person::{self, Became, Settled};
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
    let mut by_bucket: BTreeMap<i32, Vec<Slip>> = BTreeMap::new();
    for slip in slips {
        match slip {
            Ok(slip) => {
                let bucket = match &slip.which {
                    Which::Reference(reference) => bucket(&reference_key(&key, reference)),
                    Which::Person(person) => person.bucket(),
                    Which::Code(code) => code.bucket(),
                };
                by_bucket.entry(bucket).or_default().push(slip);
            }
            Err(refused) => recorded.refused.push(refused),
        }
    }
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

/// The people of one bucket with returned letters, and all letters to them.
struct Work {
    incident: IncidentId,
    bucket: i32,
    /// By the index of their reference: the person who has it now, then those who had it before.
    by_reference: BTreeMap<Vec<u8>, Vec<PersonId>>,
    /// Of each slip, if it names one.
    references: Vec<Option<Vec<u8>>>,
    people: BTreeMap<PersonId, One>,
    only: Option<PostalId>,
}

/// One of them.
struct One {
    was: Knows,
    knows: Knows,
    /// In the order in which they were posted.
    items: Vec<Item>,
    /// Messages that told them, in the order in which relays took them.
    emails: Vec<(DateTime<Utc>, Counted)>,
    /// Of each item: its new status and why.
    closed: BTreeMap<usize, (PostalStatus, String)>,
    rebased: Vec<usize>,
}

impl Work {
    async fn load(
        app: &App,
        tx: &mut Conn,
        (key, incident, bucket): (&IncidentKey, IncidentId, i32),
        slips: &[Slip],
    ) -> Result<Self, PostalError> {
        person::store::lock(tx, incident, bucket..bucket + 1).await?;
        let codes = slips.iter().filter_map(|slip| match &slip.which {
            Which::Code(code) => Some(code.key(&app.keys)),
            Which::Reference(_) | Which::Person(_) => None,
        });
        let codes: Vec<_> = codes.collect();
        let references: Vec<_> = slips
            .iter()
            .map(|slip| match slip.besides.as_ref().unwrap_or(&slip.which) {
                Which::Reference(reference) => Some(reference_key(key, reference).to_vec()),
                Which::Code(_) | Which::Person(_) => None,
            })
            .collect();
        let named = slips.iter().filter_map(|slip| match slip.which {
            Which::Person(person) => Some(person),
            Which::Code(_) | Which::Reference(_) => None,
        });
        let found = store::of_code(tx, bucket, &codes).await?;
        let found: Vec<_> = found.iter().map(|item| item.person).chain(named).collect();
        let sought: Vec<_> = references.iter().flatten().cloned().collect();
        let work = Self::of_people(tx, (incident, bucket), &sought, &found).await?;
        Ok(Self { references, ..work })
    }

    /// The people with these references and with these ids, who are locked.
    async fn of_people(
        tx: &mut Conn,
        (incident, bucket): (IncidentId, i32),
        references: &[Vec<u8>],
        ids: &[PersonId],
    ) -> Result<Self, PostalError> {
        let mut facts = store::facts(tx, (incident, bucket), references, ids).await?;
        // Who had these references before, too: letters to them name the same.
        let holders = facts
            .iter()
            .filter(|(_, reference, _)| references.contains(reference));
        let holders: Vec<_> = holders.map(|(id, ..)| *id).collect();
        let former = person::store::former_of(tx, bucket, &holders).await?;
        let missing: Vec<_> = former
            .iter()
            .map(|(former, _)| *former)
            .filter(|former| !ids.contains(former))
            .collect();
        facts.extend(store::facts(tx, (incident, bucket), &[], &missing).await?);
        let ids: Vec<_> = facts.iter().map(|(id, ..)| *id).collect();
        let mut people = BTreeMap::new();
        let mut by_reference = BTreeMap::new();
        for (id, reference, knows) in facts {
            by_reference.insert(reference, vec![id]);
            let one = One {
                was: knows,
                knows,
                items: Vec::new(),
                emails: Vec::new(),
                closed: BTreeMap::new(),
                rebased: Vec::new(),
            };
            people.insert(id, one);
        }
        for had in by_reference.values_mut() {
            let now = had[0];
            let had_by = former.iter().filter(|(_, holder)| *holder == now);
            had.extend(had_by.map(|(former, _)| *former));
        }
        for item in store::of_people(tx, bucket, &ids).await? {
            if let Some(one) = people.get_mut(&item.person) {
                one.items.push(item);
            }
        }
        for (person, at, email) in store::told_by_email(tx, bucket, &ids).await? {
            if let Some(one) = people.get_mut(&person) {
                one.emails.push((at, email));
            }
        }
        Ok(Self {
            incident,
            bucket,
            by_reference,
            references: Vec::new(),
            people,
            only: None,
        })
    }

    /// Ends the letter of the `n`th slip, in memory: its list, and whether it was not posted.
    fn close(&mut self, app: &App, n: usize, slip: &Slip) -> Result<(PostalId, bool), Refused> {
        let (person, at) = match &slip.which {
            Which::Code(code) => self.by_code(code.key(&app.keys)),
            Which::Reference(_) => self.meant(n, slip)?,
            Which::Person(person) => self.last_to(*person, slip),
        }
        .ok_or(Refused::Unknown)?;
        if !self.is_of(n, slip, person) {
            return Err(Refused::AnotherPerson);
        }
        let one = self.people.get_mut(&person).ok_or(Refused::Unknown)?;
        let item = &one.items[at];
        match item.status {
            PostalStatus::Posted => {}
            PostalStatus::Listed if item.batch.state == PostalState::Discarded => {
                return Err(Refused::Unknown);
            }
            PostalStatus::Listed => return Err(Refused::NotPosted),
            PostalStatus::NotPosted | PostalStatus::Returned => return Err(Refused::Already),
        }
        let (batch, not_posted) = (item.batch.id, slip.was_not_posted());
        one.close(at, not_posted, &slip.reason);
        Ok((batch, not_posted))
    }

    /// Whether what the `n`th slip names besides a code is this person.
    fn is_of(&self, n: usize, slip: &Slip, person: PersonId) -> bool {
        match &slip.besides {
            None | Some(Which::Code(_)) => true,
            Some(Which::Person(named)) => *named == person,
            Some(Which::Reference(_)) => {
                let reference = self.references.get(n).and_then(Option::as_ref);
                let people = reference.and_then(|reference| self.by_reference.get(reference));
                people.is_some_and(|people| people.contains(&person))
            }
        }
    }

    fn by_code(&self, key: i64) -> Option<(PersonId, usize)> {
        let found = self.people.iter().find_map(|(person, one)| {
            let at = one.items.iter().position(|item| item.code_key == Some(key));
            Some((*person, at?))
        });
        found.filter(|(person, at)| self.people[person].items[*at].batch.incident == self.incident)
    }

    /// The letter that the reference of the `n`th slip means. If letters went to several people under it, it is unknown
    /// which of them came back.
    fn meant(&self, n: usize, slip: &Slip) -> Result<Option<(PersonId, usize)>, Refused> {
        let reference = self.references.get(n).and_then(Option::as_ref);
        let people = reference.and_then(|reference| self.by_reference.get(reference));
        let letters = people.into_iter().flatten();
        let letters: Vec<_> = letters.filter_map(|one| self.last_to(*one, slip)).collect();
        let left = |(person, at): &&(PersonId, usize)| {
            let status = self.people[person].items[*at].status;
            matches!(status, PostalStatus::Posted | PostalStatus::Returned)
        };
        let mut went = letters.iter().filter(left);
        match (went.next(), went.next()) {
            (Some(_), Some(_)) => Err(Refused::TwoPeople),
            (one, _) => Ok(one.or(letters.first()).copied()),
        }
    }

    /// The last letter posted to a person; if none counts, the last one, which says why not. A letter that was not
    /// posted cannot come back; only `not told` takes back that people were told otherwise.
    fn last_to(&self, person: PersonId, slip: &Slip) -> Option<(PersonId, usize)> {
        let items = &self.people.get(&person)?.items;
        let meant = |item: &Item| match self.only {
            Some(only) => only == item.batch.id,
            None => item.batch.kind.is_posted() != slip.was_not_told(),
        };
        let posted = |item: &Item| meant(item) && item.status == PostalStatus::Posted;
        let at = items
            .iter()
            .rposition(posted)
            .or_else(|| items.iter().rposition(meant));
        Some((person, at?))
    }

    /// Writes what was decided.
    async fn write(self, app: &App, tx: &mut Conn, key: &IncidentKey) -> Result<(), PostalError> {
        let (mut settled, mut closed, mut rebased) = (Vec::new(), Vec::new(), Vec::new());
        for (person, one) in self.people {
            for (at, (status, reason)) in &one.closed {
                let batch = one.items[*at].batch.id;
                let reason = key.seal(&owner(batch, Some(person)), reason.as_bytes());
                closed.push((batch, person, *status, reason));
            }
            for at in &one.rebased {
                let item = &one.items[*at];
                rebased.push((item.batch.id, person, item.before));
            }
            if one.knows != one.was {
                let became = Became::TakenBack {
                    told: one.knows.told,
                    named: one.knows.named,
                };
                settled.push(Settled { person, became });
            }
        }
        store::close_items(tx, self.bucket, &closed, app.now()).await?;
        store::rebase_items(tx, self.bucket, &rebased).await?;
        Ok(account::store::settle(tx, self.incident, self.bucket, &settled).await?)
    }
}

impl One {
    fn close(&mut self, at: usize, not_posted: bool, reason: &str) {
        let counted = |item: &Item| Counted {
            by: item.batch.kind.told_by(),
            named: item.named,
            replaces: item.replaces,
            before: Some(item.before),
        };
        let closing = &self.items[at];
        let still = |n: &usize| self.items[*n].status == PostalStatus::Posted;
        let letters = (at + 1..self.items.len()).filter(still);
        let letters = letters.map(|n| (self.items[n].posted_at, Some(n), counted(&self.items[n])));
        let emails = self
            .emails
            .iter()
            .map(|(at, email)| (Some(*at), None, *email));
        let after = emails.filter(|(at, ..)| *at > closing.posted_at);
        let mut later: Vec<_> = letters.chain(after).collect();
        later.sort_by_key(|(at, n, _)| (*at, *n));
        let mut told: Vec<_> = later.iter().map(|(.., told)| *told).collect();
        self.knows = take_back(&counted(closing), &mut told, self.knows);
        for ((_, n, _), is) in later.into_iter().zip(told) {
            if let (Some(n), Some(before)) = (n, is.before)
                && self.items[n].before != before
            {
                self.items[n].before = before;
                self.rebased.push(n);
            }
        }
        let status = match not_posted {
            true => PostalStatus::NotPosted,
            false => PostalStatus::Returned,
        };
        self.items[at].status = status;
        self.closed.insert(at, (status, reason.to_owned()));
    }
}
