//! What a person's status page must say.

use chrono::{DateTime, TimeDelta, Utc};

use super::person::{Channel, Codes, Person};
use super::{Model, State, reference_of};

/// How long details stay open on a device.
const OPEN: TimeDelta = TimeDelta::minutes(30);

/// A device on which a person opened their details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    until: DateTime<Utc>,
    /// Statements that must still be true.
    epoch: i16,
    email: Option<String>,
    may_be_written_to: bool,
    letters_back: usize,
}

/// What a page says, as its person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The last way in which they were told.
    pub told: String,
    /// Version and day of the list by which they are not affected.
    pub not_affected: Option<(i32, String)>,
    /// Whether the page says, without naming an element, that they were told something wrong.
    pub told_wrongly: bool,
    pub details: Details,
}

/// The part of the page that only its person may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Details {
    /// The details are closed.
    Closed {
        /// A code can be sent by e-mail.
        by_email: bool,
        /// The code of a postal letter opens them.
        by_letter: bool,
    },
    Open {
        name: String,
        elements: Codes,
        /// The elements that they were told and that are not true, and the day of the last e-mail that named all of
        /// them.
        wrong: Option<(Codes, Option<String>)>,
        /// The number of e-mails listed.
        emails: usize,
        /// The number of postal letters listed, and how many of them are listed as returned.
        letters: (usize, usize),
    },
}

/// A day as pages write it.
pub fn day(at: DateTime<Utc>) -> String {
    at.format("%A %-d %B %Y").to_string()
}

impl Person {
    /// Whether their details are open on the device on which they opened them last.
    pub fn has_open_details(&self, now: DateTime<Utc>) -> bool {
        self.session.as_ref().is_some_and(|session| {
            session.until > now
                && session.epoch == self.epoch
                && session.email == self.listed.email
                && session.may_be_written_to == self.may_be_written_to()
                && session.letters_back == self.letters_back
        })
    }

    pub fn may_have_a_code(&self) -> bool {
        self.listed.email.is_some() && self.may_be_written_to()
    }

    pub fn open_details(&mut self, now: DateTime<Utc>) {
        self.session = Some(Session {
            until: now + OPEN,
            epoch: self.epoch,
            email: self.listed.email.clone(),
            may_be_written_to: self.may_be_written_to(),
            letters_back: self.letters_back,
        });
    }
}

impl Model {
    /// What the page of this person must say now.
    pub fn page(&self, reference: &str) -> View {
        let person = &self.people[reference];
        let posted = self.posted(reference);
        let wrong = person.wrong();
        let is_open = person.has_open_details(self.now);
        let not_affected = (!person.in_scope).then(|| (person.since.0, day(person.since.1)));
        View {
            told: self.told_in_words(reference),
            told_wrongly: not_affected.is_some() && !is_open && !wrong.is_empty(),
            not_affected,
            details: match is_open {
                false => Details::Closed {
                    by_email: person.may_have_a_code(),
                    by_letter: person.may_be_written_to()
                        && self.open_letters(reference).next().is_some(),
                },
                true => Details::Open {
                    name: (person.listed.name.clone())
                        .unwrap_or_else(|| reference_of(reference).to_owned()),
                    elements: person.exposed(),
                    wrong: (!wrong.is_empty()).then(|| {
                        let mut emails = person.emails.iter().rev();
                        let last = emails.find(|email| wrong.is_subset(&email.names));
                        let on = last.map(|email| day(email.at));
                        (wrong, on)
                    }),
                    emails: person.emails.len(),
                    letters: (
                        posted.len(),
                        posted.iter().filter(|(_, is_back)| *is_back).count(),
                    ),
                },
            },
        }
    }

    fn not_told_in_words(&self, reference: &str) -> String {
        if let Some((on, true)) = self.posted(reference).last() {
            let on = day(*on);
            return format!("The letter that we posted to you on {on} came back to us.");
        }
        match self.is_on_a_list(reference) {
            true => "The link is ours. A letter to you is prepared; the day on which it was posted is not on record yet.",
            false => "The link is ours. We have not written to you about this yet.",
        }
        .to_owned()
    }

    fn told_in_words(&self, reference: &str) -> String {
        let person = &self.people[reference];
        let perhaps = self.campaigns.iter().rev().find_map(|campaign| {
            let notice = campaign.notices.get(reference)?;
            notice.maybe.filter(|_| notice.state != State::Sent)
        });
        match (person.told, person.emails.last(), perhaps) {
            (Some(Channel::Post), ..) => {
                let on = self.last_posted(reference).expect("a letter was posted");
                format!("We wrote to you by post on {}.", day(on))
            }
            (Some(Channel::Otherwise), ..) => {
                "We told you about this, neither by e-mail nor by post.".to_owned()
            }
            (_, Some(email), _) => format!("We last wrote to you on {}.", day(email.at)),
            (_, None, Some(at)) => format!(
                "We tried to write to you on {}, and cannot tell whether it arrived.",
                day(at)
            ),
            (_, None, None) => self.not_told_in_words(reference),
        }
    }
}
