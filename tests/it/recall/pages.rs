//! The walk through the console, and what status pages show before, during and after.

use candor::campaign::UncertainPolicy;
use candor::id::TemplateId;
use candor::mail::Reply;
use candor::recall::steer::{self, Seen};
use candor::scope::ScopeMode;
use candor::staff::StaffRole::{Approver, Comms};

use super::{HEAD, RIGHT, launched, proposed, published, row, template, until, words};
use crate::client::{Browser, PASSWORD};
use crate::people::Scene;

const WRONG: &str = "It happened on 5 May.";

/// Proposes a recall of the first version of a template on the incident's page. The address of the recall.
fn propose_on_the_page(comms: &Browser, wrong: TemplateId) -> String {
    let recalls = "/console/incidents/sundmere/recalls";
    let incident = comms.page("/console/incidents/sundmere");
    assert!(incident.contains(recalls), "{incident}");
    let version = format!("{wrong}:1");
    let typed = [
        ("template", version.as_str()),
        ("words", ""),
        ("locale", "en"),
        ("text", RIGHT),
        ("locale", ""),
        ("text", ""),
    ];
    let sent = comms.submit(recalls, recalls, &typed);
    let page = sent.goal();
    let seen = comms.follow(&sent).body;
    assert!(seen.contains("The recall is proposed."), "{seen}");
    assert!(seen.contains("<b>1</b>") && seen.contains("Recall of <bdi>“Wrong”, version 1</bdi>"));
    assert!(!seen.contains("Publish the correction"), "her own proposal");
    page
}

/// Publishes a recall, after a wrong password was refused.
fn publish_with_password(approver: &Browser, page: &str) {
    let publish = format!("{page}/publish");
    let typed = [("password", "not my password")];
    let refused = approver.submit(page, &publish, &typed);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("This is not your password."));
    assert!(!refused.body.contains("not my password"));
    let typed = [("password", PASSWORD)];
    let done = approver.submit(page, &publish, &typed);
    assert!(
        approver
            .follow(&done)
            .body
            .contains("The correction is published.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_is_proposed_published_shown_to_its_people_only_and_withdrawn() {
    let (house, scene, site) = Scene::open("").await;
    let list = row("R-1", "en", "US-WA") + &row("R-2", "en", "US-CA");
    scene.import(&house, &format!("{HEAD}{list}")).await;
    let wrong = template(&house, &scene, "Wrong", &[("en", WRONG)]).await;
    let other = template(&house, &scene, "Other", &[("en", "It happened.")]).await;
    let resend = UncertainPolicy::Resend;
    launched(&house, &scene, wrong, "US-WA", resend).await;
    launched(&house, &scene, other, "US-CA", resend).await;
    house.send_all().await;
    let (_, hers) = scene.status_page(&house, "R-1").await;
    let (_, his) = scene.status_page(&house, "R-2").await;
    let browser = site.browser();
    assert!(!browser.page(&hers).contains(RIGHT));

    let comms = site.signed_in("cleo", &[Comms]).await;
    let page = propose_on_the_page(&comms, wrong);
    assert!(!browser.page(&hers).contains(RIGHT), "nobody published it");

    let approver = site.signed_in("ada", &[Approver]).await;
    let dashboard = approver.page("/console");
    assert!(dashboard.contains(&page), "{dashboard}");
    assert!(!comms.page("/console").contains(&page));
    publish_with_password(&approver, &page);
    until(&browser, &hers, RIGHT, true).await;
    let shown = browser.page(&hers);
    assert!(
        shown.contains("Our e-mail of") && shown.contains("lang=\"en\""),
        "{shown}"
    );
    assert!(!browser.page(&his).contains(RIGHT));

    let people = comms.page(&format!("{page}/people"));
    assert!(
        people.contains("R-1") && !people.contains("R-2"),
        "{people}"
    );
    assert!(people.contains("not that we know"));
    browser.submit(&hers, &format!("{hers}/code"), &[]);
    assert!(
        comms
            .page(&format!("{page}/people"))
            .contains("<td data-label=\"Used their page since\">yes</td>")
    );

    let done = comms.submit(&page, &format!("{page}/withdraw"), &[]);
    assert!(
        comms
            .follow(&done)
            .body
            .contains("The correction is withdrawn.")
    );
    until(&browser, &hers, RIGHT, false).await;
    let again = comms.submit(&page, &format!("{page}/withdraw"), &[("version", "3")]);
    assert_eq!(again.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_correction_is_for_the_language_in_which_the_text_was_sent() {
    let (house, scene, site) = Scene::open("").await;
    let list =
        row("R-1", "en", "US-WA") + &row("R-2", "es", "US-WA") + &row("R-3", "es-MX", "US-WA");
    scene.import(&house, &format!("{HEAD}{list}")).await;
    let texts = [
        ("en", "It happened on 5 June."),
        ("es", "Fue el 5 de mayo."),
    ];
    let wrong = template(&house, &scene, "Wrong", &texts).await;
    launched(&house, &scene, wrong, "US-WA", UncertainPolicy::Resend).await;
    house.send_all().await;
    // A later list has other languages for two of them.
    let later = format!(
        "{HEAD}{}{}",
        row("R-1", "es", "US-WA"),
        row("R-2", "en", "US-WA")
    );
    house.app.clock.advance(chrono::TimeDelta::days(1));
    scene.take(&house, ScopeMode::Delta, &later).await;

    published(&house, &scene, words("5 DE  mayo")).await;
    let browser = site.browser();
    for (reference, is_shown) in [("R-1", false), ("R-2", true), ("R-3", true)] {
        let (_, page) = scene.status_page(&house, reference).await;
        if is_shown {
            until(&browser, &page, RIGHT, true).await;
        }
        assert_eq!(browser.page(&page).contains(RIGHT), is_shown, "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_may_have_arrived_is_corrected_with_these_words() {
    let (house, scene, site) = Scene::open("").await;
    let list = row("R-1", "en", "US-WA");
    scene.import(&house, &format!("{HEAD}{list}")).await;
    let wrong = template(&house, &scene, "Wrong", &[("en", WRONG)]).await;
    let doubt = Reply::Unknown {
        why: "the connection was lost".to_owned(),
    };
    house.mail.answer_next([doubt]);
    launched(&house, &scene, wrong, "US-WA", UncertainPolicy::Leave).await;
    house.send_all().await;
    let id = published(&house, &scene, words("5 May")).await;
    let (_, page) = scene.status_page(&house, "R-1").await;
    let browser = site.browser();
    until(&browser, &page, RIGHT, true).await;
    assert!(
        browser
            .page(&page)
            .contains("cannot tell whether it arrived. It had a mistake.")
    );
    let program = site.program(&[Comms]).await;
    let people = &program.get(&format!("/recalls/{id}")).json()["people"];
    assert_eq!(
        (&people["sent"], &people["perhaps"]),
        (&0.into(), &1.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_says_the_same_and_waits_is_named() {
    let (house, scene, site) = Scene::open("").await;
    let list = row("R-1", "en", "US-WA") + &row("R-2", "en", "US-CA");
    scene.import(&house, &format!("{HEAD}{list}")).await;
    let wrong = template(&house, &scene, "Wrong", &[("en", WRONG)]).await;
    let resend = UncertainPolicy::Resend;
    launched(&house, &scene, wrong, "US-WA", resend).await;
    let id = proposed(&house, &scene, words("5 May")).await.unwrap();
    let comms = site.signed_in("cleo", &[Comms]).await;
    let seen = comms.page(&format!("/console/recalls/{id}"));
    assert!(seen.contains("This text is still being sent."), "{seen}");
    assert!(!seen.contains("Not sent yet, with the same text"));
    // Another campaign with the text is launched before the second person publishes: what was proposed is not all.
    let other = launched(&house, &scene, wrong, "US-CA", resend)
        .await
        .unwrap();
    let end = steer::publish(&house.app, scene.approver, Seen::at(id, Some(1))).await;
    assert!(
        matches!(end, Err(steer::RecallError::OtherTexts)),
        "{end:?}"
    );
    // As if it waited for its launch.
    let waits = format!(
        "update campaign set status = 'approved', launched_at = null, launched_by = null where id = '{}'",
        other.uuid()
    );
    house.sql(&waits).await;
    let seen = comms.page(&format!("/console/recalls/{id}"));
    assert!(seen.contains("Not sent yet, with the same text"), "{seen}");
}
