//! The campaigns that keep people out of an audience: their notices may still be sent, or may have arrived.

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result};
use crate::id::{CampaignId, IncidentId};
use crate::person::audience::AudienceFilter;

/// The campaigns of an incident in which people may have an unsettled notice, and those that are over and left notices
/// uncertain.
pub(super) struct Launched {
    pub(super) unsettled: Vec<CampaignId>,
    pub(super) uncertain: Vec<CampaignId>,
}

#[derive(QueryableByName)]
struct LaunchedSql {
    #[diesel(sql_type = Uuid)]
    id: CampaignId,
    #[diesel(sql_type = Bool)]
    unsettled: bool,
    #[diesel(sql_type = Bool)]
    uncertain: bool,
}

/// Launched campaigns. Unsettled are those under way, and cancelled ones with a batch that a sender still has. A
/// correction that may have arrived is sent again: it says what is so.
pub(super) async fn launched(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<Launched> {
    let rows: Vec<LaunchedSql> = diesel::sql_query(
        "select c.id, c.status in ('sending', 'paused') or c.status = 'cancelled' and exists (
                select 1 from batch b where b.campaign_id = c.id and b.status = 'leased') as unsettled,
            c.kind <> 'correction' and exists (
                select 1 from campaign_count k where k.campaign_id = c.id and k.status = 'uncertain' and k.n > 0)
                as uncertain
        from campaign c where c.incident_id = $1 and c.launched_at is not null",
    )
    .bind::<Uuid, _>(incident)
    .load(conn)
    .await?;
    let ids = |is: fn(&LaunchedSql) -> bool| {
        let some = rows.iter().filter(|row| is(row));
        some.map(|row| row.id)
            .filter(|id| filter.but != Some(*id))
            .collect()
    };
    Ok(Launched {
        unsettled: ids(|row| row.unsettled),
        uncertain: match filter.who.is_about_told() {
            true => Vec::new(),
            false => ids(|row| row.uncertain && !row.unsettled),
        },
    })
}
