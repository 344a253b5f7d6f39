//! While a campaign is being sent, every figure is true at each moment: on its page, on the dashboard, in the API, in
//! the metrics.

mod pages;
mod parts;
mod silent;
mod sink;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use candor::actor::Actor;
use candor::campaign::{CampaignKind, hold};
use candor::clock::Clock;
use candor::id::CampaignId;
use candor::staff::StaffRole::Comms;

use crate::client::Site;
use crate::house::House;
use crate::people::Scene;
use crate::program::Program;
use sink::Sink;
use watch::{Act, Acts, Findings, Watch, Watched};

/// The durations of the test.
struct Size {
    /// People of each of two campaigns.
    people: usize,
    /// Time for each message.
    delay: Duration,
    /// How long a failed relay is held.
    away_seconds: u64,
    /// How long all relays are away.
    away: Duration,
    /// How long a pause, a stop or another state lasts.
    lasts: Duration,
    every: Duration,
}

/// Seconds by default; `CANDOR_LIVE=full`: ten minutes without a relay.
fn size() -> Size {
    let seconds = Duration::from_secs;
    match std::env::var("CANDOR_LIVE").is_ok_and(|live| live == "full") {
        true => Size {
            people: 20_000,
            delay: Duration::from_millis(40),
            away_seconds: 30,
            away: seconds(600),
            lasts: seconds(20),
            every: seconds(1),
        },
        false => Size {
            people: 1_500,
            delay: Duration::from_millis(80),
            away_seconds: 4,
            away: seconds(16),
            lasts: Duration::from_millis(4_500),
            every: Duration::from_millis(150),
        },
    }
}

/// Few buckets have people, so that a batch lasts for seconds and the figures shown are parts of it.
const BUCKETS: i32 = 4;

/// People with addresses that begin with `who`.
async fn people(house: &House, scene: &Scene, n: usize, who: &str, place: &str) -> String {
    let row = |reference: &String| {
        format!("{reference},{reference}@mail.example,A Person,en,{place},name\n")
    };
    let references = scene.references(house, who, n, BUCKETS).await;
    references.iter().map(row).collect()
}

/// A house with a running clock, and with two launched campaigns with frozen audiences.
async fn under_way(people_of_each: usize) -> (House, Scene, [Watched; 2]) {
    let mut house = House::new().await;
    house.app.clock = Clock::system();
    let scene = Scene::new(&house).await;
    let these = people(&house, &scene, people_of_each, "a", "US-WA").await;
    let those = people(&house, &scene, people_of_each, "b", "DE").await;
    let head = "reference,email,name,locale,jurisdiction,elements\n";
    scene.import(&house, &format!("{head}{these}{those}")).await;
    let to = |place: &str| serde_json::json!({ "jurisdictions": [place] });
    let kind = CampaignKind::Initial;
    let ids = [
        scene.launched_to(&house, kind, to("US")).await,
        scene.launched_to(&house, kind, to("DE")).await,
    ];
    house.freeze_all().await;
    let watched = |id, who| Watched {
        id,
        who,
        people: people_of_each as i64,
    };
    let [one, other] = ids;
    (house, scene, [watched(one, "a"), watched(other, "b")])
}

/// The acts during the campaigns.
struct Doing<'a> {
    house: &'a House,
    scene: Scene,
    sinks: &'a [Sink],
    acts: &'a Acts,
}

impl Doing<'_> {
    async fn away(&self, away: bool) {
        let go = async { self.sinks.iter().for_each(|sink| sink.go(away)) };
        self.acts.act(Act::Away(away), go).await;
    }

    async fn stop(&self, stop: bool) {
        let (app, by) = (&self.house.app, Actor::Staff(self.scene.comms));
        let switch = async {
            match stop {
                true => hold::stop_everything(app, by).await.map(drop),
                false => hold::start_again(app, by).await.map(drop),
            }
            .unwrap();
        };
        self.acts.act(Act::Stop(stop), switch).await;
    }

    async fn pause(&self, id: CampaignId, pause: bool) {
        let (app, comms) = (&self.house.app, self.scene.comms);
        let switch = async {
            match pause {
                true => hold::pause(app, Actor::Staff(comms), id, None).await,
                false => hold::resume(app, comms, id).await,
            }
            .unwrap();
        };
        self.acts.act(Act::Pause(id, pause), switch).await;
    }

    async fn cancel(&self, id: CampaignId) {
        let cancel = async {
            hold::cancel(&self.house.app, self.scene.comms, id)
                .await
                .unwrap();
        };
        self.acts.act(Act::Cancel(id), cancel).await;
    }

    async fn until_accepted(&self, n: i64) {
        for _ in 0..6_000 {
            let now = Instant::now();
            let accepted: i64 = self.sinks.iter().map(|sink| sink.accepted("", now)).sum();
            if accepted >= n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the sinks had no {n} messages within two minutes");
    }
}

/// What the database says of campaigns, batches and notices.
async fn stands(house: &House) -> String {
    let client = house.raw().await;
    let said = "select coalesce(string_agg(what, '; '), '') from (
        select format('%s %s %s', id, status, status_reason) as what from campaign
        union all select format('%s batches %s of %s, due %s', count(*), status, campaign_id, min(due_at))
            from batch group by status, campaign_id
        union all select format('%s notices %s of %s', count(*), status, campaign_id)
            from notice group by status, campaign_id) said";
    client.query_one(said, &[]).await.unwrap().get(0)
}

fn nothing_was_wrong(findings: &Findings) {
    let found = std::mem::take(&mut *findings.0.lock().unwrap());
    let (looks, away, behind) = (found.looks, found.away, found.behind);
    println!(
        "{looks} looks, {away:?} while all relays were away, at most {behind:?} behind the sinks"
    );
    assert_eq!(found.wrong, Vec::<String>::new(), "of {looks} looks");
    assert!(
        away.0 >= 5 && away.1 * 10 >= away.0 * 8,
        "held is said: {away:?}"
    );
}

async fn until_there_is_one(house: &House, such: &str) {
    for _ in 0..600 {
        if house.number(such).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An outage of all relays, a cancellation, two stops and two pauses, one after another.
async fn disturb(doing: &Doing<'_>, size: &Size, [kept, cancelled]: [CampaignId; 2]) {
    let rest = || tokio::time::sleep(size.lasts);
    doing.until_accepted(size.people as i64 / 4).await;
    let begun = Instant::now();
    doing.away(true).await;
    rest().await;
    doing.cancel(cancelled).await;
    rest().await;
    doing.stop(true).await;
    rest().await;
    doing.stop(false).await;
    doing.pause(kept, true).await;
    tokio::time::sleep_until((begun + size.away).into()).await;
    doing.away(false).await;
    doing.pause(kept, false).await;
    doing.until_accepted(size.people as i64 * 3 / 8).await;
    doing.stop(true).await;
    rest().await;
    doing.stop(false).await;
    doing.until_accepted(size.people as i64 / 2).await;
    doing.pause(kept, true).await;
    rest().await;
    // The rest takes longer to send than figures may lag.
    doing.pause(kept, false).await;
}

async fn nothing_is_held(acts: &Acts, [kept, cancelled]: [CampaignId; 2]) {
    for act in [
        Act::Away(false),
        Act::Stop(false),
        Act::Pause(kept, false),
        Act::Pause(cancelled, false),
    ] {
        acts.act(act, async {}).await;
    }
}

/// Two senders of two relays, each with the address of its metrics.
fn programs(house: &House, sinks: &[Sink], away_seconds: u64) -> [(Program, String); 2] {
    let relays: Vec<_> = ["north", "south"]
        .iter()
        .zip(sinks)
        .map(|(name, sink)| (*name, format!("smtp://127.0.0.1:{}", sink.port)))
        .collect();
    let away_seconds = away_seconds.to_string();
    let sender = |node: &str| {
        let listen = crate::program::free_address();
        let program = Program::of(house)
            .with_relays(&relays, 4)
            .with("CANDOR__MAIL__NODE", node)
            .with("CANDOR__MAIL__POLL_MILLISECONDS", "500")
            .with("CANDOR__MAIL__AWAY_SECONDS", &away_seconds)
            .with("CANDOR__MAIL__LISTEN", &listen);
        (program, listen)
    };
    [sender("one"), sender("two")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_figure_is_true_while_relays_are_held_and_campaigns_pause_stop_and_end() {
    let size = size();
    let (house, scene, campaigns) = under_way(size.people).await;
    let house = Arc::new(house);
    let sinks = vec![Sink::start(size.delay).await, Sink::start(size.delay).await];
    let site = Site::open(&house.app).await;
    let programs = programs(&house, &sinks, size.away_seconds);
    let senders = programs
        .each_ref()
        .map(|(program, _)| program.start("work"));
    while house.number("select count(*) from sender").await < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (acts, findings) = (Acts::default(), Findings::default());
    let doing = Doing {
        house: &house,
        scene,
        sinks: &sinks,
        acts: &acts,
    };
    let [kept, cancelled] = campaigns.each_ref().map(|of| of.id);
    nothing_is_held(&acts, [kept, cancelled]).await;
    let watch = Watch {
        house: Arc::clone(&house),
        browser: site.signed_in("comms", &[Comms]).await,
        api: site.program(&[Comms]).await,
        sinks: sinks.clone(),
        campaigns: campaigns.to_vec(),
        metrics: programs
            .each_ref()
            .map(|(_, listen)| format!("http://{listen}/metrics"))
            .to_vec(),
        acts: acts.clone(),
        away: Duration::from_secs(size.away_seconds),
        findings: findings.clone(),
    };
    let watch = tokio::spawn(watch.run(size.every));

    disturb(&doing, &size, [kept, cancelled]).await;
    let status = format!(
        "select count(*) from campaign where id = '{}' and status = 'completed'",
        kept.uuid()
    );
    until_there_is_one(&house, &status).await;
    // The finished campaign is checked as well.
    tokio::time::sleep(size.every * 2 + Duration::from_secs(1)).await;
    assert!(!watch.is_finished(), "the poller ended: {:?}", watch.await);
    watch.abort();
    for sender in senders {
        assert_eq!(sender.terminate().await.code(), Some(0));
    }
    nothing_was_wrong(&findings);
    assert_eq!(house.number(&status).await, 1, "{}", stands(&house).await);
    let kept: i64 = sinks
        .iter()
        .map(|sink| sink.accepted("a", Instant::now()))
        .sum();
    assert_eq!(kept, size.people as i64, "each got one");
}
