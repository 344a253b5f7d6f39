//! `candor campaign edit`, `schedule` and `test`: the actions with options of their own.

use anyhow::{Context, Result, bail};
use clap::Args;

use super::campaign_move::Move;
use super::{say, warn};
use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::launch::Seen;
use crate::campaign::quiet::{Quiet, TimeOfDay};
use crate::campaign::store::NewCampaign;
use crate::campaign::test_send::{self, Test};
use crate::campaign::{Limits, Name, Schedule, UncertainPolicy, approval, draft, schedule, store};
use crate::element::ElementSet;
use crate::id::{StaffId, TemplateId};
use crate::staff::{self, Right};
use crate::template;
use crate::zone::Zone;

/// A change of a draft.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(super) of: Move,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// Another template, with its newest version
    #[arg(long)]
    template: Option<TemplateId>,
    /// The newest version of its template
    #[arg(long)]
    newest_texts: bool,
    /// Messages a second, of all senders together; 0 for no limit
    #[arg(long)]
    rate: Option<u32>,
    /// Notices that go first; 0 for no canary, `usual` for the usual number
    #[arg(long)]
    canary: Option<String>,
    /// When it must be through, as clocks of the zone show it; `none` for no deadline
    #[arg(long)]
    finish_by: Option<String>,
    /// When it is launched, and not before, as clocks of the zone show it; `none` for any time
    #[arg(long)]
    launch_at: Option<String>,
    /// In which hours its notices are held, such as 22:00-08:00; `none` for no hours
    #[arg(long)]
    quiet: Option<String>,
    /// The zone of these times; without it the organisation's
    #[arg(long)]
    zone: Option<String>,
    /// What happens to uncertain notices: resend or leave
    #[arg(long)]
    on_uncertain: Option<UncertainPolicy>,
}

fn zone(app: &App, named: Option<&str>) -> Result<Zone> {
    match named {
        Some(name) => Ok(Zone::parse(name).context("--zone")?),
        None => Ok(app.config.organisation.zone),
    }
}

impl Edit {
    pub(super) async fn run(self, app: &App) -> Result<()> {
        let by = self.of.account(app, Right::DraftCampaign).await?;
        let zone = zone(app, self.zone.as_deref())?;
        let mut conn = app.db.get().await?;
        let now = store::find(&mut conn, self.of.id).await?;
        let before = draft::as_draft(&now);
        let template = self.template.unwrap_or(before.template);
        let version = match self.newest_texts || self.template.is_some() {
            true => None,
            false => Some(before.template_version),
        };
        let version = template::store::find(&mut conn, template, version)
            .await?
            .version;
        drop(conn);
        let new = NewCampaign {
            template,
            template_version: version,
            limits: self.limits(before.limits, zone)?,
            on_uncertain: self.on_uncertain.unwrap_or(before.on_uncertain),
            ..before
        };
        let name = self.name.as_deref().map(Name::parse).transpose()?;
        let seen = Seen::at(now.id, Some(now.version));
        Ok(draft::edit_named(app, by, seen, name.as_ref(), &new).await?)
    }

    fn limits(&self, before: Limits, zone: Zone) -> Result<Limits> {
        let mut limits = before;
        if let Some(rate) = self.rate {
            limits.rate_per_second = rate;
        }
        if let Some(size) = &self.canary {
            limits.canary = match size.as_str() {
                "usual" => None,
                size => Some(size.parse().context("--canary")?),
            };
        }
        let moment = |text: &str| match text {
            "none" => anyhow::Ok(None),
            text => Ok(Some(zone.read_whole(text)?.at)),
        };
        if let Some(text) = &self.finish_by {
            limits.finish_by = moment(text).context("--finish-by")?;
        }
        if let Some(text) = &self.launch_at {
            limits.launch_at = moment(text).context("--launch-at")?;
        }
        if let Some(text) = &self.quiet {
            limits.quiet = quiet(text, zone).context("--quiet")?;
        }
        Ok(limits)
    }
}

/// Reads `22:00-08:00`.
fn quiet(text: &str, zone: Zone) -> Result<Option<Quiet>> {
    if text == "none" {
        return Ok(None);
    }
    let Some((from, to)) = text.split_once('-') else {
        bail!("write both times, such as 22:00-08:00")
    };
    let (from, to) = (TimeOfDay::parse(from)?, TimeOfDay::parse(to)?);
    Ok(Some(Quiet { from, to, zone }))
}

/// A launch by the clock.
#[derive(Debug, Args)]
pub(crate) struct When {
    #[command(flatten)]
    pub(super) of: Move,
    /// When, as clocks of the zone show it: 2026-11-30T02:00; of a time that they show twice with its offset
    #[arg(long)]
    at: String,
    /// The zone; without it the organisation's
    #[arg(long)]
    zone: Option<String>,
}

impl When {
    pub(super) async fn run(self, app: &App) -> Result<()> {
        let by = self.of.account(app, Right::LaunchCampaign).await?;
        let zone = zone(app, self.zone.as_deref())?;
        let at = zone.read_whole(&self.at).context("--at")?.at;
        let when = Schedule { at, zone, by };
        let hidden = schedule::schedule(app, self.of.id, when, true).await?;
        approval::unpublished_in_words(&hidden)
            .into_iter()
            .for_each(warn);
        say(when.shown())
    }
}

/// A test of its texts.
#[derive(Debug, Args)]
pub(crate) struct TestSend {
    #[command(flatten)]
    pub(super) of: Move,
    /// The e-mail address of a colleague's account; may be repeated. Without it the account named with --as
    #[arg(long)]
    to: Vec<String>,
    /// A language of the texts; may be repeated. Without it all
    #[arg(long)]
    locale: Vec<String>,
    /// An element that the invented person lost, such as ssn; may be repeated
    #[arg(long)]
    element: Vec<String>,
}

impl TestSend {
    pub(super) async fn run(self, app: &App) -> Result<()> {
        let by = self.of.account(app, Right::DraftCampaign).await?;
        let mut to = Vec::new();
        for address in &self.to {
            to.push(account(app, address).await?);
        }
        let test = Test {
            to,
            locales: self.locale,
            elements: ElementSet::parse(&self.element.join(";"))?,
        };
        let sent = test_send::send(app, by, self.of.id, &test).await?;
        say(format!("{sent} test messages wait to be sent"))
    }
}

async fn account(app: &App, address: &str) -> Result<StaffId> {
    let key = EmailAddress::parse(address)?.key_form();
    let found = staff::store::find_by_email(&mut *app.db.get().await?, &key).await?;
    let (account, _) = found.context("no account has an address given with --to")?;
    Ok(account.id)
}
