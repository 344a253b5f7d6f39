//! Shares: which part of every limit this sender may spend.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::id::CampaignId;

/// A sender stops after this time without a successful database poll (promise P4). Therefore every sender still at work
/// has seen any heartbeat older than this.
pub const FRESH: Duration = Duration::from_millis(1_500);

/// The campaigns in this sender's heartbeats, and since when each was published.
#[derive(Debug, Default)]
pub struct Said(HashMap<CampaignId, Instant>);

impl Said {
    /// Records the heartbeat just published. Returns the campaigns published more than [`FRESH`] ago, which all other
    /// senders have seen. Another sender may have claimed a batch of a newer campaign, too, without having published it
    /// yet.
    pub fn say(&mut self, campaigns: &[CampaignId], now: Instant) -> Vec<CampaignId> {
        let since = |campaign: &CampaignId| (*campaign, *self.0.get(campaign).unwrap_or(&now));
        self.0 = campaigns.iter().map(since).collect();
        let heard = |(_, since): &(&CampaignId, &Instant)| now.duration_since(**since) > FRESH;
        let heard = self.0.iter().filter(heard);
        heard.map(|(campaign, _)| *campaign).collect()
    }
}

/// This sender's part of every limit.
#[derive(Debug)]
pub struct RateShares {
    /// The share if every sender had one.
    even: f64,
    /// The share of the limits of relays and providers.
    pub busy: f64,
    campaigns: HashMap<CampaignId, f64>,
}

impl Default for RateShares {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl RateShares {
    /// The shares of a sender with the campaigns `mine`. Senders without work for a limit are excluded from its share.
    /// For a campaign that is not in `mine`, all other senders have a share.
    pub fn new(mine: &[CampaignId], others: &[Vec<CampaignId>]) -> Self {
        let part = |others: usize| 1.0 / (others + 1) as f64;
        let even = part(others.len());
        let busy = match mine {
            [] => even,
            _ => part(others.iter().filter(|theirs| !theirs.is_empty()).count()),
        };
        let of = |campaign: &CampaignId| {
            let with = others.iter().filter(|theirs| theirs.contains(campaign));
            (*campaign, part(with.count()))
        };
        Self {
            even,
            busy,
            campaigns: mine.iter().map(of).collect(),
        }
    }

    /// The share of a campaign's rate.
    pub fn of(&self, campaign: CampaignId) -> f64 {
        self.campaigns.get(&campaign).copied().unwrap_or(self.even)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_once_everybody_has_heard_it() {
        let campaign = CampaignId::from_uuid(uuid::Uuid::nil());
        let (mut said, start) = (Said::default(), Instant::now());
        let mut heard = |campaigns: &[CampaignId], tenths: u64| {
            let now = start + Duration::from_millis(tenths * 100);
            !said.say(campaigns, now).is_empty()
        };
        let in_progress = [campaign];
        let looks = [0, 5, 10, 15, 16, 99].map(|tenths| heard(&in_progress, tenths));
        assert_eq!(looks, [false, false, false, false, true, true]);
        assert!(!heard(&[], 104), "all relays were held");
        let anew = [109, 124, 125].map(|tenths| heard(&in_progress, tenths));
        assert_eq!(anew, [false, false, true], "as at the beginning");
    }

    #[test]
    fn senders_share_what_they_have_in_hand_evenly() {
        let [first, second] = [1, 2].map(|n| CampaignId::from_uuid(uuid::Uuid::from_u128(n)));
        let shares = |others: &[Vec<CampaignId>]| {
            let shares = RateShares::new(&[first], others);
            (shares.busy, shares.of(first), shares.of(second))
        };
        assert_eq!(shares(&[]), (1.0, 1.0, 1.0));
        assert_eq!(shares(&[vec![]]), (1.0, 1.0, 0.5), "it has nothing to send");
        assert_eq!(shares(&[vec![second]]), (0.5, 1.0, 0.5));
        let busy = [vec![first, second], vec![], vec![first], vec![second]];
        assert_eq!(shares(&busy), (0.25, 1.0 / 3.0, 0.2));
        let idle = RateShares::new(&[], &busy);
        assert_eq!(
            (idle.busy, idle.of(first)),
            (0.2, 0.2),
            "it may begin at any moment"
        );
    }
}
