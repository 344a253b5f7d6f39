//! Recalls in the database.

pub(crate) mod readers;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{self, Array, BigInt, Jsonb, Nullable, Uuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use super::{Corrections, Named, Recall, RecallStatus, WrongTexts};
use crate::db::schema::{recall, recall_text};
use crate::db::{Conn, Error, Guarded, Result};
use crate::id::{CampaignId, IncidentId, RecallId, StaffId, TemplateId};

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = recall)]
struct Row {
    id: RecallId,
    incident_id: IncidentId,
    template_id: Option<TemplateId>,
    template_version: Option<i32>,
    words: Option<String>,
    corrections: serde_json::Value,
    status: RecallStatus,
    version: i32,
    proposed_by: StaffId,
    proposed_at: DateTime<Utc>,
    published_by: Option<StaffId>,
    published_at: Option<DateTime<Utc>>,
    ended_by: Option<StaffId>,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Whole {
    #[diesel(embed)]
    own: Row,
    #[diesel(sql_type = Jsonb)]
    texts: serde_json::Value,
}

#[derive(Deserialize)]
struct TextsSql {
    campaign: uuid::Uuid,
    locales: Vec<String>,
    whole: bool,
}

fn read(row: Whole) -> Result<Recall> {
    let (row, texts) = (row.own, row.texts);
    let strange = |_| Error::inconsistent("recall", row.id);
    let texts: Vec<TextsSql> = serde_json::from_value(texts).map_err(strange)?;
    let texts = texts.into_iter().map(|one| WrongTexts {
        campaign: CampaignId::from_uuid(one.campaign),
        locales: one.locales,
        whole: one.whole,
    });
    Ok(Recall {
        id: row.id,
        incident: row.incident_id,
        named: Named {
            template: row.template_id.zip(row.template_version),
            words: row.words,
        },
        corrections: serde_json::from_value(row.corrections).map_err(strange)?,
        status: row.status,
        version: row.version,
        proposed: (row.proposed_by, row.proposed_at),
        published: row.published_by.zip(row.published_at),
        ended: row.ended_by.zip(row.ended_at),
        texts: texts.collect(),
    })
}

/// What is selected of a `recall r`.
const RECALL: &str = "
    select r.*, (select coalesce(jsonb_agg(jsonb_build_object(
            'campaign', t.campaign_id, 'locales', t.locales, 'whole', t.whole) order by t.campaign_id), '[]')
        from recall_text t where t.recall_id = r.id) as texts
    from recall r where ";

/// Inserts a proposal with the texts that it concerns.
///
/// # Errors
/// `Conflict` without such a template version or incident.
pub(super) async fn insert(
    conn: &mut Conn,
    (id, incident): (RecallId, IncidentId),
    (named, corrections): (&Named, &Corrections),
    texts: &[WrongTexts],
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<()> {
    diesel::insert_into(recall::table)
        .values((
            recall::id.eq(id),
            recall::incident_id.eq(incident),
            recall::template_id.eq(named.template.map(|(template, _)| template)),
            recall::template_version.eq(named.template.map(|(_, version)| version)),
            recall::words.eq(&named.words),
            recall::corrections.eq(serde_json::json!(corrections)),
            recall::status.eq(RecallStatus::Proposed),
            recall::proposed_by.eq(by),
            recall::proposed_at.eq(at),
        ))
        .execute(conn)
        .await?;
    let rows: Vec<_> = texts
        .iter()
        .map(|one| {
            (
                recall_text::recall_id.eq(id),
                recall_text::campaign_id.eq(one.campaign),
                recall_text::locales.eq(&one.locales),
                recall_text::whole.eq(one.whole),
            )
        })
        .collect();
    diesel::insert_into(recall_text::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}

/// The recall with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: RecallId) -> Result<Recall> {
    let sql = format!("{RECALL} r.id = $1");
    let row = diesel::sql_query(sql).bind::<Uuid, _>(id);
    read(row.get_result::<Whole>(conn).await?)
}

/// The same, its row locked until the transaction ends.
///
/// # Errors
/// `Missing`.
pub(super) async fn lock(conn: &mut Conn, id: RecallId) -> Result<Recall> {
    recall::table
        .find(id)
        .select(recall::id)
        .for_no_key_update()
        .first::<RecallId>(conn)
        .await?;
    find(conn, id).await
}

/// Recalls of an incident, the newest first.
///
/// # Errors
/// The database's.
pub(crate) async fn list(
    conn: &mut Conn,
    of: IncidentId,
    before: Option<RecallId>,
    limit: i64,
) -> Result<Vec<Recall>> {
    let sql = format!(
        "{RECALL} r.incident_id = $1 and ($2 is null or r.id < $2) order by r.id desc limit $3"
    );
    let rows: Vec<Whole> = diesel::sql_query(sql)
        .bind::<Uuid, _>(of)
        .bind::<Nullable<Uuid>, _>(before)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// All recalls that wait for a second person or are published, the newest first; there are few.
///
/// # Errors
/// The database's.
pub(crate) async fn open(conn: &mut Conn) -> Result<Vec<Recall>> {
    let sql = format!("{RECALL} r.status in ('proposed', 'published') order by r.id desc");
    let rows: Vec<Whole> = diesel::sql_query(sql).load(conn).await?;
    rows.into_iter().map(read).collect()
}

/// Moves a recall on, if the move is legal from where it stands in the database.
///
/// # Errors
/// `Conflict("published_by_another_person")` if the publisher proposed it.
pub(super) async fn set_status(
    conn: &mut Conn,
    id: RecallId,
    to: RecallStatus,
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<Guarded> {
    let published = to == RecallStatus::Published;
    let from = crate::db::enums::before(RecallStatus::ALL, to, RecallStatus::after);
    let sql = "update recall set status = $2, version = version + 1,
            published_by = case when $3 then $4 else published_by end,
            published_at = case when $3 then $5 else published_at end,
            ended_by = case when $3 then ended_by else $4 end,
            ended_at = case when $3 then ended_at else $5 end
        where id = $1 and status = any($6)";
    let moved = diesel::sql_query(sql)
        .bind::<Uuid, _>(id)
        .bind::<crate::db::schema::sql_types::RecallStatus, _>(to)
        .bind::<sql_types::Bool, _>(published)
        .bind::<Uuid, _>(by)
        .bind::<sql_types::Timestamptz, _>(at)
        .bind::<Array<crate::db::schema::sql_types::RecallStatus>, _>(from)
        .execute(conn)
        .await?;
    Ok(Guarded::of(moved))
}
