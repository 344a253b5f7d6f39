//! What prevents closing, dismissing, monitoring and forgetting.

use candor::campaign::{CampaignKind, UncertainPolicy, hold, launch};
use candor::erasure::ForgetError;
use candor::incident::IncidentState::{
    Closed, Confirmed, Dismissed, Monitoring, Notifying, Scoping,
};
use candor::incident::open::Untold;
use candor::incident::steer::SteerError;
use candor::person::find::{Clue, find};
use candor::scope::import::{Source, import};
use candor::scope::{ScopeMode, activate};
use candor::staff::StaffRole;
use candor::ticket::agent::{self, Seen};
use candor::ticket::{Then, TicketResolution, TicketStatus, intake};
use serde_json::json;

use super::{forget_it, go, go_through, reasons};
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

/// Two people with an address, one without, one withheld.
const PEOPLE: &str = "reference,email,flags,elements\n\
    A,a@example.org,,name\nB,b@example.org,,name\nC,,,name\nD,d@example.org,hold,name\n";

async fn draft_of_a_list(house: &House, scene: &Scene, csv: &str) -> i32 {
    let source = Source::File(std::io::Cursor::new(csv.to_owned().into_bytes()));
    let mode = ScopeMode::Full;
    import(
        &house.app,
        scene.comms,
        scene.incident,
        mode,
        source,
        |_| {},
    )
    .await
    .unwrap()
    .version
}

async fn solve(house: &House, scene: &Scene) {
    let solved = Then {
        resolution: Some(TicketResolution::Answered),
        ..Then::to(TicketStatus::Solved)
    };
    while let Some(ticket) = agent::take_next(&house.app, scene.comms).await.unwrap() {
        let seen = Seen::of(&ticket);
        agent::reply(
            &house.app,
            scene.comms,
            ticket.id,
            seen,
            "Here it is.",
            &solved,
        )
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_l11_an_incident_is_monitored_with_a_consent_and_closed_when_everything_is_over() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, PEOPLE).await;

    let untold = Untold {
        in_progress: 2,
        needs_letter: 1,
        ..Untold::default()
    };
    let silent = go(&house, &scene, Monitoring, None).await;
    assert!(
        matches!(silent, Err(SteerError::NotTold(left)) if left == untold),
        "{silent:?}"
    );
    let fewer = Untold {
        in_progress: 1,
        ..untold
    };
    let outdated = go(&house, &scene, Monitoring, Some(fewer)).await;
    assert!(matches!(outdated, Err(SteerError::NotTold(_))));
    go(&house, &scene, Monitoring, Some(untold)).await.unwrap();
    let agreed = "select count(*) from audit_event where action = 'incident.move' \
        and detail::jsonb->'untold' = '{\"in_progress\": 2, \"needs_letter\": 1, \"told_too_little\": 0, \
        \"told_too_much\": 0}'";
    assert_eq!(house.number(agreed).await, 1);

    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let clue = Clue::Reference("A".to_owned());
    let person = find(app, scene.incident, &clue).await.unwrap().remove(0).id;
    intake::ask(app, scene.incident, person, "", "What of mine was taken?")
        .await
        .unwrap();
    let second = draft_of_a_list(&house, &scene, PEOPLE).await;
    assert_eq!(
        reasons(go(&house, &scene, Closed, None).await),
        [
            "2 people are in progress: not told yet",
            "1 person needs a letter",
            "1 campaign is under way: let it end, or cancel it",
            "1 ticket is open",
            "1 message waits in the outbox",
            "1 list waits as a draft: activate or discard it",
        ]
    );
    let site = Site::open(app).await;
    let program = site.program(&[StaffRole::Comms]).await;
    let body = json!({ "to": "closed", "version": super::version(&house, scene.incident).await });
    let refused = program.post("/incidents/sundmere/state", &body);
    assert_eq!(
        (refused.status, &refused.json()["open"]["in_progress"]),
        (409, &json!(2))
    );
    assert_eq!(refused.json()["open"]["withheld"], 1);

    house.send_all().await;
    solve(&house, &scene).await;
    house.send_all().await;
    activate::discard(app, scene.comms, scene.incident, second)
        .await
        .unwrap();
    assert_eq!(
        reasons(go(&house, &scene, Closed, None).await),
        ["1 person needs a letter"]
    );
    // The next list no longer names the person without an address.
    let told = PEOPLE.replace("C,,,name\n", "");
    scene.import(&house, &told).await;
    go(&house, &scene, Closed, None).await.unwrap();
    let withheld = "select sum(n) from account_count where standing = 'withheld'";
    assert_eq!(
        house.number(withheld).await,
        1,
        "who is withheld does not block"
    );
    assert!(
        hold::cancel(app, scene.comms, campaign).await.is_err(),
        "it was over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_reopened_incident_stays_public_while_status_pages_link_there() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, &list(1, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    go_through(&house, &scene, &[Monitoring, Closed, Scoping]).await;
    let browser = site.browser();
    assert_eq!(browser.get("/incidents/sundmere").status, 200);
    assert!(browser.get("/").body.contains("/incidents/sundmere"));
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_suspected_incident_with_a_campaign_is_public_and_not_dismissed_before_that_is_over() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    go_through(&house, &scene, &[Confirmed, Scoping]).await;
    scene.import(&house, &list(1, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    // An incident in which people were told before it was confirmed, which was possible in earlier versions.
    house.sql("update incident set state = 'suspected'").await;
    assert_eq!(site.browser().get("/incidents/sundmere").status, 200);
    assert_eq!(
        reasons(go(&house, &scene, Dismissed, None).await),
        ["1 campaign is under way: let it end, or cancel it"]
    );
    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    go(&house, &scene, Dismissed, None).await.unwrap();
    let page = site.browser().get("/incidents/sundmere");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("it was not a breach") && !page.body.contains("we write to you"));
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_forgetting_waits_for_campaigns_messages_lists_and_tickets_and_cancels_drafts() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let (app, admin) = (&house.app, house.staff(&["admin"]).await);
    go_through(&house, &scene, &[Confirmed, Scoping]).await;
    scene.import(&house, &list(3, "name")).await;
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let waits = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    launch::submit(app, scene.comms, waits).await.unwrap();
    let clue = Clue::Reference("R-00000".to_owned());
    let person = find(app, scene.incident, &clue).await.unwrap().remove(0).id;
    intake::ask(app, scene.incident, person, "", "Who has my data now?")
        .await
        .unwrap();
    let second = draft_of_a_list(&house, &scene, &list(4, "name")).await;
    // Such an incident can no longer be dismissed by a move. In a closed incident, people in progress would prevent
    // forgetting too.
    house.sql("update incident set state = 'dismissed'").await;

    let refused = forget_it(&house, admin, &scene).await;
    let Err(ForgetError::StillOpen { reasons, open }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        reasons,
        [
            "1 campaign is under way: let it end, or cancel it",
            "1 ticket is open",
            "1 message waits in the outbox",
            "1 list waits as a draft: activate or discard it",
        ]
    );
    assert_eq!(open.drafts, 1);
    let kept = "select count(*) from incident where wrapped_key is not null";
    assert_eq!(house.number(kept).await, 1);

    // The import of a dead process holds no lock any more, and does not prevent closing.
    house
        .sql(
            "insert into scope_version (incident_id, version, mode, status, created_by, created_at) \
             select id, 9, 'full', 'importing', created_by, now() from incident",
        )
        .await;
    let importing = house.raw().await;
    let lock = candor::scope::store::try_lock_session(&importing, scene.incident).await;
    assert!(lock.unwrap());
    let running = forget_it(&house, admin, &scene).await;
    let said = format!("{}", running.unwrap_err());
    assert!(said.contains("1 list is being imported"), "{said}");
    drop(importing);
    while house
        .number("select count(*) from pg_locks where locktype = 'advisory' and objsubid = 1 \
                 and database = (select oid from pg_database where datname = current_database()) \
                 and pid in (select pid from pg_stat_activity where query like '%pg_try_advisory_lock(%')")
        .await
        > 0
    {
        tokio::task::yield_now().await;
    }

    hold::cancel(app, scene.comms, waits).await.unwrap();
    solve(&house, &scene).await;
    house.send_all().await;
    activate::discard(app, scene.comms, scene.incident, second)
        .await
        .unwrap();
    forget_it(&house, admin, &scene).await.unwrap();
    let status = format!(
        "select count(*) from campaign where id = '{}' and status = 'cancelled' and status_reason is not null",
        draft.uuid()
    );
    assert_eq!(house.number(&status).await, 1);
    let noted = "select count(*) from audit_event where action = 'incident.forget' \
        and detail::jsonb->>'drafts_cancelled' = '1'";
    assert_eq!(house.number(noted).await, 1);
    assert_eq!(
        house
            .number("select count(*) from scope_version where status = 'importing'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_l11_the_console_moves_the_version_that_was_seen_and_asks_with_the_numbers() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    let comms = site.signed_in("comms", &[StaffRole::Comms]).await;
    let at = "/console/incidents/sundmere";
    let to = format!("{at}/state");
    go_through(&house, &scene, &[Confirmed]).await;
    let stale = comms.submit(at, &to, &[("to", "scoping"), ("version", "77")]);
    assert_eq!(stale.status, 422, "{}", stale.body);
    assert!(
        stale
            .body
            .contains("This changed since your page was loaded")
    );
    go_through(&house, &scene, &[Scoping, Notifying]).await;
    scene.import(&house, PEOPLE).await;

    let page = comms.get(at).body;
    assert!(
        page.contains(
            "Some people are not told rightly: 2 people are in progress, 1 person needs a letter."
        ),
        "{page}"
    );
    assert!(!page.contains("Everybody is told"));
    let version = super::version(&house, scene.incident).await.to_string();
    let numbers = [
        ("to", "monitoring"),
        ("version", version.as_str()),
        ("in_progress", "2"),
        ("needs_letter", "1"),
    ];
    let unsaid = comms.submit(at, &to, &numbers);
    assert_eq!(unsaid.status, 422, "the page comes again with its numbers");
    assert!(unsaid.body.contains("name=\"needs_letter\" value=\"1\""));
    assert!(
        unsaid
            .body
            .contains("2 people are in progress, 1 person needs a letter")
    );
    let said = [&numbers[..], &[("confirm", "yes")]].concat();
    assert_eq!(comms.submit(at, &to, &said).status, 303);
    let page = comms.get(at).body;
    assert!(
        page.contains("Not yet: 2 people are in progress: not told yet; 1 person needs a letter.")
    );

    let program = site.program(&[StaffRole::Comms]).await;
    house.sql("update incident set state = 'notifying'").await;
    let seen = program.get("/incidents/sundmere").json()["version"].clone();
    let body = |confirm| json!({ "to": "monitoring", "version": seen, "confirm": confirm });
    let unsaid = program.post("/incidents/sundmere/state", &body(json!(null)));
    let numbers =
        json!({ "in_progress": 2, "needs_letter": 1, "told_too_little": 0, "told_too_much": 0 });
    assert_eq!((unsaid.status, &unsaid.json()["confirm"]), (409, &numbers));
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let row = docs
        .lines()
        .find(|line| line.contains("incidents/{incident}/state"));
    for number in numbers.as_object().unwrap().keys() {
        assert!(
            row.unwrap().contains(&format!("\"{number}\"")),
            "docs/api.md: {number}"
        );
    }
    let said = program.post("/incidents/sundmere/state", &body(numbers));
    assert_eq!(
        (said.status, &said.json()["state"]),
        (200, &json!("monitoring"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_pages_say_that_everybody_is_told_only_when_it_is_true() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    let comms = site.signed_in("comms", &[StaffRole::Comms]).await;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, &list(1, "name")).await;
    let page = || comms.get("/console/incidents/sundmere").body;
    assert!(!page().contains("Everybody is told"));
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    assert!(page().contains("Everybody is told: monitor"));

    // A person who must not be written to is told nothing.
    let held = "reference,email,name,locale,jurisdiction,elements,flags\n\
        R-00000,person0@example.org,Person 0,en,US-WA,name,\nH1,held@example.org,Held,en,US-WA,name,hold\n";
    scene.import(&house, held).await;
    let page = page();
    assert!(!page.contains("Everybody is told"), "{page}");
    assert!(
        page.contains("1 person is withheld and stays untold."),
        "{page}"
    );
}
