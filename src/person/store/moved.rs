//! Changes of standing, by kind: what the account counts of them.

use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

use super::super::flags::{Flags, WithheldReason};
use super::super::{CorrectionDue, PersonStanding, correction_due};
use crate::db::schema::sql_types;
use crate::element::ElementSet;

/// People who are alike in all that the account counts: `n` more of them, or fewer.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Moved {
    /// Where they live.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// Where they stand.
    #[diesel(sql_type = sql_types::PersonStanding)]
    pub standing: PersonStanding,
    /// Why they are withheld, if they are.
    #[diesel(sql_type = Nullable<sql_types::WithheldReason>)]
    pub withheld: Option<WithheldReason>,
    /// Which law applies; empty if not known.
    #[diesel(sql_type = Text)]
    pub jurisdiction: String,
    /// Which language they read.
    #[diesel(sql_type = Text)]
    pub locale: String,
    /// What was exposed, as bits.
    #[diesel(sql_type = BigInt)]
    pub exposed: i64,
    /// What was named to them, as bits.
    #[diesel(sql_type = BigInt)]
    pub named: i64,
    /// Their flags, as bits.
    #[diesel(sql_type = Integer)]
    pub flags: i32,
    /// Whether an e-mail address takes mail; of people who were told nothing it does not matter.
    #[diesel(sql_type = Bool)]
    pub reachable: bool,
    /// How many more.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

impl Moved {
    /// How they are to be corrected, and whether they are minors; `None` for an element or a flag that the program does
    /// not know.
    pub(crate) fn due(&self) -> Option<(CorrectionDue, bool)> {
        let flags = Flags::from_bits(self.flags)?;
        let exposed = ElementSet::from_bits(self.exposed)?;
        let named = ElementSet::from_bits(self.named)?;
        let retracted = self.standing == PersonStanding::Retracted;
        let due = correction_due(retracted, (exposed, named), flags, self.reachable);
        Some((due, flags.contains(Flags::MINOR)))
    }
}
