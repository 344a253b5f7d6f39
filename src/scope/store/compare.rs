//! How a list differs from what is in force, class by class.

use std::ops::Range;

use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::super::ScopeMode;
use super::super::delta::Class;
use super::first::Own;
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::IncidentId;
use crate::person::flags::Flags;

// A row with the flag `retract`, $4, names a person who is not affected after all. `moved`: the contact data are not
// the same, so they may have to be looked at.
const COMPARE: &str = concat!(
    "
    select case when p.standing <> 'retracted' then p.exposed end as before,
        case when r.flags & $4 = 0 then r.exposed end as now,
        coalesce(p.standing <> 'retracted' and r.flags & $4 = 0
            and (p.contact_key, p.locale, p.jurisdiction, p.flags)
                is distinct from (r.contact_key, ",
    said!(locale),
    ", ",
    said!(jurisdiction),
    ", ",
    said!(flags),
    "), false) as contact,
        case when p.standing <> 'retracted' then p.jurisdiction end as was_under,
        case when r.flags & $4 = 0 then ",
    said!(jurisdiction),
    " end as is_under,
        case when r.flags & $4 = 0 then r.jurisdiction end as listed_under,
        case when r.flags & $4 = 0 then p.flags end as flags_before,
        case when r.flags & $4 = 0 then ",
    said!(flags),
    " end as flags_now,
        r.flags & $4 = 0 and p.contact_key <> r.contact_key as moved,
        count(*) as people, r.bucket,
        case when r.flags & $4 = 0 then r.flags end as listed_flags,
        p.told is not null and p.standing <> 'retracted' and case when r.flags & $4 = 0
            then p.named & p.exposed & ~r.exposed <> 0 else p.named <> 0 end as told_too_much
    from scope_row r
    join person_now p on p.bucket = r.bucket and p.reference_key = r.reference_key
    where r.incident_id = $1 and r.version = $2 and p.incident_id = $1
        and r.bucket >= $5 and r.bucket < $6 and p.bucket >= $5 and p.bucket < $6 and not r.other
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13
    union all
    select p.exposed, null, false, p.jurisdiction, null, null, null, null, false, count(*), p.bucket, null,
        p.told is not null and p.named <> 0
    from person_now p
    where $3 and p.incident_id = $1 and p.bucket >= $5 and p.bucket < $6 and p.standing <> 'retracted'
        and not exists (select from scope_row r where r.incident_id = $1 and r.version = $2
            and r.bucket >= $5 and r.bucket < $6 and r.bucket = p.bucket and r.reference_key = p.reference_key)
        and not ",
    on_a_refused_line!(),
    "
    group by 1, 4, 11, 13"
);

// Former persons, as it was answered: they leave.
const FORMER: &str = "
    union all
    select p.exposed, null, false, p.jurisdiction, null, null, null, null, false, count(*), p.bucket, null,
        p.told is not null and p.named <> 0
    from scope_row r
    join person_now p on p.bucket = r.bucket and p.reference_key = r.reference_key
    where r.incident_id = $1 and r.version = $2 and p.incident_id = $1
        and r.bucket >= $5 and r.bucket < $6 and p.bucket >= $5 and p.bucket < $6
        and r.other and p.standing <> 'retracted'
    group by 1, 4, 11, 13";

/// People of one bucket that a version changes in the same way.
#[derive(Debug, diesel::QueryableByName)]
pub struct Compared {
    #[diesel(sql_type = Nullable<BigInt>)]
    before: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    now: Option<i64>,
    #[diesel(sql_type = Bool)]
    contact: bool,
    #[diesel(sql_type = Nullable<Text>)]
    was_under: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    is_under: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    listed_under: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    flags_before: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    flags_now: Option<i32>,
    #[diesel(sql_type = Bool)]
    moved: bool,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Integer)]
    bucket: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    listed_flags: Option<i32>,
    #[diesel(sql_type = Bool)]
    told_too_much: bool,
}

impl Compared {
    /// The bucket, and what changes.
    ///
    /// # Errors
    /// `Inconsistent` if an element or a flag is not known.
    pub fn class(&self, incident: IncidentId) -> Result<(i32, Class)> {
        let unknown = || Error::inconsistent("scope_row", incident);
        let elements = |bits: Option<i64>| {
            let set = |bits| ElementSet::from_bits(bits).ok_or_else(unknown);
            bits.map(set).transpose()
        };
        let flags = |bits: Option<i32>| {
            let set = |bits| Flags::from_bits(bits).ok_or_else(unknown);
            bits.map(set).transpose()
        };
        let class = Class {
            before: elements(self.before)?,
            now: elements(self.now)?,
            before_under: self.was_under.clone(),
            now_under: self.is_under.clone(),
            contact: self.contact,
            flags: flags(self.flags_before)?.zip(flags(self.flags_now)?),
            people: self.people,
        };
        Ok((self.bucket, class))
    }

    /// Elements, jurisdiction and flags of the rows as the list has them, and how many; `None` for people whom the
    /// version retracts.
    pub fn listed(&self) -> Option<(i64, (&str, i32), i64)> {
        let of = (self.listed_under.as_deref()?, self.listed_flags?);
        self.now.map(|elements| (elements, of, self.people))
    }

    /// How many of them stay in scope and were told of an element that the version takes back.
    pub fn told_too_much(&self) -> i64 {
        match self.told_too_much && self.now.is_some() {
            true => self.people,
            false => 0,
        }
    }

    /// How many of them were told something and leave the scope.
    pub fn told_retracted(&self) -> i64 {
        match self.told_too_much && self.now.is_none() {
            true => self.people,
            false => 0,
        }
    }

    /// Whether their contact data are not the same.
    pub fn is_moved(&self) -> bool {
        self.moved
    }
}

/// How a staged version differs from the people of the incident in these buckets, class by class; people whom the
/// table does not hold yet are in none of them.
///
/// # Errors
/// The database's.
pub async fn compare(
    client: &Client,
    incident: IncidentId,
    version: i32,
    mode: ScopeMode,
    buckets: Range<i32>,
    mut each: impl FnMut(Compared) -> Result<()>,
) -> Result<()> {
    let full = mode == ScopeMode::Full;
    let retract = Flags::RETRACT.bits();
    let (from, to) = (buckets.start, buckets.end);
    let of: [&(dyn ToSql + Sync); 6] = [&incident.uuid(), &version, &full, &retract, &from, &to];
    let rows = client.query_raw(COMPARE, of).await?;
    tokio::pin!(rows);
    while let Some(row) = rows.try_next().await? {
        each(Compared {
            before: row.get(0),
            now: row.get(1),
            contact: row.get(2),
            was_under: row.get(3),
            is_under: row.get(4),
            listed_under: row.get(5),
            flags_before: row.get(6),
            flags_now: row.get(7),
            moved: row.get(8),
            people: row.get(9),
            bucket: row.get(10),
            listed_flags: row.get(11),
            told_too_much: row.get(12),
        })?;
    }
    Ok(())
}

/// [`compare`] in a transaction, with what was answered about rows that seem to name another person.
///
/// # Errors
/// The database's.
pub async fn compare_in(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    mode: ScopeMode,
    buckets: Range<i32>,
) -> Result<Vec<Compared>> {
    Ok(diesel::sql_query([COMPARE, FORMER].concat())
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Bool, _>(mode == ScopeMode::Full)
        .bind::<Integer, _>(Flags::RETRACT.bits())
        .bind::<Integer, _>(buckets.start)
        .bind::<Integer, _>(buckets.end)
        .load(conn)
        .await?)
}

/// Staged rows of one kind.
#[derive(Debug, diesel::QueryableByName)]
pub struct Kind {
    /// Their bucket.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// The exposed elements.
    #[diesel(sql_type = BigInt)]
    pub exposed: i64,
    /// The law; empty if not known.
    #[diesel(sql_type = Text)]
    pub jurisdiction: String,
    /// The flags.
    #[diesel(sql_type = Integer)]
    pub flags: i32,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// Passes the number of staged rows of each kind to `each`, without rows that retract. `own` is the table of a first
/// list.
///
/// # Errors
/// The database's.
pub async fn count_kinds(
    conn: &mut Conn,
    own: Option<&Own>,
    incident: IncidentId,
    version: i32,
    mut each: impl FnMut(Kind),
) -> Result<()> {
    let of = match own {
        Some(own) => format!(
            "{} r where r.incident_id = $1 and $2::integer > 0",
            own.table()
        ),
        None => format!(
            "scope_row r where r.incident_id = $1 and r.version = $2 and r.flags & {} = 0",
            Flags::RETRACT.bits()
        ),
    };
    let count = format!(
        "select r.bucket, r.exposed, r.jurisdiction, r.flags, count(*) as n from {of} group by 1, 2, 3, 4"
    );
    let mut kinds = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .load_stream::<Kind>(conn)
        .await?;
    while let Some(kind) = kinds.try_next().await? {
        each(kind);
    }
    Ok(())
}

/// How many people in force a full list names on refused lines only.
///
/// # Errors
/// The database's.
pub async fn count_kept(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    mode: ScopeMode,
) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Kept {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    if mode == ScopeMode::Delta {
        return Ok(0);
    }
    let count = "select count(*) as n
        from (select distinct bucket, reference_key from scope_reject
            where incident_id = $1 and version = $2 and reference_key is not null) j
        join person_now p on p.incident_id = $1 and p.bucket = j.bucket and p.reference_key = j.reference_key
        where p.standing <> 'retracted' and not exists (select from scope_row r
            where r.incident_id = $1 and r.version = $2 and r.bucket = j.bucket and r.reference_key = j.reference_key)";
    let kept: Kept = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?;
    Ok(kept.n)
}

#[cfg(test)]
mod tests {
    use ::csv::StringRecord;

    use super::super::super::lacks::Lacks;
    use crate::csv_file::{Column, Header};

    #[test]
    fn the_bits_in_the_statements_are_those_of_the_absent_columns() {
        let absent = |column: Column| {
            let names = Column::ALL.into_iter().filter(|c| *c != column);
            let names: Vec<_> = names.map(Column::as_str).collect();
            Lacks::of(&Header::parse(&StringRecord::from(names)).expect("a header")).bits()
        };
        let has = |statement: &str, column| statement.contains(&format!("& {} ", absent(column)));
        assert!(has(said!(locale), Column::Locale));
        assert!(has(said!(jurisdiction), Column::Jurisdiction));
        assert!(has(said!(flags), Column::Flags));
    }
}
