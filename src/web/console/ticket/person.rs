//! The person of a ticket: what an agent may know about them.

use chrono::{DateTime, Utc};

use super::view::{NoticeLine, PersonZone};
use crate::app::App;
use crate::campaign::Campaign;
use crate::db::Conn;
use crate::delivery;
use crate::element::{ElementSet, in_words};
use crate::link::NoticeCode;
use crate::notice::Notice;
use crate::person::flags::Flags;
use crate::person::store::Known;
use crate::person::{self, Listed, Person};
use crate::postal::{self, How, Item, PostalState, PostalStatus};
use crate::seal::IncidentKey;
use crate::ticket::store::Desk;
use crate::ticket::{Ticket, TicketChannel};
use crate::web::console::Choice;
use crate::web::console::person::reference::reassigned;
use crate::web::notification::{NotificationHistory, Wrong};
use crate::web::page::Badge;
use crate::web::problem::Problem;
use crate::web::public::my_status::subject;

/// The person of a ticket, and all postal items of theirs.
pub(crate) struct Found {
    /// The person.
    pub known: Known,
    /// As [`postal::store::of_person`].
    pub items: Vec<Item>,
}

/// Reads the person of a ticket; `None` without one, and after the incident was forgotten.
///
/// # Errors
/// Database errors.
pub(crate) async fn find(conn: &mut Conn, of: &Desk) -> Result<Option<Found>, Problem> {
    let Some((id, key)) = of.ticket.person.zip(of.key.as_ref()) else {
        return Ok(None);
    };
    let known = person::store::known(conn, key, (of.ticket.incident, id)).await?;
    let items = postal::store::of_person(conn, id).await?;
    Ok(Some(Found { known, items }))
}

/// The person zone of the page.
///
/// # Errors
/// Database errors.
pub(crate) async fn zone(
    app: &App,
    conn: &mut Conn,
    of: &Desk,
    found: Option<Found>,
) -> Result<PersonZone, Problem> {
    let Some(Found { known, items }) = found else {
        let verified = "Nobody is connected".to_owned();
        return Ok(PersonZone {
            verified,
            ..PersonZone::default()
        });
    };
    let person = &known.person;
    let written = delivery::store::of_person_with_campaigns(conn, person.incident, person.id);
    let written = written.await?;
    let notices: Vec<_> = written.iter().map(|(notice, _)| notice.clone()).collect();
    let left = delivery::store::outcome::left_of_each(conn, &notices).await?;
    let case = NotificationHistory::new(person, known.listed, (notices, left), items);
    let mut lines = notice_lines(app, &written, &case, person);
    lines.extend(postal_lines(app, of.key.as_ref(), &case.items)?);
    let (level, verified) = verification(of.ticket.channel);
    let contact = &person.contact;
    let shown = |text: &str| match level {
        0 => masked(text),
        _ => text.to_owned(),
    };
    Ok(PersonZone {
        name: shown(contact.name.as_deref().unwrap_or("No name is known")),
        reference: shown(&contact.reference),
        page: match level {
            0 => String::new(),
            _ => format!("/console/people/{}", person.id),
        },
        verified: verified.to_owned(),
        level,
        needs: needs(person.flags),
        elements: elements(person.exposed_now()),
        not_affected: match known.reference {
            Some(reference) => reassigned(reference),
            None => not_affected(&case),
        },
        wrong: case.wrong.map(wrong).unwrap_or_default(),
        connected: of.connected.iter().map(connected).collect(),
        notices: lines,
        tickets: of.others.iter().map(choice).collect(),
        standing: Some(person.standing),
    })
}

/// The lines of the notices to the person.
fn notice_lines(
    app: &App,
    written: &[(Notice, Campaign)],
    case: &NotificationHistory,
    person: &Person,
) -> Vec<NoticeLine> {
    let mut lines = Vec::new();
    for (notice, campaign) in written {
        // Only a notice that may be in a mailbox has a code that the caller can know.
        let is_sent = case.left.contains_key(&notice.id);
        let at = notice.settled_at.unwrap_or(notice.created_at);
        let (at, code) = match is_sent {
            true => (
                at.format("%-d %B %Y, %H:%M UTC").to_string(),
                NoticeCode::of(notice.id, &app.keys).to_string(),
            ),
            false => ("never sent".to_owned(), String::new()),
        };
        lines.push(NoticeLine {
            name: subject(campaign, person.locale.as_str()),
            status: Badge::of(notice.status),
            at,
            code,
        });
    }
    lines
}

/// The lines of the postal letters to the person, and of other ways in which the person was told.
fn postal_lines(
    app: &App,
    key: Option<&IncidentKey>,
    items: &[Item],
) -> Result<Vec<NoticeLine>, Problem> {
    let mut lines = Vec::new();
    for item in items.iter().rev() {
        let telling = key.map(|key| item.telling(key)).transpose();
        let how = telling.map_err(Problem::broken)?.flatten();
        lines.extend(postal_line(app, item, how.map(|telling| telling.how)));
    }
    Ok(lines)
}

/// The line of an item; `None` if its list was discarded.
fn postal_line(app: &App, item: &Item, how: Option<How>) -> Option<NoticeLine> {
    let by_post = item.batch.kind.is_posted();
    let on = item
        .batch
        .posted_on
        .map(|on| on.format("%-d %B %Y").to_string());
    let on = on.unwrap_or_default();
    let badge = Badge::of(item.status);
    let (status, at) = match item.status {
        PostalStatus::Listed if item.batch.state == PostalState::Discarded => return None,
        PostalStatus::Listed => (badge, "on a list that waits".to_owned()),
        PostalStatus::Posted if by_post => (badge, format!("posted on {on}")),
        PostalStatus::Posted => (badge.saying("told"), format!("told on {on}")),
        PostalStatus::NotPosted => (badge, "did not happen after all".to_owned()),
        PostalStatus::Returned => (badge, format!("posted on {on}, came back")),
    };
    let printed = item.code_key.is_some() && item.status != PostalStatus::NotPosted;
    Some(NoticeLine {
        name: match (by_post, how) {
            (true, _) => "Letter by post".to_owned(),
            (false, Some(how)) => format!("Told {}", how.in_words()),
            (false, None) => "To be told otherwise".to_owned(),
        },
        status,
        at,
        code: match printed {
            true => NoticeCode::of_letter(item.batch.id, item.person, &app.keys).to_string(),
            false => String::new(),
        },
    })
}

fn day(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%-d %B %Y")
}

/// The sentence about the list by which the person is not affected; empty for an affected person.
fn not_affected(case: &NotificationHistory) -> String {
    match case.listed {
        _ if !case.retracted => String::new(),
        Some(Listed { version, at }) => format!(
            "Not affected, says the list of {} (version {version}).",
            day(at)
        ),
        None => "Not affected, says the list.".to_owned(),
    }
}

fn wrong(wrong: Wrong) -> String {
    let elements = in_words(wrong.elements, "en");
    match wrong.at {
        Some(at) => format!("{elements} (on {})", day(at)),
        None => elements,
    }
}

/// How far the person is verified: level and words. The status link went to the address on file. A caller is not verified
/// unless the log of the call says so.
fn verification(channel: TicketChannel) -> (i64, &'static str) {
    match channel {
        TicketChannel::Web => (1, "Wrote through the personal link in the notice"),
        TicketChannel::Phone => (
            0,
            "Called: the log of each call says how far the caller was verified",
        ),
        TicketChannel::Mail => (0, "Wrote by mail: not verified"),
    }
}

fn masked(text: &str) -> String {
    let word = |word: &str| {
        word.chars()
            .take(1)
            .chain("•••".chars())
            .collect::<String>()
    };
    text.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn needs(flags: Flags) -> Vec<String> {
    let words = [
        (Flags::MINOR, "a minor"),
        (Flags::VULNERABLE, "vulnerable"),
        (
            Flags::PROTECTED,
            "protected address: write nowhere, call nobody at home",
        ),
        (Flags::DECEASED, "has died: you speak with family"),
        (Flags::HOLD, "legal hold: ask your lead first"),
    ];
    let set = words.iter().filter(|(flag, _)| flags.contains(*flag));
    set.map(|(_, words)| (*words).to_owned()).collect()
}

/// The elements in English, the most severe first.
fn elements(set: ElementSet) -> Vec<String> {
    set.gravest_first()
        .into_iter()
        .map(|element| element.words("en").to_owned())
        .collect()
}

fn connected(ticket: &Ticket) -> Choice {
    Choice {
        value: ticket.id.to_string(),
        words: ticket.number.to_string(),
    }
}

fn choice(ticket: &Ticket) -> Choice {
    Choice {
        value: ticket.id.to_string(),
        words: match ticket.is_call() {
            true => format!("{} (call, {})", ticket.number, ticket.status),
            false => format!("{} ({})", ticket.number, ticket.status),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_keeps_the_first_letters_only() {
        assert_eq!(masked("Ada  Løvelace"), "A••• L•••");
        assert_eq!(masked("C-1000204"), "C•••");
    }
}
