//! What a list in force does to the campaigns of its incident that are under way.

use crate::campaign::content::Content;
use crate::campaign::store::{self, UnderWay};
use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::person;
use crate::person::AudienceFilter;
use crate::person::audience::Who;
use crate::scope::consent::Ending;

/// Of an incident with more people it is not counted how many are not told yet: that reads all of them.
const MANY: i64 = 200_000;

/// Whether messages of the incident are being sent, and which campaigns end since their audience is not complete: who is
/// approved to be told comes from the list that is in force now.
pub(super) async fn under_way(
    conn: &mut Conn,
    incident: IncidentId,
) -> db::Result<(bool, Vec<Ending>)> {
    let all = store::under_way(conn, incident).await?;
    let is_sending = all.iter().any(|campaign| campaign.is_sending);
    let mut ends = Vec::new();
    for (campaign, content) in ending(all) {
        let untold = untold(conn, incident, &campaign, &content).await?;
        let (name, number) = (campaign.name, campaign.number);
        ends.push(Ending {
            name,
            number,
            untold,
        });
    }
    Ok((is_sending, ends))
}

/// How many campaigns end.
pub(super) async fn count_ending(conn: &mut Conn, incident: IncidentId) -> db::Result<i64> {
    let ending = ending(store::under_way(conn, incident).await?).count();
    Ok(i64::try_from(ending).unwrap_or(i64::MAX))
}

/// Those that end, and what was approved.
fn ending(under_way: Vec<UnderWay>) -> impl Iterator<Item = (UnderWay, Content)> {
    let unfrozen = under_way.into_iter().filter(|campaign| !campaign.is_frozen);
    unfrozen.filter_map(|campaign| {
        // No sender freezes a campaign if it cannot read the content: it has ended already.
        let content = Content::from_text(campaign.content.as_deref()?).ok()?;
        // The same holds if it was approved for another list than the one in force.
        (Some(content.scope) == campaign.scope).then_some((campaign, content))
    })
}

/// How many people of a campaign's audience are not told yet; `None` where that is not counted.
async fn untold(
    conn: &mut Conn,
    incident: IncidentId,
    campaign: &UnderWay,
    content: &Content,
) -> db::Result<Option<i64>> {
    let filter = AudienceFilter {
        but: Some(campaign.id),
        ..content.audience.filter(content.kind)
    };
    let stays = matches!(filter.who, Who::Told | Who::Everyone);
    if stays || !person::store::is_few(conn, incident, MANY).await? {
        return Ok(None);
    }
    let count = person::store::count_audience(conn, incident, &filter).await?;
    Ok(Some(count.mailable))
}
