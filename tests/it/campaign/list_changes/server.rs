//! A mail server that records when each text ended, its recipient, and the elements that it named.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The words before the elements in the text.
pub const TAKEN: &str = "Taken: ";

/// A message that was accepted.
#[derive(Debug, Clone)]
pub struct Got {
    /// When its text ended.
    pub at: Instant,
    /// Its recipient.
    pub to: String,
    /// The words after [`TAKEN`] in its text part, at the first place.
    pub taken: String,
}

/// The running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    /// One permit for each recipient that is to be refused and was named.
    pub asked: Arc<Semaphore>,
    /// One permit for each recipient that may be refused now.
    pub released: Arc<Semaphore>,
}

impl Server {
    /// Accepts everything, except for addresses that begin with `gone`: it refuses these once the test permits it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            asked: Arc::new(Semaphore::new(0)),
            released: Arc::new(Semaphore::new(0)),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let server = serving.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    /// Every message that was accepted, in order.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// How many were accepted.
    pub fn accepted(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut talk = BufReader::new(stream);
        say(&mut talk, "220 here").await?;
        let mut to = String::new();
        loop {
            let line = read(&mut talk).await?;
            let reply = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-here\r\n250-PIPELINING\r\n250 8BITMIME",
                "RCPT" => {
                    to = line["RCPT TO:<".len()..].split('>').next()?.to_owned();
                    self.recipient(&to).await
                }
                "DATA" if to.is_empty() => "554 5.5.1 no valid recipients",
                "DATA" => {
                    say(&mut talk, "354 go ahead").await?;
                    let taken = text(&mut talk).await?;
                    let to = std::mem::take(&mut to);
                    let at = Instant::now();
                    self.got.lock().unwrap().push(Got { at, to, taken });
                    "250 2.0.0 Ok: queued"
                }
                "QUIT" => return say(&mut talk, "221 2.0.0 bye").await,
                _ => "250 2.0.0 Ok",
            };
            if reply.starts_with("550") {
                to.clear();
            }
            say(&mut talk, reply).await?;
        }
    }

    async fn recipient(&self, to: &str) -> &'static str {
        if !to.starts_with("gone") {
            return "250 2.1.5 Ok";
        }
        self.asked.add_permits(1);
        self.released.acquire().await.unwrap().forget();
        "550 5.1.1 User unknown"
    }
}

/// Reads a text to its end; returns the elements that it names.
async fn text(talk: &mut BufReader<TcpStream>) -> Option<String> {
    let mut taken = String::new();
    loop {
        let line = read(talk).await?;
        if line == "." {
            return Some(taken);
        }
        if let Some(found) = line.strip_prefix(TAKEN).filter(|_| taken.is_empty()) {
            taken = found.to_owned();
        }
    }
}

async fn read(talk: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match talk.read_line(&mut line).await {
        Ok(octets) if octets > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}

async fn say(talk: &mut BufReader<TcpStream>, words: &str) -> Option<()> {
    let words = format!("{words}\r\n");
    talk.write_all(words.as_bytes()).await.ok()
}
