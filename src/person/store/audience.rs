//! Audiences of campaigns: their people page by page, their count, and the classes of people that one text suits.

mod launched;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;

use self::launched::launched;
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::{CampaignId, IncidentId, PersonId};
use crate::person::PersonStanding;
use crate::person::audience::{AudienceClass, AudienceCount, AudienceFilter, AudienceRow, Who};
use crate::person::flags::Flags;
use crate::person::place::{Jurisdiction, Locale};

/// What was named to `person p` and is not theirs.
const WRONG: &str = "case when p.standing = 'retracted' then p.named else p.named & ~p.exposed end";

/// What an [`AudienceFilter`] means, of `person p`: $1 incident, $2 jurisdictions, $3 locales, $4 elements, $5 flags.
/// [`AudienceFilter::covers`] says the same.
fn is_meant(filter: &AudienceFilter) -> String {
    let who = match filter.who {
        Who::Everyone => "p.standing <> 'retracted'".to_owned(),
        Who::ToldNothing => "p.standing <> 'retracted' and p.told is null".to_owned(),
        Who::OwedMore => {
            "p.standing <> 'retracted' and p.told is not null and p.exposed & ~p.named <> 0"
                .to_owned()
        }
        Who::OverTold => format!("p.standing <> 'retracted' and {WRONG} <> 0"),
        Who::RetractedAfterNotice => "p.standing = 'retracted' and p.named <> 0".to_owned(),
        Who::WronglyTold => format!("{WRONG} <> 0"),
        Who::Told => "p.told is not null".to_owned(),
    };
    let elements = match filter.who {
        Who::Told => "p.named",
        who if who.is_about_told() => WRONG,
        _ => "p.exposed",
    };
    format!(
        "p.incident_id = $1 and {who}
        and (cardinality($2) = 0 or p.jurisdiction = any($2) or split_part(p.jurisdiction, '-', 1) = any($2))
        and (cardinality($3) = 0 or p.locale = any($3) or split_part(p.locale, '-', 1) = any($3))
        and ($4 = 0 or ({elements}) & $4 <> 0)
        and ($5 = 0 or p.flags & $5 <> 0)"
    )
}

/// What was exposed of `person p`, as a notice counts it.
const THEIRS: &str = "case when p.standing = 'retracted' then 0 else p.exposed end";

/// Whether `person p` gets e-mail: they have an address that no bounce condemned, and they are no minor (1 is
/// `Flags::MINOR`) of an incident that holds minors for a letter to the guardian.
const MAILABLE: &str = "(p.has_address and (p.flags & 1 = 0
    or (select i.minors from incident i where i.id = $1) <> 'guardian_letter'))";

/// Notices of `notice n` that may still be sent. $6 are the campaigns of [`launched()`].
const UNSETTLED: &str =
    "n.campaign_id = any($6) and n.status in ('queued', 'sending', 'deferred', 'uncertain')";

/// Notices of `notice n` that may have arrived, of campaigns that are over. $7 are those of [`launched()`]. If they name
/// something that the person is not known to know, the person may have been told.
const UNCERTAIN: &str = "n.campaign_id = any($7) and n.status = 'uncertain'";

/// Whether `person p` is left out or taken for what may have arrived, and has nothing unsettled elsewhere. A subquery for
/// each person, found by the key of `notice`: a join would read all of a bucket.
fn is_free(filter: &AudienceFilter) -> String {
    let is = if filter.may_have_been_told {
        "is not null"
    } else {
        "is null"
    };
    let none = if filter.may_have_been_told {
        "false"
    } else {
        "cardinality($7) = 0"
    };
    format!(
        "(cardinality($6) = 0 or (select true from notice n
            where n.bucket = p.bucket and n.person_id = p.id and {UNSETTLED} limit 1) is null)
        and ({none} or (select true from notice n
            where n.bucket = p.bucket and n.person_id = p.id and {UNCERTAIN} and n.named & ~p.named <> 0 limit 1) {is})"
    )
}

/// A statement about an audience with the parameters of [`is_meant`] and [`is_free`] bound.
macro_rules! ask {
    ($sql:expr, $incident:expr, $filter:expr, $launched:expr) => {{
        let texts = |all: Vec<&str>| all.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let ids = |all: &[CampaignId]| all.iter().map(|id| id.uuid()).collect::<Vec<_>>();
        diesel::sql_query($sql)
            .bind::<Uuid, _>($incident)
            .bind::<Array<Text>, _>(texts(
                $filter
                    .jurisdictions
                    .iter()
                    .map(|one| one.as_str())
                    .collect(),
            ))
            .bind::<Array<Text>, _>(texts(
                $filter.locales.iter().map(|one| one.as_str()).collect(),
            ))
            .bind::<BigInt, _>($filter.elements.bits())
            .bind::<Integer, _>($filter.flags.bits())
            .bind::<Array<Uuid>, _>(ids(&$launched.unsettled))
            .bind::<Array<Uuid>, _>(ids(&$launched.uncertain))
    }};
}

#[derive(QueryableByName)]
struct RowSql {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = BigInt)]
    exposed: i64,
    #[diesel(sql_type = BigInt)]
    named: i64,
    #[diesel(sql_type = Integer)]
    flags: i32,
    #[diesel(sql_type = sql_types::PersonStanding)]
    standing: PersonStanding,
    #[diesel(sql_type = Bool)]
    has_address: bool,
}

/// The people of an audience in `buckets`; people with an unsettled notice in another campaign of the incident are left
/// out.
fn page(filter: &AudienceFilter, buckets: &str) -> String {
    let (meant, free) = (is_meant(filter), is_free(filter));
    format!(
        "select p.id, p.locale, {THEIRS} as exposed, p.named, p.flags, p.standing, {MAILABLE} as has_address
        from person_now p where {buckets} and {meant} and {free}"
    )
}

/// The next people of an audience in one bucket, in the order of their ids, after the given one ([`PersonId`] of the nil
/// UUID to begin).
///
/// # Errors
/// `Inconsistent` for a row with an element or flag that the program does not know.
pub async fn page_after(
    conn: &mut Conn,
    incident: IncidentId,
    (bucket, after): (i32, PersonId),
    filter: &AudienceFilter,
    limit: i64,
) -> Result<Vec<AudienceRow>> {
    let launched = launched(conn, incident, filter).await?;
    let page = page(filter, "p.bucket = $8 and p.id > $9");
    let sql = format!("{page} order by p.id limit $10");
    let rows: Vec<RowSql> = ask!(sql, incident, filter, launched)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(after)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// The first people of an audience in several buckets, in the order of buckets and ids. All people of these buckets are
/// looked at: for incidents with few.
///
/// # Errors
/// As [`page_after`].
pub async fn page_of_few(
    conn: &mut Conn,
    incident: IncidentId,
    buckets: &[i32],
    filter: &AudienceFilter,
    limit: i64,
) -> Result<Vec<AudienceRow>> {
    let launched = launched(conn, incident, filter).await?;
    let page = page(filter, "p.bucket = any($8)");
    let sql = format!("{page} order by p.bucket, p.id limit $9");
    let rows: Vec<RowSql> = ask!(sql, incident, filter, launched)
        .bind::<Array<Integer>, _>(buckets)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

fn read(row: RowSql) -> Result<AudienceRow> {
    let broken = || Error::inconsistent("person", row.id);
    let flags = Flags::from_bits(row.flags).ok_or_else(broken)?;
    Ok(AudienceRow {
        id: row.id,
        locale: Locale::parse(&row.locale).map_err(|_| broken())?,
        exposed: ElementSet::from_bits(row.exposed).ok_or_else(broken)?,
        named: ElementSet::from_bits(row.named).ok_or_else(broken)?,
        standing: row.standing,
        withheld: flags.withheld_reason(),
        has_address: row.has_address,
    })
}

/// All people of a filter, with what decides how they can be told.
fn people(filter: &AudienceFilter) -> String {
    let meant = is_meant(filter);
    let forbidding = Flags::FORBIDDING.bits();
    let may = "coalesce(u.named & ~p.named <> 0, false)";
    let (out, only) = match filter.may_have_been_told {
        true => ("false", format!(" and {may}")),
        false => (may, String::new()),
    };
    // A join, since all people are read.
    format!(
        "select p.locale, p.jurisdiction, {THEIRS} as exposed, p.named, p.flags & {forbidding} <> 0 as forbidden, {MAILABLE} as reachable,
            w.person_id is not null as waiting, {out} as left_out
        from person_now p
        left join (select distinct n.bucket, n.person_id from notice n where {UNSETTLED}) w
            on w.bucket = p.bucket and w.person_id = p.id
        left join (select n.bucket, n.person_id, bit_or(n.named) as named from notice n where {UNCERTAIN} group by 1, 2) u
            on u.bucket = p.bucket and u.person_id = p.id
        where {meant}{only}"
    )
}

#[derive(QueryableByName)]
struct CountSql {
    #[diesel(sql_type = BigInt)]
    mailable: i64,
    #[diesel(sql_type = BigInt)]
    withheld: i64,
    #[diesel(sql_type = BigInt)]
    needs_letter: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    left_out: i64,
}

/// How many people an audience has, and how many of them can be told by e-mail. Reads every person of the incident.
///
/// # Errors
/// The database's.
pub async fn count_audience(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<AudienceCount> {
    let launched = launched(conn, incident, filter).await?;
    let people = people(filter);
    let sql = format!(
        "select count(*) filter (where waiting) as waiting,
            count(*) filter (where not waiting and left_out) as left_out,
            count(*) filter (where not waiting and not left_out and forbidden) as withheld,
            count(*) filter (where not waiting and not left_out and not forbidden and reachable) as mailable,
            count(*) filter (where not waiting and not left_out and not forbidden and not reachable) as needs_letter
        from ({people}) audience"
    );
    let count: CountSql = ask!(sql, incident, filter, launched)
        .get_result(conn)
        .await?;
    Ok(AudienceCount {
        mailable: count.mailable,
        withheld: count.withheld,
        needs_letter: count.needs_letter,
        waiting_elsewhere: count.waiting,
        may_have_been_told: count.left_out,
    })
}

#[derive(QueryableByName)]
struct ClassSql {
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = BigInt)]
    exposed: i64,
    #[diesel(sql_type = BigInt)]
    named: i64,
    #[diesel(sql_type = Text)]
    jurisdiction: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// The people of an audience who can be told by e-mail, by language, exposure and what they were told. Reads every
/// person of the incident.
///
/// # Errors
/// `Inconsistent` for a row with an element or a locale that the program does not know.
pub async fn audience_classes(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<Vec<AudienceClass>> {
    let launched = launched(conn, incident, filter).await?;
    let people = people(filter);
    let sql = format!(
        "select locale, exposed, named, jurisdiction, count(*) as people from ({people}) audience
        where not waiting and not left_out and not forbidden and reachable
        group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    );
    let rows: Vec<ClassSql> = ask!(sql, incident, filter, launched).load(conn).await?;
    let class = |row: ClassSql| read_class(incident, row);
    rows.into_iter().map(class).collect()
}

fn read_class(incident: IncidentId, row: ClassSql) -> Result<AudienceClass> {
    let broken = || Error::inconsistent("person of incident", incident);
    Ok(AudienceClass {
        locale: Locale::parse(&row.locale).map_err(|_| broken())?,
        exposed: ElementSet::from_bits(row.exposed).ok_or_else(broken)?,
        named: ElementSet::from_bits(row.named).ok_or_else(broken)?,
        jurisdiction: Jurisdiction::parse(&row.jurisdiction).ok(),
        people: row.people,
    })
}

#[derive(QueryableByName)]
struct PartSql {
    #[diesel(sql_type = Bool)]
    waiting: bool,
    #[diesel(sql_type = Bool)]
    left_out: bool,
    #[diesel(sql_type = Bool)]
    forbidden: bool,
    #[diesel(sql_type = Bool)]
    reachable: bool,
    #[diesel(embed)]
    class: ClassSql,
}

/// What [`count_audience`] and [`audience_classes`] say, of one moment. Reads every person of the incident once.
///
/// # Errors
/// As [`audience_classes`].
pub async fn audience(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<(AudienceCount, Vec<AudienceClass>)> {
    let launched = launched(conn, incident, filter).await?;
    let people = people(filter);
    let mailed = "not waiting and not left_out and not forbidden and reachable";
    let sql = format!(
        "select waiting, left_out, forbidden, reachable, case when {mailed} then locale else '' end as locale,
            case when {mailed} then exposed else 0 end as exposed, case when {mailed} then named else 0 end as named,
            case when {mailed} then jurisdiction else '' end as jurisdiction, count(*) as people
        from ({people}) audience group by 1, 2, 3, 4, 5, 6, 7, 8 order by 5, 6, 7, 8"
    );
    let parts: Vec<PartSql> = ask!(sql, incident, filter, launched).load(conn).await?;
    let (mut count, mut classes) = (AudienceCount::default(), Vec::new());
    for part in parts {
        let n = part.class.people;
        match part {
            PartSql { waiting: true, .. } => count.waiting_elsewhere += n,
            PartSql { left_out: true, .. } => count.may_have_been_told += n,
            PartSql {
                forbidden: true, ..
            } => count.withheld += n,
            PartSql {
                reachable: false, ..
            } => count.needs_letter += n,
            PartSql { class, .. } => {
                count.mailable += n;
                classes.push(read_class(incident, class)?);
            }
        }
    }
    Ok((count, classes))
}

#[derive(QueryableByName)]
struct AnySql {
    #[diesel(sql_type = Bool)]
    any: bool,
}

/// Whether an audience has a person who can be told by e-mail. Reads until it finds one.
///
/// # Errors
/// The database's.
pub async fn has_audience(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<bool> {
    let launched = launched(conn, incident, filter).await?;
    let (meant, free) = (is_meant(filter), is_free(filter));
    let forbidding = Flags::FORBIDDING.bits();
    let sql = format!(
        "select exists (select 1 from person_now p
            where {meant} and p.flags & {forbidding} = 0 and {MAILABLE} and {free}) as any"
    );
    let found: AnySql = ask!(sql, incident, filter, launched)
        .get_result(conn)
        .await?;
    Ok(found.any)
}
