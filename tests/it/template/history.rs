//! The versions of a template: read, compared, copied, searched, deleted. By the console, the API and the command line.

use candor::audit;
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::TemplateId;
use candor::staff::StaffRole::{Approver, Comms};
use candor::template::edit::{self, EditError};
use candor::template::{Variant, Variants, manage};
use serde_json::{Value, json};

use crate::client::{ApiClient, Browser, Site};
use crate::house::House;
use crate::people::{BODY, Scene};
use crate::program::Program;

fn texts(of: &[(&str, &str)]) -> Variants {
    let text = |(tag, words): &(&str, &str)| {
        let (subject, body) = ("Your data".to_owned(), format!("{words}\n\n{BODY}"));
        ((*tag).to_owned(), Variant { subject, body })
    };
    of.iter().map(text).collect()
}

/// Three versions: English changes, then Spanish is added.
async fn three_versions(house: &House, scene: &Scene) -> TemplateId {
    let (app, by) = (&house.app, scene.comms);
    let first = texts(&[("en", "A thief <b>took</b> it.")]);
    let id = edit::create(app, by, "First <notice>", &first)
        .await
        .unwrap();
    let second = texts(&[("en", "A thief has it.")]);
    edit::add_version(app, by, id, &second, Some(1))
        .await
        .unwrap();
    let third = texts(&[("en", "A thief has it."), ("es", "Un ladrón lo tiene.")]);
    edit::add_version(app, by, id, &third, Some(2))
        .await
        .unwrap();
    id
}

async fn draft(house: &House, scene: &Scene, of: (TemplateId, i32)) -> Result<(), String> {
    let new = NewCampaign {
        incident: scene.incident,
        template: of.0,
        template_version: of.1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let done = launch::create(&house.app, scene.comms, &new).await;
    done.map(drop).map_err(|why| why.to_string())
}

fn versions_are_compared(program: &ApiClient, at: &str) {
    let diff = program.get(&format!("{at}/diff?from=1&to=2")).json();
    let changed: Vec<_> = diff["texts"]["en"]["body"]
        .as_array()
        .unwrap()
        .iter()
        .take(4)
        .collect();
    assert_eq!(changed[0], &json!({ "fate": "same", "text": "A thief " }));
    assert_eq!(changed[1]["fate"], "removed");
    assert_eq!(changed[2], &json!({ "fate": "added", "text": "has" }));
    let newest = program.get(&format!("{at}/diff")).json();
    assert_eq!((&newest["from"], &newest["to"]), (&json!(2), &json!(3)));
    let languages: Vec<_> = newest["texts"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(languages, ["es"]);
    assert_eq!(program.get(&format!("{at}/diff?from=7")).status, 404);
}

fn history_shows_what_changed(reader: &Browser, at: &str) {
    let page = reader.page(&format!("/console{at}/history"));
    for words in [
        "Version 3",
        "Version 1",
        "First &#60;notice&#62;",
        "initial, Theft of data (draft)",
        "lang=\"es\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        !page.contains("Copy version") && !page.contains("Delete template"),
        "{page}"
    );
    let page = reader.page(&format!("/console{at}/history?version=2&from=1&locale=en"));
    assert!(
        page.contains("What changed from version 1 to version 2"),
        "{page}"
    );
    assert!(
        page.contains("<ins><span class=\"unseen\">[added] </span>has<"),
        "{page}"
    );
    assert!(
        page.contains("&#60;b&#62;took") && !page.contains("<b>took"),
        "{page}"
    );
    let missing = reader.get(&format!("/console{at}/history?version=9"));
    assert_eq!(missing.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_read_and_compared_word_by_word() {
    let (house, scene, site) = Scene::open("").await;
    let id = three_versions(&house, &scene).await;
    draft(&house, &scene, (id, 2)).await.unwrap();
    let program = site.program(&[Approver]).await;
    let at = format!("/templates/{id}");

    let versions = program.get(&format!("{at}/versions")).json();
    let row = |n: usize| versions["items"][n].clone();
    let short = |row: Value| {
        (
            row["version"].clone(),
            row["changed"].clone(),
            row["locales"].clone(),
        )
    };
    assert_eq!(
        short(row(0)),
        (json!(3), json!(["es"]), json!(["en", "es"]))
    );
    assert_eq!(short(row(1)), (json!(2), json!(["en"]), json!(["en"])));
    assert_eq!(short(row(2)), (json!(1), json!(["en"]), json!(["en"])));
    assert_eq!(row(1)["campaigns"].as_array().unwrap().len(), 1);
    assert_eq!(row(0)["campaigns"], json!([]));
    let old = program.get(&format!("{at}?version=1")).json();
    assert!(
        old["variants"]["en"]["body"]
            .as_str()
            .unwrap()
            .starts_with("A thief <b>took</b> it.")
    );
    assert_eq!(program.get(&format!("{at}?version=9")).status, 404);

    versions_are_compared(&program, &at);

    let reader = site.signed_in("reader", &[Approver]).await;
    history_shows_what_changed(&reader, &at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_copied_and_found_by_words() {
    let (house, scene, site) = Scene::open("").await;
    let id = three_versions(&house, &scene).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let page = format!("/console/templates/{id}/history?version=1");
    let to = format!("/console/templates/{id}/copy");
    let taken = comms.submit(&page, &to, &[("name", "First <notice>"), ("version", "1")]);
    assert_eq!(taken.status, 422, "{}", taken.body);
    assert!(
        taken.body.contains("with this name exists already"),
        "{}",
        taken.body
    );
    assert!(
        taken.body.contains("value=\"First &#60;notice&#62;\""),
        "{}",
        taken.body
    );
    let copied = comms.submit(&page, &to, &[("name", "Second"), ("version", "1")]);
    let copy = comms.follow(&copied);
    assert!(
        copy.body.contains("This is the copy") && copy.body.contains("A thief &#60;b&#62;took")
    );
    let origin = format!(
        "select count(*) from audit_event where detail like '%\"copied_version\":1%' and detail like '%{id}%'"
    );
    assert_eq!(house.number(&origin).await, 1);

    let program = site.program(&[Comms]).await;
    let names = |query: &str| -> Vec<String> {
        let found = program.get(&format!("/templates?q={query}")).json();
        let items = found["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(""), ["First <notice>", "Second"]);
    assert_eq!(names("LADR%C3%B3N"), ["First <notice>"]);
    assert_eq!(names("took"), ["Second"], "of the newest version only");
    assert_eq!(names("second+thief"), ["Second"]);
    assert_eq!(names("second+nothing"), [""; 0]);
    assert_eq!(names("%25"), [""; 0], "no pattern");
    let list = comms.page("/console/templates?q=took");
    assert!(
        list.contains(">Second<") && !list.contains("First &#60;notice"),
        "{list}"
    );
    assert!(
        comms
            .page("/console/templates?q=zzz")
            .contains("No template has all of these words")
    );
}

fn an_unused_template_is_deleted(comms: &Browser, program: &ApiClient, other: TemplateId) {
    let page = format!("/console/templates/{other}/history");
    let to = format!("/console/templates/{other}/delete");
    assert!(
        comms
            .page(&page)
            .contains("all of its versions are deleted")
    );
    let deleted = comms.submit(&page, &to, &[("version", "1")]);
    assert!(
        comms
            .follow(&deleted)
            .body
            .contains("The template is deleted.")
    );
    assert_eq!(comms.get(&page).status, 404);
    assert_eq!(
        program
            .post(&format!("/templates/{other}/delete"), &json!({}))
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_a_campaign_uses_is_not_deleted() {
    let (house, scene, site) = Scene::open("").await;
    let id = three_versions(&house, &scene).await;
    let program = site.program(&[Comms]).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let page = format!("/console/templates/{id}/history");
    let to = format!("/console/templates/{id}/delete");
    let stale = program.post(&format!("/templates/{id}/delete"), &json!({ "version": 2 }));
    assert_eq!(stale.status, 409, "{}", stale.body);
    assert!(stale.body.contains("es: new"), "{}", stale.body);
    let stale = comms.submit(&page, &to, &[("version", "1")]);
    assert_eq!(stale.status, 409, "{}", stale.body);

    draft(&house, &scene, (id, 1)).await.unwrap();
    let used = program.post(&format!("/templates/{id}/delete"), &json!({}));
    assert_eq!(used.status, 409, "{}", used.body);
    assert!(
        used.body.contains("uses version 1: initial, Theft of data"),
        "{}",
        used.body
    );
    assert!(
        comms
            .page(&page)
            .contains("The campaign “initial, Theft of data (draft)” uses version 1.")
    );
    let raw = house.raw().await;
    for table in ["template_variant", "template_version", "template"] {
        let sql = format!("delete from {table}");
        assert!(raw.execute(&sql, &[]).await.is_err(), "{table}");
    }
    assert!(
        raw.execute("update template_variant set body = 'x'", &[])
            .await
            .is_err()
    );

    let other = manage::copy(&house.app, scene.comms, (id, None), "Unused")
        .await
        .unwrap();
    an_unused_template_is_deleted(&comms, &program, other);
    let mut conn = house.app.db.get().await.unwrap();
    let events = audit::store::list(&mut conn, &other.to_string(), 10)
        .await
        .unwrap();
    assert_eq!(events[0].action, "template.delete");
    assert!(events[0].detail.contains("Unused"), "{}", events[0].detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deletion_and_a_first_use_at_once_one_is_refused() {
    let (house, scene, _site) = Scene::open("").await;
    for round in 0..12 {
        let name = format!("Template {round}");
        let words = texts(&[("en", "A thief took it.")]);
        let id = edit::create(&house.app, scene.comms, &name, &words)
            .await
            .unwrap();
        let (deleted, drafted) = tokio::join!(
            manage::delete(&house.app, scene.comms, id, Some(1)),
            draft(&house, &scene, (id, 1)),
        );
        let kept = house
            .number(&format!(
                "select count(*) from template where name = '{name}'"
            ))
            .await;
        match (&deleted, &drafted) {
            (Ok(()), Err(_)) => assert_eq!(kept, 0),
            (Err(EditError::Used(by)), Ok(())) => assert!(kept == 1 && by.len() == 1),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_reaches_all_of_it() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let comms = site.staff("comms", &[Comms]).await;
    let address = comms.email.as_ref().unwrap().as_str().to_owned();
    let id = three_versions(&house, &scene).await.to_string();
    let program = Program::of(&house);
    let said = |words: &[&str]| program.ok(&[&["template"], words].concat());
    assert!(said(&["list", "--find", "ladrón"]).contains(&id));
    assert_eq!(said(&["list", "--find", "nothing"]).trim(), "");
    assert!(said(&["show", &id, "--version", "1"]).contains("A thief <b>took</b> it."));
    let versions: Value = serde_json::from_str(&said(&["versions", &id, "--json"])).unwrap();
    assert_eq!(versions[0]["version"], 3);
    let diff = said(&["diff", &id, "--from", "1", "--to", "2"]);
    assert!(
        diff.contains("A thief [-") && diff.contains("{+has+}"),
        "{diff}"
    );
    let offered = said(&["texts"]);
    assert!(
        offered.contains("first_notice_gdpr") && offered.contains("dpo"),
        "{offered}"
    );
    let by = ["--as", &address];
    let new = [
        "new",
        "--name",
        "Begun",
        "--text",
        "supplement",
        "--locale",
        "de",
    ];
    let begun = said(&[&new[..], &by].concat());
    let begun = begun.trim();
    assert!(said(&["show", begun]).contains("Was sich geändert hat"));
    let copy = said(&[&["copy", begun, "--name", "Copied"][..], &by].concat());
    let deleted = said(&[&["delete", copy.trim()][..], &by].concat());
    assert!(deleted.contains("deleted tpl_"), "{deleted}");
    let refused = program.run(&["template", "delete", copy.trim(), "--as", &address]);
    assert_eq!(refused.status.code(), Some(1));
}
