//! A proxy between Candor and Postgres that can be shut, which makes the database unreachable.

use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;

use crate::mail::Scratch;

/// A proxy to the database that can be shut.
pub struct Valve {
    open: watch::Sender<bool>,
    /// The URL of the database through it.
    pub url: String,
    _dir: Scratch,
}

impl Valve {
    /// A proxy in front of the database at `url`.
    pub fn before(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let host = config.get_hosts()[0].clone();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let dir = Scratch::new();
        let listener = UnixListener::bind(dir.path().join(format!(".s.PGSQL.{port}"))).unwrap();
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, host.clone(), port, is_open.clone()));
            }
        });
        let (before, rest) = url.split_once("://").unwrap();
        let (place, rest) = rest.split_once('/').unwrap();
        let user = place
            .rsplit_once('@')
            .map_or(String::new(), |(user, _)| format!("{user}@"));
        let socket = dir.path().display().to_string().replace('/', "%2F");
        Self {
            open,
            url: format!("{before}://{user}{socket}/{rest}"),
            _dir: dir,
        }
    }

    /// Shuts it: every connection breaks, and new ones are refused.
    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    /// Opens it again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Lets another process control it: the address at which `GET /shut` and `GET /open` do so.
    pub async fn handle(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let open = self.open.clone();
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let mut asked = [0; 1024];
                let n = caller.read(&mut asked).await.unwrap_or(0);
                open.send_replace(asked[..n].starts_with(b"GET /open"));
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = caller.write_all(answer).await;
            }
        });
        address
    }
}

async fn pass(near: UnixStream, host: Host, port: u16, mut is_open: watch::Receiver<bool>) {
    if !*is_open.borrow_and_update() {
        return;
    }
    let shut = async { drop(is_open.wait_for(|open| !open).await) };
    let through = async {
        match host {
            Host::Unix(dir) => {
                let socket = Path::new(&dir).join(format!(".s.PGSQL.{port}"));
                join(near, UnixStream::connect(socket).await.unwrap()).await;
            }
            Host::Tcp(name) => join(near, TcpStream::connect((name, port)).await.unwrap()).await,
        }
    };
    tokio::select! {
        () = shut => {}
        () = through => {}
    }
}

async fn join(mut near: UnixStream, mut far: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = copy_bidirectional(&mut near, &mut far).await;
}
