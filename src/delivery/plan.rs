//! What is to be done with a notice of a leased batch: it has ended, it must not be sent any more, or it is to be sent
//! now. Pure; the sender reads what is decided from.

use chrono::{DateTime, TimeDelta, Utc};

use crate::notice::NoticeStatus;
use crate::person::flags::WithheldReason;

/// An attempt that began later than this after a list was applied to its bucket went to an address of that list: the
/// transaction that applied it had ended by then, whatever the clocks of the nodes say, and no sender still had the
/// former address.
const SURE: TimeDelta = TimeDelta::minutes(10);

/// Where the last recorded attempt leaves a notice, and when it is tried again if it is deferred.
pub(crate) type End = (NoticeStatus, Option<DateTime<Utc>>);

/// What is to be done with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is sent.
    Send,
    /// It is not sent by this sender.
    Stands {
        /// Where it stands.
        to: NoticeStatus,
        /// When it is tried again, if it is deferred.
        due_at: Option<DateTime<Utc>>,
        /// Why it must not be sent, if it is withheld.
        withheld: Option<WithheldReason>,
    },
}

impl Next {
    fn stands(to: NoticeStatus) -> Self {
        Self::Stands {
            to,
            due_at: None,
            withheld: None,
        }
    }
}

/// What is to be done with a notice of a campaign that is sending: `end` and `doubts` are the recorded end and the number
/// of attempts after which it may have arrived; `fits` says whether it suits its person.
pub(crate) fn next(
    end: Option<End>,
    doubts: u32,
    fits: impl FnOnce() -> Result<(), WithheldReason>,
    now: DateTime<Utc>,
) -> Next {
    match end {
        Some((NoticeStatus::Deferred, due_at)) if due_at.is_some_and(|due| due > now) => {
            Next::Stands {
                to: NoticeStatus::Deferred,
                due_at,
                withheld: None,
            }
        }
        Some((to, _)) if to != NoticeStatus::Deferred => Next::stands(to),
        _ => match fits() {
            Ok(()) => Next::Send,
            // It may have arrived.
            Err(_) if doubts > 0 => Next::stands(NoticeStatus::Uncertain),
            Err(reason) => Next::Stands {
                to: NoticeStatus::Withheld,
                due_at: None,
                withheld: Some(reason),
            },
        },
    }
}

/// The end of a notice of a cancelled campaign or a forgotten incident.
pub(crate) fn cancelled(end: Option<End>, doubts: u32) -> NoticeStatus {
    match end {
        // It may have arrived.
        Some((NoticeStatus::Deferred, _)) | None if doubts > 0 => NoticeStatus::Uncertain,
        Some((NoticeStatus::Deferred, _)) | None => NoticeStatus::Cancelled,
        Some((to, _)) => to,
    }
}

/// Whether a recorded end is an answer about the address that the message went to.
pub(crate) fn is_answered(end: Option<End>) -> bool {
    matches!(
        end,
        Some((
            NoticeStatus::Sent | NoticeStatus::Bounced | NoticeStatus::Expired,
            _
        ))
    )
}

/// Whether an attempt of a dead sender went to an address of the list that was applied at `list_at`.
pub(crate) fn went_to_the_address_of(
    list_at: DateTime<Utc>,
    tried_at: Option<DateTime<Utc>>,
) -> bool {
    tried_at.is_some_and(|tried| tried - list_at > SURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NoticeStatus::{Bounced, Cancelled, Deferred, Expired, Sent, Uncertain, Withheld};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_660, 0).expect("a moment")
    }

    fn planned(end: Option<End>, doubts: u32, fits: Result<(), WithheldReason>) -> Next {
        next(end, doubts, || fits, now())
    }

    #[test]
    fn a_notice_without_an_end_is_sent_if_it_suits_its_person() {
        let changed = Err(WithheldReason::Changed);
        let due = Some((Deferred, Some(now())));
        for end in [None, due, Some((Deferred, None))] {
            assert_eq!(planned(end, 0, Ok(())), Next::Send);
            assert_eq!(planned(end, 1, Ok(())), Next::Send);
            let withheld = Next::Stands {
                to: Withheld,
                due_at: None,
                withheld: Some(WithheldReason::Changed),
            };
            assert_eq!(planned(end, 0, changed), withheld);
            let may_have_arrived = Next::stands(Uncertain);
            assert_eq!(planned(end, 1, changed), may_have_arrived);
        }
    }

    #[test]
    fn a_notice_that_has_ended_or_is_not_due_stands_where_it_is_and_its_person_is_not_asked_for() {
        let later = Some(now() + TimeDelta::minutes(1));
        let never = || -> Result<(), WithheldReason> { panic!("asked for the person") };
        let waits = Next::Stands {
            to: Deferred,
            due_at: later,
            withheld: None,
        };
        assert_eq!(next(Some((Deferred, later)), 0, never, now()), waits);
        for to in [Sent, Bounced, Expired, Uncertain] {
            assert_eq!(next(Some((to, None)), 0, never, now()), Next::stands(to));
        }
    }

    #[test]
    fn a_cancelled_notice_may_have_arrived_after_an_uncertain_attempt() {
        for end in [None, Some((Deferred, Some(now())))] {
            assert_eq!(cancelled(end, 0), Cancelled);
            assert_eq!(cancelled(end, 1), Uncertain);
        }
        assert_eq!(cancelled(Some((Sent, None)), 1), Sent);
    }

    #[test]
    fn an_address_is_known_only_of_attempts_well_after_its_list() {
        let after = |minutes| Some(now() + TimeDelta::minutes(minutes));
        assert!(!went_to_the_address_of(now(), None));
        assert!(!went_to_the_address_of(now(), after(10)));
        assert!(went_to_the_address_of(now(), after(11)));
        for answered in [Sent, Bounced, Expired] {
            assert!(is_answered(Some((answered, None))));
        }
        assert!(!is_answered(Some((Uncertain, None))) && !is_answered(None));
    }
}
