//! Chores: periodic work that any worker may do.

use std::time::Duration;

use crate::app::App;
use crate::campaign::schedule;
use crate::campaign::void_watch;
use crate::db;
use crate::db::retry::retried;
use crate::delivery::review;
use crate::postal;
use crate::scope::{activate, upload};
use crate::shutdown::Shutdown;
use crate::staff::replay::once;
use crate::ticket::reweigh;

/// How often the chores are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// How often campaigns under way are reviewed.
const REVIEW: Duration = Duration::from_secs(5);

/// How often scheduled launches are looked at.
const LAUNCH: Duration = Duration::from_secs(2);

/// Launches campaigns that are due until `shutdown` asks to leave.
pub(crate) async fn launch(app: App, shutdown: Shutdown) {
    while shutdown.rest(LAUNCH).await {
        if let Err(error) = schedule::launch_due(&app).await {
            app.db.trouble(
                "scheduled launches could not be looked at; trying again",
                &error,
            );
        }
    }
}

/// Reviews the campaigns under way until `shutdown` asks to leave.
pub(crate) async fn review(app: App, shutdown: Shutdown) {
    while shutdown.rest(REVIEW).await {
        if let Err(error) = review::all(&app).await {
            app.db.trouble(
                "the campaigns under way could not be reviewed; trying again",
                &error,
            );
        }
    }
}

/// Deletes expired rows: abandoned uploads and replayable answers of the API.
async fn sweep(app: &App) -> db::Result<()> {
    upload::sweep(app).await?;
    once::sweep(app).await
}

/// Does the chores until `shutdown` asks to leave.
pub(crate) async fn run(app: App, shutdown: Shutdown) {
    loop {
        let leaving = shutdown.soft();
        tokio::select! {
            () = leaving.cancelled() => return,
            // An interrupted activation resumes where it stopped.
            ended = activate::resume(&app, None) => if let Err(error) = ended {
                app.db.trouble("an activation was not ended", &error);
            },
        }
        if let Err(error) = postal::post::resume(&app).await {
            app.db.trouble(
                "letters that were posted are not all recorded; trying again",
                &error,
            );
        }
        if let Err(error) = retried(|| sweep(&app)).await {
            app.db
                .trouble("what is kept for a while only was not swept", &error);
        }
        if let Err(error) = retried(|| reweigh::lately(&app)).await {
            app.db.trouble(
                "tickets that were opened while a list came in force are not weighed again; trying again",
                &error,
            );
        }
        if let Err(error) = retried(|| void_watch::tell_all(&app)).await {
            app.db.trouble(
                "staff are not told yet of approvals that became void; trying again",
                &error,
            );
        }
        if !shutdown.rest(EVERY).await {
            return;
        }
    }
}
