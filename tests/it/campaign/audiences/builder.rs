//! The page, the API and the browser of the builder.

use candor::staff::StaffRole::{Approver, Auditor};

use super::*;
use crate::client::Browser;
use crate::people::submitted;

pub(super) const PAGE: &str = "/console/incidents/sundmere/audience";

/// Ten people: two read Spanish, one has no address, one is under a legal hold, one has the flag `minor`.
pub(super) fn ten() -> String {
    let mut csv = HEADER.to_owned();
    for n in 0..10 {
        let email = if n == 9 {
            String::new()
        } else {
            format!("p{n}@example.org")
        };
        let locale = if n < 2 { "es" } else { "en" };
        let flags = ["", "", "", "", "", "", "", "minor", "hold", ""][n];
        let place = if n < 5 { "US-CA" } else { "DE" };
        writeln!(csv, "A-{n},{email},Zz,{locale},{place},name;ssn,{flags}").unwrap();
    }
    csv
}

pub(super) async fn open() -> (House, Scene, Site) {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &ten()).await;
    (house, scene, site)
}

/// The words of a page without its tags.
pub(super) fn text(html: &str) -> String {
    let parts = html
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, words)| words));
    let words: Vec<String> = parts
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect();
    words.join(" ")
}

async fn a_number_leads_to_its_people(house: &House, comms: &Browser) {
    let at = format!("{PAGE}/people?kind=initial&jurisdictions=US-CA");
    let people = comms.page(&format!("{at}&term=outside_filter"));
    for n in 0..10 {
        assert_eq!(people.contains(&format!(">A-{n}<")), n >= 5, "{n}");
    }
    assert!(!people.contains("example.org"), "references only");
    assert_eq!(comms.get(&format!("{at}&term=nobody")).status, 404);
    assert_eq!(
        comms.get(&format!("{at}&kind=first&term=gets_it")).status,
        404
    );
    let read = "select count(*) from audit_event where action = 'people.read'";
    candor::audit::noticed::write(&house.app).await.unwrap();
    assert!(house.number(read).await >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_counts_lists_its_people_and_drafts_what_it_counted() {
    let (house, scene, site) = open().await;
    let comms = site.signed_in("Cleo", &[Comms]).await;
    let seen = text(&comms.page(PAGE));
    assert!(
        seen.contains("10 in scope − 1 withheld − 1 needs a letter = 8 will get it"),
        "{seen}"
    );
    let narrowed = format!("{PAGE}?kind=initial&jurisdictions=US-CA&flags_none=minor&from=&to=");
    let page = comms.page(&narrowed);
    let seen = text(&page);
    assert!(
        seen.contains("10 in scope − 5 outside the filter = 5 will get it"),
        "{seen}"
    );
    assert!(seen.contains("US-CA 5"), "{seen}");

    a_number_leads_to_its_people(&house, &comms).await;

    let spanish = Variants::from(["en", "es"].map(|tag| {
        let (subject, body) = ("Notice".to_owned(), LIST.to_owned());
        (tag.to_owned(), Variant { subject, body })
    }));
    let template = edit::create(&house.app, scene.comms, "Both", &spanish)
        .await
        .unwrap();
    let chosen = format!("{narrowed}&template={template}");
    let seen = text(&comms.page(&chosen));
    assert!(
        seen.contains("Español 2 Español") && !seen.contains("no text of their own"),
        "{seen}"
    );
    let drafted = comms.submit(&chosen, PAGE, &[("template", &template.to_string())]);
    let campaign = drafted.goal();
    let page = comms.follow(&drafted);
    let seen = text(&page.body);
    assert!(
        seen.contains("10 in scope − 5 outside the filter = 5 will get it"),
        "{seen}"
    );
    assert!(seen.contains("in US-CA, without the flag minor"), "{seen}");

    // The draft gets another audience from its own page.
    let link = page
        .body
        .split("href=\"")
        .find(|rest| rest.starts_with(PAGE) && rest.contains("draft="));
    let link = link
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let back = comms.submit(&link.replace("US-CA", "DE"), PAGE, &[]);
    assert_eq!(back.goal(), campaign);
    let seen = text(&comms.follow(&back).body);
    assert!(
        seen.contains(
            "10 in scope − 6 outside the filter − 1 withheld − 1 needs a letter = 2 will get it"
        ),
        "{seen}"
    );
    // The link still has the version that was seen before the change.
    let fields = [("query", link.split('?').nth(1).unwrap()), ("version", "1")];
    assert_eq!(comms.submit(&link, PAGE, &fields).status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stays_typed_and_only_some_may_see_people() {
    let (_house, _scene, site) = open().await;
    let comms = site.signed_in("Cleo", &[Comms]).await;
    let page = comms.page(&format!("{PAGE}?elements=1234-hats&from=30&to=10&who=told"));
    for kept in ["1234-hats", "value=\"30\"", "Enter two numbers of per cent"] {
        assert!(page.contains(kept), "{kept}");
    }
    assert!(!page.contains("will get it"));
    let approver = site.signed_in("Ada", &[Approver]).await;
    let page = approver.page(PAGE);
    assert!(text(&page).contains("= 8 will get it") && !page.contains("/audience/people"));
    assert_eq!(
        approver.get(&format!("{PAGE}/people?term=gets_it")).status,
        403
    );
    let auditor = site.signed_in("Otto", &[Auditor]).await;
    let page = auditor.page(PAGE);
    assert!(
        page.contains("term=gets_it&#38;sample=yes")
            || page.contains("term=gets_it&amp;sample=yes")
    );
    assert!(!page.contains("Draft a campaign with this audience"));
    let program = site.program(&[Approver]).await;
    let asked = json!({ "kind": "initial", "sample": true });
    assert_eq!(
        program
            .post("/incidents/sundmere/audience-counts", &asked)
            .status,
        403
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_counts_by_term_language_and_place_with_a_sample() {
    let (house, scene, site) = open().await;
    let program = site.program(&[Comms]).await;
    let template = scene.template(&house, "T", LIST).await;
    let body = json!({ "kind": "initial", "template": template, "sample": true });
    let seen = program.post("/incidents/sundmere/audience-counts", &body);
    assert_eq!(seen.status, 200, "{}", seen.body);
    let answer = seen.json();
    let terms = answer["terms"].as_array().unwrap();
    let left_out: i64 = terms
        .iter()
        .map(|one| one["people"].as_i64().unwrap())
        .sum();
    assert_eq!(answer["people"].as_i64().unwrap() - left_out, 8);
    assert_eq!(
        (&answer["gets_it"], &answer["people"], terms.len()),
        (&json!(8), &json!(10), 9)
    );
    let spanish = json!({ "locale": "es", "people": 2, "text": "en", "is_theirs": false });
    assert!(
        answer["readers"].as_array().unwrap().contains(&spanish),
        "{answer}"
    );
    assert_eq!(
        answer["jurisdictions"][0],
        json!({ "jurisdiction": "US-CA", "people": 5 })
    );
    assert_eq!(answer["sample"].as_array().unwrap().len(), 8);
    let wrong = json!({ "kind": "initial", "audience": { "who": "told" } });
    assert_eq!(
        program
            .post("/incidents/sundmere/audience-counts", &wrong)
            .status,
        422
    );
    assert_eq!(
        program
            .post("/incidents/nowhere/audience-counts", &body)
            .status,
        404
    );
    let added = program.post(
        "/incidents/sundmere/audience-lists",
        &json!({ "references": ["A-0", "no"] }),
    );
    assert_eq!(
        (
            added.status,
            &added.json()["references"],
            &added.json()["known"]
        ),
        (201, &json!(2), &json!(1))
    );
    let only = json!({ "list": added.json()["list"], "references": 2 });
    let body = json!({ "kind": "initial", "audience": { "only_listed": only } });
    let seen = program
        .post("/incidents/sundmere/audience-counts", &body)
        .json();
    assert_eq!(seen["gets_it"], 1);
}

fn both_are_offered(comms: &Browser) {
    for (at, of) in [
        ("/console", "Theft of data: "),
        ("/console/incidents/sundmere", ""),
    ] {
        let page = comms.page(at);
        let seen = text(&page);
        for (words, act, kind) in [
            (
                "2 people were told less than was taken.",
                "Draft a supplement",
                "supplement",
            ),
            (
                "1 person was told of something that is not theirs.",
                "Draft a correction",
                "correction",
            ),
        ] {
            assert!(seen.contains(&format!("{of}{words} {act}")), "{at} {seen}");
            assert!(page.contains(&format!("{PAGE}?kind={kind}")), "{at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_later_list_supplement_and_correction_are_offered_where_they_are_counted() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(4, "name;ssn")).await;
    let first = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let later = list(4, "name;ssn").replacen("name;ssn", "name;ssn;phone", 2);
    let later = later.replace(
        "person3@example.org,Person 3,en,US-WA,name;ssn",
        "person3@example.org,Person 3,en,US-WA,name",
    );
    scene.import(&house, &later).await;
    let comms = site.signed_in("Cleo", &[Comms]).await;
    both_are_offered(&comms);
    let at = format!("{PAGE}?kind=supplement");
    let page = comms.get(&at);
    assert!(
        text(&page.body).contains("4 in scope − 2 told of all that was taken = 2 will get it"),
        "{}",
        text(&page.body)
    );
    // The template of the campaign before is chosen.
    let template = house
        .raw()
        .await
        .query_one(
            "select template_id from campaign where id = $1",
            &[&first.uuid()],
        )
        .await;
    let template = candor::id::TemplateId::from_uuid(template.unwrap().get(0)).to_string();
    assert!(
        page.body
            .contains(&format!("<option value=\"{template}\" selected"))
    );
    let drafted = comms.submit(&at, PAGE, &[("template", &template)]);
    let id: CampaignId = drafted.goal().rsplit('/').next().unwrap().parse().unwrap();
    let hash = submitted(&house.app, scene.comms, id).await.unwrap();
    launch::approve(&house.app, scene.approver, id, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, id).await.unwrap();
    house.mail.take_sent();
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 2);
    assert!(!text(&comms.page("/console")).contains("told less than was taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_builder_in_a_real_browser() {
    if let Some(missing) = crate::web::browser::missing() {
        return crate::mail::did_not_run("the_builder_in_a_real_browser", missing);
    }
    let (house, scene, site) = Scene::open("").await;
    let rows = |elements: &str| list(12, elements).replacen(",en,", ",es,", 4);
    scene.import(&house, &rows("name")).await;
    let english = json!({});
    let first = draft(&house, &scene, CampaignKind::Initial, LIST, english).await;
    let hash = launch::submit_with(&house.app, scene.comms, first, &["es".to_owned()].into()).await;
    launch::approve(&house.app, scene.approver, first, &hash.unwrap())
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, first)
        .await
        .unwrap();
    house.send_all().await;
    let later = rows("name")
        .lines()
        .enumerate()
        .fold(String::new(), |csv, (n, line)| {
            let more = if n > 0 && n % 2 == 1 { ";phone" } else { "" };
            csv + line + more + "\n"
        });
    scene.import(&house, &later).await;
    let email = site.staff("Cleo", &[Comms]).await.email.unwrap();
    let comms = json!({ "email": email.as_str(), "password": crate::client::PASSWORD });
    let house = json!({ "base": site.url, "comms": comms }).to_string();
    crate::web::browser::walk("audience.mjs", house).await;
}
