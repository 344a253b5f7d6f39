//! All jobs that wait: the queues of the campaigns, and the jobs that wait for their providers.

use std::collections::BinaryHeap;

use tokio::time::Instant;

use super::campaign::{Aside, CampaignQueue, Found};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;
use crate::worker::leased_batch::Job;
use crate::worker::send_permission::Leave;
use crate::worker::way::{Look, Way};

#[derive(Default)]
pub(super) struct State {
    pub(super) queues: Vec<CampaignQueue>,
    /// The campaign that went last.
    last: Option<CampaignId>,
    aside: BinaryHeap<Aside>,
    pub(super) closed: bool,
}

impl State {
    /// All jobs, parked or not.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        let aside = self.aside.iter().map(|aside| &aside.1);
        self.queues
            .iter()
            .flat_map(|queue| &queue.jobs)
            .chain(aside)
    }

    /// How many jobs may go now, more or less: of a campaign with a rate one at a time.
    pub(super) fn due(&self, now: Instant) -> usize {
        let aside = self.aside.peek().is_some_and(|aside| aside.0.0 <= now);
        self.queues
            .iter()
            .map(|queue| queue.due(now))
            .sum::<usize>()
            + usize::from(aside)
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
        while let Some(mut job) = self.back_from_aside(look.now) {
            return match (job.leave(), look.way(&job)) {
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
        let mut soonest = self.aside.peek().map(|aside| aside.0.0);
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

    /// A parked job that may be sent now.
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
