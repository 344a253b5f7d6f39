//! What a change of people does to the counters of the account: people of one kind come to some counters
//! and leave others.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::PersonStanding;
use super::flags::WithheldReason;
use crate::db::schema::sql_types;
use crate::pg_enum;

pg_enum! {
    /// By what the account is divided.
    pub enum AccountKind: AccountKind {
        /// By the law that applies; empty if it is not known.
        Jurisdiction = "jurisdiction",
        /// By the language they read.
        Locale = "locale",
        /// By what was exposed: a person counts once for each element.
        Element = "element",
        /// By why they are withheld.
        Reason = "reason",
    }
}

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
    /// How many more.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// Which counter of the totals: bucket, standing, whether something exposed is not yet named.
pub type Total = (i32, PersonStanding, bool);
/// Which counter of the parts: kind, bucket, value, standing, whether something (of an element: it) is not
/// yet named.
pub type Part = (AccountKind, i32, String, PersonStanding, bool);

/// By how much each counter moves, in the order in which all writers lock them.
pub fn counters(moved: &[Moved]) -> (BTreeMap<Total, i64>, BTreeMap<Part, i64>) {
    let (mut totals, mut parts) = (BTreeMap::new(), BTreeMap::new());
    for m in moved {
        let unnamed = m.exposed & !m.named;
        *totals
            .entry((m.bucket, m.standing, unnamed != 0))
            .or_default() += m.n;
        let mut part = |kind, value: String, incomplete| {
            *parts
                .entry((kind, m.bucket, value, m.standing, incomplete))
                .or_default() += m.n;
        };
        part(
            AccountKind::Jurisdiction,
            m.jurisdiction.clone(),
            unnamed != 0,
        );
        part(AccountKind::Locale, m.locale.clone(), unnamed != 0);
        if let Some(reason) = m.withheld {
            part(
                AccountKind::Reason,
                reason.as_str().to_owned(),
                unnamed != 0,
            );
        }
        for bit in (0..63).filter(|bit| m.exposed >> bit & 1 == 1) {
            part(
                AccountKind::Element,
                bit.to_string(),
                unnamed >> bit & 1 == 1,
            );
        }
    }
    totals.retain(|_, n| *n != 0);
    parts.retain(|_, n| *n != 0);
    (totals, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_is_told_of_one_of_two_elements_moves_once_in_each_part() {
        use PersonStanding::{InProgress, Notified};
        let before = Moved {
            bucket: 3,
            standing: InProgress,
            withheld: None,
            jurisdiction: "US-CA".to_owned(),
            locale: "en".to_owned(),
            exposed: 0b101,
            named: 0,
            n: -1,
        };
        let after = Moved {
            standing: Notified,
            named: 0b001,
            n: 1,
            ..before.clone()
        };
        let (totals, parts) = counters(&[before, after]);
        let expected = [((3, InProgress, true), -1), ((3, Notified, true), 1)];
        assert_eq!(totals, BTreeMap::from(expected));
        let element = |bit: &str, standing, incomplete| {
            let key = (
                AccountKind::Element,
                3,
                bit.to_owned(),
                standing,
                incomplete,
            );
            parts.get(&key).copied()
        };
        assert_eq!(element("0", Notified, false), Some(1));
        assert_eq!(element("2", Notified, true), Some(1));
        assert_eq!(element("2", InProgress, true), Some(-1));
        assert_eq!(parts.len(), 8);
    }
}
