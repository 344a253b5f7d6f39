//! What the helpline writes to a customer: the receipt, the answer, the one-time code, each in their
//! language. `words` holds the sentences.

mod words;

use crate::address::EmailAddress;
use crate::app::App;
use crate::element;
use crate::link::StatusLink;
use crate::outbox::{OutboxLetter, Recipient};
use crate::person::Person;
use crate::ticket::number::Number;
use words::{Words, words};

/// A customer as a letter needs them.
pub(crate) struct Addressee {
    address: EmailAddress,
    name: String,
    locale: String,
    link: StatusLink,
}

impl Addressee {
    /// The person, if a letter may go to them: they have an address, and no flag forbids to write to it (a person who
    /// endangers them may read the mailbox).
    pub(crate) fn of(person: &Person) -> Option<Self> {
        if person.flags.withheld_reason().is_some() {
            return None;
        }
        Some(Self {
            address: person.contact.email.clone()?,
            name: person.contact.name.clone().unwrap_or_default(),
            locale: person.locale.as_str().to_owned(),
            link: StatusLink {
                person: person.id,
                epoch: person.link_epoch,
            },
        })
    }

    /// As the sender reads them again.
    pub(crate) fn recipient(&self) -> Recipient {
        Recipient {
            person: self.link.person,
            link_epoch: self.link.epoch,
        }
    }

    /// Their address, as it may be shown: `d•••@e•••.org`.
    pub(crate) fn masked(&self) -> String {
        self.address.masked()
    }

    /// The page of one of their tickets.
    fn page(&self, app: &App, number: &Number) -> String {
        let token = self.link.token(&app.keys);
        format!("{}/s/{token}/tickets/{number}", app.config.http.public_url)
    }

    fn letter(
        &self,
        app: &App,
        words: &Words,
        subject: String,
        parts: &[Part<'_>],
    ) -> OutboxLetter {
        OutboxLetter {
            to: self.address.as_str().to_owned(),
            to_name: self.name.clone(),
            html: Some(html(
                &app.config.organisation.name,
                words.language,
                &subject,
                parts,
            )),
            text: text(&app.config.organisation.name, parts),
            subject,
            language: words.language.to_owned(),
        }
    }
}

/// Your question arrived, this is its number, and this is what happens next.
pub(crate) fn received(app: &App, to: &Addressee, number: &Number) -> OutboxLetter {
    let words = words(&to.locale);
    let fill = |sentence: &str| {
        let hours = app.config.helpline.answer_hours.to_string();
        fill(app, number, sentence).replace("{hours}", &hours)
    };
    let page = to.page(app, number);
    let parts = [
        Part::Says(fill(words.received)),
        Part::Says(fill(words.next)),
        Part::Says(fill(words.follow)),
        Part::Link(&page),
        Part::Says(fill(words.never)),
    ];
    to.letter(app, words, fill(words.received_subject), &parts)
}

/// The answer itself, and where to reply.
pub(crate) fn reply(app: &App, to: &Addressee, number: &Number, answer: &str) -> OutboxLetter {
    let words = words(&to.locale);
    let fill = |sentence: &str| fill(app, number, sentence);
    let page = to.page(app, number);
    let parts = [
        Part::Says(fill(words.answer)),
        Part::Answer(answer),
        Part::Says(fill(words.reply)),
        Part::Link(&page),
        Part::Says(fill(words.never)),
    ];
    to.letter(app, words, fill(words.answer_subject), &parts)
}

/// The code for the second step. Not in the subject, which a locked phone shows.
pub(crate) fn one_time_code(app: &App, to: &Addressee, code: &str, minutes: i64) -> OutboxLetter {
    let words = words(&to.locale);
    let fill = |sentence: &str| {
        let organisation = &app.config.organisation.name;
        sentence
            .replace("{minutes}", &minutes.to_string())
            .replace("{organisation}", organisation)
    };
    let parts = [
        Part::Says(fill(words.code)),
        Part::Code(code),
        Part::Says(fill(words.code_ends)),
        Part::Says(fill(words.code_not_you)),
    ];
    to.letter(app, words, fill(words.code_subject), &parts)
}

/// Only our own sentences are filled, never the customer's or the agent's words.
fn fill(app: &App, number: &Number, sentence: &str) -> String {
    let organisation = &app.config.organisation.name;
    sentence
        .replace("{number}", number.as_str())
        .replace("{organisation}", organisation)
}

enum Part<'a> {
    Says(String),
    Answer(&'a str),
    Link(&'a str),
    Code(&'a str),
}

fn text(organisation: &str, parts: &[Part<'_>]) -> String {
    let mut out = String::new();
    for part in parts {
        out.push_str(match part {
            Part::Says(words) => words,
            Part::Answer(words) | Part::Link(words) | Part::Code(words) => words,
        });
        out.push_str("\n\n");
    }
    out.push_str(organisation);
    out.push('\n');
    out
}

fn html(organisation: &str, language: &str, subject: &str, parts: &[Part<'_>]) -> String {
    let direction = match element::is_rtl(language) {
        true => "rtl",
        false => "ltr",
    };
    let mut body = String::new();
    for part in parts {
        body.push_str(&match part {
            Part::Says(words) => format!("<p>{}</p>\n", escaped(words)),
            Part::Answer(words) => format!(
                "<div style=\"border-inline-start:4px solid #888;padding-inline-start:12px;\
                 white-space:pre-wrap\" dir=\"auto\">{}</div>\n",
                escaped(words)
            ),
            Part::Link(url) => {
                let url = escaped(url);
                format!("<p dir=\"ltr\"><a href=\"{url}\">{url}</a></p>\n")
            }
            Part::Code(code) => format!(
                "<p dir=\"ltr\" style=\"font-size:28px;letter-spacing:4px\"><strong>{}</strong></p>\n",
                escaped(code)
            ),
        });
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"{direction}\">\n<head>\
         <meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title></head>\n<body style=\"font:16px/1.5 system-ui,sans-serif;max-width:600px;\
         margin:0 auto;padding:16px\">\n{body}<p>{}</p>\n</body>\n</html>\n",
        escaped(subject),
        escaped(organisation)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
