//! Processes with a database that is slow, or does not answer, while they compare schema and keys with it.

use std::time::{Duration, Instant};

use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::program::Program;
use crate::sessions::{holder, until_waiting};

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: it never came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_database_is_slow_goes_on_and_compares_later() {
    let house = House::new().await;
    Scene::new(&house).await;
    let (raw, pid) = holder(&house).await;
    raw.batch_execute("lock table ticket_transition in access exclusive mode")
        .await
        .unwrap();
    let program = Program::of(&house)
        .with("CANDOR__DATABASE__LOCK_SECONDS", "1")
        .with("CANDOR__LOG__LEVEL", "warn");
    let scratch = Scratch::new();
    let log = scratch.path().join("log");
    let mut running = program.start_logged("serve", &log);
    let said = || std::fs::read_to_string(&log).unwrap();
    until("the start", || {
        said().contains("starting without the database")
    })
    .await;
    // It polls again, and the database is too slow again.
    until_waiting(&house, pid, 1).await;
    until_waiting(&house, pid, 0).await;
    until_waiting(&house, pid, 1).await;
    raw.batch_execute("rollback").await.unwrap();
    running.until_ready(&program).await;
    assert!(
        !said().contains("cannot work with this database"),
        "{}",
        said()
    );
    assert_eq!(running.terminate().await.code(), Some(0));
}

/// The URL of the database at `url` behind the socket in a folder.
fn behind(url: &str, folder: &str) -> (String, u16) {
    let config: tokio_postgres::Config = url.parse().unwrap();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let (before, rest) = url.split_once("://").unwrap();
    let (place, rest) = rest.split_once('/').unwrap();
    let user = place
        .rsplit_once('@')
        .map_or(String::new(), |(user, _)| format!("{user}@"));
    let folder = folder.replace('/', "%2F");
    (format!("{before}://{user}{folder}/{rest}"), port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_ends_although_its_database_takes_connections_and_answers_nothing() {
    let house = House::new().await;
    for word in ["serve", "work"] {
        let scratch = Scratch::new();
        let (url, port) = behind(&house.url, &scratch.path().display().to_string());
        let program = Program::of(&house)
            .without("CANDOR__DATABASE__URL")
            .with("CANDOR__DATABASE__URL", &url)
            .with("CANDOR__LOG__LEVEL", "warn")
            .with_relay("relay", "file:///tmp/candor-never-written", 1);
        let log = scratch.path().join("log");
        let mut running = program.start_logged(word, &log);
        let said = || std::fs::read_to_string(&log).unwrap();
        until("the start", || {
            said().contains("starting without the database")
        })
        .await;
        // From here on a listener accepts the connections and says nothing.
        let socket = scratch.path().join(format!(".s.PGSQL.{port}"));
        let listener = UnixListener::bind(socket).unwrap();
        let (count, taken) = watch::channel(0);
        let silent = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((near, _)) = listener.accept().await {
                held.push(near);
                count.send_replace(held.len());
            }
        });
        until("a connection", || *taken.borrow() > 0).await;
        // The process tries its database each second: it waits for an answer by now.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let asked = Instant::now();
        let told = std::process::Command::new("kill")
            .arg(running.id().to_string())
            .status();
        assert!(told.unwrap().success());
        let ended = running.ended().await;
        assert_eq!(ended.code(), Some(0), "{word}: {}", said());
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(35), "{word}: {took:?}");
        silent.abort();
    }
}
