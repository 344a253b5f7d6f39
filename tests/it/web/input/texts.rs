//! Texts that must not be sent, and texts without visible content.

use candor::staff::StaffRole::{Agent, Comms};
use serde_json::json;

use crate::client::{ApiClient, Seen, Site};
use crate::house::House;
use crate::people::{BODY, Scene, list};

/// Drafts a campaign with this text and submits it.
fn submitted(program: &ApiClient, name: &str, subject: &str, body: &str) -> Seen {
    let texts = json!({ "en": { "subject": subject, "body": body } });
    let made = program.post("/templates", &json!({ "name": name, "variants": texts }));
    assert_eq!(made.status, 201, "{}", made.body);
    let campaign =
        json!({ "incident": "sundmere", "template": made.json()["id"], "kind": "initial" });
    let drafted = program.post("/campaigns", &campaign);
    assert_eq!(drafted.status, 201, "{}", drafted.body);
    let id = drafted.json()["id"].as_str().unwrap().to_owned();
    program.post(
        &format!("/campaigns/{id}/submit"),
        &json!({ "version": drafted.json()["version"] }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_text_and_stolen_values_are_not_submitted() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    for (at, found) in [
        "{name}",
        "((name))",
        "[insert date]",
        "*|FNAME|*",
        "${name}",
        "%name%",
        "｛｛ name ｝｝",
        "TODO",
        "{% if x %}",
        "123-45-6789",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
    ]
    .iter()
    .enumerate()
    {
        let seen = submitted(
            &program,
            &format!("t{at}"),
            "Notice",
            &format!("{BODY}\n\nand {found} end"),
        );
        assert_eq!(seen.status, 422, "{found}: {}", seen.body);
        let problem = seen.json();
        assert_eq!(problem["type"], "urn:candor:problem:not-ready", "{found}");
        let findings = problem["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{found}: {}", seen.body);
        let is_value = found.contains(char::is_numeric);
        let what = findings[0].to_string();
        assert!(
            what.contains(&found.replace('"', "")) != is_value,
            "{found}: {what}"
        );
    }
    let seen = submitted(&program, "subject", "Hi {name}", BODY);
    assert_eq!(seen.status, 422, "{}", seen.body);
    let seen = submitted(&program, "fine", "Notice", BODY);
    assert_eq!(seen.status, 200, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_fact_that_a_text_quotes_is_not_submitted() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    house
        .sql(
            "update incident set facts = facts || '{\"contact_phone\": \"[insert phone]\"}'::jsonb",
        )
        .await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let seen = submitted(
        &program,
        "t",
        "Notice",
        &format!("{BODY}\n\nCall {{{{ facts.contact_phone }}}}"),
    );
    assert_eq!(seen.status, 422, "{}", seen.body);
    assert!(
        seen.body.contains("contact_phone") && seen.body.contains("insert phone"),
        "{}",
        seen.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_without_visible_content_is_no_text() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms, Agent]).await;
    let person = house.people().await[0].to_string();
    for blank in ["\u{3164}", "\u{2800}", "\u{200b}\u{200b}", " \u{feff} "] {
        let question =
            json!({ "incident": "sundmere", "channel": "web", "person": person, "text": blank });
        assert_eq!(program.post("/tickets", &question).status, 422, "{blank:?}");
        let texts = json!({ "en": { "subject": blank, "body": BODY } });
        let template = json!({ "name": "n", "variants": texts });
        assert_eq!(
            program.post("/templates", &template).status,
            422,
            "{blank:?}"
        );
        let incident = json!({ "slug": "blank", "title": blank, "facts": {} });
        assert_eq!(
            program.post("/incidents", &incident).status,
            422,
            "{blank:?}"
        );
        let update = json!({ "kind": "known", "body": blank });
        assert_eq!(
            program.post("/incidents/sundmere/updates", &update).status,
            422,
            "{blank:?}"
        );
    }
    let both =
        json!({ "en": { "subject": "a", "body": BODY }, "EN": { "subject": "b", "body": BODY } });
    let seen = program.post("/templates", &json!({ "name": "two", "variants": both }));
    assert_eq!(seen.status, 422, "two texts of one language: {}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_names_places_that_exist_and_a_day_to_come() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let template = scene.template(&house, "t", BODY).await.to_string();
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let drafted = |more: serde_json::Value| {
        let mut new = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
        new.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        program.post("/campaigns", &new).status
    };
    for place in ["Narnia", "US-XX", "ZZ", "California"] {
        let places = json!({ "audience": { "jurisdictions": [place] } });
        assert_eq!(drafted(places), 400, "{place}");
    }
    for (day, status) in [("2026-11-22T00:00:00Z", 422), ("2026-11-25T00:00:00Z", 201)] {
        assert_eq!(
            drafted(json!({ "limits": { "finish_by": day } })),
            status,
            "{day}"
        );
    }
}
