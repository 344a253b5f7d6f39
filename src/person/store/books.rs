//! The counters of the account in the database: people of one kind come to some counters and leave others.

use std::collections::BTreeMap;

use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::books::AccountKind;
use super::super::flags::{Flags, WithheldReason};
use super::super::{CorrectionDue, PersonStanding, correction_due};
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::IncidentId;

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
    fn due(&self) -> Option<(CorrectionDue, bool)> {
        let flags = Flags::from_bits(self.flags)?;
        let exposed = ElementSet::from_bits(self.exposed)?;
        let named = ElementSet::from_bits(self.named)?;
        let retracted = self.standing == PersonStanding::Retracted;
        let due = correction_due(retracted, (exposed, named), flags, self.reachable);
        Some((due, flags.contains(Flags::MINOR)))
    }
}

/// Which counter of the totals: bucket, standing, whether something exposed is not yet named, how they are to be
/// corrected, whether they are minors.
type Total = (i32, PersonStanding, bool, CorrectionDue, bool);
/// Which counter of the parts: kind, bucket, value, standing, whether something (of an element: it) is not
/// yet named.
type Part = (AccountKind, i32, String, PersonStanding, bool);

/// By how much each counter moves, in the order in which all writers lock them.
type Counters = (BTreeMap<Total, i64>, BTreeMap<Part, i64>);

/// `None` for an element or a flag that the program does not know.
fn counters(moved: &[Moved]) -> Option<Counters> {
    let (mut totals, mut parts) = (BTreeMap::new(), BTreeMap::new());
    for m in moved {
        let unnamed = m.exposed & !m.named;
        let (due, minor) = m.due()?;
        *totals
            .entry((m.bucket, m.standing, unnamed != 0, due, minor))
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
    Some((totals, parts))
}

// The arrays come in the order in which all writers lock.
const TOTALS: &str = "
    insert into account_count (incident_id, bucket, standing, incomplete, correction, minor, n)
    select $1, m.bucket, m.standing, m.incomplete, m.correction, m.minor, m.n
    from unnest($2, $3, $4, $5, $6, $7) as m (bucket, standing, incomplete, correction, minor, n)
    on conflict (incident_id, bucket, standing, incomplete, correction, minor)
        do update set n = account_count.n + excluded.n";

const PARTS: &str = "
    insert into account_part (incident_id, kind, bucket, value, standing, incomplete, n)
    select $1, m.kind, m.bucket, m.value, m.standing, m.incomplete, m.n
    from unnest($2, $3, $4, $5, $6, $7) as m (kind, bucket, value, standing, incomplete, n)
    on conflict (incident_id, kind, bucket, value, standing, incomplete)
        do update set n = account_part.n + excluded.n";

/// Moves the counters of the account. Their rows are few and shared by all who write to the bucket: call it
/// last before the audit.
///
/// # Errors
/// The database's.
pub async fn move_account(conn: &mut Conn, incident: IncidentId, moved: &[Moved]) -> Result<()> {
    let unknown = || Error::inconsistent("account_count", incident);
    let (totals, parts) = counters(moved).ok_or_else(unknown)?;
    if totals.is_empty() && parts.is_empty() {
        return Ok(());
    }
    statement(TOTALS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<Integer>, _>(totals.keys().map(|t| t.0).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(totals.keys().map(|t| t.1).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(totals.keys().map(|t| t.2).collect::<Vec<_>>())
        .bind::<Array<sql_types::CorrectionDue>, _>(totals.keys().map(|t| t.3).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(totals.keys().map(|t| t.4).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(totals.values().copied().collect::<Vec<_>>())
        .execute(conn)
        .await?;
    statement(PARTS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<sql_types::AccountKind>, _>(parts.keys().map(|p| p.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(parts.keys().map(|p| p.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(parts.keys().map(|p| p.2.as_str()).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(parts.keys().map(|p| p.3).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(parts.keys().map(|p| p.4).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(parts.values().copied().collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
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
            flags: 0,
            reachable: true,
            n: -1,
        };
        let after = Moved {
            standing: Notified,
            named: 0b001,
            n: 1,
            ..before.clone()
        };
        let (totals, parts) = counters(&[before, after]).unwrap();
        let none = CorrectionDue::None;
        let expected = [
            ((3, InProgress, true, none, false), -1),
            ((3, Notified, true, none, false), 1),
        ];
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
