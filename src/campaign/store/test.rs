//! Test messages of campaigns, with what became of them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{campaign_test, outbox};
use crate::db::{Conn, Result};
use crate::id::{CampaignId, LetterId, StaffId};
use crate::outbox::LetterStatus;

/// A test message.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = campaign_test)]
pub(crate) struct NewTest<'a> {
    /// Its message in the outbox.
    pub letter_id: LetterId,
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The account that gets it.
    pub staff_id: StaffId,
    /// The language of its text.
    pub locale: &'a str,
    /// Who sent it.
    pub sent_by: StaffId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A test message, and what became of it.
#[derive(Debug, Clone, Queryable)]
pub struct SentTest {
    /// The account that gets it.
    pub to: StaffId,
    /// The language of its text.
    pub locale: String,
    /// Who sent it.
    pub by: StaffId,
    /// When.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub status: LetterStatus,
    /// What the relay said last.
    pub reply: Option<String>,
    /// When it was sent, or failed.
    pub settled_at: Option<DateTime<Utc>>,
}

/// Records test messages, which are in the outbox.
///
/// # Errors
/// The database's.
pub(crate) async fn insert(conn: &mut Conn, tests: &[NewTest<'_>]) -> Result<()> {
    diesel::insert_into(campaign_test::table)
        .values(tests.to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

/// The latest test messages of a campaign, newest first.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn, of: CampaignId, most: i64) -> Result<Vec<SentTest>> {
    Ok(campaign_test::table
        .inner_join(outbox::table.on(outbox::id.eq(campaign_test::letter_id)))
        .filter(campaign_test::campaign_id.eq(of))
        .order((campaign_test::created_at.desc(), campaign_test::letter_id))
        .limit(most)
        .select((
            campaign_test::staff_id,
            campaign_test::locale,
            campaign_test::sent_by,
            campaign_test::created_at,
            outbox::status,
            outbox::reply,
            outbox::settled_at,
        ))
        .load(conn)
        .await?)
}
