//! Findings of rules in submitted campaigns: no approval while one is open, who may waive it, and what becomes of an approval
//! if a waiver changes (P5).

use candor::campaign::change::Change;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, Overview};
use candor::campaign::waiver::{waive, withdraw};
use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::id::CampaignId;
use candor::staff::StaffRole::{Approver, Comms};
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::html::{has, lacks};
use crate::people::{Scene, list};

/// Turns all rules on.
const RULES: &str = "[lint]\noff = []\n";
const REASON: &str = "Counsel read it: the title stands on the envelope of 3 December.";
const BUREAUS: &str = "en:law.us-ca.bureaus";

fn californians() -> String {
    list(3, "name;ssn").replace("US-WA", "US-CA")
}

async fn overview(house: &House, id: CampaignId) -> Overview {
    let mut conn = house.app.db.get().await.unwrap();
    store::overview(&mut conn, id).await.unwrap()
}

/// The keys of the blocking findings.
async fn blocking(house: &House, id: CampaignId) -> Vec<String> {
    let found = overview(house, id).await.judged.remarks.into_iter();
    let blocking = found.filter(|one| one.blocking);
    blocking.map(|one| one.finding).collect()
}

async fn drafted(house: &House, scene: &Scene) -> CampaignId {
    scene.import(house, &californians()).await;
    let (kind, resend) = (CampaignKind::Initial, UncertainPolicy::Resend);
    scene.draft(house, kind, resend).await
}

async fn waive_all(house: &House, scene: &Scene, id: CampaignId) {
    for finding in blocking(house, id).await {
        waive(&house.app, scene.approver, id, &finding, REASON)
            .await
            .unwrap();
    }
}

fn changed(refused: Result<(), CampaignError>) -> Vec<String> {
    match refused {
        Err(CampaignError::ApprovalVoid(changed)) => changed.iter().map(Change::word).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_with_an_open_finding_is_submitted_and_not_approved() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    let id = drafted(&house, &scene).await;
    let early = waive(app, scene.approver, id, BUREAUS, REASON).await;
    assert!(
        matches!(early, Err(CampaignError::NotToWaive(_))),
        "{early:?}"
    );
    let hash = launch::submit(app, scene.comms, id).await.unwrap();
    let open = blocking(&house, id).await;
    assert!(open.contains(&BUREAUS.to_owned()), "{open:?}");
    assert!(open.contains(&"en:law.us-ca.what-happened".to_owned()));
    match launch::approve(app, scene.approver, id, &hash).await {
        Err(CampaignError::Unwaived(findings)) => assert_eq!(findings.len(), open.len()),
        other => panic!("{other:?}"),
    }
    // Neither its author nor a reason of a few words will do.
    let own = waive(app, scene.comms, id, BUREAUS, REASON).await;
    assert!(matches!(own, Err(CampaignError::SamePerson)), "{own:?}");
    for reason in [
        "",
        "   it is fine       ",
        "a\nb of more than twenty characters",
        &"x".repeat(501),
    ] {
        let short = waive(app, scene.approver, id, BUREAUS, reason).await;
        assert!(
            matches!(short, Err(CampaignError::WaiverReason)),
            "{short:?}"
        );
    }
    let unknown = waive(app, scene.approver, id, "en:any.hedge", REASON).await;
    assert!(
        matches!(unknown, Err(CampaignError::NoFinding)),
        "{unknown:?}"
    );
    waive_all(&house, &scene, id).await;
    let again = waive(app, scene.approver, id, BUREAUS, REASON).await;
    assert!(matches!(again, Err(CampaignError::Waived)), "{again:?}");
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    launch::launch(app, scene.comms, id).await.unwrap();
    // The evidence: who, what, and the reason, sealed.
    let waived = house
        .number("select count(*) from audit_event where action = 'campaign.waive'")
        .await;
    assert_eq!(usize::try_from(waived).unwrap(), open.len());
    let relied = "select count(*) from audit_event where action = 'campaign.approve' and detail like '%law.us-ca.bureaus%'";
    assert_eq!(house.number(relied).await, 1);
    let plain = "select count(*) from audit_event where detail like '%Counsel%'";
    assert_eq!(house.number(plain).await, 0);
    let late = waive(app, scene.approver, id, BUREAUS, REASON).await;
    assert!(
        matches!(late, Err(CampaignError::NotToWaive(_))),
        "{late:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_waiver_that_is_withdrawn_or_added_after_the_approval_voids_it() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    let id = drafted(&house, &scene).await;
    let hash = launch::submit(app, scene.comms, id).await.unwrap();
    waive_all(&house, &scene, id).await;
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    assert!(!overview(&house, id).await.waivers_changed);

    withdraw(app, scene.approver, id, BUREAUS).await.unwrap();
    assert_eq!(
        changed(launch::launch(app, scene.comms, id).await),
        ["waivers"]
    );
    let twice = withdraw(app, scene.approver, id, BUREAUS).await;
    assert!(matches!(twice, Err(CampaignError::NoFinding)), "{twice:?}");
    // A new waiver is not the one that the approval relied on.
    waive(app, scene.approver, id, BUREAUS, REASON)
        .await
        .unwrap();
    assert_eq!(
        changed(launch::launch(app, scene.comms, id).await),
        ["waivers"]
    );
    let site = Site::open(app).await;
    let page = site
        .signed_in("cleo", &[Comms])
        .await
        .page(&format!("/console/campaigns/{id}"));
    has(&page, "Approval void: the waivers of findings changed");

    // The same content again: its waivers hold, and a new approval relies on them.
    launch::take_back(app, scene.comms, id).await.unwrap();
    let again = launch::submit(app, scene.comms, id).await.unwrap();
    assert_eq!(again, hash);
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    launch::launch(app, scene.comms, id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_another_content_needs_waivers_of_its_own() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    let id = drafted(&house, &scene).await;
    launch::submit(app, scene.comms, id).await.unwrap();
    waive_all(&house, &scene, id).await;
    launch::take_back(app, scene.comms, id).await.unwrap();
    house
        .sql("update campaign set limits = '{\"rate_per_second\": 7}'")
        .await;
    let hash = launch::submit(app, scene.comms, id).await.unwrap();
    let refused = launch::approve(app, scene.approver, id, &hash).await;
    assert!(
        matches!(refused, Err(CampaignError::Unwaived(_))),
        "{refused:?}"
    );
    assert_eq!(overview(&house, id).await.judged.waivers, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_who_waive_the_same_finding_at_once_leave_one_waiver() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let app = &house.app;
    let id = drafted(&house, &scene).await;
    launch::submit(app, scene.comms, id).await.unwrap();
    let other = house.staff(&["approver"]).await;
    let (one, two) = tokio::join!(
        waive(app, scene.approver, id, BUREAUS, REASON),
        waive(app, other, id, BUREAUS, REASON),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let ((Err(refused), _) | (_, Err(refused))) = (one, two) else {
        unreachable!()
    };
    assert!(matches!(refused, CampaignError::Waived), "{refused:?}");
    let held = "select count(*) from campaign_waiver where withdrawn_at is null";
    assert_eq!(house.number(held).await, 1);
}

/// The page of a campaign to Massachusetts, Japan and Texas says which rules Candor knows.
async fn the_page_says_what_is_known(site: &Site, told: &str) {
    let page = site
        .signed_in("ada", &[Comms])
        .await
        .page(&format!("/console/campaigns/{told}"));
    has(&page, "Candor knows no rule about texts for JP.");
    has(
        &page,
        "For US-TX Candor knows only rules of the whole country.",
    );
    has(&page, "law.us-ma.nature");
    has(&page, "<q dir=\"auto\">A hacker broke in.</q>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_for_massachusetts_must_not_say_what_happened_and_japan_has_no_rule() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let csv = list(3, "name")
        .replacen("US-WA", "US-MA", 1)
        .replacen("US-WA", "JP", 1)
        .replacen("US-WA", "US-TX", 1);
    scene.import(&house, &csv).await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let text = |body: &str| json!({ "en": { "subject": "Notice", "body": body } });
    let draft = |name: &str, body: &str| {
        let made = comms.post(
            "/templates",
            &json!({ "name": name, "variants": text(body) }),
        );
        assert_eq!(made.status, 201, "{}", made.body);
        let new =
            json!({ "incident": "sundmere", "template": made.json()["id"], "kind": "initial" });
        comms.post("/campaigns", &new).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let told = draft(
        "told",
        "## What happened\n\nA hacker broke in.\n\nStolen: {{ elements }}.\n\n{{ guidance }}",
    );
    let audience = comms.get(&format!("/campaigns/{told}/audience")).json();
    let rules = audience["rules"].as_array().unwrap();
    let nature = rules
        .iter()
        .find(|one| one["rule"] == "law.us-ma.nature")
        .unwrap();
    assert_eq!(nature["places"], json!(["US-MA"]));
    assert_eq!(
        (&nature["people"], &nature["blocking"]),
        (&json!(1), &json!(true))
    );
    let lines: Vec<_> = nature["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["line"])
        .collect();
    assert!(
        lines.contains(&&json!(1)) && lines.contains(&&json!(3)),
        "{nature}"
    );
    assert_eq!(audience["unknown_places"], json!(["JP"]));
    the_page_says_what_is_known(&site, &told).await;

    let silent = draft("silent", "Stolen: {{ elements }}.\n\n{{ guidance }}");
    let audience = comms.get(&format!("/campaigns/{silent}/audience")).json();
    assert!(!audience["rules"].to_string().contains("law.us-ma.nature"));
}

/// A program of an approver waives a finding and withdraws the waiver; others may not, and no stale version does.
async fn an_approver_waives_by_the_api(house: &House, site: &Site, id: CampaignId, first: &str) {
    let (comms, program) = (
        site.program(&[Comms]).await,
        site.program(&[Approver]).await,
    );
    let path = format!("/campaigns/{id}/waivers");
    let seen = program.get(&path).json();
    let open = seen["open"].as_u64().unwrap();
    assert!(open > 1, "{seen}");
    let version = overview(house, id).await.campaign.version;
    let body = json!({ "finding": first, "reason": REASON, "version": version });
    assert_eq!(comms.post(&path, &body).status, 403);
    let stale = json!({ "finding": first, "reason": REASON, "version": version - 1 });
    assert_eq!(program.post(&path, &stale).status, 409);
    let done = program.post(&path, &body);
    assert_eq!(done.status, 200, "{}", done.body);
    let done = done.json();
    assert_eq!(done["open"], json!(open - 1));
    let of = done["findings"].as_array().unwrap().iter();
    let waived: Vec<_> = of.filter(|one| !one["waiver"].is_null()).collect();
    assert_eq!(
        (waived.len(), &waived[0]["waiver"]["reason"]),
        (1, &json!(REASON))
    );
    let body = json!({ "finding": first, "version": version + 1 });
    let gone = program.post(&format!("{path}/withdraw"), &body);
    assert_eq!((gone.status, &gone.json()["open"]), (200, &json!(open)));
}

#[tokio::test(flavor = "multi_thread")]
async fn approvers_waive_on_the_page_and_by_the_api() {
    let house = House::with(RULES).await;
    let scene = Scene::new(&house).await;
    let id = drafted(&house, &scene).await;
    launch::submit(&house.app, scene.comms, id).await.unwrap();
    let site = Site::open(&house.app).await;
    let path = format!("/console/campaigns/{id}");
    let author = site.signed_in("ada", &[Comms]).await.page(&path);
    has(&author, "law.us-ca.bureaus");
    lacks(&author, "Waive this finding");
    let bo = site.signed_in("bo", &[Approver]).await;
    let page = bo.page(&path);
    has(&page, "A rule found something that is not settled.");
    has(&page, "Waive this finding");
    has(&page, "Read and decide");
    let decide = bo.page(&format!("{path}/approval"));
    has(&decide, "A rule found something that is not settled.");
    has(&decide, "law.us-ca.bureaus");
    has(&decide, &format!("href=\"{path}#findings\""));
    lacks(&decide, "You approve exactly this content");
    let waivers = format!("{path}/waivers");
    let first = blocking(&house, id).await.remove(0);
    let short = bo.submit(
        &path,
        &waivers,
        &[("finding", &first), ("reason", "Because it is so")],
    );
    assert_eq!(short.status, 422, "{}", short.body);
    has(
        &short.body,
        "a reason for a waiver has 20 to 500 characters",
    );
    has(&short.body, "Because it is so");
    let done = bo.submit(&path, &waivers, &[("finding", &first), ("reason", REASON)]);
    assert_eq!(done.status, 303, "{}", done.body);
    let page = bo.follow(&done).body;
    has(&page, "The finding is waived under your name.");
    has(&page, "Waived by ");
    has(&page, REASON);
    let gone = bo.submit(
        &path,
        &format!("{waivers}/withdraw"),
        &[("finding", &first)],
    );
    assert_eq!(gone.status, 303, "{}", gone.body);

    an_approver_waives_by_the_api(&house, &site, id, &first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_checked_before_they_are_a_template() {
    let house = House::with(RULES).await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let rules = comms.get("/rules").json();
    assert!(rules["items"].as_array().unwrap().len() > 60);
    let asked = json!({
        "variants": { "de": { "subject": "Hinweis", "body": "## Was geschehen ist\n\nEin Dieb nahm Daten: {{ elements }}." } },
        "jurisdictions": ["DE-BY", "JP"], "elements": ["name"],
    });
    let found = comms.post("/lint", &asked);
    assert_eq!(found.status, 200, "{}", found.body);
    let found = found.json();
    let of = |rule: &str| {
        found["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["rule"] == rule)
    };
    assert!(
        of("law.gdpr.contact") && of("law.gdpr.consequences"),
        "{found}"
    );
    assert!(!of("law.gdpr.nature") && !of("law.us-ca.title"), "{found}");
    assert_eq!(found["unknown_places"], json!(["JP"]));
    assert_eq!(comms.post("/lint", &json!({})).status, 400);
    let wrong = json!({ "variants": {}, "jurisdictions": ["Bavaria"] });
    assert_eq!(comms.post("/lint", &wrong).status, 400);
}
