//! Chores: what somebody must do now and then, and any worker may.

use std::time::Duration;

use crate::app::App;
use crate::scope::activate;
use crate::shutdown::Shutdown;

/// How often the chores are looked at.
const EVERY: Duration = Duration::from_secs(30);

/// Does the chores until `shutdown` asks to leave.
pub async fn run(app: App, shutdown: Shutdown) {
    loop {
        let leaving = shutdown.soft();
        tokio::select! {
            () = leaving.cancelled() => return,
            // Left half way, an activation goes on from where it stands whenever it is taken up again.
            ended = activate::resume(&app, None) => if let Err(error) = ended {
                tracing::warn!(%error, "an activation was not ended");
            },
        }
        tokio::select! {
            () = leaving.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
