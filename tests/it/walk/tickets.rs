//! Tickets and refusals over the API.

use super::*;

fn each_move_is_in_the_history(cast: &Cast, id: &str) {
    let whole = ok(&cast.agent.get(&format!("/tickets/{id}")), 200);
    let moves: Vec<_> = whole["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["to"].clone())
        .collect();
    assert_eq!(moves, ["new", "open", "solved"]);
    assert_eq!(whole["thread"].as_array().unwrap().len(), 3);
    let list = ok(
        &cast
            .agent
            .get("/tickets?status=solved,closed&incident=sundmere"),
        200,
    );
    assert_eq!(
        (&list["items"][0]["id"], &list["next"]),
        (&json!(id), &Value::Null)
    );
    refused(&cast.agent.get("/tickets?status=done"), 400, "bad-request");
}

fn illegal_moves_are_refused(go: impl Fn(Value) -> Seen, version: &Value) {
    let illegal = refused(
        &go(json!({ "to": "new", "version": version })),
        409,
        "illegal-move",
    );
    assert_eq!(
        (&illegal["from"], &illegal["to"]),
        (&json!("open"), &json!("new"))
    );
    refused(
        &go(json!({ "to": "on_hold", "version": version })),
        422,
        "not-accepted",
    );
    refused(&go(json!({ "to": "on_hold" })), 428, "version-missing");
    refused(
        &go(json!({ "to": "done", "version": version })),
        400,
        "bad-request",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_makes_legal_moves_only() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let cast = Cast::of(&site).await;
    cast.incident();
    let people = ok(
        &cast.agent.get("/incidents/sundmere/people?reference=A-1"),
        200,
    );
    let ask = json!({ "incident": "sundmere", "channel": "web", "person": people["items"][0]["id"], "text": "What now?" });
    let id = text(&ok(&cast.agent.post("/tickets", &ask), 201), "id");
    let taken = ok(&cast.agent.post("/tickets/take-next", &json!({})), 200);
    assert_eq!(
        (&taken["id"], &taken["status"]),
        (&json!(id), &json!("open"))
    );
    assert_eq!(
        cast.agent.post("/tickets/take-next", &json!({})).status,
        204
    );

    let go = |to: Value| cast.agent.post(&format!("/tickets/{id}/transition"), &to);
    let version = &taken["version"];
    illegal_moves_are_refused(go, version);

    let say = |words: Value| cast.agent.post(&format!("/tickets/{id}/messages"), &words);
    let solved = json!({ "kind": "reply", "text": "Freeze your credit.", "then": "solved",
        "resolution": "answered", "version": version });
    let answered = ok(&say(solved.clone()), 201);
    assert_eq!(
        (&answered["status"], &answered["resolution"]),
        (&json!("solved"), &json!("answered"))
    );
    let late = refused(&say(solved), 409, "changed");
    assert_eq!(late["now"]["status"], "solved");
    refused(
        &go(json!({ "to": "closed", "version": answered["version"] })),
        409,
        "illegal-move",
    );
    ok(&say(json!({ "kind": "note", "text": "Nice person." })), 201);

    each_move_is_in_the_history(&cast, &id);
    house.send_all().await;
}

fn bad_lists_are_refused(cast: &Cast) {
    let unknown_column = import(
        &cast.comms,
        "/incidents/sundmere/scopes",
        "reference,ssn\n1,2\n",
    );
    refused(&unknown_column, 422, "not-accepted");
    refused(
        &import(&cast.comms, "/incidents/sundmere/scopes?mode=some", LIST),
        400,
        "bad-request",
    );
    let headers = [("content-type", "text/plain"), ("idempotency-key", "k")];
    refused(
        &cast
            .comms
            .send("/incidents/sundmere/scopes", &headers, LIST),
        415,
        "wrong-type",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_said_well_is_named() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let cast = Cast::of(&site).await;
    let auditor = site.program(&[Auditor]).await;
    cast.incident();
    let nothing = "00000000000070008000000000000001";
    for path in [
        "/incidents/none/account".to_owned(),
        "/incidents/sundmere/scopes/9".to_owned(),
        "/incidents/sundmere/scopes/x".to_owned(),
        format!("/templates/tpl_{nothing}"),
        format!("/campaigns/cmp_{nothing}"),
        format!("/campaigns/cmp_{nothing}/notices"),
        format!("/notices/ntc_{nothing}"),
        format!("/tickets/tkt_{nothing}"),
        "/tickets/T-1".to_owned(),
    ] {
        refused(&auditor.get(&path), 404, "not-found");
    }
    let bad = |path: &str, body: Value| refused(&cast.comms.post(path, &body), 400, "bad-request");
    let named = bad(
        "/templates",
        json!({ "name": "x", "variants": { "en": { "subject": 1, "body": "b" } } }),
    );
    assert_eq!(named["at"], "variants.en.subject");
    let unknown = bad(
        "/campaigns",
        json!({ "incident": "sundmere", "tempalte": "x" }),
    );
    assert!(text(&unknown, "detail").contains("tempalte"), "{unknown}");
    let wrong =
        json!({ "name": "x", "variants": { "en": { "subject": "s", "body": "one\n{{ oops }}" } } });
    let problem = refused(&cast.comms.post("/templates", &wrong), 422, "not-accepted");
    assert_eq!(
        (
            &problem["errors"][0]["locale"],
            &problem["errors"][0]["line"]
        ),
        (&json!("en"), &json!(2))
    );
    bad_lists_are_refused(&cast);
    refused(&cast.comms.get("/campaigns?limit=201"), 400, "bad-request");
}
