//! The audit log by incident, actor and action, page by page.

use std::collections::BTreeSet;

use candor::actor::Actor;
use candor::audit::{self, Action, Event, link};
use candor::campaign::CampaignKind;
use candor::id::StaffId;
use candor::staff::StaffRole::{Auditor, Comms};
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::html::has;
use crate::people::{Scene, list};

const AT: &str = "/console/incidents/sundmere";

/// Writes this number of audit entries of one kind for one subject.
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

/// The numbers of the rows on the audit page, and the address of the page of older entries.
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
async fn the_latest_acts_link_to_the_rest_and_the_audit_log_shows_the_acts_of_an_incident() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let few = comms.page(AT);
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
        &comms.page(AT),
        "These are the latest acts. Older ones are in the audit log, which auditors read.",
    );
    let page = auditor.page(AT);
    has(
        &page,
        "These are the latest acts. <a href=\"/console/audit?incident=sundmere\">",
    );

    // All audit pages of the incident: its own acts and those of its campaigns, each once, the latest first.
    let mut next = Some("/console/audit?incident=sundmere".to_owned());
    let (mut all, mut pages, mut bodies) = (Vec::new(), 0, String::new());
    while let Some(address) = next {
        let page = auditor.page(&address);
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
    let (house, scene, site) = Scene::open("").await;
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
            let page = auditor.page(&address);
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
        &auditor.page("/console/audit?act=nothing.such"),
        "No such action is in the log.",
    );
    has(&auditor.page("/console/audit?act=template"), "Show all");
    let missing = tokio::task::block_in_place(|| auditor.get("/console/audit?incident=nowhere"));
    assert_eq!(missing.status, 404);
    // Rows that the program did not write are not shown.
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
