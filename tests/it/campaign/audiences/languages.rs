//! Filters and languages of an audience.

use super::*;
use crate::client::ApiClient;

#[tokio::test(flavor = "multi_thread")]
async fn places_languages_and_flags_are_normalised_and_an_empty_audience_is_refused() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    let mut csv = HEADER.to_owned();
    csv.push_str(
        "a,a@example.org,Zz,en_us,us-ca,name,minor\nb,b@example.org,Zz,EN-us,US-WA,name,\n",
    );
    scene.import(&house, &csv).await;
    let template = scene.template(&house, "T", LIST).await;
    let draft = |audience: Value| {
        let new = json!({ "incident": "sundmere", "template": template, "kind": "initial", "audience": audience });
        comms.post("/campaigns", &new)
    };
    let drafted =
        draft(json!({ "jurisdictions": ["us-ca"], "locales": ["en_US"], "flags": ["MINOR"] }));
    assert_eq!(drafted.status, 201, "{}", drafted.body);
    let seen = drafted.json();
    assert_eq!(seen["audience"]["jurisdictions"], json!(["US-CA"]));
    assert_eq!(seen["audience"]["locales"], json!(["en-US"]));
    assert_eq!(seen["audience"]["flags"], json!(["minor"]));
    let path = format!("/campaigns/{}", seen["id"].as_str().unwrap());
    let counted = comms.get(&format!("{path}/audience")).json();
    assert_eq!(
        (&counted["mailable"], &counted["waiting_elsewhere"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        comms.post(&format!("{path}/submit"), &json!({})).status,
        200
    );

    for (audience, why) in [
        (
            json!({ "jurisdictions": ["California"] }),
            "does not begin with a country code",
        ),
        (json!({ "locales": ["English"] }), "not a language tag"),
        (json!({ "flags": ["retract"] }), "stands in lists only"),
    ] {
        let refused = draft(audience);
        assert!(
            refused.status == 400 && refused.body.contains(why),
            "{}",
            refused.body
        );
    }
    let refused = draft(json!({ "who": "everyone" }));
    assert_eq!(
        (refused.status, &refused.json()["audiences"]),
        (422, &json!(["told_nothing"]))
    );
    let empty = draft(json!({ "jurisdictions": ["US-NY"] })).json();
    let path = format!("/campaigns/{}/submit", empty["id"].as_str().unwrap());
    let refused = comms.post(&path, &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.json()["audience"]["mailable"], 0);
}

/// The path of a first notice with facts, in English, Spanish and German, to readers of seven languages.
async fn drafted(house: &House, scene: &Scene, comms: &ApiClient) -> String {
    let facts = [
        ("contact_phone", "555-0142"),
        ("what_happened", "Somebody broke in."),
        ("day", "2026-11-29"),
    ];
    let facts = facts
        .map(|(key, fact)| (key.to_owned(), fact.to_owned()))
        .into();
    candor::incident::steer::edit_facts(
        &house.app,
        scene.comms,
        scene.incident,
        2,
        "Theft",
        &facts,
    )
    .await
    .unwrap();
    let mut csv = HEADER.to_owned();
    for (n, locale) in ["en", "es", "es-MX", "fr", "fr-CA", "vi", "zh-Hant"]
        .iter()
        .enumerate()
    {
        writeln!(csv, "r{n},p{n}@example.org,Zz,{locale},US-WA,name,").unwrap();
    }
    scene.import(house, &csv).await;
    let body = "{{ facts.what_happened }} {{ facts.contact_phone }} {{ facts.day }} {{ elements }}";
    let text = |subject: &str| Variant {
        subject: subject.to_owned(),
        body: body.to_owned(),
    };
    // No person in the audience reads German, so the German text needs no acknowledgement.
    let variants = Variants::from(["en", "es", "de"].map(|tag| (tag.to_owned(), text(tag))));
    let template = edit::create(&house.app, scene.comms, "T", &variants)
        .await
        .unwrap();
    let new = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
    let path = format!(
        "/campaigns/{}",
        comms.post("/campaigns", &new).json()["id"]
            .as_str()
            .unwrap()
    );
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_without_a_text_and_foreign_facts_are_acknowledged_by_name() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    let path = drafted(&house, &scene, &comms).await;
    let refused = comms.post(
        &format!("{path}/submit"),
        &json!({ "acknowledged": ["vi"] }),
    );
    assert_eq!(
        (refused.status, &refused.json()["type"]),
        (422, &json!("urn:candor:problem:not-ready"))
    );
    let asked: Vec<(String, i64)> = refused.json()["acknowledge"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["key"].as_str().unwrap().to_owned(),
                one["people"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [("fr", 2), ("zh", 1), ("es:what_happened", 2)];
    assert_eq!(
        asked,
        expected.map(|(key, people)| (key.to_owned(), people))
    );
    let said = json!({ "acknowledged": ["fr", "vi", "zh", "es:what_happened", "ko"] });
    let submitted = comms.post(&format!("{path}/submit"), &said);
    assert_eq!(submitted.status, 200, "{}", submitted.body);
    // Only the acknowledgements that were needed, each with the account that gave it, in the approved content.
    let seen = submitted.json();
    let kept = seen["acknowledged"].as_object().unwrap();
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        ["es:what_happened", "fr", "vi", "zh"]
    );
    let id: CampaignId = seen["id"].as_str().unwrap().parse().unwrap();
    let content = campaign::store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
        .content;
    assert!(content.unwrap().contains("\"fr\":\"stf_"));
    let readers = comms.get(&format!("{path}/audience")).json()["readers"].clone();
    assert_eq!(readers.as_array().unwrap().len(), 7);
    assert!(
        readers
            .as_array()
            .unwrap()
            .contains(&json!({ "locale": "fr-CA", "people": 1, "text": "en", "is_theirs": false }))
    );
}
