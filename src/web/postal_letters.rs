//! Lists of postal letters as streamed CSV answers.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::app::App;
use crate::audit::Action;
use crate::csv_file::harmless;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::postal::PostalKind;
use crate::postal::lacking::{Lacking, without_address};
use crate::postal::list::Letters;
use crate::web::caller::Signed;
use crate::web::problem::{Answer, Problem};

/// Answers with a list of postal letters.
///
/// # Errors
/// None here; an error of a later chunk ends the answer early.
pub(crate) fn download(of: &Incident, list: Letters) -> Answer {
    let (kind, id) = (list.batch.kind, list.batch.id);
    let name = format!("attachment; filename=\"{}-{kind}-{id}.csv\"", of.slug);
    let pieces = stream::try_unfold(list, |mut list: Letters| async move {
        let piece = list.next().await?;
        Ok::<_, Problem>(piece.map(|piece| (Bytes::from(piece), list)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(pieces))
}

/// The people who need an address, as they are read. The audit log gets their number, also for an
/// answer that was interrupted.
struct References {
    who: Signed,
    app: App,
    of: IncidentId,
    lacking: Lacking,
    begun: bool,
    shown: usize,
}

impl References {
    /// The next chunk of the file; `None` at its end.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let mut to = csv::WriterBuilder::new().from_writer(Vec::new());
        if !self.begun {
            self.begun = true;
            to.write_record(["reference", "address", "postcode"])
                .map_err(Problem::broken)?;
        } else {
            let Some(references) = self.lacking.next().await? else {
                return Ok(None);
            };
            self.shown += references.len();
            for one in &references {
                to.write_record([&*harmless(one.as_bytes()), "", ""])
                    .map_err(Problem::broken)?;
            }
        }
        let piece = to
            .into_inner()
            .map_err(|e| Problem::broken(e.into_error()))?;
        Ok(Some(piece.into()))
    }
}

impl Drop for References {
    fn drop(&mut self) {
        self.who
            .saw(&self.app, Action::PeopleRead, self.of, self.shown);
    }
}

/// Answers with the people who need a postal letter and have no address, as the beginning of a list that adds it.
///
/// # Errors
/// The incident was forgotten. An error of a later chunk ends the answer early.
pub(crate) async fn references(app: &App, who: &Signed, of: &Incident, kind: PostalKind) -> Answer {
    let from = References {
        lacking: without_address(app, of.id, kind).await?,
        who: who.clone(),
        app: app.clone(),
        of: of.id,
        begun: false,
        shown: 0,
    };
    let name = format!("attachment; filename=\"{}-without-address.csv\"", of.slug);
    let pieces = stream::try_unfold(from, |mut from| async move {
        let piece = from.next().await?;
        Ok::<_, Problem>(piece.map(|piece| (piece, from)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(pieces))
}
