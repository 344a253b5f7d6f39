//! One writer answers a ticket. The other sets it on hold (API), gives it back in another window (console), or takes it
//! (console, while a program answers).

use candor::id::TicketId;
use candor::incident::{Facts, steer};
use candor::staff::StaffRole;
use candor::ticket::agent::{self, Caller};
use serde_json::{Value, json};

use super::{Pair, Request, To, Writers, rounds};
use crate::house::House;

fn answers_by_api(id: &str, version: &Value) -> Request {
    let body = json!({ "kind": "reply", "text": "Hello.", "then": "open", "version": version });
    Request {
        to: To::Api(format!("/tickets/{id}/messages"), body),
        word: "message:2".to_owned(),
        said: "program answered the customer just now: message 2 is new".to_owned(),
        kept: String::new(),
    }
}

fn holds_by_api(id: &str, version: &Value) -> Request {
    let body = json!({ "to": "on_hold", "reason": "asked the bank", "review_at": "2026-12-24T09:00:00Z",
        "version": version });
    Request {
        to: To::Api(format!("/tickets/{id}/transition"), body),
        word: "status:on_hold".to_owned(),
        said: String::new(),
        kept: String::new(),
    }
}

/// What is typed in the reply goes along with every button of the page.
fn presses(id: &str, button: &str, word: &str, said: &str) -> Request {
    let at = format!("/console/tickets/{id}");
    let typed = [
        ("kind", "reply"),
        ("text", "Words to keep."),
        ("then", "open"),
    ];
    Request {
        to: To::Form(
            at.clone(),
            format!("{at}/{button}"),
            typed.map(|(name, value)| (name, value.to_owned())).to_vec(),
        ),
        word: word.to_owned(),
        said: said.to_owned(),
        kept: "Words to keep.".to_owned(),
    }
}

fn takes(id: &str) -> Request {
    let at = format!("/console/tickets/{id}");
    Request {
        to: To::Form(at.clone(), format!("{at}/take"), Vec::new()),
        word: "assignee".to_owned(),
        said: String::new(),
        kept: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_acts_on_one_version_of_a_ticket_one_is_done_and_the_other_hears_of_it() {
    let writers = Writers::new(House::new().await, StaffRole::Agent).await;
    let (app, ana) = (&writers.house.app, writers.ana);
    let incident = steer::open(app, ana, "sundmere", "Theft", &Facts::new())
        .await
        .unwrap()
        .id;
    let caller = Caller {
        incident,
        person: None,
        locale: "en",
        topic: "",
        verified: false,
    };
    for pair in [Pair::Api, Pair::Console, Pair::Mixed] {
        for _ in 0..rounds() {
            let both = match pair {
                Pair::Api => {
                    let call =
                        json!({ "incident": "sundmere", "channel": "phone", "text": "A call." });
                    let opened = writers.program.post("/tickets", &call).json();
                    let (id, version) = (opened["id"].as_str().unwrap(), &opened["version"]);
                    [answers_by_api(id, version), holds_by_api(id, version)]
                }
                Pair::Console => {
                    let opened = agent::open_for_caller(app, ana, &caller, "A call.").await;
                    let id = opened.unwrap().id.to_string();
                    [
                        presses(
                            &id,
                            "messages",
                            "message:2",
                            "ana answered the customer just now: message 2 is new",
                        ),
                        presses(
                            &id,
                            "release",
                            "assignee",
                            "ana gave the ticket back to the queue just now: it is back in the queue",
                        ),
                    ]
                }
                Pair::Mixed => {
                    let opened = agent::open_for_caller(app, ana, &caller, "A call.").await;
                    let opened = opened.unwrap();
                    let free = agent::release(app, ana, opened.id, opened.version).await;
                    let free = free.unwrap();
                    let id = free.id.to_string();
                    [answers_by_api(&id, &json!(free.version)), takes(&id)]
                }
            };
            let seen = version(&writers, &both[0]).await;
            writers.meet(seen, &both);
            assert_eq!(version(&writers, &both[0]).await, seen + 1);
        }
    }
}

/// The version of the ticket that a request is about.
async fn version(writers: &Writers, of: &Request) -> i32 {
    let path = match &of.to {
        To::Api(path, _) | To::Form(path, ..) => path,
    };
    let id: TicketId = path
        .split('/')
        .find_map(|part| part.parse().ok())
        .expect("a ticket in the path");
    let sql = format!("select version from ticket where id = '{}'", id.uuid());
    i32::try_from(writers.house.number(&sql).await).unwrap()
}
