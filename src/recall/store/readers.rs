//! The people who were sent a wrong text: who, how many, and who used their status page since.
//!
//! The text that a person was sent follows from the campaign and from the language in which the list had the person when
//! the notice got its result. A later list may have changed the language; `person_past` has the former one.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error, Result};
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId, StaffId};
use crate::person::narrowing::ListDigest;

/// What was sent: each text as a campaign and the language of a reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Campaigns with no other texts than wrong ones.
    pub whole: Vec<CampaignId>,
    /// A campaign and a language. Readers of this language were sent a wrong text of the campaign.
    pub pairs: Vec<(CampaignId, String)>,
}

/// One person who was sent a wrong text.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Reader {
    /// Who.
    #[diesel(sql_type = Uuid)]
    pub person: PersonId,
    /// One of the notices with the text; one that was sent, if any was.
    #[diesel(sql_type = Uuid)]
    pub notice: NoticeId,
    /// Whether a relay accepted such a notice; otherwise it may have arrived.
    #[diesel(sql_type = Bool)]
    pub certain: bool,
    /// When the first of these notices got its result.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// Whether the person asked for a code or wrote to the helpline on their status page since.
    #[diesel(sql_type = Bool)]
    pub used: bool,
}

/// How many people were sent a wrong text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Count {
    /// A relay accepted a notice with it.
    #[diesel(sql_type = BigInt)]
    pub sent: i64,
    /// A notice with it may have arrived, and none was accepted.
    #[diesel(sql_type = BigInt)]
    pub perhaps: i64,
    /// Of both: people who asked for a code or wrote to the helpline on their status page since.
    #[diesel(sql_type = BigInt)]
    pub used: i64,
}

/// The language of the reader of `notice n` when the notice got its result: the present one of `person p`, or the former one
/// if a later list changed the person. Whether there was a later list is asked once for all notices.
const LANGUAGE: &str = "
    join person p on p.incident_id = $1 and p.bucket = n.bucket and p.id = n.person_id
    left join lateral (
        select pp.locale from person_past pp
        join scope_applied a on a.incident_id = $1 and a.version = pp.until_scope and a.bucket = pp.bucket
        where pp.bucket = n.bucket and pp.person_id = n.person_id and a.at > coalesce(n.settled_at, n.created_at)
            and (select exists (select 1 from scope_applied z where z.incident_id = $1
                and z.at > (select min(c.launched_at) from campaign c where c.id = any($2))))
        order by pp.until_scope limit 1
    ) former on true";

/// The readers, of $1 incident, $2 campaigns, $3 those with wrong texts only, $4 and $5 pairs of campaign and language.
fn readers(of: &Sent, more: &str) -> String {
    let (join, language) = match of.pairs.is_empty() {
        true => ("", ""),
        false => (
            LANGUAGE,
            "and (n.campaign_id = any($3)
                or (n.campaign_id, coalesce(former.locale, p.locale)) in (select * from unnest($4, $5)))",
        ),
    };
    format!(
        "select n.bucket, n.person_id as person, bool_or(n.status = 'sent') as certain,
            min(coalesce(n.settled_at, n.created_at)) as at,
            (array_agg(n.id order by n.status <> 'sent', n.id))[1] as notice
        from notice n {join}
        where n.campaign_id = any($2) and (n.status in ('sent', 'uncertain') or (n.bucket, n.id) in (
            select o.bucket, o.notice_id from outcome o where o.campaign_id = any($2) and o.result = 'uncertain'))
            {language} {more}
        group by n.bucket, n.person_id"
    )
}

/// When people last asked for a code or wrote on their status page. A page that is only read leaves no trace (P7).
const USED: &str = "
    select l.person_id, max(l.created_at) as at from (
        select o.person_id, o.created_at from outbox o where o.incident_id = $1 and o.kind = 'one_time_code'
        union all
        select t.person_id, m.created_at from ticket t join ticket_message m on m.ticket_id = t.id
        where t.incident_id = $1 and t.channel = 'web' and m.kind = 'customer'
    ) l where l.person_id is not null group by l.person_id";

macro_rules! ask {
    ($sql:expr, $incident:expr, $of:expr) => {{
        let whole: Vec<_> = $of.whole.iter().map(|id| id.uuid()).collect();
        let paired: Vec<_> = $of.pairs.iter().map(|(id, _)| id.uuid()).collect();
        let locales: Vec<_> = $of.pairs.iter().map(|(_, locale)| locale.clone()).collect();
        diesel::sql_query($sql)
            .bind::<Uuid, _>($incident)
            .bind::<Array<Uuid>, _>([whole.clone(), paired.clone()].concat())
            .bind::<Array<Uuid>, _>(whole)
            .bind::<Array<Uuid>, _>(paired)
            .bind::<Array<Text>, _>(locales)
    }};
}

/// Counts the readers. Reads all notices of their campaigns.
///
/// # Errors
/// The database's.
pub(crate) async fn count(conn: &mut Conn, incident: IncidentId, of: &Sent) -> Result<Count> {
    let readers = readers(of, "");
    let sql = format!(
        "select count(*) filter (where r.certain) as sent, count(*) filter (where not r.certain) as perhaps,
            count(*) filter (where u.at >= r.at) as used
        from ({readers}) r left join ({USED}) u on u.person_id = r.person"
    );
    Ok(ask!(sql, incident, of).get_result(conn).await?)
}

/// Readers in the order of bucket and person, after `after` if given.
///
/// # Errors
/// The database's.
pub(crate) async fn page(
    conn: &mut Conn,
    incident: IncidentId,
    of: &Sent,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Reader>> {
    let readers = readers(of, "and (n.bucket, n.person_id) > ($6, $7)");
    let sql = format!(
        "select r.person, r.notice, r.certain, r.at, coalesce(u.at >= r.at, false) as used
        from ({readers} order by n.bucket, n.person_id limit $8) r
        left join ({USED}) u on u.person_id = r.person
        order by r.bucket, r.person"
    );
    let place = after.map_or((-1, uuid::Uuid::nil()), |id| (id.bucket(), id.uuid()));
    Ok(ask!(sql, incident, of)
        .bind::<Integer, _>(place.0)
        .bind::<Uuid, _>(place.1)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?)
}

#[derive(QueryableByName)]
struct ListSql {
    #[diesel(sql_type = Nullable<Bytea>)]
    digest: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    entries: i32,
}

/// Keeps the readers with a notice that a relay accepted, as a list of references. Its digest is the one that the same
/// references have when staff type them. Returns the digest and the number of readers; `None`: there is no such reader.
///
/// # Errors
/// The database's.
pub(crate) async fn keep(
    conn: &mut Conn,
    incident: IncidentId,
    of: &Sent,
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<Option<(ListDigest, u32)>> {
    let readers = readers(of, "");
    let sql = format!(
        "with k as materialized (
            select p.bucket, p.reference_key from ({readers}) r
            join person p on p.incident_id = $1 and p.bucket = r.bucket and p.id = r.person
            where r.certain
        ), d as materialized (
            select sha256(string_agg(k.reference_key, ''::bytea order by k.reference_key)) as digest,
                count(*)::int as entries
            from k
        ), l as (
            insert into reference_list (incident_id, digest, entries, created_by, created_at)
            select $1, d.digest, d.entries, $6, $7 from d where d.entries > 0
            on conflict do nothing returning digest
        ), e as (
            insert into reference_list_entry (bucket, incident_id, digest, reference_key)
            select k.bucket, $1, l.digest, k.reference_key from k cross join l
        )
        select d.digest, d.entries from d"
    );
    let list: ListSql = ask!(sql, incident, of)
        .bind::<Uuid, _>(by)
        .bind::<Timestamptz, _>(at)
        .get_result(conn)
        .await?;
    let Some(digest) = list.digest else {
        return Ok(None);
    };
    let strange = || Error::inconsistent("reference_list", incident);
    let digest: [u8; 32] = digest.try_into().map_err(|_| strange())?;
    let entries = u32::try_from(list.entries).map_err(|_| strange())?;
    Ok(Some((ListDigest(digest), entries)))
}

#[derive(QueryableByName)]
struct LocaleSql {
    #[diesel(sql_type = Text)]
    locale: String,
}

/// The languages that people of an incident read, or read before a list changed that.
///
/// # Errors
/// The database's.
pub(crate) async fn locales(conn: &mut Conn, incident: IncidentId) -> Result<Vec<String>> {
    let sql = "select locale from person where incident_id = $1
        union select locale from person_past where incident_id = $1";
    let rows: Vec<LocaleSql> = diesel::sql_query(sql)
        .bind::<Uuid, _>(incident)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.locale).collect())
}

/// A language that a list took from a person.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct FormerLocale {
    /// When the list came in force for the person.
    #[diesel(sql_type = Timestamptz)]
    pub until: DateTime<Utc>,
    /// The language until then.
    #[diesel(sql_type = Text)]
    pub locale: String,
}

/// The languages of a person before each list that changed the person, the earliest first.
///
/// # Errors
/// The database's.
pub(crate) async fn former_locales(conn: &mut Conn, of: PersonId) -> Result<Vec<FormerLocale>> {
    let sql = "select a.at as until, pp.locale from person_past pp
        join scope_applied a on a.incident_id = pp.incident_id and a.version = pp.until_scope and a.bucket = pp.bucket
        where pp.bucket = $1 and pp.person_id = $2 order by pp.until_scope";
    let rows = diesel::sql_query(sql)
        .bind::<Integer, _>(of.bucket())
        .bind::<Uuid, _>(of);
    Ok(rows.load(conn).await?)
}
