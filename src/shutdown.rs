//! Leaving well. The first signal asks all tasks to finish what they have and take nothing new; the second signal, or
//! the deadline, drops what is left.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The two tokens every long task holds, and the list of those tasks.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
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

    /// Resolves when work in hand must be dropped.
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

    /// Runs a task that [`Self::wait`] waits for.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Asks all tasks to finish.
    pub fn leave(&self) {
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
                    this.soft.cancel();
                } else {
                    tracing::warn!("stopping now: dropping what is in hand");
                    this.hard.cancel();
                }
            }
        });
        Ok(())
    }
}
