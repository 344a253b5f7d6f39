//! Replacing the master key as an operator does it: by the commands, with real files.

use std::os::unix::fs::PermissionsExt;

use candor::actor::{Actor, System};
use candor::campaign::CampaignKind;
use candor::incident::rewrap;
use candor::link::StatusLink;
use candor::person::find::{Clue, find};
use candor::staff::StaffRole;
use serde_json::json;

use crate::client::{ApiClient, Seen, Site};
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;

const NEW: &str = "0909090909090909090909090909090909090909090909090909090909090909";

fn key_file(scratch: &Scratch, name: &str, key: &str) -> String {
    let path = scratch.path().join(name);
    std::fs::write(&path, key).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// Wraps the keys of the incidents under the new master key; a step that would lose data is refused.
fn rewrap_step_by_step(house: &House, old: &str, new: &str) {
    let fresh = Program::of(house)
        .without("CANDOR__SECRETS__MASTER_KEY")
        .with("CANDOR__SECRETS__MASTER_KEY_FILE", new);
    let stranger = fresh.run(&["key", "rewrap"]);
    assert_eq!(
        stranger.status.code(),
        Some(1),
        "the new key alone opens nothing"
    );
    let fresh = fresh.with("CANDOR__SECRETS__FORMER_MASTER_KEY_FILE", old);
    let undecided = fresh.run(&["key", "rewrap"]);
    assert!(String::from_utf8_lossy(&undecided.stderr).contains("link_key_file"));
    let fresh = fresh.with("CANDOR__SECRETS__LINK_KEY_FILE", old);
    assert!(fresh.ok(&["key", "rewrap"]).contains("1 incidents wrapped"));
    assert!(fresh.ok(&["key", "rewrap"]).contains("0 incidents wrapped"));
    fresh.ok(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_master_key_opens_all_people_and_keeps_the_links_that_were_sent() {
    let mut house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let clue = Clue::Reference("R-00001".to_owned());
    let person = find(&house.app, scene.incident, &clue)
        .await
        .unwrap()
        .remove(0);
    let (link, sealed) = (
        StatusLink {
            person: person.id,
            epoch: person.link_epoch,
        },
        "select md5(string_agg(sealed, '' order by id)) from person",
    );
    let token = link.token(&house.app.keys);
    let words = async |house: &House| -> String {
        house
            .raw()
            .await
            .query_one(sealed, &[])
            .await
            .unwrap()
            .get(0)
    };
    let before = words(&house).await;

    let scratch = Scratch::new();
    let old = key_file(&scratch, "old.key", &"07".repeat(32));
    let new = key_file(&scratch, "new.key", NEW);
    rewrap_step_by_step(&house, &old, &new);
    assert_eq!(words(&house).await, before, "no person is encrypted again");

    // The former key is gone from the settings: the new one opens every person's data, and their link is valid.
    let settings = format!(
        "[secrets]\nmaster_key_command = [\"cat\", \"{new}\"]\nlink_key_file = \"{old}\"\n"
    );
    house.rekey(&settings);
    let again = find(&house.app, scene.incident, &clue)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(again.id, person.id);
    let site = Site::open(&house.app).await;
    assert_eq!(site.browser().get(&format!("/s/{token}")).status, 200);
}

/// A POST under the idempotency key `key`; its answer is stored.
fn once(program: &ApiClient, key: &str) -> Seen {
    let body = json!({ "slug": key, "title": "A breach" });
    program.post_with("/incidents", &[("idempotency-key", key)], &body)
}

/// What a node with an older key can still do: it opens no incident.
fn news(program: &ApiClient) -> Seen {
    let body = json!({ "kind": "known", "body": "News" });
    program.post_with(
        "/incidents/before/updates",
        &[("idempotency-key", "late")],
        &body,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_a_request_repeated_after_a_new_master_key_gets_its_first_answer_or_hears_that_it_was_done()
 {
    let mut house = House::new().await;
    let site = Site::open(&house.app).await;
    let mut program = site.program(&[StaffRole::Comms]).await;
    let first = once(&program, "before");
    assert_eq!(first.status, 201);

    let scratch = Scratch::new();
    let old = key_file(&scratch, "old.key", &"07".repeat(32));
    let new = key_file(&scratch, "new.key", NEW);
    let alone = format!("[secrets]\nmaster_key_file = \"{new}\"\nlink_key_file = \"{old}\"\n");
    let with_former = format!("{alone}former_master_key_file = \"{old}\"\n");
    house.rekey(&with_former);
    let both = Site::open(&house.app).await;
    program.move_to(&both.url);
    assert_eq!(
        once(&program, "before").body,
        first.body,
        "before the keys are wrapped"
    );
    rewrap::rewrap(&house.app, Actor::System(System::Cli))
        .await
        .unwrap();
    // The node with the old key answers once more.
    program.move_to(&site.url);
    let late = news(&program);
    assert_eq!(late.status, 201);

    house.rekey(&alone);
    let fresh = Site::open(&house.app).await;
    program.move_to(&fresh.url);
    let again = once(&program, "before");
    assert_eq!((again.status, &again.body), (201, &first.body));
    let unreadable = news(&program);
    assert_eq!(unreadable.status, 409, "{}", unreadable.body);
    assert!(
        unreadable.body.contains("was done before"),
        "{}",
        unreadable.body
    );
    assert_eq!(house.number("select count(*) from incident").await, 1);
}
