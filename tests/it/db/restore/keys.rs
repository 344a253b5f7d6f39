//! The keys of a database: every command that would use other keys refuses them.

use std::os::unix::fs::PermissionsExt;

use candor::deployment::keys;
use candor::incident::steer::{self, SteerError};

use crate::database_proxy::Valve;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;

const OTHER: &str = "0909090909090909090909090909090909090909090909090909090909090909";

pub(super) fn key_file(scratch: &Scratch, name: &str, key: &str) -> String {
    let path = scratch.path().join(name);
    std::fs::write(&path, key).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn program(house: &House) -> Program {
    Program::of(house)
        .without("CANDOR__SECRETS__MASTER_KEY")
        .with_relay("relay", "file:///tmp/candor-never-written", 1)
}

#[track_caller]
fn refused(program: &Program, words: &[&str]) -> String {
    let output = program.run(words);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_another_master_key_is_refused_by_the_program_the_check_and_every_command_that_uses_it()
{
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    // An older database has no key on record: what the key decrypts decides.
    house.sql("delete from key_fingerprint").await;
    let other = Program::of(&house)
        .without("CANDOR__SECRETS__MASTER_KEY")
        .with("CANDOR__SECRETS__MASTER_KEY", OTHER)
        .with_relay("relay", "file:///tmp/candor-never-written", 1);
    assert!(refused(&other, &["check"]).contains("does not open the incidents"));
    let right = Program::of(&house).with_relay("relay", "file:///tmp/candor-never-written", 1);
    assert!(right.ok(&["check"]).contains("the one of this database"));
    let recorded = "select count(*) from key_fingerprint";
    assert_eq!(house.number(recorded).await, 0, "a check writes nothing");
    keys::start(&house.app).await.unwrap();
    assert_eq!(house.number(recorded).await, 2);
    let out = Scratch::new().path().join("letters.csv");
    let out = out.display().to_string();
    let commands: [&[&str]; 7] = [
        &["check"],
        &["run"],
        &["serve"],
        &["work"],
        &["letters", "--incident", "sundmere", "--out", &out],
        &["forget", "--incident", "sundmere", "--repeat", "sundmere"],
        &["db", "status"],
    ];
    for words in commands {
        let said = refused(&other, words);
        assert!(
            said.contains("is not the key of this database"),
            "{words:?}: {said}"
        );
        assert!(!said.contains(OTHER), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_a_new_master_key_replaces_the_one_on_record_and_links_end_only_on_purpose() {
    let house = House::new().await;
    Scene::new(&house).await;
    let scratch = Scratch::new();
    let old = key_file(&scratch, "old.key", &"07".repeat(32));
    let new = key_file(&scratch, "new.key", OTHER);
    let with = |master: &str, former: Option<&str>, link: Option<&str>| {
        let program = program(&house).with("CANDOR__SECRETS__MASTER_KEY_FILE", master);
        let program = match former {
            Some(former) => program.with("CANDOR__SECRETS__FORMER_MASTER_KEY_FILE", former),
            None => program,
        };
        match link {
            Some(link) => program.with("CANDOR__SECRETS__LINK_KEY_FILE", link),
            None => program,
        }
    };
    with(&old, None, None).ok(&["check"]);
    let said = refused(&with(&old, None, Some(&new)), &["check"]);
    assert!(said.contains("candor key change-links"), "{said}");
    // During a rolling change of the key, nodes with both keys work.
    let both = with(&new, Some(&old), Some(&old));
    both.ok(&["check"]);
    with(&old, None, None).ok(&["check"]);
    with(&new, Some(&old), Some(&new)).ok(&["check"]);
    both.ok(&["key", "rewrap"]);
    let said = refused(&with(&old, None, None), &["check"]);
    assert!(said.contains("is not the key of this database"), "{said}");
    with(&new, None, Some(&old)).ok(&["check"]);
    // The key of links is removed last.
    let said = refused(&with(&new, None, None), &["check"]);
    assert!(said.contains("candor key change-links"), "{said}");
    let done = with(&new, None, None).ok(&["key", "change-links"]);
    assert!(done.contains("have ended"), "{done}");
    with(&new, None, None).ok(&["check"]);
    refused(&with(&new, None, Some(&old)), &["check"]);
    with(&new, None, None).ok(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_links_that_end_with_the_master_key_are_on_record_once_it_is_replaced() {
    let house = House::new().await;
    Scene::new(&house).await;
    let scratch = Scratch::new();
    let old = key_file(&scratch, "old.key", &"07".repeat(32));
    let new = key_file(&scratch, "new.key", OTHER);
    let old_only = program(&house).with("CANDOR__SECRETS__MASTER_KEY_FILE", &old);
    old_only.ok(&["check"]);
    let both = program(&house)
        .with("CANDOR__SECRETS__MASTER_KEY_FILE", &new)
        .with("CANDOR__SECRETS__FORMER_MASTER_KEY_FILE", &old)
        .with("CANDOR__SECRETS__LINK_KEY_FILE", &new);
    both.ok(&["key", "rewrap"]);
    let new_only = program(&house).with("CANDOR__SECRETS__MASTER_KEY_FILE", &new);
    new_only.ok(&["check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_on_record_once_something_is_sealed_under_it_and_not_before() {
    let mut house = House::new().await;
    let other = Program::of(&house)
        .without("CANDOR__SECRETS__MASTER_KEY")
        .with("CANDOR__SECRETS__MASTER_KEY", OTHER)
        .with_relay("relay", "file:///tmp/candor-never-written", 1);
    let said = other.ok(&["check"]);
    assert!(
        said.contains("no incident is sealed under any yet"),
        "{said}"
    );
    other.ok(&["db", "status"]);
    let mut running = other.start("serve");
    running.until_ready(&other).await;
    assert_eq!(running.terminate().await.code(), Some(0));
    let recorded = "select count(*) from key_fingerprint";
    assert_eq!(house.number(recorded).await, 0);
    // An earlier version recorded the first key that it saw.
    house
        .sql(
            "insert into key_fingerprint (name, fingerprint, recorded_at)
             values ('master', '\\x0101010101010101', now()), ('links', '\\x0202020202020202', now())",
        )
        .await;
    other.ok(&["check"]);
    let scene = Scene::new(&house).await;
    let right = Program::of(&house).with_relay("relay", "file:///tmp/candor-never-written", 1);
    right.ok(&["check"]);
    assert!(refused(&other, &["check"]).contains("is not the key of this database"));
    let scratch = Scratch::new();
    let file = key_file(&scratch, "other.key", OTHER);
    house.rekey(&format!("[secrets]\nmaster_key_file = \"{file}\"\n"));
    let facts = std::collections::BTreeMap::new();
    let opened = steer::open(&house.app, scene.comms, "second", "Second", &facts).await;
    assert!(matches!(opened, Err(SteerError::Key(_))), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_started_without_its_database_compares_the_keys_once_that_comes() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let valve = Valve::before(&house.url);
    for word in ["serve", "work", "run"] {
        valve.shut();
        let other = Program::of(&house)
            .without("CANDOR__DATABASE__URL")
            .with("CANDOR__DATABASE__URL", &valve.url)
            .without("CANDOR__SECRETS__MASTER_KEY")
            .with("CANDOR__SECRETS__MASTER_KEY", OTHER)
            .with("CANDOR__LOG__LEVEL", "warn")
            .with_relay("relay", "file:///tmp/candor-never-written", 1);
        let scratch = Scratch::new();
        let log = scratch.path().join("log");
        let mut running = other.start_logged(word, &log);
        let said = || std::fs::read_to_string(&log).unwrap();
        until(|| said().contains("starting without the database")).await;
        valve.open();
        let ended = running.ended().await;
        assert_eq!(ended.code(), Some(1), "{word}: {}", said());
        assert!(
            said().contains("is not the key of this database"),
            "{word}: {}",
            said()
        );
    }
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never came");
}
