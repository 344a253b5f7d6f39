//! What each setting may be, and how settings fit together.

use super::parsed::web_address;
use super::{Config, ConfigError, bad};
use crate::address::EmailAddress;

/// A number: its key, its value, and the least and the most that it may be.
struct Number(&'static str, fn(&Config) -> i128, i128, i128);

const MINUTES: i128 = 525_600;
const MANY: i128 = 1_000_000;

/// Every number, except those in lists and those with a range that another setting decides.
#[rustfmt::skip]
const NUMBERS: &[Number] = &[
    Number("database.pool", |c| count(c.database.pool), 1, 1_000),
    Number("database.statement_seconds", |c| c.database.statement_seconds.into(), 0, 86_400),
    Number("database.lock_seconds", |c| c.database.lock_seconds.into(), 0, 86_400),
    Number("http.workers", |c| count(c.http.workers), 0, 1_024),
    Number("http.body_limit", |c| count(c.http.body_limit), 16 << 10, 64 << 20),
    Number("http.body_idle_seconds", |c| c.http.body_idle_seconds.into(), 1, 600),
    Number("http.claim_seconds", |c| c.http.claim_seconds.into(), 1, 600),
    Number("http.drain_seconds", |c| c.http.drain_seconds.into(), 0, 300),
    Number("mail.batch", |c| c.mail.batch.into(), 1, 5_000),
    Number("mail.lease_seconds", |c| c.mail.lease_seconds.into(), 1, 3_600),
    Number("mail.poll_milliseconds", |c| c.mail.poll_milliseconds.into(), 1, 60_000),
    Number("mail.away_seconds", |c| c.mail.away_seconds.into(), 1, 3_600),
    Number("mail.rate_per_second", |c| c.mail.rate_per_second.into(), 0, MANY),
    Number("mail.writers", |c| count(c.mail.writers), 1, 64),
    Number("breaker.window", |c| count(c.breaker.window), 1, MANY),
    Number("breaker.bounce_warn_percent", |c| c.breaker.bounce_warn_percent.into(), 0, 100),
    Number("breaker.against_pause_percent", |c| c.breaker.against_pause_percent.into(), 0, 100),
    Number("breaker.error_pause_percent", |c| c.breaker.error_pause_percent.into(), 0, 100),
    Number("pacing.slow_at_waiting", |c| c.pacing.slow_at_waiting.into(), 0, 10 * MANY),
    Number("pacing.hold_at_waiting", |c| c.pacing.hold_at_waiting.into(), 0, 10 * MANY),
    Number("pacing.slow_at_minutes", |c| c.pacing.slow_at_minutes.into(), 0, MINUTES),
    Number("pacing.hold_at_minutes", |c| c.pacing.hold_at_minutes.into(), 0, MINUTES),
    Number("pacing.full_per_second", |c| c.pacing.full_per_second.into(), 1, MANY),
    Number("pacing.ramp_start_per_second", |c| c.pacing.ramp_start_per_second.into(), 0, MANY),
    Number("pacing.ramp_double_minutes", |c| c.pacing.ramp_double_minutes.into(), 1, 10_080),
    Number("scope.reject_percent", |c| c.scope.reject_percent.into(), 0, 100),
    Number("helpline.lease_minutes", |c| c.helpline.lease_minutes.into(), 1, 1_440),
    Number("helpline.open_tickets", |c| c.helpline.open_tickets.into(), 1, 1_000),
    Number("helpline.messages_a_day", |c| c.helpline.messages_a_day.into(), 1, 10_000),
    Number("helpline.reopen_days", |c| c.helpline.reopen_days.into(), 0, 3_650),
    Number("helpline.answer_hours", |c| c.helpline.answer_hours.into(), 1, 8_760),
    Number("sessions.staff_hours", |c| c.sessions.staff_hours.into(), 1, 720),
    Number("sessions.idle_minutes", |c| c.sessions.idle_minutes.into(), 0, MINUTES),
    Number("sessions.customer_minutes", |c| c.sessions.customer_minutes.into(), 1, 1_440),
];

fn count(number: usize) -> i128 {
    i128::try_from(number).unwrap_or(i128::MAX)
}

impl Config {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        for (key, value, least, most) in self.numbers() {
            in_range(key, value, least, most)?;
        }
        self.check_providers()?;
        self.texts()?;
        if self.http.listen.is_empty() {
            return Err(bad("http.listen", "must be an address and a port"));
        }
        let return_path = self.addresses()?;
        self.mail.check_verp(&return_path)?;
        self.mail.validate()?;
        self.pacing.validate()
    }

    /// Every number, except those in lists: its key, its value, and the least and the most that it may be.
    fn numbers(&self) -> Vec<(&'static str, i128, i128, i128)> {
        let fixed = NUMBERS
            .iter()
            .map(|Number(key, value, least, most)| (*key, value(self), *least, *most));
        // Another setting decides their range.
        let breaker = &self.breaker;
        let (warn, pause) = (breaker.bounce_warn_percent, breaker.bounce_pause_percent);
        let (least, window) = (count(breaker.least), count(breaker.window));
        let bound = [
            ("breaker.least", least, 1, window),
            (
                "breaker.bounce_pause_percent",
                pause.into(),
                warn.into(),
                100,
            ),
        ];
        fixed.chain(bound).collect()
    }

    fn check_providers(&self) -> Result<(), ConfigError> {
        for (name, provider) in &self.providers {
            let key = format!("providers.{name}.per_second");
            in_range(&key, provider.per_second.into(), 0, MANY)?;
            for domain in &provider.domains {
                let is_domain = EmailAddress::parse(&format!("a@{domain}")).is_ok();
                if !is_domain || domain.to_lowercase() != *domain {
                    let why =
                        format!("“{domain}” is no domain in small letters, such as gmail.com");
                    return Err(bad(&format!("providers.{name}.domains"), why));
                }
            }
        }
        Ok(())
    }

    /// What is shown on pages and in mails.
    fn texts(&self) -> Result<(), ConfigError> {
        let us = &self.organisation;
        for (key, text, is_needed) in [
            ("organisation.name", &us.name, true),
            ("organisation.from_name", &us.from_name, true),
            ("organisation.phone", &us.phone, false),
            ("organisation.phone_hours", &us.phone_hours, false),
            ("mail.node", &self.mail.node, false),
        ] {
            if is_needed && text.trim().is_empty() {
                return Err(bad(key, "must not be empty: it stands in every mail"));
            }
            if text.chars().any(char::is_control) {
                return Err(bad(key, "must be one line without control characters"));
            }
            if text.chars().count() > 200 {
                return Err(bad(key, "must have at most 200 characters"));
            }
        }
        for (key, address) in [
            ("organisation.website", &us.website),
            ("http.source_url", &self.http.source_url),
        ] {
            if !address.is_empty() {
                web_address(address).map_err(|why| bad(key, why))?;
            }
        }
        Ok(())
    }

    /// Reads the addresses of mails; the return path.
    fn addresses(&self) -> Result<EmailAddress, ConfigError> {
        let us = &self.organisation;
        let from = EmailAddress::parse(&us.from_address)
            .map_err(|e| bad("organisation.from_address", e))?;
        match us.return_path.as_str() {
            "" => Ok(from),
            path => EmailAddress::parse(path).map_err(|e| bad("organisation.return_path", e)),
        }
    }
}

pub(super) fn in_range(key: &str, value: i128, least: i128, most: i128) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(bad(
        key,
        format!("must be {least} to {most}, and is {value}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Config::from_parts(Some(text), [])
            .expect_err(text)
            .to_string()
    }

    #[test]
    fn every_number_has_a_range() {
        let config = Config::from_parts(None, []).expect("valid defaults");
        let known: Vec<_> = config.numbers().iter().map(|number| number.0).collect();
        let defaults: toml::Table = super::super::DEFAULTS.parse().expect("TOML");
        for (section, keys) in &defaults {
            if section == "providers" {
                continue;
            }
            for (key, value) in keys.as_table().expect("a section") {
                let name = format!("{section}.{key}");
                assert_eq!(known.contains(&name.as_str()), value.is_integer(), "{name}");
            }
        }
        for number in config.numbers() {
            let (section, key) = number.0.split_once('.').expect("a section");
            for beyond in [number.2 - 1, number.3 + 1] {
                let why = refusal(&format!("[{section}]\n{key} = {beyond}"));
                assert!(why.contains(key), "{why}");
            }
        }
    }

    #[test]
    fn what_goes_into_mail_is_read_at_the_start() {
        for (text, key) in [
            (
                "[http]\npublic_url = \"www.sundmere.example\"",
                "http.public_url",
            ),
            (
                "[http]\npublic_url = \"https://x.example?a=1\"",
                "http.public_url",
            ),
            ("[http]\nlisten = \"nonsense\"", "http.listen"),
            ("[http]\nlisten = \"\"", "http.listen"),
            ("[log]\nlevel = \"bananas=???\"", "log.level"),
            (
                "[breaker]\nbounce_warn_percent = 10\nbounce_pause_percent = 5",
                "bounce_pause_percent",
            ),
            ("[organisation]\nname = \" \"", "organisation.name"),
            (
                "[organisation]\nfrom_name = \"a\\nb\"",
                "organisation.from_name",
            ),
            (
                "[organisation]\nreturn_path = \"nobody\"",
                "organisation.return_path",
            ),
            (
                "[organisation]\nwebsite = \"sundmere\"",
                "organisation.website",
            ),
            (
                "[http]\nsource_url = \"javascript:alert(1)\"",
                "http.source_url",
            ),
            (
                "[providers.x]\nper_second = 1\ndomains = [\"not a domain\"]",
                "providers.x.domains",
            ),
            (
                "[providers.x]\nper_second = 4000000",
                "providers.x.per_second",
            ),
        ] {
            let why = refusal(text);
            assert!(why.contains(key), "{text}: {why}");
        }
    }
}
