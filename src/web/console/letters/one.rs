//! Recording that one person was told.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use super::actions::{RecordForm, Refused, done, fault, field, show_refused};
use crate::app::App;
use crate::postal::{self, PostalError};
use crate::staff::right::ImportScope;
use crate::web::caller::Allowed;
use crate::web::console::incident::incident_at;
use crate::web::form::Form;
use crate::web::page::Fault;
use crate::web::problem::Answer;

/// `POST /console/incidents/{slug}/letters/told`: records one person as told.
///
/// # Errors
/// 404 without the incident. The page says why it is not recorded.
pub(crate) async fn told(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<RecordForm>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let refused = match form.day().and_then(|on| Ok((on, form.telling()?))) {
        Err(fault) => fault,
        Ok((on, telling)) => {
            let (by, reference) = (who.id, form.reference.as_str());
            match postal::told::told(&app, by, of.id, reference, on, &telling).await {
                Ok(_) => return Ok(done(&of, "told")),
                Err(PostalError::Missing) => Fault {
                    field: "reference".to_owned(),
                    text: "No person of this incident has this reference.".to_owned(),
                },
                Err(why) => fault(field(&why, "reference"), why)?,
            }
        }
    };
    let refused = Refused {
        faults: vec![refused],
        typed: Some((None, form.typed())),
        ..Refused::default()
    };
    show_refused(&app, &req, &who, of, refused).await
}
