//! The real program as processes: any command of `candor` against the database of a house.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::house::House;
use crate::mail::Scratch;

/// `candor` with the settings of one house.
pub struct Program {
    settings: Vec<(&'static str, String)>,
    scratch: Scratch,
    listen: String,
}

/// A free address of this machine, for a program that is started with it. Its port is below those that the system gives
/// to connections (`ip_local_port_range`): no connection that is opened before the program listens can take it.
pub fn free_address() -> String {
    const FIRST: u32 = 12_000;
    const PORTS: u32 = 20_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Another test process begins with another port.
    let begin = std::process::id() * 100;
    for _ in 0..PORTS {
        let n = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let address = format!("127.0.0.1:{}", FIRST + n % PORTS);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
    panic!("no port of {FIRST} and above is free");
}

impl Program {
    /// On the database and under the key of `house`.
    pub fn of(house: &House) -> Self {
        let listen = free_address();
        let settings = vec![
            ("CANDOR__DATABASE__URL", house.url.clone()),
            ("CANDOR__DATABASE__STATE_DIR", String::new()),
            ("CANDOR__SECRETS__MASTER_KEY", "07".repeat(32)),
            ("CANDOR__HTTP__LISTEN", listen.clone()),
            ("CANDOR__HTTP__PUBLIC_URL", format!("http://{listen}")),
            ("CANDOR__MAIL__POLL_MILLISECONDS", "50".to_owned()),
            ("CANDOR__LOG__LEVEL", "error".to_owned()),
            ("CANDOR__HTTP__DRAIN_SECONDS", "0".to_owned()),
            ("CANDOR__ORGANISATION__NAME", "Sundmere Mobile".to_owned()),
            (
                "CANDOR__ORGANISATION__FROM_ADDRESS",
                "notice@sundmere.example".to_owned(),
            ),
        ];
        let scratch = Scratch::new();
        std::fs::write(scratch.path().join("candor.toml"), "").unwrap();
        Self {
            settings,
            scratch,
            listen,
        }
    }

    /// With one relay; its name is recorded with every attempt.
    pub fn with_relay(self, name: &str, url: &str, connections: usize) -> Self {
        self.with_relays(&[(name, url.to_owned())], connections)
    }

    /// With these relays, each by its name and URL.
    pub fn with_relays(self, relays: &[(&str, String)], connections: usize) -> Self {
        let relay = |(name, url): &(&str, String)| {
            format!(
                "[[mail.relays]]\nname = \"{name}\"\nurl = \"{url}\"\nconnections = {connections}\n"
            )
        };
        let relays: String = relays.iter().map(relay).collect();
        std::fs::write(self.scratch.path().join("candor.toml"), relays).unwrap();
        self
    }

    /// With one more setting in the environment.
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.settings.push((key, value.to_owned()));
        self
    }

    /// Without one of its settings.
    pub fn without(mut self, key: &str) -> Self {
        self.settings.retain(|(name, _)| *name != key);
        self
    }

    /// The address of its pages.
    pub fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The program, the words before every command, and its environment: for scripts that run commands themselves.
    pub fn parts(&self) -> (&'static str, [String; 2], BTreeMap<&'static str, String>) {
        let config = self.scratch.path().join("candor.toml");
        let words = ["--config".to_owned(), config.display().to_string()];
        let env = self.settings.iter().cloned().collect();
        (env!("CARGO_BIN_EXE_candor"), words, env)
    }

    /// The program and its words, to be started by another process.
    pub fn words(&self, words: &[&str]) -> Vec<String> {
        let config = self.scratch.path().join("candor.toml");
        let mut all = vec![
            env!("CARGO_BIN_EXE_candor").to_owned(),
            "--config".to_owned(),
            config.display().to_string(),
        ];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        all
    }

    /// Its settings in the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.settings.clone()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
        command
            .arg("--config")
            .arg(self.scratch.path().join("candor.toml"))
            .args(words)
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that must succeed; returns what it printed.
    #[track_caller]
    pub fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a long-running command that writes its log to a file.
    pub fn start_logged(&self, word: &str, log: &Path) -> Running {
        let log = std::fs::File::create(log).unwrap();
        let mut command = self.command(&[word]);
        command.stdout(Stdio::null()).stderr(log);
        Running(command.spawn().unwrap())
    }

    /// Starts a long-running command, of another build of the program if one is named.
    pub fn start_by(&self, word: &str, program: Option<&str>) -> Running {
        let Some(program) = program else {
            return self.start(word);
        };
        let mut command = Command::new(program);
        command
            .args(&self.words(&[word])[1..])
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// Starts a long-running command.
    pub fn start(&self, word: &str) -> Running {
        let mut command = self.command(&[word]);
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        Running(command.spawn().unwrap())
    }
}

/// A process; killed when it is dropped.
pub struct Running(Child);

impl Running {
    /// A process that was started elsewhere.
    pub const fn of(child: Child) -> Self {
        Self(child)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until its pages answer and its database is reachable.
    pub async fn until_ready(&mut self, program: &Program) {
        let ready = format!("{}/readyz", program.base());
        for _ in 0..1_200 {
            let ready = ready.clone();
            let asked = tokio::task::spawn_blocking(move || ureq::get(ready).call().is_ok());
            if asked.await.unwrap() {
                return;
            }
            assert!(self.0.try_wait().unwrap().is_none(), "it has ended");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it is not ready after a minute");
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        for _ in 0..1_200 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it has not ended after a minute");
    }

    /// SIGKILL: the process ends at once.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM: it ends when its present work is done.
    pub async fn terminate(self) -> ExitStatus {
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(told.unwrap().success());
        tokio::task::spawn_blocking(move || {
            let mut ended = self;
            ended.0.wait().unwrap()
        })
        .await
        .unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
