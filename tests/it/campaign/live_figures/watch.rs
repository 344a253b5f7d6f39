//! A poller: it reads the same figures where staff and programs read them, and compares them with what the mail servers
//! had, with the acts of the test, and with what the senders recorded about themselves.

mod acts;
mod words;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::sink::Sink;
use crate::client::{ApiClient, Browser};
use crate::house::House;

pub use self::acts::{Act, Acts, Watched};

/// Figures may lag by this much: a second until results are written, half a second until a sender reports what it has
/// on connections, and a margin for a busy machine.
const FOLLOWS: Duration = Duration::from_secs(3);

/// The results of all polls.
struct Look {
    begun: Instant,
    ended: Instant,
    page: String,
    dashboard: String,
    api: Value,
    held: Held,
}

/// What the senders recorded of their relays, before and after a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    /// All relays are held until these times.
    All(Vec<String>),
    /// At least one relay is free.
    Free,
    /// The state changed during the poll, or is about to change.
    Unclear,
}

/// Polls until it is dropped.
pub struct Watch {
    pub house: Arc<House>,
    pub browser: Browser,
    pub api: ApiClient,
    pub sinks: Vec<Sink>,
    pub campaigns: Vec<Watched>,
    /// Where the senders serve `/metrics`.
    pub metrics: Vec<String>,
    pub acts: Acts,
    /// How long a failed relay is held.
    pub away: Duration,
    pub findings: Findings,
}

/// The results, for the report.
#[derive(Clone, Default)]
pub struct Findings(pub Arc<Mutex<Found>>);

/// See [`Findings`].
#[derive(Default)]
pub struct Found {
    /// Figures that were not true.
    pub wrong: Vec<String>,
    /// Number of polls.
    pub looks: usize,
    /// Polls of a sending campaign while all relays were away for long, and how many of them said so.
    pub away: (usize, usize),
    /// The longest time for which an accepted message was not yet on the page.
    pub behind: Duration,
}

fn digits(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| *c != ',').collect();
    digits.parse().ok()
}

/// The elements of a page that the event stream replaces.
fn live<'p>(page: &'p str, name: &str) -> &'p str {
    let (_, rest) = page
        .split_once(&format!("data-live=\"{name}\">"))
        .unwrap_or_default();
    rest.split('<').next().unwrap_or_default()
}

fn clock(moment: &str) -> Option<String> {
    let moment: DateTime<Utc> = moment.parse().ok()?;
    Some(moment.format("%H:%M:%S").to_string())
}

impl Watch {
    /// Polls once per `every` until the future is dropped.
    pub async fn run(self, every: Duration) {
        let client = self.house.raw().await;
        loop {
            let next = Instant::now() + every;
            for of in &self.campaigns {
                self.look(&client, of).await;
            }
            self.figures().await;
            tokio::time::sleep_until(next.into()).await;
        }
    }

    fn wrong(&self, what: String) {
        self.findings.0.lock().unwrap().wrong.push(what);
    }

    async fn look(&self, client: &tokio_postgres::Client, of: &Watched) {
        let before = held(client).await;
        let begun = Instant::now();
        let page = self.browser.get(&format!("/console/campaigns/{}", of.id));
        let api = self.api.get(&format!("/campaigns/{}", of.id));
        let dashboard = self.browser.get("/console");
        let ended = Instant::now();
        let after = held(client).await;
        let held = match (before, after) {
            (Held::All(one), Held::All(other)) => Held::All([one, other].concat()),
            (Held::Free, Held::Free) => Held::Free,
            _ => Held::Unclear,
        };
        let all = [&page, &api, &dashboard];
        if all.iter().any(|seen| seen.status != 200) {
            return self.wrong(format!("statuses {:?}", all.map(|seen| seen.status)));
        }
        let look = Look {
            begun,
            ended,
            api: api.json(),
            page: page.body,
            dashboard: dashboard.body,
            held,
        };
        self.findings.0.lock().unwrap().looks += 1;
        self.counts(of, &look);
        self.words(of, &look);
        self.ends(of, &look);
    }

    fn accepted(&self, who: &str, by: Instant) -> i64 {
        self.sinks.iter().map(|sink| sink.accepted(who, by)).sum()
    }

    /// No more than was accepted, and no less than was accepted a lag ago.
    fn sent(&self, of: &str, what: &str, shown: i64, (begun, ended): (Instant, Instant)) {
        let (least, most) = (self.accepted(of, begun - FOLLOWS), self.accepted(of, ended));
        if !(least..=most).contains(&shown) {
            self.wrong(format!(
                "{what} of {of}: {shown}, the sinks had {least} to {most}"
            ));
        }
        let mut behind = Duration::ZERO;
        while behind < FOLLOWS && self.accepted(of, begun - behind) > shown {
            behind += Duration::from_millis(50);
        }
        let mut findings = self.findings.0.lock().unwrap();
        findings.behind = findings.behind.max(behind);
    }

    /// No more than were on connections lately.
    fn sending(&self, of: &str, what: &str, shown: i64, begun: Instant) {
        let at_once = self
            .sinks
            .iter()
            .map(|sink| sink.most_at_once(of, begun - FOLLOWS));
        let most: i64 = at_once.sum();
        if shown > most {
            self.wrong(format!(
                "{what} of {of}: {shown}, the sinks had at most {most}"
            ));
        }
    }

    fn counts(&self, of: &Watched, look: &Look) {
        let during = (look.begun, look.ended);
        let page = |name: &str| digits(live(&look.page, name)).unwrap_or(-1);
        let api = |name: &str| look.api["counts"][name].as_i64().unwrap_or(0);
        let card = look
            .dashboard
            .split_once(&format!("campaigns/{}\"><strong", of.id));
        let card = card.and_then(|(_, card)| card.split_once("<p><b>"));
        let card = card.and_then(|(_, rest)| digits(rest.split('<').next()?));
        self.sent(of.who, "page: sent", page("sent"), during);
        self.sent(of.who, "API: sent", api("sent"), during);
        if let Some(sent) = card {
            self.sent(of.who, "dashboard: sent", sent, during);
        }
        self.sending(of.who, "page: sending", page("sending"), look.begun);
        self.sending(of.who, "API: sending", api("sending"), look.begun);
        let states = [
            "queued",
            "sending",
            "sent",
            "deferred",
            "bounced",
            "expired",
            "uncertain",
            "withheld",
            "cancelled",
        ];
        let sums = [
            states.iter().map(|name| page(name)).sum::<i64>(),
            states.iter().map(|name| api(name)).sum(),
            look.api["total"].as_i64().unwrap_or(-1),
            look.api["sendable"].as_i64().unwrap_or(-1),
        ];
        if sums != [of.people; 4] {
            self.wrong(format!(
                "{} people of {}, and sums {sums:?}",
                of.people, of.who
            ));
        }
        let whole = format!("of {} sent", candor::web::figures::count(of.people));
        if live(&look.page, "of") != whole {
            self.wrong(format!("“{}”, not “{whole}”", live(&look.page, "of")));
        }
    }

    /// What the page says once the campaign is over.
    fn ends(&self, of: &Watched, look: &Look) {
        let cancelled = self.acts.lasting(look.begun - FOLLOWS, |act| match act {
            Act::Cancel(id) if id == of.id => Some(()),
            _ => None,
        });
        let counts = &look.api["counts"];
        let count = |name: &str| counts[name].as_i64().unwrap_or(0);
        if cancelled.is_some() {
            let sent = self.accepted(of.who, look.ended);
            let ended = count("sent") == sent && count("cancelled") == of.people - sent;
            if !ended {
                self.wrong(format!("cancelled, the sinks had {sent}: {counts}"));
            }
            if sent > 0 && look.page.contains("No message was tried") {
                self.wrong("messages were tried".to_owned());
            }
        }
        // The page was requested before the API.
        let is_completed = look.page.contains("</svg>completed</span>");
        if is_completed && live(&look.page, "percent") != "100 % done" {
            self.wrong(format!("completed: {}", live(&look.page, "percent")));
        }
    }

    /// The senders' metrics, over all campaigns.
    async fn figures(&self) {
        let begun = Instant::now();
        let addresses = self.metrics.clone();
        let read = move || -> Vec<String> {
            let get = |url: &String| ureq::get(url).call().unwrap().body_mut().read_to_string();
            addresses.iter().map(|url| get(url).unwrap()).collect()
        };
        let texts = tokio::task::spawn_blocking(read).await.unwrap();
        let ended = Instant::now();
        let accepted = texts.iter().flat_map(|text| text.lines());
        let accepted = accepted.filter(|line| {
            line.starts_with("candor_messages_total") && line.contains("result=\"accepted\"")
        });
        let accepted: i64 = accepted
            .filter_map(|line| digits(line.rsplit(' ').next()?))
            .sum();
        self.sent("", "metrics: accepted", accepted, (begun, ended));
        let stopped = self.acts.lasting(begun - FOLLOWS, |act| match act {
            Act::Stop(stopped) => Some(stopped),
            _ => None,
        });
        for text in &texts {
            let figure = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| digits(line.trim()))
            };
            match figure("candor_queue{figure=\"sending\"}") {
                Some(sending) => self.sending("", "metrics: sending", sending, begun),
                None => self.wrong("metrics do not say what is being sent".to_owned()),
            }
            if let Some((stopped, _)) = stopped
                && figure("candor_sending_stopped") != Some(stopped.into())
            {
                self.wrong(format!(
                    "metrics: stopped {:?}",
                    figure("candor_sending_stopped")
                ));
            }
        }
    }
}

/// What the senders at work recorded of their relays.
async fn held(client: &tokio_postgres::Client) -> Held {
    let rows = client
        .query(
            "select r ->> 'held_until', coalesce((r ->> 'held_until')::timestamptz > now(), false),
                coalesce((r ->> 'held_until')::timestamptz > now() + interval '1 second', false)
            from sender, jsonb_array_elements(relays) r where seen_at > now() - interval '5 seconds'",
            &[],
        )
        .await
        .unwrap();
    let held = |n: usize| rows.iter().all(|row| row.get::<_, bool>(n));
    match (held(1), held(2)) {
        (true, true) if !rows.is_empty() => {
            Held::All(rows.iter().filter_map(|row| row.get(0)).collect())
        }
        (true, _) => Held::Unclear,
        (false, _) => Held::Free,
    }
}
