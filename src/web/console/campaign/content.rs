//! The content of a campaign: what is approved and sent. It is read from the pinned text, never from the present
//! template.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::speed;
use crate::app::App;
use crate::campaign::ability::RelaySeen;
use crate::campaign::audience::{Audience, Who};
use crate::campaign::content::{self, Content as Pinned};
use crate::campaign::{Campaign, CampaignKind, UncertainPolicy};
use crate::element::{ElementSet, in_words};
use crate::incident::Facts;
use crate::person::AudienceClass;
use crate::seal::to_hex;
use crate::template::merge::Rendered;
use crate::template::preview::{PreviewError, Reader, Setting, keys_as_facts, preview};
use crate::template::{Template, Variant, pick};
use crate::web::console::HistoryLine;
use crate::web::console::audience::words::narrowed;
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;
use crate::web::figures::count;
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// The content that was approved, or is to be approved.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The template's id.
    pub template: String,
    /// The template's name.
    pub template_name: String,
    /// Its version.
    pub template_version: i64,
    /// The languages of its texts.
    pub locales: Vec<String>,
    /// The audience in words.
    pub audience: String,
    /// The public address with which its links begin, as approved.
    pub public_url: String,
    /// The sender, and the address for bounces.
    pub from: String,
    /// The elements that the texts name by words, in words; empty if only `{{ elements }}` names any.
    pub names: String,
    /// The maximum rate in words.
    pub rate: String,
    /// The limits of the present settings in words; empty after the launch. They are not part of the approval.
    pub limits: Vec<String>,
    /// The size of the canary in words.
    pub canary: String,
    /// The deadline, if there is one.
    pub through_by: Option<Moment>,
    /// The time of the launch that the approval covers, in words; empty without one.
    pub launch_at: String,
    /// The hours in which its notices are held, in words; empty without any.
    pub quiet: String,
    /// What happens with uncertain notices, in words.
    pub on_uncertain: String,
    /// The text in each language for a sample person.
    pub texts: Vec<Words>,
    /// Of a correction: the text for people who are no longer affected, if its audience has such people.
    pub not_affected: Vec<Words>,
    /// Facts that the texts quote and that are missing; the texts show their keys in brackets.
    pub missing: Vec<String>,
    /// The hash over all of the above; the approval is pinned to it.
    pub hash: String,
    /// Who drafted it.
    pub author: String,
    /// Who approved this content, and when.
    pub approved: Option<HistoryLine>,
}

/// The text in one language with its facts.
#[derive(Debug, Clone)]
pub struct Words {
    /// BCP 47.
    pub locale: String,
    /// The language's name in words.
    pub language: String,
    /// The subject line.
    pub subject: String,
    /// The text part.
    pub text: String,
}

/// The content that was submitted; of a draft, the content if it were submitted now.
pub(super) fn content(
    app: &App,
    names: &Names,
    of: &Campaign,
    template: &Template,
    (present, seen): (Option<&Pinned>, &[RelaySeen]),
    now: DateTime<Utc>,
) -> Result<Content, Problem> {
    let present = present.map(Pinned::to_text).transpose();
    let present = present.map_err(Problem::broken)?;
    let text = of.content.as_deref().or(present.as_deref());
    // The page says of a content that cannot be read that its approval is void.
    let pinned = text.and_then(|text| Pinned::from_text(text).ok());
    let hash = text.map(|text| to_hex(&content::hash(text)));
    let limits = match of.launched_at {
        None => speed::limits(&app.config, seen),
        Some(_) => Vec::new(),
    };
    let approval = |(who, at)| HistoryLine {
        who: names.of(who),
        what: "approved it".to_owned(),
        at: Moment::ago(at, now),
    };
    let shown = Content {
        template: of.template.to_string(),
        template_name: template.name.clone(),
        template_version: of.template_version.into(),
        locales: template.variants.keys().cloned().collect(),
        audience: to_whom(&of.audience, of.kind),
        rate: match of.limits.rate_per_second {
            0 => "as fast as the relays take them".to_owned(),
            rate => format!("{}/s", count(rate.into())),
        },
        limits,
        canary: in_words_of_canary(of.limits.canary),
        through_by: of.limits.finish_by.map(Moment::exact),
        launch_at: launch_at(app, of),
        quiet: of
            .limits
            .quiet
            .map(|quiet| quiet.to_string())
            .unwrap_or_default(),
        on_uncertain: policy_in_words(of.on_uncertain).to_owned(),
        hash: hash.unwrap_or_default(),
        author: names.of(of.created_by),
        approved: of.approved_by.zip(of.approved_at).map(approval),
        ..Content::default()
    };
    Ok(with_texts(
        shown,
        pinned.as_ref(),
        &app.config.http.public_url,
    ))
}

/// What happens with uncertain notices, in words.
pub(super) fn policy_in_words(of: UncertainPolicy) -> &'static str {
    match of {
        UncertainPolicy::Resend => "send again with the same Message-ID",
        UncertainPolicy::Leave => "do not send again",
    }
}

/// The time of the launch that the approval covers, in the zone of the settings.
fn launch_at(app: &App, of: &Campaign) -> String {
    let home = app.config.organisation.zone;
    let at = of.limits.launch_at.map(|at| home.show(at).to_string());
    at.unwrap_or_default()
}

/// The size of the canary in words.
pub(super) fn in_words_of_canary(size: Option<u32>) -> String {
    match size {
        None => "1 % of the people in scope, 1,000 at most; no canary for fewer than 1,000 people"
            .to_owned(),
        Some(0) => "no canary: all are sent at once".to_owned(),
        Some(some) => format!("{} notices", count(some.into())),
    }
}

/// Adds the sender, the public address and the texts of the pinned content.
fn with_texts(shown: Content, pinned: Option<&Pinned>, configured: &str) -> Content {
    let Some(pinned) = pinned else {
        return Content {
            public_url: configured.to_owned(),
            ..shown
        };
    };
    Content {
        from: sender(pinned),
        names: in_words(pinned.names, "en"),
        missing: missing(pinned),
        texts: texts(pinned),
        public_url: pinned.public_url.clone(),
        ..shown
    }
}

/// `Sundmere Mobile <notice@sundmere.example>, bounces to bounce@sundmere.example`.
pub(super) fn sender(of: &Pinned) -> String {
    let (name, address) = &of.from;
    let bounces = match of.return_path == *address {
        true => String::new(),
        false => format!(", bounces to {}", of.return_path),
    };
    format!("{name} <{address}>{bounces}")
}

/// The facts that the texts quote and that are missing.
fn missing(of: &Pinned) -> Vec<String> {
    let wrong = of.compile().err().unwrap_or_default();
    let wrong: Vec<_> = wrong.into_iter().map(|(_, error)| error).collect();
    keys_as_facts(&wrong).into_keys().collect()
}

fn texts(of: &Pinned) -> Vec<Words> {
    let each = of.variants.iter();
    each.map(|(locale, variant)| read_by(of, (locale, variant), &Reader::sample()))
        .collect()
}

/// The texts of a correction for people who are no longer affected, in each language that such people of its audience
/// get.
pub(crate) fn not_affected(
    of: &Campaign,
    present: &Pinned,
    classes: &[AudienceClass],
) -> Vec<Words> {
    if of.kind != CampaignKind::Correction {
        return Vec::new();
    }
    let nothing = classes.iter().filter(|class| class.exposed.is_empty());
    let mut read: BTreeMap<&str, ElementSet> = BTreeMap::new();
    for class in nothing {
        if let Some((tag, _)) = pick(&present.variants, class.locale.as_str()) {
            let told = read.entry(tag).or_default();
            // The elements that one of them was told of serve as the example.
            if told.is_empty() {
                *told = class.named;
            }
        }
    }
    let words = |(tag, told_wrongly): (&str, ElementSet)| {
        let reader = Reader {
            elements: ElementSet::EMPTY,
            told_wrongly,
            ..Reader::sample()
        };
        let (tag, variant) = present.variants.get_key_value(tag)?;
        Some(read_by(present, (tag, variant), &reader))
    };
    read.into_iter().filter_map(words).collect()
}

/// The message in one language for a sample person.
pub(super) fn sample(of: &Pinned, locale: &str) -> Option<Result<Rendered, PreviewError>> {
    let (locale, variant) = of.variants.get_key_value(locale)?;
    Some(rendered(of, (locale, variant), &Reader::sample()))
}

/// The message in one language for a reader. Missing facts show as their keys.
fn rendered(
    of: &Pinned,
    (locale, variant): (&String, &Variant),
    reader: &Reader,
) -> Result<Rendered, PreviewError> {
    let with = |facts: &Facts| {
        let setting = Setting {
            organisation: &of.organisation,
            incident: Some((&of.title, facts)),
            public_url: &of.public_url,
        };
        preview(locale, variant, &setting, reader)
    };
    let told = of.told(locale);
    match with(&told) {
        Err(PreviewError::Text(wrong)) => {
            let mut facts = told.into_owned();
            facts.extend(keys_as_facts(&wrong));
            with(&facts)
        }
        done => done,
    }
}

/// The text in one language for a reader.
fn read_by(of: &Pinned, (locale, variant): (&String, &Variant), reader: &Reader) -> Words {
    let (subject, text) = match rendered(of, (locale, variant), reader) {
        Ok(letter) => (letter.subject, letter.text),
        // A campaign with such a text cannot be submitted. The page shows the text unrendered.
        Err(_) => (variant.subject.clone(), variant.body.clone()),
    };
    Words {
        language: own_name(locale),
        locale: locale.clone(),
        subject,
        text,
    }
}

/// The words for an audience of people who may have got an uncertain notice.
pub(crate) const MAYBE_TOLD: &str =
    "to whom an earlier notice was left uncertain: each may get this a second time";

/// The audience of a campaign in words.
pub(crate) fn to_whom(audience: &Audience, kind: CampaignKind) -> String {
    // All fields are named, so that a new condition does not compile without its words.
    let Audience {
        who: _,
        jurisdictions,
        locales,
        elements,
        flags,
        may_have_been_told,
        // `narrowed` has the words for these.
        elements_all: _,
        elements_none: _,
        flags_none: _,
        earlier: _,
        only_listed: _,
        not_listed: _,
        wave: _,
    } = audience;
    let mut words = vec![who_in_words(audience.who(kind)).to_owned()];
    if *may_have_been_told {
        words.push(MAYBE_TOLD.to_owned());
    }
    let places: Vec<&str> = jurisdictions.iter().map(|one| one.as_str()).collect();
    let languages: Vec<&str> = locales.iter().map(|one| one.as_str()).collect();
    for (what, list) in [("in", places), ("who read", languages)] {
        if !list.is_empty() {
            words.push(format!("{what} {}", list.join(" or ")));
        }
    }
    if !elements.is_empty() {
        let verb = match kind {
            CampaignKind::Correction => "who were told of",
            CampaignKind::Initial | CampaignKind::Supplement => "who lost",
        };
        let elements = elements.to_string().replace(';', " or ");
        words.push(format!("{verb} {elements}"));
    }
    if !flags.is_empty() {
        let flags = flags.to_string().replace(';', " or ");
        words.push(format!("with the flag {flags}"));
    }
    words.extend(narrowed(audience, kind));
    words.join(", ")
}

/// The group of people in words.
pub(crate) fn who_in_words(who: Who) -> &'static str {
    match who {
        Who::Everyone => "all people in scope",
        Who::ToldNothing => "people who were told nothing so far",
        Who::OwedMore => "people who were told less than was taken",
        Who::OverTold => "people who were told of something that is not theirs",
        Who::RetractedAfterNotice => "people who were told and are no longer affected",
        Who::WronglyTold => {
            "people who were told of something that is not theirs, or are no longer affected"
        }
        Who::Told => "all people who were told",
    }
}
