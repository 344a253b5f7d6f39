//! An older copy of the database is noticed, no message leaves it, and an operator decides what had been sent.

mod defaults;
mod doubt;
mod figures;
mod frozen;
mod keys;
mod keys_later;
mod letters;
mod logs;
mod moments;
mod order;
mod paper;
mod sink;
mod starts;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use candor::db::embedded::program;
use candor::deployment::Doubt;
use candor::deployment::watch::Witness;
use candor::shutdown::Shutdown;
use candor::worker;

use crate::house::House;

/// A dump of a house, as an operator makes it.
pub fn dump(house: &House) -> Vec<u8> {
    let output = Command::new(program("pg_dump").unwrap())
        .args(["--no-owner", "--schema", house.schema(), house.server()])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    output.stdout
}

/// A database of its own into which a dump was loaded; dropped with this value.
pub struct Copy {
    /// Candor on it.
    pub house: Option<House>,
    name: String,
    server: String,
}

impl Copy {
    /// Loads a dump of `house`.
    pub async fn load(house: &House, dump: &[u8], settings: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("copy_{}_{number}", std::process::id());
        let server = house.server().to_owned();
        house.sql(&format!("create database {name}")).await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let mut psql = Command::new(program("psql").unwrap())
            .args(["-v", "ON_ERROR_STOP=1", "-q", "-o", "/dev/null"])
            .arg(url.as_str())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut words = psql.stdin.take().unwrap();
        std::io::Write::write_all(&mut words, dump).unwrap();
        drop(words);
        assert!(psql.wait().unwrap().success());
        Self {
            house: Some(house.in_copy(url.as_str(), settings)),
            name,
            server,
        }
    }

    /// Candor on this copy.
    pub fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.house.take();
        let gone = Command::new(program("psql").unwrap())
            .args(["-q", "-c"])
            .arg(format!("drop database {} with (force)", self.name))
            .arg(&self.server)
            .status();
        assert!(gone.unwrap().success() || std::thread::panicking());
    }
}

/// Reads the database as a node does that has just started.
pub async fn look(house: &House) -> Option<Doubt> {
    Witness::new(&house.app).look(&house.app).await.unwrap()
}

/// Runs senders until they have polled twice: no message is sent.
pub async fn nothing_leaves(house: &House) {
    let before = house.mail.sent().len();
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(2), &shutdown);
    let looks = "select coalesce((extract(epoch from max(seen_at)) * 1000)::bigint, 0) from sender";
    let mut seen = BTreeSet::new();
    for _ in 0..3_000 {
        seen.insert(house.number(looks).await);
        if seen.len() > 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(seen.len() > 4, "the senders look");
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(house.mail.sent().len(), before, "nothing leaves");
}
