//! Configuration: embedded defaults, then a file, then the environment.
//!
//! `config/default.toml` is the manual: every key stands there with its default and its meaning.
//! An unknown or bad key is an error that names it, and so are settings that cannot work together.

mod environment;
mod keys;
mod parsed;
mod ranges;
mod sections;
mod sending;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

pub use self::keys::{Secret, Secrets};
pub use self::parsed::{Listen, LogLevel, PublicUrl};
pub use self::sections::{
    Database, Helpline, Http, Lint, Log, LogFormat, Organisation, Scope, Sessions,
};
pub use self::sending::{Breaker, DkimConfig, Mail, Pacing, Provider, RelayConfig};
pub use self::state::StateDir;

const DEFAULTS: &str = include_str!("../config/default.toml");

/// Why a configuration was refused; the text names the key and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

fn bad(key: &str, why: impl fmt::Display) -> ConfigError {
    ConfigError(format!("configuration: {key}: {why}"))
}

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database.
    pub database: Database,
    /// Pages and API.
    pub http: Http,
    /// Keys.
    pub secrets: Secrets,
    /// Who is writing.
    pub organisation: Organisation,
    /// Senders and relays.
    pub mail: Mail,
    /// Those who run the mailboxes of many, by name, and how fast they may be written to.
    pub providers: BTreeMap<String, Provider>,
    /// What pauses a campaign by itself.
    pub breaker: Breaker,
    /// What slows or holds one.
    pub pacing: Pacing,
    /// Affected lists.
    pub scope: Scope,
    /// Rules about texts.
    pub lint: Lint,
    /// Tickets.
    pub helpline: Helpline,
    /// How long sign-ins last.
    pub sessions: Sessions,
    /// Logs.
    pub log: Log,
}

impl Config {
    /// Defaults, then `file`, then the process environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key that is unknown, of the wrong type, or cannot work.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = file.map(|path| {
            std::fs::read_to_string(path)
                .map_err(|e| ConfigError(format!("configuration file {}: {e}", path.display())))
        });
        let env = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok())));
        Self::of(text.transpose()?.as_deref(), env)
    }

    /// The same from its parts: the text of a file, and pairs as the environment holds them.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_parts(
        file: Option<&str>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::of(
            file,
            env.into_iter().map(|(name, value)| (name, Some(value))),
        )
    }

    /// A value is `None` if it is not UTF-8.
    fn of(
        file: Option<&str>,
        env: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Result<Self, ConfigError> {
        let mut table = parse("config/default.toml", DEFAULTS)?;
        if let Some(text) = file {
            lay_over(&mut table, parse("the file", text)?);
        }
        for (name, value) in env {
            environment::lay(&mut table, &name, value.as_deref())?;
        }
        let config: Self = serde_path_to_error::deserialize(Value::Table(table))
            .map_err(|e| bad(&e.path().to_string(), e.inner().message()))?;
        config.validate()?;
        Ok(config)
    }

    /// What people would get with unset settings, each with its setting: links that lead to this machine only, a
    /// placeholder name and address.
    pub fn left_at_defaults(&self) -> Vec<String> {
        let (ours, url) = (&self.organisation, &self.http.public_url);
        let mut left = Vec::new();
        if leads_home(url) {
            left.push(format!(
                "http.public_url is {url}: status links would lead each reader to their own machine"
            ));
        }
        let names = [
            ("name", &ours.name),
            ("from_name", &ours.from_name),
            ("from_address", &ours.from_address),
        ];
        for (name, value) in names {
            if DEFAULTS.contains(&format!("\n{name} = \"{value}\"\n")) {
                left.push(format!(
                    "organisation.{name} is \"{value}\", as it comes: notices would say it"
                ));
            }
        }
        left
    }

    /// The database URL.
    ///
    /// # Errors
    /// [`ConfigError`] that says how to give one, if it is missing.
    pub fn database_url(&self) -> Result<&str, ConfigError> {
        match self.database.url.expose() {
            "" => Err(bad(
                "database.url",
                "is missing. Set CANDOR__DATABASE__URL=postgres://user@host/name, or try `candor demo`, \
                 which brings its own Postgres",
            )),
            url => Ok(url),
        }
    }
}

/// Whether links that begin so lead to the machine itself.
pub fn leads_home(url: &str) -> bool {
    let host = url::Url::parse(url).ok();
    let host = host
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    let bare = host.trim_matches(['[', ']']);
    let loopback = bare
        .parse::<IpAddr>()
        .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    loopback || host == "localhost" || host.ends_with(".localhost")
}

fn parse(source: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|e: toml::de::Error| {
        // The message alone: the rendered error would quote the line, which may hold a secret.
        let line = e
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        bad(&format!("{source}, line {line}"), e.message())
    })
}

/// Lays `over` on `table`; sections merge, everything else replaces.
fn lay_over(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(section)), Value::Table(over)) => lay_over(section, over),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(file: &str, env: &[(&str, &str)]) -> String {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::from_parts(Some(file), env)
            .expect_err("must be refused")
            .to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::from_parts(None, []).expect("valid defaults");
        assert!(
            config
                .database_url()
                .expect_err("no default URL")
                .to_string()
                .contains("CANDOR__DATABASE__URL")
        );
        assert!(config.secrets.keyring().is_err());
    }

    #[test]
    fn the_bad_key_is_named() {
        assert!(error("[http]\nlisten_on = 1", &[]).contains("http"));
        assert!(error("[http]\nlisten_on = 1", &[]).contains("listen_on"));
        assert!(error("[mail]\nbatch = \"many\"", &[]).contains("mail.batch"));
        assert!(error("[mail]\nbatch = 0", &[]).contains("mail.batch"));
        assert!(error("", &[("CANDOR__DATABASE__POOL", "few")]).contains("database.pool"));
        assert!(error("", &[("CANDOR__DATABASE__POLL", "1")]).contains("database.poll"));
        assert!(
            error(
                "[[mail.relays]]\nname = \"a\"\nurl = \"file:///x\"\nconnections = 0",
                &[]
            )
            .contains("mail.relays[0].connections")
        );
    }

    #[test]
    fn l10_what_nobody_has_set_is_named_with_its_setting() {
        let left = |file: &str| {
            let config = Config::from_parts(Some(file), []).expect("valid");
            config.left_at_defaults()
        };
        let all = left("");
        let names = ["http.public_url", "name", "from_name", "from_address"];
        assert_eq!(all.len(), names.len(), "{all:?}");
        for (said, name) in all.iter().zip(names) {
            assert!(said.contains(name), "{said}");
        }
        let set = "[http]\npublic_url = \"https://help.sundmere.example\"\n[organisation]\nname = \"Sundmere\"\n\
                   from_name = \"Sundmere\"\nfrom_address = \"notice@sundmere.example\"\n";
        assert_eq!(left(set), Vec::<String>::new());
        for home in ["http://localhost:8080", "https://[::1]", "http://0.0.0.0"] {
            assert!(leads_home(home), "{home}");
        }
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let env = [
            ("CANDOR__MAIL__BATCH".to_owned(), "7".to_owned()),
            ("HOME".to_owned(), "/".to_owned()),
        ];
        let config = Config::from_parts(Some("[mail]\nbatch = 9"), env).expect("valid");
        assert_eq!(config.mail.batch, 7);
    }

    #[test]
    fn no_secret_is_printed() {
        let env = [
            (
                "CANDOR__DATABASE__URL".to_owned(),
                "postgres://u:hunter2@h/d".to_owned(),
            ),
            (
                "CANDOR__SECRETS__MASTER_KEY".to_owned(),
                "hunter2".to_owned(),
            ),
        ];
        let config = Config::from_parts(None, env).expect("valid");
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(
            !config
                .secrets
                .keyring()
                .expect_err("too short")
                .to_string()
                .contains("hunter2")
        );
        assert!(!error("[database]\nurl = \"hunter2", &[]).contains("hunter2"));
    }
}
