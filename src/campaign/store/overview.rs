//! Campaigns with what pages and lists show of them: one statement, so that all figures are of one moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::Campaign;
use super::super::canary::CanaryState;
use super::pace::Pace;
use super::progress::{Progress, on_connections};
use super::waiver::{self, Judged};
use super::{Row, read};
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result};
use crate::id::{CampaignId, IncidentId};
use crate::notice::NoticeStatus;
use crate::template::{self, Template};

/// A campaign with what is shown of it.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The campaign.
    pub campaign: Campaign,
    /// The name of its template.
    pub template_name: String,
    /// Its number within its incident, from 1 in the order in which campaigns were drafted. It never changes, since no
    /// campaign is deleted.
    pub number: i64,
    /// Its notices by state.
    pub progress: Progress,
    /// What the program decided about its speed; `None` before the launch.
    pub pace: Option<Pace>,
    /// When it was last resumed, after staff had paused it or the program had held it.
    pub resumed_at: Option<DateTime<Utc>>,
    /// Of a paused campaign: whether another list of its incident is coming into force.
    pub is_replaced: bool,
    /// The text that it is drafted with, while its approval may become void; in [`overview`] always.
    pub template: Option<Template>,
    /// What rules found in what was submitted, and its waivers; only in [`overview`].
    pub judged: Judged,
    /// Whether a waiver was added or withdrawn since the approval.
    pub waivers_changed: bool,
    /// The first and the last minute in which an attempt ended; only in [`overview`].
    pub ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(QueryableByName)]
struct Shown {
    #[diesel(embed)]
    own: Row,
    #[diesel(embed)]
    more: More,
    #[diesel(embed)]
    pace: PaceRow,
    #[diesel(embed)]
    waivers: waiver::Columns,
}

#[derive(QueryableByName)]
struct More {
    #[diesel(sql_type = Text)]
    template_name: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Jsonb)]
    counts: serde_json::Value,
    #[diesel(sql_type = BigInt)]
    on_connections: i64,
    #[diesel(sql_type = Bool)]
    is_frozen: bool,
    #[diesel(sql_type = Bool)]
    is_replaced: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    text_names: Option<i64>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    texts: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_minute: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_minute: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct PaceRow {
    #[diesel(sql_type = Nullable<sql_types::CanaryState>)]
    canary: Option<CanaryState>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    percent: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    slowed: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    passed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    resumed_at: Option<DateTime<Utc>>,
}

/// What is selected of `campaign c`. `$1`: whether one campaign is shown as a whole. A sender names campaigns by the text
/// form of their ids.
const COLUMNS: &str = "
    c.*, t.name as template_name,
    (select count(*) from campaign b where b.incident_id = c.incident_id and b.id <= c.id) as number,
    (select coalesce(jsonb_object_agg(k.status::text, k.n), '{}') from campaign_count k where k.campaign_id = c.id)
        as counts,
    case when c.launched_at is null then 0 else (
        select coalesce(sum((s.sending ->> ('cmp_' || replace(c.id::text, '-', '')))::bigint), 0)::bigint
        from sender s where s.seen_at > now() - interval '5 seconds') end as on_connections,
    not exists (select from campaign_freeze f where f.campaign_id = c.id and not f.done) as is_frozen,
    c.status = 'paused' and exists (
        select from scope_version v where v.incident_id = c.incident_id and v.status = 'activating') as is_replaced,
    w.names as text_names, w.texts,
    case when $1 then (select min(y.minute) from campaign_tally y where y.campaign_id = c.id) end as first_minute,
    case when $1 then (select max(y.minute) from campaign_tally y where y.campaign_id = c.id) end as last_minute,
    p.canary, p.percent, p.reason as slowed, p.passed_at, p.resumed_at";

/// What it is selected from, after `campaign c`.
const JOINS: &str = "
    join template t on t.id = c.template_id
    left join campaign_pace p on p.campaign_id = c.id
    left join lateral (
        select v.names, (
            select jsonb_object_agg(x.locale, jsonb_build_object('subject', x.subject, 'body', x.body))
            from template_variant x where x.template_id = v.template_id and x.version = v.version) as texts
        from template_version v where v.template_id = c.template_id and v.version = c.template_version
            and ($1 or c.status in ('in_review', 'approved', 'scheduled'))
    ) w on true";

fn statement(campaigns: &str) -> String {
    let waivers = waiver::COLUMNS;
    format!("select {COLUMNS}, {waivers} from ({campaigns}) c {JOINS} order by c.id desc")
}

/// One campaign.
///
/// # Errors
/// `Missing`.
pub async fn overview(conn: &mut Conn, id: CampaignId) -> Result<Overview> {
    let found: Shown = diesel::sql_query(statement("select * from campaign where id = $2"))
        .bind::<Bool, _>(true)
        .bind::<Uuid, _>(id.uuid())
        .get_result(conn)
        .await?;
    shown(found)
}

/// One campaign as lists show it: for what is read again and again.
///
/// # Errors
/// `Missing`.
pub async fn glance(conn: &mut Conn, id: CampaignId) -> Result<Overview> {
    let found: Shown = diesel::sql_query(statement("select * from campaign where id = $2"))
        .bind::<Bool, _>(false)
        .bind::<Uuid, _>(id.uuid())
        .get_result(conn)
        .await?;
    shown(found)
}

/// The latest campaigns, newest first: of all incidents or of one, drafted before the one given.
///
/// # Errors
/// The database's.
pub async fn overviews(
    conn: &mut Conn,
    of: Option<IncidentId>,
    before: Option<CampaignId>,
    most: i64,
) -> Result<Vec<Overview>> {
    let latest = match of {
        Some(_) => {
            "select * from campaign where incident_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4"
        }
        None => {
            "select * from campaign where $2::uuid is null and ($3::uuid is null or id < $3) order by id desc limit $4"
        }
    };
    let found: Vec<Shown> = diesel::sql_query(statement(latest))
        .bind::<Bool, _>(false)
        .bind::<Nullable<Uuid>, _>(of.map(IncidentId::uuid))
        .bind::<Nullable<Uuid>, _>(before.map(CampaignId::uuid))
        .bind::<BigInt, _>(most)
        .load(conn)
        .await?;
    found.into_iter().map(shown).collect()
}

/// The latest campaigns of each of these incidents, newest first.
///
/// # Errors
/// The database's.
pub async fn overviews_of_each(
    conn: &mut Conn,
    of: &[IncidentId],
    most: i64,
) -> Result<Vec<Overview>> {
    let latest = "select d.* from unnest($2) as each (id) cross join lateral (
        select * from campaign where incident_id = each.id order by id desc limit $3) d";
    let found: Vec<Shown> = diesel::sql_query(statement(latest))
        .bind::<Bool, _>(false)
        .bind::<Array<Uuid>, _>(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind::<BigInt, _>(most)
        .load(conn)
        .await?;
    found.into_iter().map(shown).collect()
}

fn shown(found: Shown) -> Result<Overview> {
    let Shown {
        own: row,
        more,
        pace,
        waivers,
    } = found;
    let id = row.id;
    let broken = |_| Error::inconsistent("campaign_count", id);
    let known: BTreeMap<NoticeStatus, i64> = serde_json::from_value(more.counts).map_err(broken)?;
    let mut counts: BTreeMap<_, _> = NoticeStatus::ALL.iter().map(|one| (*one, 0)).collect();
    counts.extend(known);
    on_connections(&mut counts, more.on_connections);
    let template = match more.text_names.zip(more.texts) {
        Some((names, texts)) => Some(template::store::of_parts(
            (row.template_id, row.template_version),
            more.template_name.clone(),
            (names, texts),
        )?),
        None => None,
    };
    let resumed_at = pace.resumed_at;
    Ok(Overview {
        campaign: read(row)?,
        template_name: more.template_name,
        number: more.number,
        progress: Progress {
            counts,
            frozen: more.is_frozen,
        },
        pace: pace.of_row(),
        resumed_at,
        is_replaced: more.is_replaced,
        template,
        waivers_changed: waivers.waivers_changed,
        judged: waivers.judged(id)?,
        ends: more.first_minute.zip(more.last_minute),
    })
}

impl PaceRow {
    fn of_row(self) -> Option<Pace> {
        let (canary, percent) = self.canary.zip(self.percent)?;
        Some(Pace {
            canary,
            percent,
            reason: self.slowed,
            passed_at: self.passed_at,
        })
    }
}

/// What the results and the batches of a campaign say of its speed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Speed {
    /// What its batches wait for.
    pub waits: super::Waits,
    /// How many notices ended in the first and in the second of two minutes.
    pub ended: [i64; 2],
}

/// Reads it of each of these campaigns. `lease_seconds` is the duration of a lease from its last renewal.
///
/// # Errors
/// The database's.
pub async fn speeds(
    conn: &mut Conn,
    of: &[CampaignId],
    [first, second]: [DateTime<Utc>; 2],
    lease_seconds: i64,
) -> Result<BTreeMap<CampaignId, Speed>> {
    #[derive(QueryableByName)]
    struct SpeedRow {
        #[diesel(sql_type = Uuid)]
        id: CampaignId,
        #[diesel(embed)]
        waits: super::Waits,
        #[diesel(sql_type = BigInt)]
        first: i64,
        #[diesel(sql_type = BigInt)]
        second: i64,
    }
    if of.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "select c.id, w.*, e.* from unnest($1) as c (id) cross join lateral ({}) w cross join lateral (
            select coalesce(sum(n) filter (where minute = $3), 0)::bigint as first,
                coalesce(sum(n) filter (where minute = $4), 0)::bigint as second
            from campaign_tally y where y.campaign_id = c.id and y.minute in ($3, $4)
                and y.result in ('accepted', 'refused', 'expired')) e",
        super::waits::of("c.id"),
    );
    let rows: Vec<SpeedRow> = diesel::sql_query(sql)
        .bind::<Array<Uuid>, _>(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind::<BigInt, _>(lease_seconds)
        .bind::<Timestamptz, _>(first)
        .bind::<Timestamptz, _>(second)
        .load(conn)
        .await?;
    let speed = |row: SpeedRow| {
        let ended = [row.first, row.second];
        (
            row.id,
            Speed {
                waits: row.waits,
                ended,
            },
        )
    };
    Ok(rows.into_iter().map(speed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_ids_in_the_statement_is_the_known_one() {
        assert!(COLUMNS.contains(&format!("'{}_'", CampaignId::PREFIX)));
    }
}
