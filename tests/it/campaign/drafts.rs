//! Drafts: their name, editing and copying them.

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::{Campaign, copy, draft, store};
use candor::campaign::{CampaignKind, CampaignStatus, Limits, Name, UncertainPolicy};
use candor::id::CampaignId;
use candor::staff::StaffRole::{Approver, Comms};
use candor::template::{Variant, Variants, edit};
use chrono::TimeDelta;
use serde_json::json;

use crate::client::Browser;
use crate::house::House;
use crate::html::{forms, has, lacks};
use crate::people::{BODY, Scene, list};

async fn found(house: &House, id: CampaignId) -> Campaign {
    store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
}

async fn drafted(house: &House, scene: &Scene) -> CampaignId {
    scene.import(house, &list(3, "name;ssn")).await;
    let kind = CampaignKind::Initial;
    scene.draft(house, kind, UncertainPolicy::Resend).await
}

/// The form of a draft with the fields that a test does not change.
fn filled<'a>(template: &'a str, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("name", "First notice, Washington"),
        ("template", template),
        ("kind", "initial"),
        ("audience", ""),
        ("rate", "0"),
        ("policy", "leave"),
        ("zone", "Europe/Berlin"),
    ];
    let is_changed = |name: &str| changed.iter().any(|(of, _)| *of == name);
    let usual = usual.into_iter().filter(|(name, _)| !is_changed(name));
    usual.chain(changed.iter().copied()).collect()
}

async fn template_of(house: &House, id: CampaignId) -> String {
    let now = found(house, id).await;
    format!("{}:{}", now.template, now.template_version)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_has_its_name_on_every_page_and_in_every_answer() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let template = scene.template(&house, "Texts of August", BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let fields = [
        ("incident", "sundmere"),
        ("name", "  First notice, Washington "),
        ("template", &template.to_string()),
        ("kind", "initial"),
    ];
    let path = "/console/campaigns";
    let sent = comms.submit(path, path, &fields);
    let page = sent.goal();
    for (path, where_) in [
        (page.as_str(), "<title>First notice, Washington"),
        (path, "First notice, Washington"),
        ("/console/incidents/sundmere", "First notice, Washington"),
    ] {
        has(&comms.page(path), where_);
    }
    let id: CampaignId = page.rsplit('/').next().unwrap().parse().unwrap();
    scene.approve(&house, id).await;
    has(
        &comms.page("/console"),
        "“First notice, Washington” (no. 1, initial",
    );
    let program = site.program(&[Comms]).await;
    let shown = program.get(&format!("/campaigns/{id}")).json();
    assert_eq!(shown["name"], "First notice, Washington");
    let named = "select count(*) from audit_event where action = 'campaign.create'
        and detail::jsonb->>'name' = 'First notice, Washington'";
    assert_eq!(house.number(named).await, 1);
    let refused = program.post(
        "/campaigns",
        &json!({ "incident": "sundmere", "template": template, "kind": "initial", "name": "a\u{202e}b" }),
    );
    assert_eq!(refused.status, 400, "{}", refused.body);
    has(&refused.body, "1 to 80 characters");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_name_is_called_by_kind_and_day_and_no_row_has_a_bad_name() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    house.sql("update campaign set name = null").await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let usual = "Initial notice of 23 November";
    has(&comms.page(&format!("/console/campaigns/{id}")), usual);
    has(&comms.page("/console/campaigns"), usual);
    for bad in ["''", "' a'", "repeat('x', 81)", "E'a\\nb'"] {
        let sql = format!("update campaign set name = {bad}");
        let refused = house.raw().await.batch_execute(&sql).await;
        let said = format!("{refused:?}");
        assert!(said.contains("name_is_one_short_line"), "{bad}: {said}");
    }
}

fn bad_fields_keep_what_was_typed(comms: &Browser, page: &str, template: &str) {
    let wrong = [
        ("rate", "fast"),
        ("zone", "Europe/Atlantis"),
        ("name", ""),
        ("jurisdictions", "US-WA Nowhere"),
    ];
    let refused = comms.submit(page, page, &filled(template, &wrong));
    assert_eq!(refused.status, 422);
    for words in [
        "Enter a whole number",
        "Enter the name of a time zone",
        "name has 1 to 80 characters on one line.",
        "value=\"fast\"",
        "value=\"US-WA Nowhere\"",
    ] {
        has(&refused.body, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_in_all_its_parts_and_a_bad_field_keeps_what_was_typed() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}/edit");
    let template = template_of(&house, id).await;
    bad_fields_keep_what_was_typed(&comms, &page, &template);
    let right = [
        ("jurisdictions", "US-WA"),
        ("rate", "7"),
        ("canary", "2"),
        ("launch_on", "2026-12-01"),
        ("launch_at", "02:00"),
        ("finish_on", "2026-12-02"),
        ("finish_at", "18:00"),
        ("quiet_from", "22:00"),
        ("quiet_to", "08:00"),
    ];
    let done = comms.follow(&comms.submit(&page, &page, &filled(&template, &right)));
    for words in [
        "The draft is saved.",
        "First notice, Washington",
        "7/s",
        "2 notices",
        "Tuesday 1 December 2026, 01:00 UTC",
        "22:00 to 08:00 Europe/Berlin",
        "do not send again",
        "in US-WA",
    ] {
        has(&done.body, words);
    }
    // The form shows what was saved, in the zone in which it was typed.
    let form = comms.page(&page);
    for words in [
        "value=\"2026-12-01\"",
        "value=\"02:00\"",
        "value=\"Europe/Berlin\"",
    ] {
        has(&form, words);
    }
    for (field, why) in [
        (("launch_on", "2026-11-01"), "in the past"),
        (("finish_on", "2026-11-30"), "after the deadline"),
        (("quiet_to", "22:00"), "hold all notices for ever"),
    ] {
        let kept = right.iter().filter(|(name, _)| *name != field.0).copied();
        let changed: Vec<_> = kept.chain([field]).collect();
        let refused = comms.submit(&page, &page, &filled(&template, &changed));
        assert_eq!(refused.status, 422, "{field:?}");
        has(&refused.body, why);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_stale_form_says_what_changed_keeps_what_was_typed_and_can_be_saved_then() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}/edit");
    let template = template_of(&house, id).await;
    let shown = comms.get(&page);
    let before = found(&house, id).await;
    let mut other = draft::as_draft(&before);
    other.limits.rate_per_second = 9;
    let name = Name::parse("Another name").unwrap();
    draft::edit_named(&house.app, scene.comms, id, Some(&name), &other)
        .await
        .unwrap();
    let mine = filled(&template, &[("rate", "7")]);
    let stale = [("csrf", shown.csrf()), ("version", "1")];
    let origin = [("sec-fetch-site", "same-origin")];
    let refused = comms.post(&page, &[&stale[..], &mine].concat(), &origin);
    assert_eq!(refused.status, 409, "{}", refused.body);
    has(
        &refused.body,
        "changed the draft just now: the name, the maximum rate",
    );
    has(&refused.body, "value=\"First notice, Washington\"");
    has(&refused.body, "value=\"7\"");
    assert_eq!(found(&house, id).await.limits.rate_per_second, 9);
    let all = forms(&refused.body);
    let form = all.iter().find(|form| form.action == page).unwrap();
    let hidden = form.hidden();
    let hidden = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<_> = hidden.chain(mine.iter().copied()).collect();
    assert_eq!(comms.post(&page, &fields, &origin).status, 303);
    assert_eq!(found(&house, id).await.limits.rate_per_second, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_draft_is_edited_and_others_are_taken_back_or_copied_first() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    scene.approve(&house, id).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    let edit_page = format!("{page}/edit");
    let shown = comms.page(&edit_page);
    has(&shown, "Only a draft can be edited. Take it back first");
    lacks(&shown, "Save the draft");
    let template = template_of(&house, id).await;
    let version = found(&house, id).await.version.to_string();
    let fields = filled(&template, &[("version", &version)]);
    let refused = comms.submit(&edit_page, &edit_page, &fields);
    assert_eq!(refused.status, 409, "{}", refused.body);
    let taken = comms.submit(&edit_page, &format!("{page}/take-back"), &[]);
    assert_eq!(taken.status, 303);
    has(&comms.page(&edit_page), "Save the draft");
    scene.launch(&house, id).await;
    has(&comms.page(&edit_page), "Copy it, and edit the copy.");
    let approver = site.signed_in("Approver", &[Approver]).await;
    assert_eq!(approver.get(&edit_page).status, 403);
    lacks(&approver.page(&page), "/edit\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_edits_a_draft_from_the_version_that_it_saw() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    let program = site.program(&[Comms]).await;
    let path = format!("/campaigns/{id}");
    let patch = |headers: &[(&str, &str)], body: serde_json::Value| {
        let json = [&[("content-type", "application/json")], headers].concat();
        program.patch(&path, &json, &body.to_string())
    };
    assert_eq!(patch(&[], json!({ "name": "Second" })).status, 428);
    let quiet = json!({ "from": "22:00", "to": "08:00", "zone": "america/new_york" });
    let done = patch(
        &[("if-match", "\"1\"")],
        json!({ "name": "Second", "limits": { "rate_per_second": 5, "quiet": quiet } }),
    );
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.json()["limits"]["quiet"]["zone"], "America/New_York");
    assert_eq!(done.json()["kind"], "initial", "what is left out stays");
    let stale = patch(&[], json!({ "version": 1, "name": "Third" }));
    assert_eq!(stale.status, 409);
    assert_eq!(
        stale.json()["changed"],
        json!(["draft:name", "draft:rate", "draft:quiet"])
    );
    launch::submit(&house.app, scene.comms, id).await.unwrap();
    let refused = patch(&[], json!({ "version": 3, "name": "Third" }));
    assert_eq!(refused.status, 409);
    has(&refused.body, "take the campaign back first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_the_newest_texts_no_past_times_and_says_in_what_it_differs() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    let before = found(&house, id).await;
    let mut new = draft::as_draft(&before);
    new.limits = Limits {
        rate_per_second: 5,
        finish_by: Some(house.app.now() + TimeDelta::hours(1)),
        ..Limits::default()
    };
    draft::edit_named(&house.app, scene.comms, id, None, &new)
        .await
        .unwrap();
    launch::submit(&house.app, scene.comms, id).await.unwrap();
    candor::campaign::hold::cancel(&house.app, scene.comms, id)
        .await
        .unwrap();
    let text = Variant {
        subject: "Notice of data breach".to_owned(),
        body: format!("{BODY}\n\nMore."),
    };
    let texts = Variants::from([("en".to_owned(), text)]);
    let template = before.template;
    edit::add_version(&house.app, scene.comms, template, &texts, None)
        .await
        .unwrap();
    house.app.clock.advance(TimeDelta::hours(2));
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    let copied = comms.submit(&page, &format!("{page}/copy"), &[]);
    let shown = comms.follow(&copied).body;
    for words in [
        "This is the copy",
        "A copy of <a href=\"/console/campaigns/",
        "Template: version 2, there version 1.",
        "Deadline: none, there Monday 23 November 2026, 10:00 UTC.",
    ] {
        has(&shown, words);
    }
    let copy = copied.goal().rsplit('/').next().unwrap().parse().unwrap();
    let now = found(&house, copy).await;
    assert_eq!(
        (now.status, now.copied_from),
        (CampaignStatus::Draft, Some(id))
    );
    assert_eq!(now.limits.rate_per_second, 5);
    assert!(now.content.is_none() && now.approved_hash.is_none());
    let noted = "select count(*) from audit_event where action = 'campaign.copy'";
    assert_eq!(house.number(noted).await, 1);
    let missing = copy::copy(&house.app, scene.comms, CampaignId::new(house.app.now())).await;
    assert!(
        matches!(missing, Err(CampaignError::Missing)),
        "{missing:?}"
    );
}

/// The page of a draft that sends the English text to readers of French.
async fn with_a_box_to_tick(house: &House, scene: &Scene) -> CampaignId {
    let csv = list(3, "name;ssn").replacen(",en,", ",fr,", 1);
    scene.import(house, &csv).await;
    let kind = CampaignKind::Initial;
    scene.draft(house, kind, UncertainPolicy::Resend).await
}

fn ticked(page: &str) -> bool {
    page.contains("value=\"fr\" checked")
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_stale_submission_keeps_its_ticks() {
    let (house, scene, site) = Scene::open("").await;
    let id = with_a_box_to_tick(&house, &scene).await;
    let comms: Browser = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    let shown = comms.get(&page);
    assert!(!ticked(&shown.body));
    let mut other = draft::as_draft(&found(&house, id).await);
    other.limits.rate_per_second = 9;
    draft::edit_named(&house.app, scene.comms, id, None, &other)
        .await
        .unwrap();
    let fields = [
        ("csrf", shown.csrf()),
        ("version", "1"),
        ("acknowledged", "fr"),
    ];
    let origin = [("sec-fetch-site", "same-origin")];
    let submit = format!("{page}/submit");
    let mut refused = comms.post(&submit, &fields, &origin);
    // On a busy machine the audience is not counted in time: then the page says what was ticked.
    for _ in 0..20 {
        assert_eq!(refused.status, 409, "{}", refused.body);
        has(
            &refused.body,
            "changed the draft just now: the maximum rate",
        );
        if refused.body.contains("id=\"readiness\"") {
            break;
        }
        has(&refused.body, "You had ticked: fr.");
        refused = comms.post(&submit, &fields, &origin);
    }
    assert!(ticked(&refused.body), "{}", refused.body);
    let fields = [
        ("csrf", refused.csrf()),
        ("version", "2"),
        ("acknowledged", "fr"),
    ];
    assert_eq!(comms.post(&submit, &fields, &origin).status, 303);
}
