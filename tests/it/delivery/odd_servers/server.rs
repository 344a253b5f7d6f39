//! A mail server with answers that depend on the recipient; it counts what it accepted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use candor::{incident, person};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::house::House;
use crate::people::Scene;

/// The place of the odd answer in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To RCPT.
    Recipient,
    /// After the final dot.
    Text,
}

/// How the server treats some recipients, and the result that is expected.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The prefix of their addresses.
    pub name: &'static str,
    place: Place,
    says: &'static [u8],
    /// The number of odd answers; later answers are ordinary.
    times: usize,
    /// The expected last state of their notices.
    pub ends: &'static str,
    /// The code of the last answer.
    pub code: Option<i16>,
    /// The beginning of the last answer's words.
    pub words: &'static str,
}

const ALWAYS: usize = usize::MAX;

const fn kind(
    name: &'static str,
    (place, says, times): (Place, &'static [u8], usize),
    (ends, code, words): (&'static str, i16, &'static str),
) -> Kind {
    Kind {
        name,
        place,
        says,
        times,
        ends,
        code: Some(code),
        words,
    }
}

const fn refused(name: &'static str, says: &'static [u8], code: i16, words: &'static str) -> Kind {
    kind(
        name,
        (Place::Recipient, says, ALWAYS),
        ("bounced", code, words),
    )
}

const fn accepted(name: &'static str, says: &'static [u8], code: i16, words: &'static str) -> Kind {
    kind(name, (Place::Text, says, ALWAYS), ("sent", code, words))
}

/// An answer filled up to this length.
const LONG: &[u8] = b"LONG";
/// The connection ends instead.
const GONE: &[u8] = b"";
const OK: &str = "2.0.0 queued";

/// The kinds of `findings/inputs` 01 to 06, and others like them.
pub const KINDS: &[Kind] = &[
    refused(
        "c571",
        b"571 delivery not authorised for this mailbox\r\n",
        571,
        "delivery not",
    ),
    kind(
        "c471",
        (
            Place::Recipient,
            b"471 not authorised for this mailbox\r\n",
            ALWAYS,
        ),
        ("deferred", 471, "not authorised"),
    ),
    kind(
        "d571",
        (Place::Text, b"571 message content declined\r\n", ALWAYS),
        ("bounced", 571, "message content"),
    ),
    accepted("endbare", b"250\r\n", 250, ""),
    refused("nospace", b"550\r\n", 550, ""),
    refused(
        "mix",
        b"550-first line\r\n551 second line\r\n",
        551,
        "first line second line",
    ),
    accepted(
        "endmix",
        b"250-2.0.0 ok\r\n251 second\r\n",
        251,
        "2.0.0 ok second",
    ),
    refused("lf", b"550 5.1.1 no such user\n", 550, "5.1.1 no such user"),
    accepted("endlf", b"250 2.0.0 queued\n", 250, OK),
    refused("long", LONG, 550, "5.1.1 xxx"),
    refused("tab", b"550\t5.1.1 no such user\r\n", 550, "5.1.1 no"),
    refused(
        "latin",
        b"550 5.1.1 Benutzer unbekannt: \xfc\r\n",
        550,
        "5.1.1 Benutzer unbekannt: ü",
    ),
    refused(
        "wrapped",
        b"550-5.1.1 no\r\nsuch user\r\n550 5.1.1 here\r\n",
        550,
        "5.1.1 no such user",
    ),
    refused(
        "unclear",
        b"550 das wird nichts\r\n",
        550,
        "das wird nichts",
    ),
    refused(
        "policy",
        b"550 5.7.1 blocked by policy\r\n",
        550,
        "5.7.1 blocked",
    ),
    refused(
        "busy",
        b"550 5.1.1 too many recipients this hour\r\n",
        550,
        "5.1.1 too many",
    ),
    kind(
        "locked",
        (Place::Recipient, b"550 user temporarily locked\r\n", 2),
        ("sent", 250, OK),
    ),
    kind(
        "closing",
        (Place::Recipient, b"421 4.3.2 closing\r\n", 1),
        ("sent", 250, OK),
    ),
    kind("gone", (Place::Recipient, GONE, 2), ("sent", 250, OK)),
    kind(
        "silent",
        (Place::Recipient, b"452 4.5.3 \r\n", 1),
        ("sent", 250, OK),
    ),
];

#[derive(Default)]
struct Memory {
    accepted: BTreeMap<String, usize>,
    oddly: HashMap<String, usize>,
    rcpts: usize,
}

/// The server.
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    memory: Arc<Mutex<Memory>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn at(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let shared = Arc::clone(&memory);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let memory = Arc::clone(&shared);
                tokio::spawn(async move { Talk::new(tcp, memory).hold().await });
            }
        });
        Self { port, memory }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    /// How often a message was accepted for each address.
    pub fn accepted(&self) -> BTreeMap<String, usize> {
        self.memory().accepted.clone()
    }

    /// The number of recipients named.
    pub fn named(&self) -> usize {
        self.memory().rcpts
    }

    /// Waits until this number of recipients with this prefix were sent to.
    pub async fn until_accepted(&self, name: &str, people: usize) {
        for _ in 0..60_000 {
            let memory = self.accepted();
            if memory.keys().filter(|to| to.starts_with(name)).count() >= people {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("not all of {people} {name} within two minutes");
    }
}

struct Talk {
    stream: BufReader<TcpStream>,
    memory: Arc<Mutex<Memory>>,
}

impl Talk {
    fn new(tcp: TcpStream, memory: Arc<Mutex<Memory>>) -> Self {
        tcp.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(tcp),
            memory,
        }
    }

    async fn say(&mut self, words: &[u8]) -> Option<()> {
        let long;
        let words = match words {
            GONE => return None,
            LONG => {
                long = [b"550 5.1.1 ".as_slice(), &[b'x'; 400_000], b"\r\n"].concat();
                &long
            }
            words => words,
        };
        self.stream.write_all(words).await.ok()?;
        self.stream.flush().await.ok()?;
        (!words.starts_with(b"421")).then_some(())
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let octets = self.stream.read_line(&mut line).await.ok()?;
        (octets > 0).then(|| line.trim_end().to_owned())
    }

    /// The odd answer to this recipient here, if there is one.
    fn odd(&self, to: &str, place: Place) -> Option<&'static [u8]> {
        let name = to.split('-').next().unwrap_or_default();
        let kind = KINDS
            .iter()
            .find(|kind| kind.name == name && kind.place == place)?;
        let mut memory = self.memory.lock().unwrap();
        let times = memory.oddly.entry(to.to_owned()).or_default();
        *times += 1;
        (*times <= kind.times).then_some(kind.says)
    }

    async fn hold(mut self) -> Option<()> {
        self.say(b"220 quirky\r\n").await?;
        let mut to = String::new();
        let mut is_refused = false;
        loop {
            let command = self.line().await?;
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    self.say(b"250-quirky\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                        .await?;
                }
                "MAIL" => {
                    is_refused = false;
                    self.say(b"250 2.1.0 ok\r\n").await?;
                }
                "RCPT" => {
                    let address = command.split(['<', '>']).nth(1).unwrap_or_default();
                    to = address.to_owned();
                    self.memory.lock().unwrap().rcpts += 1;
                    let odd = self.odd(&to, Place::Recipient);
                    is_refused = odd.is_some();
                    self.say(odd.unwrap_or(b"250 2.1.5 ok\r\n")).await?;
                }
                "DATA" if is_refused => self.say(b"503 5.5.1 no recipient\r\n").await?,
                "DATA" => {
                    self.say(b"354 go ahead\r\n").await?;
                    while self.line().await? != "." {}
                    let odd = self.odd(&to, Place::Text);
                    if odd.is_none_or(|words| words.starts_with(b"2")) {
                        let mut memory = self.memory.lock().unwrap();
                        *memory.accepted.entry(to.clone()).or_default() += 1;
                    }
                    self.say(odd.unwrap_or(b"250 2.0.0 queued\r\n")).await?;
                }
                "QUIT" => return self.say(b"221 bye\r\n").await,
                _ => self.say(b"250 ok\r\n").await?,
            }
        }
    }
}

/// The address of each notice.
pub async fn addresses(house: &House, scene: &Scene) -> HashMap<uuid::Uuid, String> {
    let mut conn = house.app.db.get().await.unwrap();
    let found = incident::store::find(&mut conn, scene.incident)
        .await
        .unwrap();
    let key = found.key(&house.app.keys).unwrap().unwrap();
    let notices = house.raw().await;
    let notices = notices
        .query("select id, person_id from notice", &[])
        .await
        .unwrap();
    let mut addresses = HashMap::new();
    for row in notices {
        let id = candor::id::PersonId::from_uuid(row.get(1));
        let person = person::store::find(&mut conn, &key, id).await.unwrap();
        let address = person.contact.email.unwrap().as_str().to_owned();
        addresses.insert(row.get(0), address);
    }
    addresses
}
