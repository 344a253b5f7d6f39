//! Activating and discarding a draft.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use tokio::time::timeout;

use super::report::{find, load};
use crate::app::App;
use crate::scope::activate;
use crate::scope::activate::ActivateError;
use crate::scope::consent::{Confirmed, Consent, Lifted, Question};
use crate::staff::right::ImportScope;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::redirect;
use crate::web::page::{self, Fault, Faults};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::{Home, form};

/// How long the reader waits for an activation before the page shows its progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// The form of [`activate()`].
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Activate {
    rejected: Option<i64>,
    /// `hold:3`
    lifted: Vec<String>,
    retracted: Option<i64>,
    replaced: Option<i64>,
    emails_lost: Option<i64>,
    addresses_lost: Option<i64>,
    told_too_much: Option<i64>,
    campaigns_ended: Option<i64>,
    /// `same:2`, `another:2` or `later`
    identity: String,
    revision: Option<String>,
}

impl Activate {
    fn identity(&self, answer: &str) -> Option<i64> {
        let (given, number) = self.identity.split_once(':')?;
        number.parse().ok().filter(|_| given == answer)
    }

    fn confirmed(&self) -> Confirmed {
        let flag = |text: &String| {
            let (flag, people) = text.split_once(':')?;
            Some((flag.to_owned(), people.parse().ok()?))
        };
        let flags: BTreeMap<_, _> = self.lifted.iter().filter_map(flag).collect();
        Confirmed {
            any_rejected: false,
            rejected: self.rejected,
            flags_lifted: (!flags.is_empty()).then_some(Lifted::ByFlag(flags)),
            retracted: self.retracted,
            identity_changes: self.identity("same"),
            another_person: self.identity("another"),
            replaced: self.replaced,
            emails_lost: self.emails_lost,
            addresses_lost: self.addresses_lost,
            told_too_much: self.told_too_much,
            campaigns_ended: self.campaigns_ended,
            revision: self.revision.clone(),
        }
    }
}

/// `POST /console/incidents/{slug}/scopes/{version}/activate`. After `PATIENCE` the page shows the progress of a long one.
///
/// # Errors
/// 404. For a version that is not a draft, and for numbers that are not confirmed, the page says why.
pub(crate) async fn activate(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    home: Data<Home>,
    at: Path<(String, i32)>,
    form: form::Form<Activate>,
) -> Answer {
    let page = format!("/console/incidents/{}/scopes/{}", at.0, at.1);
    if form.identity == "later" {
        return Ok(redirect(&page, "waits"));
    }
    let consent = Consent::Numbers(form.confirmed());
    let (incident, version) = find(&mut *app.db.get().await?, &at).await?;
    let (by, of, version) = (who.id, incident.id, version.version);
    let doing = app.as_ref().clone();
    // In the runtime of the process: it does not stop when the reader leaves.
    let activation = async move { activate::activate(&doing, by, of, version, consent).await };
    let message = match timeout(PATIENCE, home.run(activation)).await {
        Ok(done) => match done.map_err(Problem::broken)? {
            Ok(_) => "activated",
            Err(why) => return refused(&app, &req, &who, &at, why).await,
        },
        Err(_) => "activating",
    };
    Ok(redirect(&page, message))
}

/// The form of [`discard`].
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Discard {
    revision: Option<String>,
}

/// `POST /console/incidents/{slug}/scopes/{version}/discard`.
///
/// # Errors
/// 404. For a version that is not a draft, the page says why.
pub(crate) async fn discard(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, i32)>,
    form: form::Form<Discard>,
) -> Answer {
    let (incident, version) = find(&mut *app.db.get().await?, &at).await?;
    let seen = form.revision.as_deref();
    let discarded = activate::discard_seen(&app, who.id, incident.id, version.version, seen).await;
    if let Err(why) = discarded {
        return refused(&app, &req, &who, &at, why).await;
    }
    Ok(redirect(
        &format!("/console/incidents/{}", at.0),
        "discarded",
    ))
}

/// The page with the reason of a refusal and the present numbers. Errors that the reader cannot correct stay problems.
async fn refused(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    at: &(String, i32),
    why: ActivateError,
) -> Answer {
    let questions = match &why {
        ActivateError::Unconfirmed { questions, .. } => questions.clone(),
        _ => Vec::new(),
    };
    let problem = Problem::from(why);
    if !matches!(problem.kind(), Kind::InTheWay | Kind::IllegalMove) {
        return Err(problem);
    }
    let mut report = load(app, req, who, at).await?;
    let fault = |field: String, text: String| Fault { field, text };
    let mut faults = vec![fault("file".to_owned(), problem.sentence())];
    if !questions.is_empty() {
        let shown = report.questions.iter().map(|asked| &asked.words);
        let shown: Vec<_> = shown.cloned().collect();
        let of = |question: &Question| {
            let words = question.to_string();
            let place = shown.iter().position(|one| *one == words);
            let place = place.map_or("file".to_owned(), |n| format!("confirm-{}", n + 1));
            fault(place, format!("As it is now: {words}"))
        };
        faults = questions.iter().map(of).collect();
    }
    report.faults = Faults(faults);
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &report)?)
}
