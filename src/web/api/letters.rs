//! `/api/v1/incidents/{incident}/letters` and `/api/v1/letters`: lists of postal letters, and their results. Taking a
//! list is not here: the answers of POSTs are kept to be given again, and this one would hold every address.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Json;
use super::incidents::named;
use crate::app::App;
use crate::id::PostalId;
use crate::postal::consent::Confirmed;
use crate::postal::post::Done;
use crate::postal::slips::{self, Slips};
use crate::postal::store::Due;
use crate::postal::{self, Batch, How, MinorsRule, PostalKind, Telling, post, store};
use crate::staff::right::{ImportScope, SeeIncidents, SteerIncident};
use crate::web::caller::Allowed;
use crate::web::postal_letters::references;
use crate::web::problem::{Answer, Kind, Problem};

/// The letters of an incident, in the JSON of the API.
#[derive(Debug, Serialize)]
struct LettersView {
    minors: MinorsRule,
    due: Vec<Due>,
    items: Vec<Batch>,
}

/// `GET /incidents/{id|slug}/letters`: the lists that were taken, newest first, at most 200.
///
/// # Errors
/// 404.
pub(crate) async fn list(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let of = named(&mut conn, &name).await?;
    let view = LettersView {
        minors: store::minors(&mut conn, of.id).await?,
        due: store::due(&mut conn, of.id).await?,
        items: store::list(&mut conn, of.id).await?,
    };
    Ok(HttpResponse::Ok().json(view))
}

/// `GET /incidents/{id|slug}/letters/without-address`: a CSV of the references of people who belong on a list for the
/// post (`?kind=letter`, the default, `guardian` or `correction`) and have no postal address.
///
/// # Errors
/// 404.
pub(crate) async fn without_address(
    who: Allowed<ImportScope>,
    app: Data<App>,
    name: Path<String>,
    asked: Query<OfKind>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    let kind = asked.kind.unwrap_or(PostalKind::Letter);
    references(&app, &who, &of, kind).await
}

/// Which list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OfKind {
    kind: Option<PostalKind>,
}

/// The body of [`posted`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostedOn {
    on: NaiveDate,
    #[serde(default)]
    confirm: Confirmed,
}

/// `POST /letters/{id}/posted`.
///
/// # Errors
/// 404, a list that is not waiting, an impossible day, people on it who must not be notified any more and are not confirmed
/// with their number.
pub(crate) async fn posted(
    who: Allowed<ImportScope>,
    app: Data<App>,
    id: Path<PostalId>,
    body: Json<PostedOn>,
) -> Answer {
    let done = Done {
        confirmed: body.0.confirm,
        ..Done::posted(body.0.on)
    };
    let batch = post::record(&app, who.id, *id, &done).await?;
    Ok(HttpResponse::Ok().json(batch))
}

/// The body of [`told`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldOn {
    on: NaiveDate,
    how: How,
    who: String,
    #[serde(default)]
    confirm: Confirmed,
}

/// `POST /letters/{id}/told`, for a list of next of kin or of safe channels.
///
/// # Errors
/// As [`posted`].
pub(crate) async fn told(
    who: Allowed<ImportScope>,
    app: Data<App>,
    id: Path<PostalId>,
    body: Json<ToldOn>,
) -> Answer {
    let telling = Telling::new(body.0.how, &body.0.who)?;
    let done = Done {
        confirmed: body.0.confirm,
        ..Done::told(body.0.on, telling)
    };
    let batch = post::record(&app, who.id, *id, &done).await?;
    Ok(HttpResponse::Ok().json(batch))
}

/// `POST /letters/{id}/discard`.
///
/// # Errors
/// 404, a list that is not waiting.
pub(crate) async fn discard(
    who: Allowed<ImportScope>,
    app: Data<App>,
    id: Path<PostalId>,
) -> Answer {
    Ok(HttpResponse::Ok().json(post::discard(&app, who.id, *id).await?))
}

/// The body of [`told_one`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneTold {
    reference: String,
    on: NaiveDate,
    how: How,
    who: String,
}

/// `POST /incidents/{id|slug}/letters/told`: one person was notified by another channel.
///
/// # Errors
/// 404, a person under a legal hold, or one who needs no notification.
pub(crate) async fn told_one(
    who: Allowed<ImportScope>,
    app: Data<App>,
    name: Path<String>,
    body: Json<OneTold>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    let OneTold {
        reference,
        on,
        how,
        who: told,
    } = body.0;
    let telling = Telling::new(how, &told)?;
    let batch = postal::told::told(&app, who.id, of.id, &reference, on, &telling).await?;
    Ok(HttpResponse::Ok().json(batch))
}

/// One letter that came back.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Back {
    reference: String,
    letter_code: String,
    reason: String,
}

/// The body of [`returned`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Returned {
    letters: Vec<Back>,
}

/// The result of a report of returned letters.
#[derive(Debug, Serialize)]
struct RecordedView {
    returned: i64,
    not_posted: i64,
    refused: Vec<RefusedView>,
}

#[derive(Debug, Serialize)]
struct RefusedView {
    /// Its place in the list, from 1.
    letter: usize,
    reason: String,
}

/// `POST /incidents/{id|slug}/letters/returned`.
///
/// # Errors
/// 404. Letters that were refused are named in the answer.
pub(crate) async fn returned(
    who: Allowed<ImportScope>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Returned>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    let letters = body.0.letters;
    if letters.is_empty() || letters.len() > slips::MOST {
        let why = format!("letters holds 1 to {} letters", slips::MOST);
        return Err(Problem::new(Kind::BadRequest)
            .because(why)
            .with("at", "letters"));
    }
    let slip = |(n, back): (usize, &Back)| {
        let read = slips::slip(n + 1, &back.reference, &back.letter_code, &back.reason);
        read.map_err(|why| (n + 1, why))
    };
    let slips: Slips = letters.iter().enumerate().map(slip).collect();
    let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
    let refused = recorded.refused.iter().map(|(letter, why)| RefusedView {
        letter: *letter,
        reason: why.to_string(),
    });
    Ok(HttpResponse::Ok().json(RecordedView {
        returned: recorded.returned,
        not_posted: recorded.not_posted,
        refused: refused.collect(),
    }))
}

/// The body of [`minors`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    minors: MinorsRule,
}

/// `POST /incidents/{id|slug}/minors`: how minors are notified.
///
/// # Errors
/// 404; a campaign that is submitted, approved or running.
pub(crate) async fn minors(
    who: Allowed<SteerIncident>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Choice>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    postal::minors::choose(&app, who.id, of.id, body.0.minors).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "minors": body.0.minors })))
}
