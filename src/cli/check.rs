//! `candor check`: examines what Candor needs before people depend on it. Shows no secret.

use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;

use super::sample::sample;
use super::{Settings, say, say_json};
use crate::address::EmailAddress;
use crate::config::Config;
use crate::mail::dkim::Signer;
use crate::notice::account::recount::{Differs, books};
use crate::{db, incident, worker};

/// Examine configuration, database and relays
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor --config /etc/candor.toml check\n  candor check --recount"
)]
pub struct Check {
    /// Also count everybody of every incident anew, and compare the counters of the account
    #[arg(long)]
    recount: bool,
    /// Also print the sample notice as it would be sent
    #[arg(long, conflicts_with = "json")]
    sample: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// One thing examined.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    ok: bool,
    detail: String,
}

fn finding(what: impl Into<String>, found: Result<String, String>) -> Finding {
    let ok = found.is_ok();
    Finding {
        what: what.into(),
        ok,
        detail: found.unwrap_or_else(|why| why),
    }
}

impl Check {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let config = settings.load()?;
        let http = &config.http;
        let mut findings = vec![
            finding("web", Ok(format!("{} as {}", http.listen, http.public_url))),
            finding("master key", keys(&config)),
            finding("database", database(&config).await),
        ];
        let letter = sample(&config);
        let told = letter.as_ref().map(|(_, told)| told.clone());
        findings.push(finding("sample notice", told.map_err(Clone::clone)));
        findings.extend(signatures(&config));
        findings.extend(relays(&config).await);
        if self.recount {
            findings.extend(recount(settings).await?);
        }
        if let (true, Ok((letter, _))) = (self.sample, &letter) {
            say(String::from_utf8_lossy(&letter.raw))?;
        }
        if self.json {
            say_json(&findings)?;
        } else {
            for Finding { what, ok, detail } in &findings {
                say(format!(
                    "{:4} {what:20} {detail}",
                    if *ok { "ok" } else { "BAD" }
                ))?;
            }
        }
        let bad = findings.iter().filter(|finding| !finding.ok).count();
        ensure!(bad == 0, "{bad} of {} checks failed", findings.len());
        Ok(())
    }
}

fn keys(config: &Config) -> Result<String, String> {
    config
        .secrets
        .keyring()
        .map(|_| "readable".to_owned())
        .map_err(|e| e.to_string())
}

/// The keys that sign. Whether the public ones stand in the DNS is not asked.
fn signatures(config: &Config) -> Vec<Finding> {
    let signers = match config.mail.dkim_keys(Signer::new) {
        Ok(signers) => signers,
        Err(why) => return vec![finding("dkim", Err(why.to_string()))],
    };
    let from = EmailAddress::parse(&config.organisation.from_address);
    let from = from.map(|from| from.domain_ascii()).unwrap_or_default();
    let found = |signer: Signer| {
        let (record, how) = (signer.record(), signer.algorithm());
        let whose = match signer.answers_for(&from) {
            true => "",
            false => "; not the From's domain, so DMARC does not count it",
        };
        finding("dkim", Ok(format!("signs with {how} as {record}{whose}")))
    };
    signers.into_iter().map(found).collect()
}

async fn database(config: &Config) -> Result<String, String> {
    let url = config.database_url().map_err(|e| e.to_string())?;
    match db::pending(url).await {
        Ok(0) => Ok("answers, all migrations have run".to_owned()),
        Ok(n) => Err(format!("{n} migrations are pending: run `candor migrate`")),
        Err(error) => Err(error.to_string()),
    }
}

/// The books of every incident. Each counter that lies is named in a finding of its own.
async fn recount(settings: &Settings) -> Result<Vec<Finding>> {
    let app = settings.app()?;
    let incidents = incident::store::list(&mut *app.db.get().await?).await?;
    let mut findings = Vec::new();
    for one in incidents {
        let what = format!("account {}", one.slug);
        let differ = books(&app, one.id).await?;
        if differ.is_empty() {
            findings.push(finding(
                what,
                Ok("equals the people, one by one".to_owned()),
            ));
        } else {
            let each = |differs: Differs| finding(what.clone(), Err(differs.to_string()));
            findings.extend(differ.into_iter().map(each));
        }
    }
    Ok(findings)
}

async fn relays(config: &Config) -> Vec<Finding> {
    let routes = match worker::routes(&config.mail.relays) {
        Ok(routes) => routes,
        Err(why) => return vec![finding("relays", Err(why.to_string()))],
    };
    let mut findings = Vec::new();
    for route in routes {
        let found = match route.relay.connect().await {
            Ok(line) => {
                line.close().await;
                Ok(format!("answers; {} connections", route.connections))
            }
            Err(reply) => Err(reply.parts().2.to_owned()),
        };
        findings.push(finding(format!("relay {}", route.relay.name()), found));
    }
    findings
}
