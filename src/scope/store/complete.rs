//! What the file of a staged row does not say is taken from what was known before.

use std::ops::Range;

use futures_util::{Stream, StreamExt};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::super::lacks::Lacks;
use super::first::Own;
use crate::db::Result;
use crate::id::IncidentId;
use crate::person::contact::Keys;
use crate::person::flags::Flags;

/// What was known of a reference before a staged row names it.
#[derive(Debug, Clone)]
pub enum Former {
    /// People, who came with earlier list versions.
    People,
    /// Rows of the draft; people for references that the draft lacks.
    Draft(i32),
    /// Rows of the draft of a first list.
    FirstDraft(Own),
}

impl Former {
    /// Joins what was known to staged rows `r`: in the draft, `f.drafted`, and of people, `f.known`; null if there is
    /// nothing.
    fn join(&self) -> String {
        let people = "join person p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key";
        let draft = "d.bucket = r.bucket and d.reference_key = r.reference_key";
        match self {
            Self::People => format!(
                "{people} cross join lateral (select null::bytea as drafted, p.sealed as known) f"
            ),
            Self::FirstDraft(own) => format!(
                "join {} d on {draft}
                cross join lateral (select d.sealed as drafted, null::bytea as known) f",
                own.table()
            ),
            Self::Draft(version) => format!(
                "left join scope_row d on d.incident_id = $1 and d.version = {version}
                    and {draft} and d.flags & {retract} = 0
                left {people}
                cross join lateral (select d.sealed as drafted, p.sealed as known) f",
                retract = Flags::RETRACT.bits(),
            ),
        }
    }
}

/// A staged row and what was known before it, both sealed.
#[derive(Debug)]
pub struct Incomplete {
    /// Its bucket.
    pub bucket: i32,
    /// The blind index of the reference.
    pub reference_key: Vec<u8>,
    /// Its contact data.
    pub sealed: Vec<u8>,
    /// What the draft's row with its reference says.
    pub drafted: Option<Vec<u8>>,
    /// What is known of the person with its reference.
    pub known: Option<Vec<u8>>,
}

/// The staged rows of these buckets that had a person or a row before.
///
/// # Errors
/// The database's.
pub async fn find_incomplete(
    client: &Client,
    incident: IncidentId,
    version: i32,
    former: &Former,
    buckets: &Range<i32>,
) -> Result<impl Stream<Item = Result<Incomplete>> + use<>> {
    let find = format!(
        "select r.bucket, r.reference_key, r.sealed, f.drafted, f.known from scope_row r {}
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
            and r.flags & {} = 0 and coalesce(f.drafted, f.known) is not null",
        former.join(),
        Flags::RETRACT.bits()
    );
    let incident = incident.uuid();
    let of: [&(dyn ToSql + Sync); 4] = [&incident, &version, &buckets.start, &buckets.end];
    let rows = client.query_raw(&find, of).await?;
    Ok(rows.map(|row| {
        let row = row?;
        Ok(Incomplete {
            bucket: row.get(0),
            reference_key: row.get(1),
            sealed: row.get(2),
            drafted: row.get(3),
            known: row.get(4),
        })
    }))
}

/// Contact data that were completed.
#[derive(Debug)]
pub struct Completed {
    /// Their blind indexes.
    pub keys: Keys,
    /// The contact data.
    pub sealed: Vec<u8>,
    /// Whether the draft's row with the reference names another person.
    pub apart: bool,
}

/// Writes completed contact data to their staged rows.
///
/// # Errors
/// The database's.
pub async fn complete(
    client: &Client,
    incident: IncidentId,
    version: i32,
    rows: &[Completed],
) -> Result<()> {
    fn column<'a, T>(rows: &'a [Completed], of: impl Fn(&'a Completed) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let buckets = column(rows, |row| row.keys.bucket());
    let references = column(rows, |row| row.keys.reference.as_slice());
    let emails = column(rows, |row| {
        row.keys.email.as_ref().map(<[u8; 16]>::as_slice)
    });
    let names = column(rows, |row| row.keys.name.as_ref().map(<[u8; 16]>::as_slice));
    let contacts = column(rows, |row| row.keys.contact.as_slice());
    let sealed = column(rows, |row| row.sealed.as_slice());
    let apart = column(rows, |row| if row.apart { Lacks::APART } else { 0 });
    let (from, to) = (buckets.iter().min().copied(), buckets.iter().max().copied());
    let statement = "update scope_row r
        set email_key = c.email_key, name_key = c.name_key, contact_key = c.contact_key, sealed = c.sealed,
            lacks = r.lacks | c.apart
        from unnest($3::integer[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $11::smallint[])
            as c (bucket, reference_key, email_key, name_key, contact_key, sealed, apart)
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $9 and r.bucket <= $10
            and r.bucket = c.bucket and r.reference_key = c.reference_key";
    let of: [&(dyn ToSql + Sync); 11] = [
        &incident.uuid(),
        &version,
        &buckets,
        &references,
        &emails,
        &names,
        &contacts,
        &sealed,
        &from,
        &to,
        &apart,
    ];
    client.execute(statement, &of).await?;
    Ok(())
}

/// Lets rows that are added to a draft say what the draft's rows say, where their own file lacks the column and both name
/// the same person; what the draft's files say of a person is the row's own then.
///
/// # Errors
/// The database's.
pub async fn take_over(
    client: &Client,
    incident: IncidentId,
    version: i32,
    from: &Former,
) -> Result<()> {
    let (draft, lacks) = match from {
        Former::People => return Ok(()),
        Former::Draft(version) => (
            format!("scope_row p where p.incident_id = $1 and p.version = {version} and"),
            "p.lacks",
        ),
        Former::FirstDraft(own) => (format!("{} p where", own.table()), "0"),
    };
    let statement = format!(
        "update scope_row r set locale = {}, jurisdiction = {}, flags = {}, lacks = (r.lacks & {lacks})::smallint
        from {draft} r.incident_id = $1 and r.version = $2 and r.lacks <> 0 and r.lacks & {apart} = 0
            and r.flags & {retract} = 0
            and p.bucket = r.bucket and p.reference_key = r.reference_key and p.flags & {retract} = 0",
        said!(locale),
        said!(jurisdiction),
        said!(flags),
        apart = Lacks::APART,
        retract = Flags::RETRACT.bits(),
    );
    client
        .execute(&statement, &[&incident.uuid(), &version])
        .await?;
    Ok(())
}
