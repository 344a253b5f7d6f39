//! What recalls ask of staff on the dashboard.

use std::collections::BTreeMap;

use crate::id::IncidentId;
use crate::recall::{Recall, RecallStatus};
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::console::tasks::Task;
use crate::web::page::Tone;

/// The proposals that this member of staff may publish.
pub(crate) fn tasks(
    recalls: &[Recall],
    titles: &BTreeMap<IncidentId, String>,
    who: &Signed,
) -> Vec<Task> {
    let mine = recalls.iter().filter(|one| {
        let waits = one.status == RecallStatus::Proposed && one.proposed.0 != who.id;
        waits && who.may(Right::ApproveCampaign)
    });
    let task = |one: &Recall| Task {
        tone: Tone::Act,
        text: format!(
            "{}: a wrong text was sent, and its correction waits for a second person.",
            titles
                .get(&one.incident)
                .map_or("An incident", String::as_str)
        ),
        href: format!("/console/recalls/{}", one.id),
        action: "Review it".to_owned(),
    };
    mine.map(task).collect()
}
