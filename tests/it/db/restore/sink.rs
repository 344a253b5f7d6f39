//! A mail server that accepts every message, counts messages by person and writes the log that Postfix would.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The beginning of each line.
fn stamp() -> String {
    let at = candor::clock::Clock::system().now();
    at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00 mx postfix")
        .to_string()
}

struct State {
    /// The Message-IDs of the accepted messages for each person.
    letters: Vec<Vec<String>>,
    taken: usize,
    log: String,
}

/// The running server; ends with the test's runtime.
#[derive(Clone)]
pub struct Sink {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    slowness: Arc<Mutex<Duration>>,
    state: Arc<Mutex<State>>,
}

impl Sink {
    /// For `person0@…` to the last of this number of people; each message takes this long.
    pub async fn start(people: usize, slowness: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            letters: vec![Vec::new(); people],
            log: format!("{}/master[10]: daemon started\n", stamp()),
            taken: 0,
        };
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            slowness: Arc::new(Mutex::new(slowness)),
            state: Arc::new(Mutex::new(state)),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = serving.clone();
                tokio::spawn(async move { sink.hold(stream).await });
            }
        });
        sink
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The number of accepted messages.
    pub fn taken(&self) -> usize {
        self.state().taken
    }

    /// The Message-IDs of the accepted messages for each person.
    pub fn letters(&self) -> Vec<Vec<String>> {
        self.state().letters.clone()
    }

    /// Postfix's log of the same messages.
    pub fn log(&self) -> String {
        self.state().log.clone()
    }

    /// From now on messages take this long.
    pub fn take_in(&self, slowness: Duration) {
        *self.slowness.lock().unwrap() = slowness;
    }

    /// Deletes the records of messages accepted since then.
    pub fn go_back(&self, letters: &[Vec<String>]) {
        let mut state = self.state();
        state.letters = letters.to_vec();
        state.taken = letters.iter().map(Vec::len).sum();
    }

    fn take(&self, person: usize, id: &str) {
        let mut state = self.state();
        state.taken += 1;
        state.letters[person].push(id.split('@').next().unwrap().to_owned());
        let queue = format!("{:X}", 0x4F2A_0000 + state.taken);
        let stamp = stamp();
        let to = format!("to=<person{person}@example.org>");
        state.log += &format!(
            "{stamp}/smtpd[11]: {queue}: client=localhost[127.0.0.1]\n\
             {stamp}/cleanup[12]: {queue}: message-id=<{id}>\n\
             {stamp}/qmgr[13]: {queue}: from=<notice@sundmere.example>, size=2712, nrcpt=1 (queue active)\n\
             {stamp}/smtp[14]: {queue}: {to}, relay=mx.example.org[192.0.2.1]:25, delay=0.2, \
             delays=0/0/0.1/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)\n\
             {stamp}/qmgr[13]: {queue}: removed\n"
        );
    }

    async fn hold(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut talk = Talk(BufReader::new(stream));
        talk.say("220 mx ESMTP Postfix").await?;
        let mut person = None;
        loop {
            let line = talk.read().await?;
            match line.get(..4).unwrap_or_default() {
                "EHLO" => talk.say("250-mx\r\n250-PIPELINING\r\n250 8BITMIME").await?,
                "RCPT" => {
                    let digits = line.strip_prefix("RCPT TO:<person")?;
                    person = Some(digits.split('@').next()?.parse().ok()?);
                    talk.say("250 2.1.5 Ok").await?;
                }
                "DATA" => {
                    talk.say("354 End data with <CR><LF>.<CR><LF>").await?;
                    self.text(&mut talk, person.take()?).await?;
                }
                "QUIT" => return talk.say("221 2.0.0 Bye").await,
                _ => talk.say("250 2.0.0 Ok").await?,
            }
        }
    }

    async fn text(&self, talk: &mut Talk, person: usize) -> Option<()> {
        let mut id = String::new();
        loop {
            let line = talk.read().await?;
            if line == ".\r\n" {
                break;
            }
            if let Some(found) = line.strip_prefix("Message-ID: <") {
                id = found.trim_end().trim_end_matches('>').to_owned();
            }
        }
        let slowness = *self.slowness.lock().unwrap();
        if !slowness.is_zero() {
            tokio::time::sleep(slowness).await;
        }
        self.take(person, &id);
        talk.say("250 2.0.0 Ok: queued").await
    }
}

struct Talk(BufReader<TcpStream>);

impl Talk {
    async fn read(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let octets = self.0.read_until(b'\n', &mut line).await.ok()?;
        (octets > 0).then(|| String::from_utf8_lossy(&line).into_owned())
    }

    async fn say(&mut self, words: &str) -> Option<()> {
        let words = format!("{words}\r\n");
        self.0.write_all(words.as_bytes()).await.ok()
    }
}
