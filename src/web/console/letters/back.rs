//! A report of letters that came back.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Payload};

use super::act::{Again, again, done};
use crate::app::App;
use crate::postal;
use crate::postal::slips::{self, Refused};
use crate::staff::right::ImportScope;
use crate::web::console::around::incident_at;
use crate::web::figures::count;
use crate::web::form;
use crate::web::multipart::{Parts, boundary};
use crate::web::page::Fault;
use crate::web::problem::{Answer, Problem};
use crate::web::who::Allowed;

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
    let faults = match slips::read(file.as_bytes()) {
        Err(bad) => vec![Fault {
            field: "file".to_owned(),
            text: Problem::from(bad).sentence(),
        }],
        Ok(slips) => {
            let recorded = postal::returned::returned(&app, who.id, of.id, None, slips).await?;
            if recorded.refused.is_empty() {
                return Ok(done(&of, "returned"));
            }
            lines(recorded.returned + recorded.not_posted, &recorded.refused)
        }
    };
    again(&app, &req, &who, of, Again::with(faults)).await
}

/// What is said of a report of which some lines were refused.
fn lines(recorded: i64, refused: &[(usize, Refused)]) -> Vec<Fault> {
    let fault = |text: String| Fault {
        field: "file".to_owned(),
        text,
    };
    let n = i64::try_from(refused.len()).unwrap_or(i64::MAX);
    let head = format!(
        "Letters recorded: {}. Lines refused: {}.",
        count(recorded),
        count(n)
    );
    let each = refused
        .iter()
        .take(NAMED)
        .map(|(line, why)| format!("Line {line}: {why}."));
    let rest = refused.len().saturating_sub(NAMED);
    let rest = (rest > 0).then(|| format!("And {rest} more."));
    std::iter::once(head)
        .chain(each)
        .chain(rest)
        .map(fault)
        .collect()
}
