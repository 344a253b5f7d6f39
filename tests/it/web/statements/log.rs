//! The statements in the log of a Postgres that logs them all.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use candor::db::embedded::{Cluster, Settings};

use crate::mail::Scratch;

/// A Postgres of the test's own, which logs every statement.
pub struct Logged {
    _disk: Scratch,
    cluster: Cluster,
    log: PathBuf,
    /// How far its log was read.
    read: u64,
}

impl Logged {
    /// Starts it, with a database `asked`.
    pub async fn start() -> Self {
        let disk = Scratch::new();
        let settings = Settings {
            durable: false,
            max_connections: 100,
        };
        let cluster = Cluster::start_with(disk.path(), settings).await.unwrap();
        cluster.ensure_database("asked").await.unwrap();
        Self {
            log: cluster.log(),
            _disk: disk,
            cluster,
            read: 0,
        }
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        self.cluster.url("asked")
    }

    /// Forgets what was asked until now.
    pub fn forget(&mut self) {
        self.read = std::fs::metadata(&self.log).unwrap().len();
    }

    /// The statements since the last call. A server process writes each to the log before it executes it.
    pub fn taken(&mut self) -> Vec<String> {
        let mut file = std::fs::File::open(&self.log).unwrap();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        self.read += text.len() as u64;
        statements(&text)
    }

    /// Stops it.
    pub async fn stop(self) {
        self.cluster.stop().await.unwrap();
    }
}

/// What a log says was executed. Not counted: what begins, limits and ends a transaction, and how a new connection learns
/// the types of the database.
fn statements(log: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut continues = false;
    for line in log.lines() {
        let text = (line.split_once(" LOG:  execute "))
            .and_then(|(_, rest)| rest.split_once(": "))
            .or_else(|| line.split_once(" LOG:  statement: "));
        match (text, line.strip_prefix('\t')) {
            (Some((_, text)), _) => all.push(text.to_owned()),
            (None, Some(more)) if continues => {
                let last = all.last_mut().unwrap();
                last.push(' ');
                last.push_str(more.trim_start());
            }
            _ => {}
        }
        continues = text.is_some() || continues && line.starts_with('\t');
    }
    all.retain(|text| {
        let first = text.split([' ', ';']).next().unwrap_or_default();
        // A new connection reads the types that it meets once.
        let is_type = text.contains("pg_type") || text.contains("pg_enum");
        let frames = ["begin", "commit", "rollback", "savepoint", "release", "set"];
        !frames.contains(&first.to_ascii_lowercase().as_str()) && !is_type
    });
    all
}

#[test]
fn a_statement_of_several_lines_counts_once_and_transactions_do_not() {
    let log = "2026 [7] LOG:  statement: BEGIN\n\
               2026 [7] LOG:  execute s1: select 1,\n\t    2 from x\n\
               2026 [7] DETAIL:  Parameters: $1 = '1'\n\
               2026 [7] LOG:  execute <unnamed>: select 3\n\
               2026 [7] LOG:  statement: COMMIT\n";
    assert_eq!(statements(log), ["select 1, 2 from x", "select 3"]);
}
