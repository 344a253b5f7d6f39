//! What somebody decided about an older copy of the database becomes the state of notices, people and figures, also of
//! campaigns that are paused and while everything is stopped. Nothing is sent.

use std::collections::HashMap;

use super::ledger::Ledger;
use super::loader::{key, people};
use super::past::Past;
use super::plan::{self, Planner};
use super::providers::Providers;
use crate::app::App;
use crate::db::Result;
use crate::deployment;
use crate::id::CampaignId;
use crate::notice::Notice;
use crate::notice::settle::{self, Rest};
use crate::notice::store::batch::{self, Lease};
use crate::notice::store::{self, Settled, outcome};

/// Settles what outcomes say of notices of campaigns under way. Senders may work meanwhile: each batch is settled once, by
/// whoever leases it.
///
/// # Errors
/// The database's. What is settled by then stays so; the rest a sender settles when it claims the batch.
pub async fn settle(app: &App) -> Result<()> {
    let ledger = Ledger::start(app);
    let providers = Providers::new(&app.config.providers);
    let under_way = deployment::store::list_under_way(&mut *app.db.get().await?).await?;
    for campaign in under_way {
        let places = batch::list_unapplied(&mut *app.db.get().await?, campaign).await?;
        for at in places {
            one(app, &ledger, &providers, campaign, at).await?;
        }
    }
    Ok(())
}

async fn one(
    app: &App,
    ledger: &Ledger,
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
    let past = Past::read(outcome::in_range(&mut conn, lease.bucket, range).await?);
    drop(conn);
    let all = notices.len();
    let planner = Planner {
        app,
        ledger,
        lease: &lease,
        providers,
    };
    let settled = ended(&planner, notices, &past).await?;
    let rest = Rest {
        unsent: settled.len() < all,
        due_at: None,
    };
    settle::batch(app, &lease, &settled, rest).await?;
    Ok(())
}

/// The notices of which the outcomes say more than is on record.
async fn ended(planner: &Planner<'_>, notices: Vec<Notice>, past: &Past) -> Result<Vec<Settled>> {
    let mut each: Vec<_> = notices
        .into_iter()
        .map(|notice| {
            let story = past.of(&notice);
            (notice, story)
        })
        .collect();
    each.retain(|(_, story)| {
        story.open.is_none() && story.end.is_some() && !story.tried.is_empty()
    });
    let mut refused = planner.refused(&each).await?;
    let known: Vec<_> = each.iter().map(|(notice, _)| notice.clone()).collect();
    let lease = planner.lease;
    let mut people = opened(planner.app, lease, &known).await?;
    let mut settled = Vec::with_capacity(each.len());
    for (notice, story) in each {
        let Some((to, due_at)) = story.end else {
            continue;
        };
        let person = people.remove(&notice.person);
        let email = person
            .as_ref()
            .and_then(|person| person.contact.email.as_ref());
        let provider = planner.providers.name(email);
        let address = refused.remove(&notice.person);
        let stands = ((to, due_at), None);
        settled.push(plan::settled(&notice, story, stands, (address, provider)));
    }
    Ok(settled)
}

/// The people of notices; nobody if the incident was forgotten.
async fn opened(
    app: &App,
    lease: &Lease,
    notices: &[Notice],
) -> Result<HashMap<crate::id::PersonId, crate::person::Person>> {
    match key(app, lease).await? {
        Some(key) => people(app, &key, lease, notices).await,
        None => Ok(HashMap::new()),
    }
}
