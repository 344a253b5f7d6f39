//! Facts that are older than claims, or that an older program writes.

use candor::incident::Facts;

use super::*;

const UP: &str = include_str!("../../../../migrations/2026-11-29-000013_claims/up.sql");
const DOWN: &str = include_str!("../../../../migrations/2026-11-29-000013_claims/down.sql");

const SHEET: &str =
    r#"'{"what": "en", "what_es": "es", "phone_es": "alone", "what_en": "own", "x_ja": "own"}'"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_migration_makes_claims_of_facts_and_going_back_keeps_the_facts() {
    let (house, scene, site) = Scene::open("").await;
    let program = site.program(&[Comms]).await;
    house.sql(DOWN).await;
    house
        .sql(&format!("update incident set facts = {SHEET}"))
        .await;
    house.sql(UP).await;
    let found = program.get("/incidents/sundmere/claims").json();
    let claims: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["key"].as_str().unwrap(),
                one["texts"].clone(),
                one["written_by"].is_null(),
            )
        })
        .collect();
    assert_eq!(
        claims,
        [
            ("phone_es", json!({ "en": "alone" }), true),
            ("what", json!({ "en": "en", "es": "es" }), true),
            ("what_en", json!({ "en": "own" }), true),
            ("x_ja", json!({ "en": "own" }), true),
        ]
    );
    let first =
        "select count(*) from claim_version where written_by is null and incident_version = 2";
    assert_eq!(house.number(first).await, 4);
    let new = claim("what", UpdateKind::Known, &[("en", "new"), ("ja", "ja")]);
    write(&house, &scene, &new).await.unwrap();
    house.sql(DOWN).await;
    let kept = r#"select count(*) from incident where facts = '{"what": "new", "what_ja": "ja", "phone_es": "alone",
        "what_en": "own", "x_ja": "own"}'"#;
    assert_eq!(house.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fact_sheet_that_older_programs_and_forms_write_becomes_claims() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    let new = claim(
        "what",
        UpdateKind::BeingChecked,
        &[("en", "en"), ("ja", "ja"), ("es", "es")],
    );
    write(&house, &scene, &new).await.unwrap();
    // The old form of the API and of the incident's page: the state and the languages stay.
    let sheet = [
        ("what", "other"),
        ("what_ja", "ja"),
        ("offer", "O"),
        ("offer_de", "D"),
    ];
    let sheet: Facts = sheet
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .into();
    scene.edit_facts(&house, "Theft of data", &sheet).await;
    let program = site.program(&[Comms]).await;
    let of = |key: &str| {
        program
            .get(&format!("/incidents/sundmere/claims/{key}"))
            .json()
    };
    assert_eq!(of("what")["texts"], json!({ "en": "other", "ja": "ja" }));
    assert_eq!(
        (&of("what")["state"], &of("what")["written_by"]),
        (&json!("being_checked"), &json!(scene.comms))
    );
    assert_eq!(of("offer")["texts"], json!({ "en": "O", "de": "D" }));
    assert_eq!(of("contact_phone")["texts"], json!({}));

    // A node of the former release knows no claims.
    house
        .sql(r#"update incident set version = version + 1, facts = facts || '{"what": "from the older node"}'"#)
        .await;
    let page = comms.get(&format!("{AT}/facts")).body;
    assert!(
        page.contains("from the older node") && page.contains("no author on record"),
        "{page}"
    );
    let late = claim("what", UpdateKind::Known, &[("en", "late")]);
    let seen = version(&house, scene.incident).await - 1;
    let refused = steer::edit_claim(&house.app, scene.comms, scene.incident, seen, &late).await;
    assert!(
        matches!(refused, Err(SteerError::Changed(_))),
        "{refused:?}"
    );
    assert!(write(&house, &scene, &late).await.unwrap());
    assert_eq!(of("what")["texts"], json!({ "en": "late" }));
    let updates = house
        .raw()
        .await
        .execute("update claim_version set texts = '{}'", &[])
        .await;
    assert!(updates.is_err(), "versions of claims are only added");
}
