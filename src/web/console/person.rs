//! The person beside a ticket: what an agent may know of them, and no more.

use chrono::{DateTime, Utc};

use super::Choice;
use super::ticket::{NoticeLine, PersonZone};
use crate::app::App;
use crate::db::Conn;
use crate::element::{ElementSet, in_words};
use crate::incident;
use crate::link::NoticeCode;
use crate::notice::Notice;
use crate::person::flags::Flags;
use crate::person::store::Reference;
use crate::person::{self, Listed, Person};
use crate::ticket::{self, Ticket, TicketChannel};
use crate::web::affected::{campaign_of, written_to};
use crate::web::page::Moment;
use crate::web::problem::Problem;
use crate::web::thread::kind_in_words;
use crate::web::told::{Case, Wrong};

/// The person of a ticket, if they are still known.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, conn: &mut Conn, of: &Ticket) -> Result<Option<Person>, Problem> {
    let Some(id) = of.person else {
        return Ok(None);
    };
    let incident = incident::store::find(conn, of.incident).await?;
    match incident.key(&app.keys).map_err(Problem::broken)? {
        Some(key) => Ok(Some(person::store::find(conn, &key, id).await?)),
        None => Ok(None),
    }
}

/// The zone of the page that tells of them.
///
/// # Errors
/// The database's.
pub async fn zone(
    app: &App,
    conn: &mut Conn,
    of: &Ticket,
    person: Option<&Person>,
) -> Result<PersonZone, Problem> {
    let Some(person) = person else {
        let verified = "Nobody is connected".to_owned();
        return Ok(PersonZone {
            verified,
            ..PersonZone::default()
        });
    };
    let (campaigns, notices) = written_to(conn, of.incident, person.id).await?;
    let case = Case::of(conn, person, notices.clone()).await?;
    let connected = ticket::store::connected(conn, of).await?;
    let line = |notice: &Notice| NoticeLine {
        name: campaign_of(&campaigns, notice)
            .map(|campaign| kind_in_words(campaign.kind))
            .unwrap_or_default()
            .to_owned(),
        status: notice.status.to_string(),
        at: Moment::exact(notice.settled_at.unwrap_or(notice.created_at)),
        code: NoticeCode::of(notice.id, &app.keys).to_string(),
    };
    let mut tickets = ticket::store::of_person(conn, &app.keys, person.id).await?;
    tickets.retain(|other| other.id != of.id);
    let (level, verified) = verification(of.channel);
    let contact = &person.contact;
    let shown = |text: &str| {
        if level > 0 {
            text.to_owned()
        } else {
            masked(text)
        }
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
        not_affected: match person::store::reference_of(conn, person.id).await? {
            Some(reference) => changed_hands(reference),
            None => not_affected(&case),
        },
        wrong: case.wrong.map(wrong).unwrap_or_default(),
        connected: connected
            .into_iter()
            .map(|(id, number)| Choice {
                value: id.to_string(),
                words: number.to_string(),
            })
            .collect(),
        notices: notices.iter().map(line).collect(),
        tickets: tickets.iter().map(choice).collect(),
        account: person.standing.to_string(),
    })
}

fn day(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%-d %B %Y")
}

/// That the reference names another person than before.
fn changed_hands(reference: Reference) -> String {
    match reference {
        Reference::NamesAnother(version) => format!(
            "The person of this reference changed: since version {version} the list names another person by it. This is \
             the former person, and what you write goes to them."
        ),
        Reference::NamedAnother(version) => format!(
            "The person of this reference changed: until version {version} the list named another person by it, whose \
             questions are not shown here."
        ),
    }
}

/// Which list says that the person is not affected; empty for somebody who is.
fn not_affected(case: &Case) -> String {
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

/// How far we know that it is them. The status link went to the address on file; a caller may be
/// anybody until the log of the call says otherwise.
fn verification(channel: TicketChannel) -> (i64, &'static str) {
    match channel {
        TicketChannel::Web => (1, "Wrote through the personal link in the notice"),
        TicketChannel::Phone => (0, "Called: verified as the log of the call says"),
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

/// In the agents' language, the gravest first.
fn elements(set: ElementSet) -> Vec<String> {
    set.gravest_first()
        .into_iter()
        .map(|element| element.words("en").to_owned())
        .collect()
}

fn choice(ticket: &Ticket) -> Choice {
    Choice {
        value: ticket.id.to_string(),
        words: format!("{} ({})", ticket.number, ticket.status),
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
