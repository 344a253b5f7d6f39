//! The one place that opens connections: those of the pool, of COPY, of LISTEN and of migrations.

mod binding;
mod options;
mod refusal;
mod sqlstate;
mod trust;
mod wire;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_postgres::config::Host;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{AsyncMessage, Client, Connection};

use self::options::{Mode, Options};
use self::wire::{Handshake, Securer};
use super::{Error, Result};

/// Postgres's.
const PORT: u16 = 5432;

/// Opens connections as the database URL says. Cheap to clone.
#[derive(Clone)]
pub struct Connector(Arc<Options>);

/// What a server sends without being asked. A connection only works while this is read.
pub(super) type Messages =
    BoxStream<'static, std::result::Result<AsyncMessage, tokio_postgres::Error>>;

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector(•••)")
    }
}

impl Connector {
    /// Reads the URL and the files that it names; opens no connection.
    ///
    /// # Errors
    /// [`Error::Url`]
    pub fn new(url: &str) -> Result<Self> {
        let options = Options::parse(url).map_err(Error::Url)?;
        let connector = Self(Arc::new(options));
        connector.securer().map_err(Error::Url)?;
        Ok(connector)
    }

    /// A connection and what has to be read so that it works.
    pub(super) async fn open(&self) -> Result<(Client, Messages)> {
        self.opened().await.map_err(Error::Unavailable)
    }

    /// A connection that a task of this runtime drives.
    ///
    /// # Errors
    /// [`Error::Unavailable`]
    pub async fn client(&self) -> Result<Client> {
        let (client, messages) = self.open().await?;
        drive(messages);
        Ok(client)
    }

    /// A connection of diesel's, driven in the same way.
    pub(super) async fn diesel(&self) -> Result<AsyncPgConnection> {
        let client = self.client().await?;
        Ok(AsyncPgConnection::try_from(client).await?)
    }

    async fn opened(&self) -> std::result::Result<(Client, Messages), String> {
        let options = &*self.0;
        if options.is_local() {
            return self.through_socket().await;
        }
        let opened = options.config.connect(self.securer()?).await;
        let (client, connection) = opened.map_err(|e| refusal::explain(&e, options))?;
        Ok((client, messages(connection)))
    }

    fn securer(&self) -> std::result::Result<Securer, String> {
        let security = &self.0.security;
        let is_plain = security.mode == Mode::Disable || self.0.is_local();
        let settings = match is_plain {
            true => None,
            false => Some(Arc::new(trust::settings(security)?)),
        };
        Ok(Securer {
            mode: security.mode,
            is_direct: security.is_direct,
            settings,
        })
    }

    /// Through the first socket that answers; no TLS, as Postgres speaks none there.
    async fn through_socket(&self) -> std::result::Result<(Client, Messages), String> {
        let config = &self.0.config;
        let mut why = String::new();
        for (nth, host) in config.get_hosts().iter().enumerate() {
            let Host::Unix(dir) = host else { continue };
            let ports = config.get_ports();
            let port = ports.get(nth).or_else(|| ports.first()).unwrap_or(&PORT);
            let socket = dir.join(format!(".s.PGSQL.{port}"));
            let stream = match knock(&socket, config.get_connect_timeout()).await {
                Ok(stream) => stream,
                Err(error) => {
                    why = format!("{} cannot be reached: {error}", socket.display());
                    continue;
                }
            };
            match config.connect_raw(stream, Handshake::plain()).await {
                Ok((client, connection)) => return Ok((client, messages(connection))),
                Err(error) => why = refusal::explain(&error, &self.0),
            }
        }
        Err(why)
    }
}

async fn knock(socket: &Path, limit: Option<&Duration>) -> std::io::Result<UnixStream> {
    let Some(limit) = limit else {
        return UnixStream::connect(socket).await;
    };
    let connecting = tokio::time::timeout(*limit, UnixStream::connect(socket));
    connecting.await?
}

fn messages<S, T>(mut connection: Connection<S, T>) -> Messages
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsStream + Unpin + Send + 'static,
{
    stream::poll_fn(move |cx| connection.poll_message(cx)).boxed()
}

/// Reads what the server sends until the client is dropped, or the connection breaks: of that the client hears at its
/// next statement.
fn drive(mut messages: Messages) {
    tokio::spawn(async move {
        while let Some(message) = messages.next().await {
            if let Err(error) = message {
                tracing::debug!(%error, "a connection to the database broke");
                return;
            }
        }
    });
}
