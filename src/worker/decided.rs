//! Applies a decision about an older copy of the database to notices, people and figures, also of paused campaigns and
//! while everything is stopped. Nothing is sent.

use super::outcome_writer::OutcomeWriter;
use super::plan::Planner;
use super::providers::Providers;
use crate::app::App;
use crate::db::Result;
use crate::delivery::history::Histories;
use crate::delivery::settle::{self, Rest};
use crate::delivery::store::batch;
use crate::delivery::store::{self, outcome};
use crate::id::CampaignId;
use crate::recovery;

/// Settles what outcomes say of notices of campaigns under way. Senders may work at the same time: each batch is
/// settled once, by the process that leases it.
///
/// # Errors
/// The database's. Batches settled before the error stay settled; a sender settles the rest when it claims them.
pub async fn settle(app: &App) -> Result<()> {
    let outcome_writer = OutcomeWriter::start(app);
    let providers = Providers::new(&app.config.providers);
    let under_way = recovery::store::list_under_way(&mut *app.db.get().await?).await?;
    for campaign in under_way {
        let places = batch::list_unapplied(&mut *app.db.get().await?, campaign).await?;
        for at in places {
            one(app, &outcome_writer, &providers, campaign, at).await?;
        }
    }
    Ok(())
}

async fn one(
    app: &App,
    outcome_writer: &OutcomeWriter,
    providers: &Providers,
    campaign: CampaignId,
    at: (i32, i32),
) -> Result<()> {
    let mail = &app.config.mail;
    let mut conn = app.db.get().await?;
    let node = (mail.node.as_str(), mail.lease_seconds);
    let Some(lease) = batch::claim_to_settle(&mut conn, node, campaign, at).await? else {
        return Ok(());
    };
    let notices = store::unsettled(&mut conn, &lease).await?;
    let range = (lease.first_id, lease.last_id);
    let recorded = Histories::read(outcome::in_range(&mut conn, lease.bucket, range).await?);
    drop(conn);
    let all = notices.len();
    let planner = Planner {
        app,
        outcome_writer,
        lease: &lease,
        providers,
    };
    let settled = planner.recorded(notices, &recorded).await?;
    let rest = Rest {
        unsent: settled.len() < all,
        due_at: None,
    };
    settle::batch(app, &lease, &settled, rest).await?;
    Ok(())
}
