//! The database URL as libpq writes it: what it says about TLS is read here, the rest by tokio_postgres.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, Host, SslMode, SslNegotiation, TargetSessionAttrs};
use url::form_urlencoded;

/// The options that are read here. tokio_postgres knows some of them, but neither `verify-full` nor any file.
const OURS: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslnegotiation",
    "channel_binding",
];

/// What the error about an unknown option lists. The URL itself is not quoted: it may hold a password.
const UNREADABLE: &str = "it cannot be read. Write postgres://user:password@host:port/name with the characters / ? # @ : % \
     of user and password percent-encoded, and of options only sslmode, sslrootcert, sslcert, sslkey, sslnegotiation, \
     channel_binding, connect_timeout, target_session_attrs, load_balance_hosts, hostaddr, application_name, options, \
     tcp_user_timeout, keepalives, keepalives_idle, keepalives_interval and keepalives_retries";

/// How a server is reached, and what it has to prove.
#[derive(Debug)]
pub(super) struct Options {
    /// As tokio_postgres takes it. It is told that TLS is required and begins at once, so that it always calls our
    /// connector, which decides by [`Self::security`].
    pub(super) config: Config,
    pub(super) security: Security,
}

/// `sslmode`, in the order of what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// No TLS.
    Disable,
    /// TLS if the server offers it.
    Prefer,
    /// TLS with anybody.
    Require,
    /// TLS with a server that shows a certificate of a trusted CA.
    VerifyCa,
    /// The same, and the certificate names the host.
    VerifyFull,
}

impl Mode {
    const ALL: [(&str, Self); 5] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// As the URL says it.
    pub(super) fn as_str(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, mode)| *mode == self);
        named.map_or("", |(name, _)| *name)
    }
}

/// `sslrootcert`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// What the URL says about TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Security {
    pub(super) mode: Mode,
    pub(super) roots: Option<Roots>,
    /// The PEM files of the client's certificate and of its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
    /// Whether TLS begins without asking the server (Postgres 17).
    pub(super) is_direct: bool,
}

type Pairs = Vec<(String, String)>;

impl Options {
    /// # Errors
    /// What is wrong with the URL and what to write instead; never a part of the URL.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        let (rest, ours) = if is_url { of_url(url) } else { of_words(url) };
        let mut config: Config = rest.parse().map_err(|_| UNREADABLE.to_owned())?;
        let security = Security::of(&ours)?;
        if let Some(binding) = last(&ours, "channel_binding") {
            config.channel_binding(match binding {
                "disable" => ChannelBinding::Disable,
                "prefer" => ChannelBinding::Prefer,
                "require" => ChannelBinding::Require,
                _ => return Err("channel_binding must be disable, prefer or require".to_owned()),
            });
        }
        name_hosts(&mut config)?;
        config.ssl_mode(SslMode::Require);
        config.ssl_negotiation(SslNegotiation::Direct);
        Ok(Self { config, security })
    }

    /// Whether the server is reached through a Unix socket, over which Postgres speaks no TLS.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.config.get_hosts().first(), Some(Host::Unix(_)))
    }
}

impl Security {
    fn of(ours: &[(String, String)]) -> Result<Self, String> {
        let roots = last(ours, "sslrootcert").filter(|path| !path.is_empty());
        let roots = roots.map(|path| match path {
            "system" => Roots::System,
            path => Roots::File(path.into()),
        });
        let mode = match last(ours, "sslmode") {
            Some(named) => Mode::ALL.iter().find(|(name, _)| *name == named),
            None if roots == Some(Roots::System) => Some(&("verify-full", Mode::VerifyFull)),
            None => Some(&("prefer", Mode::Prefer)),
        };
        let Some((_, mode)) = mode else {
            return Err(
                "sslmode must be disable, prefer, require, verify-ca or verify-full".to_owned(),
            );
        };
        let mode = match (mode, &roots) {
            (Mode::VerifyCa | Mode::VerifyFull, None) => {
                return Err(format!(
                    "sslmode={} needs the CA's certificate: add sslrootcert=FILE, or sslrootcert=system for the CAs \
                     of this machine",
                    mode.as_str()
                ));
            }
            // Anybody has a certificate of some public CA.
            (mode, Some(Roots::System)) if *mode != Mode::VerifyFull => {
                return Err(
                    "sslrootcert=system proves nothing without the host's name: set sslmode=verify-full".to_owned(),
                );
            }
            // As libpq does.
            (Mode::Require, Some(Roots::File(_))) => Mode::VerifyCa,
            (mode, _) => *mode,
        };
        let file = |option| last(ours, option).filter(|path| !path.is_empty());
        let client = match (file("sslcert"), file("sslkey")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => return Err("sslcert and sslkey go together: give both files or none".to_owned()),
        };
        let is_direct = match last(ours, "sslnegotiation") {
            None | Some("postgres") => false,
            Some("direct") if mode >= Mode::Require => true,
            Some("direct") => {
                return Err(
                    "sslnegotiation=direct needs sslmode=require, verify-ca or verify-full"
                        .to_owned(),
                );
            }
            Some(_) => return Err("sslnegotiation must be postgres or direct".to_owned()),
        };
        Ok(Self {
            mode,
            roots,
            client,
            is_direct,
        })
    }
}

/// The last value of an option counts.
fn last<'p>(pairs: &'p [(String, String)], key: &str) -> Option<&'p str> {
    let found = pairs.iter().rev().find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

/// Checks the hosts. An address without a name gets itself as the name, which a certificate may bear.
fn name_hosts(config: &mut Config) -> Result<(), String> {
    let addresses = config.get_hostaddrs().to_vec();
    if config.get_hosts().is_empty() {
        for address in &addresses {
            config.host(address.to_string());
        }
    }
    let hosts = config.get_hosts();
    let local = hosts
        .iter()
        .filter(|host| matches!(host, Host::Unix(_)))
        .count();
    if hosts.is_empty() {
        return Err("it names no host: write postgres://user@host/name".to_owned());
    }
    if local == 0 {
        return Ok(());
    }
    if local < hosts.len() || !addresses.is_empty() {
        return Err("it names sockets and hosts: name one kind".to_owned());
    }
    match config.get_target_session_attrs() {
        TargetSessionAttrs::Any => Ok(()),
        _ => Err(
            "target_session_attrs chooses among hosts, not among sockets: leave it out".to_owned(),
        ),
    }
}

/// Takes our options out of a URL.
fn of_url(url: &str) -> (String, Pairs) {
    // Where tokio_postgres sees the end of user and password.
    let after = url.find('@').map_or(0, |at| at + 1);
    let Some(mark) = url[after..].find('?').map(|mark| after + mark) else {
        return (url.to_owned(), Pairs::new());
    };
    let (mut kept, mut ours) = (Vec::new(), Pairs::new());
    for pair in url[mark + 1..].split('&') {
        // A plus is itself in libpq's URLs, and a space in those of forms.
        let literal = pair.replace('+', "%2B");
        let decoded = form_urlencoded::parse(literal.as_bytes()).next();
        match decoded {
            Some((key, value)) if OURS.contains(&&*key) => {
                ours.push((key.into_owned(), value.into_owned()));
            }
            _ => kept.push(pair),
        }
    }
    let rest = match kept.is_empty() {
        true => url[..mark].to_owned(),
        false => format!("{}?{}", &url[..mark], kept.join("&")),
    };
    (rest, ours)
}

/// Takes our options out of `key=value` words.
fn of_words(words: &str) -> (String, Pairs) {
    let (mut kept, mut ours) = (String::new(), Pairs::new());
    let mut rest = words.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let value = after.trim_start();
        let (value, length) = word(value);
        let end = rest.len() - after.trim_start().len() + length;
        match key.trim() {
            key if OURS.contains(&key) => ours.push((key.to_owned(), value)),
            _ => {
                kept.push_str(&rest[..end]);
                kept.push(' ');
            }
        }
        rest = rest[end..].trim_start();
    }
    // What is no assignment is refused by who reads the rest.
    kept.push_str(rest);
    (kept, ours)
}

/// The value at the beginning, bare or in quotes, and how many octets it takes.
fn word(text: &str) -> (String, usize) {
    let is_quoted = text.starts_with('\'');
    let (mut value, mut is_escaped) = (String::new(), false);
    for (at, character) in text.char_indices().skip(usize::from(is_quoted)) {
        match character {
            _ if is_escaped => {
                value.push(character);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            '\'' if is_quoted => return (value, at + 1),
            _ if !is_quoted && character.is_whitespace() => return (value, at),
            _ => value.push(character),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(url: &str) -> Security {
        Options::parse(url).expect("a good URL").security
    }

    fn refusal(url: &str) -> String {
        Options::parse(url).expect_err("a bad URL")
    }

    #[test]
    fn without_a_word_tls_is_preferred() {
        let plain = security("postgres://candor@db/candor");
        let preferred = Security {
            mode: Mode::Prefer,
            roots: None,
            client: None,
            is_direct: false,
        };
        assert_eq!(plain, preferred);
    }

    #[test]
    fn a_url_and_words_say_the_same() {
        let url = Options::parse(
            "postgres://candor:p%40ss@db.example:6432/candor?sslmode=verify-full&connect_timeout=3\
             &sslrootcert=%2Fetc%2Fa+b%20c.crt&sslcert=/c.crt&sslkey=/c.key&channel_binding=require",
        )
        .expect("a good URL");
        let words = Options::parse(
            "host=db.example port=6432 user=candor password='p@ss' dbname = candor sslmode=verify-full \
             sslrootcert='/etc/a+b c.crt' connect_timeout=3 sslcert=/c.crt sslkey=/c.key channel_binding=require",
        )
        .expect("good words");
        assert_eq!(url.security, words.security);
        assert_eq!(url.config, words.config);
        let file = Roots::File("/etc/a+b c.crt".into());
        assert_eq!(url.security.roots, Some(file));
        assert_eq!(url.security.mode, Mode::VerifyFull);
        assert_eq!(url.config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!(url.config.get_channel_binding(), ChannelBinding::Require);
    }

    #[test]
    fn a_ca_makes_require_verify_it_and_the_systems_cas_need_the_name() {
        assert_eq!(
            security("postgres://db/c?sslmode=require&sslrootcert=/ca.crt").mode,
            Mode::VerifyCa
        );
        assert_eq!(
            security("postgres://db/c?sslrootcert=system").mode,
            Mode::VerifyFull
        );
        assert!(
            refusal("postgres://db/c?sslmode=require&sslrootcert=system")
                .contains("sslmode=verify-full")
        );
        assert!(refusal("postgres://db/c?sslmode=verify-ca").contains("sslrootcert=FILE"));
    }

    #[test]
    fn a_refusal_says_what_to_write_and_quotes_nothing() {
        for url in [
            "postgres://u:geheim@db/c?sslmode=geheim",
            "postgres://u:geheim@db/c?geheim=1",
            "postgres://u:geheim@db:geheim/c",
            "postgres://u:geheim@db/c?channel_binding=geheim",
            "postgres://u:geheim@db/c?sslnegotiation=geheim",
            "postgres://u:geheim@db/c?sslcert=geheim",
            "geheim",
            "host=db password=geheim sslmode=on",
            "postgres:///c?password=geheim",
        ] {
            let why = refusal(url);
            assert!(!why.contains("geheim"), "{why}");
            assert!(
                why.contains("must be") || why.contains("rite") || why.contains("give"),
                "{why}"
            );
        }
        assert!(refusal("postgres://db/c?sslmode=allow").contains("verify-full"));
    }

    #[test]
    fn an_address_without_a_name_is_its_own_name() {
        let options = Options::parse("postgres:///c?hostaddr=127.0.0.1").expect("a good URL");
        let named = [Host::Tcp("127.0.0.1".to_owned())];
        assert_eq!(options.config.get_hosts(), &named[..]);
        assert!(!options.is_local());
        let socket = Options::parse("postgres://c@%2Frun%2Fpg/c").expect("a good URL");
        assert!(socket.is_local());
    }
}
