//! What pages and the API say when sending is prevented, and how they count.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use candor::actor::Actor;
use candor::campaign::{CampaignKind, UncertainPolicy, hold};
use candor::id::CampaignId;
use candor::mail::Reply;
use candor::staff::StaffRole::{Agent, Comms};
use candor::ticket::intake;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::client::{ApiClient, Browser, Site};
use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::Sending;

/// A campaign to these people, and the site and browser that show it.
pub struct Shown {
    pub house: House,
    pub scene: Scene,
    site: Site,
    comms: Browser,
    api: ApiClient,
    pub id: CampaignId,
}

impl Shown {
    pub async fn launched(settings: &str, csv: &str) -> Self {
        let shown = Box::pin(Self::drafted(settings, csv)).await;
        Box::pin(shown.launch()).await;
        shown
    }

    pub async fn launch(&self) {
        self.scene.launch(&self.house, self.id).await;
        self.house.freeze_all().await;
    }

    pub async fn drafted(settings: &str, csv: &str) -> Self {
        let house = House::with(settings).await;
        let scene = Scene::new(&house).await;
        Box::pin(Self::of(house, scene, csv)).await
    }

    /// The same to `n` people who are all in one batch. It is launched.
    pub async fn in_one_batch(settings: &str, n: usize) -> Self {
        let house = House::with(settings).await;
        let scene = Scene::new(&house).await;
        let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
        for reference in scene.references(&house, "p", n, 1).await {
            csv.push_str(&format!(
                "{reference},{reference}@mail.example,A Person,en,US-WA,name\n"
            ));
        }
        let shown = Box::pin(Self::of(house, scene, &csv)).await;
        Box::pin(shown.launch()).await;
        assert_eq!(shown.house.number("select count(*) from batch").await, 1);
        shown
    }

    async fn of(house: House, scene: Scene, csv: &str) -> Self {
        scene.import(&house, csv).await;
        let site = Site::open(&house.app).await;
        let comms = site.signed_in("comms", &[Comms]).await;
        let api = site.program(&[Comms]).await;
        let id = scene
            .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
            .await;
        Self {
            house,
            scene,
            site,
            comms,
            api,
            id,
        }
    }

    pub fn page(&self) -> String {
        self.comms
            .get(&format!("/console/campaigns/{}", self.id))
            .body
    }

    pub fn dashboard(&self) -> String {
        self.comms.get("/console").body
    }

    pub fn api(&self) -> Value {
        self.api.get(&format!("/campaigns/{}", self.id)).json()
    }

    /// The first event of the page's event stream.
    pub fn event(&self) -> Value {
        let host = self.site.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let cookie = self.comms.cookie("candor_session").unwrap();
        let path = format!("/console/campaigns/{}/live", self.id);
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: candor_session={cookie}\r\n\r\n"
        )
        .unwrap();
        let mut heard = String::new();
        let mut octets = [0; 4_096];
        loop {
            let n = stream.read(&mut octets).unwrap();
            assert!(n > 0, "{heard}");
            heard += &String::from_utf8_lossy(&octets[..n]);
            let data = heard
                .split_once("data: ")
                .and_then(|(_, data)| data.split_once("\n\n"));
            if let Some((data, _)) = data {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

pub fn has(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

pub fn has_not(page: &str, words: &[&str]) {
    for words in words {
        assert!(!page.contains(words), "{words} is in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_launch_question_the_page_and_the_stream_show_the_same_number_and_completed_is_100_per_cent()
 {
    let rows = (0..12).map(|n| {
        let flags = if n < 3 { "hold" } else { "" };
        format!("R-{n},p{n}@mail.example,Person {n},en,US-WA,name,{flags}\n")
    });
    let csv = rows.collect::<String>();
    let csv = format!("reference,email,name,locale,jurisdiction,elements,flags\n{csv}");
    let shown = Shown::drafted("", &csv).await;
    let house = &shown.house;
    let asked = "0</b> <span data-live=\"of\">of 9 sent</span>";
    has(&shown.page(), &[asked]);
    shown.launch().await;
    has(&shown.page(), &[asked, "0 % done"]);
    let event = shown.event();
    assert_eq!(event["figures"]["of"], "of 9 sent");
    assert_eq!(
        (&event["values"]["done"], &event["most"]["done"]),
        (&json!(0), &json!(9))
    );
    house.mail.answer_by(|letter| {
        (letter.recipient.local() == "p5").then(|| Reply::heard(550, "5.1.1 no such user", None))
    });
    house.send_all().await;
    let page = shown.page();
    has(
        &page,
        &[
            "8</b> <span data-live=\"of\">of 9 sent</span>",
            "100 % done",
            "max=\"9\" value=\"9\"",
        ],
    );
    let api = shown.api();
    assert_eq!((&api["total"], &api["sendable"]), (&json!(12), &json!(9)));
    assert_eq!(api["held"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_is_said_of_an_audience_that_is_still_being_prepared() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name")).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let id = scene.launched(&house, CampaignKind::Initial).await;
    let page = comms.get(&format!("/console/campaigns/{id}")).body;
    has(
        &page,
        &["0</b> <span data-live=\"of\">sent, 0 prepared so far</span>"],
    );
    has_not(&page, &["% done"]);
    has(
        &comms.get("/console").body,
        &["<b>0</b> sent, 0 prepared so far"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn maybe_sent_twice_keeps_its_count_after_the_resend() {
    let shown = Shown::launched("", &list(6, "name")).await;
    let house = &shown.house;
    house.mail.answer_by(|letter| {
        let unclear = ["person1", "person2"].contains(&letter.recipient.local());
        unclear.then(|| Reply::Unknown {
            why: "the connection was lost".to_owned(),
        })
    });
    let twice = || {
        let page = shown.page();
        let (_, rest) = page.split_once("data-live=\"doubled\">").unwrap();
        let on_page: i64 = rest.split('<').next().unwrap().parse().unwrap();
        let figures = [
            shown.api()["doubled"].as_i64(),
            shown.event()["figures"]["doubled"]
                .as_str()
                .and_then(|n| n.parse().ok()),
        ];
        assert_eq!(figures, [Some(on_page); 2]);
        on_page
    };
    house.send_all().await;
    assert_eq!(twice(), 0, "they are sent again later");
    house.mail.answer_by(|_| None);
    house.app.clock.advance(TimeDelta::minutes(2));
    house.send_all().await;
    assert_eq!(shown.api()["counts"]["sent"], 6);
    assert_eq!(twice(), 2);
    assert_eq!(shown.api()["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_shows_on_every_figure_that_it_stops() {
    let shown = Shown::launched("", &list(6, "name")).await;
    let (house, by) = (&shown.house, Actor::Staff(shown.scene.comms));
    assert_eq!(shown.api()["held"], json!({ "state": "no_sender" }));
    has(&shown.page(), &["Nothing leaves: no sender is running."]);
    hold::stop_everything(&house.app, by).await.unwrap();
    let since = house.app.now();
    assert_eq!(
        shown.api()["held"],
        json!({ "state": "stopped", "since": since })
    );
    let sending = shown.api.get("/sending").json();
    assert_eq!(
        (&sending["allowed"], &sending["now"]["state"]),
        (&json!(false), &json!("stopped"))
    );
    has(
        &shown.page(),
        &[
            "class=\"hero held\"",
            "data-live=\"pace\">All sending is stopped.<",
        ],
    );
    let event = shown.event();
    assert_eq!(event["figures"]["pace"], "All sending is stopped.");
    let dashboard = shown.dashboard();
    has(
        &dashboard,
        &[
            "waits. All sending is stopped.",
            "· All sending is stopped.",
        ],
    );
    has_not(&dashboard, &["Nothing waits for you"]);
    let figures = crate::client::figures(&house.app).await;
    has(&figures, &["candor_sending_stopped 1"]);
    hold::start_again(&house.app, by).await.unwrap();
    has(
        &crate::client::figures(&house.app).await,
        &["candor_sending_stopped 0"],
    );
    has_not(&shown.page(), &["All sending is stopped."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_queued_tickets_is_shown_to_roles_that_launch_and_do_not_answer() {
    let shown = Shown::launched("", &list(1, "name")).await;
    shown.house.send_all().await;
    has_not(&shown.dashboard(), &["Tickets in line"]);
    let [person] = shown.house.people().await[..] else {
        panic!("one person");
    };
    intake::ask(&shown.house.app, shown.scene.incident, person, "", "Hello?")
        .await
        .unwrap();
    let seen = shown.dashboard();
    has(&seen, &["Tickets in line: 1."]);
    has_not(&seen, &["Nothing waits for you", "Open the helpline"]);
    let agent = shown.site.signed_in("agent", &[Agent]).await;
    has(
        &agent.get("/console").body,
        &["Tickets in line: 1.", "Open the helpline"],
    );
}

/// Waits until the condition holds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_held_provider_is_not_told_as_if_everything_were_held() {
    let csv = list(60, "name").replace("9@example.org", "9@bad.example");
    let csv = csv.replace("8@example.org", "8@bad.example");
    let settings = "[providers.grumpy]\nper_second = 0\ndomains = [\"bad.example\"]\n[breaker]\nwindow = 1000\nleast = 1000";
    let shown = Shown::launched(settings, &csv).await;
    let house = &shown.house;
    house.mail.answer_by(|letter| {
        let bad = letter.recipient.domain() == "bad.example";
        bad.then(|| Reply::heard(550, "5.7.1 blocked using dnsbl.example", None))
    });
    let sending = Sending::start(house, house.routes(2));
    house.until_idle().await;
    until("the page says which provider is held", async || {
        shown.page().contains("mail to grumpy is held")
    })
    .await;
    let page = shown.page();
    has(
        &page,
        &["data-live=\"pace\">12 to be tried again later, the next at "],
    );
    has_not(&page, &["Held until", "hero held"]);
    assert_eq!(shown.api()["held"], Value::Null);
    has_not(&shown.dashboard(), &["Held until"]);
    sending.end().await;
}
