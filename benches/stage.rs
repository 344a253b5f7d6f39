//! What every benchmark stands on: a directory, a database, a process whose memory is watched.

use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use candor::app::App;
use candor::clock::Clock;
use candor::config::Config;
use candor::id::StaffId;

/// Whatever keeps a benchmark from measuring.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// A directory that is gone afterwards.
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
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Which database and key a program of the benchmark uses.
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

/// Waits for the end of a process; the most memory it ever had, in KiB.
///
/// # Errors
/// If it cannot be waited for.
pub fn watch(child: &mut Child) -> Result<u64, Failure> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(peak)
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
