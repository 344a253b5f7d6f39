//! Lists as streamed CSV answers. No cell is a formula for a spreadsheet.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::csv_file::harmless;
use crate::web::problem::{Answer, Problem};

/// The rows of a list, part by part.
pub(crate) trait Parts {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// Database errors; the answer ends early.
    async fn next(&mut self) -> Result<Option<Vec<Vec<String>>>, Problem>;
}

/// Answers with a file of this name. The first row names the columns.
///
/// # Errors
/// None here; an error of a later part ends the answer early.
pub(crate) fn download<P: Parts + 'static>(name: &str, columns: &[&str], parts: P) -> Answer {
    let head: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let pieces = stream::try_unfold((Some(head), parts), |(head, mut parts)| async move {
        let rows = match head {
            Some(head) => Some(vec![head]),
            None => parts.next().await?,
        };
        let piece = rows.map(|rows| written(&rows)).transpose()?;
        Ok::<_, Problem>(piece.map(|piece| (piece, (None, parts))))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.csv\""),
        ))
        .streaming(pieces))
}

fn written(rows: &[Vec<String>]) -> Result<Bytes, Problem> {
    let mut to = csv::WriterBuilder::new().from_writer(Vec::new());
    for row in rows {
        let cells = row
            .iter()
            .map(|cell| harmless(cell.as_bytes()).into_owned());
        to.write_record(cells).map_err(Problem::broken)?;
    }
    let written = to.into_inner();
    Ok(written
        .map_err(|error| Problem::broken(error.into_error()))?
        .into())
}
