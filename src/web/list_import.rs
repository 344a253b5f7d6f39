//! Streams an affected list from a request into the import: for any size,
//! only a few chunks are in memory.

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt, future};

use crate::app::App;
use crate::id::{IncidentId, StaffId};
use crate::scope::How;
use crate::scope::body::{Feed, pieces};
use crate::scope::import::{self, ImportError, Imported, Source};

/// Imports the list in `stream`. A list that is cut off is not imported. A list that is refused early is
/// read to its end, since clients read no answer before they have sent everything.
///
/// # Errors
/// [`ImportError`].
pub(crate) async fn import<E>(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    how: How,
    stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Imported, ImportError> {
    let (feed, body) = pieces();
    let source = Source::Upload(body);
    let importing = Box::pin(import::import(app, by, incident, how, source, |_| {}));
    let ((), imported) = future::join(pass(stream, feed), importing).await;
    imported
}

async fn pass<E>(mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin, feed: Feed) {
    let mut wanted = true;
    while let Some(piece) = stream.next().await {
        let Ok(piece) = piece else { return };
        wanted = wanted && feed.send(piece).await;
    }
    feed.finish().await;
}
