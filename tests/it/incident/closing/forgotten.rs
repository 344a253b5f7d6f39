//! Nothing follows a forgotten incident.

use candor::campaign::CampaignKind;
use candor::incident::steer::{self, SteerError};
use candor::incident::{Facts, IncidentState, UpdateKind};
use candor::link::{NoticeCode, StatusLink};
use candor::person::find::{Clue, find};
use candor::scope::ScopeMode;
use candor::scope::import::{ImportError, Source, import};
use candor::staff::StaffRole;
use candor::ticket::{agent, intake};

use super::{forget_it, go_through, no_campaign_is_drafted};
use crate::client::Browser;
use crate::house::House;
use crate::people::{Scene, list};

/// What a page of a forgotten incident must not say.
const PROMISES: [&str; 7] = [
    "adviser",
    "we write to you",
    "Start scoping",
    "New campaign",
    "Import a list",
    "Am I affected?</a></p>",
    " · about ",
];

/// An incident that is closed and forgotten, with a notice, a solved ticket and a draft campaign; returns the paths of
/// one person's status page and of their ticket.
async fn ended(house: &House, scene: &Scene) -> (String, String) {
    let facts = Facts::from([("next_update".to_owned(), "2026-12-24".to_owned())]);
    let (app, by, incident) = (&house.app, scene.comms, scene.incident);
    let version = super::version(house, incident).await;
    steer::edit_facts(app, by, incident, version, "Theft of data", &facts)
        .await
        .unwrap();
    steer::publish_facts(app, by, incident, version + 1)
        .await
        .unwrap();
    use IncidentState::*;
    go_through(house, scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(house, &list(2, "name")).await;
    scene.launched(house, CampaignKind::Initial).await;
    let clue = Clue::Reference("R-00000".to_owned());
    let person = find(app, incident, &clue).await.unwrap().remove(0);
    let asked = intake::ask(app, incident, person.id, "", "Was it me?").await;
    let number = asked.unwrap().ticket().number.clone();
    let taken = agent::take_next(app, by).await.unwrap().unwrap();
    let then = candor::ticket::Then {
        resolution: Some(candor::ticket::TicketResolution::Answered),
        ..candor::ticket::Then::to(candor::ticket::TicketStatus::Solved)
    };
    agent::reply(app, by, taken.id, agent::Seen::of(&taken), "Yes.", &then)
        .await
        .unwrap();
    house.send_all().await;
    go_through(house, scene, &[Monitoring, Closed]).await;
    let link = StatusLink {
        person: person.id,
        epoch: person.link_epoch,
    };
    let status = format!("/s/{}", link.token(&app.keys));
    let ticket = format!("{status}/tickets/{number}");
    (status, ticket)
}

/// The code of a sent notice is still recognised as genuine.
async fn its_code_is_genuine(house: &House, browser: &Browser) {
    let notice = house
        .raw()
        .await
        .query_one("select id from notice limit 1", &[])
        .await
        .unwrap();
    let code = NoticeCode::of(
        candor::id::NoticeId::from_uuid(notice.get(0)),
        &house.app.keys,
    );
    let checked = browser.submit("/verify", "/verify", &[("code", &code.to_string())]);
    assert!(
        checked.body.contains("Yes, it is genuine"),
        "{}",
        checked.body
    );
}

async fn nothing_changes_it(house: &House, scene: &Scene) {
    let (app, by, incident) = (&house.app, scene.comms, scene.incident);
    let version = super::version(house, incident).await;
    let reopened = steer::move_to(app, by, incident, version, IncidentState::Scoping).await;
    let edited = steer::edit_facts(app, by, incident, version, "Other", &Facts::new()).await;
    let facts = steer::publish_facts(app, by, incident, version).await;
    let update = steer::publish(app, by, incident, UpdateKind::Known, "More.", None).await;
    for refused in [reopened, edited, facts, update.map(|_| ())] {
        assert!(matches!(refused, Err(SteerError::Forgotten)), "{refused:?}");
    }
    let source = Source::File(std::io::Cursor::new(list(1, "name").into_bytes()));
    let more = import(app, by, incident, ScopeMode::Full, source, |_| {}).await;
    assert!(matches!(more, Err(ImportError::Forgotten)), "{more:?}");
    no_campaign_is_drafted(house, scene).await;
}

fn is_closed(browser: &Browser, status: &str, ticket: &str) {
    for page in [status, ticket, &format!("{ticket}/asked")] {
        assert_eq!(browser.get(page).status, 200, "{page}");
    }
    for page in [status, "/incidents/sundmere"] {
        let said = browser.get(page).body;
        assert!(!said.contains("Next update"), "closed, {page}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_nothing_follows_a_forgotten_incident_and_no_page_of_it_promises_anything() {
    let (house, scene, site) = Scene::open("").await;
    let (status, ticket) = ended(&house, &scene).await;
    let browser = site.browser();
    let staff = site.signed_in("all", StaffRole::ALL).await;
    is_closed(&browser, &status, &ticket);
    let admin = house.staff(&["admin"]).await;
    forget_it(&house, admin, &scene).await.unwrap();

    nothing_changes_it(&house, &scene).await;

    let unknown = browser.get("/s/forged").body;
    for page in [&status, &ticket, &format!("{ticket}/asked")] {
        let seen = browser.get(page);
        assert_eq!((seen.status, &seen.body), (404, &unknown), "{page}");
    }
    let public = browser.get("/incidents/sundmere");
    assert!(public.status == 200 && public.body.contains("we deleted the names and addresses"));
    let campaign = house
        .raw()
        .await
        .query_one("select id from campaign where status = 'completed'", &[])
        .await
        .unwrap();
    let campaign = candor::id::CampaignId::from_uuid(campaign.get(0));
    for page in ["/", "/incidents/sundmere"] {
        let said = browser.get(page).body;
        assert!(!said.contains("Next update"), "{page}: {said}");
    }
    let console = [
        "/console".to_owned(),
        "/console/incidents/sundmere".to_owned(),
        "/console/incidents/sundmere/facts/publish".to_owned(),
        format!("/console/campaigns/{campaign}"),
        format!("/console/tickets/{}", ticket.rsplit('/').next().unwrap()),
        "/console/helpline?status=solved".to_owned(),
    ];
    let shown = console.iter().map(|page| staff.get(page));
    for seen in shown.chain([public]) {
        assert_eq!(seen.status, 200, "{}", seen.body);
        // The page of a campaign keeps the approved words.
        let before = seen
            .body
            .split("The text for a sample person")
            .next()
            .unwrap();
        for promise in PROMISES {
            assert!(!before.contains(promise), "{promise}: {before}");
        }
    }
    its_code_is_genuine(&house, &browser).await;
}

/// An earlier release forgot incidents although tickets were open.
#[tokio::test(flavor = "multi_thread")]
async fn d3_take_next_and_the_queue_know_no_tickets_of_forgotten_incidents() {
    let (house, scene, site) = Scene::open("").await;
    let app = &house.app;
    scene.import(&house, &list(2, "name")).await;
    for reference in ["R-00000", "R-00001"] {
        let clue = Clue::Reference(reference.to_owned());
        let person = find(app, scene.incident, &clue).await.unwrap().remove(0);
        intake::ask(app, scene.incident, person.id, "", "What now?")
            .await
            .unwrap();
    }
    let mine = agent::take_next(app, scene.comms).await.unwrap().unwrap();
    house
        .sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    assert!(agent::take_next(app, scene.comms).await.unwrap().is_none());
    let staff = site.signed_in("lead", StaffRole::ALL).await;
    let queue = staff.get("/console/helpline").body;
    assert!(queue.contains("<b>0</b> waiting"), "{queue}");
    let open = staff.get("/console/helpline?status=open").body;
    assert!(open.contains("its incident was forgotten"), "{open}");
    let page = staff.get(&format!("/console/tickets/{}", mine.id)).body;
    assert!(page.contains("Its incident was forgotten"), "{page}");
    assert!(!page.contains("Reply to customer") && !page.contains("reply due"));
}
