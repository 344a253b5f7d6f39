//! Rejecting a campaign: the approver sends it back to its author, with a comment.

use serde_json::json;

use super::approval::{check_second_person, lock_before};
use super::error::{COMMENT, CampaignError};
use super::guard::{Seen, lock_for, note};
use super::news::{self, News};
use super::{Campaign, CampaignStatus, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db;
use crate::id::StaffId;
use crate::seal::to_hex;

/// Stands for a comment that Candor cannot read any more.
const REJECTED: &str = "rejected";

/// A comment as it is kept.
///
/// # Errors
/// [`CampaignError::Comment`].
fn checked(comment: &str) -> Result<String, CampaignError> {
    // Browsers end lines with both.
    let said = comment.trim().replace("\r\n", "\n");
    let is_strange = |c: char| c.is_control() && c != '\n';
    let fits = COMMENT.contains(&said.chars().count()) && !said.chars().any(is_strange);
    fits.then_some(said).ok_or(CampaignError::Comment)
}

/// Rejects a campaign that waits for an approval: it is a draft again, and shows the comment until it is submitted again.
///
/// # Errors
/// [`CampaignError::Comment`], [`CampaignError::Changed`], [`CampaignError::NotInReview`], [`CampaignError::SamePerson`],
/// [`CampaignError::NoApprover`], [`CampaignError::Forgotten`].
pub async fn reject(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    comment: &str,
) -> Result<(), CampaignError> {
    let said = checked(comment)?;
    let seen = of.into();
    let id = seen.id;
    let mut tx = app.db.begin().await?;
    let (incident, approver) = lock_before(&mut tx, id, by).await?;
    let campaign = lock_for(&mut tx, seen, CampaignStatus::Draft).await?;
    if campaign.status != CampaignStatus::InReview {
        return Err(CampaignError::NotInReview(campaign.status));
    }
    check_second_person(&campaign, &approver)?;
    let key = incident.key(&app.keys);
    let key = key.map_err(|_| db::Error::inconsistent("incident", incident.id))?;
    let key = key.ok_or(CampaignError::Forgotten)?;
    // What staff type may name people.
    let sealed = key.seal(&Campaign::reason_owner(id), said.as_bytes());
    let detail = json!({ "reason_sealed": to_hex(&sealed) });
    store::approvals::reject(&mut tx, id, REJECTED, sealed).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignReject,
        id,
        &detail,
    )
    .await?;
    news::tell(&mut tx, app, &incident, &campaign, &News::Rejected(by)).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_something_and_may_have_several_lines() {
        assert_eq!(
            checked("  Name the date.\r\nAnd the office. ")
                .ok()
                .as_deref(),
            Some("Name the date.\nAnd the office.")
        );
        let long = "x".repeat(2_001);
        for wrong in ["", "no", "          .", "bell\u{7} and more of it", &long] {
            assert!(
                matches!(checked(wrong), Err(CampaignError::Comment)),
                "{wrong:?}"
            );
        }
    }
}
