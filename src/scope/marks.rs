//! What is asked about a row in addition to whether it names another person, as the bits of `scope_row.marks`.

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks(i16);

impl Marks {
    /// None.
    pub const NONE: Self = Self(0);
    /// The person had an e-mail address, and the row has none.
    pub const EMAIL_LOST: Self = Self(1);
    /// The person had a postal address, and the row has none.
    pub const ADDRESS_LOST: Self = Self(1 << 1);
    /// An address of before is not theirs any more: links that went there end, should they be the same person.
    pub const LINKS_END: Self = Self(1 << 2);

    /// The bits, as stored.
    pub const fn bits(self) -> i16 {
        self.0
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
