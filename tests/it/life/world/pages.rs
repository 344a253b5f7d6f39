//! The status pages, read as their people do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use candor::id::PersonId;
use candor::link::StatusLink;
use chrono::TimeDelta;

use super::super::model::page::{Details, View};
use super::super::model::person::Codes;
use super::World;
use super::campaigns::named_in;
use crate::client::Seen;

/// The cookie of a device on which details are open.
const COOKIE: &str = "candor_details";

impl World {
    fn path(&self, reference: &str, epoch: i16) -> String {
        let person = self.people[reference];
        let token = StatusLink { person, epoch }.token(&self.house.app.keys);
        format!("/s/{token}")
    }

    /// Opens a person's status page by the link of this epoch; `None`: there is no such page.
    pub fn page(&self, reference: &str, epoch: i16) -> Option<View> {
        let session = self.sessions.get(reference);
        self.reader
            .set_cookie(COOKIE, session.map_or("", String::as_str));
        let seen = self.reader.get(&self.path(reference, epoch));
        match seen.status {
            404 => None,
            _ => Some(read(&seen)),
        }
    }

    /// Types the code of this person's letter on a list; returns whether it opens their details.
    pub fn open_by_letter(&mut self, batch: usize, reference: &str, epoch: i16) -> bool {
        let browser = self.site.browser();
        let path = self.path(reference, epoch);
        let code = &self.batches[batch].codes[reference];
        let fields = [("letter", code.as_str())];
        let seen = browser.submit(&path, &format!("{path}/open"), &fields);
        let Some(cookie) = browser.cookie(COOKIE) else {
            assert_eq!(seen.status, 422, "{}", seen.body);
            return false;
        };
        self.sessions.insert(reference.to_owned(), cookie);
        true
    }

    /// Gives this person's device the cookie that a right code from an e-mail sets.
    pub async fn open_by_email(&mut self, reference: &str) {
        let id: PersonId = self.people[reference];
        let find = "select link_epoch, email_key, flags from person where id = $1 and bucket = $2";
        let row = self.raw.query_one(find, &[&id.uuid(), &id.bucket()]).await;
        let row = row.unwrap();
        let (epoch, email, flags): (i16, Option<Vec<u8>>, i32) =
            (row.get(0), row.get(1), row.get(2));
        // The flags that forbid writing: deceased, protected, hold.
        let forbidden = [u8::from(flags & 26 != 0)];
        let back = "select count(*) from postal_item where person_id = $1 and bucket = $2 and status = 'returned'";
        let row = self.raw.query_one(back, &[&id.uuid(), &id.bucket()]).await;
        let letters_back: i64 = row.unwrap().get(0);
        let until = (self.now() + TimeDelta::minutes(30)).timestamp();
        let until = until.to_be_bytes();
        let mac = self.house.app.keys.link_mac(&[
            b"second step",
            id.uuid().as_bytes(),
            &epoch.to_be_bytes(),
            email.as_deref().unwrap_or_default(),
            &forbidden,
            &letters_back.to_be_bytes(),
            &until,
        ]);
        let value = URL_SAFE_NO_PAD.encode([&until[..], &mac[..16]].concat());
        self.sessions.insert(reference.to_owned(), value);
    }
}

/// The text between two texts, without tags and line breaks.
fn between(page: &str, from: &str, to: &str) -> Option<String> {
    let (_, rest) = page.split_once(from)?;
    let part = rest.split_once(to).map_or(rest, |(part, _)| part);
    let mut text = String::new();
    for (n, piece) in part.split('<').enumerate() {
        let words = match n {
            0 => piece,
            _ => piece.split_once('>').map_or("", |(_, words)| words),
        };
        text += words;
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Reads a page; statements that it makes twice must agree.
fn read(seen: &Seen) -> View {
    assert_eq!(seen.status, 200, "{}", seen.body);
    let page = &seen.body;
    let head = between(page, "<div class=\"genuine\">", "</div>").unwrap();
    let (genuine, told) = head.split_once("genuine").unwrap();
    let is_link = genuine.contains("link");
    let mut told = told.trim().to_owned();
    let is_nothing_sent = told.contains("We have not written to you");
    assert_eq!(is_link, is_nothing_sent, "{head}");
    let name = told
        .split_once(" This page is for ")
        .map(|(told, name)| (told.to_owned(), name.trim_end_matches('.').to_owned()));
    let name = name.map(|(words, name)| {
        told = words;
        name
    });
    let not_affected = between(page, "<h2>You are not affected</h2>", "</div>");
    let listed = not_affected.as_deref().map(|words| {
        let (_, rest) = words
            .split_once("According to the list of ")
            .unwrap_or_else(|| panic!("{words}"));
        let (day, rest) = rest.split_once(" (version ").unwrap();
        let version = rest.split_once(')').unwrap().0.parse().unwrap();
        (version, day.to_owned())
    });
    let told_wrongly = not_affected
        .is_some_and(|words| words.contains("We told you before that data about you was taken"));
    // What stands below the head of the page.
    let (_, body) = page.split_once("<h2>").unwrap();
    let details = match name {
        Some(name) => open(body, name),
        None => closed(body),
    };
    let has = |words: &str| page.contains(words);
    assert_eq!(has("<h2>Which of your data</h2>"), listed.is_none());
    View {
        told,
        not_affected: listed,
        told_wrongly,
        details,
    }
}

fn open(page: &str, name: String) -> Details {
    let wrong = between(page, "<p>We told you ", ". That was wrong");
    let wrong = wrong.map(|words| {
        let (on, elements) = words.split_once("that this was taken: ").unwrap();
        let on = on.trim().strip_prefix("on ").map(str::to_owned);
        (named_in(elements), on)
    });
    let lists = "<p>These kinds of data about you were taken.";
    let list = page.split_once(lists).map(|(_, rest)| rest);
    let list = list.and_then(|rest| rest.split_once("</ul>"));
    let elements = list.map_or_else(Codes::new, |(list, _)| {
        let items = list.split("<li>").skip(1);
        let named = items.map(|item| between(item, "<bdi>", "</bdi>").unwrap());
        named.flat_map(|words| named_in(&words)).collect()
    });
    let (_, sent) = page.split_once("<h2>What we sent you</h2>").unwrap();
    let count = |words| sent.matches(words).count();
    Details::Open {
        name,
        elements,
        wrong,
        emails: count(" · code "),
        letters: (count("By post, posted on "), count("; it came back to us")),
    }
}

fn closed(page: &str) -> Details {
    let card = between(page, "<div id=\"unlock\"", "<h2>").unwrap();
    let by_letter = card.contains("Code in the letter");
    let by_email = card.contains("Send me a code");
    let cannot = "We cannot send you a code by e-mail.";
    assert_eq!(card.contains(cannot), !by_letter && !by_email, "{card}");
    assert!(!page.contains("<bdi>"), "something personal: {page}");
    Details::Closed {
        by_email,
        by_letter,
    }
}
