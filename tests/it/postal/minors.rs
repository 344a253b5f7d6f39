//! Minors: a notice that addresses the parent or guardian, or a letter to them.

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use candor::mail::read::read;
use candor::notice::freeze;
use candor::postal::{MinorsRule, PostalError, PostalKind, minors};

use super::Post;

const PEOPLE: &str = "kid,kid@example.org,Kim,1,1 St,en,US-WA,minor,name\n\
    adult,adult@example.org,Ada,2,2 St,en,US-WA,,name\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_notice_about_a_minor_addresses_the_parent_or_guardian() {
    let post = Post::with(PEOPLE).await;
    post.scene
        .launched(&post.house, CampaignKind::Initial)
        .await;
    post.house.send_all().await;
    let sent = post.house.mail.take_sent();
    assert_eq!(sent.len(), 2);
    for letter in sent {
        let to_kid = letter.recipient.as_str() == "kid@example.org";
        let mail = read(&letter.raw);
        let line = "To the parent or guardian of Kim";
        assert_eq!(mail.text.starts_with(line), to_kid, "{}", mail.text);
        assert_eq!(mail.text.contains("a minor in your care"), to_kid);
        let html = mail.html.unwrap_or_default();
        let at = html.find(line);
        assert_eq!(at.is_some(), to_kid, "{html}");
        let title = html.rfind("Notice of data breach");
        assert!(at < title, "it stands before the title");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn minors_held_for_a_letter_are_mailed_by_no_campaign_and_have_a_list() {
    let post = Post::with(PEOPLE).await;
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    minors::choose(app, by, of, MinorsRule::GuardianLetter)
        .await
        .unwrap();
    let campaign = post
        .scene
        .draft(&post.house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    launch::submit(app, by, campaign).await.unwrap();
    let late = minors::choose(app, by, of, MinorsRule::GuardianText).await;
    assert!(
        matches!(late, Err(PostalError::CampaignUnderWay(_))),
        "{late:?}"
    );
    launch::take_back(app, by, campaign).await.unwrap();
    post.scene.launch(&post.house, campaign).await;
    post.house.send_all().await;
    let sent = post.house.mail.take_sent();
    let to: Vec<_> = sent
        .iter()
        .map(|letter| letter.recipient.as_str())
        .collect();
    assert_eq!(to, ["adult@example.org"]);
    let letters = post.take(PostalKind::Letter, false).await;
    assert!(matches!(letters, Err(PostalError::Nobody)), "{letters:?}");
    let (batch, rows) = post.take(PostalKind::Guardian, false).await.unwrap();
    assert_eq!(rows["kid"]["addressee"], "To the parent or guardian of Kim");
    assert!(!rows["kid"]["letter_code"].is_empty());
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(post.figures().await, [2, 1, 0, 0, 0, 0]);
    let audited = "select count(*) from audit_event where action = 'incident.minors'";
    assert_eq!(post.house.number(audited).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_becomes_a_minor_while_the_notice_waits_is_told_by_the_letter_alone() {
    let post = Post::with(PEOPLE).await;
    let (house, scene) = (&post.house, &post.scene);
    minors::choose(
        &house.app,
        scene.comms,
        scene.incident,
        MinorsRule::GuardianLetter,
    )
    .await
    .unwrap();
    let campaign = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    scene.launch(house, campaign).await;
    while freeze::step(&house.app).await.unwrap() {}
    post.delta("adult,adult@example.org,Ada,2,2 St,en,US-WA,minor,name\n")
        .await;
    house.send_all().await;
    let sent = house.mail.take_sent();
    assert_eq!(sent.len(), 0, "both are minors now");
    let (_, rows) = post.take(PostalKind::Guardian, false).await.unwrap();
    assert_eq!(rows.len(), 2);
}
