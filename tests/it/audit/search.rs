//! The audit log for an auditor: search by an id, an address, a time; and what campaigns and activations were for.

use candor::actor::Actor;
use candor::audit::link;
use candor::campaign::{CampaignKind, UncertainPolicy, hold, launch};
use candor::postal::take::{self, Insist};
use candor::postal::{PostalKind, post};
use candor::scope::consent::{Confirmed, Consent};
use candor::scope::{ScopeMode, activate};
use candor::staff::StaffRole::Auditor;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::client::{Browser, Site};
use crate::house::House;
use crate::html::has;
use crate::people::{Scene, list, submitted};

/// A page of the log.
fn page(auditor: &Browser, query: &str) -> String {
    let address = format!("/console/audit?{query}");
    auditor.page(&address)
}

/// The actions on a page of the log, the latest first.
fn actions(page: &str) -> Vec<String> {
    let cells = page
        .split("<td data-label=\"Action\" class=\"mono\">")
        .skip(1);
    let word = |cell: &str| {
        let (_, rest) = cell.split_once('>').unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    cells.map(word).collect()
}

/// The latest details of an action.
async fn detail(house: &House, action: &str) -> Value {
    let row = house
        .raw()
        .await
        .query_one(
            "select detail from audit_event where action = $1 order by written_at desc limit 1",
            &[&action],
        )
        .await
        .unwrap();
    serde_json::from_str(row.get(0)).unwrap()
}

/// A list of people without e-mail addresses.
fn by_post(n: usize) -> String {
    let mut csv = "reference,name,locale,jurisdiction,elements,address\n".to_owned();
    for i in 0..n {
        csv.push_str(&format!(
            "N{i:03},Person {i},en,US-WA,name,\"{i} Pier Road\"\n"
        ));
    }
    csv
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_list_of_letters_finds_the_acts_on_it() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &by_post(3)).await;
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let insist = Insist {
        anyway: true,
        ..Insist::default()
    };
    let first = take::take(app, by, of, PostalKind::Letter, insist).await;
    let first = first.unwrap();
    post::discard(app, by, first.id).await.unwrap();
    let second = take::take(app, by, of, PostalKind::Letter, insist).await;
    let second = second.unwrap();
    link::all(app).await.unwrap();
    let site = Site::open(app).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let on = |id: &str| actions(&page(&auditor, &format!("on={id}")));
    assert_eq!(
        on(&first.id.to_string()),
        ["letters.discard", "letters.export"]
    );
    assert_eq!(on(&second.id.to_string()), ["letters.export"]);
    let both = format!("on={}&incident=sundmere&act=letters", first.id);
    assert_eq!(actions(&page(&auditor, &both)).len(), 2);
    // The address of the incident finds the same entries as its id; a reference is reported as neither.
    assert_eq!(
        on("sundmere"),
        actions(&page(&auditor, "incident=sundmere"))
    );
    assert!(on("sundmere").contains(&"incident.open".to_owned()));
    let none = page(&auditor, "on=N001");
    has(&none, "No such action is in the log.");
    has(&none, "“N001” is not an id.");
    let none = page(&auditor, &format!("on=tkt_{}", "0".repeat(32)));
    assert!(!none.contains("is not an id"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_of_everything_stands_under_each_incident_that_was_open_then() {
    let house = House::new().await;
    let admin = house.staff(&["admin"]).await;
    let (app, by) = (&house.app, Actor::Staff(admin));
    hold::stop_everything(app, by).await.unwrap();
    hold::start_again(app, by).await.unwrap();
    // The database's clock sets `created_at` of the incident.
    let scene = Scene::new(&house).await;
    let opened = "update incident set created_at = $at where true";
    house.app.clock.advance(TimeDelta::hours(1));
    let at = house.app.now().to_rfc3339();
    house.sql(&opened.replace("$at", &format!("'{at}'"))).await;
    house.app.clock.advance(TimeDelta::minutes(1));
    let by = Actor::Staff(scene.comms);
    hold::stop_everything(app, by).await.unwrap();
    link::all(app).await.unwrap();
    let site = Site::open(app).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let found = |query: &str| actions(&page(&auditor, query));
    assert_eq!(found("incident=sundmere&act=sending"), ["sending.stop"]);
    assert_eq!(
        found("act=sending"),
        ["sending.stop", "sending.start", "sending.stop"]
    );
    has(
        &page(&auditor, ""),
        "stops of all sending since it was opened",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_are_found_by_day_and_minute_and_by_actions_in_capitals() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    for n in 0..120 {
        let name = format!("t{n}");
        scene.template(&house, &name, "Text").await;
    }
    // The clock of the house stands at 9:00; this is the next day.
    app.clock
        .advance(TimeDelta::hours(24) + TimeDelta::minutes(10));
    scene.template(&house, "later", "Text").await;
    app.clock.advance(TimeDelta::minutes(1));
    scene.template(&house, "latest", "Text").await;
    link::all(app).await.unwrap();
    let site = Site::open(app).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let of = "act=template.create&";
    let found = |query: &str| actions(&page(&auditor, &format!("{of}{query}"))).len();
    assert_eq!(found("from=2026-11-24"), 2);
    assert_eq!(found("from=2026-11-24+09%3A11"), 1);
    assert_eq!(found("from=2026-11-24T09:10&to=2026-11-24T09:10"), 1);
    assert_eq!(found("to=2026-11-22"), 0);
    assert_eq!(found("from=2026-11-23&to=2026-11-24"), 100);
    assert_eq!(found("to=2026-11-23"), 100);
    assert_eq!(
        actions(&page(&auditor, "act=Template.Create&from=2026-11-24")).len(),
        2
    );
    // The second page links back, and keeps the search.
    let first = page(&auditor, &format!("{of}to=2026-11-23"));
    assert!(!first.contains(">Newest</a>"), "{first}");
    let (before, _) = first.split_once("\">Earlier</a>").unwrap();
    let earlier = before.rsplit("href=\"").next().unwrap();
    let earlier = earlier.replace("&amp;", "&").replace("&#38;", "&");
    let second = tokio::task::block_in_place(|| auditor.get(&earlier));
    assert_eq!(actions(&second.body).len(), 20);
    has(
        &second.body.replace("&#38;", "&").replace("&amp;", "&"),
        "href=\"/console/audit?act=template.create&to=2026-11-23\">Newest</a>",
    );
    // The page says which search term it cannot read, next to that term.
    for (query, words) in [
        ("from=29.11.2026", "Write a day like 2026-11-29"),
        ("to=2026-02-30", "Write a day like 2026-11-29"),
        (
            "before=abc",
            "names a page by something that is not a number",
        ),
    ] {
        let address = format!("/console/audit?{query}");
        let seen = tokio::task::block_in_place(|| auditor.get(&address));
        assert_eq!(seen.status, 400, "{query}");
        has(&seen.body, words);
        assert!(!seen.body.contains("Invalid digit"), "{}", seen.body);
        assert!(actions(&seen.body).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_a_campaign_was_created_for_and_for_how_many_it_was_approved() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(7, "name;ssn")).await;
    let (kind, resend) = (CampaignKind::Initial, UncertainPolicy::Resend);
    let campaign = scene.draft(&house, kind, resend).await;
    let created = detail(&house, "campaign.create").await;
    assert_eq!(created["kind"], "initial");
    assert!(created["template"].as_str().unwrap().starts_with("tpl_"));
    assert_eq!(created["template_version"], 1);
    assert!(created["audience"].is_object() && created["limits"].is_object());
    let hash = submitted(&house.app, scene.comms, campaign).await.unwrap();
    assert_eq!(detail(&house, "campaign.submit").await["people"], 7);
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    let approved = json!({ "content_hash": hash, "people": 7, "waived": [] });
    assert_eq!(detail(&house, "campaign.approve").await, approved);
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    assert_eq!(detail(&house, "campaign.launch").await["people"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_was_confirmed_of_a_list_and_its_page_names_each_figure() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(4, "name;ssn")).await;
    let version = scene
        .read(&house, ScopeMode::Full, &list(3, "name;ssn"))
        .await;
    let confirmed = Confirmed {
        retracted: Some(1),
        ..Confirmed::default()
    };
    let (app, of) = (&house.app, scene.incident);
    let consent = Consent::Numbers(confirmed);
    activate::activate(app, scene.comms, of, version, consent)
        .await
        .unwrap();
    let said = detail(&house, "scope.activate").await;
    assert_eq!(said["confirmed"], json!({ "retracted": 1 }));
    link::all(app).await.unwrap();
    let site = Site::open(app).await;
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    let shown = page(&auditor, "act=scope.activate");
    has(&shown, "<tr class=\"more\"><td colspan=\"6\"><details>");
    has(
        &shown,
        "<dt>delta · people retracted</dt><dd class=\"hash\" dir=\"auto\">1</dd>",
    );
    has(
        &shown,
        "<dt>confirmed · retracted</dt><dd class=\"hash\" dir=\"auto\">1</dd>",
    );
    assert!(
        !shown.contains("{&quot;") && !shown.contains("{&#34;"),
        "{shown}"
    );
}
