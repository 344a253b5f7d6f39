//! The editor of a template: readers of its preview, who may see them, what is recorded, and a save that came too late.

use candor::staff::StaffRole::{Approver, Comms};
use serde_json::json;

use crate::client::{Browser, PASSWORD};
use crate::mail::did_not_run;
use crate::people::{BODY, Scene};
use crate::web::browser::{missing, walk};

const LIST: &str = "reference,email,name,locale,elements\n\
    A-1,a@example.org,Bo,en,name\n\
    A-2,b@example.org,\"Maximiliana von und zu Hohenstein-Wittelsbach\",de,name;dob\n\
    A-3,c@example.org,,en,name\n\
    A-4,d@example.org,سارة العبدالله,ar,name;ssn;phone\n";

/// The preview names the person that each kind of reader is, in the page and in its frame.
fn hardest_readers_are_found(comms: &Browser, at: &str) {
    for (reader, words, greeting) in [
        (
            "longest_name",
            "reference A-2: the person with the longest name of the 4 people",
            "Maximiliana",
        ),
        (
            "most_elements",
            "reference A-4: the person with the most exposed elements",
            "سارة",
        ),
        (
            "no_name",
            "reference A-3: a person without a name",
            "Dear Sir or Madam",
        ),
        ("right_to_left", "reference A-4: a person who reads", "سارة"),
    ] {
        let page = comms.page(&format!("{at}?incident=sundmere&reader={reader}"));
        assert!(
            page.contains(words) && page.contains(greeting),
            "{reader}: {page}"
        );
        let html = comms.get(&format!(
            "{at}/preview?incident=sundmere&reader={reader}&look=phone-dark"
        ));
        assert_eq!(html.status, 200, "{}", html.body);
        assert!(
            html.header("content-security-policy")
                .starts_with("sandbox")
        );
        assert!(html.body.contains("content=\"dark\"") && !html.body.contains("light dark"));
    }
}

fn bad_readers_are_refused(comms: &Browser, at: &str) {
    let page = comms.page(&format!("{at}?incident=sundmere&reader=easy"));
    assert!(
        page.contains("must be empty or one of: longest_name"),
        "{page}"
    );
    let page = comms.page(&format!("{at}?reader=no_name"));
    assert!(page.contains("needs an incident"), "{page}");
}

fn no_person_is_shown_to(approver: &Browser, at: &str) {
    for query in ["reader=no_name", "reference=A-1"] {
        assert_eq!(
            approver
                .get(&format!("{at}?incident=sundmere&{query}"))
                .status,
            403
        );
        assert_eq!(
            approver
                .get(&format!("{at}/preview?incident=sundmere&{query}"))
                .status,
            403
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_for_the_hardest_people_and_that_is_recorded() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, LIST).await;
    let id = scene.template(&house, "Notice", BODY).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let at = format!("/console/templates/{id}");
    hardest_readers_are_found(&comms, &at);
    let bright = comms.get(&format!("{at}/preview?look=wide"));
    assert!(
        bright
            .body
            .contains("name=\"color-scheme\" content=\"light\""),
        "{}",
        bright.body
    );
    bad_readers_are_refused(&comms, &at);
    let approver = site.signed_in("approver", &[Approver]).await;
    no_person_is_shown_to(&approver, &at);
    let program = site.program(&[Comms]).await;
    let asked = json!({ "incident": "sundmere", "reader": "right_to_left" });
    let shown = program
        .post(&format!("/templates/{id}/preview"), &asked)
        .json();
    assert!(shown["reader"].as_str().unwrap().contains("A-4"), "{shown}");
    let weak = site.program(&[Approver]).await;
    assert_eq!(
        weak.post(&format!("/templates/{id}/preview"), &asked)
            .status,
        403
    );

    let (counts, _) = house.app.noticed.take();
    let read = counts
        .iter()
        .filter(|(key, _)| key.action.as_str() == "person.read");
    let times: u64 = read.map(|(_, count)| count.times).sum();
    assert_eq!(
        times, 9,
        "each look at a real person is counted for the audit log"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_by_a_reader_that_no_person_is_says_how_many_were_looked_at() {
    let (house, scene, site) = Scene::open("").await;
    let id = scene.template(&house, "Notice", BODY).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let at = format!("/console/templates/{id}?incident=sundmere&reader=no_name");
    assert!(comms.page(&at).contains("has no people in scope yet"));
    scene
        .import(
            &house,
            "reference,email,name,elements\nA-1,a@example.org,Bo,name\n",
        )
        .await;
    assert!(
        comms
            .page(&at)
            .contains("None of the 1 person looked at is a person without a name")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_save_that_came_too_late_shows_the_others_change_and_keeps_what_was_typed() {
    let (house, scene, site) = Scene::open("").await;
    let id = scene
        .template(&house, "Notice", "A thief took it. {{ elements }}")
        .await;
    let (ana, bo) = (
        site.signed_in("ana", &[Comms]).await,
        site.signed_in("bo", &[Comms]).await,
    );
    let at = format!("/console/templates/{id}");
    let to = format!("{at}/versions");
    let save = |browser: &Browser, version: &str, body: &str| {
        let fields = [
            ("locale", "en"),
            ("subject", "Notice of data breach"),
            ("body", body),
            ("version", version),
        ];
        browser.submit(&at, &to, &fields)
    };
    assert_eq!(
        save(&ana, "1", "A thief stole it. {{ elements }}").status,
        303
    );
    let late = save(&bo, "1", "A thief took it from us. {{ elements }}");
    assert_eq!(late.status, 409, "{}", late.body);
    for words in [
        "What was saved while you wrote",
        "[removed] </span>took<",
        "[added] </span>stole<",
        "A thief took it from us. {{ elements }}",
        "name=\"version\" value=\"2\"",
        "ana wrote a version just now",
    ] {
        assert!(late.body.contains(words), "{words}: {}", late.body);
    }
    assert_eq!(
        save(&bo, "2", "A thief stole it from us. {{ elements }}").status,
        303
    );
    assert_eq!(
        house
            .number("select max(version) from template_version")
            .await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_in_a_real_browser() {
    if let Some(missing) = missing() {
        return did_not_run("the_editor_in_a_real_browser", missing);
    }
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, LIST).await;
    let id = scene.template(&house, "Notice", BODY).await;
    let staff = site.staff("comms", &[Comms]).await;
    let email = staff.email.as_ref().unwrap().as_str();
    let given = json!({
        "base": site.url, "template": format!("/console/templates/{id}"),
        "account": { "email": email, "password": PASSWORD },
    });
    println!("{}", walk("editor.mjs", given.to_string()).await);
}
