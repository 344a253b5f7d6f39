//! What the program itself decided about campaigns under way, and whether anything may leave at all.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::super::ability::Ability;
use super::super::canary::CanaryState;
use super::super::{CampaignStatus, Limits};
use crate::audit::Event;
use crate::db::schema::{campaign, campaign_freeze, campaign_pace, deployment, emergency_stop};
use crate::db::{Conn, Error, Guarded, Result};
use crate::id::{CampaignId, EventId};

/// How fast a campaign may go, as the program decided.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = campaign_pace)]
pub struct Pace {
    /// Where its canary stands.
    pub canary: CanaryState,
    /// Of its rate.
    pub percent: i16,
    /// Why less than 100, a sentence.
    pub reason: Option<String>,
    /// When the canary had ended well, or was let pass.
    pub passed_at: Option<DateTime<Utc>>,
}

impl Pace {
    /// Whether messages of its campaign can leave; `ability` says it of all campaigns.
    pub fn allows(pace: Option<&Self>, ability: &Ability) -> Ability {
        match pace {
            Some(pace) => ability.at(pace.percent, pace.reason.as_deref()),
            None => ability.clone(),
        }
    }
}

/// Inserts the pace of a campaign that is launched now; `canary` is the size of its canary.
///
/// # Errors
/// `Conflict` if it was laid out already.
pub async fn insert_pace(conn: &mut Conn, id: CampaignId, canary: i32) -> Result<()> {
    let state = if canary > 0 {
        CanaryState::Running
    } else {
        CanaryState::None
    };
    diesel::insert_into(campaign_pace::table)
        .values((
            campaign_pace::campaign_id.eq(id),
            campaign_pace::canary.eq(state),
            campaign_pace::canary_left.eq(canary),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The pace of a campaign; `None` before its launch.
///
/// # Errors
/// The database's.
pub async fn pace(conn: &mut Conn, id: CampaignId) -> Result<Option<Pace>> {
    Ok(campaign_pace::table
        .find(id)
        .select(Pace::as_select())
        .first(conn)
        .await
        .optional()?)
}

/// The state of a campaign's canary, its row locked until the transaction ends.
///
/// # Errors
/// `Missing` before the launch.
pub async fn lock_canary(conn: &mut Conn, id: CampaignId) -> Result<CanaryState> {
    Ok(campaign_pace::table
        .find(id)
        .select(campaign_pace::canary)
        .for_update()
        .first(conn)
        .await?)
}

/// How many notices are still to go into the canary; the row is locked until the transaction ends if there are any.
/// 0: the canary is whole.
///
/// # Errors
/// The database's.
pub async fn canary_left(conn: &mut Conn, id: CampaignId) -> Result<i32> {
    let left: Option<i32> = campaign_pace::table
        .find(id)
        .filter(campaign_pace::canary_left.gt(0))
        .select(campaign_pace::canary_left)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    Ok(left.unwrap_or(0))
}

/// Takes notices off what the canary still lacks.
///
/// # Errors
/// The database's.
pub async fn take_canary(conn: &mut Conn, id: CampaignId, taken: i32) -> Result<()> {
    diesel::update(campaign_pace::table.find(id))
        .set(campaign_pace::canary_left.eq(campaign_pace::canary_left - taken))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the canary with what is in it, if the whole audience is frozen: it was smaller than the slice.
///
/// # Errors
/// The database's.
pub async fn end_canary(conn: &mut Conn, id: CampaignId) -> Result<()> {
    let unfrozen = campaign_freeze::table.filter(
        campaign_freeze::campaign_id
            .eq(id)
            .and(campaign_freeze::done.eq(false)),
    );
    diesel::update(campaign_pace::table.find(id))
        .filter(campaign_pace::canary_left.gt(0))
        .filter(diesel::dsl::not(diesel::dsl::exists(unfrozen)))
        .set(campaign_pace::canary_left.eq(0))
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets the rest follow the canary, unless it does already.
///
/// # Errors
/// The database's.
pub async fn pass_canary(conn: &mut Conn, id: CampaignId, at: DateTime<Utc>) -> Result<Guarded> {
    let passed = diesel::update(campaign_pace::table.find(id))
        .filter(campaign_pace::canary.eq(CanaryState::Running))
        .set((
            campaign_pace::canary.eq(CanaryState::Passed),
            campaign_pace::canary_left.eq(0),
            campaign_pace::passed_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(passed))
}

/// Locks what the program decided about a campaign, until the transaction ends. Comes before [`super::lock_end`].
///
/// # Errors
/// The database's.
pub async fn lock_pace(conn: &mut Conn, id: CampaignId) -> Result<()> {
    let locked = campaign_pace::table.find(id).for_update();
    locked
        .select(campaign_pace::campaign_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets how fast a campaign may go, and why; one that was held goes on `at`. Refused if it is as fast already, for the same
/// reason.
///
/// # Errors
/// The database's.
pub async fn set_percent(
    conn: &mut Conn,
    id: CampaignId,
    percent: i16,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Guarded> {
    let went_on = sql::<Nullable<Timestamptz>>("case when percent <= 0 and ")
        .bind::<SmallInt, _>(percent)
        .sql(" > 0 then ")
        .bind::<Timestamptz, _>(at)
        .sql(" else resumed_at end");
    let set = diesel::update(campaign_pace::table.find(id))
        .filter(
            campaign_pace::percent
                .ne(percent)
                .or(campaign_pace::reason.is_distinct_from(reason)),
        )
        .set((
            campaign_pace::percent.eq(percent),
            campaign_pace::reason.eq(reason),
            campaign_pace::resumed_at.eq(went_on),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Holds a campaign that is let go in its quiet hours.
///
/// # Errors
/// The database's.
pub(crate) async fn hold_in_quiet_hours(
    conn: &mut Conn,
    id: CampaignId,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<()> {
    if let Some(reason) = limits.quiet.and_then(|quiet| quiet.held(now)) {
        // Refused: it is held already.
        let _: Guarded = set_percent(conn, id, 0, Some(&reason), now).await?;
    }
    Ok(())
}

/// The campaigns that are sending.
///
/// # Errors
/// The database's.
pub async fn list_sending(conn: &mut Conn) -> Result<Vec<CampaignId>> {
    Ok(campaign::table
        .filter(campaign::status.eq(CampaignStatus::Sending))
        .select(campaign::id)
        .load(conn)
        .await?)
}

/// What senders ask about a campaign twice a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Where it stands.
    pub status: CampaignStatus,
    /// Of its rate; 0 holds it.
    pub percent: i16,
}

/// The state of these campaigns, and whether all sending is stopped: by a person, or since the database may be an older
/// copy.
///
/// # Errors
/// The database's.
pub async fn send_permission(
    conn: &mut Conn,
    ids: &[CampaignId],
) -> Result<(bool, Vec<(CampaignId, Seen)>)> {
    let in_doubt = diesel::dsl::exists(deployment::table.filter(deployment::doubt.is_not_null()));
    let stopped: bool = emergency_stop::table
        .select(emergency_stop::stopped_at.is_not_null().or(in_doubt))
        .first(conn)
        .await?;
    if ids.is_empty() {
        return Ok((stopped, Vec::new()));
    }
    let rows: Vec<(CampaignId, CampaignStatus, Option<i16>)> = campaign::table
        .left_join(campaign_pace::table.on(campaign_pace::campaign_id.eq(campaign::id)))
        .filter(campaign::id.eq_any(ids))
        .select((
            campaign::id,
            campaign::status,
            campaign_pace::percent.nullable(),
        ))
        .load(conn)
        .await?;
    let seen = |(id, status, percent): (_, _, Option<i16>)| {
        let percent = percent.unwrap_or(100);
        (id, Seen { status, percent })
    };
    Ok((stopped, rows.into_iter().map(seen).collect()))
}

/// Notes that messages of a campaign can leave again from now on.
///
/// # Errors
/// The database's.
pub async fn set_resumed(conn: &mut Conn, id: CampaignId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(campaign_pace::table.find(id))
        .set(campaign_pace::resumed_at.eq(at))
        .execute(conn)
        .await?;
    Ok(())
}

/// Who stopped everything and when, if it is stopped.
///
/// # Errors
/// The database's.
pub async fn stopped(conn: &mut Conn) -> Result<Option<(DateTime<Utc>, String)>> {
    let row: (Option<DateTime<Utc>>, Option<String>) = emergency_stop::table
        .select((emergency_stop::stopped_at, emergency_stop::stopped_by))
        .first(conn)
        .await?;
    Ok(row.0.zip(row.1))
}

/// Sets or lifts the emergency stop, and keeps its entry of the audit log until that is written. Refused if it is so
/// already.
///
/// # Errors
/// The database's.
pub async fn set_stopped(
    conn: &mut Conn,
    by: Option<(DateTime<Utc>, &str)>,
    entry: &Event,
) -> Result<Guarded> {
    let kept = serde_json::json!([{
        "id": entry.id, "at": entry.at, "actor": entry.actor, "action": entry.action, "subject": entry.subject,
    }]);
    let unrecorded = sql::<Jsonb>("unrecorded || ").bind::<Jsonb, _>(kept);
    let set = diesel::update(emergency_stop::table)
        .filter(emergency_stop::stopped_at.is_null().eq(by.is_some()))
        .set((
            emergency_stop::stopped_at.eq(by.map(|(at, _)| at)),
            emergency_stop::stopped_by.eq(by.map(|(_, who)| who)),
            emergency_stop::unrecorded.eq(unrecorded),
            emergency_stop::allowed_at.eq(by.is_none().then_some(entry.at)),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Entries of the audit log of stops and starts that are not written there yet.
///
/// # Errors
/// `Inconsistent` if they cannot be read.
pub async fn unrecorded(conn: &mut Conn) -> Result<Vec<Event>> {
    #[derive(serde::Deserialize)]
    struct Kept {
        id: EventId,
        at: DateTime<Utc>,
        actor: String,
        action: String,
        subject: String,
    }
    let kept: serde_json::Value = emergency_stop::table
        .select(emergency_stop::unrecorded)
        .first(conn)
        .await?;
    let kept: Vec<Kept> = serde_json::from_value(kept)
        .map_err(|_| Error::inconsistent("emergency_stop", "unrecorded"))?;
    let event = |kept: Kept| Event {
        id: kept.id,
        at: kept.at,
        actor: kept.actor,
        action: kept.action,
        subject: kept.subject,
        detail: "{}".to_owned(),
    };
    Ok(kept.into_iter().map(event).collect())
}

/// Notes that these entries are written.
///
/// # Errors
/// The database's.
pub async fn set_recorded(conn: &mut Conn, ids: &[EventId]) -> Result<()> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    diesel::sql_query(
        "update emergency_stop set unrecorded = (select coalesce(jsonb_agg(entry), '[]') \
         from jsonb_array_elements(unrecorded) entry where entry->>'id' <> all ($1))",
    )
    .bind::<Array<Text>, _>(ids)
    .execute(conn)
    .await?;
    Ok(())
}
