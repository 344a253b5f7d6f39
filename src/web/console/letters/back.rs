//! A report of letters that came back.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};

use serde::Deserialize;

use super::act::{Again, again, done};
use super::{LettersPage, filled};
use crate::app::App;
use crate::postal::slips::{self, Refused};
use crate::postal::{self, PostalKind};
use crate::staff::right::ImportScope;
use crate::web::caller::Allowed;
use crate::web::console::around::incident_at;
use crate::web::figures::count;
use crate::web::form;
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Fault};
use crate::web::postal_letters::references;
use crate::web::problem::{Answer, Problem};

/// Longest report of letters that came back, in octets.
const LONGEST: usize = 4 * 1024 * 1024;
/// How many refused lines the page names.
const NAMED: usize = 20;

/// `POST /console/incidents/{slug}/letters/returned`: a CSV of letters that came back.
///
/// # Errors
/// 404, a form that is not ours. Lines that were refused are named on the page; the others are recorded.
pub async fn returned(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    body: Payload,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let mut parts = Parts::new(body, &boundary(&req)?);
    let (mut token, mut file) = (String::new(), String::new());
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(1_000).await?,
            "file" => {
                form::check(&req, &token)?;
                file = parts.text(LONGEST).await?;
            }
            _ => {}
        }
    }
    form::check(&req, &token)?;
    let slips = match slips::read(file.as_bytes()) {
        Ok(slips) => slips,
        Err(bad) => {
            let fault = Fault {
                field: "file".to_owned(),
                text: Problem::from(bad).sentence(),
            };
            return again(&app, &req, &who, of, Again::with(vec![fault])).await;
        }
    };
    let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
    if recorded.refused.is_empty() {
        return Ok(done(&of, "returned"));
    }
    let page = LettersPage {
        report: lines(recorded.returned + recorded.not_posted, &recorded.refused),
        ..filled(&app, &req, &who, of).await?
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// What is said of a report of which some lines were refused. Lines are those of the file: the first names the columns.
fn lines(recorded: i64, refused: &[(usize, Refused)]) -> Vec<String> {
    let n = i64::try_from(refused.len()).unwrap_or(i64::MAX);
    let done = match recorded {
        0 => "No letter was recorded.".to_owned(),
        1 => "1 letter is recorded.".to_owned(),
        n => format!("{} letters are recorded.", count(n)),
    };
    let not = match n {
        1 => "1 line was refused and changed nothing:".to_owned(),
        n => format!("{} lines were refused and changed nothing:", count(n)),
    };
    let each = refused
        .iter()
        .take(NAMED)
        .map(|(line, why)| format!("Line {line}: {why}."));
    let rest = refused.len().saturating_sub(NAMED);
    let rest = (rest > 0).then(|| format!("And {rest} more."));
    std::iter::once(format!("{done} {not}"))
        .chain(each)
        .chain(rest)
        .collect()
}

/// Which list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfKind {
    kind: Option<PostalKind>,
}

/// `GET /console/incidents/{slug}/letters/without-address`: the references of people who belong on a list for the post
/// and have no postal address, as CSV.
///
/// # Errors
/// 404.
pub async fn without_address(
    who: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
    asked: Query<OfKind>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let kind = asked.kind.unwrap_or(PostalKind::Letter);
    references(&app, &who, &of, kind).await
}
