//! The letter list as an answer, written page by page, however many there are.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::app::App;
use crate::id::StaffId;
use crate::incident::Incident;
use crate::person::letters::{self, Letters, LettersError};
use crate::web::problem::{Answer, Kind, Problem};

/// Answers with the letter list of an incident; that it was taken is on record.
///
/// # Errors
/// A forgotten incident.
pub async fn download(app: &App, by: StaffId, of: &Incident) -> Answer {
    let list = letters::export(app, by, of.id).await?;
    let name = format!("attachment; filename=\"{}-letters.csv\"", of.slug);
    let pieces = stream::try_unfold(list, |mut list: Letters| async move {
        let piece = list.next().await?;
        Ok::<_, Problem>(piece.map(|piece| (Bytes::from(piece), list)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(pieces))
}

impl From<LettersError> for Problem {
    fn from(error: LettersError) -> Self {
        match error {
            LettersError::Db(error) => error.into(),
            LettersError::Key(broken) => Self::broken(broken),
            LettersError::Forgotten => Self::new(Kind::InTheWay).because(error),
        }
    }
}
