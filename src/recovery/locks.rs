//! What a decision about a copy locks before it writes: everything that senders lock too, in their order. A sender may still
//! settle what it had leased when the doubt came.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::store;
use crate::campaign;
use crate::db::{Conn, Result};
use crate::delivery::freeze;
use crate::id::{BUCKETS, CampaignId, IncidentId};
use crate::{incident, person};

/// Locks what is decided about these campaigns, but for their ends and rows, which come next; their batches are given back,
/// so that no sender settles them from here on. All of one kind before the next kind: who settles a batch of one campaign
/// waits for people of an incident with other campaigns that are decided, too.
///
/// # Errors
/// The database's.
pub(super) async fn in_order(
    conn: &mut Conn,
    under_way: &[(CampaignId, IncidentId)],
    now: DateTime<Utc>,
) -> Result<()> {
    for (_, of) in under_way {
        incident::store::share_scope(conn, *of).await?;
    }
    let mut unfrozen = BTreeSet::new();
    for (id, of) in under_way {
        if freeze::lock_rest(conn, *id).await? {
            unfrozen.insert(*of);
        }
    }
    for (id, _) in under_way {
        campaign::store::lock_pace(conn, *id).await?;
    }
    for (id, _) in under_way {
        store::give_batches_back(conn, *id, now).await?;
    }
    for of in unfrozen {
        person::store::lock(conn, of, 0..BUCKETS).await?;
    }
    Ok(())
}
