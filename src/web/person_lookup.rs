//! Looks up one affected person and the notices to them, for pages and the API.

use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::db::{self, Conn};
use crate::delivery;
use crate::id::{IncidentId, PersonId};
use crate::incident::{self, Incident};
use crate::notice::Notice;
use crate::person::{self, Person};
use crate::web::problem::Problem;

/// The largest number of campaigns that is read of an incident: more than any has.
pub(crate) const CAMPAIGNS: i64 = 500;

/// The person with this id, and their incident.
///
/// # Errors
/// 404, also for a person of a forgotten incident.
pub(crate) async fn find(
    app: &App,
    conn: &mut Conn,
    id: PersonId,
) -> Result<(Incident, Person), Problem> {
    let person = person::store::find_row(conn, id).await?;
    let of = incident::store::find(conn, person.incident).await?;
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    let key = key.ok_or_else(Problem::not_found)?;
    let person = person.open(&key).map_err(Problem::broken)?;
    Ok((of, person))
}

/// The campaigns of an incident and their notices to one person, newest first.
pub(crate) async fn written_to(
    conn: &mut Conn,
    incident: IncidentId,
    person: PersonId,
) -> db::Result<(Vec<Campaign>, Vec<Notice>)> {
    let campaigns = campaign::store::list(conn, Some(incident), None, CAMPAIGNS).await?;
    let ids: Vec<_> = campaigns.iter().map(|campaign| campaign.id).collect();
    let notices = delivery::store::of_person(conn, &ids, person).await?;
    Ok((campaigns, notices))
}

/// The campaign of a notice, among those of its incident.
pub(crate) fn campaign_of<'c>(campaigns: &'c [Campaign], notice: &Notice) -> Option<&'c Campaign> {
    campaigns
        .iter()
        .find(|campaign| campaign.id == notice.campaign)
}
