//! The actions on lists of letters: taking one, downloading its file, recording it as posted or told, discarding it.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::Deserialize;

use super::page::{Typed, load};
use super::questions::Asked as Shown;
use crate::app::App;
use crate::id::PostalId;
use crate::incident::{self, Incident};
use crate::postal::consent::{Confirmed, Question};
use crate::postal::take::Insist;
use crate::postal::{self, How, PostalError, PostalKind, Telling, post, store};
use crate::staff::right::ImportScope;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::redirect;
use crate::web::console::incident::incident_at;
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Fault, Faults};
use crate::web::postal_letters::download;
use crate::web::problem::{Answer, Kind, Problem};

/// A refused form of the page.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) faults: Vec<Fault>,
    /// What was typed, with the list of the form; `None` for the form of one person.
    pub(super) typed: Option<(Option<PostalId>, Typed)>,
    /// What must be confirmed for that list.
    pub(super) questions: Vec<Question>,
}

impl Refused {
    /// Refused for these reasons, with nothing to keep.
    pub(super) fn with(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }
}

/// The fault of a field. Errors that the reader cannot correct stay problems.
pub(super) fn fault(field: &str, why: PostalError) -> Result<Fault, Problem> {
    let problem = Problem::from(why);
    match problem.kind() {
        Kind::NotAccepted | Kind::InTheWay => Ok(Fault {
            field: field.to_owned(),
            text: problem.sentence(),
        }),
        _ => Err(problem),
    }
}

/// The page with the faults and what was typed.
pub(super) async fn show_refused(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    refused: Refused,
) -> Answer {
    let mut page = load(app, req, who, of).await?;
    page.faults = Faults(refused.faults);
    match refused.typed {
        None => {}
        Some((None, typed)) => page.one = typed,
        Some((Some(list), typed)) => {
            let list = list.to_string();
            if let Some(line) = page.batches.iter_mut().find(|line| line.id == list) {
                line.form = typed;
                if line.unknown && !refused.questions.is_empty() {
                    line.unknown = false;
                    line.asked = refused.questions.iter().map(Shown::from).collect();
                }
            }
        }
    }
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The page with one fault.
pub(super) async fn refuse(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    (field, why): (&str, PostalError),
) -> Answer {
    let refused = Refused::with(vec![fault(field, why)?]);
    show_refused(app, req, who, of, refused).await
}

/// Redirects to the page with the message about an action.
pub(super) fn done(of: &Incident, action: &str) -> HttpResponse {
    redirect(&format!("/console/incidents/{}/letters", of.slug), action)
}

/// The form that takes a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    kind: Option<PostalKind>,
    again: bool,
    anyway: bool,
}

/// `POST /console/incidents/{slug}/letters`: takes a list, and redirects to the part of the page that has its
/// file and records it.
///
/// # Errors
/// 404. The page says why a list cannot be taken.
pub(crate) async fn take(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Asked>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let kind = form.kind.unwrap_or(PostalKind::Letter);
    let insist = Insist {
        again: form.again,
        anyway: form.anyway,
    };
    match postal::take::take(&app, who.id, of.id, kind, insist).await {
        Ok(batch) => {
            let at = format!(
                "/console/incidents/{}/letters?did=listed#batch-{}",
                of.slug, batch.id
            );
            Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, at))
                .finish())
        }
        Err(why) => refuse(&app, &req, &who, of, ("lists", why)).await,
    }
}

/// `POST /console/letters/{id}/file`: the file of a waiting list, as CSV of any length. It is a form, so that no browser
/// fetches addresses in advance.
///
/// # Errors
/// 404. For a list that is already recorded or discarded, the page says so.
pub(crate) async fn file(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    _form: Form<Nothing>,
) -> Answer {
    let of = of_batch(&app, *id).await?;
    match postal::list::file(&app, who.id, *id).await {
        Ok(list) => download(&of, list),
        Err(why) => refuse(&app, &req, &who, of, ("lists", why)).await,
    }
}

/// The form that records a list or one person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecordForm {
    pub(super) reference: String,
    on: String,
    how: String,
    who: String,
    /// `legal_hold:2`
    confirm: Vec<String>,
}

impl RecordForm {
    pub(super) fn typed(&self) -> Typed {
        Typed {
            reference: self.reference.clone(),
            on: self.on.clone(),
            how: self.how.clone(),
            who: self.who.clone(),
        }
    }

    pub(super) fn day(&self) -> Result<NaiveDate, Fault> {
        self.on.trim().parse().map_err(|_| Fault {
            field: "on".to_owned(),
            text: "Enter a day such as 2026-12-03.".to_owned(),
        })
    }

    /// How and who was told.
    pub(super) fn telling(&self) -> Result<Telling, Fault> {
        let how = self.how.parse::<How>().map_err(|_| Fault {
            field: "how".to_owned(),
            text: "Choose how they were told.".to_owned(),
        })?;
        Telling::new(how, &self.who).map_err(|why| Fault {
            field: "who".to_owned(),
            text: Problem::from(why).sentence(),
        })
    }

    fn confirmed(&self) -> Confirmed {
        let answer = |text: &String| {
            let (reason, people) = text.split_once(':')?;
            Some((reason.parse().ok()?, people.parse().ok()?))
        };
        Confirmed(self.confirm.iter().filter_map(answer).collect())
    }
}

/// The field of an error; `other` for an error of no field.
pub(super) fn field(why: &PostalError, other: &'static str) -> &'static str {
    match why {
        PostalError::InFuture { .. } | PostalError::BeforeTaken { .. } => "on",
        PostalError::Who => "who",
        _ => other,
    }
}

/// `POST /console/letters/{id}/posted`.
///
/// # Errors
/// 404 without the list. The page says why it is not recorded: a wrong day, a list that is already recorded, or people who
/// must no longer be told and are not confirmed.
pub(crate) async fn posted(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<RecordForm>,
) -> Answer {
    record(&app, &req, &who, *id, &form, "posted").await
}

/// `POST /console/letters/{id}/told`.
///
/// # Errors
/// As [`posted`].
pub(crate) async fn told(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<RecordForm>,
) -> Answer {
    record(&app, &req, &who, *id, &form, "told").await
}

/// Records a list as `posted` or `told`.
async fn record(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: PostalId,
    said: &RecordForm,
    action: &str,
) -> Answer {
    let of = of_batch(app, id).await?;
    let mut questions = Vec::new();
    let telling = (action == "told").then(|| said.telling()).transpose();
    let fault = match said.day().and_then(|on| Ok((on, telling?))) {
        Err(fault) => fault,
        Ok((on, telling)) => {
            let confirmed = said.confirmed();
            let told = post::Done {
                on,
                telling,
                confirmed,
            };
            match post::record(app, who.id, id, &told).await {
                Ok(_) => return Ok(done(&of, action)),
                Err(why) => {
                    if let PostalError::Unconfirmed { questions: asked } = &why {
                        questions.clone_from(asked);
                    }
                    fault(field(&why, ""), why)?
                }
            }
        }
    };
    let at = match fault.field.as_str() {
        "" => format!("batch-{id}"),
        name => format!("{name}-{id}"),
    };
    let refused = Refused {
        faults: vec![Fault { field: at, ..fault }],
        typed: Some((Some(id), said.typed())),
        questions,
    };
    show_refused(app, req, who, of, refused).await
}

/// The incident of a list.
async fn of_batch(app: &App, id: PostalId) -> Result<Incident, Problem> {
    let mut conn = app.db.get().await?;
    let batch = store::find(&mut conn, id).await?;
    Ok(incident::store::find(&mut conn, batch.incident).await?)
}

/// `POST /console/letters/{id}/discard`.
///
/// # Errors
/// 404. For a list that is already recorded or discarded, the page says so.
pub(crate) async fn discard(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    _form: Form<Nothing>,
) -> Answer {
    let of = of_batch(&app, *id).await?;
    match post::discard(&app, who.id, *id).await {
        Ok(_) => Ok(done(&of, "unlisted")),
        Err(why) => refuse(&app, &req, &who, of, ("lists", why)).await,
    }
}
