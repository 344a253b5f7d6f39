//! Dumps at random moments of a campaign with two senders. `CANDOR_RESTORE=full` makes ten dumps of a campaign to
//! 20,000 people; the default is small enough for every run. `CANDOR_RESTORE_SEED` changes the moments.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::notice::account::account;

use super::sink::Sink;
use super::{Copy, dump};
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{MESSAGE_OF, Scene, list};
use crate::program::{Program, Running};

const CONNECTIONS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(180);

struct Size {
    people: usize,
    moments: u64,
    slowness: Duration,
}

impl Size {
    fn asked() -> Self {
        let full = std::env::var("CANDOR_RESTORE").is_ok_and(|size| size == "full");
        let (people, moments, millis) = if full { (20_000, 10, 2) } else { (600, 2, 15) };
        Self {
            people,
            moments,
            slowness: Duration::from_millis(millis),
        }
    }
}

fn seed() -> u64 {
    let named = std::env::var("CANDOR_RESTORE_SEED").ok();
    named.map_or(20_261_129, |seed| seed.parse().unwrap())
}

/// A pseudo-random number below `below` (splitmix64).
fn draw(number: u64, below: usize) -> usize {
    let mut z = seed().wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) % below.max(1) as u64).unwrap()
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn programs(house: &House, sink: &Sink) -> [Program; 2] {
    ["one", "two"].map(|name| {
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        Program::of(house)
            .with_relay("relay", &url, CONNECTIONS)
            .with("CANDOR__MAIL__NODE", name)
            .with("CANDOR__MAIL__LEASE_SECONDS", "5")
            .with("CANDOR__LOG__LEVEL", "off")
    })
}

fn start(programs: &[Program; 2]) -> [Running; 2] {
    programs.each_ref().map(|program| program.start("work"))
}

/// The two senders have polled since then, and both would send if they could.
async fn until_both_looked(house: &House) {
    let now = house
        .number("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
        .await;
    let looked = format!(
        "select count(*) from sender where extract(epoch from seen_at) * 1000 > {}",
        now + 1_000
    );
    until("both senders look", async || {
        house.number(&looked).await == 2
    })
    .await;
}

/// Why a copy is held. Until an operator decides, no message leaves.
async fn nothing_leaves(house: &House, sink: &Sink) -> [Running; 2] {
    let before = sink.taken();
    let programs = programs(house, sink);
    let running = start(&programs);
    until("the doubt is on record", async || {
        house
            .number("select count(*) from deployment where doubt is not null")
            .await
            == 1
    })
    .await;
    until_both_looked(house).await;
    assert_eq!(
        sink.taken(),
        before,
        "nothing leaves before somebody decides"
    );
    running
}

async fn until_completed(house: &House) {
    until("the campaign is through", async || {
        house
            .number("select count(*) from campaign where status = 'completed'")
            .await
            == 1
    })
    .await;
}

async fn end(running: [Running; 2]) {
    for one in running {
        assert_eq!(one.terminate().await.code(), Some(0));
    }
}

/// Every person is accounted for and every counter is right.
async fn books(house: &House, scene: &Scene, people: usize) {
    let mut conn = house.app.db.get().await.unwrap();
    let told = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!((told.unexplained, told.people), (0, people as i64));
    let relay = "file:///tmp/candor-never-written";
    Program::of(house)
        .with_relay("relay", relay, 1)
        .ok(&["check", "--recount"]);
}

async fn ids(house: &House, sql: &str) -> BTreeSet<String> {
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Settled with the relay's log: each notice is counted once.
async fn by_the_log(size: &Size, scene: &Scene, copy: &House, sink: &Sink) -> String {
    let running = nothing_leaves(copy, sink).await;
    let scratch = Scratch::new();
    let log = scratch.path().join("mail.log");
    std::fs::write(&log, sink.log()).unwrap();
    let program = Program::of(copy);
    let log = log.display().to_string();
    let done = program.ok(&["db", "restored", "--relay-log", &log, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&done).unwrap();
    assert_eq!(told["strangers"], 0, "every message belongs to something");
    until_completed(copy).await;
    end(running).await;
    for (person, letters) in sink.letters().iter().enumerate() {
        assert_eq!(letters.len(), 1, "person {person}: {letters:?}");
    }
    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(copy.number(sent).await, size.people as i64);
    let uncertain = "select count(*) from outcome where result = 'uncertain'";
    assert_eq!(copy.number(uncertain).await, 0);
    books(copy, scene, size.people).await;
    program.ok(&["audit", "verify"]);
    done
}

/// Decided without a log: every possible double is marked, and no other person.
async fn by_nobody(size: &Size, scene: &Scene, copy: &House, sink: &Sink, again: bool) -> usize {
    let running = nothing_leaves(copy, sink).await;
    let known = format!(
        "select {MESSAGE_OF} from notice n where status = 'sent' or exists (select from outcome o
            where (o.bucket, o.notice_id) = (n.bucket, n.id) and o.result = 'accepted')"
    );
    let known = ids(copy, &known).await;
    let what = if again { "again" } else { "leave" };
    let program = Program::of(copy);
    program.ok(&["db", "restored", "--nobody-knows", "--uncertain", what]);
    until_completed(copy).await;
    end(running).await;
    let of = |rest: &str| format!("select {MESSAGE_OF} from notice n where {rest}");
    let marked = ids(
        copy,
        &of(
            "exists (select from outcome o where (o.bucket, o.notice_id) = (n.bucket, n.id)
            and o.result = 'uncertain')",
        ),
    )
    .await;
    assert_eq!(marked.len() + known.len(), size.people, "marked or known");
    assert!(
        marked.is_disjoint(&known),
        "nobody is marked who was surely told"
    );
    let uncertain = ids(copy, &of("status = 'uncertain'")).await;
    let mut doubles = 0;
    for (person, letters) in sink.letters().iter().enumerate() {
        match letters.as_slice() {
            [] => {
                assert!(!again, "person {person} got nothing");
                doubles += 1;
            }
            [one] if again => assert!(known.contains(one) || marked.contains(one)),
            [_] => {}
            [one, other] => {
                assert_eq!(one, other, "one Message-ID for both");
                assert!(
                    again && marked.contains(one),
                    "person {person} is not marked"
                );
                doubles += 1;
            }
            more => panic!("person {person} got {}", more.len()),
        }
    }
    assert_eq!(uncertain.len(), if again { 0 } else { marked.len() });
    books(copy, scene, size.people).await;
    doubles
}

async fn at_moment(size: &Size, number: u64) {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(size.people, "name;ssn")).await;
    let sink = Sink::start(size.people, size.slowness).await;
    let programs = programs(&house, &sink);
    let running = start(&programs);
    scene.launched(&house, CampaignKind::Initial).await;
    let at = size.people / 50 + draw(number * 2, size.people * 7 / 10);
    until("the moment", async || sink.taken() >= at).await;
    let dump = tokio::task::block_in_place(|| dump(&house));
    let dumped = sink.taken();
    let more = dumped + draw(number * 2 + 1, size.people / 5);
    until("the end", async || sink.taken() >= more.min(size.people)).await;
    running.into_iter().for_each(Running::kill);
    // The messages that were on connections arrive.
    tokio::time::sleep(size.slowness * 2).await;
    let (lost, log) = (sink.letters(), sink.log().len());
    let sent = sink.taken();
    sink.take_in(Duration::ZERO);

    let copy = Copy::load(&house, &dump, "").await;
    let knew = copy
        .house()
        .number("select count(*) from outcome where result = 'accepted'")
        .await;
    let settled = by_the_log(size, &scene, copy.house(), &sink).await;
    drop(copy);
    sink.go_back(&lost);
    let copy = Copy::load(&house, &dump, "").await;
    let again = number.is_multiple_of(2);
    let doubles = by_nobody(size, &scene, copy.house(), &sink, again).await;
    let what = if again {
        "written to twice, all marked"
    } else {
        "left uncertain without a letter"
    };
    println!(
        "restore {number}: the copy knows {knew} of {} sent, {sent} had left ({log} octets of log); by the log: {}; \
         without: {doubles} {what}",
        size.people,
        settled.split_whitespace().collect::<String>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_copy_of_a_random_moment_sends_nothing_until_a_decision_and_marks_every_double() {
    let size = Size::asked();
    for number in 0..size.moments {
        at_moment(&size, number).await;
    }
}
