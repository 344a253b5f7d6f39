//! The emergency stop of all sending (P4), and its end.

use actix_web::web::Data;

use crate::app::App;
use crate::campaign::hold;
use crate::staff::right::StopSending;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::form::{Form, Nothing};
use crate::web::problem::Answer;

/// `POST /console/stop`: no message leaves any node (P4).
///
/// # Errors
/// A form without our token; database errors.
pub(crate) async fn stop(
    who: Allowed<StopSending>,
    app: Data<App>,
    _form: Form<Nothing>,
) -> Answer {
    let done = hold::stop_everything(&app, who.actor()).await?;
    let said = match done.recorded {
        true => "stopped",
        false => "stopped-unrecorded",
    };
    Ok(redirect("/console", said))
}

/// `POST /console/start`: sending is allowed again.
///
/// # Errors
/// A form without our token; database errors.
pub(crate) async fn start(
    who: Allowed<StopSending>,
    app: Data<App>,
    _form: Form<Nothing>,
) -> Answer {
    let done = hold::start_again(&app, who.actor()).await?;
    let said = match done.recorded {
        true => "started",
        false => "started-unrecorded",
    };
    Ok(redirect("/console", said))
}
