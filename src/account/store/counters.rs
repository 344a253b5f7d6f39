//! The counters of the account in the database (promise P1): people of one kind are added to some counters and subtracted
//! from others.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::AccountKind;
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result, statement};
use crate::id::IncidentId;
use crate::person::store::Moved;
use crate::person::{self, CorrectionDue, PersonStanding, Settled};

/// Which counter of the totals: bucket, standing, whether something exposed is not yet named, how they are to be
/// corrected, whether they are minors.
type Total = (i32, PersonStanding, bool, CorrectionDue, bool);
/// Which counter of the parts: kind, bucket, value, standing, whether something (of an element: it) is not
/// yet named. The value is the bit of an element, or the number of a word.
type Part = (AccountKind, i32, u32, PersonStanding, bool);
/// The same with the value in words, in the order in which all writers lock.
type WordedPart<'m> = (AccountKind, i32, Cow<'m, str>, PersonStanding, bool);

/// By how much each counter of an account moves: as large as the account, however many kinds of people move.
#[derive(Debug)]
pub struct Moves {
    incident: IncidentId,
    totals: BTreeMap<Total, i64>,
    parts: HashMap<Part, i64>,
    words: Vec<String>,
    numbers: HashMap<String, u32>,
    in_scope: i64,
}

impl Moves {
    /// None yet.
    pub fn of(incident: IncidentId) -> Self {
        Self {
            incident,
            totals: BTreeMap::new(),
            parts: HashMap::new(),
            words: Vec::new(),
            numbers: HashMap::new(),
            in_scope: 0,
        }
    }

    /// The incident of the account.
    pub fn incident(&self) -> IncidentId {
        self.incident
    }

    /// How many more people are in scope.
    pub fn in_scope(&self) -> i64 {
        self.in_scope
    }

    /// Counts some people.
    ///
    /// # Errors
    /// `Inconsistent` for an element or a flag that the program does not know.
    pub fn add(&mut self, m: &Moved) -> Result<()> {
        let unknown = || Error::inconsistent("account_count", self.incident);
        let (due, minor) = m.due().ok_or_else(unknown)?;
        if m.standing != PersonStanding::Retracted {
            self.in_scope += m.n;
        }
        let unnamed = m.exposed & !m.named;
        let total = (m.bucket, m.standing, unnamed != 0, due, minor);
        *self.totals.entry(total).or_default() += m.n;
        let reason = m
            .withheld
            .map(|reason| (AccountKind::Reason, reason.as_str()));
        let words = [
            Some((AccountKind::Jurisdiction, m.jurisdiction.as_str())),
            Some((AccountKind::Locale, m.locale.as_str())),
            reason,
        ];
        for (kind, word) in words.into_iter().flatten() {
            let part = (kind, m.bucket, self.number(word), m.standing, unnamed != 0);
            *self.parts.entry(part).or_default() += m.n;
        }
        for bit in (0..63).filter(|bit| m.exposed >> bit & 1 == 1) {
            let incomplete = unnamed >> bit & 1 == 1;
            let part = (AccountKind::Element, m.bucket, bit, m.standing, incomplete);
            *self.parts.entry(part).or_default() += m.n;
        }
        Ok(())
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).expect("fewer words than rows of a list");
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), number);
        number
    }

    fn value(&self, kind: AccountKind, number: u32) -> Cow<'_, str> {
        match kind {
            AccountKind::Element => number.to_string().into(),
            AccountKind::Jurisdiction | AccountKind::Locale | AccountKind::Reason => {
                self.words[number as usize].as_str().into()
            }
        }
    }

    /// The counters of the parts that move.
    fn worded(&self) -> Vec<(WordedPart<'_>, i64)> {
        let moved = self.parts.iter().filter(|(_, n)| **n != 0);
        let worded = moved.map(|((kind, bucket, number, standing, incomplete), n)| {
            let value = self.value(*kind, *number);
            ((*kind, *bucket, value, *standing, *incomplete), *n)
        });
        let mut parts: Vec<_> = worded.collect();
        parts.sort_unstable();
        parts
    }
}

/// Counters that one statement moves at most.
const AT_ONCE: usize = 8_192;

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

/// Records what became of messages to people of one bucket, each person once. Their facts change, their standing
/// follows, and the account moves by exactly the difference.
///
/// # Errors
/// The database's; `Inconsistent` for an element or a flag that the program does not know.
pub async fn settle(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
    settled: &[Settled],
) -> Result<()> {
    let mut moves = Moves::of(incident);
    for some in person::store::settle(conn, incident, bucket, settled).await? {
        moves.add(&some)?;
    }
    add(conn, &moves).await
}

/// Adds the moves to the counters of the account. Their rows are few and shared by all who write to the bucket: call it
/// last before the audit.
///
/// # Errors
/// The database's.
pub async fn add(conn: &mut Conn, moves: &Moves) -> Result<()> {
    let totals: Vec<_> = moves.totals.iter().filter(|(_, n)| **n != 0).collect();
    if !totals.is_empty() {
        move_totals(conn, moves.incident, &totals).await?;
    }
    for some in moves.worded().chunks(AT_ONCE) {
        move_parts(conn, moves.incident, some).await?;
    }
    Ok(())
}

async fn move_totals(
    conn: &mut Conn,
    incident: IncidentId,
    totals: &[(&Total, &i64)],
) -> Result<()> {
    let each = || totals.iter().map(|(total, _)| *total);
    statement(TOTALS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<Integer>, _>(each().map(|t| t.0).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(each().map(|t| t.1).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(each().map(|t| t.2).collect::<Vec<_>>())
        .bind::<Array<sql_types::CorrectionDue>, _>(each().map(|t| t.3).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(each().map(|t| t.4).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(totals.iter().map(|(_, n)| **n).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

async fn move_parts(
    conn: &mut Conn,
    incident: IncidentId,
    parts: &[(WordedPart<'_>, i64)],
) -> Result<()> {
    let each = || parts.iter().map(|(part, _)| part);
    statement(PARTS)
        .bind::<Uuid, _>(incident)
        .bind::<Array<sql_types::AccountKind>, _>(each().map(|p| p.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(each().map(|p| p.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|p| &*p.2).collect::<Vec<_>>())
        .bind::<Array<sql_types::PersonStanding>, _>(each().map(|p| p.3).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(each().map(|p| p.4).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(parts.iter().map(|(_, n)| *n).collect::<Vec<_>>())
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
        let mut moves = Moves::of(IncidentId::new(chrono::DateTime::UNIX_EPOCH));
        moves.add(&before).unwrap();
        moves.add(&after).unwrap();
        let parts: BTreeMap<_, _> = moves.worded().into_iter().collect();
        let none = CorrectionDue::None;
        let expected = [
            ((3, InProgress, true, none, false), -1),
            ((3, Notified, true, none, false), 1),
        ];
        assert_eq!(moves.totals, BTreeMap::from(expected));
        assert_eq!(moves.in_scope(), 0);
        let element = |bit: &str, standing, incomplete| {
            let key = (
                AccountKind::Element,
                3,
                Cow::from(bit.to_owned()),
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
