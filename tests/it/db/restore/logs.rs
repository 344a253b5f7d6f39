//! Relay logs that lack a part of what was sent after a copy are refused; campaigns that are drafts in the copy may
//! have been launched.

use candor::actor::{Actor, System};
use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::recovery::departed::Choice;
use candor::recovery::restored::decide;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::path::Path;

use super::{Copy, dump, look};
use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;

const WHO: Actor = Actor::System(System::Cli);

/// Postfix's log of the messages of a house: the line with the Message-ID in the first file, the result in the second.
/// `at` is the time of each part, `zone` how the lines write it.
fn log_of(house: &House, at: DateTime<Utc>, classic: bool, returned: bool) -> [String; 2] {
    let at = match classic {
        true => at.format("%b %e %H:%M:%S").to_string(),
        false => at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
    };
    let mut files = [String::new(), String::new()];
    for (n, letter) in house.mail.sent().iter().enumerate() {
        let id = &letter.message_id;
        files[0] += &format!(
            "{at} mx postfix/cleanup[1]: Q{n}: message-id=<{id}>\n\
             {at} mx postfix/qmgr[1]: Q{n}: from=<n@a.example>, size=1, nrcpt=1 (queue active)\n"
        );
        let end = match returned && n == 0 {
            true => {
                "dsn=5.1.1, status=bounced (host b.example[192.0.2.1] said: 550 5.1.1 User unknown)"
            }
            false => "dsn=2.0.0, status=sent (250 ok)",
        };
        files[1] += &format!("{at} mx postfix/smtp[1]: Q{n}: to=<x@b.example>, {end}\n");
    }
    files
}

/// A line of the relay that is about no message.
fn idle(at: DateTime<Utc>) -> String {
    let at = at.format("%Y-%m-%dT%H:%M:%S+00:00");
    format!("{at} mx postfix/anvil[9]: statistics: max connection rate 1/60s\n")
}

struct Files {
    scratch: Scratch,
}

impl Files {
    fn put(&self, name: &str, text: &str) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

fn refused(program: &Program, words: &[&str]) -> String {
    let output = program.run(words);
    assert_eq!(output.status.code(), Some(1), "{words:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The words of the command.
fn restored(logs: &[&String], more: &[&str]) -> Vec<String> {
    let mut words = vec!["db".to_owned(), "restored".to_owned()];
    for log in logs {
        words.extend(["--relay-log".to_owned(), (*log).clone()]);
    }
    words.extend(more.iter().map(|word| (*word).to_owned()));
    words
}

/// The program on a node that saw the lost database until `lost_at`.
async fn after_seeing(copy: &House, state: &Path, lost_at: DateTime<Utc>) -> Program {
    let mut conn = copy.app.db.get().await.unwrap();
    let id = candor::deployment::store::look(&mut conn).await.unwrap().id;
    drop(conn);
    std::fs::create_dir(state).unwrap();
    let kept = serde_json::json!({ "deployment": id, "epoch": lost_at.timestamp_millis() });
    let file = state.join(format!("{}.epoch", id.simple()));
    std::fs::write(file, kept.to_string()).unwrap();
    Program::of(copy)
        .without("CANDOR__DATABASE__STATE_DIR")
        .with("CANDOR__DATABASE__STATE_DIR", &state.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_do_not_reach_from_the_copy_to_the_end_of_the_lost_database_are_refused() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(6, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let early = dump(&house);
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 6);
    let copy = Copy::load(&house, &early, "").await;
    let copy = copy.house();
    let doubt = look(copy).await.unwrap();
    let taken = doubt.copied_at;
    let (hour, minute) = (TimeDelta::hours(1), TimeDelta::minutes(1));

    // This node saw the lost database an hour after the copy was made.
    let files = Files {
        scratch: Scratch::new(),
    };
    let state = files.scratch.path().join("state");
    let lost_at = taken + hour;
    let program = after_seeing(copy, &state, lost_at).await;

    let begins = idle(taken - minute);
    let [ids, ends] = log_of(&house, taken + minute, false, true);
    let last = idle(lost_at);
    let before = files.put("mail.log.1", &(begins.clone() + &ids));
    let after = files.put("mail.log", &(ends.clone() + &last));
    let said = |words: &[String]| {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        refused(&program, &words)
    };

    let late = files.put("late.log", &(ids.clone() + &ends + &last));
    assert!(said(&restored(&[&late], &[])).contains("begins at"));
    let short = files.put("short.log", &(begins.clone() + &ids + &ends));
    assert!(said(&restored(&[&short], &[])).contains("ends at"));
    // A complete log of another relay does not replace it.
    let other = (begins.clone() + &last).replace(" mx ", " relay2 ");
    let other = files.put("other.log", &other);
    let both = said(&restored(&[&other, &short], &[]));
    assert!(both.contains("relay mx ends at"), "{both}");
    let [ids, ends] = log_of(&house, taken + minute, true, true);
    let classic = files.put("classic.log", &(ids + &ends));
    assert!(said(&restored(&[&classic], &[])).contains("begins at"));
    let packed = files.put("mail.log.2.gz", "\u{1f}packed");
    assert!(said(&restored(&[&packed], &[])).contains("Unpack"));

    // In any order: a bounce in the later file belongs to the message with the id in the earlier one.
    let words = restored(&[&after, &before], &["--json"]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done: Value = serde_json::from_str(&program.ok(&words)).unwrap();
    assert_eq!((&done["sent"], &done["refused"]), (&5.into(), &1.into()));
    for (result, number) in [("accepted", 5), ("refused", 1), ("cancelled", 0)] {
        let ended = format!("select count(*) from outcome where settled and result = '{result}'");
        assert_eq!(copy.number(&ended).await, number, "{result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_quiet_at_its_end_is_accepted_with_a_confirmation() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let early = dump(&house);
    house.send_all().await;
    let copy = Copy::load(&house, &early, "").await;
    let copy = copy.house();
    let taken = look(copy).await.unwrap().copied_at;
    let files = Files {
        scratch: Scratch::new(),
    };
    let program = Program::of(copy);
    // Its times have no zone: it may be any hour of that day.
    let [ids, ends] = log_of(&house, taken + TimeDelta::minutes(1), true, false);
    let before = (taken - TimeDelta::hours(3)).format("%b %e %H:%M:%S");
    let before = format!("{before} mx postfix/master[1]: daemon started\n");
    let log = files.put("mail.log", &(before + &ids + &ends));
    let said = refused(&program, &["db", "restored", "--relay-log", &log]);
    assert!(said.contains("--log-zone"), "{said}");
    let zone = [
        "db",
        "restored",
        "--relay-log",
        &log,
        "--log-zone",
        "-05:00",
    ];
    assert!(
        refused(&program, &zone).contains("begins at"),
        "of five hours later"
    );
    let done = program.ok(&[
        "db",
        "restored",
        "--relay-log",
        &log,
        "--log-is-whole",
        "--json",
    ]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["sent"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_of_the_copy_are_marked_and_named_since_they_may_have_been_launched() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let kind = CampaignKind::Initial;
    let draft = scene.draft(&house, kind, UncertainPolicy::Resend).await;
    let copy = Copy::load(&house, &dump(&house), "").await;
    // The lost database launched it.
    scene.launch(&house, draft).await;
    house.send_all().await;
    let copy = copy.house();
    assert!(look(copy).await.is_some());
    let done = decide(&copy.app, WHO, &Choice::Unknown, None)
        .await
        .unwrap();
    assert_eq!((done.drafts, done.taken_back), (1, 0));
    assert_eq!(done.perhaps_launched, [draft]);
    let site = Site::open(&copy.app).await;
    let browser = site
        .signed_in("comms", &[candor::staff::StaffRole::Comms])
        .await;
    let page = browser.get(&format!("/console/campaigns/{draft}"));
    assert!(
        page.body.contains("it may have been launched after that"),
        "{}",
        page.body
    );
    let told = "select count(*) from audit_event where action = 'campaign.warn'";
    assert_eq!(copy.number(told).await, 1);
}
