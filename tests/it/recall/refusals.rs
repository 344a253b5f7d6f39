//! Who may not do what, and what names no text.

use candor::campaign::UncertainPolicy;
use candor::recall::steer::{self, RecallError, Seen};
use candor::recall::{BadProposal, Corrections, Named, RecallStatus};
use candor::staff::StaffRole::{Approver, Comms};
use serde_json::json;

use super::{HEAD, launched, proposed, right, row, template, words};
use crate::client::{ApiClient, PASSWORD, Site};
use crate::house::House;
use crate::people::Scene;

async fn scene() -> (House, Scene, Site) {
    let (house, scene, site) = Scene::open("").await;
    let list = format!("{HEAD}{}", row("R-1", "en", "US-WA"));
    scene.import(&house, &list).await;
    let texts = [("en", "It happened on **5 May**, {{ facts.contact_phone }}.")];
    let wrong = template(&house, &scene, "Wrong", &texts).await;
    launched(&house, &scene, wrong, "US-WA", UncertainPolicy::Resend).await;
    house.send_all().await;
    (house, scene, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_texts_that_were_sent_can_be_recalled() {
    let (house, scene, _site) = scene().await;
    let unsent = template(
        &house,
        &scene,
        "Unsent",
        &[("en", "It happened on 7 July.")],
    )
    .await;
    for named in [
        words("7 July"),
        Named {
            template: Some((unsent, 1)),
            words: None,
        },
    ] {
        let end = proposed(&house, &scene, named).await;
        assert!(matches!(end, Err(RecallError::NoText)), "{end:?}");
    }
    // As people read it, a fact included; as it was written; as the frame of the letter says it.
    for found in [
        "on 5 may, 555-0142",
        "{{ facts.contact_phone }}",
        "**5 May**",
    ] {
        proposed(&house, &scene, words(found)).await.unwrap();
    }
    let by = scene.comms;
    let empty = (words("5 May"), Corrections::new());
    let end = steer::propose(&house.app, by, scene.incident, empty).await;
    let no_text = RecallError::Bad(BadProposal::Correction).to_string();
    assert_eq!(end.unwrap_err().to_string(), no_text);
    let missing = Named {
        template: Some((unsent, 2)),
        words: None,
    };
    let end = proposed(&house, &scene, missing).await;
    assert!(matches!(end, Err(RecallError::NoText)), "{end:?}");
    assert_eq!(house.number("select count(*) from recall").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_only_another_person_publishes_and_only_once() {
    let (house, scene, _site) = scene().await;
    let (app, id) = (
        &house.app,
        proposed(&house, &scene, words("5 May")).await.unwrap(),
    );
    let seen = Seen::at(id, Some(1));
    let own = steer::publish(app, scene.comms, seen).await;
    assert!(matches!(own, Err(RecallError::SamePerson)), "{own:?}");
    // The database refuses it, too.
    let by_sql = format!(
        "update recall set status = 'published', published_by = proposed_by, published_at = now() where id = '{}'",
        id.uuid()
    );
    let refused = house.raw().await.batch_execute(&by_sql).await.unwrap_err();
    let refused = refused.as_db_error().unwrap().constraint().unwrap();
    assert_eq!(refused, "published_by_another_person");

    // Of two persons at once, one publishes.
    let second = house.staff(&["approver"]).await;
    let (one, other) = tokio::join!(
        steer::publish(app, scene.approver, seen),
        steer::publish(app, second, seen)
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    let late = one.and(other).unwrap_err();
    assert!(
        matches!(&late, RecallError::Changed(changed) if changed.words() == ["status:published"]),
        "{late:?}"
    );
    let again = steer::publish(app, second, Seen::at(id, None)).await;
    let from_published = matches!(
        again,
        Err(RecallError::IllegalMove {
            from: RecallStatus::Published,
            ..
        })
    );
    assert!(from_published, "{again:?}");
    let discard = steer::discard(app, scene.comms, Seen::at(id, Some(2))).await;
    assert!(
        matches!(discard, Err(RecallError::IllegalMove { .. })),
        "{discard:?}"
    );
    steer::withdraw(app, scene.comms, Seen::at(id, Some(2)))
        .await
        .unwrap();
    let events = house
        .number("select count(*) from audit_event where action in ('recall.propose', 'recall.publish', 'recall.withdraw')")
        .await;
    assert_eq!(events, 3);
    let words = house
        .number("select count(*) from audit_event where detail like '%5 May%' or detail like '%5 June%'")
        .await;
    assert_eq!(words, 0, "the log holds no words of staff");
}

fn bad_proposals_are_refused(comms: &ApiClient, at: &str) {
    for (body, status) in [
        (
            json!({ "words": "no such words", "corrections": right() }),
            422,
        ),
        (json!({ "words": "5 May", "corrections": {} }), 422),
        (
            json!({ "words": "5 May", "corrections": { "english": "x" } }),
            422,
        ),
        (json!({ "corrections": right() }), 422),
        (json!({ "template": "tpl_0", "corrections": right() }), 400),
    ] {
        assert_eq!(comms.post(at, &body).status, status, "{body}");
    }
}

/// A session of an account publishes nothing once the account is disabled.
async fn a_disabled_approver_is_refused(house: &House, site: &Site, id: &str) {
    let approver = site.signed_in("ada", &[Approver]).await;
    let page = format!("/console/recalls/{id}");
    let csrf = approver.get(&page).csrf().to_owned();
    house
        .sql("update staff set disabled_at = now() where name = 'ada'")
        .await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("version", "1"),
        ("password", PASSWORD),
    ];
    let refused = approver.post(&format!("{page}/publish"), &fields, &[]);
    assert_eq!(refused.status, 401, "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_says_the_same_and_a_disabled_approver_is_refused() {
    let (house, scene, site) = scene().await;
    let comms = site.program(&[Comms]).await;
    let at = "/incidents/sundmere/recalls";
    let body = json!({ "words": "5 May", "corrections": right() });
    let made = comms.post(at, &body);
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["status"], "proposed");
    bad_proposals_are_refused(&comms, at);
    // A key with both roles does not publish its own proposal.
    let both = site.program(&[Comms, Approver]).await;
    let own = both.post(at, &body).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = both.post(&format!("/recalls/{own}/publish"), &json!({}));
    assert_eq!(
        (refused.status, refused.json()["type"].clone()),
        (403, "urn:candor:problem:own-work".into())
    );
    let stale = both.post(&format!("/recalls/{id}/publish"), &json!({ "version": 7 }));
    assert_eq!(stale.status, 409, "{}", stale.body);
    assert_eq!(
        comms
            .post(&format!("/recalls/{id}/publish"), &json!({}))
            .status,
        403
    );

    a_disabled_approver_is_refused(&house, &site, &id).await;
    let done = both.post(&format!("/recalls/{id}/publish"), &json!({ "version": 1 }));
    assert_eq!(
        (done.status, done.json()["status"].clone()),
        (200, "published".into())
    );
    let one = comms.get(&format!("/recalls/{id}")).json();
    assert_eq!(
        one["people"],
        json!({ "sent": 1, "perhaps": 0, "used_page_since": 0 })
    );
    let people = comms.get(&format!("/recalls/{id}/people")).json();
    assert_eq!(people["items"][0]["certain"], true);
    assert_eq!(comms.get(at).json()["items"].as_array().unwrap().len(), 2);
    let page = scene.status_page(&house, "R-1").await.1;
    super::until(&site.browser(), &page, super::RIGHT, true).await;
}
