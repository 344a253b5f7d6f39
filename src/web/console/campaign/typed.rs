//! What the form of a draft sends, and what it means.

use serde::Deserialize;

use super::form::NewCampaign;
use crate::app::App;
use crate::campaign::audience::Who;
use crate::campaign::error::CampaignError;
use crate::campaign::quiet::{Quiet, TimeOfDay};
use crate::campaign::store::NewCampaign as Draft;
use crate::campaign::{Audience, Campaign, CampaignKind, Limits, Name, UncertainPolicy};
use crate::element::ElementSet;
use crate::id::{IncidentId, TemplateId};
use crate::person::flags::Flags;
use crate::person::place::{Jurisdiction, Locale};
use crate::web::conversation::sentence;
use crate::web::form::Form;
use crate::web::page::Faults;
use crate::zone::Zone;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The version of the draft that the page showed.
    pub version: i32,
    pub(super) incident: String,
    name: String,
    template: String,
    kind: Option<CampaignKind>,
    audience: Option<Who>,
    elements: String,
    jurisdictions: String,
    locales: String,
    flags: String,
    maybe: bool,
    rate: String,
    canary: String,
    policy: Option<UncertainPolicy>,
    zone: String,
    finish_on: String,
    finish_at: String,
    launch_on: String,
    launch_at: String,
    quiet_from: String,
    quiet_to: String,
}

/// What a form without faults means, but for its incident.
pub(super) struct Read {
    pub(super) name: Name,
    pub(super) template: (TemplateId, Option<i32>),
    pub(super) kind: CampaignKind,
    pub(super) audience: Audience,
    pub(super) limits: Limits,
    pub(super) on_uncertain: UncertainPolicy,
}

impl Typed {
    /// The form with what was typed.
    pub(super) fn kept(&self, faults: Faults) -> NewCampaign {
        NewCampaign {
            incident: self.incident.clone(),
            name: self.name.clone(),
            template: self.template.clone(),
            kind: self.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            audience: self
                .audience
                .map(Who::as_str)
                .unwrap_or_default()
                .to_owned(),
            elements: self.elements.clone(),
            jurisdictions: self.jurisdictions.clone(),
            locales: self.locales.clone(),
            flags: self.flags.clone(),
            maybe: self.maybe,
            rate: self.rate.clone(),
            canary: self.canary.clone(),
            policy: self.policy.map(|one| one.to_string()).unwrap_or_default(),
            zone: self.zone.clone(),
            finish_on: self.finish_on.clone(),
            finish_at: self.finish_at.clone(),
            launch_on: self.launch_on.clone(),
            launch_at: self.launch_at.clone(),
            quiet_from: self.quiet_from.clone(),
            quiet_to: self.quiet_to.clone(),
            faults,
            ..NewCampaign::default()
        }
    }
}

/// The words of a field, separated by commas, semicolons or spaces.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    typed.split(between).filter(|word| !word.is_empty())
}

/// What is wrong with a form, by field.
type Wrong = Vec<(&'static str, String)>;

fn noted<T, E: std::fmt::Display>(
    wrong: &mut Wrong,
    field: &'static str,
    read: Result<T, E>,
) -> Option<T> {
    let in_words = |why: E| sentence(why.to_string().trim_end_matches('.'));
    read.map_err(|why| wrong.push((field, in_words(why)))).ok()
}

/// Reads the form; `before` is the draft that it edits. What cannot be read becomes a fault of the form.
pub(super) fn read(app: &App, form: &mut Form<Typed>, before: Option<&Campaign>) -> Option<Read> {
    let (typed, mut wrong) = (&form.typed, Wrong::new());
    let kind = typed.kind.unwrap_or(CampaignKind::Initial);
    let name = match typed.name.trim() {
        // A program that fills in this form as it was before names had none.
        "" if before.is_none() => Some(Name::usual(kind, app.now())),
        name => noted(&mut wrong, "name", Name::parse(name)),
    };
    let template = template_of(&typed.template);
    if before.is_none() && typed.incident.is_empty() {
        wrong.push(("incident", "Choose an incident.".to_owned()));
    }
    if template.is_none() {
        wrong.push(("template", "Choose a template.".to_owned()));
    }
    let audience = audience(typed, kind, before, &mut wrong);
    let limits = limits(typed, app.config.organisation.zone, &mut wrong);
    for (field, why) in wrong {
        form.fault(field, why);
    }
    Some(Read {
        name: name?,
        template: template?,
        kind,
        audience,
        limits,
        on_uncertain: form.typed.policy.unwrap_or(UncertainPolicy::Resend),
    })
    .filter(|_| !form.faults.any())
}

/// `tpl_…:3`, or `tpl_…` for the newest version.
fn template_of(typed: &str) -> Option<(TemplateId, Option<i32>)> {
    match typed.split_once(':') {
        Some((id, version)) => Some((id.parse().ok()?, Some(version.parse().ok()?))),
        None => Some((typed.parse().ok()?, None)),
    }
}

/// What the form does not show of an audience stays as it was.
fn audience(
    typed: &Typed,
    kind: CampaignKind,
    before: Option<&Campaign>,
    wrong: &mut Wrong,
) -> Audience {
    let mut audience = before.map(|of| of.audience.clone()).unwrap_or_default();
    audience.who = typed.audience;
    audience.may_have_been_told = typed.maybe;
    let elements = words(&typed.elements).collect::<Vec<_>>().join(";");
    if let Some(read) = noted(wrong, "elements", ElementSet::parse(&elements)) {
        audience.elements = read;
    }
    let places = words(&typed.jurisdictions).map(Jurisdiction::parse);
    if let Some(read) = noted(wrong, "jurisdictions", places.collect()) {
        audience.jurisdictions = read;
    }
    let locales = words(&typed.locales).map(Locale::parse);
    if let Some(read) = noted(wrong, "locales", locales.collect()) {
        audience.locales = read;
    }
    let flags = words(&typed.flags).collect::<Vec<_>>().join(";");
    match noted(wrong, "flags", Flags::parse(&flags)) {
        Some(flags) if flags.contains(Flags::RETRACT) => {
            let why = "People with the flag retract are in no audience.";
            wrong.push(("flags", why.to_owned()));
        }
        read => audience.flags = read.unwrap_or_default(),
    }
    noted(wrong, "audience", audience.check(kind));
    audience
}

fn limits(typed: &Typed, home: Zone, wrong: &mut Wrong) -> Limits {
    let mut limits = Limits::default();
    let number = |typed: &str| typed.trim().parse::<u32>();
    let whole = "Enter a whole number, 0 for no limit.";
    if !typed.rate.trim().is_empty() {
        let rate = number(&typed.rate).map_err(|_| whole);
        limits.rate_per_second = noted(wrong, "rate", rate).unwrap_or_default();
    }
    if !typed.canary.trim().is_empty() {
        let why = "Enter a whole number, 0 for no canary, or leave it empty for the usual one.";
        limits.canary = noted(wrong, "canary", number(&typed.canary).map_err(|_| why));
    }
    let zone = match typed.zone.trim() {
        "" => Some(home),
        zone => noted(wrong, "zone", Zone::parse(zone)),
    };
    let Some(zone) = zone else {
        return limits;
    };
    let mut moment = |field, day: &str, time: &str| match (day.trim(), time.trim()) {
        ("", "") => None,
        (day, time) => noted(wrong, field, zone.read(day, time)).map(|shown| shown.at),
    };
    limits.finish_by = moment("finish_on", &typed.finish_on, &typed.finish_at);
    limits.launch_at = moment("launch_on", &typed.launch_on, &typed.launch_at);
    if !typed.quiet_from.trim().is_empty() || !typed.quiet_to.trim().is_empty() {
        let from = noted(wrong, "quiet_from", TimeOfDay::parse(&typed.quiet_from));
        let to = noted(wrong, "quiet_to", TimeOfDay::parse(&typed.quiet_to));
        limits.quiet = from.zip(to).map(|(from, to)| Quiet { from, to, zone });
    }
    limits
}

impl Read {
    /// The draft, once its incident and the version of its template are known.
    pub(super) fn draft(&self, incident: IncidentId, version: i32) -> Draft {
        Draft {
            incident,
            template: self.template.0,
            template_version: version,
            kind: self.kind,
            audience: self.audience.clone(),
            limits: self.limits,
            on_uncertain: self.on_uncertain,
        }
    }
}

/// The field of the form that a refusal is about.
pub(super) fn field_of(why: &CampaignError) -> Option<&'static str> {
    match why {
        CampaignError::Forgotten => Some("incident"),
        CampaignError::Late => Some("finish_on"),
        CampaignError::Past | CampaignError::TooFar | CampaignError::AfterDeadline => {
            Some("launch_on")
        }
        CampaignError::NeverLeaves => Some("quiet_to"),
        CampaignError::Audience(_) => Some("audience"),
        _ => None,
    }
}
