//! The progress of a campaign as server-sent events: one a second, until it is over, the process
//! leaves, the session ends, or nobody listens. No connection is held between two of them.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::{Bytes, Data, Path};
use futures_util::{Stream, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::campaign::{Counts, live, pace, speed};
use crate::app::App;
use crate::campaign::store;
use crate::deployment;
use crate::id::CampaignId;
use crate::staff::Needs;
use crate::staff::right::SeeCampaigns;
use crate::staff::session::{self, Token};
use crate::web::Home;
use crate::web::problem::{Answer, Problem};
use crate::web::who::Allowed;

/// Between two events.
const BEAT: Duration = Duration::from_secs(1);

/// `GET /console/campaigns/{id}/live`.
///
/// # Errors
/// 404.
pub async fn events(
    who: Allowed<SeeCampaigns>,
    app: Data<App>,
    home: Data<Home>,
    id: Path<CampaignId>,
) -> Answer {
    store::find(&mut *app.db.get().await?, *id).await?;
    let watch = Watch {
        app: App::clone(&app),
        leaving: home.leaving.clone(),
        id: *id,
        session: who.session(),
        before: None,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Compressed, events would wait until enough of them have gathered.
        .insert_header((header::CONTENT_ENCODING, ContentEncoding::Identity))
        .streaming(watch.stream()))
}

/// Somebody who watches a campaign.
struct Watch {
    app: App,
    leaving: CancellationToken,
    id: CampaignId,
    /// Whose session must last; a key has none.
    session: Option<Token>,
    /// How many notices were settled at the last event, and when that was.
    before: Option<(i64, Instant)>,
}

impl Watch {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::try_unfold(Some(self), |watch| async move {
            let Some(mut watch) = watch else {
                return Ok(None);
            };
            if watch.before.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(BEAT) => {}
                    () = watch.leaving.cancelled() => return Ok(None),
                }
                if !watch.may_go_on().await? {
                    return Ok(None);
                }
            }
            let (event, over) = watch.event().await?;
            Ok(Some((event, Some(watch).filter(|_| !over))))
        })
    }

    /// Whether whoever watches is still signed in, and still may.
    async fn may_go_on(&self) -> Result<bool, Problem> {
        let Some(token) = self.session else {
            return Ok(true);
        };
        let staff = session::look(&self.app, token).await?;
        Ok(staff.is_some_and(|staff| staff.may(SeeCampaigns::RIGHT)))
    }

    /// The next event, and whether it is the last.
    async fn event(&mut self) -> Result<(Bytes, bool), Problem> {
        let mut conn = self.app.db.get().await?;
        let campaign = store::find(&mut conn, self.id).await?;
        let progress = store::progress(&mut conn, self.id).await?;
        let slowed = store::pace(&mut conn, self.id).await?;
        let stopped = store::stopped(&mut conn).await?.is_some()
            || deployment::store::doubt(&mut conn).await?.is_some();
        drop(conn);
        let (settled, now) = (progress.settled(), Instant::now());
        let left = progress.total() - settled;
        let pace = match self.before.replace((settled, now)) {
            Some((before, at)) => pace(settled - before, (now - at).as_secs_f64(), left),
            None => String::new(),
        };
        let (status, counts) = (campaign.status.as_str(), Counts::from(&progress));
        let data = live(
            status,
            &counts,
            progress.total(),
            &pace,
            &speed(&campaign, slowed.as_ref(), stopped),
        );
        Ok((
            Bytes::from(format!("event: progress\ndata: {data}\n\n")),
            campaign.status.is_over(),
        ))
    }
}
