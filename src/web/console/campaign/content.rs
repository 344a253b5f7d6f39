//! What exactly goes out in a campaign, for those who approve it and for those who look later: read from what
//! was pinned, never from what the template says by now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::speed;
use crate::app::App;
use crate::campaign::audience::{Audience, Who};
use crate::campaign::content::{self, Content as Pinned};
use crate::campaign::{Campaign, CampaignKind, UncertainPolicy, store};
use crate::db::Conn;
use crate::element::{ElementSet, in_words};
use crate::incident::Facts;
use crate::person::AudienceClass;
use crate::seal::to_hex;
use crate::template::preview::{PreviewError, Reader, Setting, keys_as_facts, preview};
use crate::template::{self, Variant, pick};
use crate::web::console::Done;
use crate::web::console::around::Names;
use crate::web::console::template::editor::language;
use crate::web::figures::count;
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// What was approved, or is to be.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The template's id.
    pub template: String,
    /// The template's name.
    pub template_name: String,
    /// Its version.
    pub template_version: i64,
    /// The languages it goes out in.
    pub locales: Vec<String>,
    /// To whom, in words.
    pub audience: String,
    /// Where its links lead: the public address that was approved.
    pub public_url: String,
    /// Who it comes from, and where bounces go.
    pub from: String,
    /// The elements that the texts name by words, in words; empty if only `{{ elements }}` names any.
    pub names: String,
    /// How fast at most, in words.
    pub rate: String,
    /// What the settings allow now, in words; empty once it was launched. No part of what is approved.
    pub limits: Vec<String>,
    /// How many go first, in words.
    pub first_slice: String,
    /// When it must be through, if that matters.
    pub through_by: Option<Moment>,
    /// What becomes of notices of which nobody knows whether they were sent, in words.
    pub on_uncertain: String,
    /// The words in each language, as a sample person gets them.
    pub texts: Vec<Words>,
    /// Of a correction: the words as people get them who are not affected any more, if there are such in its audience.
    pub not_affected: Vec<Words>,
    /// Facts that the texts quote and that are missing; their keys stand in brackets.
    pub missing: Vec<String>,
    /// The hash over all of the above; the approval is pinned to it.
    pub hash: String,
    /// Who drafted it.
    pub author: String,
    /// Who approved exactly this, and when.
    pub approved: Option<Done>,
}

/// The words of one language, facts and all.
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

/// What was submitted; of a draft, what would be.
pub(crate) async fn content(
    app: &App,
    conn: &mut Conn,
    of: &Campaign,
    present: Option<&Pinned>,
    now: DateTime<Utc>,
) -> Result<Content, Problem> {
    let names = Names::load(conn).await?;
    let template = template::store::find(conn, of.template, Some(of.template_version)).await?;
    let present = present.map(Pinned::to_text);
    let text = of.content.as_deref().or(present.as_deref());
    let pinned = text.and_then(Pinned::from_text);
    let configured = &app.config.http.public_url;
    let public_url = pinned
        .as_ref()
        .and_then(|pinned| pinned.public_url.as_deref());
    let public_url = public_url.unwrap_or(configured).to_owned();
    let limits = match of.launched_at {
        None => speed::limits(&app.config, &store::relays(conn).await?),
        Some(_) => Vec::new(),
    };
    let done = |who, at| Done {
        who: names.of(who),
        what: "approved it".to_owned(),
        at: Moment::ago(at, now),
    };
    Ok(Content {
        template: of.template.to_string(),
        template_name: template.name,
        template_version: of.template_version.into(),
        locales: template.variants.into_keys().collect(),
        audience: to_whom(&of.audience, of.kind),
        from: pinned.as_ref().map(sender).unwrap_or_default(),
        names: pinned
            .as_ref()
            .map_or_else(String::new, |pinned| in_words(pinned.names, "en")),
        rate: match of.limits.rate_per_second {
            0 => "as fast as the relays take them".to_owned(),
            rate => format!("{}/s", count(rate.into())),
        },
        limits,
        first_slice: match of.limits.canary {
            None => "one in a hundred of the people in scope, 1,000 at most; none where they are fewer than 1,000"
                .to_owned(),
            Some(0) => "none: all go at once".to_owned(),
            Some(some) => format!("{} notices", count(some.into())),
        },
        through_by: of.limits.finish_by.map(Moment::exact),
        on_uncertain: match of.on_uncertain {
            UncertainPolicy::Resend => "sent again; the receiver sees that it is the same",
            UncertainPolicy::Leave => "left as they are",
        }
        .to_owned(),
        missing: pinned.as_ref().map(missing).unwrap_or_default(),
        not_affected: Vec::new(),
        texts: pinned.map_or_else(Vec::new, |pinned| texts(&pinned, &public_url)),
        public_url,
        hash: text
            .map(|text| to_hex(&content::hash(text)))
            .unwrap_or_default(),
        author: names.of(of.created_by),
        approved: of
            .approved_by
            .zip(of.approved_at)
            .map(|(who, at)| done(who, at)),
    })
}

/// `Sundmere Mobile <notice@sundmere.example>, bounces to bounce@sundmere.example`.
fn sender(of: &Pinned) -> String {
    let (name, address) = &of.from;
    let bounces = of.return_path.as_ref().filter(|path| *path != address);
    let bounces = bounces.map_or_else(String::new, |path| format!(", bounces to {path}"));
    format!("{name} <{address}>{bounces}")
}

/// The facts that the texts quote and that are missing.
fn missing(of: &Pinned) -> Vec<String> {
    let wrong = of.compile().err().unwrap_or_default();
    let wrong: Vec<_> = wrong.into_iter().map(|(_, error)| error).collect();
    keys_as_facts(&wrong).into_keys().collect()
}

fn texts(of: &Pinned, public_url: &str) -> Vec<Words> {
    let each = of.variants.iter();
    each.map(|(locale, variant)| read_by(of, (locale, variant), public_url, &Reader::sample()))
        .collect()
}

/// What people read who were told and are not affected any more, in each language that such people of a correction's
/// audience get.
pub(crate) fn not_affected(
    of: &Campaign,
    present: &Pinned,
    classes: &[AudienceClass],
) -> Vec<Words> {
    if of.kind != CampaignKind::Correction {
        return Vec::new();
    }
    let public_url = present.public_url.as_deref().unwrap_or_default();
    let nothing = classes.iter().filter(|class| class.exposed.is_empty());
    let mut read: BTreeMap<&str, ElementSet> = BTreeMap::new();
    for class in nothing {
        if let Some((tag, _)) = pick(&present.variants, class.locale.as_str()) {
            let told = read.entry(tag).or_default();
            // What one of them was told; nobody in particular.
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
        Some(read_by(present, (tag, variant), public_url, &reader))
    };
    read.into_iter().filter_map(words).collect()
}

/// The words of one language as somebody reads them. Facts that are missing show as their keys.
fn read_by(
    of: &Pinned,
    (locale, variant): (&String, &Variant),
    public_url: &str,
    reader: &Reader,
) -> Words {
    let with = |facts: &Facts| {
        let setting = Setting {
            organisation: &of.organisation,
            incident: Some((&of.title, facts)),
            public_url,
        };
        preview(locale, variant, &setting, reader)
    };
    let letter = match with(&of.facts) {
        Err(PreviewError::Text(wrong)) => {
            let mut facts = of.facts.clone();
            facts.extend(keys_as_facts(&wrong));
            with(&facts)
        }
        done => done,
    };
    let (subject, text) = match letter {
        Ok(letter) => (letter.subject, letter.text),
        // It cannot be submitted like this; what is there is shown as it is.
        Err(_) => (variant.subject.clone(), variant.body.clone()),
    };
    Words {
        language: language(locale),
        locale: locale.clone(),
        subject,
        text,
    }
}

/// How the narrowing to people is named whom an uncertain notice may have told.
pub(crate) const MAYBE_TOLD: &str =
    "to whom an earlier notice was left uncertain: each may get this a second time";

/// Whom a campaign is for, in words.
pub(crate) fn to_whom(audience: &Audience, kind: CampaignKind) -> String {
    // Every narrowing is named: a new one does not compile until it is.
    let Audience {
        who: _,
        jurisdictions,
        locales,
        elements,
        flags,
        may_have_been_told,
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
    words.join(", ")
}

/// What people were told so far, in words.
pub(crate) fn who_in_words(who: Who) -> &'static str {
    match who {
        Who::Everyone => "everybody in the scope",
        Who::ToldNothing => "people who were told nothing so far",
        Who::OwedMore => "people who were told less than was taken",
        Who::OverTold => "people who were told of something that is not theirs",
        Who::RetractedAfterNotice => "people who were told and are no longer affected",
        Who::WronglyTold => {
            "people who were told of something that is not theirs, or are no longer affected"
        }
        Who::Told => "everybody who was told",
    }
}
