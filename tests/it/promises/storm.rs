//! P3, nothing lost, under every failure at once: one campaign, two senders, a mail server that defers, refuses and
//! drops at random, while senders are killed and Postgres is crashed. In the end every person is accounted for.
//!
//! `CANDOR_STORM=full` runs the full size; the default is small enough for every run.

mod run;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use candor::account::{account, recount};
use candor::campaign::CampaignKind;
use candor::db::embedded::{Cluster, Settings};

use crate::house::House;
use crate::mail::Scratch;
use crate::people::{MESSAGE_OF, Scene, list};
use crate::program::{Program, Running};

use server::{Fate, Server, draw};

/// Decides all random choices, but not the order of events; `CANDOR_STORM_SEED` changes it.
fn seed() -> u64 {
    let named = std::env::var("CANDOR_STORM_SEED").ok();
    named.map_or(20_261_126, |seed| seed.parse().unwrap())
}

/// The size of the test.
struct Size {
    people: usize,
    kills: usize,
    crashes: usize,
    connections: usize,
    patience: Duration,
}

impl Size {
    fn asked() -> Self {
        let full = std::env::var("CANDOR_STORM").is_ok_and(|size| size == "full");
        let (people, kills, crashes, minutes) = if full {
            (100_000, 30, 5, 30)
        } else {
            (3_000, 4, 1, 2)
        };
        Self {
            people,
            kills,
            crashes,
            connections: 8,
            patience: Duration::from_secs(60 * minutes),
        }
    }
}

/// A Postgres of the test's own, so that its crash disturbs no other test.
pub struct Postgres {
    disk: Scratch,
    /// The server.
    pub cluster: Cluster,
}

impl Postgres {
    const SETTINGS: Settings = Settings {
        durable: true,
        max_connections: 100,
    };

    /// Starts it, with a database `storm`.
    pub async fn start() -> Self {
        let disk = Scratch::new();
        let cluster = Cluster::start_with(disk.path(), Self::SETTINGS)
            .await
            .unwrap();
        cluster.ensure_database("storm").await.unwrap();
        Self { disk, cluster }
    }

    fn lock(&self) -> PathBuf {
        self.cluster.log().with_file_name("data/postmaster.pid")
    }

    /// What `pg_ctl stop -m immediate` does, then a start: without a checkpoint, through recovery.
    pub async fn crash(&mut self) {
        self.die().await;
        self.start_again().await;
    }

    /// The first half of [`Self::crash`]: what is only in memory does not reach the disk.
    pub async fn die(&self) {
        let lock = std::fs::read_to_string(self.lock()).unwrap();
        let pid = lock.lines().next().unwrap().to_owned();
        let told = Command::new("kill").args(["-QUIT", &pid]).status();
        assert!(told.unwrap().success());
        until("Postgres stops", Duration::from_secs(30), async || {
            !self.lock().exists()
        })
        .await;
    }

    /// The second half.
    pub async fn start_again(&mut self) {
        self.cluster = Cluster::start_with(self.disk.path(), Self::SETTINGS)
            .await
            .unwrap();
        assert!(!self.cluster.is_joined());
    }
}

async fn within(patience: Duration, mut done: impl AsyncFnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !done().await {
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

async fn until(what: &str, patience: Duration, done: impl AsyncFnMut() -> bool) {
    assert!(
        within(patience, done).await,
        "{what}: not after {patience:?}"
    );
}

/// A sender; its process is replaced after each kill.
struct Sender {
    name: &'static str,
    program: Program,
    running: Option<Running>,
}

impl Sender {
    fn start(house: &House, name: &'static str, server: &Server, connections: usize) -> Self {
        let url = format!("smtp://127.0.0.1:{}?helo={name}", server.port);
        let program = Program::of(house)
            .with_relay(name, &url, connections)
            .with("CANDOR__MAIL__NODE", name)
            .with("CANDOR__MAIL__LEASE_SECONDS", "5")
            // By chance many refusals may follow each other; the breaker would pause the campaign, and no one would
            // resume it here.
            .with("CANDOR__BREAKER__BOUNCE_PAUSE_PERCENT", "100");
        let running = Some(program.start("work"));
        Self {
            name,
            program,
            running,
        }
    }

    fn kill(&mut self) {
        self.running.take().unwrap().kill();
    }

    fn start_again(&mut self) {
        self.running = Some(self.program.start("work"));
    }
}

/// Makes every deferred notice due now.
pub async fn hurry(house: &House) {
    house
        .sql(
            "begin;
             update outcome set retry_at = now() where retry_at > now();
             update batch set due_at = now() where status = 'waiting' and due_at > now();
             commit",
        )
        .await;
}

/// Kills and crashes, spread over the campaign by the share that has arrived.
async fn strike(
    size: &Size,
    house: &House,
    server: &Server,
    senders: &mut [Sender; 2],
    postgres: &mut Postgres,
) {
    let strikes = size.kills + size.crashes;
    let every = strikes / size.crashes;
    let mut crashes = 0;
    for strike in 0..strikes {
        let random = draw(seed(), 1_000_000 + strike as u64) as usize;
        // Between a twentieth and four fifths of the way.
        let step = size.people * 3 / 4 / strikes;
        let at = size.people / 20 + strike * step + random % step;
        let victim = &mut senders[(random >> 32) % 2];
        let what = format!("strike {strike} after {at} messages");
        until(&what, size.patience, async || {
            server.accepted() >= at && server.open(victim.name) > 0
        })
        .await;
        if strike % every == every / 2 && crashes < size.crashes {
            crashes += 1;
            // Every second time Postgres and the senders fail together.
            let power_cut = crashes % 2 == 0;
            if power_cut {
                senders.iter_mut().for_each(Sender::kill);
            }
            postgres.crash().await;
            if power_cut {
                senders.iter_mut().for_each(Sender::start_again);
            }
        } else {
            victim.kill();
            victim.start_again();
        }
        hurry(house).await;
    }
    assert_eq!(crashes, size.crashes);
}

/// The state of all parts, for the message if the campaign does not end.
async fn standing(house: &House) -> String {
    let of = async |sql: &str| column(house, sql).await.join("; ");
    format!(
        "campaign: {}\nnotices: {}\nbatches: {}\nactions: {}",
        of("select format('%s %s', status, status_reason) from campaign").await,
        of("select format('%s %s', count(*), status) from notice group by status").await,
        of("select format('%s %s by %s, due in %s, leased for %s', count(*), status, leased_by,
                max(due_at) - now(), max(lease_until) - now()) from batch group by status, leased_by")
        .await,
        of("select format('%s %s', action, detail) from audit_event where actor like 'system%'").await,
    )
}

/// Makes notices due until only those are open that the server never accepts; then three days have passed for them.
async fn until_over(size: &Size, house: &House, never: usize) {
    let open = "select count(*) from notice where status not in ('sent', 'bounced', 'expired')";
    let all_frozen = "select count(*) from campaign_freeze where not done";
    let through = within(size.patience, async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        hurry(house).await;
        house.number(all_frozen).await == 0 && house.number(open).await <= never as i64
    })
    .await;
    assert!(
        through,
        "not everybody else is through:\n{}",
        standing(house).await
    );
    house
        .sql(
            "update outcome set at = at - interval '4 days' where notice_id in
              (select id from notice where status not in ('sent', 'bounced', 'expired'))",
        )
        .await;
    until("the end", size.patience, async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        hurry(house).await;
        house
            .number("select count(*) from campaign where status = 'completed'")
            .await
            == 1
    })
    .await;
}

/// The counters, the people and `candor check --recount` agree.
async fn books(size: &Size, house: &House, scene: &Scene, sent: usize) {
    // The pool of this process still holds connections from before the crashes: each fails once.
    let mut conn = loop {
        let mut conn = house.app.db.get().await.unwrap();
        if recount(&mut conn, scene.incident).await.is_ok() {
            break conn;
        }
    };
    let told = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(told, recount(&mut conn, scene.incident).await.unwrap());
    assert_eq!(told.unexplained, 0);
    assert_eq!(
        (
            told.people,
            told.notified,
            told.needs_letter,
            told.in_progress
        ),
        (
            size.people as i64,
            sent as i64,
            (size.people - sent) as i64,
            0
        )
    );
    let differ = "select count(*) from
        (select status, count(*) n from notice group by status) a full join
        (select status, n from campaign_count where n <> 0) b using (status)
        where a.n is distinct from b.n";
    assert_eq!(house.number(differ).await, 0, "the campaign's counters");
    let relay = "file:///tmp/candor-never-written";
    let program = Program::of(house).with_relay("relay", relay, 1);
    program.ok(&["check", "--recount"]);
}

async fn column(house: &House, sql: &str) -> Vec<String> {
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Compares the notices that the database records as sent with those that the server has. Returns how many people got
/// one twice because of kills and crashes, and how many because the server's answer was lost.
async fn compare(house: &House, letters: &[Vec<String>]) -> (usize, usize) {
    let seed = seed();
    let sent = format!("select {MESSAGE_OF} from notice n where status = 'sent'");
    let sent: BTreeSet<String> = column(house, &sent).await.into_iter().collect();
    let marked = format!(
        "select {MESSAGE_OF} from outcome o join notice n on (n.bucket, n.id) = (o.bucket, o.notice_id)
            where o.result = 'uncertain'"
    );
    let mut marks: BTreeMap<String, usize> = BTreeMap::new();
    for id in column(house, &marked).await {
        *marks.entry(id).or_default() += 1;
    }
    let mut arrived = BTreeSet::new();
    let (mut by_strikes, mut by_fate) = (0, 0);
    for (person, ids) in letters.iter().enumerate() {
        let fate = Fate::of(seed, person);
        let lost = matches!(fate, Fate::Unknown | Fate::Never);
        assert_eq!(ids.is_empty(), lost, "person {person}, {fate:?}: {ids:?}");
        let Some(id) = ids.first() else { continue };
        assert!(ids.iter().all(|other| other == id), "two notices: {ids:?}");
        assert!(
            sent.contains(id),
            "arrived, and not told: {person} {fate:?}"
        );
        assert!(arrived.insert(id.clone()), "one notice for two people");
        let doubles = ids.len() - 1;
        let known = marks.get(id).copied().unwrap_or(0);
        assert!(
            doubles <= known,
            "{person} {fate:?}: {doubles} doubles, {known} marked"
        );
        let expected = usize::from(fate == Fate::AnswerLost).min(doubles);
        by_fate += expected;
        by_strikes += doubles - expected;
    }
    assert_eq!(arrived, sent, "said to be sent, and never arrived");
    (by_strikes, by_fate)
}
