//! The recalls that wait for a second person or are published, for status pages. A process reads them once
//! a second at most, whatever the number of readers: a status page shows a correction at most about a second after it was
//! published.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::db::{Conn, Result};
use crate::recall::{Recall, store};

/// How long the process keeps what it read.
const KEPT: Duration = Duration::from_secs(1);

type Recalls = Arc<Vec<Recall>>;

/// What this process read last.
#[derive(Default)]
pub(crate) struct OpenRecalls(Mutex<Option<(Instant, Recalls)>>);

impl OpenRecalls {
    /// All open recalls, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn now(&self, conn: &mut Conn) -> Result<Recalls> {
        // Requests that come while one reads wait for it. The reader has its connection already.
        let mut kept = self.0.lock().await;
        if let Some((at, recalls)) = &*kept
            && at.elapsed() < KEPT
        {
            return Ok(Arc::clone(recalls));
        }
        let asked = Instant::now();
        let recalls = Arc::new(store::open(conn).await?);
        *kept = Some((asked, Arc::clone(&recalls)));
        Ok(recalls)
    }
}
