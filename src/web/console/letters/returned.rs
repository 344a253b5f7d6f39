//! The report of letters that came back.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};

use super::actions::{Refused as RefusedForm, done, show_refused};
use super::page::{LettersPage, load};
use crate::app::App;
use crate::postal;
use crate::postal::slips::{self, Refused};
use crate::staff::right::ImportScope;
use crate::web::caller::Allowed;
use crate::web::console::incident::incident_at;
use crate::web::figures::count;
use crate::web::form;
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Fault};
use crate::web::problem::{Answer, Problem};

/// The maximum length of a report, in octets.
const LONGEST: usize = 4 * 1024 * 1024;
/// How many refused lines the page shows.
const NAMED: usize = 20;

/// `POST /console/incidents/{slug}/letters/returned`: a CSV of letters that came back.
///
/// # Errors
/// 404, a form without our token. The page shows refused lines; the others are recorded.
pub(crate) async fn returned(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    body: Payload,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let file = read_file(&req, body).await?;
    let slips = match slips::read(file.as_bytes()) {
        Ok(slips) => slips,
        Err(bad) => {
            let fault = Fault {
                field: "file".to_owned(),
                text: Problem::from(bad).sentence(),
            };
            let refused = RefusedForm::with(vec![fault]);
            return show_refused(&app, &req, &who, of, refused).await;
        }
    };
    let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
    if recorded.refused.is_empty() {
        return Ok(done(&of, "returned"));
    }
    let page = LettersPage {
        report: lines(recorded.returned + recorded.not_posted, &recorded.refused),
        ..load(&app, &req, &who, of).await?
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The file of the form, once the token of the form is checked.
async fn read_file(req: &HttpRequest, body: Payload) -> Result<String, Problem> {
    let mut parts = Parts::new(body, &boundary(req)?);
    let (mut token, mut file) = (String::new(), String::new());
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(1_000).await?,
            "file" => {
                form::check(req, &token)?;
                file = parts.text(LONGEST).await?;
            }
            _ => {}
        }
    }
    form::check(req, &token)?;
    Ok(file)
}

/// The sentences about a report with refused lines. Line 1 of the file is its header.
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
