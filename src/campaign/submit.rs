//! Submitting a campaign: its content is pinned once its texts suit all people in its audience.

use std::collections::BTreeSet;

use serde_json::json;

use super::approval::present_content;
use super::check::{self, Review};
use super::content::{self, Content};
use super::error::CampaignError;
use super::findings;
use super::guard::{Seen, as_seen, lock_for, may_go, note};
use super::news::{self, News};
use super::store::{self, Move};
use super::{Acknowledged, Campaign, CampaignStatus};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::audit::changed::{Changed, Edit};
use crate::db::Conn;
use crate::id::StaffId;
use crate::incident;
use crate::person::{self, AudienceClass, AudienceCount};
use crate::seal::to_hex;
use crate::template::rules::Remark;

/// How often a draft is checked that others change at the same time.
const TRIES: usize = 3;

/// An audience, counted, and how the texts suit it.
#[derive(Debug, Clone)]
pub(crate) struct Examined {
    /// How many people.
    pub count: AudienceCount,
    /// Who reads what, and what stands against it.
    pub review: Review,
    /// The readers, class by class.
    pub classes: Vec<AudienceClass>,
}

/// Counts the audience of a content and checks its texts against it. Reads every person of the incident, twice.
///
/// # Errors
/// [`CampaignError::Text`], or the database's.
pub(crate) async fn examine(
    conn: &mut Conn,
    campaign: &Campaign,
    content: &Content,
) -> Result<Examined, CampaignError> {
    let filter = content.audience.filter(content.kind);
    let count = person::store::count_audience(conn, campaign.incident, &filter).await?;
    let classes = person::store::audience_classes(conn, campaign.incident, &filter).await?;
    let review = check::review(content, &classes).map_err(CampaignError::Text)?;
    Ok(Examined {
        count,
        review,
        classes,
    })
}

/// Submits a draft for approval, nothing acknowledged; see [`submit_with`].
///
/// # Errors
/// As [`submit_with`].
pub async fn submit(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<String, CampaignError> {
    submit_with(app, by, of, &BTreeSet::new()).await
}

/// Submits a draft for approval, with what its author acknowledges: its content is pinned as it is now. The hash to
/// approve.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::NoScope`], [`CampaignError::Text`], [`CampaignError::NotReady`], [`CampaignError::Nobody`] and
/// what the guard of every launch says.
pub async fn submit_with(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    acknowledged: &BTreeSet<String>,
) -> Result<String, CampaignError> {
    let seen = of.into();
    // It may take long.
    let app = &app.patient();
    let mut tries = 1;
    loop {
        match check_and_pin(app, by, seen, acknowledged).await? {
            Pinned::Hash(hash) => return Ok(hash),
            // The new content is checked.
            Pinned::Edited(_) if tries < TRIES => tries += 1,
            Pinned::Edited(changed) => return Err(CampaignError::Changed(changed)),
        }
    }
}

/// How the pinning of a checked content ended.
enum Pinned {
    /// It is pinned under this hash.
    Hash(String),
    /// The content changed between the check and the pinning: nothing is pinned.
    Edited(Box<Changed>),
}

async fn check_and_pin(
    app: &App,
    by: StaffId,
    seen: Seen,
    acknowledged: &BTreeSet<String>,
) -> Result<Pinned, CampaignError> {
    let mut conn = app.db.get().await?;
    let found = store::find(&mut conn, seen.id).await?;
    // It is compared again once it is locked.
    as_seen(&mut conn, &found, seen).await?;
    if !found.status.after().contains(&CampaignStatus::InReview) {
        return Err(CampaignError::IllegalMove {
            from: found.status,
            to: CampaignStatus::InReview,
        });
    }
    may_go(app, &mut conn, &found).await?;
    let bare = Campaign {
        acknowledged: Acknowledged::new(),
        ..found
    };
    let checked = present_content(app, &mut conn, &bare).await?;
    let Examined {
        count,
        review,
        classes,
    } = examine(&mut conn, &bare, &checked).await?;
    drop(conn);
    if count.mailable == 0 {
        return Err(CampaignError::Nobody(count));
    }
    if !review.is_ready(acknowledged) {
        let said = acknowledged.clone();
        return Err(CampaignError::NotReady(Box::new(review), said));
    }
    let needed = review.acknowledge.iter().map(|one| (one.key.clone(), by));
    let found = findings::of(app, &checked, &classes)?.remarks;
    let checked = (&checked, count.mailable, &found[..]);
    pin(app, by, seen, checked, needed.collect()).await
}

/// Pins the content that was checked with its number of people and what rules found, if it is still what would be sent.
async fn pin(
    app: &App,
    by: StaffId,
    seen: Seen,
    (checked, people, found): (&Content, i64, &[Remark]),
    acknowledged: Acknowledged,
) -> Result<Pinned, CampaignError> {
    let id = seen.id;
    let mut tx = app.db.begin().await?;
    // The incident first, as a launch does: it is neither closed nor forgotten before this ends.
    let of = store::find(&mut tx, id).await?.incident;
    let incident = incident::store::hold(&mut tx, of).await?;
    let mut campaign = lock_for(&mut tx, seen, CampaignStatus::InReview).await?;
    may_go(app, &mut tx, &campaign).await?;
    campaign.acknowledged = Acknowledged::new();
    let present = present_content(app, &mut tx, &campaign).await?;
    if present != *checked {
        let edit = Edit {
            by: None,
            action: None,
            at: app.now(),
            parts: checked
                .changes(&present)
                .into_iter()
                .map(Into::into)
                .collect(),
        };
        return Ok(Pinned::Edited(Box::new(Changed {
            version: campaign.version,
            edits: vec![edit],
        })));
    }
    campaign.acknowledged = acknowledged;
    let content = present_content(app, &mut tx, &campaign).await?;
    let text = content.to_text()?;
    let hash = content::hash(&text);
    store::put_findings(&mut tx, id, &hash, found).await?;
    let hash = to_hex(&hash);
    let keys: Vec<&String> = campaign.acknowledged.keys().collect();
    let detail = json!({ "content_hash": hash, "people": people, "acknowledged": keys });
    let with = Move {
        content: Some(text),
        acknowledged: Some(json!(campaign.acknowledged)),
        submitted_by: Some(by),
        ..Move::default()
    };
    let moved = store::set_status(&mut tx, id, CampaignStatus::InReview, &with).await?;
    moved.expected("campaign", id)?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignSubmit,
        id,
        &detail,
    )
    .await?;
    campaign.submitted_by = Some(by);
    news::tell(&mut tx, app, &incident, &campaign, &News::Submitted).await?;
    tx.commit().await?;
    Ok(Pinned::Hash(hash))
}
