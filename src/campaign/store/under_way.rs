//! The campaigns of one incident that are under way.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, IncidentId};

/// A launched campaign that is neither completed nor cancelled.
#[derive(Debug, Clone, QueryableByName)]
pub struct UnderWay {
    /// The campaign.
    #[diesel(sql_type = Uuid)]
    pub id: CampaignId,
    /// Its number within its incident.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// Its name, or its template's in a row of an older program.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What was approved.
    #[diesel(sql_type = Nullable<Text>)]
    pub content: Option<String>,
    /// Whether it is sending, not paused.
    #[diesel(sql_type = Bool)]
    pub is_sending: bool,
    /// Whether its audience is complete.
    #[diesel(sql_type = Bool)]
    pub is_frozen: bool,
    /// The list version in force.
    #[diesel(sql_type = Nullable<Integer>)]
    pub scope: Option<i32>,
}

/// Lists the campaigns of an incident that are under way.
///
/// # Errors
/// The database's.
pub async fn under_way(conn: &mut Conn, of: IncidentId) -> Result<Vec<UnderWay>> {
    Ok(statement(
        "select c.id, (select count(*) from campaign b where b.incident_id = c.incident_id and b.id <= c.id) as number,
            coalesce(c.name, t.name) as name, c.content, c.status = 'sending' as is_sending,
            not exists (select from campaign_freeze f where f.campaign_id = c.id and not f.done) as is_frozen,
            i.active_scope as scope
        from campaign c join template t on t.id = c.template_id join incident i on i.id = c.incident_id
        where c.incident_id = $1 and c.status in ('sending', 'paused')
        order by c.id",
    )
    .bind::<Uuid, _>(of)
    .load(conn)
    .await?)
}
