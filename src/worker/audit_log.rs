//! Keeps the audit log: links what is committed into the chain, writes what was counted and what a stop could not write.
//! Every process that goes on does this, web or sender.

use std::time::{Duration, Instant};

use super::idle::Idle;
use crate::app::App;
use crate::audit::{link, noticed};
use crate::campaign::hold;
use crate::shutdown::Shutdown;

/// How often committed events are linked.
const LINK: Duration = Duration::from_millis(250);
/// How often what was counted is written.
const WRITE: Duration = Duration::from_secs(2);
/// How often the same trouble is said.
const SAY: Duration = Duration::from_secs(60);

/// Keeps the log until `shutdown` asks to leave; what is committed by then is linked.
pub async fn run(app: App, shutdown: Shutdown) {
    let mut keeper = Keeper::default();
    let mut idle = Idle::new(LINK, 4);
    loop {
        let goes_on = shutdown.rest(idle.rest()).await;
        keeper.write(&app, !goes_on).await;
        if keeper.link(&app).await {
            idle.wake();
        }
        if !goes_on {
            return;
        }
    }
}

#[derive(Default)]
struct Keeper {
    written: Option<Instant>,
    said: Option<Instant>,
}

impl Keeper {
    async fn write(&mut self, app: &App, now: bool) {
        if !now && self.written.is_some_and(|at| at.elapsed() < WRITE) {
            return;
        }
        self.written = Some(Instant::now());
        if let Err(error) = noticed::write(app).await {
            app.db.trouble(
                "what was read and refused is not in the audit log yet; trying again",
                &error,
            );
        }
        if let Err(error) = hold::record_switches(app).await {
            app.db.trouble(
                "a stop or start of sending is not in the audit log yet; trying again",
                &error,
            );
        }
    }

    /// Whether there was something to link.
    async fn link(&mut self, app: &App) -> bool {
        let mut found = false;
        loop {
            match link::turn(app).await {
                Ok(turn) => {
                    found |= turn.linked > 0;
                    if turn.restored {
                        tracing::error!(
                            "the head of the audit log was deleted and is made anew: run `candor audit verify`"
                        );
                    }
                    if !turn.outside.is_empty() && self.is_due() {
                        tracing::error!(
                            rows = ?turn.outside,
                            "rows stand in the audit log that the program did not write: run `candor audit verify`"
                        );
                    }
                    if !turn.more {
                        return found;
                    }
                }
                Err(error) => {
                    app.db
                        .trouble("the audit log could not be linked; trying again", &error);
                    return found;
                }
            }
        }
    }

    fn is_due(&mut self) -> bool {
        let due = self.said.is_none_or(|at| at.elapsed() >= SAY);
        if due {
            self.said = Some(Instant::now());
        }
        due
    }
}
