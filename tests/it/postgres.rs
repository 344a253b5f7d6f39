//! A Postgres for one test, with the settings, certificates and language that the test needs. It listens on 127.0.0.1
//! and on a socket, and stops with this process.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use candor::db::embedded::program;

/// Starts the server and stops it when our end of the pipe closes, in any way.
const SERVE: &str = r#"
exec 3<&0 </dev/null
"$0" "$@" 3<&- & server=$!
read -r _ <&3
kill -INT $server
wait $server
"#;

/// What a test needs of its server.
#[derive(Default)]
pub struct Wanted<'w> {
    /// Lines of postgresql.conf.
    pub settings: &'w str,
    /// Lines of pg_hba.conf, after `local all all trust`.
    pub hosts: &'w str,
    /// Files in the data directory, readable for the server alone.
    pub files: &'w [(&'w str, &'w str)],
    /// The directory of the server's locales.
    pub locales: Option<&'w Path>,
}

/// A running server. Its superuser is `candor`, its database `postgres`.
pub struct Postgres {
    dir: PathBuf,
    /// The port on 127.0.0.1.
    pub port: u16,
    server: Child,
}

impl Postgres {
    /// Creates and starts it.
    pub async fn start(wanted: Wanted<'_>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // A short path, since a socket's may not be long, in a directory that every account can enter.
        let dir = PathBuf::from(format!("/tmp/candor-pg-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let account = account();
        own(&dir, account);
        let data = dir.join("data");
        let mut initdb = command("initdb", account);
        initdb.arg("-D").arg(&data);
        initdb.args(["-U", "candor", "-E", "UTF8", "--locale=C", "--no-sync"]);
        initdb.args(["--auth-local=trust", "--auth-host=reject"]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        for (name, content) in wanted.files {
            fs::write(data.join(name), content).unwrap();
            own(&data.join(name), account);
            fs::set_permissions(data.join(name), Permissions::from_mode(0o600)).unwrap();
        }
        let hosts = format!("local all all trust\n{}\n", wanted.hosts);
        fs::write(data.join("pg_hba.conf"), hosts).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut conf = fs::OpenOptions::new();
        let mut conf = conf
            .append(true)
            .open(data.join("postgresql.conf"))
            .unwrap();
        writeln!(
            conf,
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nfsync = off\n{}",
            dir.display(),
            wanted.settings
        )
        .unwrap();
        let mut server = command("sh", account);
        if let Some(locales) = wanted.locales {
            server.env("LOCPATH", locales);
        }
        let log = fs::File::create(dir.join("log")).unwrap();
        server
            .args(["-c", SERVE])
            .arg(path("postgres"))
            .arg("-D")
            .arg(&data);
        server
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log);
        let server = server.spawn().unwrap();
        let running = Self { dir, port, server };
        running.until_it_answers().await;
        running
    }

    /// Its URL through the socket, which needs no password.
    pub fn local(&self) -> String {
        let dir = self.dir.display().to_string().replace('/', "%2F");
        format!("postgres://candor@{dir}:{}/postgres", self.port)
    }

    async fn until_it_answers(&self) {
        for _ in 0..3_000 {
            if tokio_postgres::connect(&self.local(), tokio_postgres::NoTls)
                .await
                .is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        panic!("Postgres does not answer after a minute: {log}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn path(name: &str) -> PathBuf {
    program(name).unwrap_or_else(|| panic!("no {name} on this machine"))
}

fn command(name: &str, account: Option<(u32, u32)>) -> Command {
    let mut command = match name {
        "sh" => Command::new(name),
        name => Command::new(path(name)),
    };
    command.current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}

/// The account that runs the server: ours, unless we are root.
fn account() -> Option<(u32, u32)> {
    let id = |words: &[&str]| {
        let said = Command::new("id").args(words).output().unwrap();
        let digits = String::from_utf8(said.stdout).unwrap();
        digits.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}

fn own(path: &Path, account: Option<(u32, u32)>) {
    if let Some((user, group)) = account {
        chown(path, Some(user), Some(group)).unwrap();
    }
}
