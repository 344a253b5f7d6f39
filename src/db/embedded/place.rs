//! The place of a private cluster (directory, socket, log and lock) and the account that runs it.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::seal::{sha256, to_hex};

use super::account::Account;
use super::error::EmbeddedError;

/// The role that owns the cluster; every URL names it.
pub(super) const ROLE: &str = "candor";
/// The longest socket path every system takes (macOS 103 bytes, Linux 107).
const SOCKET_PATH_MAX: usize = 103;

/// The directories of one cluster and the account they belong to.
#[derive(Debug)]
pub(super) struct Place {
    base: PathBuf,
    sockets: PathBuf,
    account: Account,
    /// Says where the files are, if that is not where the caller said.
    pub(super) note: Option<String>,
}

impl Place {
    /// Makes the directories, moving them to where the account can reach them.
    pub(super) fn prepare(dir: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(dir).map_err(EmbeddedError::place(dir))?;
        let mut base = dir.canonicalize().map_err(EmbeddedError::place(dir))?;
        let account =
            Account::to_run(&base.join("data")).map_err(EmbeddedError::place("/etc/passwd"))?;
        account.take(&base).map_err(EmbeddedError::place(&base))?;
        let mut note = None;
        if !account.can_write(&base) {
            let wanted = base;
            base = Path::new("/var/tmp").join(short_name(&wanted));
            account.take(&base).map_err(EmbeddedError::place(&base))?;
            note = Some(format!(
                "Postgres does not run as root, and its account cannot reach {}: its files are in {}",
                wanted.display(),
                base.display()
            ));
        }
        let mut sockets = base.join("run");
        if sockets.as_os_str().len() + "/.s.PGSQL.5432".len() > SOCKET_PATH_MAX {
            sockets = Path::new("/tmp").join(short_name(&base));
        }
        account
            .take(&sockets)
            .map_err(EmbeddedError::place(&sockets))?;
        Ok(Self {
            base,
            sockets,
            account,
            note,
        })
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    pub(super) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    pub(super) fn log(&self) -> PathBuf {
        self.base.join("postgres.log")
    }

    pub(super) fn url(&self, database: &str) -> String {
        let host = percent(&self.sockets.to_string_lossy());
        format!("postgresql://{ROLE}@{host}/{}", percent(database))
    }

    /// Whether a server answers on the socket, be it only to say that it is full.
    pub(super) async fn answers(&self) -> bool {
        let url = format!("{}?connect_timeout=2", self.url("postgres"));
        match tokio_postgres::connect(&url, NoTls).await {
            Ok(_) => true,
            Err(error) => error
                .code()
                .is_some_and(|code| *code != SqlState::CANNOT_CONNECT_NOW),
        }
    }

    /// A command that runs as the cluster's account, in its directory, writing to its log, without the `PG…` variables,
    /// which could point it to another cluster.
    pub(super) fn command(&self, program: &Path) -> Result<Command, EmbeddedError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .map_err(EmbeddedError::place(self.log()))?;
        let errors = log.try_clone().map_err(EmbeddedError::place(self.log()))?;
        let mut command = Command::new(program);
        command
            .uid(self.account.uid)
            .gid(self.account.gid)
            .current_dir(&self.base)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PG") {
                command.env_remove(key);
            }
        }
        Ok(command)
    }

    /// The pid in `postmaster.pid`, whether or not it still runs.
    pub(super) fn postmaster(&self) -> Option<u32> {
        let lock = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        lock.lines().next()?.trim().parse().ok()
    }

    /// Whether a Postgres holds the data: starting, running or stopping.
    pub(super) fn is_held(&self) -> bool {
        self.postmaster()
            .is_some_and(|pid| is_postgres(&program(pid)))
    }

    /// Postgres itself clears the lock of a dead server, but takes any live process under the
    /// same pid (usual after a restarted container) for a running one.
    pub(super) fn clear_stale_lock(&self) {
        let holder = self.postmaster().map(program);
        if holder.is_some_and(|name| !name.is_empty() && !is_postgres(&name)) {
            // What cannot be removed, Postgres names in its log.
            let _ = fs::remove_file(self.data().join("postmaster.pid"));
            let _ = fs::remove_file(self.sockets.join(".s.PGSQL.5432.lock"));
        }
    }
}

/// The name of the program that runs under `pid`; empty if none does.
fn program(pid: u32) -> String {
    if let Ok(name) = fs::read_to_string(format!("/proc/{pid}/comm")) {
        return name.trim().to_owned();
    }
    let ps = Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.to_string()])
        .output();
    let path = ps.map_or_else(|_| Vec::new(), |ps| ps.stdout);
    let path = String::from_utf8_lossy(&path);
    path.trim().rsplit('/').next().unwrap_or("").to_owned()
}

fn is_postgres(program: &str) -> bool {
    program == "postgres" || program == "postmaster"
}

/// A short name for a directory, the same on every run.
fn short_name(dir: &Path) -> String {
    let digest = sha256(dir.as_os_str().as_encoded_bytes());
    format!("candor-{}", to_hex(&digest[..6]))
}

fn percent(text: &str) -> String {
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    form.replace('+', "%20")
}
