//! The buttons that move an incident from state to state.

use super::Deed;
use crate::incident::IncidentState;
use crate::incident::open::Open;
use crate::web::figures::count;

/// The button that moves the incident on, or why it cannot yet.
pub fn deed(to: IncidentState, open: &Open) -> Deed {
    let everybody = open.untold().is_none();
    let (words, look, sure, reasons) = match to {
        IncidentState::Suspected => ("Suspect", "quiet", String::new(), vec![]),
        IncidentState::Confirmed => ("Confirm", "", String::new(), vec![]),
        IncidentState::Scoping => ("Start scoping", "", String::new(), vec![]),
        IncidentState::Notifying => ("Start notifying", "", String::new(), vec![]),
        IncidentState::Monitoring if everybody => {
            ("Everybody is told: monitor", "", String::new(), vec![])
        }
        IncidentState::Monitoring => ("Monitor", "", String::new(), vec![]),
        IncidentState::Closed => ("Close", "", over(open), open.before_closing()),
        IncidentState::Dismissed => (
            "Dismiss",
            "danger",
            "It was no breach. This cannot be taken back.".to_owned(),
            open.before_dismissing(),
        ),
    };
    let blocked = match reasons.is_empty() {
        true => String::new(),
        false => format!("Not yet: {}.", reasons.join("; ")),
    };
    Deed {
        name: to.to_string(),
        words: words.to_owned(),
        look,
        sure,
        tick: String::new(),
        blocked,
    }
}

/// What closing means, with the people who stay untold.
fn over(open: &Open) -> String {
    let stay = match open.withheld {
        0 => String::new(),
        1 => " 1 person is withheld and stays untold.".to_owned(),
        n => format!(" {} people are withheld and stay untold.", count(n)),
    };
    format!("The incident is over.{stay} It can be opened again for a new scope.")
}
