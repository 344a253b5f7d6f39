//! The recalls of an incident, and the form that proposes one.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::{in_words, name_of};
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::id::TemplateId;
use crate::recall::readers::texts_of;
use crate::recall::steer::{self, RecallError};
use crate::recall::{BadProposal, Corrections, Named, RecallStatus, store};
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::template;
use crate::template::store::Listed;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::person_lookup::CAMPAIGNS;
use crate::web::problem::{Answer, Problem};

/// How many recalls the page shows: more than any incident has.
const LATEST: i64 = 100;

/// `/console/incidents/{slug}/recalls`
#[derive(Template)]
#[template(path = "console/recall/list.html")]
pub struct Recalls {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The recalls, the newest first.
    pub recalls: Vec<RecallRow>,
    /// The form; `None` without the right to propose.
    pub form: Option<Proposal>,
}

/// One recall in the list.
#[derive(Debug, Clone)]
pub struct RecallRow {
    /// Its id.
    pub id: String,
    /// What is wrong.
    pub what: String,
    /// Its state.
    pub status: RecallStatus,
    /// When it was proposed.
    pub at: Moment,
}

/// The form of a proposal, as typed.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The template versions that were sent.
    pub versions: Vec<Choice>,
    /// The version chosen: `tpl_…:3`.
    pub template: String,
    /// Words of the text.
    pub words: String,
    /// The correction, by language.
    pub corrections: Vec<(String, String)>,
    /// Why it was refused.
    pub faults: Faults,
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    template: String,
    words: String,
    locale: Vec<String>,
    text: Vec<String>,
}

impl Typed {
    /// The languages and texts in pairs.
    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = self.locale.iter().zip(&self.text);
        pairs
            .map(|(locale, text)| (locale.trim().to_owned(), text.clone()))
            .collect()
    }

    /// What is proposed. A language without a text is left out.
    fn proposal(&self) -> (Named, Corrections) {
        let version = self.template.rsplit_once(':');
        let template = version.and_then(|(id, version)| {
            Some((id.parse::<TemplateId>().ok()?, version.parse().ok()?))
        });
        let words = Some(self.words.clone());
        let pairs = self.pairs().into_iter();
        let corrections = pairs.filter(|(_, text)| !text.trim().is_empty()).collect();
        (Named { template, words }, corrections)
    }
}

/// `GET /console/incidents/{slug}/recalls`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let form = Proposal::default();
    shown(&app, &req, &who, &slug, (StatusCode::OK, form)).await
}

/// `POST /console/incidents/{slug}/recalls`.
///
/// # Errors
/// 404. A proposal that is refused shows the page again.
pub(crate) async fn propose(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<Typed>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let error = match steer::propose(&app, who.id, incident.id, form.proposal()).await {
        Ok(id) => {
            return Ok(redirect(
                &format!("/console/recalls/{id}"),
                "recall-proposed",
            ));
        }
        Err(error) => error,
    };
    let field = match &error {
        RecallError::Bad(BadProposal::Correction | BadProposal::Language(_)) => "text-1",
        RecallError::Bad(_) | RecallError::NoText => "words",
        _ => return Err(error.into()),
    };
    form.fault(field, sentence(error));
    let typed = Proposal {
        corrections: form.pairs(),
        template: form.typed.template,
        words: form.typed.words,
        faults: form.faults,
        ..Proposal::default()
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    shown(&app, &req, &who, &slug, (refused, typed)).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    slug: &str,
    (status, typed): (StatusCode, Proposal),
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, slug).await?;
    let found = store::list(&mut conn, incident.id, None, LATEST).await?;
    let templates = template::store::list(&mut conn).await?;
    let may = who.may(Right::DraftCampaign) && incident.forgotten_at.is_none();
    let form = match may {
        true => {
            let campaigns =
                campaign::store::list(&mut conn, Some(incident.id), None, CAMPAIGNS).await?;
            Some(with_choices(typed, &campaigns, &templates)?)
        }
        false => None,
    };
    let row = |one: &crate::recall::Recall| RecallRow {
        id: one.id.to_string(),
        what: in_words(&one.named, &templates),
        status: one.status,
        at: Moment::row(one.proposed.1),
    };
    let page = Recalls {
        recalls: found.iter().map(row).collect(),
        desk: answer::frame(app, &mut conn, req, who, Area::Incidents).await?,
        slug: incident.slug,
        title: incident.title,
        form,
    };
    Ok(page::show(status, &page)?)
}

/// The form with the versions that were sent, and a field for each language in which a text was sent.
fn with_choices(
    typed: Proposal,
    campaigns: &[Campaign],
    templates: &[Listed],
) -> Result<Proposal, Problem> {
    let (mut sent, mut languages) = (BTreeMap::new(), BTreeSet::new());
    for campaign in campaigns.iter().filter(|one| one.launched_at.is_some()) {
        let version = (campaign.template, campaign.template_version);
        *sent.entry(version).or_insert(0_usize) += 1;
        languages.extend(texts_of(campaign)?.into_keys());
    }
    let choice = |((id, version), campaigns): ((TemplateId, i32), usize)| Choice {
        value: format!("{id}:{version}"),
        words: match campaigns {
            1 => format!("{}, version {version}", name_of(id, templates)),
            n => format!(
                "{}, version {version}: {n} campaigns",
                name_of(id, templates)
            ),
        },
    };
    let none = Choice {
        value: String::new(),
        words: "Any text that has the words below".to_owned(),
    };
    let mut corrections = typed.corrections;
    if corrections.is_empty() {
        corrections.extend(languages.into_iter().map(|tag| (tag, String::new())));
    }
    if corrections.iter().all(|(locale, _)| !locale.is_empty()) {
        corrections.push(Default::default());
    }
    Ok(Proposal {
        versions: std::iter::once(none)
            .chain(sent.into_iter().map(choice))
            .collect(),
        corrections,
        ..typed
    })
}
