//! Creating a private cluster, starting its server, and tying the server's life to ours.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use super::binaries;
use super::error::EmbeddedError;
use super::place::{Place, ROLE};

/// How long a start or a stop may take; crash recovery of a large demo fits.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a server that is starting or stopping.
const PAUSE: Duration = Duration::from_millis(20);
/// A server that ends without a rival is started this often before we give up: the rival may have
/// ended in between, or its orphaned backends may hold the shared memory for a moment.
const ATTEMPTS: u32 = 3;

/// Becomes Postgres, and leaves behind a watcher that reads our pipe. The kernel closes the pipe
/// however we end; the watcher then asks for a fast shutdown. It looks into `postmaster.pid`
/// first, lest the pid by now belong to something else; the double fork keeps it from being a
/// child that Postgres does not know.
const SERVE: &str = r#"
exec 3<&0 </dev/null
data=$1; shift
( ( read -r _ <&3
    [ -e "$data/postmaster.pid" ] || sleep 1
    read -r running <"$data/postmaster.pid" && [ "$running" = $$ ] && kill -INT $$ ) & )
exec "$0" -D "$data" "$@" 3<&-
"#;

/// What a use asks of its cluster; a joined cluster keeps the settings of its starter.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether commits survive a power cut. Tests say no and are faster for it.
    pub durable: bool,
    /// Connections the server accepts.
    pub max_connections: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durable: true,
            max_connections: 100,
        }
    }
}

impl Settings {
    fn assignments(self) -> Vec<String> {
        let fixed = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "shared_buffers=256MB",
            "max_wal_size=2GB",
            "checkpoint_timeout=15min",
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_checkpoints=off",
            // A statement may carry what a person wrote.
            "log_min_error_statement=panic",
        ];
        let lossy: &[&str] = if self.durable {
            &[]
        } else {
            &["fsync=off", "full_page_writes=off"]
        };
        let mut all: Vec<_> = fixed.iter().chain(lossy).map(|&it| it.to_owned()).collect();
        all.push(format!("max_connections={}", self.max_connections));
        all
    }
}

/// A server we started: its process is Postgres itself, the pipe is what keeps it up.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Server {
    /// Starts the server, creating the cluster first if there is none, and waits until it
    /// answers. `None`: a rival of ours was there first, and we join it.
    pub(super) async fn start(
        place: &Place,
        settings: Settings,
    ) -> Result<Option<Self>, EmbeddedError> {
        let binaries = binaries::fitting(&place.data())?;
        create(place, &binaries, settings).await?;
        let deadline = Instant::now() + PATIENCE;
        let mut attempts = 1;
        let mut server = Self::spawn(place, &binaries, settings)?;
        loop {
            let runs = server.runs();
            if place.answers().await {
                let ours = runs && place.postmaster() == Some(server.child.id());
                return Ok(ours.then_some(server));
            }
            let ended = !runs && !place.is_held();
            if (ended && attempts == ATTEMPTS) || Instant::now() > deadline {
                return Err(EmbeddedError::failed("starting Postgres", place.log()));
            }
            tokio::time::sleep(PAUSE).await;
            if ended {
                attempts += 1;
                server = Self::spawn(place, &binaries, settings)?;
            }
        }
    }

    fn spawn(place: &Place, binaries: &Path, settings: Settings) -> Result<Self, EmbeddedError> {
        place.clear_stale_lock();
        let sockets = place.sockets().to_string_lossy().replace('"', "\"\"");
        let mut sh = place.command(Path::new("sh"))?;
        sh.args(["-c", SERVE])
            .arg(binaries.join("postgres"))
            .arg(place.data())
            .args(["-k", &format!("\"{sockets}\"")]);
        for assignment in settings.assignments() {
            sh.args(["-c", &assignment]);
        }
        // Its own group: Ctrl-C is for us, who stop Postgres after the last commit.
        sh.stdin(Stdio::piped()).process_group(0);
        let mut child = sh.spawn().map_err(EmbeddedError::place(place.base()))?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks for a fast shutdown and waits for its end.
    pub(super) async fn stop(mut self, place: &Place) -> Result<(), EmbeddedError> {
        drop(self.pipe.take());
        let deadline = Instant::now() + PATIENCE;
        while self.runs() {
            if Instant::now() > deadline {
                return Err(EmbeddedError::failed("stopping Postgres", place.log()));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// Runs initdb once. It works in another directory next to the data directory, so that a killed or concurrent creation
/// never leaves half a cluster under the final name.
async fn create(place: &Place, binaries: &Path, settings: Settings) -> Result<(), EmbeddedError> {
    let made = place.data().join("PG_VERSION");
    if made.exists() {
        return Ok(());
    }
    let name = format!("data-{}", uuid::Uuid::now_v7().simple());
    let draft = place.base().join(name);
    let mut initdb = place.command(&binaries.join("initdb"))?;
    initdb.arg("-D").arg(&draft);
    initdb.args(["-U", ROLE, "-E", "UTF8", "--locale=C"]);
    initdb.args(["--auth-local=trust", "--auth-host=reject"]);
    if !settings.durable {
        initdb.arg("--no-sync");
    }
    let ran = tokio::process::Command::from(initdb).status().await;
    let created = ran.is_ok_and(|status| status.success())
        && (fs::rename(&draft, place.data()).is_ok() || made.exists());
    // Gone after the rename; otherwise what a failure or a lost race left.
    let _ = fs::remove_dir_all(&draft);
    if created {
        return Ok(());
    }
    let what = "creating the cluster with initdb";
    Err(EmbeddedError::failed(what, place.log()))
}
