//! What of an incident is public.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::{Row, read};
use crate::db::schema::{incident, sql_types};
use crate::db::{Conn, Guarded, Result, statement};
use crate::id::{IncidentId, StaffId, UpdateId};
use crate::incident::{Facts, Incident, PublishedClaims, Update, UpdateKind};

/// Whether something of `incident i` was said in public: an update or its facts were published, a campaign of it was
/// launched, or letters posted. Incidents come before letters: the kinds and states of `postal` stand here in words.
macro_rules! has_spoken {
    () => {
        "(i.published_at is not null
            or exists (select from incident_update u where u.incident_id = i.id)
            or exists (select from campaign c where c.incident_id = i.id and c.launched_at is not null)
            or exists (select from postal_batch b where b.incident_id = i.id
                and b.kind in ('letter', 'guardian', 'correction') and b.state in ('posting', 'posted')))"
    };
}

/// Whether an update or the facts of the incident were published, a campaign of it was launched, or letters posted.
///
/// # Errors
/// The database's.
pub async fn has_spoken(conn: &mut Conn, id: IncidentId) -> Result<bool> {
    Ok(updates_and_spoken(conn, id, 0).await?.1)
}

#[derive(QueryableByName)]
struct News {
    #[diesel(sql_type = Bool)]
    has_spoken: bool,
    #[diesel(sql_type = Nullable<Uuid>)]
    update_id: Option<UpdateId>,
    #[diesel(sql_type = Nullable<sql_types::UpdateKind>)]
    update_kind: Option<UpdateKind>,
    #[diesel(sql_type = Nullable<Text>)]
    update_body: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    update_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Uuid>)]
    update_by: Option<StaffId>,
}

impl News {
    fn update(self) -> Option<Update> {
        Some(Update {
            id: self.update_id?,
            kind: self.update_kind?,
            body: self.update_body?,
            published_at: self.update_at?,
            published_by: self.update_by?,
        })
    }
}

/// The latest updates of `incident i`, at most `$1`.
macro_rules! latest_updates {
    () => {
        "left join lateral (
            select id as update_id, kind as update_kind, body as update_body, published_at as update_at,
                published_by as update_by
            from incident_update u where u.incident_id = i.id
            order by published_at desc, id desc limit $1
        ) u on true"
    };
}

/// The public updates of an incident, newest first, and whether it [has spoken](has_spoken()).
///
/// # Errors
/// The database's.
pub async fn updates_and_spoken(
    conn: &mut Conn,
    id: IncidentId,
    limit: i64,
) -> Result<(Vec<Update>, bool)> {
    let rows: Vec<News> = statement(concat!(
        "select ",
        has_spoken!(),
        " as has_spoken, u.* from incident i ",
        latest_updates!(),
        " where i.id = $2 order by update_at desc, update_id desc"
    ))
    .bind::<BigInt, _>(limit)
    .bind::<Uuid, _>(id)
    .load(conn)
    .await?;
    let has_spoken = rows.iter().any(|row| row.has_spoken);
    let updates = rows.into_iter().filter_map(News::update);
    Ok((updates.collect(), has_spoken))
}

/// The incidents that are public, newest first, each with its latest update; there are few.
///
/// # Errors
/// The database's.
pub async fn list_public(conn: &mut Conn) -> Result<Vec<(Incident, Option<Update>)>> {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(embed)]
        own: Row,
        #[diesel(embed)]
        news: News,
    }
    let rows: Vec<Known> = statement(concat!(
        "select i.*, ",
        has_spoken!(),
        " as has_spoken, u.* from (
            select * from incident order by created_at desc, id desc limit 500) i ",
        latest_updates!(),
        " order by i.created_at desc, i.id desc"
    ))
    .bind::<BigInt, _>(1)
    .load(conn)
    .await?;
    let mut public = Vec::new();
    for Known { own, news } in rows {
        let incident = read(own)?;
        if incident.is_public(news.has_spoken) {
            public.push((incident, news.update()));
        }
    }
    Ok(public)
}

/// Publishes title and facts as they are given, if the incident is still at `version`.
///
/// # Errors
/// The database's.
pub async fn set_published(
    conn: &mut Conn,
    id: IncidentId,
    version: i32,
    (title, facts, claims): (&str, &Facts, &PublishedClaims),
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<Guarded> {
    let set = diesel::update(incident::table.find(id))
        .filter(incident::version.eq(version))
        .set((
            incident::published_title.eq(title),
            incident::published_facts.eq(serde_json::json!(facts)),
            incident::published_claims.eq(serde_json::json!(claims)),
            incident::published_at.eq(at),
            incident::published_by.eq(by),
            incident::version.eq(incident::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Keeps the title that is public now, for an incident that never published its facts.
///
/// # Errors
/// The database's.
pub async fn pin_title(conn: &mut Conn, id: IncidentId, title: &str) -> Result<()> {
    diesel::update(incident::table.find(id))
        .filter(incident::published_title.is_null())
        .set(incident::published_title.eq(title))
        .execute(conn)
        .await?;
    Ok(())
}
