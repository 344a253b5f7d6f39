//! How many refused rows are too many to put a list in force without a second look: each may be a person
//! whom nobody will tell (promise P1).

/// Whether whoever activates a version saw its rejects and wants it in force all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nobody said so.
    NotGiven,
    /// They did.
    Given,
}

impl From<bool> for Consent {
    fn from(given: bool) -> Self {
        if given { Self::Given } else { Self::NotGiven }
    }
}

/// Whether more than `percent` of a list's rows were refused.
pub fn is_needed(accepted: i64, rejected: i64, percent: u32) -> bool {
    let (rejected, rows) = (
        i128::from(rejected),
        i128::from(accepted) + i128::from(rejected),
    );
    rejected * 100 > rows * i128::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_needed_above_the_limit_only() {
        assert!(!is_needed(95, 5, 5));
        assert!(is_needed(94, 6, 5));
        assert!(!is_needed(100, 0, 0));
        assert!(is_needed(100, 1, 0));
        assert!(!is_needed(0, 100, 100));
        assert!(!is_needed(0, 0, 5));
        assert!(is_needed(i64::MAX, i64::MAX, 5));
    }
}
