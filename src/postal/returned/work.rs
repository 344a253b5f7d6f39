//! The people of one bucket with returned letters, and what each of them knows without those letters: decided in
//! memory, written in sets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::account;
use crate::app::App;
use crate::db::Conn;
use crate::id::{IncidentId, PersonId, PostalId};
use crate::person::contact::reference_key;
use crate::person::{self, Became, Settled};
use crate::postal::slips::{Refused, Slip, Which};
use crate::postal::{
    Counted, Item, Knows, PostalError, PostalState, PostalStatus, owner, store, take_back,
};
use crate::seal::IncidentKey;

/// The people of one bucket with returned letters, and all letters to them.
pub(super) struct Work {
    incident: IncidentId,
    bucket: i32,
    /// By the index of their reference: the person who has it now, then those who had it before.
    by_reference: BTreeMap<Vec<u8>, Vec<PersonId>>,
    /// Of each slip, if it names one.
    references: Vec<Option<Vec<u8>>>,
    pub(super) people: BTreeMap<PersonId, One>,
    pub(super) only: Option<PostalId>,
}

/// One of them.
pub(super) struct One {
    was: Knows,
    knows: Knows,
    /// In the order in which they were posted.
    pub(super) items: Vec<Item>,
    /// Messages that told them, in the order in which relays took them.
    emails: Vec<(DateTime<Utc>, Counted)>,
    /// Of each item: its new status and why.
    closed: BTreeMap<usize, (PostalStatus, String)>,
    rebased: Vec<usize>,
}

impl Work {
    pub(super) async fn load(
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
    pub(super) async fn of_people(
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
    pub(super) fn close(
        &mut self,
        app: &App,
        n: usize,
        slip: &Slip,
    ) -> Result<(PostalId, bool), Refused> {
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
    pub(super) async fn write(
        self,
        app: &App,
        tx: &mut Conn,
        key: &IncidentKey,
    ) -> Result<(), PostalError> {
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
    pub(super) fn close(&mut self, at: usize, not_posted: bool, reason: &str) {
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
