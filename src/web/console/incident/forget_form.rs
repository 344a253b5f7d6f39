//! The form on the page of an incident that forgets its people.

use crate::incident::open::Open;
use crate::incident::{Incident, IncidentState};
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::page::Faults;

/// The form that forgets the people, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct ForgetForm {
    pub repeated: String,
    pub faults: Faults,
    /// What must be over first, each with its number.
    pub reasons: Vec<String>,
}

impl ForgetForm {
    /// The empty form, if the incident is over and `who` has the right.
    pub(super) fn offered(who: &Signed, of: &Incident, open: &Open) -> Option<Self> {
        let over = matches!(of.state, IncidentState::Closed | IncidentState::Dismissed);
        let can = over && of.forgotten_at.is_none() && who.may(Right::ForgetIncident);
        can.then(|| Self {
            reasons: open.before_forgetting(of.state == IncidentState::Dismissed),
            ..Self::default()
        })
    }
}
