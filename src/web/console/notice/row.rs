//! Notices as rows, and what the pages of notices read for them.

use std::collections::BTreeMap;

use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::store::Overview;
use crate::db::Conn;
use crate::delivery::store::outcome;
use crate::id::{IncidentId, NoticeId, PersonId};
use crate::incident;
use crate::notice::{Notice, NoticeStatus};
use crate::person::{self, Person};
use crate::staff::Right;
use crate::web::attempts::{AttemptView, attempts_of_each};
use crate::web::caller::Signed;
use crate::web::console::campaign::outcomes::reason_words;
use crate::web::console::campaign::row::which;
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// One notice in a list.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The person's reference at the organisation.
    pub reference: String,
    /// The e-mail address, masked; empty if the person has none.
    pub address: String,
    /// The language.
    pub locale: String,
    /// Its state.
    pub status: NoticeStatus,
    /// SMTP transactions so far.
    pub attempts: i64,
    /// The last reply, or why it is withheld.
    pub reply: String,
    /// When it last changed.
    pub at: Moment,
    /// When it is tried again; `None` unless it is deferred.
    pub next: Option<Moment>,
}

/// The name of a campaign, with its number, kind and day.
pub(super) fn campaign_name(of: &Overview) -> String {
    format!("{} ({})", of.campaign.name, which(of.number, &of.campaign))
}

/// The people of these notices, if `who` has the right to see them; none of a forgotten incident.
pub(super) async fn load_people(
    app: &App,
    conn: &mut Conn,
    (who, right): (&Signed, Right),
    incident: IncidentId,
    notices: &[Notice],
) -> Result<BTreeMap<PersonId, Person>, Problem> {
    let key = incident::store::find(conn, incident)
        .await?
        .key(&app.keys)
        .map_err(Problem::broken)?;
    let Some(key) = key.filter(|_| who.may(right)) else {
        return Ok(BTreeMap::new());
    };
    let ids: Vec<_> = notices.iter().map(|notice| notice.person).collect();
    let people = person::store::load_of_buckets(conn, &key, incident, &ids).await?;
    Ok(people
        .into_iter()
        .map(|person| (person.id, person))
        .collect())
}

/// Every attempt to send each of these notices.
pub(super) async fn load_attempts(
    conn: &mut Conn,
    of: &[Notice],
) -> Result<BTreeMap<NoticeId, Vec<AttemptView>>, Problem> {
    let was_tried = |one: &&Notice| match one.status {
        NoticeStatus::Queued => false,
        // A withheld notice with attempts was tried before its person changed.
        NoticeStatus::Withheld => one.attempts > 0,
        NoticeStatus::Sending
        | NoticeStatus::Sent
        | NoticeStatus::Deferred
        | NoticeStatus::Bounced
        | NoticeStatus::Expired
        | NoticeStatus::Uncertain
        | NoticeStatus::Cancelled => true,
    };
    let ids: Vec<_> = of.iter().filter(was_tried).map(|one| one.id).collect();
    Ok(attempts_of_each(outcome::of_notices(conn, &ids).await?))
}

/// The reply of the relay, and in brackets the reason of the result.
pub(super) fn reply_in_words(attempt: &AttemptView) -> String {
    let code = attempt.code.map(|code| code.to_string());
    let said = attempt.reply.as_deref().unwrap_or_default();
    let enhanced = attempt.enhanced.as_deref();
    // Most replies begin with the enhanced code.
    let enhanced = enhanced.filter(|enhanced| !said.starts_with(enhanced));
    let why = attempt.reason.as_deref().map(reason_words);
    let parts = [
        code,
        enhanced.map(ToOwned::to_owned),
        Some(said.to_owned()),
        why.map(|why| format!("({})", why.replace('_', " "))),
    ];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// The row of a notice; `last` is its latest attempt.
pub(super) fn row(
    notice: &Notice,
    person: Option<&Person>,
    last: Option<&AttemptView>,
) -> NoticeRow {
    let withheld = notice.withheld.map(|why| why.words().to_owned());
    NoticeRow {
        id: notice.id.to_string(),
        reference: person.map_or_else(
            || "not shown".to_owned(),
            |one| one.contact.reference.clone(),
        ),
        address: match person {
            Some(one) => one
                .contact
                .email
                .as_ref()
                .map(EmailAddress::masked)
                .unwrap_or_default(),
            None => "not shown".to_owned(),
        },
        locale: person
            .map(|one| one.locale.as_str().to_owned())
            .unwrap_or_default(),
        status: notice.status,
        attempts: notice.attempts.into(),
        reply: withheld.or(last.map(reply_in_words)).unwrap_or_default(),
        at: Moment::row(notice.settled_at.unwrap_or(notice.created_at)),
        next: notice
            .due_at
            .filter(|_| notice.status == NoticeStatus::Deferred)
            .map(Moment::row),
    }
}
