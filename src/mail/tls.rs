//! TLS to a relay: certificates always checked, and a STARTTLS that cannot be talked into.
//!
//! lettre's own upgrade keeps what it had read before TLS began, so an attacker on the path could inject a reply that
//! then counts as the server's. Here nothing read before survives.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::answer::Answer;
use super::replies::Replies;
use crate::roots;

/// What is wrong on a machine without certificates of CAs.
const NO_ROOTS: &str = "this machine has no certificates of CAs: install ca-certificates, set SSL_CERT_FILE, or name a CA \
     file by ?ca=FILE";

/// How one relay is secured: the trusted certificates, and the name its certificate must have.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    /// Trusts the system's certificates ([`roots::system`]) and those in `extra`. Reads files, so call it once per relay.
    ///
    /// # Errors
    /// In words for the operator.
    pub(super) fn new(host: &str, extra: Option<&Path>) -> Result<Tls, &'static str> {
        let host = ServerName::try_from(host.to_owned())
            .map_err(|_| "the host is not a name that a certificate can bear")?;
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(roots::system().iter().cloned());
        if extra.is_some_and(|file| trust(&mut trusted, file) == 0) {
            return Err("the ca file holds no certificate that can be read");
        }
        if trusted.is_empty() {
            return Err(NO_ROOTS);
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|_| "TLS cannot be set up")?
                .with_root_certificates(trusted)
                .with_no_client_auth();
        Ok(Tls {
            connector: TlsConnector::from(Arc::new(config)),
            host,
        })
    }

    /// The handshake. The error is fit for an operator: it names what is wrong with the
    /// certificate.
    pub(super) async fn secure(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let secured = self.connector.connect(self.host.clone(), tcp).await;
        secured.map_err(|error| format!("TLS with the relay failed: {error}"))
    }
}

/// Adds what can be parsed and tells how many that was.
fn trust(roots: &mut RootCertStore, file: &Path) -> usize {
    let Ok(found) = CertificateDer::pem_file_iter(file) else {
        return 0;
    };
    roots
        .add_parsable_certificates(found.filter_map(Result::ok))
        .0
}

/// Talks as far as the server's consent to STARTTLS (RFC 3207).
///
/// # Errors
/// When it does not consent, or when anything at all was sent along with the consent.
pub(super) async fn ask_for_tls(tcp: TcpStream, hello: &str) -> Result<TcpStream, String> {
    let mut asking = Asking {
        tcp,
        replies: Replies::default(),
    };
    asking.expect(None, "did not welcome us").await?;
    let ehlo = format!("EHLO {hello}\r\n");
    asking.expect(Some(&ehlo), "refused our EHLO").await?;
    asking
        .expect(Some("STARTTLS\r\n"), "does not offer STARTTLS")
        .await?;
    if !asking.replies.are_through() {
        return Err("the relay, or somebody on the way, sent words ahead of TLS".to_owned());
    }
    Ok(asking.tcp)
}

/// A connection that is to become TLS.
struct Asking {
    tcp: TcpStream,
    replies: Replies,
}

impl Asking {
    /// Says a command, if there is one, and reads one answer, which must be positive.
    async fn expect(&mut self, command: Option<&str>, otherwise: &str) -> Result<(), String> {
        if let Some(command) = command {
            let said = self.tcp.write_all(command.as_bytes()).await;
            said.map_err(|_| lost())?;
        }
        let answer = self.answer().await?;
        match answer.is(2) {
            true => Ok(()),
            false => Err(format!("the relay {otherwise} ({})", answer.code)),
        }
    }

    async fn answer(&mut self) -> Result<Answer, String> {
        let mut room = [0; 1024];
        loop {
            if let Some(answer) = self.replies.next() {
                return Ok(answer);
            }
            if self.replies.are_hopeless() {
                return Err("the relay does not speak SMTP".to_owned());
            }
            match self.tcp.read(&mut room).await {
                Ok(octets @ 1..) => self.replies.feed(&room[..octets]),
                _ => return Err(lost()),
            }
        }
    }
}

fn lost() -> String {
    "the connection broke off before TLS".to_owned()
}
