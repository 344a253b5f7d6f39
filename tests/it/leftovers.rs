//! Lists that say where the rest is, the audit log by incident, actor and action, refused rows as their file has them, and
//! what a correction that corrects nothing leads to.

use std::collections::BTreeSet;

use candor::actor::Actor;
use candor::audit::{self, Action, Event, link};
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::id::StaffId;
use candor::incident::{Facts, steer};
use candor::notice::account::account;
use candor::staff::StaffRole::{Auditor, Comms};
use chrono::TimeDelta;
use serde_json::json;

use crate::client::{Browser, Site};
use crate::house::House;
use crate::people::{Scene, list, list_of_three_without_phones};

const AT: &str = "/console/incidents/sundmere";

fn get(browser: &Browser, path: &str) -> String {
    let seen = tokio::task::block_in_place(|| browser.get(path));
    assert_eq!(seen.status, 200, "{path}: {}", seen.body);
    seen.body
}

#[track_caller]
fn has(page: &str, words: &str) {
    assert!(page.contains(words), "“{words}” is not in {page}");
}

/// Writes so many acts of one kind on something.
async fn acts(house: &House, by: StaffId, action: &str, on: &str, n: usize) {
    let mut tx = house.app.db.begin().await.unwrap();
    let now = house.app.now();
    for n in 0..n {
        let detail = json!({ "turn": n, "why_not": "no reason" });
        // Some are of a newer program.
        let event = Event::new(now, Actor::Staff(by), Action::KeyAdd, on, &detail);
        let event = Event {
            action: action.to_owned(),
            ..event
        };
        audit::store::write(&mut tx, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_what_is_acknowledged_of_a_correction_says_that_these_people_then_count_as_corrected() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(4, "name;phone")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    // Two were told of a telephone number that is not theirs; one is not affected any more.
    let second = list_of_three_without_phones();
    scene.import(&house, &second).await;
    let told_too_much = async || {
        let mut conn = house.app.db.get().await.unwrap();
        account(&mut conn, scene.incident)
            .await
            .unwrap()
            .told_too_much
    };
    assert_eq!(told_too_much().await, 3);
    let (kind, resend) = (CampaignKind::Correction, UncertainPolicy::Resend);
    let campaign = scene.draft(&house, kind, resend).await;
    let review = match launch::submit(&house.app, scene.comms, campaign).await {
        Err(CampaignError::NotReady(review, _)) => review,
        other => panic!("{other:?}"),
    };
    let of = |key: &str| {
        let found = review.acknowledge.iter().find(|one| one.key == key);
        found.unwrap_or_else(|| panic!("{key}: {:?}", review.acknowledge))
    };
    has(
        &of("en:told-wrongly=3").why,
        "once it is sent, these 3 people count as corrected and leave “Told too much”, although the text does not say \
         what was wrong.",
    );
    has(
        &of("en:not-affected=1").why,
        "once it is sent, this person counts as corrected and leaves “Told too much”, although the text does not say \
         that they are not affected.",
    );
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    has(
        &get(&comms, &format!("/console/campaigns/{campaign}")),
        "these 3 people count as corrected",
    );
    // It is as the words have it: what they know is what they were last told.
    scene.launch(&house, campaign).await;
    house.send_all().await;
    assert_eq!(told_too_much().await, 0);
    has(
        &get(&comms, "/console"),
        "was last told all that was exposed, and nothing else",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_that_need_somebody_come_first_on_the_dashboard_then_the_latest() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    for slug in ["second", "third"] {
        house.app.clock.advance(TimeDelta::minutes(1));
        let opened = steer::open(&house.app, scene.comms, slug, slug, &Facts::new()).await;
        opened.unwrap();
    }
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let order = |page: &str| {
        let (_, accounted) = page.split_once("Everyone accounted for").unwrap();
        let links = accounted.split("<h3><a href=\"/console/incidents/").skip(1);
        let slugs = links.map(|rest| rest.split('"').next().unwrap().to_owned());
        slugs.collect::<Vec<_>>()
    };
    // Two people of the first are told nothing, and no campaign reaches them.
    assert_eq!(
        order(&get(&comms, "/console")),
        ["sundmere", "third", "second"]
    );
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let moved = "update incident set state = 'notifying' where slug = 'sundmere'";
    house.sql(moved).await;
    assert_eq!(
        order(&get(&comms, "/console")),
        ["third", "second", "sundmere"]
    );
}

/// The numbers of the rows of the audit page, and the address of the earlier ones.
fn numbers(page: &str) -> (Vec<i64>, Option<String>) {
    let rows = page.split("<th data-label=\"No.\" scope=\"row\"").skip(1);
    let number = |row: &str| {
        let (_, rest) = row.split_once('>').unwrap();
        let digits = rest.split('<').next().unwrap().replace(',', "");
        digits.trim().parse().unwrap()
    };
    let earlier = page.split_once("\">Earlier</a>").map(|(before, _)| {
        let href = before.rsplit("href=\"").next().unwrap();
        href.replace("&amp;", "&").replace("&#38;", "&")
    });
    (rows.map(number).collect(), earlier)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_what_says_where_the_rest_is_and_the_audit_log_shows_the_acts_of_an_incident() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let few = get(&comms, AT);
    assert!(
        !few.contains("These are the latest acts"),
        "all of them are there"
    );
    let incident = scene.incident.to_string();
    acts(&house, scene.comms, "incident.title", &incident, 130).await;
    acts(
        &house,
        scene.approver,
        "template.version",
        "tpl_elsewhere",
        30,
    )
    .await;
    link::all(&house.app).await.unwrap();
    has(
        &get(&comms, AT),
        "These are the latest acts. Older ones are in the audit log, which auditors read.",
    );
    let page = get(&auditor, AT);
    has(
        &page,
        "These are the latest acts. <a href=\"/console/audit?incident=sundmere\">",
    );

    // All pages of the incident: its own acts and those of its campaigns, each once, the latest first.
    let mut next = Some("/console/audit?incident=sundmere".to_owned());
    let (mut all, mut pages, mut bodies) = (Vec::new(), 0, String::new());
    while let Some(address) = next {
        let page = get(&auditor, &address);
        let (rows, earlier) = numbers(&page);
        assert!(rows.len() <= 100);
        all.extend(rows);
        bodies += &page;
        pages += 1;
        next = earlier;
    }
    let expected = format!(
        "select count(*) from audit_event where subject in ('{incident}', '{campaign}') and seq is not null"
    );
    assert_eq!(all.len() as i64, house.number(&expected).await);
    assert_eq!(pages, 2);
    assert!(all.is_sorted_by(|a, b| a > b), "{all:?}");
    assert!(!bodies.contains("tpl_elsewhere"));
    has(&bodies, "campaign.launch");
    has(
        &bodies,
        "<dt>why not</dt><dd class=\"hash\" dir=\"auto\">no reason</dd>",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_filtered_by_actor_and_action_page_by_page() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    acts(&house, scene.approver, "template.version", "tpl_a", 120).await;
    acts(&house, scene.comms, "template.create", "tpl_b", 1).await;
    acts(&house, scene.comms, "templates.version", "tpl_c", 1).await;
    link::all(&house.app).await.unwrap();
    let count = async |of: &str| {
        let sql = format!("select count(*) from audit_event where seq is not null and {of}");
        house.number(&sql).await as usize
    };
    let all_of = |query: &str| {
        let mut next = Some(format!("/console/audit?{query}"));
        let mut all = BTreeSet::new();
        while let Some(address) = next {
            let page = get(&auditor, &address);
            let (rows, earlier) = numbers(&page);
            for row in rows {
                assert!(all.insert(row), "{row} stands on two pages of {query}");
            }
            next = earlier;
        }
        all.len()
    };
    let (comms, approver) = (Actor::Staff(scene.comms), Actor::Staff(scene.approver));
    assert_eq!(all_of("act=template"), 121);
    assert_eq!(all_of("act=template.version"), 120);
    assert_eq!(all_of("act=template.v"), 0);
    assert_eq!(all_of(&format!("act=template&by={comms}")), 1);
    let by_approver = count(&format!("actor = '{approver}'")).await;
    assert_eq!(all_of(&format!("by={approver}")), by_approver);
    assert_eq!(all_of("on=tpl_a&act=template.version"), 120);
    let of_system = count("actor like 'system:%'").await;
    assert_eq!(all_of("by=system%3A"), of_system);
    has(
        &get(&auditor, "/console/audit?act=nothing.such"),
        "No such act is in the log.",
    );
    has(&get(&auditor, "/console/audit?act=template"), "Show all");
    let missing = tokio::task::block_in_place(|| auditor.get("/console/audit?incident=nowhere"));
    assert_eq!(missing.status, 404);
    // Rows that the program did not write are no acts.
    house
        .sql(&format!(
            "alter table audit_event disable trigger all;
             insert into audit_event (id, seq, at, actor, action, subject, detail, prev_hash, hash) values
                 (gen_random_uuid(), -7, now(), '{approver}', 'template.version', 'tpl_a', '{{}}', '\\x00', '\\x01');
             alter table audit_event enable trigger all"
        ))
        .await;
    assert_eq!(all_of("on=tpl_a"), 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_of_an_added_file_shows_its_cells_as_that_file_has_them() {
    let house = House::new().await;
    Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let add = |query: &str, list: &str| {
        let (page, to) = (format!("{AT}/import"), format!("{AT}/scopes{query}"));
        let sent =
            tokio::task::block_in_place(|| comms.upload(&page, &to, &[("mode", "delta")], list));
        assert_eq!(sent.status, 303, "{}", sent.body);
    };
    add(
        "",
        "reference,email,elements\nr1,a@example.org,name\nr9,z@example.org,name,one more\n",
    );
    // Other columns in another order; a row with a cell too many, one with a cell too few, one with a bad cell.
    add(
        "?draft=add",
        "name,elements,reference,email\nBo,name,r2,b@example.org,surplus\nCy,name,r3\nDee,shoe_size,r4,d@example.org\n",
    );
    // A column that is new once more.
    add("?draft=add", "reference,elements,postcode\nr5,name,98101\n");
    let page = get(&comms, &format!("{AT}/scopes/1"));
    for cells in [
        "r9 | z@example.org | name | one more<",
        "Bo | name | r2 | b@example.org | surplus<",
        "Cy | name | r3<",
        ">shoe_size<",
    ] {
        has(&page, cells);
    }
    // The download has the draft's columns, each cell under its own, and what is too many behind the reason.
    let file = get(&comms, &format!("{AT}/scopes/1/rejects"));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(file.as_bytes());
    let head: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(
        head,
        [
            "reference",
            "email",
            "elements",
            "name",
            "postcode",
            "line",
            "column",
            "reason"
        ]
    );
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect())
        .collect();
    let of = |reference: &str| rows.iter().find(|row| row[0] == reference).unwrap();
    assert_eq!(of("r9")[..5], ["r9", "z@example.org", "name", "", ""]);
    assert_eq!(of("r9")[8..], ["one more"]);
    assert_eq!(of("r2")[..5], ["r2", "b@example.org", "name", "Bo", ""]);
    assert_eq!(of("r2")[8..], ["surplus"]);
    assert_eq!(
        of("r4")[..5],
        ["r4", "d@example.org", "shoe_size", "Dee", ""]
    );
}
