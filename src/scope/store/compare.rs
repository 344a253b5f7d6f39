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

// A row with the flag `retract`, $4, names a person who is not affected after all. `moved`: the e-mail address is
// not the same, so the name may have to be looked at.
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
        r.flags & $4 = 0 and p.contact_key <> r.contact_key
            and (r.email_key is null or p.email_key is distinct from r.email_key) as moved,
        count(*) as people, r.bucket
    from scope_row r
    join person_now p on p.bucket = r.bucket and p.reference_key = r.reference_key
    where r.incident_id = $1 and r.version = $2 and p.incident_id = $1
        and r.bucket >= $5 and r.bucket < $6 and p.bucket >= $5 and p.bucket < $6
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 11
    union all
    select p.exposed, null, false, p.jurisdiction, null, null, null, null, false, count(*), p.bucket
    from person_now p
    where $3 and p.incident_id = $1 and p.bucket >= $5 and p.bucket < $6 and p.standing <> 'retracted'
        and not exists (select from scope_row r where r.incident_id = $1 and r.version = $2
            and r.bucket >= $5 and r.bucket < $6 and r.bucket = p.bucket and r.reference_key = p.reference_key)
    group by 1, 4, 11"
);

/// People of one bucket whom a version changes in the same way.
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
}

impl Compared {
    /// In which bucket, and what changes.
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

    /// Elements and jurisdiction of the rows as the list has them, and how many; `None` for people whom the version
    /// retracts.
    pub fn listed(&self) -> Option<(i64, &str, i64)> {
        let under = self.listed_under.as_deref()?;
        self.now.map(|elements| (elements, under, self.people))
    }

    /// Whether their e-mail address is not the same.
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
        })?;
    }
    Ok(())
}

/// [`compare`] in a transaction.
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
    Ok(diesel::sql_query(COMPARE)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Bool, _>(mode == ScopeMode::Full)
        .bind::<Integer, _>(Flags::RETRACT.bits())
        .bind::<Integer, _>(buckets.start)
        .bind::<Integer, _>(buckets.end)
        .load(conn)
        .await?)
}

/// How many staged rows that retract nobody are of which kind: bucket, elements, jurisdiction, rows. `own` is the
/// table of a first list.
///
/// # Errors
/// The database's.
pub async fn count_kinds(
    conn: &mut Conn,
    own: Option<&Own>,
    incident: IncidentId,
    version: i32,
) -> Result<Vec<(i32, i64, String, i64)>> {
    #[derive(diesel::QueryableByName)]
    struct Kind {
        #[diesel(sql_type = Integer)]
        bucket: i32,
        #[diesel(sql_type = BigInt)]
        exposed: i64,
        #[diesel(sql_type = Text)]
        jurisdiction: String,
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
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
        "select r.bucket, r.exposed, r.jurisdiction, count(*) as n from {of} group by 1, 2, 3"
    );
    let kinds: Vec<Kind> = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .load(conn)
        .await?;
    let read = |kind: Kind| (kind.bucket, kind.exposed, kind.jurisdiction, kind.n);
    Ok(kinds.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use ::csv::StringRecord;

    use super::super::super::csv::{Column, Header};
    use super::super::super::lacks::Lacks;

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
