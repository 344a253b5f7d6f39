//! How many people a campaign would be sent to. The count reads every person of the incident: a few seconds for ten
//! million. A page waits only `PATIENCE` for it, and the console and the API share the result of a slow count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::campaign::{Audience, Campaign, CampaignKind};
use crate::db;
use crate::id::IncidentId;
use crate::person::store::audience_terms;
use crate::person::terms::AudienceTerms;

/// How long a page waits for a count.
const PATIENCE: Duration = Duration::from_secs(2);
/// The result of a faster count is not kept.
const QUICK: Duration = Duration::from_secs(1);
/// The result of a slower count is kept for this many times its duration.
const KEPT: u32 = 20;
/// Beyond this number of counts, Candor drops those that no page can use any more.
const MOST: usize = 200;

/// The audience that a page asks about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The incident.
    pub incident: IncidentId,
    /// Its list version in force.
    pub scope: Option<i32>,
    /// The kind of campaign.
    pub kind: CampaignKind,
    /// The audience.
    pub audience: &'a Audience,
}

impl<'a> Asked<'a> {
    /// The audience of a campaign.
    pub(crate) fn of(campaign: &'a Campaign, scope: Option<i32>) -> Self {
        Self {
            incident: campaign.incident,
            scope,
            kind: campaign.kind,
            audience: &campaign.audience,
        }
    }

    /// Names equal audiences equally.
    fn key(&self) -> String {
        let audience = serde_json::to_string(self.audience).unwrap_or_default();
        format!("{} {} {audience}", self.incident, self.kind)
    }
}

/// The running and finished counts of this process.
pub(crate) struct AudienceCounts {
    patience: Duration,
    counts: Mutex<HashMap<String, Count>>,
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

/// The version of the list that was counted.
type Of = Option<i32>;

struct Count {
    of: Of,
    done: Counting,
}

#[derive(Debug, Clone)]
struct Done {
    counted: Arc<AudienceTerms>,
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
    /// Counts an audience; `None` if the count failed or is not finished in time.
    pub(crate) async fn in_time(&self, app: &App, of: Asked<'_>) -> Option<Arc<AudienceTerms>> {
        let counting = self.counting(app, of);
        timeout(self.patience, result(counting)).await.ok()?
    }

    /// Counts an audience without a time limit; `None` if the count failed.
    pub(crate) async fn complete(&self, app: &App, of: Asked<'_>) -> Option<Arc<AudienceTerms>> {
        result(self.counting(app, of)).await
    }

    fn counting(&self, app: &App, of: Asked<'_>) -> Counting {
        let (app, incident) = (app.clone(), of.incident);
        let filter = of.audience.filter(of.kind);
        let count = async move {
            let counted = async {
                let mut conn = app.db.get().await?;
                audience_terms(&mut conn, incident, &filter).await
            };
            let say = |error: &db::Error| app.db.trouble("an audience could not be counted", error);
            counted.await.inspect_err(say)
        };
        self.find_or_start(of.key(), of.scope, count)
    }

    /// The running count or a result that is still valid; else starts a count.
    fn find_or_start(
        &self,
        key: String,
        of: Of,
        count: impl Future<Output = db::Result<AudienceTerms>> + Send + 'static,
    ) -> Counting {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST {
            counts.retain(|_, there| there.is_valid(there.of));
        }
        match counts.get(&key) {
            Some(there) if there.is_valid(of) => there.done.clone(),
            _ => {
                let done = start(count);
                let there = Count {
                    of,
                    done: done.clone(),
                };
                counts.insert(key, there);
                done
            }
        }
    }
}

/// The result of a count; `None` if it failed.
async fn result(mut counting: Counting) -> Option<Arc<AudienceTerms>> {
    let done = counting.wait_for(Option::is_some).await.ok()?;
    done.as_ref().map(|done| Arc::clone(&done.counted))
}

/// Starts a count. It goes on when its page stops waiting, so that the next page finds the result.
fn start(count: impl Future<Output = db::Result<AudienceTerms>> + Send + 'static) -> Counting {
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
    use crate::person::terms::AudienceTerm;

    const VERSION: Of = Some(1);

    fn audiences(patience: Duration) -> AudienceCounts {
        AudienceCounts {
            patience,
            counts: Mutex::default(),
        }
    }

    impl AudienceCounts {
        async fn counted(
            &self,
            key: &str,
            of: Of,
            count: impl Future<Output = db::Result<AudienceTerms>> + Send + 'static,
        ) -> Option<Arc<AudienceTerms>> {
            let counting = self.find_or_start(key.to_owned(), of, count);
            timeout(self.patience, result(counting)).await.ok()?
        }
    }

    fn people(mailable: i64) -> AudienceTerms {
        AudienceTerms {
            people: [(AudienceTerm::GetsIt, mailable)].into(),
            ..AudienceTerms::default()
        }
    }

    fn mailable(counted: Option<Arc<AudienceTerms>>) -> Option<i64> {
        counted.map(|counted| counted.of(AudienceTerm::GetsIt))
    }

    const KEY: &str = "an audience";

    #[tokio::test]
    async fn a_count_goes_on_when_its_page_stops_waiting() {
        let (finish, finished) = oneshot::channel();
        let slow = async move { Ok(people(finished.await.unwrap_or(0))) };
        let mut audiences = audiences(Duration::ZERO);
        assert_eq!(audiences.counted(KEY, VERSION, slow).await, None);
        audiences.patience = PATIENCE;
        finish.send(7).expect("the count is running");
        let never = std::future::pending();
        let counted = audiences.counted(KEY, VERSION, never).await;
        assert_eq!(mailable(counted), Some(7));
    }

    #[tokio::test]
    async fn another_audience_and_a_fast_count_are_counted_again() {
        let audiences = audiences(PATIENCE);
        for (n, of) in [(1, VERSION), (2, VERSION), (3, Some(2))] {
            let count = std::future::ready(Ok(people(n)));
            let counted = audiences.counted(KEY, of, count).await;
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
            counts
                .expect("no panic")
                .insert(KEY.to_owned(), count(took, ago));
            let again = std::future::ready(Ok(people(6)));
            let counted = audiences.counted(KEY, VERSION, again).await;
            assert_eq!(mailable(counted), Some(expected), "{took} {ago}");
        }
    }

    #[tokio::test]
    async fn a_failed_count_is_repeated() {
        let audiences = audiences(PATIENCE);
        let failed = std::future::ready(Err(db::Error::Unavailable("away".to_owned())));
        assert_eq!(audiences.counted(KEY, VERSION, failed).await, None);
        let count = std::future::ready(Ok(people(4)));
        let counted = audiences.counted(KEY, VERSION, count).await;
        assert_eq!(mailable(counted), Some(4));
    }
}
