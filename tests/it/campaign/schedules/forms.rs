//! The form and the call that set the time of a launch: daylight-saving changes of three zones, and what is refused.

use candor::id::CampaignId;
use candor::staff::StaffRole::Comms;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::found;
use crate::client::{Browser, Site};
use crate::html::has;
use crate::people::{Scene, list};

/// The page of a schedule, with these fields.
fn typed(browser: &Browser, id: CampaignId, fields: &[(&str, &str)]) -> crate::client::Seen {
    let page = format!("/console/campaigns/{id}/schedule");
    browser.submit(&page, &page, fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_clocks_skip_or_show_twice_is_asked_about_in_three_zones() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let program = site.program(&[Comms]).await;
    for (zone, skipped, neighbours, twice, offset, instant) in [
        (
            "Europe/Berlin",
            "2027-03-28T02:30",
            ["01:59 (UTC+01:00)", "03:00 (UTC+02:00)"],
            "2027-10-31T02:30",
            "+01:00",
            "2027-10-31T01:30:00Z",
        ),
        (
            "America/New_York",
            "2027-03-14T02:30",
            ["01:59 (UTC-05:00)", "03:00 (UTC-04:00)"],
            "2027-11-07T01:30",
            "-04:00",
            "2027-11-07T05:30:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2027-10-03T02:15",
            ["01:59 (UTC+10:30)", "02:30 (UTC+11:00)"],
            "2027-04-04T01:45",
            "+11:00",
            "2027-04-03T14:45:00Z",
        ),
    ] {
        let id = scene.approved(&house).await;
        let path = format!("/campaigns/{id}/schedule");
        let post = |at: &str| program.post(&path, &json!({ "at": at, "zone": zone }));
        let refused = post(skipped);
        assert_eq!(refused.status, 422, "{zone}: {}", refused.body);
        neighbours
            .iter()
            .for_each(|words| has(&refused.body, words));
        let asked = post(twice);
        assert_eq!(asked.status, 422, "{zone}");
        has(&asked.body, &format!("{offset} for the"));
        let (day, time) = twice.split_once('T').unwrap();
        let fields = [("day", day), ("time", time), ("zone", zone)];
        let shown = typed(&comms, id, &fields);
        assert_eq!(shown.status, 422, "{zone}");
        has(&shown.body, "Which of the two");
        has(&shown.body, &format!("<option value=\"{offset}\""));
        let chosen = [&fields[..], &[("offset", offset)]].concat();
        let done = typed(&comms, id, &chosen);
        assert_eq!(done.status, 303, "{zone}: {}", done.body);
        let due = found(&house, id).await.schedule.unwrap();
        assert_eq!(due.at, instant.parse::<DateTime<Utc>>().unwrap(), "{zone}");
        assert_eq!(due.zone.as_str(), zone);
        has(
            &comms.page(&format!("/console/campaigns/{id}")),
            &format!("{time} {zone}"),
        );
    }
}

/// A program sets the time in the zone of the settings, and cancels the schedule once.
async fn a_program_schedules_and_cancels(site: &Site, id: CampaignId) {
    let program = site.program(&[Comms]).await;
    let set = program.post(
        &format!("/campaigns/{id}/schedule"),
        &json!({ "at": "2026-11-24T02:00" }),
    );
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(set.json()["scheduled_for"], "2026-11-24T01:00:00Z");
    assert_eq!(set.json()["scheduled_zone"], "Europe/Berlin");
    let off = program.post(&format!("/campaigns/{id}/unschedule"), &json!({}));
    assert_eq!(
        (off.status, &off.json()["status"]),
        (200, &json!("approved"))
    );
    let twice = program.post(&format!("/campaigns/{id}/unschedule"), &json!({}));
    assert_eq!(twice.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_a_schedule_keeps_what_was_typed_and_a_program_cancels_it() {
    let (house, scene, site) = Scene::open("[organisation]\nzone = \"Europe/Berlin\"").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let id = scene.approved(&house).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}/schedule");
    has(
        &comms.page(&page),
        "It is now Monday 23 November 2026, 10:00 Europe/Berlin (UTC+01:00).",
    );
    for (fields, why) in [
        (
            [
                ("day", "soon"),
                ("time", "02:00"),
                ("zone", "Europe/Berlin"),
            ],
            "Enter a day such as",
        ),
        (
            [
                ("day", "2026-11-24"),
                ("time", "2 am"),
                ("zone", "Europe/Berlin"),
            ],
            "Enter a time of day",
        ),
        (
            [("day", "2026-11-24"), ("time", "02:00"), ("zone", "Berlin")],
            "Enter the name of a time zone",
        ),
        (
            [
                ("day", "2026-11-23"),
                ("time", "09:59"),
                ("zone", "Europe/Berlin"),
            ],
            "is in the past",
        ),
        (
            [("day", "2028-11-23"), ("time", "09:59"), ("zone", "UTC")],
            "more than a year ahead",
        ),
    ] {
        let refused = typed(&comms, id, &fields);
        assert_eq!(refused.status, 422, "{why}");
        has(&refused.body, why);
        has(&refused.body, &format!("value=\"{}\"", fields[0].1));
    }
    a_program_schedules_and_cancels(&site, id).await;
}
