//! Whether a canary ended well.

use std::collections::BTreeMap;

use super::breaker::exceeds;
use crate::config::Breaker;
use crate::notice::NoticeStatus;

/// Whether the canary ended well, once each of its notices was tried.
///
/// # Errors
/// Why not.
pub(crate) fn canary(
    notices: &BTreeMap<NoticeStatus, i64>,
    limits: &Breaker,
) -> Result<(), String> {
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
