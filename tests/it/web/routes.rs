//! Every route with every caller: strangers, each role by session and by key, and valid links. And promise P7: reading
//! changes nothing.

use std::collections::BTreeMap;

use candor::campaign::CampaignKind;
use candor::id::{NoticeId, PersonId, PostalId, TemplateId};
use candor::link::StatusLink;
use candor::recall::{Corrections, Named, steer};
use candor::staff::StaffRole;
use candor::ticket::intake;
use candor::web::problem::Kind;
use candor::web::{Access, endpoints};

use crate::client::{ApiClient, Browser, Seen, Site};
use crate::house::House;
use crate::people::{Scene, list};

/// Does both walks in a house. Returns a value for every path parameter, and the person with the status link and the
/// ticket.
pub async fn furnish(house: &House) -> (BTreeMap<&'static str, String>, PersonId) {
    let scene = Scene::new(house).await;
    let version = scene.import(house, &list(3, "name;ssn")).await;
    let campaign = scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    let id = async |sql: &str| -> uuid::Uuid {
        let rows = house.raw().await.query(sql, &[]).await.unwrap();
        rows[0].get(0)
    };
    let person = PersonId::from_uuid(id("select id from person order by id").await);
    // A second incident: one of the routes revokes its links.
    let other = PersonId::from_uuid(id("select id from person order by id desc").await);
    let asked = intake::ask(&house.app, scene.incident, person, "", "What was taken?").await;
    let ticket = asked.unwrap().ticket().clone();
    let wrong = Named {
        words: Some("was broken into".to_owned()),
        ..Named::default()
    };
    let right = Corrections::from([("en".to_owned(), "It was not.".to_owned())]);
    let recall = steer::propose(&house.app, scene.comms, scene.incident, (wrong, right)).await;
    let epoch = 0;
    house
        .sql(
            "insert into postal_batch (id, incident_id, kind, state, taken_by, taken_at, people)
             select gen_random_uuid(), i.id, 'letter', 'listed', i.created_by, now(), 0 from incident i",
        )
        .await;
    let batch = PostalId::from_uuid(id("select id from postal_batch").await);
    let things = BTreeMap::from([
        ("token", StatusLink { person, epoch }.token(&house.app.keys)),
        ("slug", "sundmere".to_owned()),
        ("incident", "sundmere".to_owned()),
        ("claim", "contact_phone".to_owned()),
        ("version", version.to_string()),
        ("batch", batch.to_string()),
        ("campaign", campaign.to_string()),
        (
            "template",
            TemplateId::from_uuid(id("select id from template").await).to_string(),
        ),
        (
            "notice",
            NoticeId::from_uuid(id("select id from notice").await).to_string(),
        ),
        ("recall", recall.unwrap().to_string()),
        ("ticket", ticket.id.to_string()),
        ("person", other.to_string()),
        ("number", ticket.number.to_string()),
        ("staff", scene.approver.to_string()),
    ]);
    (things, person)
}

/// The address of a route with its parameters filled in; where the house has no value, a well-formed id that does not
/// exist.
fn address(path: &str, things: &BTreeMap<&'static str, String>) -> String {
    let parts = path.split('/').map(|part| {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        match name {
            Some(name) => things.get(name).map_or("none", String::as_str),
            None => part,
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn knock(browser: &Browser, method: &str, path: &str, csrf: &str) -> Seen {
    match method {
        "GET" => browser.get(path),
        "PATCH" => browser.patch(path, &[("x-csrf-token", csrf)], ""),
        _ => browser.post(path, &[("csrf", csrf)], &[]),
    }
}

fn call(program: &ApiClient, method: &str, path: &str) -> Seen {
    let path = path.strip_prefix("/api/v1").unwrap();
    match method {
        "GET" => program.get(path),
        "PATCH" => program.patch(path, &[], ""),
        _ => program.post(path, &serde_json::json!({})),
    }
}

fn is_at_the_door(seen: &Seen) -> bool {
    seen.status == 401
        || seen
            .header("location")
            .starts_with("/console/sign-in?next=")
}

fn is_refused(seen: &Seen) -> bool {
    seen.status == 403 && seen.body.contains(Kind::NotAllowed.title())
}

/// Any answer to an empty form is right, as long as the handler gave it.
fn let_in(seen: &Seen) -> bool {
    let not_ours = seen.body.contains(Kind::FormNotOurs.title());
    !is_at_the_door(seen) && !is_refused(seen) && !not_ours && !matches!(seen.status, 405 | 500..)
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_on_all_routes_but_the_public_ones() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let (mut things, _) = furnish(&house).await;
    things.insert("token", "forged".to_owned());
    let (browser, mut program) = (site.browser(), site.program(&[StaffRole::Comms]).await);
    let csrf = browser.get("/console/sign-in").csrf().to_owned();
    for key in [
        "",
        "cnd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "junk",
    ] {
        program.key = key.to_owned();
        for (method, path, who) in endpoints() {
            let address = address(&path, &things);
            let api = path.starts_with("/api/v1");
            let seen = match api {
                true => call(&program, method.as_str(), &address),
                false => knock(&browser, method.as_str(), &address, &csrf),
            };
            let fine = match who {
                Access::Anyone => let_in(&seen),
                Access::Link => seen.status == 404,
                Access::Staff | Access::May(_) => is_at_the_door(&seen),
            };
            assert!(fine, "{method} {path}: {} {}", seen.status, seen.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_use_the_routes_of_its_rights_and_no_other() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let (things, _) = furnish(&house).await;
    for role in StaffRole::ALL.iter().copied() {
        let program = site.program(&[role]).await;
        for (n, (method, path, who)) in endpoints().into_iter().enumerate() {
            // A browser for each route: one of them signs out.
            let browser = match path.starts_with("/api/v1") {
                true => None,
                false => Some(site.signed_in(&format!("{role}{n}"), &[role]).await),
            };
            let address = address(&path, &things);
            let seen = match &browser {
                None => call(&program, method.as_str(), &address),
                Some(browser) => {
                    // The pages behind a status link have forms of their own.
                    let csrf = match who {
                        Access::Link => browser
                            .get(&format!("/s/{}", things["token"]))
                            .csrf()
                            .to_owned(),
                        // Public pages do not look at sessions.
                        Access::Anyone if !path.starts_with("/console") => {
                            browser.get("/verify").csrf().to_owned()
                        }
                        _ => browser.get("/console/sign-in").csrf().to_owned(),
                    };
                    knock(browser, method.as_str(), &address, &csrf)
                }
            };
            let expected = match who {
                Access::Anyone | Access::Link | Access::Staff => true,
                Access::May(right) => role.may(right),
            };
            let fine = if expected {
                let_in(&seen)
            } else {
                is_refused(&seen)
            };
            assert!(
                fine,
                "{role}: {method} {path}: {} {}",
                seen.status, seen.body
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_link_and_a_forged_one_get_the_same_page() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let (things, _) = furnish(&house).await;
    let revoked = format!("/s/{}", things["token"]);
    house.sql("update person set link_epoch = 2").await;
    let browser = site.browser();
    let pages = [revoked.as_str(), "/s/forged", "/nowhere"].map(|path| browser.get(path));
    for page in &pages {
        assert_eq!((page.status, &page.body), (404, &pages[0].body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_does_not_open_the_api_nor_a_key_the_console() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    furnish(&house).await;
    let browser = site.signed_in("ana", StaffRole::ALL).await;
    assert_eq!(browser.get("/api/v1/incidents/sundmere").status, 401);
    let key = site.program(StaffRole::ALL).await.key;
    let bearer = format!("Bearer {key}");
    let seen = site
        .browser()
        .post("/console/sign-out", &[], &[("authorization", &bearer)]);
    assert_eq!(seen.status, 401);
}

/// A hash over every row of every table, one value a table.
pub async fn rows(house: &House) -> BTreeMap<String, String> {
    let client = house.raw().await;
    let tables = client
        .query("select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'", &[])
        .await
        .unwrap();
    let mut found = BTreeMap::new();
    for table in tables {
        let table: String = table.get(0);
        let sql = format!(
            "select count(*) || ':' || coalesce(md5(string_agg(ctid::text || xmin::text, ',' order by ctid)), '') \
             from \"{table}\""
        );
        found.insert(table, client.query_one(&sql, &[]).await.unwrap().get(0));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_reading_changes_nothing() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let (things, _) = furnish(&house).await;
    let (stranger, staff) = (site.browser(), site.signed_in("all", StaffRole::ALL).await);
    let program = site.program(StaffRole::ALL).await;
    // What each process does at its start.
    candor::deployment::keys::check(&house.app).await.unwrap();
    let before = rows(&house).await;
    assert!(before.len() > 20);
    for (method, path, _) in endpoints()
        .into_iter()
        .filter(|(method, ..)| method == "GET")
    {
        let address = address(&path, &things);
        match path.starts_with("/api/v1") {
            true => drop(call(&program, method.as_str(), &address)),
            false => {
                stranger.get(&address);
                let seen = staff.get(&address);
                assert!(seen.status < 500, "{path}: {}", seen.body);
            }
        }
    }
    let mut after = rows(&house).await;
    // Reads are recorded, and when a session was last used.
    let is_kept = |table: &str| table.starts_with("audit_") || table == "staff_session";
    after.retain(|table, _| !is_kept(table));
    let mut before = before;
    before.retain(|table, _| !is_kept(table));
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_guarded_and_personal_ones_are_not_kept() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    for path in [
        "/healthz",
        "/nowhere",
        "/s/forged",
        "/console/sign-in",
        "/console/nowhere",
        "/api/v1/x",
    ] {
        let seen = browser.get(path);
        assert!(
            seen.header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert_eq!(seen.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(seen.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(seen.header("cache-control"), "no-store", "{path}");
        let hidden = ["/s/", "/console", "/api"]
            .iter()
            .any(|part| path.starts_with(part));
        assert_eq!(
            seen.header("x-robots-tag").contains("noindex"),
            hidden,
            "{path}"
        );
    }
    let style = browser.get(candor::web::page::css_path());
    assert_eq!(style.status, 200);
    assert!(style.header("cache-control").contains("immutable"));
    assert_eq!(browser.get("/readyz").json()["status"], "ready");
    assert_eq!(browser.get("/metrics").status, 404, "not for the public");
}
