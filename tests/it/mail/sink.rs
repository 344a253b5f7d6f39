//! A real server: Postfix's smtp-sink, from its Debian package unpacked somewhere.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candor::mail::Relay;

use super::{Scratch, accepted, did_not_run, letter};

/// Writes one file per message.
pub(crate) struct Sink {
    process: Child,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `CANDOR_SMTP_SINK`, then the directory into which script/bootstrap unpacks it, then the PATH.
fn program() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("var/tools/postfix/usr/sbin/smtp-sink");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("smtp-sink"));
    let named = std::env::var_os("CANDOR_SMTP_SINK").map(PathBuf::from);
    named
        .into_iter()
        .chain([ours])
        .chain(on_path)
        .find(|file| file.is_file())
}

impl Sink {
    /// Starts it on a free port; `None` if the program is absent.
    pub(crate) fn start(dumps: Option<&Path>) -> Option<Sink> {
        let program = program()?;
        // smtp-sink binds with SO_REUSEPORT, so only a port that the system chose is ours alone.
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let mut command = Command::new(&program);
        let unpacked = program
            .parent()
            .and_then(Path::parent)
            .map(|usr| usr.join("lib/postfix"));
        if let Some(libraries) = unpacked.filter(|libraries| libraries.is_dir()) {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        // It refuses to run as root; `-u` is needed in that case only.
        let root = Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|id| id.stdout == b"0\n");
        if root {
            command.args(["-u", "nobody"]);
        }
        if let Some(directory) = dumps {
            std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o777)).ok()?;
            command.arg("-d").arg(directory.join("m."));
        }
        command
            .arg(format!("127.0.0.1:{port}"))
            .arg("100")
            .stdin(Stdio::null());
        let sink = Sink {
            process: command.spawn().ok()?,
            port,
        };
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < patience, "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(sink)
    }

    fn relay(&self) -> Relay {
        Relay::from_url("sink", &format!("smtp://127.0.0.1:{}", self.port)).expect("a relay")
    }
}

/// How often each value of a field occurs in the sink's files.
pub(crate) fn received(dumps: &Path, field: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for entry in std::fs::read_dir(dumps).unwrap() {
        let dump = std::fs::read(entry.unwrap().path()).unwrap();
        let dump = String::from_utf8_lossy(&dump);
        let value = dump.lines().find_map(|line| line.strip_prefix(field));
        let value = value.unwrap_or_default().trim().to_owned();
        *times.entry(value).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn a_real_server_gets_every_message_once_and_whole() {
    let scratch = Scratch::new();
    let Some(sink) = Sink::start(Some(scratch.path())) else {
        return did_not_run(
            "a_real_server_gets_every_message_once_and_whole",
            "smtp-sink",
        );
    };
    let lines = (0..4u32).map(|lane| {
        let relay = sink.relay();
        tokio::spawn(async move {
            let mut line = relay.connect().await.expect("connects");
            for number in 0..50 {
                assert!(accepted(&line.send(&letter(lane * 50 + number)).await));
            }
            line.close().await;
        })
    });
    for line in lines.collect::<Vec<_>>() {
        line.await.expect("sends");
    }
    let mut dumped: Vec<String> = std::fs::read_dir(scratch.path())
        .expect("there")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("text"))
        .collect();
    assert_eq!(dumped.len(), 200);
    for number in 0..200 {
        // The sink writes LF, and its own headers before ours.
        let whole = String::from_utf8(letter(number).raw)
            .expect("text")
            .replace("\r\n", "\n");
        let at = dumped
            .iter()
            .position(|dump| dump.replace("\r\n", "\n").contains(&whole));
        let dump = dumped.swap_remove(at.unwrap_or_else(|| {
            panic!("message {number} is not there:\n{whole}\n--\n{}", dumped[0])
        }));
        assert!(
            dump.contains("<ann.example@home.example>") && dump.contains("<bounce@example.com>")
        );
    }
}

#[tokio::test]
async fn no_message_waits_for_nagle() {
    let Some(sink) = Sink::start(None) else {
        return did_not_run("no_message_waits_for_nagle", "smtp-sink");
    };
    let mut line = sink.relay().connect().await.expect("connects");
    let letter = letter(1);
    let begun = Instant::now();
    for _ in 0..200 {
        assert!(accepted(&line.send(&letter).await));
    }
    let taken = begun.elapsed();
    println!("200 messages on one connection in {taken:?}");
    // With the delay each message takes at least 40 ms, so a busy machine does not change the result.
    assert!(taken < Duration::from_secs(6), "{taken:?}");
}
