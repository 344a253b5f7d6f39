//! What is done with lists: taken, recorded as posted or told, thrown away; and how minors are told.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::Deserialize;

use super::asked::Asked as Boxed;
use super::{Typed, filled};
use crate::app::App;
use crate::id::PostalId;
use crate::incident::{self, Incident};
use crate::postal::consent::{Confirmed, Question};
use crate::postal::take::Insist;
use crate::postal::{self, How, MinorsRule, PostalError, PostalKind, Telling, post, store};
use crate::staff::right::{ImportScope, SteerIncident};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::around::{incident_at, on_to};
use crate::web::form::{Form, Nothing};
use crate::web::page::{self, Fault, Faults};
use crate::web::postal_letters::download;
use crate::web::problem::{Answer, Kind, Problem};

/// A form of the page that was refused.
#[derive(Default)]
pub(super) struct Again {
    faults: Vec<Fault>,
    /// The list that the form was of, and what had been typed; without a list, of one person.
    typed: Option<(Option<PostalId>, Typed)>,
    /// What must be confirmed of that list.
    questions: Vec<Question>,
}

impl Again {
    /// Refused for these reasons; nothing had been typed that is kept.
    pub(super) fn with(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }
}

/// What was refused at a field; faults of ours stay problems.
fn fault(field: &str, why: PostalError) -> Result<Fault, Problem> {
    let problem = Problem::from(why);
    match problem.kind() {
        Kind::NotAccepted | Kind::InTheWay => Ok(Fault {
            field: field.to_owned(),
            text: problem.sentence(),
        }),
        _ => Err(problem),
    }
}

/// The page again, with what had been typed.
pub(super) async fn again(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    refused: Again,
) -> Answer {
    let mut page = filled(app, req, who, of).await?;
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
                    line.asked = refused.questions.iter().map(Boxed::from).collect();
                }
            }
        }
    }
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The page again, with a refusal at a field.
async fn refuse(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    (field, why): (&str, PostalError),
) -> Answer {
    let refused = Again::with(vec![fault(field, why)?]);
    again(app, req, who, of, refused).await
}

pub(super) fn done(of: &Incident, act: &str) -> HttpResponse {
    on_to(&format!("/console/incidents/{}/letters", of.slug), act)
}

/// Which list to take.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: Option<PostalKind>,
    again: bool,
    anyway: bool,
}

/// `POST /console/incidents/{slug}/letters`: takes a list, and goes to where its file is downloaded and recorded.
///
/// # Errors
/// 404. A list on which nobody belongs shows the page again.
pub async fn take(
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

/// `POST /console/letters/{id}/file`: the file of a list that waits, as CSV of any length. A form and no link, so that
/// no browser fetches addresses by itself.
///
/// # Errors
/// 404. A list that does not wait shows the page again.
pub async fn file(
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

/// The day, who was told how, and what was confirmed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    reference: String,
    on: String,
    how: String,
    who: String,
    /// `legal_hold:2`
    confirm: Vec<String>,
}

impl Said {
    fn typed(&self) -> Typed {
        Typed {
            reference: self.reference.clone(),
            on: self.on.clone(),
            how: self.how.clone(),
            who: self.who.clone(),
        }
    }

    fn day(&self) -> Result<NaiveDate, Fault> {
        self.on.trim().parse().map_err(|_| Fault {
            field: "on".to_owned(),
            text: "Enter a day such as 2026-12-03.".to_owned(),
        })
    }

    /// How and who; `Err` with the fault of the field that is missing.
    fn telling(&self) -> Result<Telling, Fault> {
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

/// The field of a form that an error concerns.
fn field(why: &PostalError, other: &'static str) -> &'static str {
    match why {
        PostalError::InFuture { .. } | PostalError::BeforeTaken { .. } => "on",
        PostalError::Who => "who",
        _ => other,
    }
}

/// `POST /console/letters/{id}/posted`.
///
/// # Errors
/// 404 without the list. The page is shown again for a day that cannot be, a list that does not wait, or people who must not be told any
/// more and are not confirmed.
pub async fn posted(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<Said>,
) -> Answer {
    record(&app, &req, &who, *id, &form, "posted").await
}

/// `POST /console/letters/{id}/told`.
///
/// # Errors
/// As [`posted`].
pub async fn told(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PostalId>,
    form: Form<Said>,
) -> Answer {
    record(&app, &req, &who, *id, &form, "told").await
}

/// Records what became of a list: `posted` or `told`.
async fn record(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: PostalId,
    said: &Said,
    act: &str,
) -> Answer {
    let of = of_batch(app, id).await?;
    let mut questions = Vec::new();
    let telling = (act == "told").then(|| said.telling()).transpose();
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
                Ok(_) => return Ok(done(&of, act)),
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
    let refused = Again {
        faults: vec![Fault { field: at, ..fault }],
        typed: Some((Some(id), said.typed())),
        questions,
    };
    again(app, req, who, of, refused).await
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
/// 404. A list that does not wait shows the page again.
pub async fn discard(
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

/// `POST /console/incidents/{slug}/letters/told`: one person was told.
///
/// # Errors
/// 404 without such an incident. What cannot be recorded shows the page again.
pub async fn told_one(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Said>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let refused = match form.day().and_then(|on| Ok((on, form.telling()?))) {
        Err(fault) => fault,
        Ok((on, telling)) => {
            let (by, reference) = (who.id, form.reference.as_str());
            match postal::told::told(&app, by, of.id, reference, on, &telling).await {
                Ok(_) => return Ok(done(&of, "told")),
                Err(PostalError::Missing) => Fault {
                    field: "reference".to_owned(),
                    text: "Nobody of this incident has this reference.".to_owned(),
                },
                Err(why) => fault(field(&why, "reference"), why)?,
            }
        }
    };
    let refused = Again {
        faults: vec![refused],
        typed: Some((None, form.typed())),
        ..Again::default()
    };
    again(&app, &req, &who, of, refused).await
}

/// How minors are told.
#[derive(Debug, Deserialize)]
pub struct Rule {
    rule: MinorsRule,
}

/// `POST /console/incidents/{slug}/minors`.
///
/// # Errors
/// 404. While a campaign is under way the page is shown again.
pub async fn minors(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Rule>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    match postal::minors::choose(&app, who.id, of.id, form.rule).await {
        Ok(()) => Ok(done(&of, "minors")),
        Err(why) => refuse(&app, &req, &who, of, ("rule", why)).await,
    }
}
