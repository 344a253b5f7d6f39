//! What a bounce means for the address: only a reply about the address or its domain rules it out for later campaigns.

use candor::campaign::CampaignKind;
use candor::mail::Reply;
use candor::notice::account;

use crate::house::House;
use crate::people::Scene;
use crate::sending::{NO_BREAKER, launched};

/// Each with the reply that its first campaign gets, and whether that rules the address out.
const REPLIES: [(&str, u16, &str, bool); 7] = [
    ("unknown", 550, "5.1.1 no such user", true),
    ("disabled", 550, "5.2.1 mailbox disabled", true),
    ("host", 550, "5.1.2 host unknown", true),
    (
        "unwanted",
        550,
        "5.7.1 not authorized to send to this group",
        false,
    ),
    ("full", 552, "5.2.2 over quota", false),
    ("large", 552, "5.3.4 message size exceeds limit", false),
    ("silent", 550, "", false),
];

async fn stands(house: &House, scene: &Scene) -> (i64, i64, i64) {
    let mut conn = house.app.db.get().await.unwrap();
    let account = account::account(&mut conn, scene.incident).await.unwrap();
    let differs = account::recount::books(&house.app, scene.incident).await;
    assert_eq!(differs.unwrap().len(), 0, "the account is what people say");
    (account.notified, account.in_progress, account.needs_letter)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_reply_about_the_address_keeps_later_campaigns_from_it() {
    let people = REPLIES.map(|(name, ..)| format!("{name}@home.example"));
    let (house, scene) = launched(NO_BREAKER, people).await;
    house.mail.answer_by(|letter| {
        let of = |(name, ..): &&(&str, u16, &str, bool)| *name == letter.recipient.local();
        let (_, code, text, _) = REPLIES.iter().find(of)?;
        Some(Reply::heard(*code, text, None))
    });
    house.send_all().await;
    assert_eq!(house.in_state("bounced").await, 7);
    // No person was told: each needs a postal letter, for every reply.
    assert_eq!(stands(&house, &scene).await, (0, 0, 7));

    house.mail.answer_by(|_| None);
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let sent = house.mail.sent();
    let mut written: Vec<&str> = sent.iter().map(|letter| letter.recipient.local()).collect();
    written.sort_unstable();
    assert_eq!(written, ["full", "large", "silent", "unwanted"]);
    assert_eq!(stands(&house, &scene).await, (4, 0, 3));

    // The relay has now accepted a message, so the address no longer counts as refused: what must be said later goes by
    // e-mail.
    let kept = "select count(*) from person_since where refused_key is not null and refused_softly";
    assert_eq!(house.number(kept).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_was_given_up_after_days_does_not_rule_out_the_address() {
    let (house, scene) = launched(NO_BREAKER, ["ann@home.example".to_owned()]).await;
    house
        .mail
        .answer_by(|_| Some(Reply::heard(450, "4.2.1 busy", None)));
    for _ in 0..30 {
        house.send_all().await;
        if house.in_state("expired").await == 1 {
            break;
        }
        house.app.clock.advance(chrono::TimeDelta::hours(5));
    }
    assert_eq!(house.in_state("expired").await, 1);
    assert_eq!(stands(&house, &scene).await, (0, 0, 1));
    house.mail.answer_by(|_| None);
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 1);
    assert_eq!(stands(&house, &scene).await, (1, 0, 0));
}
