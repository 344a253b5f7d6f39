//! P6, personal data is sealed: a dump of the database, searched for every person in it.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use candor::account::account;
use candor::campaign::CampaignKind;
use candor::db::embedded::{Cluster, Settings, program};
use candor::id::PersonId;
use candor::link::{NoticeCode, StatusLink};
use candor::person::find::{Clue, find};
use candor::seal::{random, to_hex};
use candor::staff::StaffRole;
use candor::ticket::intake;

use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::program::Program;

const PEOPLE: usize = 1_000;
const WORDS: &str = "My grandmother Wilhelmina asks whether her pension is safe.";

/// The forms in which `text` could appear in a dump.
pub(super) fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let (small, large) = (text.to_lowercase(), text.to_uppercase());
    let hex = [
        to_hex(bytes),
        to_hex(small.as_bytes()),
        to_hex(large.as_bytes()),
    ];
    let mut forms = vec![small];
    forms.extend(hex);
    for skipped in 0..3 {
        // Inside of other octets base64 has three forms; the first and last digits depend on those octets.
        let shifted = [&vec![0; skipped][..], bytes].concat();
        for encoded in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            forms.push(encoded[(skipped * 4).div_ceil(3)..encoded.len() - 2].to_lowercase());
        }
    }
    forms
}

/// A house on a server of its own: its files contain nothing but this house.
pub(super) async fn alone(disk: &Path, config: &str) -> (Cluster, House) {
    let settings = Settings {
        durable: false,
        max_connections: 60,
    };
    let cluster = Cluster::start_with(disk, settings).await.unwrap();
    cluster.ensure_database("alone").await.unwrap();
    let house = House::at(&cluster.url("alone"), config).await;
    (cluster, house)
}

/// Adds the token of each person to the secrets; ten of them ask a question.
async fn ask(house: &House, scene: &Scene, secrets: &mut Vec<String>) {
    for n in 0..PEOPLE {
        let clue = Clue::Reference(format!("QX-77{n:04}-ZK"));
        let person = find(&house.app, scene.incident, &clue)
            .await
            .unwrap()
            .remove(0);
        let (person, epoch) = (person.id, person.link_epoch);
        secrets.push(StatusLink { person, epoch }.token(&house.app.keys));
        if n < 10 {
            intake::ask(&house.app, scene.incident, person, "", WORDS)
                .await
                .unwrap();
        }
    }
}

/// The list, and every word of it that is secret.
fn people() -> (String, Vec<String>) {
    let mut csv = "reference,email,name,locale,jurisdiction,postcode,elements,address\n".to_owned();
    let mut secrets = vec![WORDS.to_owned()];
    for n in 0..PEOPLE {
        let secret = [
            format!("QX-77{n:04}-ZK"),
            format!("zebulon.q{n}@quagga-{n}.example"),
            format!("Zebulon Q. Winterbottom-{n}"),
            format!("{n} Quagga Crescent"),
            format!("ZQX-{n:04}-W"),
        ];
        let [reference, email, name, address, postcode] = &secret;
        csv.push_str(&format!(
            "{reference},{email},{name},en,US-WA,{postcode},name;ssn,{address}\n"
        ));
        secrets.extend(secret);
    }
    (csv, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_dump_of_the_database_contains_no_personal_data() {
    let disk = Scratch::new();
    let (cluster, house) = alone(disk.path(), "").await;
    let scene = Scene::new(&house).await;
    let (csv, mut secrets) = people();
    scene.import(&house, &csv).await;
    scene.launched(&house, CampaignKind::Initial).await;
    ask(&house, &scene, &mut secrets).await;
    // Some messages still wait in the outbox, others have been sent.
    let waiting = dump(&house);
    house.send_all().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'sent'")
            .await,
        PEOPLE as i64
    );
    let rows = house
        .raw()
        .await
        .query("select id from notice", &[])
        .await
        .unwrap();
    let code = |row: &tokio_postgres::Row| {
        let id = candor::id::NoticeId::from_uuid(row.get(0));
        NoticeCode::of(id, &house.app.keys).to_string()
    };
    secrets.extend(rows.iter().map(code));
    let sent = dump(&house);
    // The search finds text that is there.
    assert!(sent.contains("sundmere") && sent.contains("us-wa") && sent.len() > 100_000);
    let forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let dumps = Scratch::new();
    std::fs::write(dumps.path().join("waiting"), waiting).unwrap();
    std::fs::write(dumps.path().join("sent"), sent).unwrap();
    assert_eq!(search(dumps.path(), &forms), "", "in a dump");

    house.sql("checkpoint").await;
    let forms_of_files = [&forms[..], &raw(&secrets)].concat();
    assert_ne!(
        search(disk.path(), &["sundmere".to_owned()]),
        "",
        "the files are looked at"
    );
    assert_eq!(
        search(disk.path(), &forms_of_files),
        "",
        "in the files of the server"
    );
    forgotten(&house, &scene, &secrets).await;
    assert_eq!(
        search(disk.path(), &forms_of_files),
        "",
        "in the files, after forgetting"
    );
    drop(house);
    cluster.stop().await.unwrap();
}

/// Tokens as the octets that they stand for, as hex.
fn raw(secrets: &[String]) -> Vec<String> {
    let tokens = secrets.iter().filter(|secret| secret.len() == 46);
    tokens
        .filter_map(|token| URL_SAFE_NO_PAD.decode(token).ok())
        .map(|octets| to_hex(&octets))
        .collect()
}

/// The files below `dir` that contain one of these forms, in upper or lower case.
pub(super) fn search(dir: &Path, forms: &[String]) -> String {
    let list = Scratch::new();
    let patterns = list.path().join("patterns");
    std::fs::write(&patterns, forms.join("\n") + "\n").unwrap();
    let found = Command::new("grep")
        .env("LC_ALL", "C")
        .args(["-rlaiF", "-f"])
        .arg(&patterns)
        .arg(dir)
        .output()
        .unwrap();
    // 2 if a file vanished during the search: the others were searched.
    assert!(found.status.code().is_some_and(|code| code <= 2));
    let files = String::from_utf8(found.stdout).unwrap();
    let first = files.lines().next();
    match first {
        None => String::new(),
        Some(file) => {
            let words = Command::new("grep")
                .env("LC_ALL", "C")
                .args(["-oaiF", "-m1", "-f"])
                .arg(&patterns)
                .arg(file)
                .output()
                .unwrap();
            format!("{file}: {}", String::from_utf8_lossy(&words.stdout))
        }
    }
}

/// Ends the incident, forgets its people by the command, and searches for them again.
async fn forgotten(house: &House, scene: &Scene, secrets: &[String]) {
    let site = Site::open(&house.app).await;
    let (program, browser) = (site.program(&[StaffRole::Comms]).await, site.browser());
    let token = secrets.iter().find(|secret| secret.len() == 46).unwrap();
    let link = StatusLink::check(token, &house.app.keys).unwrap();
    let found = || {
        let seen = program.get("/incidents/sundmere/people?reference=QX-770007-ZK");
        seen.json()["items"].as_array().map(Vec::len)
    };
    let sums = async || {
        let mut conn = house.app.db.get().await.unwrap();
        account(&mut conn, scene.incident).await.unwrap()
    };
    assert_eq!(
        (found(), browser.get(&format!("/s/{token}")).status),
        (Some(1), 200)
    );

    let before = sums().await;
    let command = Program::of(house).with_relay("relay", "file:///tmp/candor-never-written", 1);
    house.staff(&["admin"]).await;
    let words = ["forget", "--incident", "sundmere", "--repeat", "sundmere"];
    let early = command.run(&words);
    assert_eq!(early.status.code(), Some(1), "the incident is not over");
    // In a closed incident, people who are not told would prevent forgetting too.
    house.sql("update incident set state = 'dismissed'").await;
    let open = String::from_utf8_lossy(&command.run(&words).stderr).into_owned();
    assert!(open.contains("tickets are open"), "{open}");
    house
        .sql(
            "update ticket set status = 'open' where status = 'new'; \
             update ticket set status = 'closed', resolution = 'spam', closed_at = now(), assignee = null, \
             lease_until = null where status = 'open'",
        )
        .await;
    assert!(command.ok(&words).contains("forgotten"));

    let after = sums().await;
    assert_eq!(
        (after, after.people, after.unexplained),
        (before, PEOPLE as i64, 0)
    );
    command.ok(&["check", "--recount"]);
    command.ok(&["audit", "verify"]);
    let person = PersonId::in_bucket_of(link.person.bucket(), house.app.now(), random());
    let nobody = StatusLink { person, epoch: 0 }.token(&house.app.keys);
    let unknown = browser.get(&format!("/s/{nobody}"));
    let theirs = browser.get(&format!("/s/{token}"));
    assert_eq!(
        (theirs.status, &theirs.body),
        (unknown.status, &unknown.body)
    );
    assert_eq!(found(), Some(0));
}

/// All of a house that Postgres returns, in lower case.
pub(super) fn dump(house: &House) -> String {
    let dumped = Command::new(program("pg_dump").expect("it comes with the server"))
        .args(["--schema", house.schema(), "--dbname", &house.url])
        .output()
        .unwrap();
    assert!(
        dumped.status.success(),
        "{}",
        String::from_utf8_lossy(&dumped.stderr)
    );
    String::from_utf8(dumped.stdout).unwrap().to_lowercase()
}
