//! All jobs that wait: the lanes of the campaigns, and the jobs that wait for their providers.

use std::collections::BinaryHeap;

use tokio::time::Instant;

use super::lane::{Aside, Found, Lane};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;
use crate::worker::gate::Leave;
use crate::worker::hand::Job;
use crate::worker::way::{Look, Way};

#[derive(Default)]
pub(super) struct State {
    pub(super) lanes: Vec<Lane>,
    /// The campaign that went last.
    last: Option<CampaignId>,
    aside: BinaryHeap<Aside>,
    pub(super) closed: bool,
}

impl State {
    /// All jobs, parked or not.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        let aside = self.aside.iter().map(|aside| &aside.1);
        self.lanes.iter().flat_map(|lane| &lane.jobs).chain(aside)
    }

    /// How many jobs may go now, more or less: of a campaign with a rate one at a time.
    pub(super) fn due(&self, now: Instant) -> usize {
        let aside = self.aside.peek().is_some_and(|aside| aside.0.0 <= now);
        self.lanes.iter().map(|lane| lane.due(now)).sum::<usize>() + usize::from(aside)
    }

    /// Adds jobs to their campaign's lane. Returns the jobs if the lanes are closed.
    pub(super) fn push(
        &mut self,
        campaign: CampaignId,
        kind: CampaignKind,
        jobs: Vec<Job>,
    ) -> Vec<Job> {
        if self.closed {
            return jobs;
        }
        self.lanes
            .retain(|lane| !lane.jobs.is_empty() || lane.aside > 0);
        match self.lane(campaign) {
            Some(lane) => lane.jobs.extend(jobs),
            None => self.lanes.push(Lane {
                campaign,
                kind,
                jobs: jobs.into(),
                aside: 0,
            }),
        }
        Vec::new()
    }

    pub(super) fn lane(&mut self, campaign: CampaignId) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.campaign == campaign)
    }

    pub(super) fn look(&mut self, look: &Look<'_>) -> Found {
        if self.closed {
            return Found::Closed;
        }
        while let Some(mut job) = self.back_from_aside(look.now) {
            return match (job.leave(), look.way(&job)) {
                (Leave::Go, Way::Open) => Found::Job(Box::new(job)),
                (Leave::Go, Way::Nowhere(left)) => Found::Held(Box::new(job), left),
                (Leave::Go, Way::Elsewhere) => match self.lane(job.notice.campaign) {
                    Some(lane) => {
                        // The relay that takes it does not wait for another slot of the provider.
                        job.has_turn = true;
                        lane.jobs.push_back(job);
                        continue;
                    }
                    None => Found::Shut(vec![job]),
                },
                (Leave::Wait | Leave::Back, _) => Found::Shut(vec![job]),
            };
        }
        let last = self.last;
        // Few campaigns are under way at once.
        self.lanes
            .sort_by_key(|lane| (lane.kind.rank(), Some(lane.campaign) <= last, lane.campaign));
        let mut soonest = self.aside.peek().map(|aside| aside.0.0);
        for lane in &mut self.lanes {
            match lane.look(look, &mut self.aside) {
                Found::Nobody(moment) => soonest = soonest.into_iter().chain(moment).min(),
                found => {
                    self.last = Some(lane.campaign);
                    return found;
                }
            }
        }
        self.shut_aside()
            .map_or(Found::Nobody(soonest), Found::Shut)
    }

    /// A parked job whose slot has come.
    fn back_from_aside(&mut self, now: Instant) -> Option<Job> {
        self.aside.peek().filter(|aside| aside.0.0 <= now)?;
        let Aside(_, job) = self.aside.pop()?;
        if let Some(lane) = self.lane(job.notice.campaign) {
            lane.aside -= 1;
        }
        Some(job)
    }

    /// Takes all jobs, parked or not.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        let aside = std::mem::take(&mut self.aside).into_iter();
        let lanes = std::mem::take(&mut self.lanes).into_iter();
        aside
            .map(|aside| aside.1)
            .chain(lanes.flat_map(|lane| lane.jobs))
            .collect()
    }

    /// All jobs that may not go any more.
    pub(super) fn shut(&mut self) -> Vec<Job> {
        let mut back = self.shut_aside().unwrap_or_default();
        for lane in &mut self.lanes {
            if lane.jobs.iter().any(|job| job.leave() == Leave::Back) {
                back.extend(lane.shut());
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
            if let Some(lane) = self.lane(job.notice.campaign) {
                lane.aside -= 1;
            }
        }
        Some(jobs)
    }
}
