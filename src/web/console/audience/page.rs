//! The page of the builder: the conditions of an audience, its sentence, and who gets which text.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::sentence::Sentence;
use super::typed::{Typed, list_value};
use super::words::listed;
use crate::app::App;
use crate::campaign::acknowledge::language;
use crate::campaign::audience::Listed;
use crate::campaign::store::Overview;
use crate::campaign::{Audience, CampaignKind, CampaignStatus, store};
use crate::db::Conn;
use crate::id::TemplateId;
use crate::incident::Incident;
use crate::person::narrowing::ListDigest;
use crate::person::store::listed::{self as lists, ReferenceList};
use crate::person::terms::AudienceTerms;
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::template::{self, Template as Text, pick};
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::campaign::row::which;
use crate::web::console::incident::incident_at;
use crate::web::console::template::language::own_name;
use crate::web::console::{Choice, answer};
use crate::web::figures::filters;
use crate::web::form::Query;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};

/// How many earlier campaigns and lists the form offers.
const LATEST: i64 = 50;

/// `/console/incidents/{slug}/audience`
#[derive(Template)]
#[template(path = "console/audience/page.html")]
pub(crate) struct AudiencePage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Whether a list of affected people is active.
    pub has_scope: bool,
    /// The conditions, as typed.
    pub typed: Typed,
    /// The same as the query of an address.
    pub query: String,
    /// What cannot be read, or why a form was refused.
    pub faults: Faults,
    /// What the fields offer.
    pub options: Options,
    /// The counted audience; `None` while it is not counted.
    pub counted: Option<Shown>,
    /// For each chosen list with references that name no person of the incident: a sentence.
    pub unknown: Vec<String>,
    /// Whether the reader may draft a campaign and add a list.
    pub may_draft: bool,
    /// The draft that gets the audience; `None` if the page is for no draft.
    pub draft: Option<DraftOf>,
}

/// What the fields of the form offer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub kinds: Vec<Choice>,
    pub groups: Vec<Choice>,
    pub campaigns: Vec<Choice>,
    pub outcomes: Vec<Choice>,
    pub lists: Vec<Choice>,
    pub templates: Vec<Choice>,
}

/// A counted audience.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// Its sentence.
    pub sentence: Sentence,
    /// Those who get the message, by language.
    pub languages: Vec<Language>,
    /// The same by jurisdiction; empty for people without one.
    pub places: Vec<(String, i64)>,
    /// The address of a sample of them; empty for a reader who may not see it, and without people.
    pub sample: String,
}

/// People who read a language.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    /// The language in words.
    pub name: String,
    /// How many people.
    pub people: i64,
    /// The language of the text that they get; empty without a template.
    pub text: String,
    /// Whether that text is in their language.
    pub is_theirs: bool,
}

/// A draft that gets the audience.
#[derive(Debug, Clone)]
pub(crate) struct DraftOf {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that the form sends.
    pub version: i32,
}

/// `GET /console/incidents/{slug}/audience`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    counts: Data<AudienceCounts>,
    slug: actix_web::web::Path<String>,
    typed: Query<Typed>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let asked = Refused::with(typed.into_inner(), Faults::default());
    let page = load((&app, &req, &who), &counts, of, asked).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// What was typed, and why a form of the page was refused.
pub(super) struct Refused {
    pub(super) typed: Typed,
    pub(super) faults: Faults,
}

impl Refused {
    pub(super) fn with(typed: Typed, faults: Faults) -> Self {
        Self { typed, faults }
    }
}

/// Reads the page for its reader.
pub(super) async fn load(
    (app, req, who): (&App, &HttpRequest, &Signed),
    counts: &AudienceCounts,
    of: Incident,
    asked: Refused,
) -> Result<AudiencePage, Problem> {
    let (mut typed, mut faults) = (asked.typed, asked.faults);
    let (kind, audience, wrong) = typed.read();
    faults.0.extend(wrong.0);
    let mut conn = app.db.get().await?;
    let campaigns = store::overviews(&mut conn, Some(of.id), None, LATEST).await?;
    let templates = template::store::list(&mut conn).await?;
    if typed.template.is_empty() {
        typed.template = suggested(&campaigns, kind)
            .map(|id| id.to_string())
            .unwrap_or_default();
    }
    let added = lists::newest(&mut conn, of.id, LATEST).await?;
    let text = match typed.template.parse::<TemplateId>() {
        Ok(id) => Some(template::store::find(&mut conn, id, None).await?),
        Err(_) => None,
    };
    let unknown = unknown(&mut conn, &of, &audience).await?;
    let desk = answer::frame(app, &mut conn, req, who, Area::Incidents).await?;
    // Others need it while the audience is counted.
    drop(conn);
    let scope = of.active_scope.filter(|_| !faults.any());
    let counted = match scope {
        Some(_) => {
            let (incident, audience) = (of.id, &audience);
            let asked = Asked {
                incident,
                scope,
                kind,
                audience,
            };
            counts.in_time(app, asked).await
        }
        None => None,
    };
    let may_see = who.may(Right::SeeAllPeople);
    let shown = |counted: Arc<AudienceTerms>| {
        shown(
            &of.slug,
            (kind, &audience),
            &counted,
            (text.as_ref(), may_see),
        )
    };
    Ok(AudiencePage {
        counted: counted.map(shown),
        options: options(&typed, &campaigns, &added, templates),
        draft: draft_of(&typed, &campaigns),
        may_draft: who.may(Right::DraftCampaign) && !of.is_over(),
        query: typed.query(),
        has_scope: of.active_scope.is_some(),
        desk,
        unknown,
        typed,
        faults,
        title: of.title,
        slug: of.slug,
    })
}

/// The template of the newest campaign of this kind, else of the newest campaign.
fn suggested(campaigns: &[Overview], kind: CampaignKind) -> Option<TemplateId> {
    let of_kind = campaigns.iter().find(|one| one.campaign.kind == kind);
    of_kind
        .or(campaigns.first())
        .map(|one| one.campaign.template)
}

fn draft_of(typed: &Typed, campaigns: &[Overview]) -> Option<DraftOf> {
    let is_it = |one: &&Overview| {
        one.campaign.id.to_string() == typed.draft && one.campaign.status == CampaignStatus::Draft
    };
    let one = campaigns.iter().find(is_it)?;
    Some(DraftOf {
        id: typed.draft.clone(),
        name: one.campaign.name.to_string(),
        version: one.campaign.version,
    })
}

/// The references of the chosen lists that name no person of the incident.
async fn unknown(
    conn: &mut Conn,
    of: &Incident,
    audience: &Audience,
) -> Result<Vec<String>, Problem> {
    let mut sentences = Vec::new();
    for list in audience.only_listed.iter().chain(&audience.not_listed) {
        let known = lists::known(conn, of.id, list.list).await?;
        let unknown = i64::from(list.references) - known;
        if unknown > 0 {
            let all = listed(*list);
            let verb = if unknown == 1 { "names" } else { "name" };
            let unknown = crate::web::figures::count(unknown);
            sentences.push(format!(
                "Of the list of {all}, {unknown} {verb} no person of this incident. Check the list for typing mistakes."
            ));
        }
    }
    Ok(sentences)
}

fn shown(
    slug: &str,
    (kind, audience): (CampaignKind, &Audience),
    counted: &AudienceTerms,
    (text, may_see): (Option<&Text>, bool),
) -> Shown {
    let reader = |(locale, people): (&str, i64)| {
        let tag = text
            .and_then(|text| pick(&text.variants, locale))
            .map(|(tag, _)| tag);
        Language {
            name: own_name(locale),
            people,
            text: tag.map(own_name).unwrap_or_default(),
            is_theirs: tag.is_none_or(|tag| language(tag) == language(locale)),
        }
    };
    let sentence = Sentence::of(slug, (kind, audience), counted, may_see);
    let places = counted.places().into_iter();
    Shown {
        languages: counted.languages().into_iter().map(reader).collect(),
        places: places
            .map(|(place, people)| (place.to_owned(), people))
            .collect(),
        sample: match sentence.gets.href.as_str() {
            "" => String::new(),
            href => format!("{href}&sample=yes"),
        },
        sentence,
    }
}

fn options(
    typed: &Typed,
    campaigns: &[Overview],
    added: &[ReferenceList],
    templates: Vec<template::store::Listed>,
) -> Options {
    let launched = campaigns
        .iter()
        .filter(|one| one.campaign.launched_at.is_some());
    let campaign = |one: &Overview| {
        let about = which(one.number, &one.campaign);
        choice(
            one.campaign.id.to_string(),
            format!("{}, {about}", one.campaign.name),
        )
    };
    let none = |words: &str| choice(String::new(), words.to_owned());
    let templates = templates
        .into_iter()
        .map(|one| choice(one.id.to_string(), one.name));
    Options {
        kinds: fixed(&[
            ("initial", "Initial: people who were told nothing so far"),
            (
                "supplement",
                "Supplement: people who were told less than was taken",
            ),
            (
                "correction",
                "Correction: people who were told of something that is not theirs",
            ),
        ]),
        groups: fixed(&[
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
        ]),
        outcomes: fixed(&[
            ("", "Any"),
            ("bounced expired", "Bounced or expired"),
            ("bounced", "Bounced"),
            ("expired", "Expired"),
            ("uncertain", "Uncertain"),
            ("sent", "Sent"),
            ("withheld", "Withheld"),
            ("cancelled", "Cancelled"),
        ]),
        campaigns: [none("None")]
            .into_iter()
            .chain(launched.map(campaign))
            .collect(),
        lists: lists_offered(typed, added),
        templates: [none("No template yet")]
            .into_iter()
            .chain(templates)
            .collect(),
    }
}

fn choice(value: String, words: String) -> Choice {
    Choice { value, words }
}

fn fixed(all: &[(&str, &str)]) -> Vec<Choice> {
    let each = all.iter();
    each.map(|(value, words)| choice((*value).to_owned(), (*words).to_owned()))
        .collect()
}

/// The lists of the incident, and those that are chosen and older.
fn lists_offered(typed: &Typed, added: &[ReferenceList]) -> Vec<Choice> {
    let mut all = vec![choice(String::new(), "No list".to_owned())];
    for list in added {
        let Ok(digest) = <[u8; 32]>::try_from(list.digest.as_slice()) else {
            continue;
        };
        let of = Listed {
            list: ListDigest(digest),
            references: u32::try_from(list.entries).unwrap_or_default(),
        };
        let at = list.created_at.format("%-d %b %Y, %H:%M");
        all.push(choice(
            list_value(of),
            format!("{}, added {at} UTC", listed(of)),
        ));
    }
    for chosen in [&typed.only, &typed.without] {
        if !all.iter().any(|one| one.value == *chosen) {
            all.push(choice(chosen.clone(), "An older list".to_owned()));
        }
    }
    all
}
