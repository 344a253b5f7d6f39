//! Follows the rows of the log in the order of their numbers and tells the chain from rows outside of it.

use super::{Flaw, Head, Linked};

/// The chain as far as it was followed.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The last event of the chain.
    last: Head,
    /// The hash that the last event continues; `None` before the first.
    before: Option<Vec<u8>>,
    /// What the contents of the last event hash to, if that is not its stored hash.
    computed: Option<Vec<u8>>,
    events: i64,
}

/// What a row does to the chain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the next event.
    Follows,
    /// It is the next event by its predecessor, and was altered.
    Altered,
    /// It does not continue the last event.
    Differs,
}

impl Chain {
    /// The last event of the chain.
    pub(crate) fn last(&self) -> &Head {
        &self.last
    }

    /// How many events the chain has.
    pub(crate) fn events(&self) -> i64 {
        self.events
    }

    /// How the row relates to the chain; a row that continues it is taken.
    pub(crate) fn step(&mut self, row: &Linked) -> Step {
        let fits =
            row.prev_hash == self.last.hash || self.computed.as_ref() == Some(&row.prev_hash);
        match (fits, row.is_intact()) {
            (false, _) => Step::Differs,
            (true, intact) => {
                self.take(row);
                if intact { Step::Follows } else { Step::Altered }
            }
        }
    }

    /// Whether the row continues what the last event continues: one of the two is outside of the chain.
    pub(crate) fn rivals_last(&self, row: &Linked) -> bool {
        self.before.as_ref() == Some(&row.prev_hash)
    }

    /// Goes on at this row.
    pub(crate) fn take(&mut self, row: &Linked) {
        self.computed = (!row.is_intact()).then(|| row.compute_hash().to_vec());
        self.before = Some(row.prev_hash.clone());
        self.last = Head {
            seq: row.seq,
            hash: row.hash.clone(),
        };
        self.events += 1;
    }

    /// Goes on at this row instead of at the last event.
    pub(crate) fn replace_last(&mut self, row: &Linked) {
        self.events -= 1;
        self.take(row);
    }

    /// Compares the end of the chain with what the head says.
    pub(crate) fn end(&self, head: &Head) -> Option<Flaw> {
        let ends = self.last.hash == head.hash || self.computed.as_ref() == Some(&head.hash);
        match () {
            () if self.last.seq != head.seq => Some(Flaw::Cut {
                found: self.last.seq,
                expected: head.seq,
            }),
            () if !ends => Some(Flaw::Altered(head.seq)),
            () => None,
        }
    }
}
