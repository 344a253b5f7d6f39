//! How the canary of a campaign, the notices that are sent first, stands.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{batch, campaign_pace, notice};
use crate::db::{Conn, Result};
use crate::id::CampaignId;
use crate::notice::{BatchStatus, NoticeStatus};

/// How the notices of the canary stand, once each was tried; `None` until then.
///
/// # Errors
/// The database's.
pub async fn canary_states(
    conn: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<BTreeMap<NoticeStatus, i64>>> {
    let untried = batch::table
        .filter(batch::campaign_id.eq(campaign).and(batch::canary))
        .filter(batch::status.eq_any([BatchStatus::Ready, BatchStatus::Leased]));
    let unfrozen = campaign_pace::table
        .find(campaign)
        .filter(campaign_pace::canary_left.gt(0));
    let more = diesel::select(diesel::dsl::exists(untried).or(diesel::dsl::exists(unfrozen)));
    if more.get_result::<bool>(conn).await? {
        return Ok(None);
    }
    let counts: Vec<(NoticeStatus, i64)> = batch::table
        .inner_join(
            notice::table.on(notice::bucket
                .eq(batch::bucket)
                .and(notice::id.between(batch::first_id, batch::last_id))
                .and(notice::campaign_id.eq(batch::campaign_id))
                .and(notice::batch_no.eq(batch::batch_no))),
        )
        .filter(batch::campaign_id.eq(campaign).and(batch::canary))
        .group_by(notice::status)
        .select((notice::status, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    Ok(Some(counts.into_iter().collect()))
}
