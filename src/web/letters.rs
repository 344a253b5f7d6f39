//! A list of letters as an answer, written page by page, however many there are.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::incident::Incident;
use crate::person::Person;
use crate::postal::PostalError;
use crate::postal::consent::yes_to;
use crate::postal::list::Letters;
use crate::postal::slips::BadFile;
use crate::scope::csv::harmless;
use crate::web::problem::{Answer, Kind, Problem};

/// Answers with a list that was taken.
///
/// # Errors
/// None now; those of the pieces end the answer early.
pub fn download(of: &Incident, list: Letters) -> Answer {
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

/// Answers with a list of people who need an address: what a list that corrects theirs begins with.
pub fn references(of: &Incident, people: &[Person]) -> HttpResponse {
    let mut to = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut written = to.write_record(["reference", "address", "postcode"]);
    for one in people {
        let reference = harmless(one.contact.reference.as_bytes());
        written = written.and_then(|()| to.write_record([&*reference, "", ""]));
    }
    let name = format!("attachment; filename=\"{}-without-address.csv\"", of.slug);
    // A list in memory takes every record.
    let file = written.ok().and_then(|()| to.into_inner().ok());
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(file.unwrap_or_default())
}

impl From<PostalError> for Problem {
    fn from(error: PostalError) -> Self {
        let kind = match &error {
            PostalError::Db(_) | PostalError::Key(_) => Kind::Broken,
            PostalError::Missing => Kind::NotFound,
            PostalError::InFuture { .. }
            | PostalError::BeforeTaken { .. }
            | PostalError::BeforeListed { .. }
            | PostalError::Who
            | PostalError::IsPosted(_)
            | PostalError::IsTold(_) => Kind::NotAccepted,
            PostalError::Forgotten
            | PostalError::State(_)
            | PostalError::Nobody
            | PostalError::NoAddress { .. }
            | PostalError::Waiting { .. }
            | PostalError::MinorsAreMailed
            | PostalError::NotWaiting { .. }
            | PostalError::Held
            | PostalError::Retracted
            | PostalError::NothingOwed
            | PostalError::Unconfirmed { .. }
            | PostalError::CampaignUnderWay(_) => Kind::InTheWay,
        };
        match error {
            PostalError::Db(error) => error.into(),
            PostalError::Key(broken) => Self::broken(broken),
            PostalError::Missing => Self::not_found(),
            PostalError::Unconfirmed { ref questions } => Self::new(kind)
                .because(&error)
                .with("confirm", yes_to(questions))
                .with("questions", questions),
            error => Self::new(kind).because(error),
        }
    }
}

impl From<BadFile> for Problem {
    fn from(error: BadFile) -> Self {
        Self::new(Kind::NotAccepted).because(error)
    }
}
