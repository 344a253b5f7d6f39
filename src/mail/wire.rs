//! The stream under lettre's connection: TCP without Nagle's delay, in the clear or in TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::in_words;
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
/// lettre reports a failed write and a failed read alike; for the end of a letter that is the
/// difference between *not delivered* and *nobody knows*.
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

/// See the module.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    peer: SocketAddr,
    /// Served before anything of the stream.
    greeting: &'static [u8],
    cut_short: CutShort,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            greeting: b"",
            cut_short: CutShort::default(),
        }
    }

    /// For a stream whose greeting was read before TLS began: lettre waits for one.
    pub(super) fn already_greeted(mut self) -> Self {
        self.greeting = b"220 secured\r\n";
        self
    }

    pub(super) fn cut_short(&self) -> CutShort {
        self.cut_short.clone()
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
        if !self.greeting.is_empty() {
            let (now, later) = self
                .greeting
                .split_at(self.greeting.len().min(buf.remaining()));
            buf.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        // Some servers answer in Latin-1; lettre would take that for a broken connection.
        for octet in &mut buf.filled_mut()[before..] {
            if !octet.is_ascii() {
                *octet = b'?';
            }
        }
        Poll::Ready(Ok(()))
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

/// TCP without Nagle's algorithm, which would hold the end of every letter back for 40 ms.
pub(super) async fn connect(relay: &Settings) -> Result<Wire, String> {
    let patience = relay.patience;
    let host = relay.host.trim_start_matches('[').trim_end_matches(']');
    let tcp = timeout(patience.connect, TcpStream::connect((host, relay.port)))
        .await
        .map_err(|_| "the relay cannot be reached: no answer in time".to_owned())?
        .map_err(|error| format!("the relay cannot be reached: {}", in_words(&error)))?;
    let set_up = tcp.set_nodelay(true).and_then(|()| tcp.peer_addr());
    let peer =
        set_up.map_err(|error| format!("the relay cannot be reached: {}", in_words(&error)))?;
    let secure = async |tls: &Tls, tcp: TcpStream| {
        let secured = timeout(patience.connect, tls.secure(tcp)).await;
        secured.unwrap_or_else(|_| Err("TLS with the relay took too long".to_owned()))
    };
    Ok(match &relay.security {
        Security::None => Wire::new(Box::new(tcp), peer),
        Security::Implicit(tls) => Wire::new(Box::new(secure(tls, tcp).await?), peer),
        Security::StartTls(tls) => {
            let asked = timeout(patience.reply, ask_for_tls(tcp, &relay.hello.to_string())).await;
            let tcp =
                asked.unwrap_or_else(|_| Err("the relay did not greet us in time".to_owned()))?;
            Wire::new(Box::new(secure(tls, tcp).await?), peer).already_greeted()
        }
    })
}
