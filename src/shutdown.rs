//! Leaving well. The first signal asks all tasks to finish what they have and take nothing new; the second signal, or
//! the deadline, drops what is left.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long after the end was asked for a task still waits for a database that is away.
const GRACE: Duration = Duration::from_secs(3);
/// How often a task tries to write a result even after that: a connection may be dead while the database is there.
const TRIES: usize = 3;
/// The shortest rest between two tries while the end is waited for.
const SHORT: Duration = Duration::from_millis(250);

/// The two tokens every long task holds, and the list of those tasks.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    /// When the end was asked for.
    left_at: Arc<OnceLock<Instant>>,
}

impl Shutdown {
    /// Nothing has been asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves when no new work may be taken.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Resolves when running work must be dropped.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether the end was asked for.
    pub fn is_leaving(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Rests for a while. `false`: the end was asked for.
    pub async fn rest(&self, lasting: Duration) -> bool {
        tokio::select! {
            () = self.soft.cancelled() => false,
            () = tokio::time::sleep(lasting) => true,
        }
    }

    /// Rests before something that failed `failures` times is tried again. `false`: it is not to be tried again, since
    /// the end was asked for some seconds ago, or since running work must be dropped.
    pub async fn rest_to_retry(&self, lasting: Duration, failures: usize) -> bool {
        let late = async {
            self.soft.cancelled().await;
            let since = self.left_at.get().map_or(GRACE, Instant::elapsed);
            // A long rest ends early, a short one does not.
            tokio::time::sleep(GRACE.saturating_sub(since).max(SHORT)).await;
        };
        tokio::select! {
            () = self.hard.cancelled() => return false,
            () = late => {}
            () = tokio::time::sleep(lasting) => {}
        }
        failures < TRIES || !self.is_late()
    }

    /// Whether the end was asked for more than some seconds ago.
    fn is_late(&self) -> bool {
        self.left_at.get().is_some_and(|at| at.elapsed() >= GRACE)
    }

    /// Runs a task that [`Self::wait`] waits for.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Asks all tasks to finish.
    pub fn leave(&self) {
        self.left_at.get_or_init(Instant::now);
        self.soft.cancel();
    }

    /// Waits for all tasks, at most `deadline` after the end was asked for; then drops them.
    /// Returns whether all ended by themselves.
    pub async fn wait(&self, deadline: Duration) -> bool {
        self.soft.cancelled().await;
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => return true,
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(deadline) => self.hard.cancel(),
        }
        // What listens to the hard token ends at once; the rest is dropped with the runtime.
        tokio::time::timeout(Duration::from_secs(2), self.tasks.wait())
            .await
            .is_ok()
    }

    /// Listens for SIGINT and SIGTERM until the second one.
    ///
    /// # Errors
    /// If the process may not install signal handlers.
    pub fn listen(&self) -> std::io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let this = self.clone();
        tokio::spawn(async move {
            for first in [true, false] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if first {
                    tracing::info!("stopping: finishing what is in hand; a second signal drops it");
                    this.leave();
                } else {
                    tracing::warn!("stopping now: dropping what is in hand");
                    this.hard.cancel();
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn what_fails_is_tried_again_until_some_seconds_after_the_end_was_asked_for() {
        let shutdown = Shutdown::new();
        assert!(shutdown.rest_to_retry(Duration::ZERO, 1_000).await);
        shutdown.leave();
        assert!(shutdown.rest_to_retry(Duration::ZERO, 1_000).await);
        let begun = Instant::now();
        assert!(!shutdown.rest_to_retry(HOUR, TRIES).await);
        assert!(begun.elapsed() < GRACE * 2, "a long rest ends early");
        assert!(
            shutdown.rest_to_retry(HOUR, TRIES - 1).await,
            "a connection may only have been dead"
        );
    }

    #[tokio::test]
    async fn nothing_is_tried_again_once_work_in_hand_must_be_dropped() {
        let shutdown = Shutdown::new();
        shutdown.hard().cancel();
        assert!(!shutdown.rest_to_retry(HOUR, 0).await);
    }
}
