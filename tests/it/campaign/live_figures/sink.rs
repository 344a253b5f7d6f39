//! A slow mail server that can go away and come back, and records when it had which message.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server has recorded.
#[derive(Default)]
struct Memory {
    /// When each message was accepted, just before the answer, and its recipient.
    accepted: Vec<(Instant, String)>,
    /// When a message began (+1) and ended (-1) on a connection, and its recipient.
    moves: Vec<(Instant, i64, String)>,
}

/// The server.
#[derive(Clone)]
pub struct Sink {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    memory: Arc<Mutex<Memory>>,
    away: watch::Sender<bool>,
    /// Texts for addresses with this prefix get no answer.
    unanswered: watch::Sender<Option<String>>,
}

impl Sink {
    /// Each text is answered after `delay`.
    pub async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            memory: Arc::default(),
            away: watch::channel(false).0,
            unanswered: watch::channel(None).0,
        };
        let shared = sink.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let talk = Talk::new(tcp, delay, shared.clone());
                tokio::spawn(async move { talk.hold().await });
            }
        });
        sink
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    /// Ends every connection between two messages and accepts no other one, or accepts them again.
    pub fn go(&self, away: bool) {
        self.away.send_replace(away);
    }

    /// Answers no text any more, and keeps its connections.
    pub fn fall_silent(&self) {
        self.leave_unanswered("");
    }

    /// Answers no text for an address with this prefix, until [`Sink::answer`].
    pub fn leave_unanswered(&self, who: &str) {
        self.unanswered.send_replace(Some(who.to_owned()));
    }

    /// Answers every text, also those that wait for an answer.
    pub fn answer(&self) {
        self.unanswered.send_replace(None);
    }

    /// The number of messages for addresses with this prefix that it had accepted by then.
    pub fn accepted(&self, who: &str, by: Instant) -> i64 {
        let memory = self.memory();
        let had = |(at, to): &&(Instant, String)| *at <= by && to.starts_with(who);
        memory.accepted.iter().filter(had).count() as i64
    }

    /// The largest number of messages for addresses with this prefix on connections at one time, since that moment.
    pub fn most_at_once(&self, who: &str, since: Instant) -> i64 {
        let (mut open, mut most) = (0, 0);
        for (at, step, to) in &self.memory().moves {
            if !to.starts_with(who) {
                continue;
            }
            if *at >= since {
                most = most.max(open);
            }
            open += step;
        }
        most.max(open)
    }
}

struct Talk {
    stream: BufReader<TcpStream>,
    delay: Duration,
    sink: Sink,
    away: watch::Receiver<bool>,
    to: Option<String>,
}

impl Talk {
    fn new(tcp: TcpStream, delay: Duration, sink: Sink) -> Self {
        tcp.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(tcp),
            delay,
            away: sink.away.subscribe(),
            sink,
            to: None,
        }
    }

    async fn say(&mut self, words: &[u8]) -> Option<()> {
        self.stream.write_all(words).await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let octets = self.stream.read_line(&mut line).await.ok()?;
        (octets > 0).then(|| line.trim_end().to_owned())
    }

    /// The next command; `None` once the server is away.
    async fn command(&mut self) -> Option<String> {
        let mut away = self.away.clone();
        tokio::select! {
            biased;
            _ = away.wait_for(|away| *away) => None,
            line = self.line() => line,
        }
    }

    /// Waits while texts for this address get no answer.
    async fn until_answered(&self, to: &str) -> Option<()> {
        let mut unanswered = self.sink.unanswered.subscribe();
        let is_answered =
            |who: &Option<String>| who.as_ref().is_none_or(|who| !to.starts_with(who));
        unanswered.wait_for(is_answered).await.ok().map(drop)
    }

    fn begin(&mut self, to: &str) {
        self.end();
        self.to = Some(to.to_owned());
        let begun = (Instant::now(), 1, to.to_owned());
        self.sink.memory().moves.push(begun);
    }

    fn end(&mut self) {
        if let Some(to) = self.to.take() {
            self.sink.memory().moves.push((Instant::now(), -1, to));
        }
    }

    async fn hold(mut self) {
        self.talk().await;
        self.end();
    }

    async fn talk(&mut self) -> Option<()> {
        if *self.away.borrow() {
            return None;
        }
        self.say(b"220 sink\r\n").await?;
        loop {
            let command = self.command().await?;
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    let offers = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
                    self.say(offers).await?;
                }
                "RCPT" => {
                    let to = command.split(['<', '>']).nth(1).unwrap_or_default();
                    self.begin(to);
                    self.say(b"250 2.1.5 ok\r\n").await?;
                }
                "DATA" => {
                    self.say(b"354 go ahead\r\n").await?;
                    while self.line().await? != "." {}
                    let to = self.to.clone().unwrap_or_default();
                    self.until_answered(&to).await?;
                    tokio::time::sleep(self.delay).await;
                    let taken = (Instant::now(), to);
                    self.sink.memory().accepted.push(taken);
                    self.say(b"250 2.0.0 queued\r\n").await?;
                    self.end();
                }
                "QUIT" => return self.say(b"221 bye\r\n").await,
                _ => self.say(b"250 ok\r\n").await?,
            }
        }
    }
}
