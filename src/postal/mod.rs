//! People who are told on paper or by word of mouth: a list taken for a mail house is a batch of letters, which is
//! posted on a day, and some letters come back. The next of kin of people who died and people at protected addresses
//! have lists of their own, and it is recorded who was told, and how.

pub mod code;
pub mod consent;
mod error;
pub mod kept;
mod kind;
mod knows;
pub mod lacking;
mod letter;
pub mod list;
pub mod minors;
pub mod moved;
mod outdated;
pub mod post;
pub mod restore;
pub mod returned;
pub mod slips;
pub mod store;
pub mod take;
mod telling;
pub mod told;
mod words;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::error::PostalError;
pub use self::kind::{MinorsRule, PostalKind, PostalState, PostalStatus};
pub use self::knows::{Counted, Knows, take_back};
pub(crate) use self::letter::owner;
pub use self::letter::{Batch, Item};
pub use self::telling::{How, Telling};
pub use self::words::addressee;

/// Checks the day on which letters of a list that was taken at `taken` were posted. Days are UTC.
///
/// # Errors
/// [`PostalError::InFuture`], [`PostalError::BeforeTaken`].
pub fn check_day(
    on: NaiveDate,
    taken: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), PostalError> {
    let (today, taken) = (now.date_naive(), taken.date_naive());
    if on > today {
        return Err(PostalError::InFuture { on, today });
    }
    if on < taken {
        return Err(PostalError::BeforeTaken { on, taken });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_lies_between_the_list_and_today() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a moment");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let (taken, now) = (at("2026-12-01T10:00:00Z"), at("2026-12-03T08:00:00Z"));
        for fine in ["2026-12-01", "2026-12-03"] {
            assert!(check_day(day(fine), taken, now).is_ok(), "{fine}");
        }
        let early = check_day(day("2026-11-30"), taken, now);
        assert!(matches!(early, Err(PostalError::BeforeTaken { .. })));
        let late = check_day(day("2026-12-04"), taken, now);
        assert!(matches!(late, Err(PostalError::InFuture { .. })));
    }
}
