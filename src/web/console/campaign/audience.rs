//! How many people a campaign would be sent to. Everybody has to be looked at for that, a few seconds for ten
//! million: no page waits longer for it than people do, and what took long is not asked for again at once, by pages and
//! programs alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::campaign::Campaign;
use crate::db;
use crate::id::CampaignId;
use crate::person::store::{audience_classes, count_audience};
use crate::person::{AudienceClass, AudienceCount};

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// A count that took less is made for every page.
const QUICK: Duration = Duration::from_secs(1);
/// A slower one is good for so many times what it took.
const KEPT: u32 = 20;

/// The counts of this process, under way and done.
pub struct Audiences {
    patience: Duration,
    counts: Mutex<HashMap<CampaignId, Count>>,
}

impl Default for Audiences {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            counts: Mutex::default(),
        }
    }
}

type Counting = watch::Receiver<Option<Done>>;

/// The campaign's version and the scope's: another audience, another count.
type Of = (i32, Option<i32>);

struct Count {
    of: Of,
    done: Counting,
}

/// An audience as it was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// How it divides.
    pub count: AudienceCount,
    /// Those who can be told by e-mail, by language, exposure and what they were told.
    pub classes: Vec<AudienceClass>,
}

#[derive(Debug, Clone)]
struct Done {
    counted: Arc<Counted>,
    took: Duration,
    at: Instant,
}

impl Count {
    fn is_good(&self, of: Of) -> bool {
        let good = match &*self.done.borrow() {
            None => self.done.has_changed().is_ok(),
            Some(done) => done.took >= QUICK && done.at.elapsed() < done.took * KEPT,
        };
        self.of == of && good
    }
}

impl Audiences {
    /// The campaign's audience; `None` while it is still being counted, or could not be.
    pub async fn of(&self, app: &App, of: &Campaign, scope: Option<i32>) -> Option<Arc<Counted>> {
        let counting = self.counting(app, of, scope);
        timeout(self.patience, end(counting)).await.ok()?
    }

    /// The same, however long it takes; `None` if it could not be counted.
    pub async fn awaited(
        &self,
        app: &App,
        of: &Campaign,
        scope: Option<i32>,
    ) -> Option<Arc<Counted>> {
        end(self.counting(app, of, scope)).await
    }

    fn counting(&self, app: &App, of: &Campaign, scope: Option<i32>) -> Counting {
        let (app, incident) = (app.clone(), of.incident);
        let filter = of.audience.filter(of.kind);
        let count = async move {
            let counted = async {
                let mut conn = app.db.get().await?;
                Ok(Counted {
                    count: count_audience(&mut conn, incident, &filter).await?,
                    classes: audience_classes(&mut conn, incident, &filter).await?,
                })
            };
            let say = |error: &db::Error| app.db.trouble("an audience could not be counted", error);
            counted.await.inspect_err(say)
        };
        self.begun(of.id, (of.version, scope), count)
    }

    /// The count under way, or done and still good; else it begins.
    fn begun(
        &self,
        id: CampaignId,
        of: Of,
        count: impl Future<Output = db::Result<Counted>> + Send + 'static,
    ) -> Counting {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(&id) {
            Some(there) if there.is_good(of) => there.done.clone(),
            _ => {
                let done = begin(count);
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

/// What a count comes to; `None` if it failed.
async fn end(mut counting: Counting) -> Option<Arc<Counted>> {
    let done = counting.wait_for(Option::is_some).await.ok()?;
    done.as_ref().map(|done| Arc::clone(&done.counted))
}

/// Counts whether or not anybody still waits: the next page finds it done.
fn begin(count: impl Future<Output = db::Result<Counted>> + Send + 'static) -> Counting {
    let (told, done) = watch::channel(None);
    tokio::spawn(async move {
        let begun = Instant::now();
        // An error is in the log, and the next page counts again.
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

    fn audiences(patience: Duration) -> Audiences {
        Audiences {
            patience,
            counts: Mutex::default(),
        }
    }

    impl Audiences {
        async fn counted(
            &self,
            id: CampaignId,
            of: Of,
            count: impl Future<Output = db::Result<Counted>> + Send + 'static,
        ) -> Option<Arc<Counted>> {
            let counting = self.begun(id, of, count);
            timeout(self.patience, end(counting)).await.ok()?
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
    async fn who_does_not_wait_finds_the_count_that_was_begun() {
        let (end, ended) = oneshot::channel();
        let slow = async move { Ok(people(ended.await.unwrap_or(0))) };
        let mut audiences = audiences(Duration::ZERO);
        assert_eq!(audiences.counted(id(), VERSION, slow).await, None);
        audiences.patience = PATIENCE;
        end.send(7).expect("it still counts");
        let never = std::future::pending();
        let counted = audiences.counted(id(), VERSION, never).await;
        assert_eq!(mailable(counted), Some(7));
    }

    #[tokio::test]
    async fn another_audience_and_a_quick_count_are_counted_anew() {
        let audiences = audiences(PATIENCE);
        for (n, of) in [(1, VERSION), (2, VERSION), (3, (1, Some(2)))] {
            let count = std::future::ready(Ok(people(n)));
            let counted = audiences.counted(id(), of, count).await;
            assert_eq!(mailable(counted), Some(n));
        }
    }

    #[tokio::test]
    async fn what_took_long_is_kept_for_a_while() {
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
            let anew = std::future::ready(Ok(people(6)));
            let counted = audiences.counted(id(), VERSION, anew).await;
            assert_eq!(mailable(counted), Some(expected), "{took} {ago}");
        }
    }

    #[tokio::test]
    async fn a_count_that_failed_is_made_again() {
        let audiences = audiences(PATIENCE);
        let failed = std::future::ready(Err(db::Error::Unavailable("away".to_owned())));
        assert_eq!(audiences.counted(id(), VERSION, failed).await, None);
        let count = std::future::ready(Ok(people(4)));
        let counted = audiences.counted(id(), VERSION, count).await;
        assert_eq!(mailable(counted), Some(4));
    }
}
