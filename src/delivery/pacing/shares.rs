//! Rate shares: which part of every limit one sender may spend.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::campaign::ability::InUse;
use crate::id::CampaignId;

/// A sender stops after this time without a successful database poll (promise P4). Therefore every sender still at work
/// has seen any heartbeat older than this.
pub(crate) const FRESH: Duration = Duration::from_millis(1_500);

/// What is in this sender's heartbeats, and since when each of it was published.
#[derive(Debug, Default)]
pub(crate) struct Said {
    campaigns: HashMap<CampaignId, Instant>,
    outbox: Option<Instant>,
}

impl Said {
    /// Records the heartbeat just published. Returns the part of it that was published more than [`FRESH`] ago, which all
    /// other senders have seen. Another sender may have claimed a batch of a newer campaign, too, without having
    /// published it yet.
    pub(crate) fn say(&mut self, in_use: &InUse, now: Instant) -> InUse {
        let since =
            |campaign: &CampaignId| (*campaign, *self.campaigns.get(campaign).unwrap_or(&now));
        self.campaigns = in_use.campaigns.iter().map(since).collect();
        self.outbox = in_use.outbox.then(|| self.outbox.unwrap_or(now));
        let is_heard = |since: Instant| now.duration_since(since) > FRESH;
        let heard = self.campaigns.iter().filter(|(_, since)| is_heard(**since));
        InUse {
            campaigns: heard.map(|(campaign, _)| *campaign).collect(),
            outbox: self.outbox.is_some_and(is_heard),
        }
    }
}

/// This sender's part of every limit.
#[derive(Debug)]
pub(crate) struct RateShares {
    /// The share if every sender had one.
    even: f64,
    /// The share of the limits of relays and providers.
    pub busy: f64,
    campaigns: HashMap<CampaignId, f64>,
}

impl Default for RateShares {
    fn default() -> Self {
        Self::new(&InUse::default(), &[])
    }
}

impl RateShares {
    /// The shares of a sender that sends `mine`, as far as all others know. Senders without work for a limit are excluded
    /// from its share. For a campaign that is not in `mine`, all other senders have a share.
    pub(crate) fn new(mine: &InUse, others: &[InUse]) -> Self {
        let part = |others: usize| 1.0 / (others + 1) as f64;
        let even = part(others.len());
        let busy = match mine.is_any() {
            false => even,
            true => part(others.iter().filter(|theirs| theirs.is_any()).count()),
        };
        let of = |campaign: &CampaignId| {
            let with = others
                .iter()
                .filter(|theirs| theirs.campaigns.contains(campaign));
            (*campaign, part(with.count()))
        };
        Self {
            even,
            busy,
            campaigns: mine.campaigns.iter().map(of).collect(),
        }
    }

    /// The share of a campaign's rate.
    pub(crate) fn of(&self, campaign: CampaignId) -> f64 {
        self.campaigns.get(&campaign).copied().unwrap_or(self.even)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(campaigns: &[CampaignId]) -> InUse {
        InUse {
            campaigns: campaigns.to_vec(),
            outbox: false,
        }
    }

    const OUTBOX: InUse = InUse {
        campaigns: Vec::new(),
        outbox: true,
    };

    #[test]
    fn what_is_published_counts_once_every_sender_has_read_it() {
        let campaign = of(&[CampaignId::from_uuid(uuid::Uuid::nil())]);
        let (mut said, start) = (Said::default(), Instant::now());
        let mut heard = |in_use: &InUse, tenths: u64| {
            let now = start + Duration::from_millis(tenths * 100);
            said.say(in_use, now).is_any()
        };
        let looks = [0, 5, 10, 15, 16, 99].map(|tenths| heard(&campaign, tenths));
        assert_eq!(looks, [false, false, false, false, true, true]);
        assert!(!heard(&of(&[]), 104), "all relays were held");
        let again = [109, 124, 125].map(|tenths| heard(&campaign, tenths));
        assert_eq!(again, [false, false, true], "as at the beginning");
        let outbox = [130, 145, 146].map(|tenths| heard(&OUTBOX, tenths));
        assert_eq!(outbox, [false, false, true], "the outbox alike");
    }

    #[test]
    fn senders_share_what_they_send_evenly() {
        let [first, second] = [1, 2].map(|n| CampaignId::from_uuid(uuid::Uuid::from_u128(n)));
        let shares = |others: &[InUse]| {
            let shares = RateShares::new(&of(&[first]), others);
            (shares.busy, shares.of(first), shares.of(second))
        };
        assert_eq!(shares(&[]), (1.0, 1.0, 1.0));
        assert_eq!(
            shares(&[of(&[])]),
            (1.0, 1.0, 0.5),
            "it has nothing to send"
        );
        assert_eq!(shares(&[of(&[second])]), (0.5, 1.0, 0.5));
        assert_eq!(
            shares(&[OUTBOX]),
            (0.5, 1.0, 0.5),
            "answers count in what the relays take"
        );
        let busy = [of(&[first, second]), of(&[]), of(&[first]), of(&[second])];
        assert_eq!(shares(&busy), (0.25, 1.0 / 3.0, 0.2));
        let idle = RateShares::new(&of(&[]), &busy);
        assert_eq!(
            (idle.busy, idle.of(first)),
            (0.2, 0.2),
            "it may begin at any moment"
        );
        assert_eq!(RateShares::new(&OUTBOX, &busy).busy, 0.25);
    }
}
