//! The buttons of a version of the affected list, with what activating a draft changes.

use crate::scope::{self, ScopeStatus, Version};
use crate::web::console::Button;
use crate::web::figures::count;

/// How many people a draft adds to the scope and removes from it, and how many of the removed were told.
fn people_changed(delta: &scope::delta::Delta, told: i64) -> String {
    let added = match delta.people_added {
        1 => "1 person is added to the scope".to_owned(),
        n => format!("{} people are added to the scope", count(n)),
    };
    let removed = match delta.people_retracted {
        1 => "1 is removed".to_owned(),
        n => format!("{} are removed", count(n)),
    };
    let of_these = match (delta.people_retracted, told) {
        (_, 0) => String::new(),
        (1, _) => " The removed person was told something: a correction must tell them that they are not affected.".to_owned(),
        (_, 1) => " 1 of the removed people was told something: a correction must tell them that they are not affected."
            .to_owned(),
        (_, n) => format!(
            " {} of the removed people were told something: a correction must tell them that they are not affected.",
            count(n)
        ),
    };
    format!("{added} and {removed}.{of_these}")
}

/// The buttons of a version. `told`: how many of the retracted people were told something.
pub(super) fn buttons(
    version: &Version,
    (delta, told): (&scope::delta::Delta, i64),
    may: bool,
) -> Vec<Button> {
    if version.status == ScopeStatus::Activating && may {
        return vec![Button {
            name: "activate".to_owned(),
            words: "Resume".to_owned(),
            look: "quiet",
            sure: "If its process has stopped, the activation resumes where it stopped.".to_owned(),
            tick: String::new(),
            blocked: String::new(),
        }];
    }
    if version.status != ScopeStatus::Draft || !may {
        return Vec::new();
    }
    let empty = if version.accepted == 0 {
        "Every row was refused."
    } else {
        ""
    };
    let others = match delta.identity_changes {
        0 => String::new(),
        1 => {
            " If the reference names another person, 1 more person is added and 1 more is removed."
                .to_owned()
        }
        n => {
            let n = count(n);
            format!(
                " If the references name other people, {n} more people are added and {n} more are removed."
            )
        }
    };
    let activate = Button {
        name: "activate".to_owned(),
        words: "Activate".to_owned(),
        look: "",
        sure: format!(
            "{}{others} This cannot be taken back, only corrected by another version.",
            people_changed(delta, told)
        ),
        tick: String::new(),
        blocked: empty.to_owned(),
    };
    let discard = Button {
        name: "discard".to_owned(),
        words: "Discard".to_owned(),
        look: "danger",
        sure: "The draft and its rejected rows are deleted. The active list does not change."
            .to_owned(),
        tick: String::new(),
        blocked: String::new(),
    };
    vec![activate, discard]
}
