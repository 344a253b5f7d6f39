//! The storm's mail server: a seed decides the fate of each recipient, connections drop at any point, and every
//! accepted message is counted with its Message-ID.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the messages to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Accepted.
    Welcome,
    /// 451 the first time, then accepted.
    Greylisted,
    /// 450 the first two times, then accepted.
    Busy,
    /// 550 5.1.1.
    Unknown,
    /// 450 at every attempt.
    Never,
    /// The first one is accepted, and the connection is dropped before the answer.
    AnswerLost,
    /// The first one is read completely, and dropped with its connection.
    LetterLost,
    /// The connection is dropped in the middle of the first one's text.
    CutShort,
    /// The connection is dropped without an answer to MAIL.
    HungUp,
    /// 421 to RCPT.
    TurnedAway,
    /// 421 to RCPT, also on a new connection: the whole relay is away.
    Away,
}

/// How many of ten thousand people have each fate; the others are accepted.
const SHARES: [(u64, Fate); 10] = [
    (500, Fate::Greylisted),
    (300, Fate::Busy),
    (400, Fate::Unknown),
    (20, Fate::Never),
    (60, Fate::AnswerLost),
    (60, Fate::LetterLost),
    (60, Fate::CutShort),
    (100, Fate::HungUp),
    (100, Fate::TurnedAway),
    (2, Fate::Away),
];

/// A pseudo-random number from a seed (splitmix64).
pub fn draw(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Fate {
    /// The fate of this person.
    pub fn of(seed: u64, person: usize) -> Self {
        let mut at = draw(seed, person as u64) % 10_000;
        for (share, fate) in SHARES {
            if at < share {
                return fate;
            }
            at -= share;
        }
        Self::Welcome
    }
}

#[derive(Default, Clone)]
struct Seen {
    visits: u32,
    /// The Message-IDs of the accepted messages.
    letters: Vec<String>,
}

#[derive(Default)]
struct State {
    people: Vec<Seen>,
    accepted: usize,
    connections: u64,
    /// Open connections, by the name in their EHLO.
    open: BTreeMap<String, usize>,
}

/// The running server; ends with the test's runtime.
#[derive(Clone)]
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    seed: u64,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// For `person0@…` to the last of this number of people.
    pub async fn start(seed: u64, people: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            people: vec![Seen::default(); people],
            ..State::default()
        };
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seed,
            state: Arc::new(Mutex::new(state)),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let server = serving.clone();
                tokio::spawn(async move {
                    let mut talk = Talk::new(&server, stream);
                    let _ = talk.hold(&server).await;
                    server.closed(&talk.name);
                });
            }
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The number of accepted messages.
    pub fn accepted(&self) -> usize {
        self.state().accepted
    }

    /// The number of connections so far.
    pub fn connections(&self) -> u64 {
        self.state().connections
    }

    /// The number of connections that this sender has open now.
    pub fn open(&self, name: &str) -> usize {
        self.state().open.get(name).copied().unwrap_or(0)
    }

    /// The Message-IDs of the accepted messages for each person.
    pub fn letters(&self) -> Vec<Vec<String>> {
        let state = self.state();
        state.people.iter().map(|one| one.letters.clone()).collect()
    }

    fn closed(&self, name: &str) {
        if let Some(open) = self.state().open.get_mut(name) {
            *open -= 1;
        }
    }

    /// Counts one more attempt to reach this person; returns their fate and the number of the attempt.
    fn visit(&self, person: usize) -> (Fate, u32) {
        let mut state = self.state();
        let seen = &mut state.people[person];
        seen.visits += 1;
        (Fate::of(self.seed, person), seen.visits)
    }

    fn accept(&self, person: usize, id: String) {
        let mut state = self.state();
        state.people[person].letters.push(id);
        state.accepted += 1;
    }
}

/// The connection is over.
struct Over;

struct Talk {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
    name: String,
    number: u64,
    /// Transactions begun. The sender replaces a used connection that drops, and holds the relay if a fresh one does:
    /// only `Fate::Away` does that, or the test would pause for minutes.
    letters: u64,
}

impl Talk {
    fn new(server: &Server, stream: TcpStream) -> Self {
        let mut state = server.state();
        state.connections += 1;
        Self {
            stream: BufReader::new(stream),
            line: Vec::new(),
            name: String::new(),
            number: state.connections,
            letters: 0,
        }
    }

    async fn hold(&mut self, server: &Server) -> Result<(), Over> {
        self.say("220 storm ready").await?;
        let mut to = None;
        loop {
            self.read().await?;
            let command = String::from_utf8_lossy(&self.line).trim_end().to_owned();
            match command.get(..4).unwrap_or_default() {
                "EHLO" => self.greeted(server, &command).await?,
                "MAIL" => {
                    self.letters += 1;
                    to = None;
                    self.say("250 2.1.0 Ok").await?;
                }
                "RCPT" => to = self.recipient(server, &command).await?,
                "DATA" => match to.take() {
                    Some(recipient) => self.text(server, recipient).await?,
                    None => self.say("554 5.5.1 no valid recipients").await?,
                },
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("250 2.0.0 Ok").await?,
            }
        }
    }

    async fn greeted(&mut self, server: &Server, command: &str) -> Result<(), Over> {
        if self.name.is_empty() {
            self.name = command["EHLO ".len()..].to_owned();
            *server.state().open.entry(self.name.clone()).or_default() += 1;
        }
        self.say("250-storm\r\n250-PIPELINING\r\n250 8BITMIME")
            .await
    }

    /// `None` when it was refused.
    async fn recipient(
        &mut self,
        server: &Server,
        command: &str,
    ) -> Result<Option<(usize, Fate, u32)>, Over> {
        let local = command.strip_prefix("RCPT TO:<person");
        let local = local.and_then(|rest| rest.split('@').next());
        let person: usize = local.and_then(|digits| digits.parse().ok()).unwrap();
        let (fate, visit) = server.visit(person);
        let used = self.letters > 1;
        let refusal = match (fate, visit) {
            (Fate::Greylisted, 1) => "451 4.7.1 Greylisting in action, come back in 00:05:00",
            (Fate::Busy, 1 | 2) | (Fate::Never, _) => "450 4.2.1 The mailbox is busy",
            (Fate::Unknown, _) => "550 5.1.1 User unknown",
            (Fate::HungUp, 1) if used => return Err(Over),
            (Fate::TurnedAway, 1) if used => "421 4.3.2 Closing",
            (Fate::Away, 1 | 2) => "421 4.3.2 Shutting down",
            _ => {
                self.say("250 2.1.5 Ok").await?;
                return Ok(Some((person, fate, visit)));
            }
        };
        self.say(refusal).await?;
        if refusal.starts_with("421") {
            return Err(Over);
        }
        Ok(None)
    }

    async fn text(
        &mut self,
        server: &Server,
        (person, fate, visit): (usize, Fate, u32),
    ) -> Result<(), Over> {
        self.say("354 go ahead").await?;
        let mut id = String::new();
        loop {
            self.read().await?;
            if self.line == b".\r\n" {
                break;
            }
            if let Some(found) = self.line.strip_prefix(b"Message-ID: <") {
                let found = String::from_utf8_lossy(found);
                id = found.split('@').next().unwrap_or_default().to_owned();
                if (fate, visit) == (Fate::CutShort, 1) {
                    return Err(Over);
                }
            }
        }
        if (fate, visit) == (Fate::LetterLost, 1) {
            return Err(Over);
        }
        server.accept(person, id);
        if (fate, visit) == (Fate::AnswerLost, 1) {
            return Err(Over);
        }
        self.say("250 2.0.0 Ok: queued").await?;
        // Before the next MAIL, with a reply or without one.
        match draw(self.number, self.letters) % 100 {
            0 => Err(Over),
            1 => {
                self.say("421 4.4.2 idle for too long").await?;
                Err(Over)
            }
            _ => Ok(()),
        }
    }

    async fn read(&mut self) -> Result<(), Over> {
        self.line.clear();
        match self.stream.read_until(b'\n', &mut self.line).await {
            Ok(octets) if octets > 0 => Ok(()),
            _ => Err(Over),
        }
    }

    async fn say(&mut self, words: &str) -> Result<(), Over> {
        let words = format!("{words}\r\n");
        let said = self.stream.write_all(words.as_bytes()).await;
        said.map_err(|_| Over)
    }
}
