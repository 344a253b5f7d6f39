//! What is done with a campaign on pages of its own: editing, scheduling, testing.

use candor::web::console::campaign::copy::CopiedFrom;
use candor::web::console::campaign::edit::EditPage;
use candor::web::console::campaign::head::Head;
use candor::web::console::campaign::schedule::{self, SchedulePage};
use candor::web::console::campaign::test_send::{Line, Tests, Tick};

use super::campaigns::new_campaign;
use super::*;

/// The head of a copy that is scheduled.
pub(super) fn head() -> Head {
    Head {
        links: vec![("edit", "Edit"), ("schedule", "Schedule the launch"), ("tests", "Send a test")],
        may_copy: true,
        may_unschedule: true,
        copied_from: Some(CopiedFrom {
            id: "cam_0".into(),
            name: HOSTILE.into(),
            differs: vec!["Template: version 3, there version 2.".into()],
        }),
        schedule: "Candor launches it on Monday 30 November 2026, 02:00 America/New_York (UTC-05:00). Ada Moreno scheduled it."
            .into(),
        refused: "It was not launched at its time: the approval is void.".into(),
    }
}

fn edit(status: CampaignStatus, changed: &str) -> EditPage {
    EditPage {
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: HOSTILE.into(),
        status,
        version: 3,
        changed: changed.into(),
        new: new_campaign(),
    }
}

fn schedule() -> SchedulePage {
    SchedulePage {
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        status: CampaignStatus::Approved,
        version: 4,
        now: "Sunday 29 November 2026, 21:14 America/New_York (UTC-05:00)".into(),
        approved: "Monday 30 November 2026, 02:00 UTC".into(),
        typed: schedule::Typed {
            day: "2026-11-01".into(),
            time: "01:30".into(),
            zone: "America/New_York".into(),
            ..schedule::Typed::default()
        },
        which: vec![
            choice(
                "-04:00",
                "Sunday 1 November 2026, 01:30 America/New_York (UTC-04:00)",
            ),
            choice(
                "-05:00",
                "Sunday 1 November 2026, 01:30 America/New_York (UTC-05:00)",
            ),
        ],
        unpublished: vec!["what_happened".into()],
        faults: fault("time", "Clocks in America/New_York show this time twice."),
    }
}

fn tick(value: &str, words: &str, ticked: bool) -> Tick {
    Tick {
        value: value.into(),
        words: words.into(),
        ticked,
    }
}

fn tests() -> Tests {
    Tests {
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        people: vec![
            tick("stf_1", "Ada Moreno (you)", true),
            tick("stf_2", HOSTILE, false),
        ],
        languages: vec![tick("en", "English", true), tick("ar", "العربية", false)],
        elements: vec![tick("ssn", "Social Security number", true)],
        sent: vec![Line {
            to: HOSTILE.into(),
            language: "English".into(),
            by: "Ada Moreno".into(),
            at: row(5),
            state: "not sent: it was refused",
            reply: "550 5.1.1 no such user".into(),
        }],
        faults: Faults::default(),
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    add("c_campaign_edit", &edit(CampaignStatus::Draft, ""));
    add(
        "c_campaign_edit_stale",
        &edit(
            CampaignStatus::InReview,
            "Ines Duarte submitted it 2 min ago: the status is in_review",
        ),
    );
    add("c_campaign_schedule", &schedule());
    add("c_campaign_tests", &tests());
}
