//! What is refused of claims, and two writers at one moment.

use candor::incident::{BadText, Facts};

use super::*;
use crate::incident::closing::{forget_it, go_through};

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_languages_texts_and_states_are_refused() {
    let (house, scene, site) = Scene::open("").await;
    let program = site.program(&[Comms]).await;
    let before = version(&house, scene.incident).await;
    let long = "x".repeat(5_001);
    for (new, why) in [
        (
            json!({ "key": "What", "state": "known", "texts": { "en": "a" } }),
            "a fact's key is",
        ),
        (
            json!({ "key": "", "state": "known", "texts": { "en": "a" } }),
            "a fact's key is",
        ),
        (
            json!({ "key": "what", "state": "known", "texts": { "en": long } }),
            "at most 5000",
        ),
        (
            json!({ "key": "what", "state": "known", "texts": { "english": "a" } }),
            "language tag",
        ),
        (
            json!({ "key": "what", "state": "known", "texts": { "es": "a", "ES": "b" } }),
            "two texts in es",
        ),
        (
            json!({ "key": "what", "state": "corrected", "texts": { "en": "a" } }),
            "nothing of it to correct",
        ),
        (
            json!({ "key": "contact", "state": "known", "texts": { "en": "a", "phone": "b" } }),
            "language tag",
        ),
    ] {
        let mut new = new;
        new["version"] = json!(before);
        let refused = program.post("/incidents/sundmere/claims", &new);
        assert!(
            refused.status == 422 && refused.body.contains(why),
            "{why}: {}",
            refused.body
        );
    }
    let odd = json!({ "key": "what", "state": "guessed", "texts": {}, "version": before });
    assert_eq!(program.post("/incidents/sundmere/claims", &odd).status, 400);
    let blind = json!({ "key": "what", "state": "known", "texts": { "en": "a" } });
    assert_eq!(
        program.post("/incidents/sundmere/claims", &blind).status,
        428
    );
    // One text of a claim in a language and another claim would have the same key.
    let own = claim("what_ja", UpdateKind::Known, &[("en", "own")]);
    write(&house, &scene, &own).await.unwrap();
    let same = claim("what", UpdateKind::Known, &[("en", "a"), ("ja", "b")]);
    let refused = write(&house, &scene, &same).await;
    assert!(
        matches!(refused, Err(SteerError::Text(BadText::SameKey))),
        "{refused:?}"
    );

    assert_eq!(program.get("/incidents/sundmere/claims/none").status, 404);
    assert_eq!(version(&house, scene.incident).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_keeps_what_was_typed_and_says_at_which_field() {
    let (_house, _scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    let path = format!("{AT}/claims/what");
    let typed = [
        ("state", "known"),
        ("locale", "klingon"),
        ("text", "<script>alert(1)</script>"),
    ];
    let refused = comms.submit(&path, &path, &typed);
    assert_eq!(refused.status, 422);
    for words in [
        "href=\"#locale-1\"",
        "value=\"klingon\"",
        "&#60;script&#62;alert(1)",
    ] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert!(!refused.body.contains("<script>alert"));
    assert_eq!(comms.get(&format!("{AT}/claims/Not%20a%20key")).status, 404);
    assert_eq!(comms.get(&format!("{AT}/facts?key=%3Cb%3E")).status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_words_on_every_page_and_facts_of_a_forgotten_incident_stay() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    let hostile = "<img src=x onerror=alert(1)> “{{ name }}” \u{202e}gnp.exe";
    for state in [UpdateKind::Known, UpdateKind::Corrected] {
        let text = format!("{hostile} {state}");
        let new = claim("what", state, &[("en", &text), ("ar", &text)]);
        write(&house, &scene, &new).await.unwrap();
        publish(&house, &scene).await;
    }
    for page in [
        "/incidents/sundmere".to_owned(),
        format!("{AT}/facts"),
        format!("{AT}/claims/what"),
    ] {
        let body = comms.get(&page).body;
        assert!(
            body.contains("&#60;img") && !body.contains("<img src=x"),
            "{page}: {body}"
        );
    }
    use candor::incident::IncidentState::{Closed, Confirmed, Monitoring, Notifying, Scoping};
    go_through(
        &house,
        &scene,
        &[Confirmed, Scoping, Notifying, Monitoring, Closed],
    )
    .await;
    let admin = house.staff(&["admin"]).await;
    forget_it(&house, admin, &scene).await.unwrap();
    let late = claim("what", UpdateKind::Known, &[("en", "late")]);
    let refused = write(&house, &scene, &late).await;
    assert!(matches!(refused, Err(SteerError::Forgotten)), "{refused:?}");
    let page = comms.get(&format!("{AT}/claims/what")).body;
    assert!(!page.contains("Save this claim") && page.contains("&#60;img"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_writers_of_one_claim_one_wins_and_writers_of_two_claims_both_do() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let (app, by, id) = (&house.app, scene.comms, scene.incident);
    for round in 0..5 {
        let seen = version(&house, id).await;
        let new = |key: &str, text: &str| {
            claim(
                key,
                UpdateKind::Known,
                &[("en", &format!("{text} {round}"))],
            )
        };
        let (a, b, other) = (new("what", "A"), new("what", "B"), new("offer", "C"));
        let all = tokio::join!(
            steer::edit_claim(app, by, id, seen, &a),
            steer::edit_claim(app, by, id, seen, &b),
            steer::edit_claim(app, by, id, seen, &other),
        );
        let won = [&all.0, &all.1].iter().filter(|one| one.is_ok()).count();
        assert_eq!((won, all.2.unwrap()), (1, true));
        let lost = [all.0, all.1].into_iter().find_map(Result::err);
        assert!(
            matches!(lost, Some(SteerError::Changed(changed)) if changed.words().contains(&"fact:what"))
        );
        assert_eq!(version(&house, id).await, seen + 2);
    }
    // A version that never was.
    let never =
        steer::edit_claim(app, by, id, 9_999, &claim("offer", UpdateKind::Known, &[])).await;
    assert!(matches!(never, Err(SteerError::Changed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_form_from_an_older_page_shows_what_was_saved_beside_what_was_typed() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    let id = scene.incident;
    let path = format!("{AT}/claims/what");
    let seen = version(&house, id).await.to_string();
    let typed = [
        ("version", seen.as_str()),
        ("state", "known"),
        ("locale", "en"),
        ("text", "Typed long ago."),
    ];
    write(
        &house,
        &scene,
        &claim("what", UpdateKind::Known, &[("en", "Saved meanwhile.")]),
    )
    .await
    .unwrap();
    let late = comms.submit(&path, &path, &typed);
    assert_eq!(late.status, 409, "{}", late.body);
    for words in [
        "Saved meanwhile.",
        "Typed long ago.",
        "changed the fact sheet just now: the fact “what”",
    ] {
        assert!(late.body.contains(words), "{words}: {}", late.body);
    }
    let shown = version(&house, id).await;
    assert!(
        late.body
            .contains(&format!("name=\"version\" value=\"{shown}\""))
    );
    let again = comms.submit(&path, &path, &typed[1..]);
    assert!(comms.follow(&again).body.contains("Typed long ago."));
    let mut conn = house.app.db.get().await.unwrap();
    let facts = store::find(&mut conn, id).await.unwrap().facts;
    let expected = [("contact_phone", "555-0142"), ("what", "Typed long ago.")];
    assert_eq!(
        facts,
        Facts::from(expected.map(|(key, text)| (key.to_owned(), text.to_owned())))
    );
}
