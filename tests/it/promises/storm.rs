//! P3, nothing lost, in a storm: one campaign, two senders, a mail server that defers, refuses and drops
//! at random, senders killed and Postgres crashed meanwhile. In the end everybody is accounted for.
//!
//! `CANDOR_STORM=full` is the whole of it; by default it is small enough for every run.

mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::db::embedded::{Cluster, Settings};
use candor::notice::account::{account, recount};

use crate::house::House;
use crate::mail::Scratch;
use crate::people::{MESSAGE_OF, Scene, list};
use crate::program::{Program, Running};

use server::{Fate, Server, draw};

/// Decides everything but the order of things; `CANDOR_STORM_SEED` makes it another storm.
fn seed() -> u64 {
    let named = std::env::var("CANDOR_STORM_SEED").ok();
    named.map_or(20_261_126, |seed| seed.parse().unwrap())
}

/// How much of it.
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

/// A Postgres of the test's own, so that nobody else's crashes.
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

    /// The first half of [`Self::crash`]: nothing that is only in memory reaches the disk.
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

/// One sender, whichever process is it now.
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
            // Chance may put many of those who refuse one after the other; then nobody would be here to resume.
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

/// Lets nobody wait: what was put off for minutes or hours is due now.
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

/// Kills and crashes, spread over the campaign by how much of it has arrived.
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
        let what = format!("strike {strike} after {at} letters");
        until(&what, size.patience, async || {
            server.accepted() >= at && server.open(victim.name) > 0
        })
        .await;
        if strike % every == every / 2 && crashes < size.crashes {
            crashes += 1;
            // Every second time all is dark at once.
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

/// How everything stands, for whoever must find out why it does not end.
async fn standing(house: &House) -> String {
    let of = async |sql: &str| column(house, sql).await.join("; ");
    format!(
        "campaign: {}\nnotices: {}\nbatches: {}\ndeeds: {}",
        of("select format('%s %s', status, status_reason) from campaign").await,
        of("select format('%s %s', count(*), status) from notice group by status").await,
        of("select format('%s %s by %s, due in %s, leased for %s', count(*), status, leased_by,
                max(due_at) - now(), max(lease_until) - now()) from batch group by status, leased_by")
        .await,
        of("select format('%s %s', action, detail) from audit_event where actor like 'system%'").await,
    )
}

/// Hurries until only those are open who are never taken; then three days have passed for them.
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

/// The books: the counters, the people and `candor check --recount` tell the same.
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

/// Compares what the books say was sent with what the server has. How many got it twice because of the
/// strikes, and how many because the server's yes was lost.
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

#[tokio::test(flavor = "multi_thread")]
async fn p3_in_a_storm_nobody_is_lost_and_nobody_is_doubled_in_silence() {
    let size = Size::asked();
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(size.people, "name;ssn")).await;
    let server = Server::start(seed(), size.people).await;
    let begun = Instant::now();
    scene.launched(&house, CampaignKind::Initial).await;
    let mut senders = ["one.example", "two.example"]
        .map(|name| Sender::start(&house, name, &server, size.connections));
    strike(&size, &house, &server, &mut senders, &mut postgres).await;
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    for person in 0..size.people {
        *fates.entry(Fate::of(seed(), person)).or_default() += 1;
    }
    let (unknown, never) = (fates[&Fate::Unknown], fates[&Fate::Never]);
    until_over(&size, &house, never).await;
    for sender in &mut senders {
        let ended = sender.running.take().unwrap().terminate().await;
        assert_eq!(ended.code(), Some(0), "{}", sender.name);
    }

    let in_state = async |status: &str| {
        let sql = format!("select count(*) from notice where status = '{status}'");
        usize::try_from(house.number(&sql).await).unwrap()
    };
    let sent = size.people - unknown - never;
    let states = (
        in_state("sent").await,
        in_state("bounced").await,
        in_state("expired").await,
    );
    assert_eq!(states, (sent, unknown, never), "each in one final state");
    books(&size, &house, &scene, sent).await;
    let (by_strikes, by_fate) = compare(&house, &server.letters()).await;
    let most = size.connections * (size.kills + 2 * size.crashes);
    assert!(
        by_strikes <= most,
        "{by_strikes} doubles, {most} connections were open"
    );
    let uncertain = "select count(*) from outcome where result = 'uncertain'";
    let died = "select count(*) from outcome where reason like 'sender or database lost%'";
    println!(
        "storm: {} people, {} kills, {} crashes of Postgres, {:?}, {} connections; sent {sent}, bounced {unknown}, \
         expired {never}; {} attempts, {} uncertain of which {} by strikes; doubles: {by_strikes} by strikes \
         (at most {most}), {by_fate} by lost answers; {fates:?}",
        size.people,
        size.kills,
        size.crashes,
        begun.elapsed(),
        server.connections(),
        house
            .number("select count(*) from outcome where settled")
            .await,
        house.number(uncertain).await,
        house.number(died).await,
    );
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
