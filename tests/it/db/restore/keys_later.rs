//! Nodes that start before the first incident, with other keys than the node that opens it.

use candor::campaign::CampaignKind;
use candor::notice::freeze;

use super::keys::key_file;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;

/// The log line of a sender that could not claim a batch.
const CLAIM: &str = "a batch could not be loaded; trying again";
const OTHER: &str = "0909090909090909090909090909090909090909090909090909090909090909";

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_other_keys_ends_once_another_node_opens_the_first_incident() {
    let house = House::new().await;
    let scratch = Scratch::new();
    let file = key_file(&scratch, "links.key", OTHER);
    let node = || Program::of(&house).with_relay("relay", "file:///tmp/candor-never-written", 1);
    let other_master = || {
        node()
            .without("CANDOR__SECRETS__MASTER_KEY")
            .with("CANDOR__SECRETS__MASTER_KEY", OTHER)
    };
    let other_links = || node().with("CANDOR__SECRETS__LINK_KEY_FILE", &file);
    let mut wrong = Vec::new();
    for (program, word) in [
        (other_master(), "serve"),
        (other_links(), "serve"),
        (other_links(), "run"),
    ] {
        let mut running = program.start(word);
        running.until_ready(&program).await;
        wrong.push(running);
    }
    let right = node();
    let mut stays = right.start("run");
    stays.until_ready(&right).await;

    Scene::new(&house).await;
    for mut running in wrong {
        assert_eq!(running.ended().await.code(), Some(1));
    }
    stays.until_ready(&right).await;
    assert_eq!(stays.terminate().await.code(), Some(0));
    assert_eq!(
        house.number("select count(*) from key_fingerprint").await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_with_other_keys_freezes_and_claims_nothing() {
    let mut house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(5, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let right = house.app.clone();
    let scratch = Scratch::new();
    let (master, links) = (
        key_file(&scratch, "master.key", &"07".repeat(32)),
        key_file(&scratch, "links.key", OTHER),
    );
    house.rekey(&format!(
        "[secrets]\nmaster_key_file = \"{master}\"\nlink_key_file = \"{links}\"\n"
    ));
    let refused = freeze::step(&house.app).await.unwrap_err().to_string();
    assert!(refused.contains("key_fingerprint"), "{refused}");
    assert_eq!(house.number("select count(*) from notice").await, 0);
    while freeze::step(&right).await.unwrap() {}
    let shutdown = candor::shutdown::Shutdown::new();
    candor::worker::start(&house.app, house.routes(2), &shutdown);
    let troubles = house.app.db.troubles();
    for _ in 0..1_000 {
        if troubles.is_open(CLAIM) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(troubles.is_open(CLAIM), "a claim was refused");
    shutdown.leave();
    assert!(shutdown.wait(std::time::Duration::from_secs(20)).await);
    assert_eq!(
        house
            .number("select count(*) from batch where fence > 0")
            .await,
        0,
        "{campaign}"
    );
    assert_eq!(house.mail.take_sent().len(), 0);
}
