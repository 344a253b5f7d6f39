//! The request with a key that this task answers.

use std::sync::Arc;

use super::Request;

tokio::task_local! {
    static HERE: Arc<Running>;
}

/// A request that runs under a claimed key.
pub(crate) struct Running {
    /// The request as it was claimed.
    pub request: Request,
    /// Its hash by now: that of a streamed body is whole at the body's end.
    pub hash: Box<dyn Fn() -> [u8; 32] + Send + Sync>,
    /// What is answered if the act was done and its answer was lost: status and sealed content.
    pub short: (u16, Vec<u8>),
}

/// Runs a part of the request.
pub(crate) async fn run<T>(running: Arc<Running>, part: impl Future<Output = T>) -> T {
    HERE.scope(running, part).await
}

/// The request, if what runs here has a key.
pub(super) fn here() -> Option<Arc<Running>> {
    HERE.try_with(Arc::clone).ok()
}
