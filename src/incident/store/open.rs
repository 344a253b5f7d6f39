//! What is still under way in an incident, counted.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Uuid};
use diesel_async::RunQueryDsl;

use super::lists::lock_of;
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::incident::open::Open;

// Every count but those of the account reads a partial index of what is unfinished, or the few rows of campaigns
// and versions.
const OPEN: &str = "
    with account as (
        select coalesce(sum(n) filter (where standing = 'in_progress'), 0)::bigint as in_progress,
            coalesce(sum(n) filter (where standing = 'needs_letter'), 0)::bigint as needs_letter,
            coalesce(sum(n) filter (where standing = 'withheld'), 0)::bigint as withheld,
            coalesce(sum(n) filter (where is_notified(standing) and incomplete), 0)::bigint as told_too_little,
            coalesce(sum(n) filter (where correction in ('email', 'letter')), 0)::bigint as told_too_much
        from account_count where incident_id = $1
    ), campaigns as (
        select count(*) filter (where status in ('in_review', 'approved', 'scheduled', 'sending', 'paused'))
                as campaigns,
            count(*) filter (where status in ('completed', 'cancelled') and exists (
                select from batch b where b.campaign_id = campaign.id and b.status <> 'done')) as ending,
            count(*) filter (where status = 'draft') as drafts
        from campaign where incident_id = $1
    ), versions as (
        select count(*) filter (where status = 'draft') as lists,
            count(*) filter (where status = 'importing') as importing,
            count(*) filter (where status = 'activating') as activating
        from scope_version where incident_id = $1
    ), tickets as (
        select count(*) as tickets from ticket
        where incident_id = $1 and status in ('new', 'open', 'pending', 'on_hold')
    ), letters as (
        select count(*) as letters from outbox
            where incident_id = $1 and status = 'queued' and staff_id is null
    ), posts as (
        select count(*) as postal from postal_batch where incident_id = $1 and state in ('listed', 'posting')
    )
    select * from account, campaigns, versions, tickets, letters, posts";

/// What is open now. After [`super::lock`] in the same transaction nothing new of it can begin before that ends.
///
/// # Errors
/// The database's.
pub async fn count_open(conn: &mut Conn, id: IncidentId) -> Result<Open> {
    Ok(diesel::sql_query(OPEN)
        .bind::<Uuid, _>(id)
        .get_result(conn)
        .await?)
}

/// The same for a page, and whether no import or activation of the incident is at work on any node.
///
/// # Errors
/// The database's.
pub async fn count_open_for_page(conn: &mut Conn, id: IncidentId) -> Result<(Open, bool)> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(embed)]
        open: Open,
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    // The lock is released with the statement.
    let with_lock = format!("select o.*, pg_try_advisory_xact_lock($2) as taken from ({OPEN}) o");
    let row: Row = diesel::sql_query(with_lock)
        .bind::<Uuid, _>(id)
        .bind::<BigInt, _>(lock_of(id))
        .get_result(conn)
        .await?;
    Ok((row.open, row.taken))
}
