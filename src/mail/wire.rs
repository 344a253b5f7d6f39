//! The stream under lettre's connection: TCP without Nagle's delay, in the clear or in TLS.
//!
//! lettre reads few of the answers that servers give (no unknown second digit, no bare code, no line feed alone),
//! and takes all others for a broken connection. So the answers are read here, kept in [`Heard`], and lettre is
//! told only that one came.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{Answer, in_words};
use super::replies::Replies;
use super::settings::{Security, Settings};
use super::tls::{Tls, ask_for_tls};

/// What a wire can run over.
pub(super) trait Stream:
    AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug
{
}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Stream for S {}

/// Told by a [`Wire`] whether, and where, the last thing written was cut short.
///
/// lettre reports a failed write and a failed read alike; for the end of a letter that is the difference between *not
/// delivered* and *unknown*.
#[derive(Debug, Clone, Default)]
pub(super) struct CutShort(Arc<Written>);

#[derive(Debug, Default)]
struct Written {
    /// Taken by the stream since the watch began.
    octets: AtomicUsize,
    failed: AtomicBool,
}

impl CutShort {
    /// Begins to watch: what is written next counts.
    pub(super) fn watch(&self) {
        self.0.octets.store(0, Ordering::Relaxed);
        self.0.failed.store(false, Ordering::Relaxed);
    }

    /// Whether of `whole` octets written the first `end` certainly did not get out whole.
    pub(super) fn before(&self, end: usize, whole: usize) -> bool {
        let taken = self.0.octets.load(Ordering::Relaxed);
        self.0.failed.load(Ordering::Relaxed) && (taken < end || end == whole)
    }
}

/// Replies that lettre was told of and the session has not taken yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<VecDeque<Answer>>>);

impl Heard {
    /// The oldest.
    pub(super) fn take(&self) -> Option<Answer> {
        self.answers().pop_front()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.answers().is_empty()
    }

    fn answers(&self) -> MutexGuard<'_, VecDeque<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What lettre is told of every answer, whatever it is.
const AN_ANSWER: &[u8] = b"250 ok\r\n";
/// What it is told of a greeting that turns us away: it goes no further.
const NO_GREETING: &[u8] = b"554 no\r\n";

/// Octets that are read at once: the answers to one letter and to the commands of the next are some 150.
const ROOM: usize = 512;

/// See the module.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    peer: SocketAddr,
    replies: Replies,
    heard: Heard,
    /// What lettre is being told.
    telling: &'static [u8],
    /// Answers that lettre was not told of yet.
    untold: usize,
    greeted: bool,
    turned_away: bool,
    room: Box<[u8; ROOM]>,
    cut_short: CutShort,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire to {}", self.peer)
    }
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            replies: Replies::default(),
            heard: Heard::default(),
            telling: b"",
            untold: 0,
            greeted: false,
            turned_away: false,
            room: Box::new([0; ROOM]),
            cut_short: CutShort::default(),
        }
    }

    /// For a stream after STARTTLS, where the greeting was read before: lettre waits for one.
    pub(super) fn already_greeted(mut self) -> Self {
        self.keep(Answer {
            code: 220,
            text: String::new(),
        });
        self
    }

    pub(super) fn cut_short(&self) -> CutShort {
        self.cut_short.clone()
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    fn keep(&mut self, answer: Answer) {
        self.turned_away |= !self.greeted && !answer.is(2);
        self.greeted = true;
        self.untold += 1;
        self.heard.answers().push_back(answer);
    }

    /// Tells lettre of the next answer, if there is one.
    fn tell(&mut self) -> bool {
        let Some(left) = self.untold.checked_sub(1) else {
            return false;
        };
        self.untold = left;
        self.telling = match self.turned_away {
            true => NO_GREETING,
            false => AN_ANSWER,
        };
        true
    }

    fn watched<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(result, Poll::Ready(Err(_))) {
            self.cut_short.0.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        loop {
            if !wire.telling.is_empty() {
                let (now, later) = wire
                    .telling
                    .split_at(wire.telling.len().min(buf.remaining()));
                buf.put_slice(now);
                wire.telling = later;
                return Poll::Ready(Ok(()));
            }
            if wire.tell() {
                continue;
            }
            if wire.replies.are_hopeless() {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            let mut room = ReadBuf::new(&mut wire.room[..]);
            ready!(Pin::new(&mut wire.stream).poll_read(cx, &mut room))?;
            if room.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            wire.replies.feed(room.filled());
            while let Some(answer) = wire.replies.next() {
                wire.keep(answer);
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(octets)) = &result {
            self.cut_short
                .0
                .octets
                .fetch_add(*octets, Ordering::Relaxed);
        }
        self.watched(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Makes a connection ready for lettre: without Nagle's algorithm, which would hold the end of every letter back
/// for 40 ms, and in TLS as the relay's URL asks. `patience`: for the greeting before STARTTLS.
pub(super) async fn secured(
    relay: &Settings,
    (tcp, peer): (TcpStream, SocketAddr),
    patience: Duration,
) -> Result<Wire, String> {
    tcp.set_nodelay(true)
        .map_err(|error| format!("the relay cannot be reached: {}", in_words(&error)))?;
    let secure = async |tls: &Tls, tcp: TcpStream| {
        let secured = timeout(relay.patience.connect, tls.secure(tcp)).await;
        secured.unwrap_or_else(|_| Err("TLS with the relay took too long".to_owned()))
    };
    Ok(match &relay.security {
        Security::None => Wire::new(Box::new(tcp), peer),
        Security::Implicit(tls) => Wire::new(Box::new(secure(tls, tcp).await?), peer),
        Security::StartTls(tls) => {
            let asked = timeout(patience, ask_for_tls(tcp, &relay.hello.to_string())).await;
            let tcp =
                asked.unwrap_or_else(|_| Err("the relay did not greet us in time".to_owned()))?;
            Wire::new(Box::new(secure(tls, tcp).await?), peer).already_greeted()
        }
    })
}
