//! Commands report what they did although a later step failed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;
use crate::sessions::{pid, until_waited};

#[tokio::test(flavor = "multi_thread")]
async fn an_import_says_what_it_read_although_its_refused_rows_cannot_be_written() {
    let house = House::new().await;
    Scene::new(&house).await;
    let scratch = Scratch::new();
    let file = scratch.path().join("list.csv");
    fs::write(
        &file,
        list(2, "name") + "R-BAD,not an address,B,en,US-CA,name\n",
    )
    .unwrap();
    let file = file.display().to_string();
    let program = Program::of(&house);
    let import = |rejects: &str, more: &[&str]| {
        let words = ["import", "--incident", "sundmere", "--rejects", rejects];
        let output = program.run(&[&words[..], more, &[file.as_str()]].concat());
        let said = |octets| String::from_utf8(octets).unwrap();
        (
            output.status.success(),
            said(output.stdout),
            said(output.stderr),
        )
    };
    let versions = "select count(*) from scope_version";
    let (done, _, why) = import("/no/such/folder/rejects.csv", &[]);
    assert!(
        !done && why.contains("/no/such/folder/rejects.csv cannot be written"),
        "{why}"
    );
    assert_eq!(house.number(versions).await, 0, "nothing was read");
    let (done, said, why) = import("/dev/full", &["--activate"]);
    assert!(
        !done && said.contains("scope version 1 is draft: 2 rows accepted, 1 rejected"),
        "{said}"
    );
    assert!(
        why.contains("version 1 is a draft") && why.contains("/dev/full"),
        "{why}"
    );

    let rejects = scratch.path().join("rejects.csv");
    fs::write(&rejects, "of before").unwrap();
    fs::set_permissions(&rejects, fs::Permissions::from_mode(0o644)).unwrap();
    let (done, _, why) = import(&rejects.display().to_string(), &["--replace-draft"]);
    assert!(done, "{why}");
    assert!(fs::read_to_string(&rejects).unwrap().contains("R-BAD"));
    assert_eq!(
        rejects.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_names_what_is_bad_and_nothing_else() {
    let house = House::new().await;
    Scene::new(&house).await;
    let check = |program: &Program, words: &[&str]| {
        let output = program.run(words);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stdout).unwrap();
        let bad = said.lines().filter(|line| line.starts_with("BAD"));
        let what = |line: &str| line[4..].trim_start()[..11].trim_end().to_owned();
        (bad.map(what).collect::<Vec<_>>(), said)
    };
    let relay = "file:///tmp/candor-never-written";
    let program = Program::of(&house).with_relay("relay", relay, 1);
    let (_, words, _) = program.parts();
    let settings = fs::read_to_string(&words[1]).unwrap();
    let dkim = "[[mail.dkim]]\ndomain = \"sundmere.example\"\nselector = \"s\"\nkey_file = \"/no/such.pem\"\n";
    fs::write(&words[1], settings + dkim).unwrap();
    let (bad, said) = check(&program, &["check", "--recount"]);
    assert!(bad.contains(&"dkim".to_owned()), "{said}");
    // The sample notice is signed too.
    assert!(
        bad.iter()
            .all(|what| what == "dkim" || what == "sample noti"),
        "{said}"
    );
    assert!(said.contains("equals the people, one by one"), "{said}");

    let away = Program::of(&house).with_relay("relay", relay, 1).with(
        "CANDOR__DATABASE__URL",
        "postgres://nobody@127.0.0.1:1/none",
    );
    let (bad, said) = check(&away, &["check", "--recount"]);
    assert_eq!(bad, ["database", "accounts"], "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_after_a_copy_is_decided_without_time_limits_and_words_that_do_nothing_are_refused()
 {
    let house = House::new().await;
    Scene::new(&house).await;
    let program = Program::of(&house)
        .with("CANDOR__DATABASE__STATEMENT_SECONDS", "1")
        .with("CANDOR__DATABASE__LOCK_SECONDS", "1");
    program.ok(&["db", "doubt"]);
    let words = ["db", "restored", "--nothing-was-sent"];
    let refused = program.run(&[&words[..], &["--uncertain", "again"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    let holder = house.raw().await;
    let holding = pid(&holder).await;
    let lock = "begin; select from deployment for update";
    holder.batch_execute(lock).await.unwrap();
    let decided = tokio::task::spawn_blocking(move || program.run(&words));
    until_waited(&house, holding, 1.5).await;
    holder.batch_execute("rollback").await.unwrap();
    let decided = decided.await.unwrap();
    let why = String::from_utf8_lossy(&decided.stderr).into_owned();
    assert!(decided.status.success(), "{why}");
}
