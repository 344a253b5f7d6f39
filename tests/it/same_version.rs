//! P9: of two writers who saw the same version of an incident, a campaign, a ticket or a template, exactly one succeeds.
//! The other gets 409 with what changed, and keeps what was typed. Both send at the same moment: two programs, two forms of
//! the console, a program and a form.
//!
//! CANDOR_ROUNDS sets how often each pair meets.

mod campaigns;
mod guarded;
mod incidents;
mod templates;
mod tickets;

use std::sync::Barrier;

use candor::id::StaffId;
use candor::staff::StaffRole;
use serde_json::{Value, json};

use crate::client::{ApiClient, Browser, Seen, Site};
use crate::house::House;

/// How the two writers of a pair write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    Api,
    Console,
    Mixed,
}

/// The request of a writer.
struct Request {
    to: To,
    /// The word of its change in JSON, if it wins.
    word: String,
    /// What a page says of its change, if it wins.
    said: String,
    /// What it typed: the page says it again if it loses.
    kept: String,
}

enum To {
    /// A call of the API with a body.
    Api(String, Value),
    /// A form of a page, by the addresses of both, with the fields that were typed.
    Form(String, String, Vec<(&'static str, String)>),
}

/// The writers of all rounds: a program, and a member of staff named Ana in a browser.
struct Writers {
    house: House,
    _site: Site,
    program: ApiClient,
    browser: Browser,
    ana: StaffId,
}

impl Writers {
    async fn new(house: House, role: StaffRole) -> Self {
        let site = Site::open(&house.app).await;
        let program = site.program(&[role]).await;
        let browser = site.signed_in("ana", &[role]).await;
        let raw = house.raw().await;
        let row = raw.query_one("select id from staff where name = 'ana'", &[]);
        let ana = StaffId::from_uuid(row.await.unwrap().get(0));
        Self {
            house,
            _site: site,
            program,
            browser,
            ana,
        }
    }

    /// Both requests at once. Their pages are loaded before, so that both saw the same version.
    fn send(&self, both: &[Request; 2]) -> [Seen; 2] {
        let start = Barrier::new(2);
        let ready = both.each_ref().map(|one| self.ready(&one.to));
        let meet = |ready: Box<dyn FnOnce() -> Seen + Send + '_>| {
            start.wait();
            ready()
        };
        let [one, other] = ready;
        tokio::task::block_in_place(|| {
            std::thread::scope(|threads| {
                let one = threads.spawn(|| meet(one));
                let other = threads.spawn(|| meet(other));
                [one.join().unwrap(), other.join().unwrap()]
            })
        })
    }

    fn ready<'a>(&'a self, to: &'a To) -> Box<dyn FnOnce() -> Seen + Send + 'a> {
        match to {
            To::Api(path, body) => Box::new(|| self.program.post(path, body)),
            To::Form(page, path, typed) => {
                let hidden = self.browser.hidden(page, path);
                let shown = hidden.iter().any(|(name, _)| name == "version");
                assert!(shown, "the form of {page} carries the version: {hidden:?}");
                Box::new(move || {
                    let typed = typed.iter().map(|(name, value)| (*name, value.as_str()));
                    let is_typed = |name: &str| typed.clone().any(|(typed, _)| typed == name);
                    let hidden = hidden
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.as_str()))
                        .filter(|(name, _)| !is_typed(name));
                    let fields: Vec<_> = hidden.chain(typed.clone()).collect();
                    let origin = [("sec-fetch-site", "same-origin")];
                    self.browser.post(path, &fields, &origin)
                })
            }
        }
    }

    /// Lets both meet: exactly one of them writes the version after `seen`, and the other reads of it.
    fn meet(&self, seen: i32, both: &[Request; 2]) {
        let [one, other] = self.send(both);
        let done = |answer: &Seen| matches!(answer.status, 200 | 201 | 303);
        let (winner, loser, answer) = match (done(&one), done(&other)) {
            (true, false) => (&both[0], &both[1], other),
            (false, true) => (&both[1], &both[0], one),
            _ => panic!(
                "{} {}\n{} {}",
                one.status, one.body, other.status, other.body
            ),
        };
        assert_eq!(answer.status, 409, "{}", answer.body);
        match loser.to {
            To::Api(..) => is_problem(&answer.json(), seen, winner),
            To::Form(..) => {
                let words = [&winner.said, &loser.kept];
                for words in words {
                    assert!(answer.body.contains(words), "“{words}”: {}", answer.body);
                }
            }
        }
    }
}

fn is_problem(problem: &Value, seen: i32, winner: &Request) {
    assert_eq!(problem["type"], "urn:candor:problem:changed", "{problem}");
    assert_eq!(problem["version"], json!(seen + 1), "{problem}");
    let changed = problem["changed"].as_array().unwrap();
    assert!(changed.contains(&json!(winner.word)), "{problem}");
    let by = problem["by"].as_str().unwrap();
    assert!(by.starts_with("staff:"), "{problem}");
    assert_eq!(problem["at"], "2026-11-23T09:00:00Z", "{problem}");
}

/// How often each pair meets.
fn rounds() -> usize {
    let rounds = std::env::var("CANDOR_ROUNDS");
    rounds.map_or(5, |rounds| {
        rounds.parse().expect("CANDOR_ROUNDS is a number")
    })
}

/// The name of a writer at the beginning of a sentence of an error page.
fn name_of(to: &To) -> &'static str {
    match to {
        To::Api(..) => "Program",
        To::Form(..) => "Ana",
    }
}
