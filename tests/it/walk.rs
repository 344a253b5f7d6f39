//! Walk (a) by the API alone, a key for every role: from the list of affected people to the notice in the mailbox and
//! the figure. And the steps that are refused.

mod tickets;

use candor::incident::steer;
use candor::staff::StaffRole::{Agent, Approver, Auditor, Comms};
use serde_json::{Value, json};

use crate::client::{ApiClient, Seen, Site};
use crate::house::House;

/// Two valid people, one to be told by post, one withheld; line 6 has two faults.
const LIST: &str = "reference,email,name,locale,jurisdiction,elements,flags\n\
    A-1,ana@example.org,Ana,en,US-CA,name;ssn,\n\
    A-2,bo@example.org,Bo,en,US-WA,name;phone,\n\
    A-3,,Cy,en,US-CA,name,\n\
    A-4,di@example.org,Di,en,US-CA,name;dob,hold\n\
    A-5,not an address,Ed,en,US-CA,shoe_size,\n";

const BODY: &str = "Dear {{ name }},\n\n{{ facts.what_happened }} Taken of yours: {{ elements }}.\n\n\
    {{ guidance }}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}";

/// The keys of all roles that the walk needs.
struct Cast {
    comms: ApiClient,
    approver: ApiClient,
    agent: ApiClient,
}

impl Cast {
    async fn of(site: &Site) -> Self {
        Self {
            comms: site.program(&[Comms, Approver]).await,
            approver: site.program(&[Approver]).await,
            agent: site.program(&[Agent]).await,
        }
    }

    /// An incident with a list in force; its id.
    fn incident(&self) -> String {
        let new = json!({ "slug": "sundmere", "title": "Theft of data",
            "facts": { "what_happened": "Somebody got in." } });
        let id = text(&ok(&self.comms.post("/incidents", &new), 201), "id");
        let confirmed = json!({ "to": "confirmed", "version": 1 });
        ok(
            &self.comms.post("/incidents/sundmere/state", &confirmed),
            200,
        );
        let imported = ok(
            &import(&self.comms, "/incidents/sundmere/scopes", LIST),
            201,
        );
        assert_eq!(imported["version"], 1);
        let activate = "/incidents/sundmere/scopes/1/activate";
        let unsure = self.comms.post(activate, &json!({}));
        refused(&unsure, 409, "in-the-way");
        assert!(text(&unsure.json(), "detail").contains("1 of 5 rows were refused"));
        let active = self
            .comms
            .post(activate, &json!({ "confirm_rejects": true }));
        assert_eq!(ok(&active, 200)["status"], "active");
        id
    }

    fn campaign(&self, body: &str) -> String {
        let new = json!({ "name": "First notice", "variants": { "en": { "subject": "Notice of data breach", "body": body } } });
        let template = text(&ok(&self.comms.post("/templates", &new), 201), "id");
        let new = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
        let seen = self.comms.post("/campaigns", &new);
        assert_eq!(seen.header("etag"), "\"1\"");
        text(&ok(&seen, 201), "id")
    }

    fn act(&self, campaign: &str, action: &str) -> Seen {
        self.comms
            .post(&format!("/campaigns/{campaign}/{action}"), &json!({}))
    }

    /// Submits and lets the approver approve exactly that.
    fn approved(&self, campaign: &str) {
        let hash = ok(&self.act(campaign, "submit"), 200)["content_hash"].clone();
        let yes = json!({ "content_hash": hash });
        ok(
            &self
                .approver
                .post(&format!("/campaigns/{campaign}/approve"), &yes),
            200,
        );
    }
}

#[track_caller]
fn ok(seen: &Seen, status: u16) -> Value {
    assert_eq!(seen.status, status, "{}", seen.body);
    seen.json()
}

#[track_caller]
fn refused(seen: &Seen, status: u16, kind: &str) -> Value {
    let problem = ok(seen, status);
    assert_eq!(
        problem["type"],
        format!("urn:candor:problem:{kind}"),
        "{problem}"
    );
    problem
}

#[track_caller]
fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap().to_owned()
}

fn import(program: &ApiClient, path: &str, csv: &str) -> Seen {
    let key = format!("import {path} {}", csv.len());
    program.send(
        path,
        &[("content-type", "text/csv"), ("idempotency-key", &key)],
        csv,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_becomes_mail_and_figures_by_the_api_alone() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let cast = Cast::of(&site).await;
    cast.incident();
    read_list(&cast);
    let campaign = approve_and_launch(&cast);
    house.send_all().await;
    read_figures(&cast, &campaign);
    find_people(&cast);
    read_notices(&cast, &campaign);
    assert_eq!(house.mail.sent().len(), 2);
}

/// The list in force, and its rejects.
fn read_list(cast: &Cast) {
    let scope = ok(&cast.comms.get("/incidents/sundmere/scopes/1"), 200);
    assert_eq!(
        (&scope["accepted"], &scope["rejected"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(scope["delta"]["people_added"], 4);
    let rejects = cast.comms.get("/incidents/sundmere/scopes/1/rejects");
    assert!(rejects.header("content-type").starts_with("text/csv"));
    let lines: Vec<_> = rejects.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", rejects.body);
    assert!(
        lines[0].ends_with("flags,line,column,reason"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains(",6,email;elements,"), "{}", lines[1]);
}

/// A second person approves exactly what was submitted; returns the campaign's id.
fn approve_and_launch(cast: &Cast) -> String {
    let campaign = cast.campaign(BODY);
    let submitted = ok(&cast.act(&campaign, "submit"), 200);
    assert_eq!(submitted["status"], "in_review");
    let yes = json!({ "content_hash": submitted["content_hash"] });
    let approve = format!("/campaigns/{campaign}/approve");
    refused(&cast.comms.post(&approve, &yes), 403, "own-work");
    refused(
        &cast
            .approver
            .post(&approve, &json!({ "content_hash": "00" })),
        409,
        "changed",
    );
    refused(&cast.act(&campaign, "launch"), 409, "illegal-move");
    refused(
        &cast
            .approver
            .post(&approve, &json!({ "version": 1, "content_hash": "" })),
        409,
        "changed",
    );
    assert_eq!(
        ok(&cast.approver.post(&approve, &yes), 200)["status"],
        "approved"
    );
    assert_eq!(ok(&cast.act(&campaign, "launch"), 200)["status"], "sending");
    campaign
}

/// The counts of the campaign, and the account.
fn read_figures(cast: &Cast, campaign: &str) {
    let done = ok(&cast.comms.get(&format!("/campaigns/{campaign}")), 200);
    assert_eq!(done["status"], "completed", "{done}");
    let counts = &done["counts"];
    assert_eq!(
        (&counts["sent"], &counts["withheld"]),
        (&json!(2), &json!(1)),
        "{counts}"
    );
    assert_eq!(counts.as_object().unwrap().len(), 9);
    let account = ok(&cast.agent.get("/incidents/sundmere/account"), 200);
    let expected = json!({ "people": 4, "notified": 2, "notified_by_post": 0, "notified_otherwise": 0,
        "in_progress": 0, "needs_letter": 1, "withheld": 1, "unnotified_elements": 0, "told_too_much": 0,
        "correction_letters": 0, "guardian_letters": 0, "unexplained": 0 });
    assert_eq!(account, expected);
}

/// Finds a person by reference and by e-mail, and by nothing less.
fn find_people(cast: &Cast) {
    let people = ok(
        &cast.agent.get("/incidents/sundmere/people?reference=A-1"),
        200,
    );
    let ana = &people["items"][0];
    assert_eq!(
        (&ana["standing"], &ana["named"]),
        (&json!("notified"), &json!(["name", "ssn"]))
    );
    assert!(!people.to_string().contains("ana@example.org"));
    let ledger = ok(
        &cast.agent.get(&format!("/people/{}", text(ana, "id"))),
        200,
    );
    assert_eq!(ledger["standing"], "notified");
    let notices = ledger["notices"].as_array().unwrap();
    assert_eq!((notices.len(), &notices[0]["status"]), (1, &json!("sent")));
    assert_eq!(notices[0]["attempts"][0]["result"], "accepted");
    let by_mail = ok(
        &cast
            .agent
            .get("/incidents/sundmere/people?email=ana%40example.org"),
        200,
    );
    assert_eq!(by_mail, people);
    for clue in [
        "",
        "?name=Ana",
        "?postcode=98101",
        "?name=Ana&postcode=98101&reference=A-1",
    ] {
        let asked = format!("/incidents/sundmere/people{clue}");
        refused(&cast.agent.get(&asked), 400, "bad-request");
    }
}

/// The notices of the campaign, page by page.
fn read_notices(cast: &Cast, campaign: &str) {
    let path = format!("/campaigns/{campaign}/notices?status=sent&limit=1");
    let page = ok(&cast.comms.get(&path), 200);
    let next = text(&page, "next");
    let rest = ok(&cast.comms.get(&format!("{path}&cursor={next}")), 200);
    assert_eq!(
        (&rest["next"], rest["items"].as_array().unwrap().len()),
        (&Value::Null, 1)
    );
    assert_ne!(rest["items"][0]["id"], page["items"][0]["id"]);
    let notice = ok(
        &cast
            .comms
            .get(&format!("/notices/{}", text(&page["items"][0], "id"))),
        200,
    );
    assert_eq!(notice["attempts"][0]["result"], "accepted");
    assert!(notice["attempts"][0]["began_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_fact_voids_the_approval_and_a_new_one_is_needed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let cast = Cast::of(&site).await;
    let incident = cast.incident().parse().unwrap();
    let campaign = cast.campaign(BODY);
    cast.approved(&campaign);
    let by = house.staff(&["comms"]).await;
    let version = ok(&cast.comms.get("/incidents/sundmere"), 200)["version"]
        .as_i64()
        .unwrap();
    let facts = [("what_happened".to_owned(), "Two people got in.".to_owned())].into();
    let version = i32::try_from(version).unwrap();
    steer::edit_facts(&house.app, by, incident, version, "Theft of data", &facts)
        .await
        .unwrap();
    refused(&cast.act(&campaign, "launch"), 409, "in-the-way");
    house.send_all().await;
    assert!(house.mail.sent().is_empty());
    assert_eq!(
        ok(&cast.act(&campaign, "take-back"), 200)["content_hash"],
        Value::Null
    );
    cast.approved(&campaign);
    ok(&cast.act(&campaign, "launch"), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_stops_and_starts_again() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let cast = Cast::of(&site).await;
    refused(&cast.agent.post("/stop", &json!({})), 403, "not-allowed");
    let stop = || ok(&cast.approver.post("/stop", &json!({})), 200);
    assert_eq!(
        stop(),
        json!({ "stopped": true, "changed": true, "recorded": true })
    );
    assert_eq!(
        stop(),
        json!({ "stopped": true, "changed": false, "recorded": true })
    );
    let started = ok(&cast.comms.post("/start", &json!({})), 200);
    assert_eq!(
        started,
        json!({ "stopped": false, "changed": true, "recorded": true })
    );
}
