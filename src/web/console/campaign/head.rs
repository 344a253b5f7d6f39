//! The head of a campaign's page: what can be done with it on pages of its own, where it comes from, and when it is launched.

use super::copy::CopiedFrom;
use crate::campaign::{Campaign, CampaignStatus};
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::console::names::Names;

/// What the head of the page says besides name and state.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Pages for further acts: the last part of the address and the words of the link.
    pub links: Vec<(&'static str, &'static str)>,
    /// Whether the reader may copy it.
    pub may_copy: bool,
    /// Whether the reader may cancel its schedule.
    pub may_unschedule: bool,
    /// What was copied; `None` if it is no copy, or launched.
    pub copied_from: Option<CopiedFrom>,
    /// When it is launched by the clock, or was due; empty if staff launch it, or launched it.
    pub schedule: String,
    /// Why the clock did not launch it; empty if it was not refused.
    pub refused: String,
}

impl Head {
    pub(super) fn of(
        campaign: &Campaign,
        copied_from: Option<CopiedFrom>,
        (names, who): (&Names, &Signed),
    ) -> Self {
        use CampaignStatus::{Approved, Draft, Scheduled};
        let drafts = who.may(Right::DraftCampaign);
        let launches = who.may(Right::LaunchCampaign);
        let links = [
            (drafts && campaign.status == Draft, ("edit", "Edit")),
            (
                launches && campaign.status == Approved,
                ("schedule", "Schedule the launch"),
            ),
            (drafts, ("tests", "Send a test")),
        ];
        let refused = campaign.status_reason.as_deref();
        let refused = refused.filter(|_| campaign.status == Approved);
        Self {
            links: links
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, link)| link)
                .collect(),
            may_copy: drafts,
            may_unschedule: launches && campaign.status == Scheduled,
            copied_from,
            schedule: schedule(campaign, names),
            refused: refused
                .map(|why| {
                    format!(
                        "It was not launched at its time: {}.",
                        why.trim_end_matches('.')
                    )
                })
                .unwrap_or_default(),
        }
    }
}

/// `Launched by the clock on …`, or `Due …, launched …`.
fn schedule(of: &Campaign, names: &Names) -> String {
    let Some(schedule) = of.schedule else {
        return String::new();
    };
    let due = schedule.shown();
    match of.launched_at {
        None if of.status == CampaignStatus::Scheduled => format!(
            "Candor launches it on {due}. {} scheduled it.",
            names.of(schedule.by)
        ),
        None => String::new(),
        Some(at) => {
            let at = schedule.zone.show(at);
            let launched = match at.local.date() == due.local.date() {
                true => at.local.format("%H:%M").to_string(),
                false => at.to_string(),
            };
            format!("Due {due}, launched {launched}.")
        }
    }
}
