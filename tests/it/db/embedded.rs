//! The private Postgres: each test starts, kills or joins a real server.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candor::db::embedded::{Cluster, EmbeddedError, Settings};
use tokio_postgres::NoTls;

const QUICK: Settings = Settings {
    durable: false,
    max_connections: 20,
};

/// The environment variable with the directory in which `hold_a_cluster_until_killed` runs as another process.
const HOLD: &str = "CANDOR_TEST_HOLD_CLUSTER";

/// A directory of the test's own, removed with it. Always in `/tmp`, since every account can enter it; most of these
/// tests need that.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = format!("/tmp/candor-test-{}-{name}", std::process::id()).into();
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn pg(&self) -> PathBuf {
        self.0.join("pg")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn ask(url: &str, query: &str) -> Result<String, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client.query_one(query, &[]).await?.get(0))
}

/// Waits for what another process does; the test fails after this long.
async fn soon(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Not a test by itself: the process that the other tests start, join and kill.
#[tokio::test]
async fn hold_a_cluster_until_killed() {
    let Some(dir) = std::env::var_os(HOLD).map(PathBuf::from) else {
        return;
    };
    let cluster = Cluster::start_with(&dir.join("pg"), QUICK).await.unwrap();
    fs::write(dir.join("ready"), cluster.url("postgres")).unwrap();
    std::future::pending::<()>().await;
}

async fn another_process(scratch: &Scratch) -> Child {
    let ready = scratch.0.join("ready");
    let _ = fs::remove_file(&ready);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "db::embedded::hold_a_cluster_until_killed"])
        .env(HOLD, &scratch.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    soon("a start in another process", async || ready.exists()).await;
    child
}

#[tokio::test]
async fn a_cluster_keeps_its_databases_over_a_restart_and_clears_a_stale_lock() {
    let scratch = Scratch::new("restart with spaces, commas and ünïcode");
    let first = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
    assert!(!first.is_joined());
    first.ensure_database("a \"b\" c").await.unwrap();
    first.ensure_database("a \"b\" c").await.unwrap();
    let url = first.url("a \"b\" c");
    let shown = "SELECT concat_ws(' ', current_database(), current_setting('fsync'), \
                 current_setting('synchronous_commit'), current_setting('listen_addresses'), \
                 pg_encoding_to_char(encoding), datcollate) \
                 FROM pg_database WHERE datname = current_database()";
    assert_eq!(ask(&url, shown).await.unwrap(), "a \"b\" c off on  UTF8 C");
    first.stop().await.unwrap();
    assert!(ask(&url, "SELECT 'stopped'").await.is_err());

    // The lock file of a server that was killed with its machine; its pid now belongs to another program.
    let data = scratch.pg().join("data");
    let mut other = Command::new("sleep")
        .arg("60")
        .uid(fs::metadata(&data).unwrap().uid())
        .spawn()
        .unwrap();
    let lock = format!("{}\n{}\n", other.id(), data.display());
    fs::write(data.join("postmaster.pid"), lock).unwrap();

    let second = Cluster::start_with(&scratch.pg(), Settings::default())
        .await
        .unwrap();
    assert!(!second.is_joined());
    assert_eq!(ask(&url, shown).await.unwrap(), "a \"b\" c on on  UTF8 C");
    second.stop().await.unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_cluster_is_joined_outlives_the_joiner_and_ends_with_a_killed_starter() {
    let scratch = Scratch::new("killed");
    let mut starter = another_process(&scratch).await;
    let joiner = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
    assert!(joiner.is_joined());
    let url = joiner.url("postgres");
    joiner.stop().await.unwrap();
    assert_eq!(
        ask(&url, "SELECT 'still here'").await.unwrap(),
        "still here"
    );

    starter.kill().unwrap();
    starter.wait().unwrap();
    // At once, while the old server is still shutting down.
    let next = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
    if next.is_joined() {
        // Joined at its last moment, the server must still end.
        soon("the end of the server", async || {
            ask(&url, "SELECT ''").await.is_err()
        })
        .await;
        return;
    }
    drop(next);
    let lock = scratch.pg().join("data/postmaster.pid");
    soon("a clean shutdown", async || !lock.exists()).await;
}

#[tokio::test]
async fn processes_that_start_at_once_share_one_server() {
    let scratch = Scratch::new("at-once");
    let pg = scratch.pg();
    let (one, two) = tokio::join!(
        Cluster::start_with(&pg, QUICK),
        Cluster::start_with(&pg, QUICK)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_joined() != two.is_joined());
    let (a, b) = tokio::join!(one.ensure_database("same"), two.ensure_database("same"));
    a.unwrap();
    b.unwrap();
    let (a, b) = tokio::join!(one.stop(), two.stop());
    a.unwrap();
    b.unwrap();
    let left: Vec<_> = fs::read_dir(&pg).unwrap().flatten().collect();
    assert_eq!(left.len(), 3, "only data, run and the log: {left:?}");
}

#[tokio::test]
async fn data_of_another_major_version_is_refused_by_name() {
    let scratch = Scratch::new("version");
    let data = scratch.pg().join("data");
    let own = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
    own.stop().await.unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    let refused = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::Version { .. }));
    let words = refused.to_string();
    assert!(words.contains("made by Postgres 9"), "{words}");
    assert!(
        words.contains(&format!("delete {}", data.display())),
        "{words}"
    );
}

#[tokio::test]
async fn a_failed_start_names_the_log_and_shows_its_end() {
    let scratch = Scratch::new("failed");
    let first = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
    let log = first.log();
    first.stop().await.unwrap();
    fs::remove_dir_all(scratch.pg().join("data/global")).unwrap();
    let refused = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap_err();
    let words = refused.to_string();
    assert!(words.contains(&log.display().to_string()), "{words}");
    assert!(words.contains("pg_control"), "{words}");
}

#[tokio::test]
async fn a_place_that_the_account_cannot_reach_is_replaced_and_named() {
    let scratch = Scratch::new("closed");
    if fs::metadata(&scratch.0).unwrap().uid() != 0 {
        println!("not run: only root starts Postgres as another account");
        return;
    }
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    let mut moved = PathBuf::new();
    for _ in 0..2 {
        let cluster = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap();
        assert_eq!(
            ask(&cluster.url("postgres"), "SELECT 'here'")
                .await
                .unwrap(),
            "here"
        );
        moved = cluster.log().parent().unwrap().to_owned();
        assert!(moved.starts_with("/var/tmp"));
        assert!(cluster.note().unwrap().ends_with(&*moved.to_string_lossy()));
        cluster.stop().await.unwrap();
    }
    fs::remove_dir_all(moved).unwrap();
}

#[tokio::test]
async fn a_place_with_a_long_path_gets_a_short_socket() {
    let scratch = Scratch::new("long");
    let deep = scratch.pg().join("d".repeat(120));
    let cluster = Cluster::start_with(&deep, QUICK).await.unwrap();
    let url = cluster.url("postgres");
    assert_eq!(ask(&url, "SELECT 'short'").await.unwrap(), "short");
    assert!(url.contains("%2Ftmp%2Fcandor-"), "{url}");
    cluster.stop().await.unwrap();
    let sockets = url.split(['@', '/']).nth(3).unwrap().replace("%2F", "/");
    fs::remove_dir_all(sockets).unwrap();
}

#[tokio::test]
async fn a_directory_with_other_things_is_never_given_away() {
    let scratch = Scratch::new("others");
    if fs::metadata(&scratch.0).unwrap().uid() != 0 {
        println!("not run: only root could take a directory over");
        return;
    }
    fs::create_dir(scratch.pg()).unwrap();
    fs::write(scratch.pg().join("letter"), "mine").unwrap();
    let refused = Cluster::start_with(&scratch.pg(), QUICK).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::Place { .. }));
    assert_eq!(fs::metadata(scratch.pg()).unwrap().uid(), 0);
}
