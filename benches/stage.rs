//! The parts that all benchmarks use: a directory, a database, a process with its memory measured.

use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use candor::app::App;
use candor::clock::Clock;
use candor::config::Config;
use candor::db;
use candor::db::embedded::{Cluster, Settings};
use candor::id::StaffId;

/// Any error that ends a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// A directory that is removed at the end.
pub struct Place(pub PathBuf);

impl Place {
    /// A new one; `CANDOR_BENCH_DIR` puts it on another disk.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(bench: &str) -> Result<Self, Failure> {
        let name = format!("candor-bench-{bench}-{}", std::process::id());
        let base =
            std::env::var_os("CANDOR_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let dir = base.join(name);
        fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }

    /// A durable Postgres in this directory, with a migrated database, and its URL.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn database(&self, max_connections: u32) -> Result<(Cluster, String), Failure> {
        let settings = Settings {
            durable: true,
            max_connections,
        };
        let cluster = Cluster::start_with(&self.0.join("pg"), settings).await?;
        cluster.ensure_database("bench").await?;
        let url = cluster.url("bench");
        db::migrate(&url).await?;
        Ok((cluster, url))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The database and the key that a program of the benchmark uses.
pub fn environment(url: &str) -> [(&str, &str); 2] {
    [
        ("CANDOR__DATABASE__URL", url),
        ("CANDOR__SECRETS__MASTER_KEY", MASTER_KEY),
    ]
}

/// The program on that database.
///
/// # Errors
/// If its settings are wrong.
pub fn app(url: &str) -> Result<App, Failure> {
    let env = environment(url).map(|(key, value)| (key.to_owned(), value.to_owned()));
    Ok(App::new(Config::from_parts(None, env)?, Clock::system())?)
}

/// An account with this role.
///
/// # Errors
/// The database's.
pub async fn staff(app: &App, role: &str) -> Result<StaffId, Failure> {
    let id = StaffId::new(app.now());
    let sql = format!(
        "insert into staff (id, name, roles, created_at) values ('{}', 'Bench', '{{{role}}}', now())",
        id.uuid()
    );
    app.db.raw().await?.batch_execute(&sql).await?;
    Ok(id)
}

/// The resources that a process used.
#[derive(Default)]
pub struct Used {
    /// Its highest memory use, in MiB.
    pub mib: f64,
    /// Seconds of processor time, read 10 ms before its end: steadier than the clock's time while other processes run.
    pub cpu: f64,
}

/// Waits for the end of a process.
///
/// # Errors
/// If it cannot be waited for.
pub fn watch(child: &mut Child) -> Result<Used, Failure> {
    let place = format!("/proc/{}", child.id());
    let mut used = Used::default();
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(format!("{place}/status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        used.mib = used.mib.max(kib.unwrap_or(0.0) / 1024.0);
        let stat = fs::read_to_string(format!("{place}/stat")).unwrap_or_default();
        used.cpu = used.cpu.max(ticks(&stat).unwrap_or(0.0) / TICKS_PER_SECOND);
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(used)
}

/// `USER_HZ`, which Linux reports to programs, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// Ticks of the process, and of the system on its behalf (proc(5), `stat`, fields 14 and 15).
fn ticks(stat: &str) -> Option<f64> {
    let fields = stat.rsplit_once(") ")?.1.split(' ');
    fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().ok())
        .sum()
}

/// Runs SQL.
///
/// # Errors
/// The database's.
pub async fn sql(url: &str, sql: &str) -> Result<(), Failure> {
    Ok(connect(url).await?.batch_execute(sql).await?)
}

/// A connection.
///
/// # Errors
/// The database's.
pub async fn connect(url: &str) -> Result<tokio_postgres::Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
