//! Pages that staff read, refused pages and failed sign-ins are in the audit log, and no page waits for the log.

use std::time::{Duration, Instant};

use candor::audit::noticed;
use candor::id::TicketId;
use candor::person::find::{Clue, find};
use candor::staff::StaffRole::{Agent, Auditor, Comms, Lead};
use candor::ticket::intake;
use serde_json::Value;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

/// Action, subject, number of reads and number of people, of each counted entry.
async fn counted(house: &House) -> Vec<(String, String, i64, i64)> {
    noticed::write(&house.app).await.unwrap();
    let sql = "select action, subject, detail from audit_event where detail like '%times%' order by written_at, id";
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    let read = |row: &tokio_postgres::Row| {
        let detail: Value = serde_json::from_str(row.get(2)).unwrap();
        let number = |name: &str| detail[name].as_i64().unwrap_or(0);
        (row.get(0), row.get(1), number("times"), number("rows"))
    };
    rows.iter().map(read).collect()
}

fn of<'a>(found: &'a [(String, String, i64, i64)], action: &str) -> Vec<(&'a str, i64, i64)> {
    let those = found.iter().filter(|(what, ..)| what == action);
    let mut those: Vec<_> = those
        .map(|(_, on, times, rows)| (on.as_str(), *times, *rows))
        .collect();
    // The clock stands still, so several entries have the same time.
    those.sort_unstable();
    those
}

/// Reads one person, one ticket, the refused rows and two previews through the API and the console.
async fn read(house: &House, site: &Site, scene: &Scene, version: i32) -> (String, TicketId) {
    let (comms, agent) = (site.program(&[Comms]).await, site.program(&[Agent]).await);
    let clerk = site.signed_in("clerk", &[Comms]).await;
    let lead = site.signed_in("lead", &[Lead]).await;

    let found = agent
        .get("/incidents/sundmere/people?reference=R-00001")
        .json();
    let person = found["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(agent.get(&format!("/people/{person}")).status, 200);
    assert_eq!(clerk.get("/console/incidents/sundmere/people").status, 200);
    assert_eq!(comms.get("/incidents/sundmere/people").status, 200);
    let asked = intake::ask(
        &house.app,
        scene.incident,
        person.parse().unwrap(),
        "",
        "Why me?",
    )
    .await;
    let ticket = asked.unwrap().ticket().id;
    for _ in 0..2 {
        assert_eq!(agent.get(&format!("/tickets/{ticket}")).status, 200);
    }
    assert_eq!(lead.get(&format!("/console/tickets/{ticket}")).status, 200);
    assert_eq!(lead.get("/console/helpline").status, 200);
    let rejects = format!("/incidents/sundmere/scopes/{version}");
    assert_eq!(clerk.get(&format!("/console{rejects}")).status, 200);
    assert_eq!(clerk.get(&format!("/console{rejects}/rejects")).status, 200);
    assert_eq!(comms.get(&format!("{rejects}/rejects")).status, 200);

    let template = scene.template(house, "Preview", "Dear {{ name }}").await;
    let at = format!("/templates/{template}");
    let asked = serde_json::json!({ "incident": "sundmere", "reference": "R-00002" });
    assert_eq!(comms.post(&format!("{at}/preview"), &asked).status, 200);
    let query = "incident=sundmere&reference=R-00002";
    for part in ["", "/preview"] {
        let page = format!("/console{at}{part}?{query}");
        assert_eq!(clerk.get(&page).status, 200);
    }
    (person, ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_people_tickets_and_rejects_is_recorded_once_a_view() {
    let (house, scene, site) = Scene::open("").await;
    let bad = |n| format!("R-BAD{n},not an address,B,en,US-CA,name\n");
    let people = list(3, "name") + &bad(1) + &bad(2);
    let version = scene.import(&house, &people).await;
    let (person, ticket) = read(&house, &site, &scene, version).await;

    let found = counted(&house).await;
    let incident = scene.incident.to_string();
    let incident = incident.as_str();
    assert_eq!(of(&found, "people.find"), [(incident, 1, 1)]);
    let clue = Clue::Reference("R-00002".to_owned());
    let shown = find(&house.app, scene.incident, &clue).await.unwrap();
    let shown = shown[0].id.to_string();
    let mut read = [
        (person.as_str(), 1, 1),
        (shown.as_str(), 1, 1),
        (shown.as_str(), 2, 2),
    ];
    read.sort_unstable();
    assert_eq!(of(&found, "person.read"), read);
    assert_eq!(
        of(&found, "people.read"),
        [(incident, 1, 3), (incident, 1, 3)]
    );
    let ticket = ticket.to_string();
    assert_eq!(
        of(&found, "ticket.read"),
        [(ticket.as_str(), 1, 1), (ticket.as_str(), 2, 2)]
    );
    assert_eq!(of(&found, "tickets.read"), [("queue", 1, 1)]);
    assert_eq!(of(&found, "rejects.read"), [(incident, 1, 2)]);
    assert_eq!(
        of(&found, "rejects.download"),
        [(incident, 1, 2), (incident, 1, 2)]
    );
    let person_named =
        "select count(*) from audit_event where detail ilike '%R-0%' or detail like '%@%'";
    assert_eq!(house.number(person_named).await, 0, "nothing personal");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_and_refused_acts_are_recorded_and_counted() {
    let (house, scene, site) = Scene::open("").await;
    let ana = site.staff("ana", &[Auditor]).await;
    let browser = site.browser();
    for _ in 0..10 {
        browser.sign_in("ana@staff.example", "not the password at all");
    }
    browser.sign_in("ana@staff.example", "not the password at all");
    browser.sign_in("nobody@staff.example", "my secret typed in the wrong field");
    let mut program = site.program(&[Agent]).await;
    assert_eq!(program.post("/stop", &serde_json::json!({})).status, 403);
    program.key = "cnd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
    assert_eq!(program.get("/tickets").status, 401);
    let clerk = site.signed_in("clerk", &[Agent]).await;
    assert_eq!(clerk.get("/console/audit").status, 403);

    let found = counted(&house).await;
    let ana = ana.id.to_string();
    assert_eq!(
        of(&found, "staff.sign_in_refused"),
        [(ana.as_str(), 10, 0), ("unknown account", 1, 0)]
    );
    assert_eq!(of(&found, "staff.sign_in_limited"), [("sign-in", 1, 0)]);
    assert_eq!(
        of(&found, "act.refused"),
        [("GET /console/audit", 1, 0), ("POST /api/v1/stop", 1, 0)]
    );
    assert_eq!(of(&found, "key.refused"), [("unknown key", 1, 0)]);
    let _ = scene;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_waits_for_the_log_and_reads_are_written_to_it_later() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name")).await;
    let comms = site.program(&[Comms]).await;
    let holder = house.raw().await;
    holder
        .batch_execute("begin; lock table audit_event in access exclusive mode")
        .await
        .unwrap();
    let begun = Instant::now();
    assert_eq!(comms.get("/incidents/sundmere/people").status, 200);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert!(noticed::write(&house.app).await.is_err());
    holder.batch_execute("commit").await.unwrap();
    let incident = scene.incident.to_string();
    let found = counted(&house).await;
    assert_eq!(of(&found, "people.read"), [(incident.as_str(), 1, 3)]);
}
