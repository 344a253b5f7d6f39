//! The reader of a preview: the person with a reference, or one of the hardest people of the incident, for staff who may
//! see people.

use crate::app::App;
use crate::audit::Action;
use crate::incident::Incident;
use crate::person::Person;
use crate::person::find::{self, Clue};
use crate::person::hardest::{self, Hard};
use crate::staff::Right;
use crate::template::preview::Reader;
use crate::web::caller::Signed;
use crate::web::figures::count;
use crate::web::problem::{Kind, Problem};

/// The reader that is asked for. A reference has precedence; without both, the reader is a sample.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// The organisation's own number for a person.
    pub(crate) reference: &'a str,
    /// A word of [`Hard`].
    pub(crate) hard: &'a str,
}

/// A reader, real or not.
pub(crate) struct Found {
    /// What the texts are filled with.
    pub(crate) reader: Reader,
    /// The language that they read.
    pub(crate) locale: String,
    /// Who they are, after "for".
    pub(crate) words: String,
}

/// The reader of a preview.
///
/// # Errors
/// 403 without the right to see people, 422 if no person has the reference, or none of those looked at is so hard.
pub(crate) async fn reader(
    app: &App,
    who: &Signed,
    incident: Option<&Incident>,
    wanted: Wanted<'_>,
) -> Result<Found, Problem> {
    let is_sample = wanted.reference.trim().is_empty() && wanted.hard.is_empty();
    if is_sample {
        return Ok(Found {
            reader: Reader::sample(),
            locale: "en".to_owned(),
            words: "a sample person".to_owned(),
        });
    }
    if !who.may(Right::SeePeople) {
        return Err(Problem::new(Kind::NotAllowed));
    }
    let incident =
        incident.ok_or_else(|| missing("a real person needs an incident to be looked up in"))?;
    let (person, looked_at) = match wanted.reference.trim().is_empty() {
        false => (with_reference(app, incident, wanted.reference).await?, None),
        true => {
            let (person, looked_at) = hard(app, incident, wanted.hard).await?;
            (person, Some((wanted.hard, looked_at)))
        }
    };
    who.saw(app, Action::PersonRead, person.id, 1);
    Ok(found(person, looked_at))
}

fn missing(what: impl std::fmt::Display) -> Problem {
    Problem::new(Kind::NotAccepted).because(what)
}

async fn with_reference(
    app: &App,
    incident: &Incident,
    reference: &str,
) -> Result<Person, Problem> {
    let clue = Clue::Reference(reference.to_owned());
    let person = find::find(app, incident.id, &clue)
        .await?
        .into_iter()
        .next();
    person.ok_or_else(|| missing("nobody in this incident has this reference"))
}

async fn hard(app: &App, incident: &Incident, word: &str) -> Result<(Person, usize), Problem> {
    let words = Hard::ALL.map(Hard::as_str).join(", ");
    let hard = Hard::parse(word)
        .ok_or_else(|| missing(format!("“reader” must be empty or one of: {words}")))?;
    let (person, looked_at) = hardest::find(app, incident, hard).await?;
    let person = person.ok_or_else(|| {
        missing(match looked_at {
            0 => "this incident has no people in scope yet".to_owned(),
            n => format!("none of the {} looked at is {}", people(n), hard.in_words()),
        })
    })?;
    Ok((person, looked_at))
}

fn people(n: usize) -> String {
    match n {
        1 => "1 person".to_owned(),
        n => format!("{} people", count(i64::try_from(n).unwrap_or(i64::MAX))),
    }
}

fn found(person: Person, looked_at: Option<(&str, usize)>) -> Found {
    let reader = Reader {
        elements: person.exposed_now(),
        told_wrongly: person.told_wrongly(),
        withheld: person.flags.withheld_reason(),
        name: person.contact.name.unwrap_or_default(),
        reference: person.contact.reference,
    };
    let mut words = format!("the person with reference {}", reader.reference);
    if let Some((hard, n)) = looked_at {
        let hard = Hard::parse(hard).map_or("", Hard::in_words);
        words = format!("{words}: {hard} of the {} looked at", people(n));
    }
    if let Some(why) = reader.withheld {
        let why = why.as_str().replace('_', " ");
        words = format!("{words}. It is never sent to them: {why}");
    }
    Found {
        reader,
        locale: person.locale.as_str().to_owned(),
        words,
    }
}
