//! Settings that are read into types as the program starts, so that what is wrong with them is not found by a mail.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use tracing_subscriber::EnvFilter;
use url::Url;

/// Where links begin: `https://help.example.com`, with a path at most, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// Why links that begin with it would not work.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = web_address(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have no ? and no #: links are added at its end".to_owned());
        }
        if text.ends_with('/') {
            return Err("must not end with a slash".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether browsers reach it encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl Deref for PublicUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// An http or https address with a host and without credentials, written as it is in a mail.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`');
    if !text.chars().all(is_plain) {
        return Err(
            "must be a web address without spaces and in ASCII; write the name of an international domain as xn--…"
                .to_owned(),
        );
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return Err("must begin with https:// or http://".to_owned());
    }
    let (_, rest) = text.split_once("://").unwrap_or_default();
    if rest.starts_with('/') {
        return Err("must name a host, as https://help.example.com does".to_owned());
    }
    if lower.get(..5) != text.get(..5) {
        return Err("must begin with https:// or http:// in small letters".to_owned());
    }
    let url = Url::parse(text).map_err(|why| format!("is no web address: {why}"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("must name a host, as https://help.example.com does".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password: it stands in mails".to_owned());
    }
    Ok(url)
}

/// Address and port to listen on: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(String);

impl Listen {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let is_name = |host: &str| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.'))
        };
        let named = text
            .rsplit_once(':')
            .is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
        (text.is_empty() || named || text.parse::<SocketAddr>().is_ok())
            .then(|| Self(text.to_owned()))
            .ok_or("must be an address and a port, such as 127.0.0.1:8080 or [::]:8080")
    }
}

impl Deref for Listen {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Which lines the log has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// Warnings and errors.
    #[must_use]
    pub fn warn() -> Self {
        Self("warn".to_owned())
    }

    fn parse(text: &str) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        for word in text.split(',').map(str::trim) {
            let is_target = word.contains(['=', '[']) || word.contains("::");
            if !is_target && !LEVELS.contains(&word.to_ascii_lowercase().as_str()) {
                return Err(
                    "must be error, warn, info, debug or trace, or directives such as info,candor::worker=debug"
                        .to_owned(),
                );
            }
        }
        match EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(why) => Err(format!("is no filter of log lines: {why}")),
        }
    }
}

impl Deref for LogLevel {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_a_whole_web_address() {
        for good in [
            "https://help.example.com",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "https://example.com/candor",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(PublicUrl::parse(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "www.sundmere.example",
            "https://x.example?a=1",
            "https://x.example#a",
            "https://x.example/",
            "ftp://x.example",
            " https://x.example",
            "https://x.example ",
            "https://",
            "https:///path",
            "HTTPS://x.example",
            "https://user:secret@x.example",
            "https://bücher.example",
            "https://x.example:99999",
            "https://x.example/\"onload",
            "javascript:alert(1)",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_listener_has_an_address_and_a_port() {
        for good in [
            "127.0.0.1:8080",
            "[::]:1",
            "localhost:0",
            "node-1.internal:80",
            "",
        ] {
            assert!(Listen::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "nonsense",
            ":8080",
            "127.0.0.1",
            "localhost:99999",
            "a b:1",
            "::1:x",
        ] {
            assert!(Listen::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_log_level_is_a_level() {
        for good in ["info", "WARN", "info,candor::worker=debug", "off"] {
            assert!(LogLevel::parse(good).is_ok(), "{good}");
        }
        for bad in ["bananas=???", "inof", "", "info,,", "candor=loud"] {
            assert!(LogLevel::parse(bad).is_err(), "{bad}");
        }
    }
}
