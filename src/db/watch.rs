//! Outages of the database: the log says once that it is away, then how long, and that it is back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;

use super::outage::Trouble;
use super::pool::Db;
use crate::trouble::{Seen, Troubles};

/// The name of an outage among the troubles.
const OUTAGE: &str = "postgres";
/// How often a database that is away is asked whether it is back.
const PROBE: Duration = Duration::from_secs(1);

impl Db {
    /// The troubles of this process, which the log thins out.
    pub fn troubles(&self) -> &Troubles {
        &self.outage.troubles
    }

    /// Says in the log what could not be done, and why. While the database is away it says that once for all who
    /// try, then how often at growing intervals, and that it is back; other troubles are thinned out each by itself.
    pub fn trouble(&self, doing: &'static str, trouble: &impl Trouble) {
        let error = trouble.to_string();
        if trouble.is_outage() {
            match self.troubles().failed(OUTAGE) {
                Some(Seen {
                    seconds,
                    is_new: true,
                    ..
                }) => {
                    tracing::warn!(
                        error,
                        noticed = doing,
                        seconds,
                        "the database is away; trying again"
                    );
                }
                Some(seen) => still_away(seen),
                None => {}
            }
            self.watch();
            return;
        }
        match self.troubles().failed(doing) {
            Some(seen) if seen.is_new => tracing::warn!(error, "{doing}"),
            Some(Seen { times, seconds, .. }) => {
                tracing::warn!(error, times, seconds, "still: {doing}");
            }
            None => {}
        }
    }

    /// Has a database that is away asked until it is back, and says so. A connection of the pool may be dead and does not
    /// know it, so that only an answer counts.
    fn watch(&self) {
        let Some(home) = &self.outage.home else {
            return;
        };
        if self.outage.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let db = self.clone();
        home.spawn(async move {
            loop {
                tokio::time::sleep(PROBE).await;
                if !db.answers().await {
                    let lasting = db.troubles().goes_on(OUTAGE);
                    lasting.into_iter().for_each(still_away);
                    continue;
                }
                if let Some(Seen { times, seconds, .. }) = db.troubles().worked(OUTAGE) {
                    tracing::warn!(times, seconds, "the database is back after {seconds} s");
                }
                if !db.troubles().is_open(OUTAGE) {
                    db.outage.watched.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }

    async fn answers(&self) -> bool {
        match self.get().await {
            Ok(mut conn) => conn.batch_execute("select 1").await.is_ok(),
            Err(_) => false,
        }
    }
}

fn still_away(
    Seen {
        times,
        seconds,
        is_new,
    }: Seen,
) {
    let how = if is_new { "" } else { "still " };
    tracing::warn!(times, seconds, "the database is {how}away");
}
