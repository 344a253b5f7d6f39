//! THE table of a ticket's moves (promise P8): the legal moves, who may make each, and what each needs. The SQL guard,
//! the buttons and the documentation derive from it; the foreign key of `ticket_history` holds the same pairs and
//! [`compare`] refuses a start if they differ.

use chrono::{DateTime, TimeDelta, Utc};

use crate::actor::Actor;
use crate::pg_enum;

pg_enum! {
    /// Where a ticket stands.
    pub enum TicketStatus: TicketStatus {
        /// No agent has worked on it.
        New = "new",
        /// An agent, or the helpline, owes the next step.
        Open = "open",
        /// The customer owes an answer.
        Pending = "pending",
        /// Another office works on it; looked at again at `review_at`.
        OnHold = "on_hold",
        /// Answered; the customer may reopen it.
        Solved = "solved",
        /// Over, for good.
        Closed = "closed",
    }
}

pg_enum! {
    /// How a ticket ended.
    pub enum TicketResolution: TicketResolution {
        /// We answered.
        Answered = "answered",
        /// The customer found the answer themselves.
        SelfService = "self_service",
        /// The same matter is another ticket.
        Duplicate = "duplicate",
        /// It became part of another ticket.
        Merged = "merged",
        /// It was no customer's matter.
        Spam = "spam",
        /// The customer did not answer.
        NoResponse = "no_response",
        /// The customer took it back.
        Withdrawn = "withdrawn",
        /// Another office answers it: the police, a bank, a regulator.
        Referred = "referred",
    }
}

/// Who moves a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A member of staff.
    Staff,
    /// The customer, by writing or by "this did not help".
    Customer,
    /// Candor's own clocks.
    System,
}

impl From<Actor> for Party {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Staff(_) => Self::Staff,
            Actor::Customer(_) => Self::Customer,
            Actor::System(_) => Self::System,
        }
    }
}

/// What a move by staff needs in addition to the right to make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing more.
    Nothing,
    /// A message to the customer, or a call, in the same act.
    Message,
    /// A reason.
    Reason,
    /// A reason, and when to look again.
    Review,
    /// A resolution, and a reply or call in the same act or before.
    Answer,
    /// A resolution that needs no answer: spam, duplicate or merged.
    Clearance,
}

impl Need {
    /// The resolutions that satisfy it; empty if it takes none.
    pub fn resolutions(self) -> &'static [TicketResolution] {
        use TicketResolution as R;
        match self {
            Self::Answer => &[
                R::Answered,
                R::SelfService,
                R::NoResponse,
                R::Withdrawn,
                R::Referred,
            ],
            Self::Clearance => &[R::Spam, R::Duplicate, R::Merged],
            Self::Nothing | Self::Message | Self::Reason | Self::Review => &[],
        }
    }
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing more",
            Self::Message => "a message to the customer",
            Self::Reason => "a reason of 1 to 500 characters",
            Self::Review => {
                "a reason of 1 to 500 characters and a time to look again, at most 90 days away"
            }
            Self::Answer => "an answer to the customer and a resolution that says how it ended",
            Self::Clearance => "a resolution: spam, duplicate or merged",
        })
    }
}

/// What a customer's words do to their ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// They are added; the ticket stays where it is.
    Stay,
    /// They are added and the ticket opens.
    Reopen,
    /// It is too late: they begin a new ticket that follows this one.
    FollowUp,
}

impl TicketStatus {
    /// The 17 legal moves, in the order in which they are offered.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::Open, Self::Solved, Self::Closed],
            Self::Open => &[Self::Pending, Self::OnHold, Self::Solved, Self::Closed],
            Self::Pending => &[Self::Open, Self::OnHold, Self::Solved, Self::Closed],
            Self::OnHold => &[Self::Open, Self::Pending, Self::Solved, Self::Closed],
            Self::Solved => &[Self::Open, Self::Closed],
            Self::Closed => &[],
        }
    }

    /// The statuses from which this one may be reached: the guard of every UPDATE.
    pub fn before(self) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|from| from.after().contains(&self))
            .collect()
    }

    /// Who may make a legal move; empty for an illegal one.
    pub fn movers(self, to: Self) -> &'static [Party] {
        use Party::{Customer, Staff, System};
        if !self.after().contains(&to) {
            return &[];
        }
        match (self, to) {
            (Self::Pending | Self::OnHold, Self::Open) => &[Staff, Customer, System],
            (Self::Solved, Self::Open) => &[Staff, Customer],
            (Self::Pending, Self::Solved) => &[Staff, System],
            (Self::Solved, _) => &[System],
            _ => &[Staff],
        }
    }

    /// The moves that staff may make from here: the buttons.
    pub fn offered(self) -> impl Iterator<Item = Self> {
        let staff = move |to: &Self| self.movers(*to).contains(&Party::Staff);
        self.after().iter().copied().filter(staff)
    }

    /// What this move needs when staff make it.
    pub fn need(self, to: Self) -> Need {
        match (self, to) {
            (Self::Solved, Self::Open) => Need::Reason,
            (_, Self::New | Self::Open) => Need::Nothing,
            (_, Self::Pending) => Need::Message,
            (_, Self::OnHold) => Need::Review,
            (_, Self::Solved) => Need::Answer,
            (_, Self::Closed) => Need::Clearance,
        }
    }

    /// What a customer's message does, `reopen_days` after `solved_at` at the latest.
    pub fn hears(
        self,
        solved_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        reopen_days: i64,
    ) -> Hearing {
        let window = TimeDelta::try_days(reopen_days).unwrap_or(TimeDelta::MAX);
        match self {
            Self::New | Self::Open => Hearing::Stay,
            Self::Pending | Self::OnHold => Hearing::Reopen,
            Self::Solved if solved_at.is_none_or(|at| now - at <= window) => Hearing::Reopen,
            Self::Solved | Self::Closed => Hearing::FollowUp,
        }
    }

    /// Whether the matter is over for now.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Solved | Self::Closed)
    }

    /// What staff read.
    pub fn label_agent(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Open => "Open",
            Self::Pending => "Pending: the customer owes an answer",
            Self::OnHold => "On hold: somebody else owes an answer",
            Self::Solved => "Solved",
            Self::Closed => "Closed",
        }
    }

    /// What the customer reads. On hold, the page adds by when they hear from us (`review_at`).
    pub fn label_customer(self) -> &'static str {
        match self {
            Self::New => "Received: in the queue",
            Self::Open => "An adviser is looking at this",
            Self::Pending => "We need something from you",
            Self::OnHold => "We are waiting for information",
            Self::Solved => "Answered: tell us if this did not help",
            Self::Closed => "Closed",
        }
    }
}

/// Compares the rows of `ticket_transition` with the table above.
///
/// # Errors
/// A sentence that names the pairs only one side has.
pub fn compare(rows: &[(TicketStatus, TicketStatus)]) -> Result<(), String> {
    let code: Vec<_> = TicketStatus::ALL
        .iter()
        .flat_map(|from| from.after().iter().map(|to| (*from, *to)))
        .collect();
    let only =
        |a: &[(TicketStatus, TicketStatus)], b: &[(TicketStatus, TicketStatus)]| -> Vec<String> {
            let pairs = a.iter().filter(|pair| !b.contains(pair));
            pairs.map(|(from, to)| format!("{from} to {to}")).collect()
        };
    let (program, database) = (only(&code, rows), only(rows, &code));
    if program.is_empty() && database.is_empty() {
        return Ok(());
    }
    Err(format!(
        "moves only the program knows: [{}]; moves only the database allows: [{}]",
        program.join(", "),
        database.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::TicketStatus::*;
    use super::*;

    #[test]
    fn seventeen_moves_are_legal_and_each_has_a_mover() {
        let mut legal = Vec::new();
        for from in TicketStatus::ALL {
            for to in TicketStatus::ALL {
                let allowed = from.after().contains(to);
                assert_eq!(allowed, to.before().contains(from));
                assert_eq!(allowed, !from.movers(*to).is_empty());
                legal.extend(allowed.then_some((*from, *to)));
            }
        }
        assert_eq!(legal.len(), 17);
        assert!(New.before().is_empty() && Closed.after().is_empty());
        assert_eq!(Pending.before(), [Open, OnHold]);
        assert_eq!(Solved.offered().collect::<Vec<_>>(), [Open]);
        assert_eq!(compare(&legal), Ok(()));
        legal.push((Closed, Open));
        let why = compare(&legal[1..]).expect_err("they differ");
        assert!(why.contains("new to open") && why.contains("closed to open"));
    }

    #[test]
    fn a_customer_reopens_what_waits_for_them_and_a_solved_ticket_only_for_a_while() {
        let now = DateTime::from_timestamp(1_629_450_672, 0).expect("a moment");
        let ago = |days| Some(now - TimeDelta::days(days));
        assert_eq!(Open.hears(None, now, 14), Hearing::Stay);
        assert_eq!(Pending.hears(None, now, 14), Hearing::Reopen);
        assert_eq!(Solved.hears(ago(14), now, 14), Hearing::Reopen);
        assert_eq!(Solved.hears(ago(15), now, 14), Hearing::FollowUp);
        assert_eq!(Closed.hears(None, now, i64::MAX), Hearing::FollowUp);
    }
}
