//! Numbers as people read them, bars and charts. The program computes all geometry, so that pages need neither inline
//! styles nor scripts.

mod bar;
mod chart;
mod labelled;

use askama::Values;

pub use self::bar::{Part, Rect, lay};
pub use self::chart::{Chart, Column, Word};
pub use self::labelled::labelled;

/// Template filters; a page's file says `use crate::web::figures::filters;`.
pub(crate) mod filters {
    #![expect(unreachable_pub, reason = "the macro generates public types")]

    use super::{Values, Whole};
    use crate::web::page::{State, Tone};

    /// `48,213,004`: exact, for figures that prove something.
    #[askama::filter_fn]
    pub(crate) fn count(n: impl Whole, _: &dyn Values) -> askama::Result<String> {
        Ok(super::count(n.whole()))
    }

    /// `in review` for `in_review`.
    #[askama::filter_fn]
    pub(crate) fn plain(state: impl std::fmt::Display, _: &dyn Values) -> askama::Result<String> {
        Ok(state.to_string().replace('_', " "))
    }

    /// `What happened` for `what_happened`.
    #[askama::filter_fn]
    pub(crate) fn headed(key: &str, _: &dyn Values) -> askama::Result<String> {
        let words = key.replace('_', " ");
        let mut letters = words.chars();
        let first = letters
            .next()
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default();
        Ok(first + letters.as_str())
    }

    /// A table with the name of the column in each cell, for pages too narrow for columns.
    #[askama::filter_fn]
    pub(crate) fn labelled(
        table: impl std::fmt::Display,
        _: &dyn Values,
    ) -> askama::Result<askama::filters::Safe<String>> {
        Ok(askama::filters::Safe(super::labelled(&table.to_string())))
    }

    /// The tone of a state.
    #[askama::filter_fn]
    pub(crate) fn tone(state: impl State, _: &dyn Values) -> askama::Result<Tone> {
        Ok(state.tone())
    }
}

/// A whole number, however many references a template put before it.
pub trait Whole {
    /// The number.
    fn whole(&self) -> i64;
}

impl Whole for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}

impl<N: Whole + ?Sized> Whole for &N {
    fn whole(&self) -> i64 {
        (*self).whole()
    }
}

/// `48,213,004`.
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `612`, `12.4 k`, `48.2 M`: three figures at most, rounded down so that nothing is claimed early.
pub fn rounded(n: i64) -> String {
    let (unit, word) = match n.unsigned_abs() {
        0..10_000 => return count(n),
        10_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "bn"),
    };
    let (whole, tenth) = (n / unit, (n % unit).abs() * 10 / unit);
    if whole.abs() >= 100 || tenth == 0 {
        format!("{whole} {word}")
    } else {
        format!("{whole}.{tenth} {word}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(count(48_213_004), "48,213,004");
        assert_eq!(count(-1_000), "−1,000");
        assert_eq!(
            [612, 12_410, 48_213_004].map(rounded),
            ["612", "12.4 k", "48.2 M"]
        );
        assert_eq!([999_999, 76_600_000_000].map(rounded), ["999 k", "76.6 bn"]);
    }
}
