//! Signs that the database is an older copy, who reports them, and what is no such sign.

use std::os::unix::fs::PermissionsExt;

use candor::actor::{Actor, System};
use candor::campaign::error::CampaignError;
use candor::campaign::{CampaignKind, hold};
use candor::deployment::watch::suspect;
use candor::deployment::{Why, store};
use candor::recovery::departed::Choice;
use candor::recovery::restored::decide;
use candor::staff::StaffRole;

use super::{look, nothing_leaves};
use crate::client::{Site, figures};
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};

const WHO: Actor = Actor::System(System::Cli);
/// Changes the row directly.
const AS_WRITTEN: &str = "written_by = pg_current_xact_id()::text::bigint";

async fn epoch(house: &House) -> i64 {
    house.number("select epoch from deployment").await
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_restored_database_holds_all_mail_because_a_node_has_seen_a_later_state() {
    let scratch = Scratch::new();
    let settings = format!("[database]\nstate_dir = \"{}\"\n", scratch.path().display());
    let house = House::with(&settings).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(5, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let before = epoch(&house).await;
    assert_eq!(look(&house).await, None);
    assert_eq!(look(&house).await, None);
    let after = epoch(&house).await;
    assert!(after > before + 1, "it grows at each look");
    let files: Vec<_> = std::fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let mode = std::fs::metadata(&files[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = std::fs::read_to_string(&files[0]).unwrap();
    assert!(kept.contains(&after.to_string()), "{kept}");

    // A snapshot of the disk contains no sign of its age.
    house
        .sql(&format!(
            "update deployment set epoch = {before}, {AS_WRITTEN}"
        ))
        .await;
    let doubt = look(&house).await.unwrap();
    assert_eq!(doubt.why, [Why::Epoch]);
    nothing_leaves(&house).await;
    let actions = "select count(*) from audit_event where action = 'database.doubt'";
    assert_eq!(house.number(actions).await, 1);
    assert_eq!(look(&house).await.unwrap(), doubt, "said once");

    // Each is resent by the campaign's policy, and marked.
    let done = decide(&house.app, WHO, &Choice::Unknown, None)
        .await
        .unwrap();
    assert_eq!((done.uncertain, done.again, done.frozen), (5, 5, 5));
    assert!(epoch(&house).await > after);
    assert_eq!(look(&house).await, None, "the node follows the new history");
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 5);
    let marked = "select count(*) from outcome where result = 'uncertain'";
    assert_eq!(house.number(marked).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_node_without_a_state_file_has_no_doubt_of_the_database_that_it_finds() {
    let house = House::new().await;
    assert_eq!(look(&house).await, None);
    assert_eq!(look(&house).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_server_that_took_over_is_in_doubt_unless_the_settings_trust_it() {
    let mut house = House::new().await;
    let other = format!("update deployment set timeline = timeline + 7, {AS_WRITTEN}");
    house.sql(&other).await;
    house.with_settings("[database]\ntrust_promotion = true\n");
    assert_eq!(look(&house).await, None);
    let actions = "select count(*) from audit_event where action = 'database.promoted'";
    assert_eq!(house.number(actions).await, 1);
    house.with_settings("");
    assert_eq!(look(&house).await, None, "that timeline is known now");
    house.sql(&other).await;
    assert_eq!(look(&house).await.unwrap().why, [Why::Timeline]);
    let elsewhere = format!("update deployment set system_identifier = 7, {AS_WRITTEN}");
    house.sql(&elsewhere).await;
    let mut conn = house.app.db.get().await.unwrap();
    let seen = store::look(&mut conn).await.unwrap();
    assert_eq!(
        seen.evidence(),
        [Why::Cluster],
        "another server has its own timelines"
    );
    decide(&house.app, WHO, &Choice::Nothing, None)
        .await
        .unwrap();
    assert_eq!(look(&house).await, None);
    assert_eq!(house.number("select generation from deployment").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_doubt_is_shown_on_the_dashboard_in_readyz_the_api_and_the_metrics_and_no_mail_leaves()
{
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let paused = scene.launched(&house, CampaignKind::Initial).await;
    hold::pause(&house.app, Actor::Staff(scene.comms), paused, None)
        .await
        .unwrap();
    let site = Site::open(&house.app).await;
    let browser = site.signed_in("cora", &[StaffRole::Comms]).await;
    let program = site
        .program(&[StaffRole::Comms, StaffRole::Lead, StaffRole::Admin])
        .await;
    assert!(browser.get("/console").body.contains("Sending allowed"));
    let ready = site.browser().get("/readyz").json();
    assert_eq!(ready["checks"]["sending"]["reason"], "");
    assert_eq!(program.get("/sending").json()["allowed"], true);

    suspect(&house.app, WHO, &[Why::Declared]).await.unwrap();
    let page = browser.get("/console").body;
    assert!(page.contains("Sending is held") && page.contains("candor db restored"));
    assert!(!page.contains("Sending allowed"));
    let ready = site.browser().get("/readyz");
    assert_eq!(ready.status, 200, "pages are served");
    assert!(ready.body.contains("sending is held"), "{}", ready.body);
    let said = program.get("/sending").json();
    assert_eq!(said["allowed"], false);
    assert_eq!(said["in_doubt"]["why"][0], "declared");
    let metrics = figures(&house.app).await;
    assert!(metrics.contains("candor_database_in_doubt 1"));
    let resumed = hold::resume(&house.app, scene.comms, paused).await;
    assert!(
        matches!(resumed, Err(CampaignError::InDoubt(_))),
        "{resumed:?}"
    );
    let path = format!("/campaigns/{paused}/resume");
    let refused = program.post(&path, &serde_json::json!({}));
    assert_eq!(refused.status, 409, "{}", refused.body);
    // The emergency stop is another state, and says so.
    let started = program.post("/start", &serde_json::json!({})).json();
    assert_eq!(started["stopped"], false);
    assert_eq!(started["in_doubt"]["why"][0], "declared");
}
