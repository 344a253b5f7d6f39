//! The fact sheet of an incident: its claims, what of them is public, and where an old text of one still stands.

use std::collections::BTreeSet;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::incident_at;
use super::page::publication;
use crate::app::App;
use crate::campaign;
use crate::campaign::acknowledge::is_neutral;
use crate::campaign::old_texts::{OldText, Place};
use crate::db::Conn;
use crate::incident::claims::{Claims, DEFAULT, KEYS, Version, fact_key};
use crate::incident::publication::{marks_differ, publish};
use crate::incident::{Facts, Incident, UpdateKind, check_facts, steer};
use crate::staff::Right;
use crate::staff::right::SeeIncidents;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer;
use crate::web::console::changed::ago;
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;
use crate::web::figures::{count, filters};
use crate::web::form::Query;
use crate::web::old_texts::still_said;
use crate::web::page::{self, Area, ConsoleFrame, Fault, Faults};
use crate::web::problem::{Answer, Problem};

/// `/console/incidents/{slug}/facts`
#[derive(Template)]
#[template(path = "console/incident/claims.html")]
pub struct ClaimsPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// Its working title.
    pub title: String,
    /// The claims that have a text.
    pub claims: Vec<ClaimRow>,
    /// The usual keys without a claim.
    pub missing: Vec<&'static str>,
    /// The sentence about what is not public.
    pub publication: String,
    /// Where an old text still stands.
    pub old: Vec<OldRow>,
    /// Whether the reader may change claims.
    pub may_edit: bool,
    /// A key of one's own, as typed.
    pub own: String,
    /// Why it was refused; field `key`.
    pub faults: Faults,
}

/// One claim.
#[derive(Debug, Clone)]
pub struct ClaimRow {
    /// Its key.
    pub key: String,
    /// How sure it is.
    pub state: UpdateKind,
    /// Its texts.
    pub texts: Vec<Text>,
    /// The languages of other claims that it has no text in.
    pub lacking: Vec<String>,
    /// Who wrote its present version, and when.
    pub last: String,
    /// Whether pages show it as it is.
    pub public: &'static str,
}

/// A text in one language.
#[derive(Debug, Clone)]
pub struct Text {
    /// The language tag.
    pub locale: String,
    /// The language, in itself.
    pub language: String,
    /// The text.
    pub text: String,
}

/// An old text of a claim that still stands somewhere.
#[derive(Debug, Clone)]
pub struct OldRow {
    /// The claim.
    pub key: String,
    /// Where: a template, a campaign.
    pub place: String,
    /// Its page; empty if the reader may not open it.
    pub href: String,
    /// In which languages.
    pub locales: String,
    /// What it means, and what to do.
    pub means: String,
}

impl Text {
    /// A text of a claim.
    pub(super) fn of((locale, text): (&String, &String)) -> Self {
        Self {
            locale: locale.clone(),
            language: own_name(locale),
            text: text.clone(),
        }
    }
}

/// The query of a new claim.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    key: String,
}

/// `GET /console/incidents/{slug}/facts`. With a key it leads to the page of that claim, which need not exist yet.
///
/// # Errors
/// 404.
pub(crate) async fn list(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let own = asked.into_inner().key;
    let key = own.trim().to_lowercase().replace([' ', '-'], "_");
    let fits = check_facts(&Facts::from([(key.clone(), String::new())]));
    let faults = match (own.is_empty(), fits) {
        (false, Ok(())) => return Ok(to_claim(&slug, &key)),
        (false, Err(_)) => Faults(vec![Fault {
            field: "key".to_owned(),
            text: "Use small letters, digits and underscores, at most 60.".to_owned(),
        }]),
        (true, _) => Faults::default(),
    };
    let status = match faults.any() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = load(&app, &mut conn, &req, &who, incident).await?;
    let page = ClaimsPage {
        own,
        faults,
        ..page
    };
    Ok(page::show(status, &page)?)
}

fn to_claim(slug: &str, key: &str) -> HttpResponse {
    let to = format!("/console/incidents/{slug}/claims/{key}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

async fn load(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<ClaimsPage, Problem> {
    let now = app.now();
    let claims = steer::claims_of(conn, &of).await?;
    let publication = not_public(&of, &claims, now);
    let live: Vec<Version> = claims
        .into_values()
        .filter(|one| !one.texts.is_empty())
        .collect();
    let old = still_said(conn, &of).await?;
    let names = Names::load(conn).await?;
    let desk = answer::frame(app, conn, req, who, Area::Incidents).await?;
    let used: BTreeSet<&String> = live.iter().flat_map(|one| one.texts.keys()).collect();
    let row = |claim: &Version| ClaimRow {
        key: claim.key.clone(),
        state: claim.state,
        texts: claim.texts.iter().map(Text::of).collect(),
        lacking: lacking(claim, &used),
        last: last(claim, &names, now),
        public: public(&of, claim),
    };
    let is_missing = |key: &&str| live.iter().all(|one| one.key != *key);
    Ok(ClaimsPage {
        claims: live.iter().map(row).collect(),
        missing: KEYS.iter().map(|one| one.0).filter(is_missing).collect(),
        publication,
        old: old.iter().map(|one| old_row(one, &desk)).collect(),
        may_edit: who.may(Right::SteerIncident) && of.forgotten_at.is_none(),
        own: String::new(),
        faults: Faults::default(),
        slug: of.slug,
        title: of.title,
        desk,
    })
}

/// The languages that other claims have a text in and this one has not. Numbers and addresses need none.
fn lacking(claim: &Version, used: &BTreeSet<&String>) -> Vec<String> {
    let text = claim.texts.get(DEFAULT).map_or("", String::as_str);
    if claim.texts.contains_key(DEFAULT) && is_neutral(&claim.key, text) {
        return Vec::new();
    }
    let others = used.iter().filter(|one| !claim.texts.contains_key(**one));
    others.map(|one| own_name(one)).collect()
}

/// Who wrote the present version, and when.
pub(super) fn last(claim: &Version, names: &Names, now: DateTime<Utc>) -> String {
    match claim.by.zip(claim.at) {
        Some((by, at)) => format!("{}, {}", names.of(by), ago(now, at)),
        None => "no author on record".to_owned(),
    }
}

fn public(of: &Incident, claim: &Version) -> &'static str {
    let facts = of.public_facts();
    let published = of.published.as_ref();
    let mark = published.and_then(|one| one.claims.get(&claim.key));
    let text = |locale: &String| facts.get(&fact_key(&claim.key, locale));
    let is_same = claim
        .texts
        .iter()
        .all(|(locale, now)| text(locale) == Some(now))
        && mark.is_none_or(|mark| {
            mark.state == claim.state
                && mark.locales.iter().all(|one| claim.texts.contains_key(one))
        })
        && (mark.is_some() || claim.state == UpdateKind::Known);
    match (is_same, claim.texts.keys().any(|one| text(one).is_some())) {
        (true, _) => "public",
        (false, true) => "pages show an older version",
        (false, false) => "not public",
    }
}

/// The sentence about what is not public: facts, and the states of claims.
fn not_public(of: &Incident, claims: &Claims, now: DateTime<Utc>) -> String {
    let Some(public) = &of.published else {
        return publication(of, now);
    };
    let coming = publish(Some(public), claims, now);
    match marks_differ(&public.claims, &coming) {
        true => publication(of, now) + " Pages do not show the states of all claims.",
        false => publication(of, now),
    }
}

/// A row of the table of old texts.
pub(super) fn old_row(of: &OldText, desk: &ConsoleFrame) -> OldRow {
    let link = |right, href: String| match desk.may(right) {
        true => href,
        false => String::new(),
    };
    let (place, href, means) = match &of.place {
        Place::Template { id, name } => (
            format!("Template “{name}”"),
            link(Right::SeeTemplates, format!("/console/templates/{id}")),
            format!(
                "It has the text by copy. Write {{{{ facts.{} }}}} instead.",
                of.key
            ),
        ),
        Place::Campaign {
            id,
            name,
            status,
            sent,
            left,
        } => (
            format!("Campaign “{name}”"),
            link(Right::SeeCampaigns, format!("/console/campaigns/{id}")),
            campaign_means(*status, *sent, *left),
        ),
    };
    OldRow {
        key: of.key.clone(),
        place,
        href,
        locales: of
            .locales
            .iter()
            .map(|one| own_name(one))
            .collect::<Vec<_>>()
            .join(", "),
        means,
    }
}

fn campaign_means(status: campaign::CampaignStatus, sent: i64, left: i64) -> String {
    use campaign::CampaignStatus::{Approved, Cancelled, Completed, Draft, InReview, Paused};
    use campaign::CampaignStatus::{Scheduled, Sending};
    let people = |n: i64| match n {
        1 => "1 person".to_owned(),
        n => format!("{} people", count(n)),
    };
    match status {
        Draft | InReview | Approved | Scheduled => {
            "Nobody was sent it. Take it back and submit it again.".to_owned()
        }
        Sending | Paused => format!(
            "Sent to {}; {} may still get it.",
            people(sent),
            people(left)
        ),
        Completed | Cancelled => format!("Sent to {}.", people(sent)),
    }
}
