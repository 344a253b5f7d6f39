//! `/api/v1/incidents/{incident}/audience-counts` and `…/audience-lists`: who a campaign would go to, before it is drafted.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};

use super::Json;
use super::incidents::named;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::acknowledge::language;
use crate::campaign::audience::Listed;
use crate::campaign::error::CampaignError;
use crate::campaign::reference_list;
use crate::campaign::{Audience, CampaignKind};
use crate::id::{PersonId, TemplateId};
use crate::incident::Incident;
use crate::person::Who;
use crate::person::store::people_of_term;
use crate::person::terms::{AudienceTerm, AudienceTerms};
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::template::{self, Template, pick};
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::{Allowed, Signed};
use crate::web::problem::{Answer, Kind, Problem};

/// People in a sample.
const SAMPLE: i64 = 10;

/// The body of [`count`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    kind: CampaignKind,
    #[serde(default)]
    audience: Audience,
    template: Option<TemplateId>,
    /// The newest if left out.
    template_version: Option<i32>,
    /// Whether to name ten of those who get it.
    #[serde(default)]
    sample: bool,
}

/// People of one term of the sentence.
#[derive(Debug, Serialize)]
struct TermView {
    term: AudienceTerm,
    people: i64,
}

/// People who read a language.
#[derive(Debug, Serialize)]
struct ReaderView<'a> {
    locale: &'a str,
    people: i64,
    /// The language tag of the text that they get; null without a template.
    text: Option<&'a str>,
    is_theirs: Option<bool>,
}

/// People of a jurisdiction.
#[derive(Debug, Serialize)]
struct PlaceView<'a> {
    /// Null for people without one.
    jurisdiction: Option<&'a str>,
    people: i64,
}

/// A person of the sample.
#[derive(Debug, Serialize)]
struct SampleView {
    person: PersonId,
    reference: String,
}

/// A counted audience, in the JSON of the API.
#[derive(Debug, Serialize)]
struct CountView<'a> {
    who: Who,
    people: i64,
    terms: Vec<TermView>,
    gets_it: i64,
    readers: Vec<ReaderView<'a>>,
    jurisdictions: Vec<PlaceView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<Vec<SampleView>>,
}

impl<'a> CountView<'a> {
    fn of(who: Who, counted: &'a AudienceTerms, text: Option<&'a Template>) -> Self {
        let left_out = AudienceTerm::ALL
            .iter()
            .filter(|one| **one != AudienceTerm::GetsIt);
        let term = |term: &AudienceTerm| TermView {
            term: *term,
            people: counted.of(*term),
        };
        let reader = |(locale, people): (&'a str, i64)| {
            let text = text
                .and_then(|text| pick(&text.variants, locale))
                .map(|(tag, _)| tag);
            ReaderView {
                locale,
                people,
                text,
                is_theirs: text.map(|tag| language(tag) == language(locale)),
            }
        };
        let place = |(place, people): (&'a str, i64)| PlaceView {
            jurisdiction: Some(place).filter(|place| !place.is_empty()),
            people,
        };
        Self {
            who,
            people: counted.all(),
            terms: left_out.map(term).collect(),
            gets_it: counted.of(AudienceTerm::GetsIt),
            readers: counted.languages().into_iter().map(reader).collect(),
            jurisdictions: counted.places().into_iter().map(place).collect(),
            sample: None,
        }
    }
}

/// `POST /incidents/{id|slug}/audience-counts`.
///
/// # Errors
/// 404, no active scope, an audience that the kind cannot have. 403 for a sample without the right to see all people. 503
/// if the audience cannot be counted.
pub(crate) async fn count(
    who: Allowed<SeeCampaigns>,
    app: Data<App>,
    counts: Data<AudienceCounts>,
    name: Path<String>,
    body: Json<Question>,
) -> Answer {
    let Question {
        kind,
        audience,
        template,
        template_version,
        sample,
    } = body.0;
    if sample && !who.may(Right::SeeAllPeople) {
        return Err(Problem::new(Kind::NotAllowed));
    }
    audience.check(kind).map_err(CampaignError::from)?;
    let mut conn = app.db.get().await?;
    let of = named(&mut conn, &name).await?;
    let text = match template {
        Some(id) => Some(template::store::find(&mut conn, id, template_version).await?),
        None => None,
    };
    // Others need it while this one waits.
    drop(conn);
    let counted = counted(&app, &counts, &of, (kind, &audience)).await?;
    let view = CountView {
        sample: match sample {
            true => Some(sampled(&app, &who, &of, (kind, &audience)).await?),
            false => None,
        },
        ..CountView::of(audience.who(kind), &counted, text.as_ref())
    };
    Ok(HttpResponse::Ok().json(view))
}

async fn counted(
    app: &App,
    counts: &AudienceCounts,
    of: &Incident,
    (kind, audience): (CampaignKind, &Audience),
) -> Result<Arc<AudienceTerms>, Problem> {
    let (incident, scope) = (of.id, of.active_scope);
    if scope.is_none() {
        return Err(CampaignError::NoScope.into());
    }
    let asked = Asked {
        incident,
        scope,
        kind,
        audience,
    };
    let counted = counts.complete(app, asked).await;
    counted.ok_or_else(|| Problem::new(Kind::Away).because("the audience could not be counted"))
}

/// Ten of those who get it.
async fn sampled(
    app: &App,
    who: &Signed,
    of: &Incident,
    (kind, audience): (CampaignKind, &Audience),
) -> Result<Vec<SampleView>, Problem> {
    let Some(key) = of.key(&app.keys).map_err(Problem::broken)? else {
        return Ok(Vec::new());
    };
    let (filter, gets) = (audience.filter(kind), AudienceTerm::GetsIt);
    let mut conn = app.db.get().await?;
    let place = (of.id, &key);
    let people = people_of_term(&mut conn, place, (&filter, gets), None, SAMPLE).await?;
    who.saw(app, Action::PeopleRead, of.id, people.len());
    let view = |person: crate::person::Person| SampleView {
        person: person.id,
        reference: person.contact.reference,
    };
    Ok(people.into_iter().map(view).collect())
}

/// The body of [`add_list`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewList {
    references: Vec<String>,
}

/// A list that was added, in the JSON of the API.
#[derive(Debug, Serialize)]
struct AddedView {
    #[serde(flatten)]
    listed: Listed,
    known: i64,
}

/// `POST /incidents/{id|slug}/audience-lists`.
///
/// # Errors
/// 404, an empty or too long list, a forgotten incident.
pub(crate) async fn add_list(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    name: Path<String>,
    body: Json<NewList>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    let text = body.0.references.join("\n");
    let added = reference_list::add(&app, who.id, of.id, &text).await?;
    Ok(HttpResponse::Created().json(AddedView {
        listed: added.listed,
        known: added.known,
    }))
}
