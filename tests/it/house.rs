//! `House` is one test's Candor: its own schema in a real Postgres, a clock that stands still, a relay in memory. Tests
//! run in parallel and share only the server.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use candor::app::App;
use candor::clock::Clock;
use candor::config::Config;
use candor::db;
use candor::db::embedded::{Cluster, Settings};
use candor::id::{PersonId, StaffId};
use candor::mail::Relay;
use candor::mail::memory::MemoryRelay;
use candor::shutdown::Shutdown;
use candor::worker::{self, Route};
use chrono::{DateTime, Utc};

const DATABASE: &str = "candor_test";
/// The time at which the clock of every house stands at first.
pub const BEGINNING: &str = "2026-11-23T09:00:00Z";
/// The rules about texts that do not hold in most tests.
pub const RULES_OFF: [&str; 4] = [
    "law.*",
    "any.link-outside",
    "any.known-hedge",
    "any.unnumbered",
];
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The server's URL, after schemas of killed runs are dropped. CANDOR_TEST_DATABASE_URL names the server; otherwise a
/// private one runs as long as this process.
fn server() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        // A runtime of its own: the runtime of the first test must not own the server's tasks.
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let url = runtime.block_on(start());
            std::mem::forget(runtime);
            url
        })
        .join()
        .unwrap()
    })
}

async fn start() -> String {
    let url = match std::env::var("CANDOR_TEST_DATABASE_URL") {
        Ok(url) => url,
        Err(_) => {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-postgres");
            std::fs::create_dir_all(&dir).unwrap();
            let settings = Settings {
                durable: false,
                max_connections: 300,
            };
            let cluster = Cluster::start_with(&dir, settings).await.unwrap();
            cluster.ensure_database(DATABASE).await.unwrap();
            let url = cluster.url(DATABASE);
            // The server stops when this process ends, in any way.
            std::mem::forget(cluster);
            url
        }
    };
    let client = connect(&url).await;
    let mine = format!("t{}_%", std::process::id());
    let left = client
        .query(
            "select nspname from pg_namespace where nspname ~ '^t[0-9]+_' and nspname not like $1",
            &[&mine],
        )
        .await
        .unwrap();
    for row in left {
        let name: String = row.get(0);
        client
            .batch_execute(&format!("drop schema {name} cascade"))
            .await
            .unwrap();
    }
    url
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let connector = db::Connector::new(url).unwrap();
    connector.client().await.unwrap()
}

/// The program on the database at `url`.
fn app(url: &str, settings: &str, master: &str) -> App {
    let env = [
        ("CANDOR__DATABASE__URL", url),
        ("CANDOR__SECRETS__MASTER_KEY", master),
        ("CANDOR__MAIL__NODE", "test"),
        ("CANDOR__HTTP__DRAIN_SECONDS", "0"),
        ("CANDOR__MAIL__POLL_MILLISECONDS", "20"),
        // Tests count the messages of the relay; those about e-mails to staff switch them on.
        ("CANDOR__MAIL__TELL_STAFF", "false"),
        ("CANDOR__ORGANISATION__NAME", "Sundmere Mobile"),
        (
            "CANDOR__ORGANISATION__FROM_ADDRESS",
            "notice@sundmere.example",
        ),
    ];
    // The test's own settings have precedence.
    let poll = settings.contains("poll_milliseconds");
    let tells = settings.contains("tell_staff");
    let env = env
        .into_iter()
        .filter(|(key, _)| !poll || !key.ends_with("POLL_MILLISECONDS"))
        .filter(|(key, _)| !tells || !key.ends_with("TELL_STAFF"));
    let mut config = Config::from_parts(
        Some(settings),
        env.map(|(k, v)| (k.to_owned(), v.to_owned())),
    )
    .unwrap();
    if !settings.contains("[lint]") {
        // Most tests are not about the law of a place; texts of a few words would need a waiver.
        config.lint.off = RULES_OFF.map(str::to_owned).into();
    }
    if config.database.state_dir == "auto" {
        // Tests leave no files behind.
        config.database.state_dir.clear();
    }
    let beginning: DateTime<Utc> = BEGINNING.parse().unwrap();
    App::new(config, Clock::fixed(beginning)).unwrap()
}

/// One test's Candor.
pub struct House {
    /// The program.
    pub app: App,
    /// The messages that were sent.
    pub mail: MemoryRelay,
    /// The URL of this house's schema.
    pub url: String,
    schema: String,
    server: String,
}

impl House {
    /// A house with an empty schema.
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// A house with these settings, as TOML.
    pub async fn with(settings: &str) -> Self {
        let server = tokio::task::block_in_place(server);
        Self::at(server, settings).await
    }

    /// A house in another database than the shared one.
    pub async fn at(server: &str, settings: &str) -> Self {
        let schema = format!(
            "t{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        connect(server)
            .await
            .batch_execute(&format!("create schema {schema}"))
            .await
            .unwrap();
        let join = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{join}options=-csearch_path%3D{schema}");
        db::migrate(&url).await.unwrap();
        let app = app(&url, settings, &"07".repeat(32));
        Self {
            app,
            mail: MemoryRelay::new("memory"),
            url,
            schema,
            server: server.to_owned(),
        }
    }

    /// Candor on a copy of this house's schema in another database.
    pub fn in_copy(&self, server: &str, settings: &str) -> Self {
        let join = if server.contains('?') { '&' } else { '?' };
        let url = format!(
            "{server}{join}options=-csearch_path%3D{schema}",
            schema = self.schema
        );
        Self {
            app: app(&url, settings, &"07".repeat(32)),
            mail: MemoryRelay::new("memory"),
            url,
            schema: self.schema.clone(),
            server: server.to_owned(),
        }
    }

    /// Changes the settings; the master key stays.
    pub fn with_settings(&mut self, settings: &str) {
        self.app = app(&self.url, settings, &"07".repeat(32));
    }

    /// The URL of the database that holds this house's schema.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Changes the settings, including the master key.
    pub fn rekey(&mut self, settings: &str) {
        self.app = app(&self.url, settings, "");
    }

    /// Inserts a member of staff with these roles, who cannot sign in.
    pub async fn staff(&self, roles: &[&str]) -> StaffId {
        let id = StaffId::new(self.app.now());
        let roles = roles.join(",");
        self.sql(&format!(
            "insert into staff (id, email, password_hash, name, roles, created_at) \
             values ('{0}', '{0}@staff.example', 'none', 'Somebody', '{{{roles}}}', '{BEGINNING}')",
            id.uuid()
        ))
        .await;
        id
    }

    /// A connection to this house's schema, for raw SQL.
    pub async fn raw(&self) -> tokio_postgres::Client {
        connect(&self.url).await
    }

    /// The name of this house's schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Runs raw SQL.
    pub async fn sql(&self, sql: &str) {
        self.raw().await.batch_execute(sql).await.unwrap();
    }

    /// One number by raw SQL.
    pub async fn number(&self, sql: &str) -> i64 {
        self.raw()
            .await
            .query_one(&format!("select ({sql})::bigint"), &[])
            .await
            .unwrap()
            .get(0)
    }

    /// Waits up to a minute until this number is more than zero.
    pub async fn until(&self, what: &str, question: &str) {
        for _ in 0..3_000 {
            if self.number(question).await > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not within a minute: {what} ({question})");
    }

    /// All people of all incidents, in the order of their ids.
    pub async fn people(&self) -> Vec<PersonId> {
        let people = "select id from person order by id";
        let rows = self.raw().await.query(people, &[]).await.unwrap();
        rows.iter()
            .map(|row| PersonId::from_uuid(row.get(0)))
            .collect()
    }

    /// Freezes the audiences of all campaigns under way.
    pub async fn freeze_all(&self) {
        while candor::delivery::freeze::step(&self.app).await.unwrap() {}
    }

    /// How many notices have this status.
    pub async fn in_state(&self, status: &str) -> i64 {
        let sql = format!("select count(*) from notice where status = '{status}'");
        self.number(&sql).await
    }

    /// The memory relay as a route for the senders.
    pub fn routes(&self, connections: usize) -> Vec<Route> {
        vec![Route {
            relay: Relay::Memory(self.mail.clone()),
            connections,
            rate_per_second: 0,
            standby: false,
        }]
    }

    /// Runs the senders until no message is due.
    pub async fn send_all(&self) {
        self.send_through(self.routes(4)).await;
    }

    /// The same with other relays.
    pub async fn send_through(&self, routes: Vec<Route>) {
        let shutdown = Shutdown::new();
        worker::start(&self.app, routes, &shutdown);
        self.until_idle().await;
        shutdown.leave();
        assert!(
            shutdown.wait(Duration::from_secs(20)).await,
            "the senders did not leave"
        );
    }

    /// Waits until no batch, no audience and no queued message is due.
    pub async fn until_idle(&self) {
        let now = self.app.now().to_rfc3339();
        let due = format!(
            "(select count(*) from batch b join campaign c on c.id = b.campaign_id \
              where b.status <> 'done' and (b.status = 'leased' or b.due_at <= '{now}') \
                and c.status in ('sending', 'cancelled')) \
             + (select count(*) from campaign_freeze f join campaign c on c.id = f.campaign_id \
                where not f.done and c.status = 'sending') \
             + (select count(*) from outbox where status = 'queued' and due_at <= '{now}')"
        );
        for _ in 0..3_000 {
            if self.number(&due).await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the senders are not idle after a minute");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let (url, schema) = (self.server.clone(), self.schema.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                // Pooled connections may still run a statement: the lock timeout limits the wait.
                connect(&url)
                    .await
                    .batch_execute(&format!(
                        "set lock_timeout = '5s'; drop schema {schema} cascade"
                    ))
                    .await
            })
        });
        // The next run drops a schema that cannot be dropped now.
        let _ = dropped.join();
    }
}
