//! `candor check`: checks everything that Candor needs. It shows no secret.

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::sample_notice::sample;
use super::{Settings, say, say_json};
use crate::account::recount::{Differs, books};
use crate::actor::Recorded;
use crate::address::EmailAddress;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::keys;
use crate::deployment::watch::Witness;
use crate::incident::{self, Incident};
use crate::mail::dkim::Signer;
use crate::seal::to_hex;
use crate::template::rules::Rules;
use crate::{campaign, db, staff, worker};

/// Check configuration, database and relays
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor --config /etc/candor.toml check\n  candor check --recount"
)]
pub(crate) struct Check {
    /// Also count all people of every incident, and compare with the counters of the account
    #[arg(long)]
    recount: bool,
    /// Also print the sample notice as it would be sent
    #[arg(long, conflicts_with = "json")]
    sample: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// The result of one check.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    ok: bool,
    /// It works, but messages would have unintended content.
    warning: bool,
    detail: String,
}

fn warning(what: impl Into<String>, detail: String) -> Finding {
    Finding {
        what: what.into(),
        ok: true,
        warning: true,
        detail,
    }
}

fn finding(what: impl Into<String>, found: Result<String, String>) -> Finding {
    let ok = found.is_ok();
    Finding {
        what: what.into(),
        ok,
        warning: false,
        detail: found.unwrap_or_else(|why| why),
    }
}

impl Check {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let config = settings.load()?;
        let http = &config.http;
        let schema = database(&config).await;
        let app = match &schema {
            Ok(_) => without_signers(&config).map(Some),
            Err(_) => config
                .secrets
                .keyring()
                .map(|_| None)
                .map_err(|e| e.to_string()),
        };
        let mut findings = vec![
            finding("web", Ok(format!("{} as {}", http.listen, http.public_url))),
            finding("master key", compared(app.as_ref()).await),
            finding("database", schema),
        ];
        let app = app.ok().flatten();
        if let Some(app) = &app {
            findings.push(finding("older copy", copy(app).await));
            findings.extend(kept_back(app).await);
        }
        let left = config.left_at_defaults().into_iter();
        findings.extend(left.map(|left| warning("defaults", left)));
        findings.push(rules(&config));
        findings.push(state(&config));
        let letter = sample(&config);
        let told = letter.as_ref().map(|(_, told)| told.clone());
        findings.push(finding("sample notice", told.map_err(Clone::clone)));
        findings.extend(signatures(&config));
        findings.extend(relays(&config).await);
        if self.recount {
            findings.extend(recount(app.as_ref()).await);
        }
        if let (true, Ok((letter, _))) = (self.sample, &letter) {
            say(String::from_utf8_lossy(&letter.raw))?;
        }
        if self.json {
            say_json(&findings)?;
        } else {
            for one in &findings {
                let how = match (one.ok, one.warning) {
                    (false, _) => "BAD",
                    (true, true) => "warn",
                    (true, false) => "ok",
                };
                say(format!("{how:4} {:20} {}", one.what, one.detail))?;
            }
        }
        let bad = findings.iter().filter(|finding| !finding.ok).count();
        ensure!(bad == 0, "{bad} of {} checks failed", findings.len());
        Ok(())
    }
}

/// The rules about texts, and those that are switched off.
fn rules(config: &Config) -> Finding {
    let off = match config.lint.off.join(", ") {
        none if none.is_empty() => "none is switched off".to_owned(),
        keys => format!("switched off: {keys}"),
    };
    let read = Rules::of(config).map_err(|e| e.to_string());
    finding(
        "rules",
        read.map(|rules| format!("{} rules; {off}", rules.all().len())),
    )
}

/// The program without the DKIM keys, which have a finding of their own.
fn without_signers(config: &Config) -> Result<App, String> {
    let mut config = config.clone();
    config.mail.dkim.clear();
    App::new(config, Clock::system()).map_err(|e| e.to_string())
}

/// The keys, compared with those of the database if it can be reached.
async fn compared(app: Result<&Option<App>, &String>) -> Result<String, String> {
    let Some(app) = app.map_err(Clone::clone)? else {
        return Ok("readable; not compared with the database".to_owned());
    };
    let is_in_use = keys::check(app).await.map_err(|e| e.to_string())?;
    let fingerprint = to_hex(&app.keys.fingerprints().master);
    Ok(match is_in_use {
        true => format!("the one of this database; fingerprint {fingerprint}"),
        false => {
            format!("readable; no incident is sealed under any yet; fingerprint {fingerprint}")
        }
    })
}

/// Whether the database may be an older copy.
async fn copy(app: &App) -> Result<String, String> {
    match Witness::new(app).look(app).await {
        Ok(None) => Ok("nothing shows that the database is one".to_owned()),
        Ok(Some(doubt)) => Err(doubt.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// What holds messages although everything works: the emergency stop, and relays that senders hold.
async fn kept_back(app: &App) -> Vec<Finding> {
    match kept_back_now(app).await {
        Ok(found) => found,
        Err(error) => vec![finding("sending", Err(error.to_string()))],
    }
}

async fn kept_back_now(app: &App) -> db::Result<Vec<Finding>> {
    let mut conn = app.db.get().await?;
    let mut found = Vec::new();
    let until = |at: DateTime<Utc>| at.format("%-d %b %Y, %H:%M:%S UTC").to_string();
    if let Some((at, by)) = campaign::store::stopped(&mut conn).await? {
        let by = match Recorded::parse(&by) {
            Recorded::Staff(id) => staff::store::find(&mut conn, id).await?.name,
            Recorded::System(part) => part.in_words().to_owned(),
            Recorded::Customer(_) | Recorded::Other(_) => "Candor".to_owned(),
        };
        let stopped = format!(
            "all sending is stopped, since {} by {by}: `candor start` lifts it",
            until(at)
        );
        found.push(warning("sending", stopped));
    }
    for relay in campaign::store::relays(&mut conn).await? {
        if let Some(at) = relay.held_until.filter(|at| *at > app.now()) {
            let why = relay.why.unwrap_or_default();
            let held = format!("a sender holds it until {}: {why}", until(at));
            found.push(warning(format!("relay {}", relay.name), held));
        }
    }
    Ok(found)
}

/// The folder in which this node records how far it saw the database.
fn state(config: &Config) -> Finding {
    let Some(dir) = config.database.state_dir() else {
        let none =
            "kept nowhere: a disk that was put back is not noticed from here (database.state_dir)";
        return warning("state file", none.to_owned());
    };
    let prepared = dir.prepare().map_err(|e| e.to_string());
    finding(
        "state file",
        prepared.map(|()| format!("in {}", dir.shown())),
    )
}

/// The DKIM keys. Their DNS records are not checked.
fn signatures(config: &Config) -> Vec<Finding> {
    let signers = match config.mail.dkim_keys(Signer::new) {
        Ok(signers) => signers,
        Err(why) => return vec![finding("dkim", Err(why.to_string()))],
    };
    let from = EmailAddress::parse(&config.organisation.from_address);
    let from = from.map(|from| from.domain_ascii()).unwrap_or_default();
    let found = |signer: Signer| {
        let (record, how) = (signer.record(), signer.algorithm());
        let hint = match signer.answers_for(&from) {
            true => "",
            false => "; not the From's domain, so DMARC does not count it",
        };
        finding("dkim", Ok(format!("signs with {how} as {record}{hint}")))
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

/// Recounts every incident. Each wrong counter is a finding of its own.
async fn recount(app: Option<&App>) -> Vec<Finding> {
    let not = |what: String, why: String| finding(what, Err(format!("not counted: {why}")));
    let Some(app) = app else {
        let why = "the database or the master key is not usable, see above";
        return vec![not("accounts".to_owned(), why.to_owned())];
    };
    let incidents = match incidents(app).await {
        Ok(incidents) => incidents,
        Err(error) => return vec![not("accounts".to_owned(), error.to_string())],
    };
    let mut findings = Vec::new();
    for one in incidents {
        let what = format!("account {}", one.slug);
        match books(app, one.id).await {
            Err(error) => findings.push(not(what, error.to_string())),
            Ok(differ) if differ.is_empty() => {
                let equal = "equals the people, one by one";
                findings.push(finding(what, Ok(equal.to_owned())));
            }
            Ok(differ) => {
                let each = |differs: Differs| finding(what.clone(), Err(differs.to_string()));
                findings.extend(differ.into_iter().map(each));
            }
        }
    }
    findings
}

async fn incidents(app: &App) -> db::Result<Vec<Incident>> {
    incident::store::list(&mut *app.db.get().await?).await
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
