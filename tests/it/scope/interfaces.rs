//! The same questions in the API, in the console and on the command line.

use std::path::Path;

use candor::staff::StaffRole::Comms;
use serde_json::{Value, json};

use super::Desk;
use crate::client::{ApiClient, Browser, Seen, Site};
use crate::mail::Scratch;
use crate::program::Program;

const FIRST: &str = "reference,email,name,elements,flags\n\
    r1,a@example.org,Ada,name,hold\nr2,nowhere,Bo,name,\nr3,c@example.org,Cy,name,\n";
const CORRECTED: &str = "reference,email,name,elements,flags,line,column,reason\n\
    r2,b@example.org,Bo,name,,3,email,\n";
const AT: &str = "/incidents/carrier/scopes";

fn import(program: &ApiClient, query: &str, csv: &str) -> Seen {
    let key = candor::seal::to_hex(&candor::seal::random::<8>());
    let headers = [("content-type", "text/csv"), ("idempotency-key", &key)];
    program.send(&format!("{AT}{query}"), &headers, csv)
}

#[track_caller]
fn ok(seen: &Seen, status: u16) -> Value {
    assert_eq!(seen.status, status, "{}", seen.body);
    seen.json()
}

fn the_program_confirms_each_number(comms: &ApiClient) {
    let activate = |version: i32| format!("{AT}/{version}/activate");
    let second = "reference,elements,flags\nr1,name,\n";
    ok(&import(comms, "", second), 201);
    let problem = ok(&comms.post(&activate(2), &json!({})), 409);
    let confirm = json!({ "flags_lifted": { "hold": 1 }, "retracted": 2 });
    assert_eq!(problem["confirm"], confirm);
    assert_eq!(
        problem["questions"][0],
        json!({ "what": "flags_lifted", "flag": "hold", "number": 1 })
    );
    let wrong = json!({ "confirm": { "flags_lifted": 1, "retracted": 3 } });
    let problem = ok(&comms.post(&activate(2), &wrong), 409);
    assert_eq!(problem["confirm"], json!({ "retracted": 2 }));
    let active = ok(
        &comms.post(&activate(2), &json!({ "confirm": confirm })),
        200,
    );
    assert_eq!(active["status"], "active");
    assert_eq!(active["delta"]["flags_lifted"], json!({ "hold": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_what_to_do_with_a_draft_and_what_to_confirm() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let comms = site.program(&[Comms]).await;
    let drafted = ok(&import(&comms, "", FIRST), 201);
    assert_eq!(
        (&drafted["accepted"], &drafted["rejected"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(drafted["questions"][0]["what"], "rejected");

    let refused = ok(&import(&comms, "?mode=delta", "not a list"), 409);
    assert_eq!(refused["version"], 1);
    assert_eq!(refused["draft"], json!(["add", "replace"]));
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("version 1 waits as a draft") && detail.contains("draft=add"),
        "{detail}"
    );
    let uploads = "/incidents/carrier/uploads";
    ok(&comms.post(uploads, &json!({ "size": 10 })), 409);
    ok(
        &comms.post(&format!("{uploads}?draft=add"), &json!({ "size": 10 })),
        201,
    );

    let added = ok(&import(&comms, "?draft=add", CORRECTED), 201);
    assert_eq!(
        (&added["version"], &added["accepted"], &added["rejected"]),
        (&json!(1), &json!(3), &json!(0))
    );
    assert_eq!(added["mode"], "full", "the draft keeps its mode");
    assert_eq!(
        (&added["delta"]["replaced"], &added["questions"]),
        (&json!(1), &json!([]))
    );
    let activate = |version: i32| format!("{AT}/{version}/activate");
    assert_eq!(
        ok(&comms.post(&activate(1), &json!({})), 200)["status"],
        "active"
    );
    ok(&import(&comms, "?draft=add", CORRECTED), 409);

    the_program_confirms_each_number(&comms);
}

fn the_boxes_confirm_each_number(comms: &Browser, page: &str, to: &str) {
    let second = "reference,elements,flags\nr1,name;ssn,\n";
    comms.upload(page, to, &[("mode", "full")], second);
    let v2 = format!("{to}/2");
    let report = comms.get(&v2);
    for shown in [
        "name=\"lifted\" value=\"hold:1\"",
        "name=\"retracted\" value=\"2\"",
        "The flag hold is lifted from 1 person.",
        "2 people leave the scope",
        "The file has no column email, name, postcode, address, locale, jurisdiction",
    ] {
        assert!(report.body.contains(shown), "{shown}: {}", report.body);
    }
    let unsure = comms.submit(&v2, &format!("{v2}/activate"), &[("lifted", "hold:1")]);
    assert_eq!(unsure.status, 422, "{}", unsure.body);
    let sure = [("lifted", "hold:1"), ("retracted", "2")];
    let active = comms.submit(&v2, &format!("{v2}/activate"), &sure);
    assert!(
        comms
            .follow(&active)
            .body
            .contains("This version is in force")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_offers_both_buttons_and_a_box_for_each_number() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let at = "/console/incidents/carrier";
    let (page, to) = (format!("{at}/import"), format!("{at}/scopes"));
    let imported = comms.upload(&page, &to, &[("mode", "full")], FIRST);
    let report = comms.follow(&imported);
    assert!(report.body.contains("Add the corrected rows to this draft"));
    assert!(report.body.contains("1 of 3 rows were refused"));

    let refused = comms.upload(&page, &to, &[("mode", "full")], FIRST);
    assert_eq!(refused.status, 409);
    for shown in [
        "Version 1 is a draft",
        "scopes?draft=add",
        "scopes?draft=replace",
        "Add its rows to draft v1",
        "Discard draft v1, read the file as v2",
    ] {
        assert!(refused.body.contains(shown), "{shown}: {}", refused.body);
    }
    let added = comms.upload(
        &page,
        &format!("{to}?draft=add"),
        &[("mode", "full")],
        CORRECTED,
    );
    let report = comms.follow(&added);
    assert!(
        report.body.contains("The rows are added to the draft"),
        "{}",
        report.body
    );
    assert!(report.body.contains("Of 2 files"));
    let v1 = format!("{to}/1");
    let active = comms.submit(&v1, &format!("{v1}/activate"), &[]);
    assert!(
        comms
            .follow(&active)
            .body
            .contains("This version is in force")
    );

    the_boxes_confirm_each_number(&comms, &page, &to);
}

/// The status of an import by command, and what it printed.
fn import_by(program: &Program, rejects: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let common = [
        "import",
        "--incident",
        "carrier",
        "--rejects",
        rejects.to_str().unwrap(),
    ];
    let done = program.run(&[&common[..], words].concat());
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), said(&done.stdout), said(&done.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_refuses_with_a_sentence_and_takes_the_words() {
    let desk = Desk::new().await;
    let scratch = Scratch::new();
    let program = Program::of(&desk.house);
    let write = |name: &str, list: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, list).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (first, corrected) = (write("first.csv", FIRST), write("corrected.csv", CORRECTED));
    let rejects = scratch.path().join("rejects.csv");
    let run = |words: &[&str]| import_by(&program, &rejects, words);
    let (code, ..) = run(&[&first]);
    assert_eq!(code, Some(0));
    let (code, _, told) = run(&[&first]);
    assert_eq!(code, Some(1));
    assert!(
        told.contains("--add-to-draft") && told.contains("version 1 waits as a draft"),
        "{told}"
    );
    let (code, ..) = run(&["--add-to-draft", "--replace-draft", &corrected]);
    assert_eq!(code, Some(2), "usage");
    let (code, told, _) = run(&["--add-to-draft", "--activate", &corrected]);
    assert_eq!(code, Some(0));
    assert!(
        told.contains("scope version 1 is active: 3 rows accepted, 0 rejected"),
        "{told}"
    );
    let second = write(
        "second.csv",
        "reference,elements,flags\nr1,name,\nr3,name,\n",
    );
    let (code, said, told) = run(&["--activate", &second]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("scope version 2 is draft") && said.contains("flags lifted: 1 hold"),
        "{said}"
    );
    assert!(
        told.contains("--yes-flags-lifted hold=1 --yes-retracted 1"),
        "{told}"
    );
    let words = [
        "--replace-draft",
        "--activate",
        "--yes-flags-lifted",
        "hold=1",
    ];
    let (code, ..) = run(&[&words[..], &["--yes-retracted", "1", &second]].concat());
    assert_eq!(code, Some(0));
    assert_eq!(desk.account().await.people, 2);
}

/// Z7: the page says when the process of an import is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_says_that_its_import_died() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let comms = site.program(&[Comms]).await;
    let browser = site.signed_in("comms", &[Comms]).await;
    desk.house
        .sql(&format!(
            "insert into scope_version (incident_id, version, mode, status, accepted, created_by, created_at)
             values ('{}', 1, 'full', 'importing', 7, '{}', now())",
            desk.incident.uuid(),
            desk.by.uuid()
        ))
        .await;
    assert_eq!(ok(&comms.get(&format!("{AT}/1")), 200)["died"], true);
    let page = browser.get("/console/incidents/carrier/scopes/1");
    assert!(page.body.contains("This import died"), "{}", page.body);
    assert!(!page.body.contains("every row was good"));
    let client = desk.house.raw().await;
    let lock = desk.incident.uuid().as_u64_pair().1.cast_signed();
    let at_work = "select pg_advisory_lock($1)";
    client.execute(at_work, &[&lock]).await.unwrap();
    assert_eq!(ok(&comms.get(&format!("{AT}/1")), 200)["died"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_number_brings_the_form_with_the_new_one() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let list = "reference,elements,flags\nr1,name,hold\nr2,name,hold\nr3,name,\n";
    desk.take(candor::scope::ScopeMode::Full, list).await;
    let free = "reference,elements,flags\nr1,name,\n";
    desk.import(candor::scope::ScopeMode::Full, free)
        .await
        .unwrap();
    let v2 = "/console/incidents/carrier/scopes/2";
    assert!(comms.get(v2).body.contains("2 people leave the scope"));
    // Another session adds a row while the page is open.
    desk.add("reference,elements,flags\nr2,name,\n")
        .await
        .unwrap();
    let to = format!("{v2}/activate");
    let refused = comms.submit(v2, &to, &[("lifted", "hold:1"), ("retracted", "2")]);
    assert_eq!(refused.status, 422);
    for shown in [
        "As it is now: The flag hold is lifted from 2 people.",
        "As it is now: 1 person leaves the scope",
        "name=\"retracted\" value=\"1\"",
        "value=\"hold:2\"",
        "Activate with these changes",
    ] {
        assert!(refused.body.contains(shown), "{shown}: {}", refused.body);
    }
    let done = comms.submit(v2, &to, &[("lifted", "hold:2"), ("retracted", "1")]);
    assert!(
        comms
            .follow(&done)
            .body
            .contains("This version is in force")
    );
    // A page that is left open: the draft is in force already.
    let again = comms.submit(v2, &format!("{v2}/discard"), &[]);
    assert_eq!(again.status, 422);
    assert!(
        again
            .body
            .contains("only a draft can be activated or discarded"),
        "{}",
        again.body
    );
}
