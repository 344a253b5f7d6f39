//! The canary of a campaign: how large it is, and whether it ended well.

use std::collections::BTreeMap;

use super::breaker::exceeds;
use crate::config::Breaker;
use crate::notice::NoticeStatus;
use crate::pg_enum;

pg_enum! {
    /// Where the canary of a campaign stands.
    pub enum CanaryState: CanaryState {
        /// It has none.
        None = "none",
        /// It is being sent; the rest waits.
        Running = "running",
        /// It ended well, or a person released the rest.
        Passed = "passed",
    }
}

/// Notices of a canary at most, unless the campaign says otherwise.
const CANARY: i64 = 1_000;
/// A smaller canary says nothing.
const WORTH_IT: i64 = 10;

/// How many notices go first: as many as the campaign asks for, else one per cent of the people in scope
/// and a thousand at most. 0: all go at once, as where one per cent is fewer than ten.
pub fn canary_size(asked: Option<u32>, people: i64) -> i32 {
    let size = match asked {
        Some(asked) => i64::from(asked),
        None => Some((people / 100).min(CANARY))
            .filter(|size| *size >= WORTH_IT)
            .unwrap_or(0),
    };
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Whether the canary ended well, once each of its notices was tried.
///
/// # Errors
/// Why not.
pub fn canary(notices: &BTreeMap<NoticeStatus, i64>, limits: &Breaker) -> Result<(), String> {
    let of = |status| notices.get(&status).copied().unwrap_or(0);
    let all = notices.values().sum::<i64>() - of(NoticeStatus::Withheld);
    let (sent, deferred) = (of(NoticeStatus::Sent), of(NoticeStatus::Deferred));
    let bounced = of(NoticeStatus::Bounced) + of(NoticeStatus::Expired);
    if all == 0 {
        return Ok(());
    }
    if exceeds(bounced, all, limits.bounce_pause_percent) {
        return Err(format!("{bounced} of the first {all} bounced"));
    }
    if exceeds(deferred, all, limits.error_pause_percent) {
        return Err(format!("{deferred} of the first {all} were deferred"));
    }
    if sent == 0 {
        return Err(format!("none of the first {all} was accepted"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::breaker::tests::BREAKER;
    use super::*;

    fn slice(counts: &[(NoticeStatus, i64)]) -> Result<(), String> {
        canary(&counts.iter().copied().collect(), &BREAKER)
    }

    #[test]
    fn the_canary_is_the_smaller_of_a_thousand_and_one_per_cent() {
        assert_eq!(canary_size(None, 10_000_000), 1_000);
        assert_eq!(canary_size(None, 50_000), 500);
        assert_eq!(canary_size(None, 999), 0, "nothing to learn from nine");
        assert_eq!(canary_size(Some(7), 50), 7);
        assert_eq!(canary_size(Some(0), 10_000_000), 0);
    }

    #[test]
    fn a_canary_ends_well_or_says_why_not() {
        use NoticeStatus::*;
        assert_eq!(slice(&[(Sent, 90), (Bounced, 10)]), Ok(()));
        let bounced = slice(&[(Sent, 89), (Bounced, 9), (Expired, 2)]);
        assert_eq!(bounced, Err("11 of the first 100 bounced".to_owned()));
        assert!(slice(&[(Sent, 40), (Deferred, 60)]).is_err());
        assert!(slice(&[(Uncertain, 3)]).is_err());
        assert_eq!(
            slice(&[(Withheld, 5)]),
            Ok(()),
            "there was nobody to send to"
        );
    }
}
