//! A mail server that does what a test tells it, good or bad, and records what it received.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the server does at a stage.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// What a good server does.
    Usual,
    /// Says this instead.
    Say(&'static str),
    /// Says this instead, without an end of line.
    Raw(&'static str),
    /// Says these octets instead.
    Octets(&'static [u8]),
    /// Says this and closes the connection.
    Farewell(&'static str),
    /// Closes the connection without a reply.
    HangUp,
    /// Says nothing, and keeps the connection.
    Silence,
    /// Does what a good server does, after this delay.
    Late(Duration),
}

#[derive(Default)]
struct Memory {
    connections: usize,
    heard: Vec<String>,
    texts: Vec<String>,
    /// The number of reads until it had MAIL, RCPT and DATA, per transaction.
    bursts: Vec<usize>,
    /// The number of MAIL that came in one read with the command before them.
    announced: usize,
}

/// A running server; ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) port: u16,
    memory: Arc<Mutex<Memory>>,
}

impl Server {
    /// Commands in order; `TEXT …` stands for a text, followed by its first line.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.memory.lock().expect("unpoisoned").heard.clone()
    }

    /// Texts as received, dots unstuffed.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.memory.lock().expect("unpoisoned").texts.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.memory.lock().expect("unpoisoned").connections
    }

    pub(crate) fn announced(&self) -> usize {
        self.memory.lock().expect("unpoisoned").announced
    }

    pub(crate) fn bursts_of_opening(&self) -> Vec<usize> {
        self.memory.lock().expect("unpoisoned").bursts.clone()
    }
}

/// Called with the number of the connection, from 1, and the stage: `CONNECT`, a command's first word, or `TEXT` after
/// the final dot.
type Script = Arc<Mutex<dyn FnMut(usize, &str) -> Act + Send>>;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A server without TLS.
pub(crate) async fn serve(
    offers: &'static [&'static str],
    script: impl FnMut(usize, &str) -> Act + Send + 'static,
) -> Server {
    serve_with(offers, script, None, false).await
}

/// Closes the connection at that stage, each time.
pub(crate) fn hangs_up_at(stage: &'static str) -> impl FnMut(usize, &str) -> Act + Send + 'static {
    move |_, at| if at == stage { Act::HangUp } else { Act::Usual }
}

/// A server that can also speak TLS: from the start if `implicit`, else after STARTTLS.
pub(crate) async fn serve_with(
    offers: &'static [&'static str],
    script: impl FnMut(usize, &str) -> Act + Send + 'static,
    tls: Option<TlsAcceptor>,
    implicit: bool,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let memory = Arc::new(Mutex::new(Memory::default()));
    let script: Script = Arc::new(Mutex::new(script));
    let remembered = Arc::clone(&memory);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tcp.set_nodelay(true).expect("nodelay");
            let number = {
                let mut memory = remembered.lock().expect("unpoisoned");
                memory.connections += 1;
                memory.connections
            };
            let (script, memory, tls) = (Arc::clone(&script), Arc::clone(&remembered), tls.clone());
            tokio::spawn(async move {
                let mut talk = Talk {
                    number,
                    offers,
                    script,
                    memory,
                    reads: 0,
                };
                let plain: Box<dyn Stream> = Box::new(tcp);
                let upgraded = match (&tls, implicit) {
                    (Some(_), true) => Some(plain),
                    _ => talk.hold(plain, true).await,
                };
                if let (Some(tls), Some(stream)) = (tls, upgraded)
                    && let Ok(stream) = tls.accept(stream).await
                {
                    talk.hold(Box::new(stream), implicit).await;
                }
            });
        }
    });
    Server { port, memory }
}

struct Talk {
    number: usize,
    offers: &'static [&'static str],
    script: Script,
    memory: Arc<Mutex<Memory>>,
    reads: usize,
}

impl Talk {
    /// Talks until the connection ends, or returns the stream for TLS.
    async fn hold(&mut self, stream: Box<dyn Stream>, greet: bool) -> Option<Box<dyn Stream>> {
        let mut stream = BufReader::new(stream);
        if greet && !self.act(&mut stream, "CONNECT", "220 test ready").await {
            return None;
        }
        loop {
            let buffered = !stream.buffer().is_empty();
            let command = self.line(&mut stream).await?;
            {
                let mut memory = self.memory.lock().expect("unpoisoned");
                memory.announced += usize::from(buffered && command.starts_with("MAIL"));
                memory.heard.push(command.clone());
            }
            let stage = command.split(' ').next().unwrap_or_default().to_owned();
            let usual = match stage.as_str() {
                "MAIL" => {
                    self.reads = 1;
                    "250 2.1.0 Ok".to_owned()
                }
                "EHLO" => {
                    let mut lines = vec!["test"];
                    lines.extend(self.offers);
                    let last = lines.pop().expect("one line");
                    let before: String =
                        lines.iter().map(|line| format!("250-{line}\r\n")).collect();
                    format!("{before}250 {last}")
                }
                "DATA" => "354 go ahead".to_owned(),
                "QUIT" => "221 bye".to_owned(),
                "STARTTLS" => "220 go".to_owned(),
                _ => "250 2.0.0 Ok".to_owned(),
            };
            if stage == "DATA" {
                self.memory
                    .lock()
                    .expect("unpoisoned")
                    .bursts
                    .push(self.reads);
            }
            let act = (self.script.lock().expect("unpoisoned"))(self.number, &stage);
            if !play(&mut stream, act, &usual).await {
                return None;
            }
            match (stage.as_str(), act) {
                ("STARTTLS", Act::Usual | Act::Say(_)) => return Some(stream.into_inner()),
                ("QUIT", _) => return None,
                ("DATA", Act::Usual | Act::Late(_)) => self.text(&mut stream).await?,
                ("DATA", Act::Say(words) | Act::Raw(words)) if words.starts_with("354") => {
                    self.text(&mut stream).await?;
                }
                _ => {}
            }
        }
    }

    /// Reads a text and answers it.
    async fn text(&mut self, stream: &mut BufReader<Box<dyn Stream>>) -> Option<()> {
        let mut text = String::new();
        loop {
            let line = self.line(stream).await?;
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        {
            let mut memory = self.memory.lock().expect("unpoisoned");
            memory
                .heard
                .push(format!("TEXT {}", text.lines().next().unwrap_or_default()));
            memory.texts.push(text);
        }
        self.act(stream, "TEXT", "250 2.0.0 Ok: queued")
            .await
            .then_some(())
    }

    async fn act(
        &mut self,
        stream: &mut BufReader<Box<dyn Stream>>,
        stage: &str,
        usual: &str,
    ) -> bool {
        let act = (self.script.lock().expect("unpoisoned"))(self.number, stage);
        play(stream, act, usual).await
    }

    /// One line, which must end in CRLF and hold no other CR or LF.
    async fn line(&mut self, stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
        self.reads += usize::from(stream.buffer().is_empty() && self.reads > 0);
        let mut line = Vec::new();
        stream
            .read_until(b'\n', &mut line)
            .await
            .ok()
            .filter(|&octets| octets > 0)?;
        let line = String::from_utf8(line).expect("UTF-8");
        let line = line
            .strip_suffix("\r\n")
            .expect("CRLF at the end of each line")
            .to_owned();
        assert!(!line.contains(['\r', '\n']), "a bare line end");
        Some(line)
    }
}

/// False when the connection is over.
async fn play(stream: &mut BufReader<Box<dyn Stream>>, act: Act, usual: &str) -> bool {
    if let Act::Late(wait) = act {
        tokio::time::sleep(wait).await;
    }
    let words = match act {
        Act::Usual | Act::Late(_) => format!("{usual}\r\n").into_bytes(),
        Act::Say(words) | Act::Farewell(words) => format!("{words}\r\n").into_bytes(),
        Act::Raw(words) => words.as_bytes().to_vec(),
        Act::Octets(octets) => octets.to_vec(),
        Act::HangUp => return false,
        Act::Silence => std::future::pending().await,
    };
    let said = stream.write_all(&words).await.is_ok();
    let flushed = stream.flush().await.is_ok();
    said && flushed && !matches!(act, Act::Farewell(_))
}
