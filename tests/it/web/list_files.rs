//! The lists of notices and people as files, and the search in a list: what they show, who sees it, and what the audit
//! log records.

use candor::audit::noticed;
use candor::campaign::CampaignKind;
use candor::staff::StaffRole::{Agent, Approver, Auditor, Comms};

use crate::client::Site;
use crate::house::House;
use crate::people::Scene;

/// A reference that a spreadsheet would take for a formula.
const LIST: &str = "reference,email,name,locale,jurisdiction,elements\n\
    =SUM(1),ana@example.org,Ana,en,US-CA,name;ssn\n\
    R-2,bo@example.org,Bo,en,US-WA,name\n";

async fn people_read(house: &House) -> i64 {
    noticed::write(&house.app).await.unwrap();
    house
        .number("select count(*) from audit_event where action = 'people.read'")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_notices_and_people_are_files_without_formulas_and_their_reading_is_on_record() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, LIST).await;
    let id = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let site = Site::open(&house.app).await;
    let auditor = site.signed_in("olu", &[Auditor]).await;
    let at = format!("/console/campaigns/{id}/notices.csv");
    let file = auditor.get(&format!("{at}?status=sent"));
    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").ends_with("-sent.csv\""));
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(
        lines[0],
        "notice,reference,address,language,state,attempts,last_reply,changed_at,next_try_at"
    );
    assert_eq!(lines.len(), 3, "{}", file.body);
    assert!(file.body.contains(",'=SUM(1),a•••@e•••"), "{}", file.body);
    assert!(!file.body.contains("ana@"), "{}", file.body);
    assert_eq!(people_read(&house).await, 1);
    assert_eq!(
        auditor
            .get(&format!("{at}?status=bounced"))
            .body
            .lines()
            .count(),
        1
    );

    let at = "/console/incidents/sundmere/people.csv";
    let file = auditor.get(&format!("{at}?jurisdiction=US-WA")).body;
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(file.contains("R-2,b•••@e•••"), "{file}");
    assert!(people_read(&house).await > 1);
    let program = site.program(&[Comms]).await;
    for path in [
        format!("/campaigns/{id}/notices.csv"),
        "/incidents/sundmere/people.csv".to_owned(),
    ] {
        assert_eq!(program.get(&path).body.lines().count(), 3, "{path}");
    }
    let approver = site.signed_in("ines", &[Approver, Agent]).await;
    assert_eq!(approver.get(at).status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_found_by_the_reference_of_its_person() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, LIST).await;
    let id = scene.launched(&house, CampaignKind::Initial).await;
    house.freeze_all().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("ana", &[Comms]).await;
    let list = format!("/console/campaigns/{id}/notices");
    let seek = |reference: &str| {
        let typed = [("reference", reference)];
        comms.submit(&list, &format!("{list}/find"), &typed)
    };
    let found = comms.follow(&seek(" r-2 "));
    assert!(found.body.contains("R-2"), "{}", found.body);
    for unknown in ["R-3", ""] {
        let refused = seek(unknown);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(
            refused.body.contains("Check the reference."),
            "{}",
            refused.body
        );
    }
    let program = site.program(&[Comms]).await;
    let found = program
        .get(&format!("/campaigns/{id}/notices?reference=R-2"))
        .json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    let none = program.get(&format!(
        "/campaigns/{id}/notices?reference=R-2&status=bounced"
    ));
    assert_eq!(none.json()["items"].as_array().unwrap().len(), 0);
    let approver = site.program(&[Approver]).await;
    let refused = approver.get(&format!("/campaigns/{id}/notices?reference=R-2"));
    assert_eq!(refused.status, 403);
}
