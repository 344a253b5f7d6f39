//! A relay's URL: parsed once, and its password never repeated.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use thiserror::Error;
use url::{Url, form_urlencoded};

use super::folder::FolderRelay;
use super::memory::MemoryRelay;
use super::relay::Relay;
use super::settings::{Patience, Security, Settings};
use super::smtp::SmtpRelay;
use super::tls::Tls;

/// What is wrong with a relay's URL. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RelayUrlError {
    /// Not a URL at all.
    #[error(
        "this is not a URL; a relay is given as smtp://host:port, smtp+starttls://…, smtps://… or file:///directory"
    )]
    NotAUrl,
    /// No relay speaks this scheme.
    #[error("the scheme {0} is none of smtp, smtp+starttls, smtps, file")]
    Scheme(String),
    /// Something of the URL stands where it cannot: as a rule a password with a character that ends the host.
    #[error(
        "the URL has #, / or ? where none can stand; in a user name or password write %23 for #, %2F for /, %3F for ?, %40 for @ and %25 for %, or use ?password_file=FILE"
    )]
    Unescaped,
    /// A host that no name server can know.
    #[error("the host is not a name or an address that can be looked up")]
    Host,
    /// SMTP without a host.
    #[error("the URL names no host")]
    NoHost,
    /// Not a directory's path.
    #[error("a folder is given as file:///absolute/path")]
    Folder,
    /// A user without a password.
    #[error("the URL names a user but no password; add ?password_file=FILE")]
    NoPassword,
    /// A file of the URL cannot be read.
    #[error("the file given as {0} cannot be read")]
    Unreadable(&'static str),
    /// A password would cross the network in the clear.
    #[error("credentials are sent in TLS only: use smtps:// or smtp+starttls://")]
    CredentialsInTheClear,
    /// An option that does not exist.
    #[error("the option {0} is none of ca, password_file, helo, timeout, pipelining, address")]
    Option(String),
    /// An option that exists, with a value it cannot have.
    #[error("the value of the option {0} is not one it can have")]
    Value(&'static str),
    /// Certificates.
    #[error("{0}")]
    Tls(&'static str),
}

impl Relay {
    /// A relay from its URL:
    ///
    /// | URL | goes to |
    /// |---|---|
    /// | `smtp://host:25` | a mail server in the clear; credentials only to the own machine |
    /// | `smtp+starttls://user:pass@host:587` | a mail server, TLS after STARTTLS, never without |
    /// | `smtps://user:pass@host:465` | a mail server, TLS from the first octet |
    /// | `file:///var/mail/out` | `.eml` files in that directory |
    /// | `memory:` | a list in memory |
    ///
    /// The SMTP schemes take `?ca=FILE` (PEM; trusted in addition to the system's own certificates),
    /// `?password_file=FILE` (instead of a password in the URL), `?helo=NAME` (what we call ourselves; say a name that
    /// resolves), `?timeout=SECONDS` (for each reply), `?pipelining=no` (for a server that offers it and does not bear
    /// it) and `?address=IP` (where the host is, instead of asking the name server; may stand more than once).
    ///
    /// # Errors
    /// Tells which part is wrong and never repeats it, since the URL holds a password.
    pub fn from_url(name: &str, url: &str) -> Result<Relay, RelayUrlError> {
        parse(name, url)
    }
}

#[derive(Default)]
struct Options {
    ca: Option<PathBuf>,
    password_file: Option<PathBuf>,
    helo: ClientId,
    patience: Patience,
    no_pipelining: bool,
    addresses: Vec<IpAddr>,
}

fn parse(name: &str, text: &str) -> Result<Relay, RelayUrlError> {
    let url = Url::parse(text).map_err(|_| match is_unescaped(text) {
        true => RelayUrlError::Unescaped,
        false => RelayUrlError::NotAUrl,
    })?;
    if url.scheme().starts_with("smtp") && is_unescaped(text) {
        return Err(RelayUrlError::Unescaped);
    }
    match url.scheme() {
        "memory" => Ok(Relay::Memory(MemoryRelay::new(name))),
        "file" => {
            let directory = url.to_file_path().map_err(|()| RelayUrlError::Folder)?;
            Ok(Relay::Folder(FolderRelay::new(name, directory)))
        }
        "smtp" | "smtp+starttls" | "smtps" => smtp(name, &url).map(Relay::Smtp),
        other => Err(RelayUrlError::Scheme(other.to_owned())),
    }
}

/// Whether behind the host of an SMTP URL stands what only a password can have put there.
fn is_unescaped(text: &str) -> bool {
    let (_, rest) = text.split_once("://").unwrap_or(("", text));
    let Some(end) = rest.find(['/', '?', '#']) else {
        return false;
    };
    let (host, behind) = rest.split_at(end);
    let options = behind.strip_prefix('/').unwrap_or(behind);
    match options.strip_prefix('?') {
        // A file may have any name; an option's name is a word.
        Some(options) => {
            let word = |c: char| c.is_ascii_lowercase() || c == '_';
            let mut each = options.split('&').filter(|option| !option.is_empty());
            options.contains('#')
                || each.any(|option| {
                    let (name, _) = option.split_once('=').unwrap_or((option, ""));
                    name.is_empty() || !name.chars().all(word)
                })
                || (options.contains('@') && !host.contains('@') && !options.contains('='))
        }
        None => !options.is_empty(),
    }
}

/// The host in the form in which name servers know it: other letters than ASCII become `xn--…`.
fn host(url: &Url) -> Result<String, RelayUrlError> {
    let given = url.host_str().filter(|host| !host.is_empty());
    let given = decoded(given.ok_or(RelayUrlError::NoHost)?);
    let host = url::Host::parse(&given).map_err(|_| RelayUrlError::Host)?;
    Ok(host.to_string())
}

fn smtp(name: &str, url: &Url) -> Result<SmtpRelay, RelayUrlError> {
    let host = host(url)?;
    let options = options(url)?;
    let credentials = credentials(url, options.password_file.as_deref())?;
    let tls = || {
        Tls::new(host.trim_matches(['[', ']']), options.ca.as_deref()).map_err(RelayUrlError::Tls)
    };
    let (security, usual_port) = match url.scheme() {
        "smtps" => (Security::Implicit(tls()?), 465),
        "smtp+starttls" => (Security::StartTls(tls()?), 587),
        _ => (Security::None, 25),
    };
    let at_home = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
        && options.addresses.iter().all(IpAddr::is_loopback);
    if credentials.is_some() && matches!(security, Security::None) && !at_home {
        return Err(RelayUrlError::CredentialsInTheClear);
    }
    Ok(SmtpRelay::new(Settings {
        name: name.to_owned(),
        host,
        addresses: options.addresses,
        port: url.port().unwrap_or(usual_port),
        security,
        credentials,
        hello: options.helo,
        patience: options.patience,
        pipelining: !options.no_pipelining,
    }))
}

fn options(url: &Url) -> Result<Options, RelayUrlError> {
    let mut options = Options::default();
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "ca" => options.ca = Some(PathBuf::from(value.as_ref())),
            "password_file" => options.password_file = Some(PathBuf::from(value.as_ref())),
            "helo" => {
                let usual = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                if value.is_empty() || !value.bytes().all(usual) {
                    return Err(RelayUrlError::Value("helo"));
                }
                options.helo = ClientId::Domain(value.into_owned());
            }
            "timeout" => {
                let seconds = value
                    .parse()
                    .ok()
                    .filter(|seconds| (1..=3600).contains(seconds));
                let each = Duration::from_secs(seconds.ok_or(RelayUrlError::Value("timeout"))?);
                let usual = Patience::default();
                options.patience = Patience {
                    connect: each.min(usual.connect),
                    reply: each,
                    verdict: each,
                    letter: each * 5,
                };
            }
            "pipelining" => match value.as_ref() {
                "no" => options.no_pipelining = true,
                _ => return Err(RelayUrlError::Value("pipelining")),
            },
            "address" => {
                let address = value.trim_matches(['[', ']']).parse();
                options
                    .addresses
                    .push(address.map_err(|_| RelayUrlError::Value("address"))?);
            }
            other => return Err(RelayUrlError::Option(other.to_owned())),
        }
    }
    Ok(options)
}

fn credentials(
    url: &Url,
    password_file: Option<&Path>,
) -> Result<Option<Credentials>, RelayUrlError> {
    let password = match (url.password(), password_file) {
        (_, Some(file)) => {
            let text =
                fs::read_to_string(file).map_err(|_| RelayUrlError::Unreadable("password_file"))?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        (Some(password), None) => Some(decoded(password)),
        (None, None) => None,
    };
    match (url.username(), password) {
        ("", _) => Ok(None),
        (_, None) => Err(RelayUrlError::NoPassword),
        (user, Some(password)) => Ok(Some(Credentials::new(decoded(user), password))),
    }
}

/// Percent-decodes, with a plus sign left as one.
fn decoded(text: &str) -> String {
    let form = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> RelayUrlError {
        parse("r", url).expect_err("refused")
    }

    #[test]
    fn every_kind_of_relay_has_its_url() {
        assert!(matches!(parse("r", "memory:"), Ok(Relay::Memory(_))));
        assert!(matches!(
            parse("r", "file:///tmp/out"),
            Ok(Relay::Folder(_))
        ));
        assert!(matches!(
            parse("r", "smtp://mx.example:2525?helo=us.example&timeout=5"),
            Ok(Relay::Smtp(_))
        ));
        assert!(matches!(
            parse("r", "smtp://u:p@localhost"),
            Ok(Relay::Smtp(_))
        ));
        assert!(matches!(parse("r", "smtp://[::1]:25"), Ok(Relay::Smtp(_))));
    }

    #[test]
    fn a_bad_url_is_told_by_its_bad_part() {
        assert_eq!(refused("mx.example"), RelayUrlError::NotAUrl);
        assert_eq!(
            refused("http://mx.example"),
            RelayUrlError::Scheme("http".into())
        );
        assert_eq!(refused("smtp:"), RelayUrlError::NoHost);
        assert_eq!(
            refused("smtp://u:p@mx.example"),
            RelayUrlError::CredentialsInTheClear
        );
        assert_eq!(
            refused("smtp://u:p@localhost?address=203.0.113.5"),
            RelayUrlError::CredentialsInTheClear
        );
        assert_eq!(refused("smtps://u@mx.example"), RelayUrlError::NoPassword);
        assert_eq!(
            refused("smtp://mx.example?tls=no"),
            RelayUrlError::Option("tls".into())
        );
        assert_eq!(
            refused("smtp://mx.example?timeout=0"),
            RelayUrlError::Value("timeout")
        );
        assert_eq!(
            refused("smtp://mx.example?pipelining=yes"),
            RelayUrlError::Value("pipelining")
        );
        assert_eq!(
            refused("smtp://mx.example?helo=a%0d%0ab"),
            RelayUrlError::Value("helo")
        );
        assert!(matches!(
            refused("smtps://mx.example?ca=/nowhere.pem"),
            RelayUrlError::Tls(_)
        ));
    }

    #[test]
    fn a_password_that_is_not_escaped_is_refused_and_not_repeated() {
        for url in [
            "smtp://user:12#s3cret@127.0.0.1:2525",
            "smtp://user:12/s3cret@127.0.0.1:25",
            "smtp://user:12?s3cret@127.0.0.1:25",
            "smtp://user:pa#s3cret@localhost",
            "smtps://user:pa/s3cret?x@mx.example",
            "smtps://user:pa?s3cret=1&@mx.example",
            "smtp://localhost/somewhere",
            "smtp://localhost?timeout=5#s3cret",
        ] {
            let error = refused(url);
            assert_eq!(error, RelayUrlError::Unescaped, "{url}");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        for url in [
            "smtp://u:p%23%2F%3F@localhost/",
            "smtp://localhost/?timeout=5",
            "smtp://u:p@@localhost?timeout=5",
        ] {
            assert!(parse("r", url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_host_is_looked_up_as_name_servers_know_it() {
        let host = |text: &str| host(&Url::parse(text).expect("a URL"));
        assert_eq!(
            host("smtp://mx.bücher.example:25"),
            Ok("mx.xn--bcher-kva.example".to_owned())
        );
        assert_eq!(host("smtp://[::1]:25"), Ok("[::1]".to_owned()));
        assert_eq!(host("smtp://a%20b:25"), Err(RelayUrlError::Host));
        assert_eq!(
            refused("smtp://mx.example?address=mx"),
            RelayUrlError::Value("address")
        );
        let named = parse(
            "r",
            "smtp://mx.example?address=192.0.2.1&address=[2001:db8::1]",
        );
        assert!(named.is_ok(), "{named:?}");
    }

    #[test]
    fn no_password_shows_in_debug_or_errors() {
        let relay = parse("r", "smtp://u:s3cret@localhost").expect("a relay");
        assert!(!format!("{relay:?}").contains("s3cret"));
        let error = refused("smtp://u:s3cret@mx.example");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn passwords_are_decoded() {
        assert_eq!(decoded("a+b%26c&d%40e%2B"), "a+b&c&d@e+");
    }
}
