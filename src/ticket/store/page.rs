//! Where pages of tickets end, and where the next begin.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::id::TicketId;
use crate::ticket::Ticket;

/// Where a page ended; opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(super) urgency: i32,
    pub(super) at: DateTime<Utc>,
    pub(super) id: TicketId,
}

/// Text that is not a cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: take it from \"next\" of the page before, or leave it out")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.urgency.to_be_bytes().to_vec();
        bytes.extend(self.at.timestamp_micros().to_be_bytes());
        bytes.extend(self.id.uuid().as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACursor)?;
        let bytes = <[u8; 28]>::try_from(bytes).map_err(|_| NotACursor)?;
        let (urgency, rest) = bytes.split_first_chunk::<4>().ok_or(NotACursor)?;
        let (at, id) = rest.split_first_chunk::<8>().ok_or(NotACursor)?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at)).ok_or(NotACursor)?;
        let id = uuid::Uuid::from_slice(id).map_err(|_| NotACursor)?;
        Ok(Self {
            urgency: i32::from_be_bytes(*urgency),
            at,
            id: TicketId::from_uuid(id),
        })
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The tickets.
    pub items: Vec<Ticket>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl Page {
    pub(super) fn cut(
        mut items: Vec<Ticket>,
        limit: i64,
        at: fn(&Ticket) -> DateTime<Utc>,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| Cursor {
            urgency: last.urgency.score,
            at: at(last),
            id: last.id,
        });
        Self { items, next }
    }
}

/// Where the rest of a list lies, behind a cursor. The columns of its order do not all rise or fall together, so that no
/// single comparison of rows says what follows. Each range is one piece of the list's index; read one after the other
/// they are the rest in its order.
#[derive(Clone, Copy)]
pub(super) enum Range {
    /// The whole list.
    All,
    /// Opened at the same time, behind the cursor's ticket.
    SameTime(Cursor),
    /// Opened before.
    Earlier(Cursor),
    /// As urgent, behind the cursor's ticket.
    SameUrgency(Cursor),
    /// Less urgent.
    LessUrgent(Cursor),
}

/// The ranges behind a cursor; without one, all.
pub(super) fn ranges(after: Option<Cursor>, of: [fn(Cursor) -> Range; 2]) -> Vec<Range> {
    match after {
        Some(cursor) => of.map(|range| range(cursor)).to_vec(),
        None => vec![Range::All],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_nothing_makes_it_panic(
            urgency: i32, micros in -1_000_000_000_000_000_i64..4_000_000_000_000_000, id: [u8; 16], text: String,
        ) {
            let at = DateTime::from_timestamp_micros(micros).expect("in range");
            let cursor = Cursor { urgency, at, id: TicketId::from_uuid(uuid::Uuid::from_bytes(id)) };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            let _ = text.parse::<Cursor>();
        }
    }
}
