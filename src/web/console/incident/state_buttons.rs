//! The buttons for the next states of an incident, and the message after a change of state.

use crate::incident::IncidentState;
use crate::incident::open::Open;
use crate::web::console::Button;
use crate::web::console::answer::MOVED;
use crate::web::figures::count;
use crate::web::page::{ConsoleFrame, Flash};

/// The button for a next state, or why the state is not allowed yet. `promises`: the latest public update promises the next
/// one.
pub(crate) fn button(to: IncidentState, open: &Open, promises: bool) -> Button {
    let all_told = open.untold().is_none();
    let (words, look, sure, reasons) = match to {
        IncidentState::Suspected => ("Suspect", "quiet", String::new(), vec![]),
        IncidentState::Confirmed => ("Confirm", "", String::new(), vec![]),
        IncidentState::Scoping => ("Start scoping", "", String::new(), vec![]),
        IncidentState::Notifying => ("Start notifying", "", String::new(), vec![]),
        IncidentState::Monitoring if all_told && open.withheld == 0 => {
            ("Everybody is told: monitor", "", String::new(), vec![])
        }
        IncidentState::Monitoring => ("Monitor", "", stay_untold(open), vec![]),
        IncidentState::Closed => ("Close", "", closing(open, promises), open.before_closing()),
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
    Button {
        name: to.to_string(),
        words: words.to_owned(),
        look,
        sure,
        tick: String::new(),
        blocked,
    }
}

/// The question before closing, with the people who stay untold.
fn closing(open: &Open, promises: bool) -> String {
    let drafts = match open.drafts {
        0 => String::new(),
        1 => " 1 draft of a campaign stays a draft.".to_owned(),
        n => format!(" {} drafts of campaigns stay drafts.", count(n)),
    };
    let promise = match promises {
        true => " The latest public update still promises a next one: publish a last update first.",
        false => "",
    };
    let over = ["The incident is over.".to_owned(), stay_untold(open)];
    let over = over.join(" ");
    let over = over.trim_end();
    format!("{over}{drafts}{promise} It can be opened again for a new scope.")
}

/// The sentence about withheld people; empty without any.
fn stay_untold(open: &Open) -> String {
    match open.withheld {
        0 => String::new(),
        1 => "1 person is withheld and stays untold.".to_owned(),
        n => format!("{} people are withheld and stay untold.", count(n)),
    }
}

/// Names the new state in the message about a change of state.
pub(crate) fn moved(desk: ConsoleFrame, state: IncidentState) -> ConsoleFrame {
    let flash = desk.flash.map(|flash| match flash.text == MOVED {
        true => Flash {
            text: format!("The incident is now {state}."),
            ..flash
        },
        false => flash,
    });
    ConsoleFrame { flash, ..desk }
}
