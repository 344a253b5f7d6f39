//! How large the canary of a campaign is, and where it stands.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_is_the_smaller_of_a_thousand_and_one_per_cent() {
        assert_eq!(canary_size(None, 10_000_000), 1_000);
        assert_eq!(canary_size(None, 50_000), 500);
        assert_eq!(canary_size(None, 999), 0, "nothing to learn from nine");
        assert_eq!(canary_size(Some(7), 50), 7);
        assert_eq!(canary_size(Some(0), 10_000_000), 0);
    }
}
