//! A campaign gets the audience of the page: a new one, or a draft.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::page::{Refused, load};
use super::typed::Typed;
use crate::app::App;
use crate::campaign::error::CampaignError;
use crate::campaign::store::{self, NewCampaign};
use crate::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use crate::id::{CampaignId, TemplateId};
use crate::incident::Incident;
use crate::staff::right::DraftCampaign;
use crate::template;
use crate::web::audience_counts::AudienceCounts;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::redirect;
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::form::Form;
use crate::web::page::{self, Fault, Faults};
use crate::web::problem::{Answer, Problem};

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chosen {
    query: String,
    template: Option<TemplateId>,
    version: i32,
}

/// `POST /console/incidents/{slug}/audience`.
///
/// # Errors
/// 404, a form without our token, a draft that changed. A form with faults shows the page again.
pub(crate) async fn draft(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    counts: Data<AudienceCounts>,
    slug: Path<String>,
    form: Form<Chosen>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let typed = Typed::parse(&form.query);
    let (kind, audience, mut faults) = typed.read();
    let done = match (faults.any(), typed.draft.parse(), form.template) {
        (true, ..) => None,
        (_, Ok(draft), _) => {
            Some(change(&app, &who, (draft, form.version), (kind, audience)).await)
        }
        (_, Err(_), Some(template)) => {
            Some(create(&app, &who, (&of, template), (kind, audience)).await)
        }
        (_, Err(_), None) => {
            let why = "Choose a template: a campaign sends its texts.";
            faults.0.push(fault("use_template", why));
            None
        }
    };
    match done {
        Some(Ok((id, action))) => return Ok(redirect(&format!("/console/campaigns/{id}"), action)),
        Some(Err(Failed::Said(why))) => faults.0.push(fault("conditions", &why)),
        Some(Err(Failed::Problem(problem))) => return Err(problem),
        None => {}
    }
    let page = load(
        (&app, &req, &who),
        &counts,
        of,
        Refused::with(typed, faults),
    )
    .await?;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

pub(super) fn fault(field: &str, text: &str) -> Fault {
    Fault {
        field: field.to_owned(),
        text: text.to_owned(),
    }
}

/// Why no campaign got the audience.
enum Failed {
    /// A sentence for the page.
    Said(String),
    /// Anything else.
    Problem(Problem),
}

impl From<CampaignError> for Failed {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::Forgotten
            | CampaignError::AudiencePart(_)
            | CampaignError::NotADraft => Self::Said(sentence(error)),
            other => Self::Problem(other.into()),
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

type Done = Result<(CampaignId, &'static str), Failed>;

async fn create(
    app: &App,
    who: &Signed,
    (of, template): (&Incident, TemplateId),
    (kind, audience): (CampaignKind, Audience),
) -> Done {
    let found = async {
        let mut conn = app.db.get().await?;
        template::store::find(&mut conn, template, None).await
    };
    let template = found.await.map_err(Problem::from)?;
    let new = NewCampaign {
        incident: of.id,
        template: template.id,
        template_version: template.version,
        kind,
        audience,
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    Ok((launch::create(app, who.id, &new).await?, "drafted"))
}

/// Gives a draft another kind and audience; the rest stays.
async fn change(
    app: &App,
    who: &Signed,
    (id, version): (CampaignId, i32),
    (kind, audience): (CampaignKind, Audience),
) -> Done {
    let found = async { store::find(&mut *app.db.get().await?, id).await };
    let of = found.await.map_err(Problem::from)?;
    let new = NewCampaign {
        incident: of.incident,
        template: of.template,
        template_version: of.template_version,
        kind,
        audience,
        limits: of.limits,
        on_uncertain: of.on_uncertain,
    };
    launch::edit(app, who.id, id, version, &new).await?;
    Ok((id, "audience"))
}

/// Redirects to the page with these conditions.
pub(super) fn back(slug: &str, typed: &Typed, action: &str) -> HttpResponse {
    let to = format!(
        "/console/incidents/{slug}/audience?{}&did={action}",
        typed.query()
    );
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// The faults of a form that was refused for one reason.
pub(super) fn faults_of(field: &str, text: &str) -> Faults {
    Faults(vec![fault(field, text)])
}
