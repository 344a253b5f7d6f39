//! Whether a move may be made: the table of [`super::status`] applied to one ticket. Pure.

use crate::invisible::shows_nothing;
use chrono::{DateTime, TimeDelta, Utc};

use super::status::{Need, Party, TicketResolution, TicketStatus};
use super::{REASON_LIMIT, Then};

/// How far away the next look at a ticket on hold may be.
const LONGEST_HOLD: TimeDelta = TimeDelta::days(90);

/// Why a move was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The published table has no such move.
    #[error("a ticket cannot go from {from} to {to}")]
    IllegalMove {
        /// Where it stands.
        from: TicketStatus,
        /// Where it was to go.
        to: TicketStatus,
    },
    /// The table has it, but not for this party.
    #[error("a ticket goes from {from} to {to} by itself, not by hand")]
    NotByHand {
        /// Where it stands.
        from: TicketStatus,
        /// Where it was to go.
        to: TicketStatus,
    },
    /// Something is missing.
    #[error("this needs {0}")]
    Needs(Need),
}

/// What the customer has heard from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// A message or call in this act.
    pub now: bool,
    /// A message or call in this act or before.
    pub ever: bool,
}

/// Checks the move of a ticket that stands at `from`.
///
/// # Errors
/// The [`Refusal`].
pub fn check(
    from: TicketStatus,
    then: &Then,
    by: Party,
    said: Said,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let to = then.to;
    let movers = from.movers(to);
    if movers.is_empty() {
        return Err(Refusal::IllegalMove { from, to });
    }
    if !movers.contains(&by) {
        return Err(Refusal::NotByHand { from, to });
    }
    if then
        .reason
        .as_deref()
        .is_some_and(|reason| !is_reason(reason))
    {
        return Err(Refusal::Needs(Need::Reason));
    }
    let need = from.need(to);
    let resolution = then.resolution;
    let met = match need {
        // What a clock closes was solved before; what it solves, it says how.
        _ if by != Party::Staff => {
            from == TicketStatus::Solved || !to.is_done() || resolution.is_some()
        }
        Need::Nothing => true,
        Need::Message => said.now,
        Need::Reason => then.reason.is_some(),
        Need::Review => {
            let ahead = |at| at > now && at - now <= LONGEST_HOLD;
            then.reason.is_some() && then.review_at.is_some_and(ahead)
        }
        Need::Answer | Need::Clearance => resolution
            .is_some_and(|how| need.resolutions().contains(&how) && (said.ever || !is_answer(how))),
    };
    met.then_some(()).ok_or(Refusal::Needs(need))
}

fn is_reason(text: &str) -> bool {
    !shows_nothing(text) && text.chars().count() <= REASON_LIMIT && !text.contains('\0')
}

/// Whether this end claims that we said something.
fn is_answer(how: TicketResolution) -> bool {
    use TicketResolution::{Answered, NoResponse, Referred};
    matches!(how, Answered | NoResponse | Referred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use TicketStatus::*;

    const SILENT: Said = Said {
        now: false,
        ever: false,
    };
    const SAID: Said = Said {
        now: true,
        ever: true,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_629_450_672, 0).expect("a moment")
    }

    fn by_staff(from: TicketStatus, then: &Then, said: Said) -> Result<(), Refusal> {
        check(from, then, Party::Staff, said, now())
    }

    #[test]
    fn each_move_needs_what_the_table_says() {
        let needs = |need| Err(Refusal::Needs(need));
        let hold = Then::to(OnHold)
            .because("bank")
            .review(now() + TimeDelta::days(3));
        assert_eq!(
            by_staff(Open, &Then::to(Pending), SILENT),
            needs(Need::Message)
        );
        assert_eq!(by_staff(Open, &Then::to(Pending), SAID), Ok(()));
        assert_eq!(by_staff(Open, &hold, SILENT), Ok(()));
        for bad in [
            Then::to(OnHold),
            Then::to(OnHold).because("bank"),
            Then::to(OnHold)
                .review(now() + TimeDelta::days(1))
                .because("x")
                .review(now()),
            hold.clone().review(now() + TimeDelta::days(91)),
        ] {
            assert_eq!(by_staff(Open, &bad, SAID), needs(Need::Review));
        }
        assert_eq!(by_staff(Open, &Then::solved(), SILENT), needs(Need::Answer));
        assert_eq!(by_staff(New, &Then::solved(), SAID), Ok(()));
        let withdrawn = Then::to(Solved).ended(TicketResolution::Withdrawn);
        assert_eq!(by_staff(Open, &withdrawn, SILENT), Ok(()));
        let spam = Then::to(Closed).ended(TicketResolution::Spam);
        assert_eq!(by_staff(New, &spam, SILENT), Ok(()));
        assert_eq!(
            by_staff(Open, &spam.ended(TicketResolution::Answered), SAID),
            needs(Need::Clearance)
        );
        assert_eq!(
            by_staff(Open, &Then::to(Solved).ended(TicketResolution::Spam), SAID),
            needs(Need::Answer)
        );
        assert_eq!(by_staff(Solved, &Then::to(Open), SAID), needs(Need::Reason));
        assert_eq!(
            by_staff(Open, &hold.because(" "), SAID),
            needs(Need::Reason)
        );
    }

    #[test]
    fn only_the_clock_closes_what_is_solved() {
        let closed = Then::to(Closed);
        let refused = Refusal::NotByHand {
            from: Solved,
            to: Closed,
        };
        assert_eq!(by_staff(Solved, &closed, SAID), Err(refused));
        assert_eq!(check(Solved, &closed, Party::System, SILENT, now()), Ok(()));
        assert_eq!(
            check(Pending, &Then::to(Solved), Party::System, SAID, now()),
            Err(Refusal::Needs(Need::Answer))
        );
    }
}
