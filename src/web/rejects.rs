//! The rejects of a scope version as a CSV to correct and import again, read and written page by
//! page.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use csv::StringRecord;
use futures_util::{Stream, stream};

use crate::app::App;
use crate::csv_file::RejectWriter;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::incident::store::wrapped_key;
use crate::scope::delta::Delta;
use crate::scope::{Place, Reject, Version, store};
use crate::seal::IncidentKey;
use crate::web::problem::{Answer, Problem};

/// How many rejects one statement reads.
const AT_ONCE: i64 = 1_000;

/// Answers with the rejects of a version. A forgotten incident has none.
///
/// # Errors
/// Another master key.
pub(crate) fn download(app: &App, incident: &Incident, version: &Version) -> Answer {
    let name = format!("{}-v{}-rejects.csv", incident.slug, version.version);
    let delta = version.delta.clone().unwrap_or_default();
    let from = Download {
        app: app.clone(),
        key: incident.key(&app.keys).map_err(Problem::broken)?,
        incident: incident.id,
        version: version.version,
        columns: StringRecord::from(delta.columns.clone()),
        delta,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(from.pages()))
}

struct Download {
    app: App,
    key: Option<IncidentKey>,
    incident: IncidentId,
    version: i32,
    columns: StringRecord,
    delta: Delta,
}

impl Download {
    fn pages(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        stream::try_unfold((self, Some(Place::from(0))), |(from, after)| async move {
            let Some(after) = after else { return Ok(None) };
            let (page, next) = from.page(after).await?;
            Ok(Some((page, (from, next))))
        })
    }

    /// The rejects after a place, and the last place if there may be more. The first page begins with
    /// the header.
    async fn page(&self, after: Place) -> Result<(Bytes, Option<Place>), Problem> {
        let rejects = match &self.key {
            None => Vec::new(),
            Some(key) => {
                let mut conn = self.app.db.get().await?;
                if wrapped_key(&mut conn, self.incident).await?.is_none() {
                    return Err(Problem::not_found());
                }
                let (incident, version) = (self.incident, self.version);
                store::list_rejects(&mut conn, key, incident, version, after, AT_ONCE).await?
            }
        };
        let mut page = match after.line {
            0 => RejectWriter::new(Vec::new(), &self.columns),
            _ => Ok(RejectWriter::resume(Vec::new(), &self.columns)),
        }
        .map_err(Problem::broken)?;
        for reject in &rejects {
            let cells = reject.under_columns(&self.delta);
            let cells: Vec<_> = cells.into_iter().map(str::as_bytes).collect();
            page.row(&cells, reject.place(), &reject.columns(), &reject.why())
                .map_err(Problem::broken)?;
        }
        let full = i64::try_from(rejects.len()).is_ok_and(|n| n == AT_ONCE);
        let next = rejects.last().filter(|_| full).map(Reject::place);
        Ok((page.finish().map_err(Problem::broken)?.into(), next))
    }
}
