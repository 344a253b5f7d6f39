//! An answer is stored in the transaction of its act: one does not exist without the other. Claims expire, and an
//! unknown result is reported as unknown.

mod apart;
mod crashes;
mod drain;
mod idle;
mod kills;
mod leaving;
mod limits;
mod shown;

use candor::staff::StaffRole::{Admin, Agent, Approver, Comms, Lead};
use candor::web::endpoints;
use serde_json::{Value, json};

use crate::client::{ApiClient, Seen, Site};
use crate::house::House;
use crate::people::BODY;

/// A trigger with this body ends the connection.
const CUT: &str = "create function cut() returns trigger language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;";

/// The acts that a program requested: each is audited in its transaction, except for the beginning of an upload.
const ACTS: &str = "(select count(*) from audit_event) + (select count(*) from upload)";

fn keyed(program: &ApiClient, path: &str, key: &str, body: &Value) -> Seen {
    program.post_with(path, &[("idempotency-key", key)], body)
}

fn kind(seen: &Seen) -> String {
    let kind = seen.json()["type"].as_str().unwrap_or_default().to_owned();
    kind.trim_start_matches("urn:candor:problem:").to_owned()
}

fn breach(slug: &str) -> Value {
    json!({ "slug": slug, "title": "A breach", "facts": { "what_happened": "Somebody got in." } })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_of_the_api_asks_for_a_key() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Admin, Agent, Approver, Comms, Lead]).await;
    let mut asked = 0;
    for (method, address, _) in endpoints() {
        let Some(path) = address.strip_prefix("/api/v1") else {
            continue;
        };
        if method != "POST" {
            continue;
        }
        let path: Vec<_> = path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect();
        let seen = program.post_with(&path.join("/"), &[], &json!({}));
        assert_eq!(
            (seen.status, kind(&seen).as_str()),
            (400, "idempotency-key-missing"),
            "{address}"
        );
        asked += 1;
    }
    assert!(asked > 30, "{asked} routes");
}

/// Performs an act while its answer cannot be stored, then the same act when it can.
struct Prover<'a> {
    house: &'a House,
    program: &'a ApiClient,
    acts: usize,
}

impl Prover<'_> {
    /// A request of the program.
    async fn post(&mut self, what: &str, path: &str, body: Value) -> Value {
        let program = self.program;
        self.prove(what, |key| keyed(program, path, key, &body))
            .await
    }

    async fn prove(&mut self, what: &str, ask: impl Fn(&str) -> Seen) -> Value {
        self.acts += 1;
        let key = format!("lost-{}", self.acts);
        let before = self.house.number(ACTS).await;
        self.house.sql("update answers set refused = true").await;
        let seen = ask(&key);
        assert_eq!(seen.status, 500, "{what}: {}", seen.body);
        self.house.sql("update answers set refused = false").await;
        assert_eq!(
            self.house.number(ACTS).await,
            before,
            "{what}: its answer is not kept, and it was done"
        );
        let done = ask(&key);
        assert!(
            (200..300).contains(&done.status),
            "{what}: {} {}",
            done.status,
            done.body
        );
        let acts = self.house.number(ACTS).await;
        assert!(acts > before, "{what}: nothing was done");
        let again = ask(&key);
        assert_eq!((again.status, &again.body), (done.status, &done.body));
        assert_eq!(self.house.number(ACTS).await, acts, "{what}: done twice");
        serde_json::from_str(&done.body).unwrap_or(Value::Null)
    }
}

/// The house can refuse to store answers, by the table `answers`.
async fn refuse_answers(house: &House) {
    house
        .sql(
            "create table answers (refused bool); insert into answers values (false);
             create function refuse() returns trigger language plpgsql as $$ begin
                if (select refused from answers) then raise exception 'the answer cannot be kept'; end if;
                return new;
             end $$;
             create trigger refuse before update of answer on idempotency for each row
                when (new.status between 200 and 299) execute function refuse();",
        )
        .await;
}

/// The acts of a template and its campaign.
async fn campaign_acts(prover: &mut Prover<'_>, approver: &ApiClient) {
    let texts = json!({ "name": "First", "variants": { "en": { "subject": "Notice of data breach", "body": BODY } } });
    let template = prover.post("template", "/templates", texts).await;
    let draft = json!({ "incident": "sundmere", "template": template["id"], "kind": "initial" });
    let campaign = prover.post("campaign", "/campaigns", draft).await;
    let at = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    let submitted = prover
        .post("submit", &format!("{at}/submit"), json!({}))
        .await;
    let yes = json!({ "content_hash": submitted["content_hash"] });
    let approve = format!("{at}/approve");
    prover
        .prove("approve", |key: &str| keyed(approver, &approve, key, &yes))
        .await;
    for deed in ["launch", "pause", "resume", "cancel"] {
        prover.post(deed, &format!("{at}/{deed}"), json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_not_done_if_its_answer_cannot_be_stored() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms, Agent, Lead, Admin]).await;
    let approver = site.program(&[Approver]).await;
    refuse_answers(&house).await;
    let mut prover = Prover {
        house: &house,
        program: &program,
        acts: 0,
    };
    let at = "/incidents/sundmere";
    prover.post("open", "/incidents", breach("sundmere")).await;
    let moved = json!({ "to": "confirmed", "version": 1 });
    let moved = prover.post("move", &format!("{at}/state"), moved).await;
    let published = json!({ "version": moved["version"] });
    let facts = format!("{at}/facts/publish");
    prover.post("facts", &facts, published).await;
    let update = json!({ "kind": "being_checked", "body": "We are counting." });
    prover
        .post("update", &format!("{at}/updates"), update)
        .await;
    let minors = json!({ "minors": "guardian_letter" });
    prover.post("minors", &format!("{at}/minors"), minors).await;
    let upload = json!({ "size": 100 });
    prover
        .post("upload", &format!("{at}/uploads"), upload)
        .await;
    let list = "reference,email,name,elements\nA-1,ana@example.org,Ana,name;ssn\nB-2,bea@example.org,Bea,name\n";
    let import = |key: &str| {
        let headers = [("content-type", "text/csv"), ("idempotency-key", key)];
        program.send("/incidents/sundmere/scopes", &headers, list)
    };
    let imported = prover.prove("import", import).await;
    let version = imported["version"].as_i64().unwrap();
    let activate = format!("{at}/scopes/{version}/activate");
    prover.post("activate", &activate, json!({})).await;
    campaign_acts(&mut prover, &approver).await;
    let call = json!({ "incident": "sundmere", "channel": "phone", "text": "What happened?" });
    let ticket = prover.post("ticket", "/tickets", call).await;
    let at = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    let note = json!({ "kind": "note", "text": "They call again." });
    prover.post("note", &format!("{at}/messages"), note).await;
    prover.post("stop", "/stop", json!({})).await;
    prover.post("start", "/start", json!({})).await;
    assert_eq!(prover.acts, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_node_died_runs_again_once_its_claim_ends() {
    let house = House::with("[http]\nclaim_seconds = 600").await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let open = |key: &str| keyed(&program, "/incidents", key, &breach(key));
    assert_eq!(open("k").status, 201);
    // The state that a killed node leaves: claimed, and nothing done.
    house
        .sql("alter table claim_version disable trigger all; delete from claim_version; alter table claim_version enable trigger all;
            delete from incident_update; delete from incident; update idempotency set status = null, answer = null")
        .await;
    let seen = open("k");
    assert_eq!((seen.status, kind(&seen).as_str()), (409, "still-running"));
    let wait: u32 = seen.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    house
        .sql("update idempotency set claimed_until = clock_timestamp() - interval '1 second'")
        .await;
    assert_eq!(open("k").status, 201);
    assert_eq!(house.number("select count(*) from incident").await, 1);
}

fn changed_nothing(seen: &Seen, page: &Seen) {
    assert_eq!((seen.status, kind(seen).as_str()), (503, "away"));
    assert!(
        seen.body.contains("this request changed nothing"),
        "{}",
        seen.body
    );
    assert_eq!(page.status, 503);
    assert!(
        page.body.contains("This request changed nothing"),
        "{}",
        page.body
    );
}

fn is_not_known(seen: &Seen, page: &Seen) {
    assert_eq!(
        (seen.status, kind(seen).as_str()),
        (503, "outcome-unknown"),
        "{}",
        seen.body
    );
    assert!(
        seen.body
            .contains("Repeat the request with the same Idempotency-Key")
    );
    assert_eq!(seen.header("retry-after"), "5");
    assert_eq!(page.status, 503);
    assert!(
        page.body.contains("It is not known whether this was done"),
        "{}",
        page.body
    );
    assert!(
        !page.body.to_lowercase().contains("nothing"),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_done_is_said_to_be_not_known() {
    let house = House::with("[http]\nclaim_seconds = 1").await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    let open = |key: &str| keyed(&program, "/incidents", key, &breach(key));
    let form = |slug: &str| {
        // The page that gets the dead connection finds out that it is dead.
        while browser.get("/console/incidents").status != 200 {}
        let fields = [
            ("slug", slug),
            ("title", "A breach"),
            ("what_happened", "Somebody got in."),
        ];
        browser.submit("/console/incidents", "/console/incidents", &fields)
    };
    // The connection is lost at the commit.
    house
        .sql(&format!(
            "{CUT} create constraint trigger cut after insert on incident deferrable initially deferred
             for each row execute function cut();"
        ))
        .await;
    is_not_known(&open("a"), &form("b"));
    // The connection is lost before the commit.
    house
        .sql(
            "drop trigger cut on incident;
             create trigger cut after insert on incident for each row execute function cut();",
        )
        .await;
    changed_nothing(&open("c"), &form("d"));
    assert_eq!(house.number("select count(*) from incident").await, 0);
    house.sql("drop trigger cut on incident").await;
    // If the act is known to be undone, the key is free at once; if it is unknown, when its claim expires.
    assert_eq!(open("c").status, 201);
    let mut seen = open("a");
    while kind(&seen) == "still-running" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        seen = open("a");
    }
    assert_eq!(seen.status, 201, "{}", seen.body);
    assert_eq!(house.number("select count(*) from incident").await, 2);
}
