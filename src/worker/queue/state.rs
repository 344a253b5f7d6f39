//! All that waits: the queues of the campaigns, the jobs that wait for their providers, and messages of the outbox.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::campaign::{Aside, CampaignQueue, Found};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;
use crate::worker::leased_batch::Job;
use crate::worker::outbox_mail::OutboxMail;
use crate::worker::relay_state::Needs;
use crate::worker::send_permission::Leave;
use crate::worker::way::{Look, Way};

#[derive(Default)]
pub(super) struct State {
    /// Messages of the outbox: they go before all jobs, in this order.
    pub(super) mails: VecDeque<OutboxMail>,
    pub(super) queues: Vec<CampaignQueue>,
    /// The campaign that went last.
    last: Option<CampaignId>,
    aside: BinaryHeap<Aside>,
    pub(super) closed: bool,
}

impl State {
    /// What all jobs, parked or not, and messages of the outbox need.
    pub(super) fn needs(&self) -> impl Iterator<Item = Needs<'_>> {
        let aside = self.aside.iter().map(|aside| &aside.1);
        let jobs = self.queues.iter().flat_map(|queue| &queue.jobs);
        let jobs = jobs.chain(aside).map(Job::needs);
        jobs.chain(self.mails.iter().map(OutboxMail::needs))
    }

    /// How much may go now, more or less: of a campaign with a rate one job at a time.
    pub(super) fn due(&self, now: Instant) -> usize {
        let aside = self.aside.peek().is_some_and(|aside| aside.0.0 <= now);
        let mails = self.mails.iter().filter(|mail| mail.has_slot(now));
        let jobs = self.queues.iter().map(|queue| queue.due(now));
        jobs.sum::<usize>() + usize::from(aside) + mails.count()
    }

    /// Adds jobs to their campaign's queue. Returns the jobs if the queues are closed.
    pub(super) fn push(
        &mut self,
        campaign: CampaignId,
        kind: CampaignKind,
        jobs: Vec<Job>,
    ) -> Vec<Job> {
        if self.closed {
            return jobs;
        }
        self.queues
            .retain(|queue| !queue.jobs.is_empty() || queue.aside > 0);
        match self.queue(campaign) {
            Some(queue) => queue.jobs.extend(jobs),
            None => self.queues.push(CampaignQueue {
                campaign,
                kind,
                jobs: jobs.into(),
                aside: 0,
            }),
        }
        Vec::new()
    }

    pub(super) fn queue(&mut self, campaign: CampaignId) -> Option<&mut CampaignQueue> {
        self.queues
            .iter_mut()
            .find(|queue| queue.campaign == campaign)
    }

    pub(super) fn look(&mut self, look: &Look<'_>) -> Found {
        if self.closed {
            return Found::Closed;
        }
        let mut soonest = match self.mail(look) {
            Found::Nobody(moment) => moment,
            found => return found,
        };
        while let Some(mut job) = self.back_from_aside(look.now) {
            return match (job.leave(), look.way(job.needs())) {
                (Leave::Go, Way::Open) => Found::Job(Box::new(job)),
                (Leave::Go, Way::Nowhere(left)) => Found::Held(Box::new(job), left),
                (Leave::Go, Way::Elsewhere) => match self.queue(job.notice.campaign) {
                    Some(queue) => {
                        // The relay that takes it does not wait for another slot of the provider.
                        job.has_turn = true;
                        queue.jobs.push_back(job);
                        continue;
                    }
                    None => Found::Shut(vec![job]),
                },
                (Leave::Wait | Leave::Back, _) => Found::Shut(vec![job]),
            };
        }
        let last = self.last;
        // Few campaigns are under way at once.
        self.queues.sort_by_key(|queue| {
            (
                queue.kind.rank(),
                Some(queue.campaign) <= last,
                queue.campaign,
            )
        });
        let aside = self.aside.peek().map(|aside| aside.0.0);
        soonest = soonest.into_iter().chain(aside).min();
        for queue in &mut self.queues {
            match queue.look(look, &mut self.aside) {
                Found::Nobody(moment) => soonest = soonest.into_iter().chain(moment).min(),
                found => {
                    self.last = Some(queue.campaign);
                    return found;
                }
            }
        }
        self.shut_aside()
            .map_or(Found::Nobody(soonest), Found::Shut)
    }

    /// The first message of the outbox that may go by the relay that looks.
    fn mail(&mut self, look: &Look<'_>) -> Found {
        let (mut soonest, mut at) = (None, 0);
        while at < self.mails.len() {
            let way = match self.mails[at].is_late(look.now) {
                true => Way::Nowhere(Duration::ZERO),
                false => look.way(self.mails[at].needs()),
            };
            let slot = match way {
                Way::Elsewhere => {
                    at += 1;
                    continue;
                }
                Way::Nowhere(_) => look.now,
                Way::Open => self.slot(at, look),
            };
            if slot > look.now {
                soonest = soonest.into_iter().chain([slot]).min();
                at += 1;
                continue;
            }
            let Some(mail) = self.mails.remove(at) else {
                break;
            };
            return match way {
                Way::Nowhere(left) => Found::MailHeld(Box::new(mail), left),
                _ => Found::Mail(Box::new(mail)),
            };
        }
        Found::Nobody(soonest)
    }

    /// When the provider of a message of the outbox takes it. Where jobs are parked for the provider, the message takes
    /// the slot of the first, which gets a later one: the provider's limit holds for both, and no answer waits for a
    /// campaign.
    fn slot(&mut self, at: usize, look: &Look<'_>) -> Instant {
        let mail = &mut self.mails[at];
        if let Some(slot) = mail.slot {
            return slot;
        }
        let mut slot = look
            .providers
            .moment(mail.to.as_ref(), look.now, mail.share());
        if slot > look.now {
            let mut parked = std::mem::take(&mut self.aside).into_vec();
            let of = parked
                .iter_mut()
                .filter(|one| one.1.provider == mail.provider);
            if let Some(first) = of.min_by_key(|one| one.0.0)
                && first.0.0 < slot
            {
                let theirs = std::mem::replace(&mut first.0, Reverse(slot));
                slot = theirs.0;
            }
            self.aside = parked.into();
        }
        mail.slot = Some(slot);
        slot
    }

    /// A parked job whose slot has come.
    fn back_from_aside(&mut self, now: Instant) -> Option<Job> {
        self.aside.peek().filter(|aside| aside.0.0 <= now)?;
        let Aside(_, job) = self.aside.pop()?;
        if let Some(queue) = self.queue(job.notice.campaign) {
            queue.aside -= 1;
        }
        Some(job)
    }

    /// Takes all jobs, parked or not.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        let aside = std::mem::take(&mut self.aside).into_iter();
        let queues = std::mem::take(&mut self.queues).into_iter();
        aside
            .map(|aside| aside.1)
            .chain(queues.flat_map(|queue| queue.jobs))
            .collect()
    }

    /// All jobs that may not go any more.
    pub(super) fn shut(&mut self) -> Vec<Job> {
        let mut back = self.shut_aside().unwrap_or_default();
        for queue in &mut self.queues {
            if queue.jobs.iter().any(|job| job.leave() == Leave::Back) {
                back.extend(queue.shut());
            }
        }
        back
    }

    /// The parked jobs that may not go any more.
    fn shut_aside(&mut self) -> Option<Vec<Job>> {
        let shut = |aside: &Aside| aside.1.leave() == Leave::Back;
        if !self.aside.iter().any(shut) {
            return None;
        }
        let (back, stay): (Vec<_>, Vec<_>) = self.aside.drain().partition(shut);
        self.aside = stay.into();
        let jobs: Vec<Job> = back.into_iter().map(|aside| aside.1).collect();
        for job in &jobs {
            if let Some(queue) = self.queue(job.notice.campaign) {
                queue.aside -= 1;
            }
        }
        Some(jobs)
    }
}
