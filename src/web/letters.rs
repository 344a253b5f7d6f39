//! A list of letters as an answer, written page by page, however many there are.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::app::App;
use crate::audit::Action;
use crate::csv_file::harmless;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::postal::consent::yes_to;
use crate::postal::lacking::{Lacking, without_address};
use crate::postal::list::Letters;
use crate::postal::slips::BadFile;
use crate::postal::{PostalError, PostalKind};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Signed;

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

/// The people who need an address, being read for somebody: how many were shown is counted for the audit log, also of an
/// answer that was broken off.
struct References {
    who: Signed,
    app: App,
    of: IncidentId,
    lacking: Lacking,
    begun: bool,
    shown: usize,
}

impl References {
    /// The next piece of the file; `None` at its end.
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

/// Answers with the people who belong on a list and need an address: what a list that corrects theirs begins with.
///
/// # Errors
/// The incident was forgotten; those of the pieces end the answer early.
pub async fn references(app: &App, who: &Signed, of: &Incident, kind: PostalKind) -> Answer {
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
            | PostalError::InDoubt(_)
            | PostalError::Known(_)
            | PostalError::Nobody
            | PostalError::NoAddress { .. }
            | PostalError::Waiting { .. }
            | PostalError::MinorsAreMailed
            | PostalError::LinksLeadHome { .. }
            | PostalError::NotWaiting { .. }
            | PostalError::Held
            | PostalError::Retracted
            | PostalError::NothingOwed
            | PostalError::Unconfirmed { .. }
            | PostalError::Outdated { .. }
            | PostalError::BeingActivated
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
