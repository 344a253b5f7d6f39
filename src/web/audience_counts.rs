//! How many people a campaign would be sent to. The count reads every person of the incident: a few seconds for ten
//! million. A page waits only `PATIENCE` for it, and the console and the API share the result of a slow count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::campaign::Campaign;
use crate::db;
use crate::id::CampaignId;
use crate::person::store::audience;
use crate::person::{AudienceClass, AudienceCount};

/// How long a page waits for a count.
const PATIENCE: Duration = Duration::from_secs(2);
/// The result of a faster count is not kept.
const QUICK: Duration = Duration::from_secs(1);
/// The result of a slower count is kept for this many times its duration.
const KEPT: u32 = 20;

/// The running and finished counts of this process.
pub(crate) struct AudienceCounts {
    patience: Duration,
    counts: Mutex<HashMap<CampaignId, Count>>,
}

impl Default for AudienceCounts {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            counts: Mutex::default(),
        }
    }
}

/// A running or finished count.
type Counting = watch::Receiver<Option<Done>>;

/// The versions of the campaign and of the scope that were counted.
type Of = (i32, Option<i32>);

struct Count {
    of: Of,
    done: Counting,
}

/// A counted audience.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How many people can be told by e-mail, need a letter, are withheld or are left out.
    pub count: AudienceCount,
    /// The people who can be told by e-mail, by language, exposed elements and elements told before.
    pub classes: Vec<AudienceClass>,
}

#[derive(Debug, Clone)]
struct Done {
    counted: Arc<Counted>,
    took: Duration,
    at: Instant,
}

impl Count {
    fn is_valid(&self, of: Of) -> bool {
        let valid = match &*self.done.borrow() {
            None => self.done.has_changed().is_ok(),
            Some(done) => done.took >= QUICK && done.at.elapsed() < done.took * KEPT,
        };
        self.of == of && valid
    }
}

impl AudienceCounts {
    /// Counts the campaign's audience; `None` if the count failed or is not finished in time.
    pub(crate) async fn in_time(
        &self,
        app: &App,
        of: &Campaign,
        scope: Option<i32>,
    ) -> Option<Arc<Counted>> {
        let counting = self.counting(app, of, scope);
        timeout(self.patience, result(counting)).await.ok()?
    }

    /// Counts the campaign's audience without a time limit; `None` if the count failed.
    pub(crate) async fn complete(
        &self,
        app: &App,
        of: &Campaign,
        scope: Option<i32>,
    ) -> Option<Arc<Counted>> {
        result(self.counting(app, of, scope)).await
    }

    fn counting(&self, app: &App, of: &Campaign, scope: Option<i32>) -> Counting {
        let (app, incident) = (app.clone(), of.incident);
        let filter = of.audience.filter(of.kind);
        let count = async move {
            let counted = async {
                let mut conn = app.db.get().await?;
                let (count, classes) = audience(&mut conn, incident, &filter).await?;
                Ok(Counted { count, classes })
            };
            let say = |error: &db::Error| app.db.trouble("an audience could not be counted", error);
            counted.await.inspect_err(say)
        };
        self.find_or_start(of.id, (of.version, scope), count)
    }

    /// The running count or a result that is still valid; else starts a count.
    fn find_or_start(
        &self,
        id: CampaignId,
        of: Of,
        count: impl Future<Output = db::Result<Counted>> + Send + 'static,
    ) -> Counting {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(&id) {
            Some(there) if there.is_valid(of) => there.done.clone(),
            _ => {
                let done = start(count);
                let there = Count {
                    of,
                    done: done.clone(),
                };
                counts.insert(id, there);
                done
            }
        }
    }
}

/// The result of a count; `None` if it failed.
async fn result(mut counting: Counting) -> Option<Arc<Counted>> {
    let done = counting.wait_for(Option::is_some).await.ok()?;
    done.as_ref().map(|done| Arc::clone(&done.counted))
}

/// Starts a count. It goes on when its page stops waiting, so that the next page finds the result.
fn start(count: impl Future<Output = db::Result<Counted>> + Send + 'static) -> Counting {
    let (told, done) = watch::channel(None);
    tokio::spawn(async move {
        let begun = Instant::now();
        // The error is in the log, and the next page counts again.
        if let Ok(counted) = count.await {
            let (took, at) = (begun.elapsed(), Instant::now());
            let counted = Arc::new(counted);
            told.send_replace(Some(Done { counted, took, at }));
        }
    });
    done
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const VERSION: Of = (1, Some(1));

    fn audiences(patience: Duration) -> AudienceCounts {
        AudienceCounts {
            patience,
            counts: Mutex::default(),
        }
    }

    impl AudienceCounts {
        async fn counted(
            &self,
            id: CampaignId,
            of: Of,
            count: impl Future<Output = db::Result<Counted>> + Send + 'static,
        ) -> Option<Arc<Counted>> {
            let counting = self.find_or_start(id, of, count);
            timeout(self.patience, result(counting)).await.ok()?
        }
    }

    fn people(mailable: i64) -> Counted {
        let count = AudienceCount {
            mailable,
            ..AudienceCount::default()
        };
        Counted {
            count,
            classes: Vec::new(),
        }
    }

    fn mailable(counted: Option<Arc<Counted>>) -> Option<i64> {
        counted.map(|counted| counted.count.mailable)
    }

    fn id() -> CampaignId {
        CampaignId::from_uuid(uuid::Uuid::nil())
    }

    #[tokio::test]
    async fn a_count_goes_on_when_its_page_stops_waiting() {
        let (finish, finished) = oneshot::channel();
        let slow = async move { Ok(people(finished.await.unwrap_or(0))) };
        let mut audiences = audiences(Duration::ZERO);
        assert_eq!(audiences.counted(id(), VERSION, slow).await, None);
        audiences.patience = PATIENCE;
        finish.send(7).expect("the count is running");
        let never = std::future::pending();
        let counted = audiences.counted(id(), VERSION, never).await;
        assert_eq!(mailable(counted), Some(7));
    }

    #[tokio::test]
    async fn another_audience_and_a_fast_count_are_counted_again() {
        let audiences = audiences(PATIENCE);
        for (n, of) in [(1, VERSION), (2, VERSION), (3, (1, Some(2)))] {
            let count = std::future::ready(Ok(people(n)));
            let counted = audiences.counted(id(), of, count).await;
            assert_eq!(mailable(counted), Some(n));
        }
    }

    #[tokio::test]
    async fn the_result_of_a_slow_count_is_kept_for_a_while() {
        let audiences = audiences(PATIENCE);
        let now = Instant::now();
        let count = |took: u64, ago: u64| Count {
            of: VERSION,
            done: watch::channel(Some(Done {
                counted: Arc::new(people(5)),
                took: Duration::from_secs(took),
                at: now - Duration::from_secs(ago),
            }))
            .1,
        };
        // Seconds that it took, seconds ago.
        for (took, ago, expected) in [(9, 0, 5), (9, 170, 5), (9, 190, 6), (0, 0, 6)] {
            let counts = audiences.counts.lock();
            counts.expect("no panic").insert(id(), count(took, ago));
            let again = std::future::ready(Ok(people(6)));
            let counted = audiences.counted(id(), VERSION, again).await;
            assert_eq!(mailable(counted), Some(expected), "{took} {ago}");
        }
    }

    #[tokio::test]
    async fn a_failed_count_is_repeated() {
        let audiences = audiences(PATIENCE);
        let failed = std::future::ready(Err(db::Error::Unavailable("away".to_owned())));
        assert_eq!(audiences.counted(id(), VERSION, failed).await, None);
        let count = std::future::ready(Ok(people(4)));
        let counted = audiences.counted(id(), VERSION, count).await;
        assert_eq!(mailable(counted), Some(4));
    }
}
