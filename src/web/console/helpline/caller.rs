//! Finding and verifying a caller.

use chrono::{DateTime, Utc};

use super::lookup::{Match, look_up};
use crate::app::App;
use crate::delivery::{self, store::outcome};
use crate::deployment::{self, Missing};
use crate::id::{IncidentId, PersonId};
use crate::incident::Incident;
use crate::link::NoticeCode;
use crate::person;
use crate::postal;
use crate::web::problem::Problem;

const NOT_THEIRS: &str = "No notice and no letter to this person has this code. Ask for it again, or log the call as not \
     verified.";

const OTHERS_MAY_HOLD_IT: &str = "A flag forbids to write to this person, or their links were revoked: others may have \
     read their messages and know this code. Verify the caller in another way, or log the call as not verified.";

/// The sentence about an unknown code while records of messages may be missing.
fn may_be_missing(missing: &Missing) -> String {
    let day = |at: DateTime<Utc>| at.format("%-d %B %Y");
    format!(
        "We have no record that this code was sent. Records of what we sent between {} and {} may be missing, so it may still be \
         genuine. Verify the caller in another way, or log the call as not verified.",
        day(missing.from),
        day(missing.until)
    )
}

/// Why this code does not verify the caller as this person; `None` if it does. A code verifies the person if a sent notice
/// or a valid letter carries it to them, and if no flag and no revoked link suggests that others read it.
pub(super) async fn not_verified(
    app: &App,
    typed: &str,
    person: Option<PersonId>,
) -> Result<Option<String>, Problem> {
    let (Some(code), Some(person)) = (NoticeCode::parse(typed), person) else {
        return Ok(Some(NOT_THEIRS.to_owned()));
    };
    let mut conn = app.db.get().await?;
    let row = person::store::find_row(&mut conn, person).await?;
    if row.flags.withheld_reason().is_some() || row.link_epoch > 0 {
        return Ok(Some(OTHERS_MAY_HOLD_IT.to_owned()));
    }
    let found = delivery::store::by_code(&mut conn, code.bucket(), code.key(&app.keys)).await?;
    for notice in found.iter().filter(|notice| notice.person == person) {
        if outcome::left(&mut conn, notice).await?.is_some() {
            return Ok(None);
        }
    }
    let letter = postal::code::whose(app, &mut conn, code).await?;
    if letter.is_some_and(|(_, whose)| whose == person) {
        return Ok(None);
    }
    // A code of another person, or of a letter that is no longer valid, is on record too.
    let is_known = found.iter().any(|notice| notice.person != person)
        || postal::code::is_known(app, &mut conn, code).await?;
    let missing = match is_known {
        true => None,
        false => deployment::store::missing(&mut conn, app.now()).await?,
    };
    let why = missing.as_ref().map(may_be_missing);
    Ok(Some(why.unwrap_or_else(|| NOT_THEIRS.to_owned())))
}

/// The result of the search for a caller.
pub(super) enum Found {
    /// This person; no person if the caller could not say anything to be found by.
    One(IncidentId, Option<PersonId>),
    /// A person in each of these incidents.
    Several(Vec<IncidentId>),
    /// The field at fault, and why no person was found.
    Refused(&'static str, &'static str),
}

impl Found {
    /// The minimum number of people that were found.
    pub(super) fn people(&self) -> usize {
        match self {
            Self::One(_, person) => usize::from(person.is_some()),
            Self::Several(incidents) => incidents.len(),
            Self::Refused(..) => 0,
        }
    }
}

const NO_PERSON: &str = "This is the number of a ticket, but no person is connected with it. Leave this empty, and write the number \
     below.";

/// The fault of a caller who is found in several incidents.
pub(super) const SEVERAL: &str =
    "The caller is found in several incidents: ask which one they call about.";

/// Finds the caller in the chosen incident, or in all.
pub(super) async fn find_caller(
    app: &App,
    known: &[Incident],
    chosen: Option<&Incident>,
    said: &str,
) -> Result<Found, Problem> {
    if said.is_empty() {
        return Ok(match (chosen, known) {
            (Some(of), _) => Found::One(of.id, None),
            (None, [only]) => Found::One(only.id, None),
            (None, []) => Found::Refused("reference", "There is no incident to call about."),
            (None, _) => Found::Refused("incident", "Choose the incident that the call is about."),
        });
    }
    let people = match look_up(app, known, chosen.map(|of| of.id), said).await? {
        Match::People(people) => people,
        Match::Ticket(ticket) => match ticket.person {
            Some(person) => vec![(ticket.incident, person)],
            None => return Ok(Found::Refused("reference", NO_PERSON)),
        },
    };
    let mut ids: Vec<_> = people.iter().map(|(incident, _)| *incident).collect();
    ids.dedup();
    Ok(match (people.as_slice(), ids.as_slice()) {
        ([], _) => Found::Refused(
            "reference",
            "No person matches this. Check it with the caller, or leave it empty and write below who called.",
        ),
        ([(incident, person)], _) => Found::One(*incident, Some(*person)),
        (_, [_]) => Found::Refused(
            "reference",
            "Several people match this: ask for the reference.",
        ),
        _ => Found::Several(ids),
    })
}
