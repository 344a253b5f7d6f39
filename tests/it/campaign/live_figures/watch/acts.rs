//! The acts of the test, with their times.

use candor::id::CampaignId;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What was done. An act has a beginning and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// All relays are away, or back.
    Away(bool),
    /// All sending is stopped, or allowed again.
    Stop(bool),
    /// The campaign is paused, or resumed.
    Pause(CampaignId, bool),
    /// The campaign is cancelled.
    Cancel(CampaignId),
}

/// A watched campaign.
#[derive(Clone)]
pub struct Watched {
    /// Its id.
    pub id: CampaignId,
    /// The prefix of its people's addresses.
    pub who: &'static str,
    /// The number of its people.
    pub people: i64,
}

/// An act, and when it had ended.
type Done = (Act, Option<Instant>);

/// The acts so far.
#[derive(Clone, Default)]
pub struct Acts(Arc<Mutex<Vec<Done>>>);

impl Acts {
    /// Performs an act and records it.
    pub async fn act<T>(&self, act: Act, doing: impl Future<Output = T>) -> T {
        let place = {
            let mut acts = self.0.lock().unwrap();
            acts.push((act, None));
            acts.len() - 1
        };
        let done = doing.await;
        self.0.lock().unwrap()[place].1 = Some(Instant::now());
        done
    }

    /// The last act of a kind and when it had ended, if that was before `since`.
    pub(super) fn lasting<T>(
        &self,
        since: Instant,
        of: impl Fn(Act) -> Option<T>,
    ) -> Option<(T, Instant)> {
        let acts = self.0.lock().unwrap();
        let mut of_kind = acts.iter().rev();
        let (said, ended) = of_kind.find_map(|(act, ended)| Some((of(*act)?, *ended)))?;
        Some((said, ended.filter(|ended| *ended <= since)?))
    }
}
