//! Each key, link, session and password can be revoked by itself.

use candor::actor::{Actor, System};
use candor::id::StaffId;
use candor::link::StatusLink;
use candor::staff::StaffRole::{Admin, Agent, Auditor, Comms};
use candor::staff::{key, manage};
use candor::ticket::released;
use chrono::TimeDelta;
use serde_json::json;

use crate::client::{ApiClient, PASSWORD, Seen, Site};
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;

const SYSTEM: Actor = Actor::System(System::Cli);

fn the_same_by_commands(house: &House, program: &mut ApiClient, account: StaffId) {
    let command = Program::of(house);
    let made = command.ok(&["key", "create", "--account", &account.to_string()]);
    program.key = made.lines().last().unwrap().to_owned();
    assert!(opens(program));
    let listed = command.ok(&["key", "list"]);
    assert_eq!(listed.matches("revoked").count(), 2, "{listed}");
    let live = listed
        .lines()
        .find(|line| !line.contains("revoked"))
        .unwrap();
    let id = live.split(' ').next().unwrap();
    assert!(command.ok(&["key", "revoke", id]).contains("revoked"));
    assert!(!opens(program));
    assert_eq!(command.run(&["key", "revoke", id]).status.code(), Some(1));
}

fn opens(program: &ApiClient) -> bool {
    program.get("/incidents/sundmere").status == 200
}

const ME: &str = "/console/me";
const NEW: &str = "another horse battery staple";

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_revoked_for_good_and_the_account_goes_on_with_another() {
    let (house, scene, site) = Scene::open("").await;
    let mut program = site.program(&[Comms]).await;
    let old = program.key.clone();
    let account = house
        .raw()
        .await
        .query_one("select staff_id, id from api_key", &[])
        .await
        .unwrap();
    let account_id = StaffId::from_uuid(account.get(0));
    let key_id = candor::id::KeyId::from_uuid(account.get(1));
    let new = key::add(&house.app, SYSTEM, account_id)
        .await
        .unwrap()
        .expose();

    let admin = site.signed_in("root", &[Admin]).await;
    let page = admin.get("/console/staff");
    assert!(page.body.contains(&key_id.to_string()));
    let revoke = format!("/console/keys/{key_id}/revoke");
    let auditor = site.signed_in("aud", &[Auditor]).await;
    assert_eq!(auditor.submit("/console/staff", &revoke, &[]).status, 403);
    assert_eq!(admin.submit("/console/staff", &revoke, &[]).status, 303);
    assert_eq!(
        admin.submit("/console/staff", &revoke, &[]).status,
        404,
        "twice"
    );
    assert!(!opens(&program), "the revoked one");
    program.key = new;
    assert!(opens(&program), "the other one");

    // Enabling the account brings back neither the session nor the key.
    released::disable(&house.app, SYSTEM, account_id)
        .await
        .unwrap();
    manage::enable(&house.app, SYSTEM, account_id)
        .await
        .unwrap();
    for key in [old, program.key.clone()] {
        program.key = key;
        assert!(!opens(&program));
    }
    the_same_by_commands(&house, &mut program, account_id);
    let acts = "select count(*) from audit_event where action in ('key.revoke', 'key.add')";
    assert_eq!(house.number(acts).await, 4);
    let _ = scene;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_links_are_ended_from_their_page_and_by_the_api() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(1, "name")).await;
    let person = house.people().await[0];
    let stranger = site.browser();
    let opens = |epoch| {
        let token = StatusLink { person, epoch }.token(&house.app.keys);
        stranger.get(&format!("/s/{token}")).status == 200
    };
    assert!(opens(0));
    let agent = site.signed_in("agent", &[Agent]).await;
    let page = format!("/console/people/{person}");
    let done = agent.submit(&page, &format!("{page}/revoke-links"), &[]);
    assert!(
        agent
            .follow(&done)
            .body
            .contains("The links sent to this person no longer work")
    );
    assert!(!opens(0) && opens(1));
    let auditor = site.signed_in("aud", &[Auditor]).await;
    assert!(!auditor.get(&page).body.contains("Revoke their links"));
    let program = site.program(&[Comms]).await;
    let path = format!("/people/{person}/revoke-links");
    let seen = program.post(&path, &json!({}));
    assert_eq!((seen.status, &seen.json()["revoked"]), (200, &json!(true)));
    assert!(!opens(1) && opens(2));
    assert_eq!(
        site.program(&[Auditor])
            .await
            .post(&path, &json!({}))
            .status,
        403
    );
    let acts = format!(
        "select count(*) from audit_event where action = 'person.revoke_links' and subject = '{person}'"
    );
    assert_eq!(house.number(&acts).await, 2);
}

fn bad_changes_are_refused(change: impl Fn(&str, &str, &str) -> Seen) {
    assert!(
        change("wrong password here", NEW, NEW)
            .body
            .contains("present password is not right")
    );
    assert!(
        change(PASSWORD, NEW, "another")
            .body
            .contains("not the same as the new password")
    );
    assert!(
        change(PASSWORD, "short", "short")
            .body
            .contains("at least 12 characters")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_change_their_password_and_see_and_end_their_sessions() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Agent]).await;
    let [here, away, third] = [site.browser(), site.browser(), site.browser()];
    for browser in [&here, &away, &third] {
        browser.sign_in("ana@staff.example", PASSWORD);
    }
    let is_in = |browser: &crate::client::Browser| browser.get(ME).status == 200;
    let page = here.get(ME).body;
    assert_eq!(
        page.matches("/console/me/sessions/").count(),
        2,
        "two others"
    );
    let end = page
        .split("action=\"")
        .find(|part| part.starts_with("/console/me/sessions/"))
        .unwrap();
    let end = end.split('"').next().unwrap();
    let other = site.signed_in("bea", &[Agent]).await;
    assert_eq!(other.submit(ME, end, &[]).status, 404, "of another account");
    assert_eq!(here.submit(ME, end, &[]).status, 303);
    assert_eq!(
        [&here, &away, &third]
            .into_iter()
            .filter(|one| is_in(one))
            .count(),
        2
    );

    let change = |present: &str, new: &str, again: &str| {
        here.submit(
            ME,
            "/console/me/password",
            &[("present", present), ("new", new), ("again", again)],
        )
    };
    bad_changes_are_refused(change);
    let done = change(PASSWORD, NEW, NEW);
    assert!(here.follow(&done).body.contains("password is changed"));
    let left: Vec<bool> = [&here, &away, &third].map(is_in).to_vec();
    assert_eq!(left, [true, false, false], "the others end");
    assert_eq!(away.sign_in("ana@staff.example", PASSWORD).status, 422);
    assert_eq!(away.sign_in("ana@staff.example", NEW).status, 303);
    let acts = "select count(*) from audit_event where action in ('staff.change_password', 'staff.end_session')";
    assert_eq!(house.number(acts).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_not_used_for_the_time_of_the_setting() {
    let house = House::with("[sessions]\nidle_minutes = 30").await;
    let site = Site::open(&house.app).await;
    let ana = site.signed_in("ana", &[Agent]).await;
    let is_in = || ana.get("/console/me").status == 200;
    for _ in 0..3 {
        house.app.clock.advance(TimeDelta::minutes(29));
        assert!(is_in(), "it was used");
    }
    house.app.clock.advance(TimeDelta::minutes(31));
    assert!(!is_in());
}
