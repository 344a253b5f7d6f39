//! `candor lint`: what the rules find in a text, for people in some places.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::{Settings, say, say_json};
use crate::app::App;
use crate::clock::Clock;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::incident;
use crate::person::place::{Jurisdiction, Locale};
use crate::template::rules::{self, Known, Remark, RuleView, Rules, Setting};
use crate::template::{Variant, Variants, store};

/// Check a text against the rules; exits with 1 if something stops its approval
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor lint notice.md --in US-CA,US-MA --elements ssn;name\n  candor lint tpl_0192… --incident august-2021 --in DE,FR\n\nThe first line of a file may be its subject: “Subject: Notice of Data Breach”."
)]
pub(crate) struct Lint {
    /// A file in Markdown, or the id of a template
    of: Option<String>,
    /// The language of a file
    #[arg(long, default_value = "en")]
    locale: String,
    /// Where its readers live: US-CA,DE
    #[arg(long = "in", value_delimiter = ',')]
    places: Vec<String>,
    /// What was exposed of them: ssn;name; without it everything
    #[arg(long)]
    elements: Option<String>,
    /// The incident of the facts; without it facts show as their keys
    #[arg(long)]
    incident: Option<String>,
    /// List the rules
    #[arg(long)]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Lint {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let config = settings.load()?;
        let rules = Rules::of(&config)?;
        if self.list {
            return list(&rules, self.json);
        }
        let Some(of) = self.of.clone() else {
            bail!("name a file or a template, or say --list")
        };
        // A file alone needs no database.
        let app = match self.incident.is_some() || of.starts_with(TemplateId::PREFIX) {
            true => Some(settings.without_keys()?),
            false => None,
        };
        let (variants, names) = texts(app.as_ref(), &of, &self.locale).await?;
        let incident = match (&self.incident, &app) {
            (Some(slug), Some(app)) => {
                let mut conn = app.db.get().await?;
                Some(incident::store::find_by_slug(&mut conn, slug).await?)
            }
            _ => None,
        };
        let places: Vec<Jurisdiction> = self
            .places
            .iter()
            .map(|place| Jurisdiction::parse(place).with_context(|| place.clone()))
            .collect::<Result<_>>()?;
        let elements = match &self.elements {
            Some(codes) => ElementSet::parse(codes)?,
            None => ElementSet::ALL,
        };
        let domains = rules::domains(&config);
        let setting = Setting {
            organisation: &config.organisation.name,
            title: incident.as_ref().map_or("Sample incident", |of| &of.title),
            facts: incident.as_ref().map(|of| &of.facts),
            public_url: &config.http.public_url,
            domains: &domains,
            is_known: true,
        };
        let today = Clock::system().now().date_naive();
        let found = rules.check(&variants, (elements, names), &places, (setting, today));
        match self.json {
            true => say_json(&found)?,
            false => print(&rules, &places, &found)?,
        }
        let blocking = found.iter().filter(|one| one.blocking).count();
        ensure!(blocking == 0, "{blocking} findings stop an approval");
        Ok(())
    }
}

/// The texts of a template, or of a file.
async fn texts(app: Option<&App>, of: &str, locale: &str) -> Result<(Variants, ElementSet)> {
    if let (Some(app), true) = (app, of.starts_with(TemplateId::PREFIX)) {
        let id: TemplateId = of.parse()?;
        let found = store::find(&mut *app.db.get().await?, id, None).await?;
        return Ok((found.variants, found.names));
    }
    let text = std::fs::read_to_string(PathBuf::from(of)).with_context(|| of.to_owned())?;
    let (subject, body) = match text.strip_prefix("Subject:") {
        Some(rest) => rest.split_once('\n').unwrap_or((rest, "")),
        None => ("", text.as_str()),
    };
    let locale = Locale::parse(locale)?.to_string();
    let variant = Variant {
        subject: match subject.trim() {
            "" => "Notice".to_owned(),
            subject => subject.to_owned(),
        },
        body: body.to_owned(),
    };
    Ok((BTreeMap::from([(locale, variant)]), ElementSet::EMPTY))
}

fn print(rules: &Rules, places: &[Jurisdiction], found: &[Remark]) -> Result<()> {
    for place in places {
        match rules.known(place) {
            Known::Own => {}
            Known::Country => say(format!(
                "note      for {place} Candor knows only rules of the whole country"
            ))?,
            Known::Nothing => say(format!("note      Candor knows no rule for {place}"))?,
        }
    }
    for one in found {
        let weight = if one.blocking { "blocking" } else { "advice" };
        say(format!("{weight:8}  {}  {}", one.finding, one.what))?;
        for line in &one.lines {
            let place = match line.line {
                0 => String::new(),
                n => format!("line {n}: "),
            };
            if line.line > 0 || !line.what.is_empty() {
                say(format!("          {place}{}", line.what))?;
            }
        }
        let unverified = if one.unverified { ", unverified" } else { "" };
        let places = one.places.join(", ");
        say(format!(
            "          {} ({}{unverified}; {places})",
            one.todo, one.citation
        ))?;
    }
    if found.is_empty() {
        say("nothing found")?;
    }
    Ok(())
}

fn list(rules: &Rules, json: bool) -> Result<()> {
    if json {
        let all: Vec<RuleView> = rules.all().iter().map(RuleView::from).collect();
        return say_json(&all);
    }
    let today = Clock::system().now().date_naive();
    let inactive: BTreeMap<&str, &str> = rules
        .inactive(today)
        .into_iter()
        .map(|(rule, why)| (rule.key.as_str(), why))
        .collect();
    for rule in rules.all() {
        let unverified = if rule.unverified { ", unverified" } else { "" };
        let state = inactive
            .get(rule.key.as_str())
            .map(|why| format!(", {why}"))
            .unwrap_or_default();
        let places = rule.places().join(",");
        say(format!(
            "{:32} {places}: {} ({}{unverified}{state})",
            rule.key,
            rule.what,
            rule.citation()
        ))?;
    }
    Ok(())
}
