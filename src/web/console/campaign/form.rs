//! The form of a draft, of a new campaign and of one that is edited: the options and the values.

use chrono::{DateTime, Utc};

use super::content::who_in_words;
use crate::campaign::Campaign;
use crate::campaign::audience::Who;
use crate::db::Conn;
use crate::template;
use crate::web::console::Choice;
use crate::web::page::Faults;
use crate::web::problem::Problem;
use crate::zone::Zone;

/// The form: the options, and the values that were chosen or typed.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    /// Incidents with an active scope that are not over, by slug; a draft that is edited keeps its incident.
    pub incidents: Vec<Choice>,
    /// Templates with a version, by `tpl_…:version`.
    pub templates: Vec<Choice>,
    /// `initial`, `supplement`, `correction`.
    pub kinds: Vec<Choice>,
    /// The audiences.
    pub audiences: Vec<Choice>,
    /// What can happen to uncertain notices.
    pub policies: Vec<Choice>,
    /// The incident chosen.
    pub incident: String,
    /// The name, as typed.
    pub name: String,
    /// The template chosen.
    pub template: String,
    /// The kind chosen.
    pub kind: String,
    /// The audience chosen.
    pub audience: String,
    /// Element codes, as typed.
    pub elements: String,
    /// Jurisdictions, as typed.
    pub jurisdictions: String,
    /// Locales, as typed.
    pub locales: String,
    /// Flags, as typed.
    pub flags: String,
    /// Whether it goes only to people who may have got an uncertain notice.
    pub maybe: bool,
    /// Messages a second, as typed; 0 for no limit.
    pub rate: String,
    /// The size of the canary, as typed; empty for the usual one.
    pub canary: String,
    /// What happens to uncertain notices.
    pub policy: String,
    /// The zone of the times below, as typed.
    pub zone: String,
    /// The day of the deadline, as typed.
    pub finish_on: String,
    /// Its time.
    pub finish_at: String,
    /// The day of the launch, as typed.
    pub launch_on: String,
    /// Its time.
    pub launch_at: String,
    /// When quiet hours begin, as typed.
    pub quiet_from: String,
    /// When they end.
    pub quiet_to: String,
    /// Why it was refused.
    pub faults: Faults,
}

impl NewCampaign {
    /// The form of a draft as it is now.
    pub(super) fn of(draft: &Campaign, home: Zone) -> Self {
        let quiet = draft.limits.quiet;
        let zone = quiet.map_or(home, |quiet| quiet.zone);
        let (finish_on, finish_at) = typed(draft.limits.finish_by, zone);
        let (launch_on, launch_at) = typed(draft.limits.launch_at, zone);
        let audience = &draft.audience;
        let list = |words: Vec<&str>| words.join(" ");
        Self {
            name: draft.name.to_string(),
            template: format!("{}:{}", draft.template, draft.template_version),
            kind: draft.kind.to_string(),
            audience: audience.who.map(Who::as_str).unwrap_or_default().to_owned(),
            elements: audience.elements.to_string().replace(';', " "),
            jurisdictions: list(
                audience
                    .jurisdictions
                    .iter()
                    .map(|one| one.as_str())
                    .collect(),
            ),
            locales: list(audience.locales.iter().map(|one| one.as_str()).collect()),
            flags: audience.flags.to_string().replace(';', " "),
            maybe: audience.may_have_been_told,
            rate: draft.limits.rate_per_second.to_string(),
            canary: draft
                .limits
                .canary
                .map(|size| size.to_string())
                .unwrap_or_default(),
            policy: draft.on_uncertain.to_string(),
            zone: zone.to_string(),
            finish_on,
            finish_at,
            launch_on,
            launch_at,
            quiet_from: quiet
                .map(|quiet| quiet.from.to_string())
                .unwrap_or_default(),
            quiet_to: quiet.map(|quiet| quiet.to.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Adds the options. A draft with an older version of its template may keep it.
    pub(super) async fn with_options(
        self,
        conn: &mut Conn,
        kept: Option<&Campaign>,
    ) -> Result<Self, Problem> {
        let choice = |value: String, words: String| Choice { value, words };
        let mut templates = Vec::new();
        for one in template::store::list(conn).await? {
            let older =
                kept.filter(|of| of.template == one.id && of.template_version != one.version);
            let each = [Some(one.version), older.map(|of| of.template_version)];
            for version in each.into_iter().flatten() {
                let what = match version == one.version {
                    true => "the newest",
                    false => "as now",
                };
                templates.push(choice(
                    format!("{}:{version}", one.id),
                    format!("{}, version {version} ({what})", one.name),
                ));
            }
        }
        let word = |(value, words): (&str, &str)| choice(value.to_owned(), words.to_owned());
        let mut audiences = AUDIENCES.map(word).to_vec();
        // One that a program chose.
        let chosen = kept.and_then(|of| of.audience.who);
        if let Some(who) =
            chosen.filter(|who| audiences.iter().all(|one| one.value != who.as_str()))
        {
            let words = format!("Only {}", who_in_words(who));
            audiences.push(choice(who.as_str().to_owned(), words));
        }
        Ok(Self {
            templates,
            audiences,
            kinds: KINDS.map(word).into(),
            policies: POLICIES.map(word).into(),
            ..self
        })
    }
}

const KINDS: [(&str, &str); 3] = [
    ("initial", "Initial"),
    ("supplement", "Supplement"),
    ("correction", "Correction"),
];
const AUDIENCES: [(&str, &str); 4] = [
    ("", "All people that the kind is for"),
    (
        "over_told",
        "Correction: only people who were told of something that is not theirs",
    ),
    (
        "retracted_after_notice",
        "Correction: only people who were told and are no longer affected",
    ),
    ("told", "Correction: all people who were told"),
];
const POLICIES: [(&str, &str); 2] = [
    ("resend", "Send it again with the same Message-ID"),
    ("leave", "Do not send it again"),
];

/// A day and a time as they are typed. A time that clocks show twice carries its offset.
fn typed(at: Option<DateTime<Utc>>, zone: Zone) -> (String, String) {
    let Some(shown) = at.map(|at| zone.show(at)) else {
        return (String::new(), String::new());
    };
    let day = shown.local.format("%Y-%m-%d").to_string();
    let time = shown.local.format("%H:%M").to_string();
    match zone.read(&day, &time) {
        Ok(_) => (day, time),
        Err(_) => (day, format!("{time}{}", shown.offset_typed())),
    }
}
