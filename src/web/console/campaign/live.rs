//! The progress of a campaign as server-sent events: one a second, until the campaign is over, the process stops, the
//! session ends or the browser disconnects. No database connection is held between two events.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::{Bytes, Data, Path};
use futures_util::{Stream, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::progress::{Counts, ProgressEvent, is_held, is_whole, pace, speed};
use super::speed::{LastWaits, SpeedFactors};
use crate::app::App;
use crate::campaign::store::{self, Overview, Progress, Waits};
use crate::campaign::{Campaign, CampaignStatus, doubled, hold};
use crate::db;
use crate::id::CampaignId;
use crate::incident;
use crate::staff::Needs;
use crate::staff::right::SeeCampaigns;
use crate::staff::session::{self, Token};
use crate::web::Home;
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Problem};

/// The number of events over which the rate is computed: results are written about once a second.
const WINDOW: usize = 10;
/// A count is repeated after this many times its own duration.
const COUNT_INTERVAL: u32 = 50;
/// The time between two events.
const INTERVAL: Duration = Duration::from_secs(1);

/// `GET /console/campaigns/{id}/live`.
///
/// # Errors
/// 404.
pub(crate) async fn events(
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
        before: VecDeque::new(),
        doubled: Doubled::default(),
        waits: LastWaits::default(),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // A compressed stream would hold events back until its buffer is full.
        .insert_header((header::CONTENT_ENCODING, ContentEncoding::Identity))
        .streaming(watch.stream()))
}

/// The stream of one browser.
struct Watch {
    app: App,
    leaving: CancellationToken,
    id: CampaignId,
    /// The session, which must stay valid; `None` for an API key.
    session: Option<Token>,
    /// The number of final results at each of the latest events, and its time.
    before: VecDeque<(i64, Instant)>,
    doubled: Doubled,
    waits: LastWaits,
}

/// How many notices may have arrived twice. A count takes longer with more uncertain attempts, and is repeated less often
/// the longer it takes.
#[derive(Default)]
struct Doubled {
    last: Option<i64>,
    /// The earliest time of the next count.
    next: Option<Instant>,
}

impl Doubled {
    async fn get(&mut self, app: &App, of: &Campaign) -> db::Result<Option<i64>> {
        let begun = Instant::now();
        if self.next.is_none_or(|next| next <= begun) {
            let counted = doubled::counted(app, of, doubled::PATIENCE).await?;
            self.last = counted.map(|of| of.twice);
            self.next = Some(Instant::now() + COUNT_INTERVAL * begun.elapsed());
        }
        Ok(self.last)
    }
}

impl Watch {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::try_unfold(Some(self), |watch| async move {
            let Some(mut watch) = watch else {
                return Ok(None);
            };
            if !watch.before.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(INTERVAL) => {}
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

    /// Whether the reader is still signed in and still has the right.
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
        let Overview {
            mut campaign,
            progress,
            pace: slowed,
            ..
        } = store::glance(&mut conn, self.id).await?;
        if campaign.reason_sealed.is_some() {
            let incident = incident::store::find(&mut conn, campaign.incident).await?;
            hold::open_reasons(&self.app, [&mut campaign], &[incident]);
        }
        let now = self.app.now();
        let state = store::send_state(&mut conn).await?;
        let ability = state.ability_of(&campaign, slowed.as_ref(), now);
        let waits = match campaign.status {
            CampaignStatus::Sending => {
                let of = (campaign.id, self.app.config.mail.lease_seconds);
                self.waits.get(&mut conn, of, Instant::now().into()).await?
            }
            _ => Waits::default(),
        };
        let factors = SpeedFactors::of(&self.app, &campaign, &state.relays(), waits, now);
        drop(conn);
        let doubled = self.doubled.get(&self.app, &campaign).await?;
        let lately = self.lately(&progress);
        let event = ProgressEvent {
            status: campaign.status,
            counts: &Counts {
                doubled,
                ..Counts::from(&progress)
            },
            total: progress.sendable(),
            is_whole: is_whole(&campaign, &progress),
            pace: &factors
                .waits_for(&campaign, &progress, &ability)
                .unwrap_or_else(|| pace(&campaign, &progress, &ability, lately)),
            speed: &speed(&campaign, slowed.as_ref(), &ability, &factors),
            is_held: is_held(&campaign, &ability),
        };
        let data = event.to_json();
        Ok((
            Bytes::from(format!("event: progress\ndata: {data}\n\n")),
            campaign.status.is_over(),
        ))
    }

    /// Final results since the first of the latest events, and the seconds since then; zero at the first event.
    fn lately(&mut self, progress: &Progress) -> (i64, f64) {
        let (done, now) = (progress.done(), Instant::now());
        self.before.push_back((done, now));
        if self.before.len() > WINDOW {
            self.before.pop_front();
        }
        let first = self.before.front();
        first.map_or((0, 0.0), |(before, at)| {
            (done - before, (now - *at).as_secs_f64())
        })
    }
}
