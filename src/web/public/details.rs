//! The details of a person on their own page, after the second step.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::campaign::{Campaign, CampaignKind};
use crate::element::{ElementSet, in_words};
use crate::link::NoticeCode;
use crate::notice::Notice;
use crate::person::Person;
use crate::person::contact::Sealed;
use crate::seal::IncidentKey;
use crate::template::pick;
use crate::web::conversation::kind_in_words;
use crate::web::notification::NotificationHistory;
use crate::web::page::Moment;
use crate::web::person_lookup::campaign_of;
use crate::web::problem::Problem;

/// What a person was told wrongly.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The elements in words.
    pub elements: String,
    /// The day of the e-mail that said so; none if that was no e-mail.
    pub on: Option<Moment>,
}

/// What is shown only after the code.
#[derive(Debug, Clone)]
pub struct Details {
    /// The person's name.
    pub name: String,
    /// The exposed elements in words, the gravest first. Never a value. Empty if the person is not affected.
    pub elements: Vec<String>,
    /// What they were told wrongly.
    pub wrong: Option<Wrong>,
    /// What corrections withdrew, the latest first.
    pub corrected: Vec<Corrected>,
    /// What we sent them by e-mail, the latest first.
    pub notices: Vec<SentNotice>,
    /// What we sent them by post, the latest first.
    pub letters: Vec<SentLetter>,
}

/// What a correction withdrew.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// The day of the correction.
    pub on: Moment,
    /// The elements that had been named before and were not taken, in words.
    pub elements: String,
}

/// A postal letter to this person.
#[derive(Debug, Clone)]
pub struct SentLetter {
    /// The day on which it was posted.
    pub on: Moment,
    /// Whether it came back.
    pub returned: bool,
    /// Whether it corrected what was said before.
    pub corrects: bool,
}

/// A notice this person was sent.
#[derive(Debug, Clone)]
pub struct SentNotice {
    /// Its subject.
    pub subject: String,
    /// When the relay took it.
    pub at: Moment,
    /// Its notice code.
    pub code: String,
}

impl Details {
    /// What this person may read of themselves.
    ///
    /// # Errors
    /// Contact data that do not open.
    pub fn of(
        app: &App,
        person: &Person<Sealed>,
        key: &IncidentKey,
        campaigns: &[Campaign],
        case: &NotificationHistory,
    ) -> Result<Self, Problem> {
        let contact = person
            .contact
            .open(key, person.incident)
            .map_err(Problem::broken)?;
        let locale = person.locale.as_str();
        let sent = |(notice, at): &(Notice, DateTime<Utc>)| {
            let campaign = campaign_of(campaigns, notice)?;
            Some(SentNotice {
                subject: subject(campaign, locale),
                at: Moment::exact(*at),
                code: NoticeCode::of(notice.id, &app.keys).to_string(),
            })
        };
        let elements = person.exposed_now().gravest_first();
        Ok(Self {
            name: contact.name.unwrap_or(contact.reference),
            elements: elements
                .into_iter()
                .map(|e| e.words(locale).to_owned())
                .collect(),
            wrong: case.wrong.map(|wrong| Wrong {
                elements: in_words(wrong.elements, locale),
                on: wrong.at.map(Moment::day),
            }),
            corrected: corrected(campaigns, case, locale),
            notices: case.sent.iter().filter_map(sent).collect(),
            letters: case
                .letters
                .iter()
                .map(|letter| SentLetter {
                    on: Moment::day(letter.on),
                    returned: letter.returned,
                    corrects: letter.corrects,
                })
                .collect(),
        })
    }
}

/// What corrections withdrew: the elements that earlier messages and letters named and the correction does not.
fn corrected(campaigns: &[Campaign], case: &NotificationHistory, locale: &str) -> Vec<Corrected> {
    let is_correction = |notice: &Notice| {
        let of = campaign_of(campaigns, notice);
        of.is_some_and(|campaign| campaign.kind == CampaignKind::Correction)
    };
    let messages = case
        .sent
        .iter()
        .map(|(notice, at)| (*at, *at, notice.named, is_correction(notice)));
    let letters = case.letters.iter().filter(|letter| !letter.returned);
    let letters = letters.map(|letter| (letter.at, letter.on, letter.named, letter.corrects));
    let mut told: Vec<_> = messages.chain(letters).collect();
    told.sort_by_key(|(at, ..)| *at);
    let (mut known, mut all) = (ElementSet::EMPTY, Vec::new());
    for (_, on, named, corrects) in told {
        let back = known.minus(named);
        if corrects && !back.is_empty() {
            all.push(Corrected {
                on: Moment::day(on),
                elements: in_words(back, locale),
            });
        }
        known = if corrects { named } else { known.union(named) };
    }
    all.reverse();
    all
}

/// The subject as this person read it; one that was filled for each person is named by its kind.
pub fn subject(campaign: &Campaign, locale: &str) -> String {
    // The page of a person does not fail for a content that cannot be read: the kind names it.
    let content = campaign.submitted().ok().flatten();
    let written = content
        .as_ref()
        .and_then(|content| pick(&content.variants, locale));
    match written {
        Some((_, variant)) if !variant.subject.contains("{{") => variant.subject.clone(),
        _ => kind_in_words(campaign.kind).to_owned(),
    }
}
