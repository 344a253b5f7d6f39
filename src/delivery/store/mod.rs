//! Notices, batches and outcomes in the database. Every statement names the bucket.

pub(crate) mod batch;
mod list;
pub mod outcome;
pub(crate) mod retry;
pub mod tally;
pub mod unfrozen;
pub mod writer;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;

pub use self::list::{KEEPS_ALL, end_bit, list};
use crate::campaign::{self, Campaign};
use crate::db::schema::{campaign as campaigns, notice};
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId};
use crate::notice::{Notice, NoticeStatus};
use crate::person::flags::WithheldReason;

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = notice)]
struct Row {
    id: NoticeId,
    campaign_id: CampaignId,
    incident_id: IncidentId,
    person_id: PersonId,
    status: NoticeStatus,
    withheld: Option<WithheldReason>,
    named: i64,
    attempts: i16,
    due_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

fn read(row: Row) -> Notice {
    Notice {
        id: row.id,
        campaign: row.campaign_id,
        incident: row.incident_id,
        person: row.person_id,
        status: row.status,
        withheld: row.withheld,
        named: ElementSet::from_bits_truncate(row.named),
        attempts: row.attempts,
        due_at: row.due_at,
        created_at: row.created_at,
        settled_at: row.settled_at,
    }
}

/// A notice about to be frozen into its campaign.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Its id, in the person's bucket.
    pub id: NoticeId,
    /// The number of its batch.
    pub batch_no: i32,
    /// The recipient.
    pub person: PersonId,
    /// Why it must not be sent, if it must not.
    pub withheld: Option<WithheldReason>,
    /// The elements it names.
    pub named: i64,
    /// The blind index of its notice code.
    pub code_key: i64,
}

/// Inserts notices, each into its bucket.
///
/// # Errors
/// `Conflict` if one of the people has one in this campaign already.
pub async fn insert(
    conn: &mut Conn,
    (campaign, incident): (CampaignId, IncidentId),
    new: &[NewNotice],
    at: DateTime<Utc>,
) -> Result<()> {
    statement(
        "insert into notice (bucket, id, campaign_id, incident_id, batch_no, person_id, status, withheld, named, \
                             code_key, attempts, created_at, settled_at) \
         select n.bucket, n.id, $1, $2, n.batch_no, n.person_id, \
                case when n.withheld is null then 'queued' else 'withheld' end::notice_status, \
                n.withheld::withheld_reason, n.named, n.code_key, 0, $3, \
                case when n.withheld is not null then $3 end \
         from unnest($4, $5, $6, $7, $8, $9, $10) as n (bucket, id, batch_no, person_id, withheld, named, code_key)",
    )
    .bind::<SqlUuid, _>(campaign)
    .bind::<SqlUuid, _>(incident)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<Integer>, _>(new.iter().map(|n| n.id.bucket()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(new.iter().map(|n| n.id).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(new.iter().map(|n| n.batch_no).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(new.iter().map(|n| n.person).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|n| n.withheld.map(WithheldReason::as_str)).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|n| n.named).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|n| n.code_key).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// The notices of a batch that are not settled: queued or deferred.
///
/// # Errors
/// The database's.
pub async fn unsettled(conn: &mut Conn, of: &batch::Lease) -> Result<Vec<Notice>> {
    let rows: Vec<Row> = notice::table
        .filter(
            notice::bucket
                .eq(of.bucket)
                .and(notice::id.between(of.first_id, of.last_id)),
        )
        .filter(
            notice::campaign_id
                .eq(of.campaign_id)
                .and(notice::batch_no.eq(of.batch_no)),
        )
        .filter(notice::status.eq_any([NoticeStatus::Queued, NoticeStatus::Deferred]))
        .select(Row::as_select())
        .order(notice::id)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// What became of a notice that a sender had leased.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The notice.
    pub id: NoticeId,
    /// The recipient.
    pub person: PersonId,
    /// The elements it names.
    pub named: ElementSet,
    /// The `email_key` of the address it was sent to; `None`: that is not known, so that no address
    /// has accepted or refused it.
    pub address: Option<Vec<u8>>,
    /// Where it stood.
    pub from: NoticeStatus,
    /// Where it stands now.
    pub to: NoticeStatus,
    /// Why, if it is withheld.
    pub withheld: Option<WithheldReason>,
    /// How often it was tried by now.
    pub attempts: i16,
    /// When it is tried again, if deferred.
    pub due_at: Option<DateTime<Utc>>,
    /// Who runs the mailbox.
    pub provider: Arc<str>,
    /// The results of its attempts that are not in the tally yet.
    pub tried: Vec<outcome::Outcome>,
}

/// Writes the new states of notices of one bucket in one statement.
///
/// # Errors
/// `Inconsistent` if a notice was no longer in the state it came from.
pub async fn set_states(
    conn: &mut Conn,
    bucket: i32,
    settled: &[Settled],
    at: DateTime<Utc>,
) -> Result<()> {
    let moved = statement(
        "update notice n set status = s.status::notice_status, attempts = s.attempts, due_at = s.due_at, \
                withheld = s.withheld::withheld_reason, settled_at = case when s.status <> 'deferred' then $2 end \
         from unnest($3, $4, $5, $6, $7, $8) as s (id, before, status, attempts, due_at, withheld) \
         where n.bucket = $1 and n.id = s.id and n.status = s.before::notice_status",
    )
    .bind::<Integer, _>(bucket)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<SqlUuid>, _>(settled.iter().map(|s| s.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(settled.iter().map(|s| s.from.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(settled.iter().map(|s| s.to.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(settled.iter().map(|s| s.attempts).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(settled.iter().map(|s| s.due_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(settled.iter().map(|s| s.withheld.map(WithheldReason::as_str)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    if moved == settled.len() {
        Ok(())
    } else {
        Err(Error::inconsistent(
            "notice",
            format!("{moved} of {} in bucket {bucket}", settled.len()),
        ))
    }
}

/// The notice with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: NoticeId) -> Result<Notice> {
    let row = notice::table
        .find((id.bucket(), id))
        .select(Row::as_select())
        .first(conn)
        .await?;
    Ok(read(row))
}

/// A person's notices, newest first. `campaigns` are those of the person's incident.
///
/// # Errors
/// The database's.
pub async fn of_person(
    conn: &mut Conn,
    campaigns: &[CampaignId],
    person: PersonId,
) -> Result<Vec<Notice>> {
    let rows: Vec<Row> = notice::table
        .filter(notice::campaign_id.eq_any(campaigns))
        .filter(
            notice::bucket
                .eq(person.bucket())
                .and(notice::person_id.eq(person)),
        )
        .select(Row::as_select())
        .order(notice::id.desc())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// The notices to a person of this incident, newest first, each with its campaign.
///
/// # Errors
/// `Inconsistent` for a campaign that cannot be read.
pub async fn of_person_with_campaigns(
    conn: &mut Conn,
    incident: IncidentId,
    person: PersonId,
) -> Result<Vec<(Notice, Campaign)>> {
    let rows: Vec<(Row, campaign::store::Row)> = campaigns::table
        .inner_join(notice::table.on(notice::campaign_id.eq(campaigns::id)))
        .filter(campaigns::incident_id.eq(incident))
        .filter(
            notice::bucket
                .eq(person.bucket())
                .and(notice::person_id.eq(person)),
        )
        .select((Row::as_select(), campaign::store::Row::as_select()))
        .order(notice::id.desc())
        .load(conn)
        .await?;
    let both = |(notice, of)| Ok((read(notice), campaign::store::read(of)?));
    rows.into_iter().map(both).collect()
}

/// The notices with a code of this index; more than one is a coincidence of one in many thousands.
///
/// # Errors
/// The database's.
pub async fn by_code(conn: &mut Conn, bucket: i32, code_key: i64) -> Result<Vec<Notice>> {
    let rows: Vec<Row> = notice::table
        .filter(notice::bucket.eq(bucket).and(notice::code_key.eq(code_key)))
        .select(Row::as_select())
        .limit(10)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}
