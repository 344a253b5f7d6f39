//! What is to be done with the notices of a batch: some have ended, some must not be sent any more, the others are to
//! be sent now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::hand::{Known, Shared};
use super::ledger::Ledger;
use super::past::{self, Past, Story};
use super::providers::Providers;
use crate::app::App;
use crate::campaign;
use crate::campaign::content::Content;
use crate::db::{Error, Result};
use crate::id::{NoticeId, PersonId};
use crate::notice::store::Settled;
use crate::notice::store::batch::Lease;
use crate::notice::store::outcome::Outcome;
use crate::notice::{AttemptResult, Notice, NoticeStatus};
use crate::person::flags::WithheldReason;
use crate::person::{self, Person};
use crate::scope;

/// An attempt that began later than this after a list was applied to its bucket went to an address of that list: the
/// transaction that applied it had ended by then, whatever the clocks of the nodes say, and no sender still had the
/// former address.
const SURE: TimeDelta = TimeDelta::minutes(10);

/// Where a notice stands, and when it is tried again if it is deferred.
type Standing = (NoticeStatus, Option<DateTime<Utc>>);

/// Plans one leased batch.
pub struct Planner<'a> {
    /// The program.
    pub app: &'a App,
    /// Where outcomes go.
    pub ledger: &'a Ledger,
    /// The batch.
    pub lease: &'a Lease,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
}

/// What was done with a batch's notices before.
struct Stories {
    each: Vec<(Notice, Story)>,
    /// Others were written of meanwhile.
    unclear: bool,
    /// The addresses that refused what a dead sender sent to them, where they are known.
    refused: HashMap<PersonId, Vec<u8>>,
}

/// What is to be done with a batch's notices.
#[derive(Default)]
pub struct Plan {
    /// Those that are not to be sent.
    pub known: Known,
    /// Those to be sent, each with its person and the provider of the mailbox.
    pub jobs: Vec<(Notice, (Person, Arc<str>), Story)>,
}

impl Planner<'_> {
    /// Sorts a batch's notices: those whose end is in the outcomes already, those that do not suit their people any
    /// more, and those to be sent.
    pub async fn plan(
        &self,
        shared: &Shared,
        notices: Vec<Notice>,
        past: &Past,
        mut people: HashMap<PersonId, Person>,
    ) -> Result<Plan> {
        let again = |doubts| shared.resend_in(doubts).is_some();
        let mut stories = self.stories(notices, past, again).await?;
        let now = self.app.now();
        let mut plan = Plan::default();
        plan.known.unclear = stories.unclear;
        for (notice, story) in stories.each {
            let person = people.remove(&notice.person);
            let person = person.ok_or_else(|| Error::inconsistent("notice", notice.id))?;
            let provider = self.providers.name(person.contact.email.as_ref());
            let (to, withheld) = match story.end {
                Some((NoticeStatus::Deferred, due_at)) if due_at.is_some_and(|due| due > now) => {
                    ((NoticeStatus::Deferred, due_at), None)
                }
                Some((to, _)) if to != NoticeStatus::Deferred => ((to, None), None),
                _ => match shared.fits(&notice, &person) {
                    Ok(()) => {
                        plan.jobs.push((notice, (person, provider), story));
                        continue;
                    }
                    // It may have arrived.
                    Err(_) if story.doubts > 0 => ((NoticeStatus::Uncertain, None), None),
                    Err(reason) => ((NoticeStatus::Withheld, None), Some(reason)),
                },
            };
            let address = stories.refused.remove(&notice.person);
            let ended = settled(&notice, story, (to, withheld), (address, provider));
            plan.known.settled.push(ended);
        }
        Ok(plan)
    }

    /// Ends every notice of a batch of which nothing more is sent, since its campaign was cancelled or its incident
    /// forgotten: as it was sent, or as cancelled.
    pub async fn cancel(&self, notices: Vec<Notice>, past: &Past) -> Result<Known> {
        let mut stories = self.stories(notices, past, |_| false).await?;
        let mut known = Known {
            unclear: stories.unclear,
            ..Known::default()
        };
        for (notice, story) in stories.each {
            let to = match story.end {
                // It may have arrived.
                Some((NoticeStatus::Deferred, _)) | None if story.doubts > 0 => {
                    NoticeStatus::Uncertain
                }
                Some((NoticeStatus::Deferred, _)) | None => NoticeStatus::Cancelled,
                Some((to, _)) => to,
            };
            let address = stories.refused.remove(&notice.person);
            let to_unknown = (address, self.providers.name(None));
            let ended = settled(&notice, story, ((to, None), None), to_unknown);
            known.settled.push(ended);
        }
        Ok(known)
    }

    /// What was done with a batch's notices. Attempts without an end, of a sender that died, end as uncertain; so
    /// many doubts say whether the notice is sent `again`.
    async fn stories(
        &self,
        notices: Vec<Notice>,
        past: &Past,
        again: impl Fn(u32) -> bool,
    ) -> Result<Stories> {
        let now = self.app.now();
        let mut lost = Vec::new();
        let read = |notice: Notice| {
            let mut story = past.of(&notice);
            if let Some(open) = story.open.take() {
                story.doubts += 1;
                // At once: whoever had it is gone. Should this sender go too before it has begun again, the row
                // tells the next that it is to be sent again.
                let retry_at = again(story.doubts).then_some(now);
                let row = Outcome {
                    settled: true,
                    result: AttemptResult::Uncertain,
                    at: now,
                    reason: Some("sender or database lost before its end was recorded".to_owned()),
                    retry_at,
                    ..open
                };
                story.end = past::end_of(&row);
                story.tried.push(row.clone());
                lost.push(row);
            }
            (notice, story)
        };
        let mut each: Vec<_> = notices.into_iter().map(read).collect();
        let unclear = self.write_lost(lost).await?;
        each.retain(|(notice, _)| !unclear.contains(&notice.id));
        Ok(Stories {
            refused: self.refused(&each).await?,
            each,
            unclear: !unclear.is_empty(),
        })
    }

    /// Writes that attempts were lost. Those of which somebody wrote the end first: they were not.
    async fn write_lost(&self, lost: Vec<Outcome>) -> Result<HashSet<NoticeId>> {
        if lost.is_empty() {
            return Ok(HashSet::new());
        }
        let mut unclear: HashSet<NoticeId> = lost.iter().map(|row| row.notice_id).collect();
        let written = self.ledger.write(lost).await?;
        for (notice, ..) in &written {
            unclear.remove(notice);
        }
        if !written.is_empty() {
            tracing::warn!(
                notices = written.len(),
                "notices left uncertain by a sender that died"
            );
        }
        Ok(unclear)
    }

    /// The addresses that refused what a dead sender sent to them. Outcomes do not say them: they are those of now,
    /// unless a list may have given another since the attempt.
    pub(super) async fn refused(
        &self,
        each: &[(Notice, Story)],
    ) -> Result<HashMap<PersonId, Vec<u8>>> {
        let refused: Vec<_> = each.iter().filter(|(_, story)| is_refused(story)).collect();
        if refused.is_empty() {
            return Ok(HashMap::new());
        }
        let people: Vec<_> = refused.iter().map(|(notice, _)| notice.person).collect();
        let (incident, bucket) = (self.lease.incident_id, self.lease.bucket);
        let mut conn = self.app.db.get().await?;
        // The keys first: a list that comes in force between the two is seen by the second.
        let mut keys = person::store::email_keys_of(&mut conn, (incident, bucket), &people).await?;
        let newest = scope::store::newest(&mut conn, incident, bucket).await?;
        let campaign = campaign::store::find(&mut conn, self.lease.campaign_id).await?;
        let content = campaign.content.as_deref().and_then(Content::from_text);
        let Some((_, at)) = newest.filter(|(version, _)| {
            // The audience was frozen from the version that was approved.
            content.is_none_or(|content| content.scope != *version)
        }) else {
            return Ok(keys);
        };
        for (notice, story) in refused {
            if story.last_tried.is_none_or(|tried| tried - at <= SURE) {
                keys.remove(&notice.person);
            }
        }
        Ok(keys)
    }
}

fn is_refused(story: &Story) -> bool {
    matches!(
        story.end,
        Some((NoticeStatus::Bounced | NoticeStatus::Expired, _))
    )
}

pub(super) fn settled(
    notice: &Notice,
    story: Story,
    ((to, due_at), withheld): (Standing, Option<WithheldReason>),
    (address, provider): (Option<Vec<u8>>, Arc<str>),
) -> Settled {
    Settled {
        id: notice.id,
        person: notice.person,
        named: notice.named,
        address,
        from: notice.status,
        to,
        withheld,
        attempts: story.attempts,
        due_at,
        provider,
        tried: story.tried,
    }
}
