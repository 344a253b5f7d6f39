//! What a form is answered with: the redirect that names what was done, and the message on the next page.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::campaign::store::{self, SendState};
use crate::db::Conn;
use crate::web::caller::Signed;
use crate::web::frame;
use crate::web::page::{Area, ConsoleFrame, Flash, Tone};
use crate::web::problem::Problem;

/// The message about a change of state; the page of the incident adds the state.
pub(super) const MOVED: &str = "The state of the incident is changed.";

/// The messages about the last action, by the word in the page's address.
const MESSAGES: &[(&str, &str)] = &[
    ("stopped", "All sending is stopped. Nothing is lost."),
    (
        "stopped-unrecorded",
        "All sending is stopped. The audit log cannot be written now: the entry follows as soon as it can.",
    ),
    ("started", "Sending is allowed again."),
    (
        "started-unrecorded",
        "Sending is allowed again. The audit log cannot be written now: the entry follows as soon as it can.",
    ),
    (
        "opened",
        "The incident is open. Import the affected list next.",
    ),
    ("moved", MOVED),
    (
        "facts",
        "The fact sheet is saved. Nothing of it is public before you publish it.",
    ),
    (
        "facts-void",
        "The fact sheet is saved. Nothing of it is public before you publish it. Approvals given before are void.",
    ),
    (
        "facts-published",
        "The fact sheet is public: on the incident's page and on status pages.",
    ),
    (
        "claim",
        "The claim is saved. Nothing of it is public before you publish it.",
    ),
    ("published", "The update is public."),
    (
        "forgotten",
        "The key is destroyed: nobody can read who these people were. The figures stay.",
    ),
    (
        "imported",
        "The list is read. Nothing takes effect before you activate it.",
    ),
    (
        "added",
        "The rows are added to the draft. Nothing takes effect before you activate it.",
    ),
    ("activated", "This version is in force."),
    (
        "activating",
        "The list is being activated. The account is exact at every moment.",
    ),
    ("waits", "Nothing has changed. The draft is still a draft."),
    ("discarded", "The draft is discarded."),
    ("saved", "The new version is saved."),
    (
        "begun",
        "The template is begun. Fill in the facts that it quotes before you submit a campaign with it.",
    ),
    (
        "template-copied",
        "This is the copy. The template that it came from stays as it is.",
    ),
    ("template-deleted", "The template is deleted."),
    (
        "drafted",
        "The campaign is drafted. Submit it when it is ready.",
    ),
    ("audience", "The draft has this kind and this audience now."),
    (
        "list",
        "The list is added, and the people below are counted with it.",
    ),
    (
        "submit",
        "Submitted. A second person must approve exactly this content.",
    ),
    ("edited", "The draft is saved."),
    (
        "copied",
        "This is the copy: a new draft with the newest texts.",
    ),
    ("schedule", "The launch is scheduled."),
    (
        "unschedule",
        "The schedule is cancelled. The campaign is approved, and not launched.",
    ),
    (
        "tested",
        "The test is on its way. Its state below changes when you load the page again.",
    ),
    ("approve", "Approved. It can be launched now."),
    (
        "waived",
        "The finding is waived under your name. An approval after this relies on it.",
    ),
    (
        "waiver-withdrawn",
        "The waiver is withdrawn. An approval that relied on it is void.",
    ),
    (
        "reject",
        "Rejected. The campaign is a draft again, and its author is told why.",
    ),
    (
        "retry",
        "The deferred messages are due now. Holds and limits still apply.",
    ),
    ("take-back", "Taken back. The campaign is a draft again."),
    ("launch", "Launched. Messages are on their way."),
    ("pause", "Paused. No further message leaves."),
    ("resume", "Sending resumed."),
    (
        "cancel",
        "Cancelled. Messages that were not sent by then are never sent.",
    ),
    (
        "listed",
        "The list is taken. Download its file below. Record there when its letters are posted or its people are told.",
    ),
    ("posted", "Recorded: the letters of this list were posted."),
    ("told", "Recorded: these people were told."),
    (
        "returned",
        "Recorded. The people whose letters came back need a letter again.",
    ),
    (
        "unlisted",
        "The list is discarded. Its people belong on the next list.",
    ),
    (
        "recall-proposed",
        "The recall is proposed. A second person must publish the correction.",
    ),
    (
        "recall-published",
        "The correction is published. The status pages of these people show it within two seconds.",
    ),
    (
        "recall-withdrawn",
        "The correction is withdrawn. Within two seconds no status page shows it.",
    ),
    ("recall-discarded", "The recall is discarded."),
    ("minors", "The choice for minors is saved."),
    (
        "revoked",
        "The links sent to this person no longer work. Messages from now on carry a new link.",
    ),
    ("key-revoked", "The key is revoked. It never works again."),
];

/// The frame of a page with the message about the last action.
///
/// # Errors
/// Database errors.
pub(crate) async fn frame(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    area: Area,
) -> Result<ConsoleFrame, Problem> {
    let state = store::send_state(conn).await?;
    Ok(frame_with(app, req, who, area, &state))
}

/// The same for a page that has read whether anything may leave.
pub(crate) fn frame_with(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    area: Area,
    state: &SendState,
) -> ConsoleFrame {
    let desk = frame::console_with(app, req, who, area, state);
    let query = Query::<BTreeMap<String, String>>::from_query(req.query_string()).ok();
    let flash = query.and_then(|query| message(query.get("did")?));
    ConsoleFrame { flash, ..desk }
}

/// The message about an action, by its word.
pub(crate) fn message(action: &str) -> Option<Flash> {
    let (_, text) = MESSAGES.iter().find(|(word, _)| *word == action)?;
    Some(Flash {
        tone: Tone::Done,
        text: (*text).to_owned(),
    })
}

/// Redirects to a page that shows the message about `action`.
pub(crate) fn redirect(page: &str, action: &str) -> HttpResponse {
    let to = format!("{page}?did={action}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}
