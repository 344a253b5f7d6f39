//! The versions of a template, and the campaigns that use them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::{template, template_variant, template_version};
use crate::db::{Conn, Result};
use crate::id::{CampaignId, StaffId, TemplateId};

/// A version as the history lists it.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Version {
    /// Its number.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The account that wrote it.
    #[diesel(sql_type = Uuid)]
    pub by: StaffId,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// The languages of its texts.
    #[diesel(sql_type = Array<Text>)]
    pub locales: Vec<String>,
    /// The languages in which it differs from the version before it.
    #[diesel(sql_type = Array<Text>)]
    pub changed: Vec<String>,
}

/// All versions, the newest first; empty without such a template.
///
/// # Errors
/// The database's.
pub(crate) async fn versions(conn: &mut Conn, id: TemplateId) -> Result<Vec<Version>> {
    let sql = "
        select v.version, v.created_by as by, v.created_at as at,
            array(select x.locale from template_variant x
                where x.template_id = v.template_id and x.version = v.version order by 1) as locales,
            array(select coalesce(x.locale, y.locale)
                from (select * from template_variant where template_id = v.template_id and version = v.version) x
                full join (select * from template_variant
                    where template_id = v.template_id and version = v.version - 1) y on y.locale = x.locale
                where (x.subject, x.body) is distinct from (y.subject, y.body) order by 1) as changed
        from template_version v where v.template_id = $1 order by v.version desc";
    Ok(diesel::sql_query(sql)
        .bind::<Uuid, _>(id)
        .load(conn)
        .await?)
}

/// What the page of a version says of it.
#[derive(Debug, QueryableByName)]
pub(crate) struct About {
    /// The name of the account that wrote it.
    #[diesel(sql_type = Text)]
    pub by: String,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// How many campaigns use it.
    #[diesel(sql_type = BigInt)]
    pub campaigns: i64,
}

/// Who wrote a version, when, and how many campaigns use it.
///
/// # Errors
/// `Missing`.
pub(crate) async fn about(conn: &mut Conn, id: TemplateId, version: i32) -> Result<About> {
    let sql = "
        select s.name as by, v.created_at as at, (select count(*) from campaign c
            where c.template_id = v.template_id and c.template_version = v.version) as campaigns
        from template_version v join staff s on s.id = v.created_by where v.template_id = $1 and v.version = $2";
    Ok(diesel::sql_query(sql)
        .bind::<Uuid, _>(id)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?)
}

/// A campaign that uses a version of a template.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Use {
    /// The version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The campaign.
    #[diesel(sql_type = Uuid)]
    pub campaign: CampaignId,
    /// Its kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Its state.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The title of its incident.
    #[diesel(sql_type = Text)]
    pub incident: String,
}

/// `initial, Theft of data (sending)`.
impl std::fmt::Display for Use {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.replace('_', " ");
        write!(f, "{}, {} ({status})", self.kind, self.incident)
    }
}

/// The campaigns that use any version of a template, the newest first.
///
/// # Errors
/// The database's.
pub(crate) async fn uses(conn: &mut Conn, id: TemplateId) -> Result<Vec<Use>> {
    let sql = "
        select c.template_version as version, c.id as campaign, c.kind::text as kind, c.status::text as status,
            i.title as incident
        from campaign c join incident i on i.id = c.incident_id where c.template_id = $1 order by c.id desc";
    Ok(diesel::sql_query(sql)
        .bind::<Uuid, _>(id)
        .load(conn)
        .await?)
}

/// Keeps campaigns from beginning to use any version until the transaction ends.
///
/// # Errors
/// The database's.
pub(crate) async fn lock_versions(conn: &mut Conn, id: TemplateId) -> Result<()> {
    template_version::table
        .filter(template_version::template_id.eq(id))
        .select(template_version::version)
        .for_update()
        .load::<i32>(conn)
        .await?;
    Ok(())
}

/// Deletes a template with all of its versions.
///
/// # Errors
/// `Conflict` if a campaign uses a version.
pub(crate) async fn delete(conn: &mut Conn, id: TemplateId) -> Result<()> {
    diesel::delete(template_variant::table.filter(template_variant::template_id.eq(id)))
        .execute(conn)
        .await?;
    diesel::delete(template_version::table.filter(template_version::template_id.eq(id)))
        .execute(conn)
        .await?;
    diesel::delete(template::table.find(id))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Matching {
    #[diesel(sql_type = Uuid)]
    id: TemplateId,
}

/// The templates with each of these words in their name or in a text of their newest version. Case does not matter.
///
/// # Errors
/// The database's.
pub(crate) async fn with_words(conn: &mut Conn, words: &[&str]) -> Result<Vec<TemplateId>> {
    let sql = "
        select t.id from template t where not exists (
            select from unnest($1) as w (word)
            where position(lower(w.word) in lower(t.name)) = 0 and not exists (
                select from template_variant x
                where x.template_id = t.id
                    and x.version = (select max(v.version) from template_version v where v.template_id = t.id)
                    and position(lower(w.word) in lower(x.subject || ' ' || x.body)) > 0))";
    let found: Vec<Matching> = diesel::sql_query(sql)
        .bind::<Array<Text>, _>(words)
        .load(conn)
        .await?;
    Ok(found.into_iter().map(|one| one.id).collect())
}
