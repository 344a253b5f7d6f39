//! The stream to a server: plain or TLS, as asked for, with the SQLSTATE of errors where diesel passes it on.

use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::binding;
use super::options::Mode;
use super::sqlstate::Replies;

/// Asks the server for TLS (Postgres documentation, "Message Formats": SSLRequest).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Why a connection did not come to be secured.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("the server does not offer TLS")]
    NotOffered,
    #[error("the server answered the request for TLS with something else")]
    Nonsense,
    #[error("the host's name is none that a certificate can bear")]
    Name,
    #[error("the TLS handshake failed: {0}")]
    Handshake(io::Error),
    #[error("the connection broke while TLS was asked for: {0}")]
    Broken(io::Error),
}

/// Secures connections by what the URL says.
#[derive(Clone)]
pub(super) struct Securer {
    pub(super) mode: Mode,
    pub(super) is_direct: bool,
    /// `None`: connections stay plain.
    pub(super) settings: Option<Arc<ClientConfig>>,
}

impl<S> MakeTlsConnect<S> for Securer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Wire<S>;
    type TlsConnect = Handshake;
    type Error = TlsError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, TlsError> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            Err(_) if self.mode == Mode::VerifyFull => return Err(TlsError::Name),
            // Nothing is compared with it, and nothing is sent of it.
            Err(_) => ServerName::from(Ipv4Addr::UNSPECIFIED),
        };
        Ok(Handshake {
            by: self.clone(),
            name,
        })
    }
}

/// What is agreed with one server.
pub(super) struct Handshake {
    by: Securer,
    name: ServerName<'static>,
}

impl Handshake {
    /// One through a Unix socket.
    pub(super) fn plain() -> Self {
        let by = Securer {
            mode: Mode::Disable,
            is_direct: false,
            settings: None,
        };
        Self {
            by,
            name: ServerName::from(Ipv4Addr::UNSPECIFIED),
        }
    }

    async fn shake<S>(self, mut stream: S) -> Result<Wire<S>, TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(settings) = self.by.settings else {
            return Ok(Wire::plain(stream));
        };
        if !self.by.is_direct && !is_offered(&mut stream).await? {
            return match self.by.mode {
                Mode::Disable | Mode::Prefer => Ok(Wire::plain(stream)),
                Mode::Require | Mode::VerifyCa | Mode::VerifyFull => Err(TlsError::NotOffered),
            };
        }
        let secured = TlsConnector::from(settings).connect(self.name, stream);
        let secured = secured.await.map_err(TlsError::Handshake)?;
        let certificates = secured.get_ref().1.peer_certificates();
        let end_point = certificates
            .and_then(<[_]>::first)
            .and_then(|own| binding::end_point(own));
        Ok(Wire {
            carrier: Carrier::Tls(Box::new(secured)),
            replies: Replies::default(),
            end_point,
        })
    }
}

/// Asks for TLS. Only one octet is read: what an attacker on the way sends behind it is part of the handshake, and spoils it.
async fn is_offered<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<bool, TlsError> {
    let asked = stream.write_all(&SSL_REQUEST).await;
    asked.map_err(TlsError::Broken)?;
    stream.flush().await.map_err(TlsError::Broken)?;
    match stream.read_u8().await.map_err(TlsError::Broken)? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        _ => Err(TlsError::Nonsense),
    }
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Wire<S>;
    type Error = TlsError;
    type Future = Pin<Box<dyn Future<Output = Result<Wire<S>, TlsError>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(self.shake(stream))
    }
}

/// The stream.
pub(super) struct Wire<S> {
    carrier: Carrier<S>,
    replies: Replies,
    end_point: Option<Vec<u8>>,
}

enum Carrier<S> {
    Plain(S),
    Tls(Box<client::TlsStream<S>>),
}

impl<S> Wire<S> {
    fn plain(stream: S) -> Self {
        Self {
            carrier: Carrier::Plain(stream),
            replies: Replies::default(),
            end_point: None,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Wire<S> {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.end_point {
            Some(hash) => ChannelBinding::tls_server_end_point(hash.clone()),
            None => ChannelBinding::none(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Carrier<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        loop {
            if this.replies.give(buf) {
                return Poll::Ready(Ok(()));
            }
            ready!(Pin::new(&mut this.carrier).poll_read(cx, buf))?;
            let read = &buf.filled()[before..];
            if read.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let passes = this.replies.note(read);
            buf.set_filled(before + passes);
            if passes > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_write(cx, octets),
            Carrier::Tls(stream) => Pin::new(stream).poll_write(cx, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Carrier::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Carrier::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
