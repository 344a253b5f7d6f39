//! Reads what is to be done with the notices of a leased batch; `delivery::plan` decides it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::leased_batch::{Known, Shared};
use super::outcome_writer::OutcomeWriter;
use super::providers::Providers;
use crate::account;
use crate::app::App;
use crate::campaign;
use crate::db::{Error, Result};
use crate::delivery::attempt::Outcome;
use crate::delivery::history::{Histories, History};
use crate::delivery::plan::{self, End, Next};
use crate::delivery::policy;
use crate::delivery::store::Settled;
use crate::delivery::store::batch::Lease;
use crate::id::{NoticeId, PersonId};
use crate::incident;
use crate::notice::Notice;
use crate::person::flags::WithheldReason;
use crate::person::{self, Person};
use crate::seal::IncidentKey;

/// Plans one leased batch.
pub(crate) struct Planner<'a> {
    pub app: &'a App,
    /// Where outcomes go.
    pub outcome_writer: &'a OutcomeWriter,
    /// The batch.
    pub lease: &'a Lease,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
}

/// The histories of a batch's notices.
struct BatchHistories {
    each: Vec<(Notice, History)>,
    /// Another sender wrote results of notices that are not among these.
    unclear: bool,
    addresses: Addresses,
}

/// The addresses that accepted or refused the messages of a dead sender, where they are known.
#[derive(Default)]
struct Addresses(HashMap<PersonId, Vec<u8>>);

impl Addresses {
    /// The row to write for a notice with this status, and the address that answered.
    fn settled(
        &mut self,
        notice: &Notice,
        history: History,
        ((to, due_at), withheld): (End, Option<WithheldReason>),
        provider: Arc<str>,
    ) -> Settled {
        Settled {
            id: notice.id,
            person: notice.person,
            named: notice.named,
            address: self.0.remove(&notice.person),
            from: notice.status,
            to,
            withheld,
            attempts: history.attempts,
            due_at,
            provider,
            tried: history.tried,
        }
    }
}

/// What is to be done with a batch's notices.
#[derive(Default)]
pub(crate) struct Plan {
    /// Those that are not to be sent.
    pub known: Known,
    /// Those to be sent, each with its person and the provider of the mailbox.
    pub jobs: Vec<(Notice, (Person, Arc<str>), History)>,
}

impl Planner<'_> {
    /// Sorts a batch's notices: those with an end in the outcomes already, those that do not suit their people any
    /// more, and those to be sent.
    pub(crate) async fn plan(
        &self,
        shared: &Shared,
        notices: Vec<Notice>,
        recorded: &Histories,
        mut people: HashMap<PersonId, Person>,
    ) -> Result<Plan> {
        let again = |doubts| policy::resend_by(shared.on_uncertain, doubts).is_some();
        let mut histories = self.histories(notices, recorded, again).await?;
        let now = self.app.now();
        let mut plan = Plan::default();
        plan.known.unclear = histories.unclear;
        for (notice, history) in histories.each {
            let person = people.remove(&notice.person);
            let person = person.ok_or_else(|| Error::inconsistent("notice", notice.id))?;
            let provider = self.providers.name(person.contact.email.as_ref());
            let fits = || {
                let locale = person.locale.as_str();
                let names = shared.edition.names(locale, person.exposed_now());
                shared.approved.fits(&person, notice.named, names)
            };
            let stands = match plan::next(history.end, history.doubts, fits, now) {
                Next::Send => {
                    plan.jobs.push((notice, (person, provider), history));
                    continue;
                }
                Next::Stands {
                    to,
                    due_at,
                    withheld,
                } => ((to, due_at), withheld),
            };
            let ended = histories
                .addresses
                .settled(&notice, history, stands, provider);
            plan.known.settled.push(ended);
        }
        Ok(plan)
    }

    /// Ends every notice of a batch of a cancelled campaign or a forgotten incident: with the result of
    /// its last attempt, or as cancelled.
    pub(crate) async fn cancel(&self, notices: Vec<Notice>, recorded: &Histories) -> Result<Known> {
        let mut histories = self.histories(notices, recorded, |_| false).await?;
        let mut known = Known {
            unclear: histories.unclear,
            ..Known::default()
        };
        for (notice, history) in histories.each {
            let to = plan::cancelled(history.end, history.doubts);
            let (stands, provider) = (((to, None), None), self.providers.name(None));
            let ended = histories
                .addresses
                .settled(&notice, history, stands, provider);
            known.settled.push(ended);
        }
        Ok(known)
    }

    /// Settles the notices with outcomes that say more than their rows, and no other: nothing is sent, and attempts without
    /// a result stay as they are.
    pub(crate) async fn recorded(
        &self,
        notices: Vec<Notice>,
        recorded: &Histories,
    ) -> Result<Vec<Settled>> {
        let read = |notice: Notice| {
            let history = recorded.of(&notice);
            (notice, history)
        };
        let mut each: Vec<_> = notices.into_iter().map(read).collect();
        each.retain(|(_, history)| {
            history.open.is_none() && history.end.is_some() && !history.tried.is_empty()
        });
        let mut addresses = self.addresses(&each).await?;
        let ids = each.iter().map(|(notice, _)| notice.person);
        let people = match self.key().await? {
            Some(key) => self.people(&key, ids).await?,
            None => HashMap::new(),
        };
        let settled = |(notice, history): (Notice, History)| {
            let stands = (history.end?, None);
            let person = people.get(&notice.person);
            let email = person.and_then(|person| person.contact.email.as_ref());
            let provider = self.providers.name(email);
            Some(addresses.settled(&notice, history, stands, provider))
        };
        Ok(each.into_iter().filter_map(settled).collect())
    }

    /// The key that opens the people of the batch; `None`: the incident was forgotten, and nothing of it is sent.
    pub(crate) async fn key(&self) -> Result<Option<IncidentKey>> {
        let incident = self.lease.incident_id;
        let mut conn = self.app.db.get().await?;
        let wrapped = incident::store::wrapped_key(&mut conn, incident).await?;
        let open = |wrapped: Vec<u8>| self.app.keys.incident_key(incident, &wrapped);
        let strange = |_| Error::inconsistent("incident", incident);
        wrapped.map(open).transpose().map_err(strange)
    }

    /// Opens people of the batch.
    pub(crate) async fn people(
        &self,
        key: &IncidentKey,
        ids: impl Iterator<Item = PersonId>,
    ) -> Result<HashMap<PersonId, Person>> {
        let ids: Vec<PersonId> = ids.collect();
        let mut conn = self.app.db.get().await?;
        let place = (self.lease.incident_id, self.lease.bucket);
        let people = person::store::load_many(&mut conn, key, place, &ids).await?;
        let by_id = |person: Person| (person.id, person);
        Ok(people.into_iter().map(by_id).collect())
    }

    /// The histories of a batch's notices. Attempts of a dead sender that have no result are recorded as uncertain;
    /// `again` tells from the number of uncertain attempts whether the notice is resent.
    async fn histories(
        &self,
        notices: Vec<Notice>,
        recorded: &Histories,
        again: impl Fn(u32) -> bool,
    ) -> Result<BatchHistories> {
        let now = self.app.now();
        let mut lost = Vec::new();
        let read = |notice: Notice| {
            let mut history = recorded.of(&notice);
            lost.extend(history.close_lost_attempt(&again, now));
            (notice, history)
        };
        let mut each: Vec<_> = notices.into_iter().map(read).collect();
        let unclear = self.write_lost(lost).await?;
        each.retain(|(notice, _)| !unclear.contains(&notice.id));
        Ok(BatchHistories {
            addresses: self.addresses(&each).await?,
            each,
            unclear: !unclear.is_empty(),
        })
    }

    /// Records lost attempts as uncertain. Returns the notices with a result that another sender wrote first: those attempts
    /// were not lost.
    async fn write_lost(&self, lost: Vec<Outcome>) -> Result<HashSet<NoticeId>> {
        if lost.is_empty() {
            return Ok(HashSet::new());
        }
        let mut unclear: HashSet<NoticeId> = lost.iter().map(|row| row.notice_id).collect();
        let written = self.outcome_writer.write(lost).await?;
        for (notice, ..) in &written {
            unclear.remove(notice);
        }
        if !written.is_empty() {
            tracing::warn!(
                notices = written.len(),
                "notices left uncertain by a sender that died"
            );
        }
        Ok(unclear)
    }

    /// The addresses that accepted or refused the messages of a dead sender. Outcomes do not contain addresses, so the present
    /// address is taken, unless a list may have changed it since the attempt.
    async fn addresses(&self, each: &[(Notice, History)]) -> Result<Addresses> {
        let answered: Vec<_> = each
            .iter()
            .filter(|(_, history)| plan::is_answered(history.end))
            .collect();
        if answered.is_empty() {
            return Ok(Addresses::default());
        }
        let people: Vec<_> = answered.iter().map(|(notice, _)| notice.person).collect();
        let (incident, bucket) = (self.lease.incident_id, self.lease.bucket);
        let mut conn = self.app.db.get().await?;
        // Reads the keys first: the second statement then sees a list that was applied between the two.
        let mut keys = person::store::email_keys_of(&mut conn, (incident, bucket), &people).await?;
        let newest = account::store::newest(&mut conn, incident, bucket).await?;
        let campaign = campaign::store::find(&mut conn, self.lease.campaign_id).await?;
        let content = campaign.submitted();
        let content = content.map_err(|why| why.of(campaign.id))?;
        let Some((_, at)) = newest.filter(|(version, _)| {
            // The audience was frozen from the version that was approved.
            content.is_none_or(|content| content.scope != *version)
        }) else {
            return Ok(Addresses(keys));
        };
        for (notice, history) in answered {
            if !plan::went_to_the_address_of(at, history.last_tried) {
                keys.remove(&notice.person);
            }
        }
        Ok(Addresses(keys))
    }
}
