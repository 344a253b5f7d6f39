//! What a sender that ends could not write, since the database was away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::shutdown::Shutdown;

/// Counts what is left, for all tasks of a sender. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct UnwrittenAtExit {
    shutdown: Shutdown,
    batches: Arc<AtomicUsize>,
    results: Arc<AtomicUsize>,
}

impl UnwrittenAtExit {
    /// Nothing is left yet.
    pub(crate) fn new(shutdown: &Shutdown) -> Self {
        Self {
            shutdown: shutdown.clone(),
            batches: Arc::default(),
            results: Arc::default(),
        }
    }

    /// As [`Shutdown::rest_to_retry`].
    pub(crate) async fn rest_to_retry(&self, lasting: Duration, failures: usize) -> bool {
        self.shutdown.rest_to_retry(lasting, failures).await
    }

    /// A batch is left to the end of its lease.
    pub(crate) fn leave_batch(&self) {
        self.batches.fetch_add(1, Ordering::Relaxed);
    }

    /// The result of an attempt is not written.
    pub(crate) fn leave_result(&self) {
        self.results.fetch_add(1, Ordering::Relaxed);
    }

    /// Says in the log what this sender leaves behind as it ends, if anything.
    pub(crate) fn tell(&self, lease_seconds: i64) {
        let batches = self.batches.load(Ordering::Relaxed);
        let results = self.results.load(Ordering::Relaxed);
        if batches + results > 0 && self.shutdown.is_leaving() {
            tracing::warn!(
                batches,
                results,
                lease_seconds,
                "this sender ends while the database is away: batches that it could not give back are sent on by another \
                 sender when their leases end; a message whose result is not written counts as uncertain"
            );
        }
    }
}
