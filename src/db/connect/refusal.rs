//! Why a connection could not be opened, in a sentence that says what to do.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::config::{ChannelBinding, Host};
use tokio_postgres::error::{DbError, SqlState};
use tokio_rustls::rustls::{CertificateError, Error as Rustls};

use super::options::{Mode, Options, Roots};
use super::wire::TlsError;

/// The sentence. It names hosts, files and what the server said, never the password.
pub(super) fn explain(error: &Error, of: &Options) -> String {
    if let Some(said) = error.as_db_error() {
        return refused(said, of);
    }
    let source = error.source();
    if let Some(tls) = source.and_then(|source| source.downcast_ref::<TlsError>()) {
        return unsecured(tls, of);
    }
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        return match inner(io) {
            Some(tls) => untrusted(tls, of),
            None => format!("{error}: {io}"),
        };
    }
    let why = match source {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    match of.config.get_channel_binding() {
        ChannelBinding::Require => format!(
            "{why}. channel_binding=require needs TLS and a password that the server keeps as scram-sha-256"
        ),
        _ => why,
    }
}

/// What the server itself said no to.
fn refused(said: &DbError, of: &Options) -> String {
    let (code, message) = (said.code(), said.message());
    let is_sign_in = *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION;
    if is_sign_in && of.security.mode == Mode::Disable && !of.is_local() {
        return format!(
            "the server refused the connection ({}: {message}): if its pg_hba.conf asks for TLS (hostssl), set \
             sslmode=verify-full and sslrootcert in the database URL",
            code.code()
        );
    }
    format!(
        "the server refused the connection ({}: {message})",
        code.code()
    )
}

fn unsecured(error: &TlsError, of: &Options) -> String {
    match error {
        TlsError::NotOffered => format!(
            "the server does not offer TLS, and sslmode={} asks for it: set ssl = on in its postgresql.conf; \
             sslmode=disable is only for a network that nobody else can read",
            of.security.mode.as_str()
        ),
        TlsError::Name => format!(
            "no certificate can be for the host in the database URL ({}): write a DNS name or an address",
            hosts(of)
        ),
        TlsError::Handshake(io) => match inner(io) {
            Some(error) => untrusted(error, of),
            None => format!("the TLS handshake with {} failed: {io}", hosts(of)),
        },
        TlsError::Nonsense | TlsError::Broken(_) => {
            format!(
                "{} does not answer as a Postgres server: {error}",
                hosts(of)
            )
        }
    }
}

/// What rustls did not accept, or what the server did not accept of ours.
fn untrusted(error: &Rustls, of: &Options) -> String {
    let roots = match &of.security.roots {
        Some(Roots::File(file)) => format!("the CA in {} (sslrootcert)", file.display()),
        _ => "a CA that this machine trusts (sslrootcert=system)".to_owned(),
    };
    match error {
        Rustls::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "the server's certificate was not signed by {roots}: name the certificate of the CA that signed it, or \
                 find out who answers there"
            ),
            CertificateError::NotValidForName => other_name("", of),
            CertificateError::NotValidForNameContext { presented, .. } => {
                other_name(&format!(" (it is for {})", presented.join(", ")), of)
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired: renew it, or set the clock of this machine".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet: set the clock of this machine, or of the one that made it"
                    .to_owned()
            }
            _ => format!(
                "the server's certificate is not accepted ({why}): have {roots} sign one for the server, with its host \
                 name as subjectAltName and without CA:TRUE"
            ),
        },
        Rustls::AlertReceived(alert) => format!(
            "the server ended TLS ({alert:?}): if it asks for a certificate of the client, give one that its CA signed \
             as sslcert and sslkey"
        ),
        error => format!("TLS with {} failed: {error}", hosts(of)),
    }
}

fn other_name(presented: &str, of: &Options) -> String {
    format!(
        "the server's certificate is not for the host {}{presented}: write in the database URL a host that the \
         certificate names, or have one made with this host as subjectAltName",
        hosts(of)
    )
}

fn hosts(of: &Options) -> String {
    let name = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let names: Vec<_> = of.config.get_hosts().iter().map(name).collect();
    names.join(", ")
}

/// What rustls put into an error of the stream.
fn inner(io: &io::Error) -> Option<&Rustls> {
    io.get_ref()?.downcast_ref()
}
