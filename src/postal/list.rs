//! The list for a mail house, or for those who tell next of kin and people at protected addresses: a batch as CSV.

use std::collections::BTreeMap;

use csv::WriterBuilder;
use serde_json::json;

use super::take::{self, Insist};
use super::{Batch, Item, PostalError, PostalKind, PostalState, PostalStatus, addressee, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db;
use crate::element::{ElementSet, in_words};
use crate::id::{BUCKETS, IncidentId, PersonId, PostalId, StaffId};
use crate::incident;
use crate::link::{NoticeCode, StatusLink};
use crate::person::{self, Person};
use crate::scope::csv::harmless;
use crate::seal::IncidentKey;

/// How many people are read at once.
const AT_ONCE: i64 = 1_000;
/// Lines of an address that have a column of their own; the last takes the rest.
const LINES: usize = 4;

/// The columns of the list.
const COLUMNS: [&str; 21] = [
    "reference",
    "name",
    "address",
    "postcode",
    "jurisdiction",
    "locale",
    "flags",
    "elements",
    "not_yet_named",
    "status_link",
    "letter_code",
    "batch",
    "addressee",
    "country",
    "address_line_1",
    "address_line_2",
    "address_line_3",
    "address_line_4",
    "last_returned",
    "told_wrongly",
    "kind",
];

/// A person of the list, what their letter names, and why the last one came back.
type Line = (Person, ElementSet, String);

/// A list being written, page by page.
pub struct Letters {
    /// The batch that it is.
    pub batch: Batch,
    app: App,
    key: IncidentKey,
    begun: bool,
    bucket: i32,
    after: Option<PersonId>,
}

/// Takes a list and begins to write it; that it was taken is on record before the first address leaves.
///
/// # Errors
/// As [`take::take`].
pub async fn export(
    app: &App,
    by: StaffId,
    of: IncidentId,
    kind: PostalKind,
    insist: Insist,
) -> Result<Letters, PostalError> {
    // It may take long.
    let app = &app.patient();
    let found = incident::store::find(&mut *app.db.get().await?, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    Ok(Letters {
        // Last: once a list is taken nothing else may fail.
        batch: take::take(app, by, of, kind, insist).await?,
        app: app.clone(),
        key,
        begun: false,
        bucket: 0,
        after: None,
    })
}

/// Begins to write the file of a list that waits; that it was taken out is on record before the first address leaves.
/// Addresses are those of now.
///
/// # Errors
/// [`PostalError::NotWaiting`], [`PostalError::Forgotten`].
pub async fn file(app: &App, by: StaffId, id: PostalId) -> Result<Letters, PostalError> {
    // It may take long.
    let app = &app.patient();
    let mut tx = app.db.begin().await?;
    let batch = store::lock(&mut tx, id).await?;
    if batch.state != PostalState::Listed {
        return Err(PostalError::NotWaiting {
            state: batch.state,
            on: batch.posted_on,
        });
    }
    let found = incident::store::find(&mut tx, batch.incident).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    let detail = json!({ "list": batch.kind, "batch": id, "people": batch.people });
    let (now, actor, of) = (app.now(), Actor::Staff(by), batch.incident);
    audit::store::append(&mut tx, now, actor, "letters.file", of, &detail).await?;
    tx.commit().await?;
    Ok(Letters {
        batch,
        app: app.clone(),
        key,
        begun: false,
        bucket: 0,
        after: None,
    })
}

impl Letters {
    /// The next piece of the file; `None` at its end. Elements are those of the moment when the list was taken.
    ///
    /// # Errors
    /// [`PostalError::Forgotten`] once the incident was forgotten: the rest of the list is not written.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, PostalError> {
        let mut to = WriterBuilder::new().from_writer(Vec::new());
        let broken = || db::Error::inconsistent("postal_item", "a letter list");
        if !self.begun {
            to.write_record(COLUMNS).map_err(|_| broken())?;
        } else if self.bucket >= BUCKETS {
            return Ok(None);
        }
        self.begun = true;
        for (person, named, returned) in self.page().await? {
            let cells = self.cells(&person, named, returned);
            let cells = cells
                .iter()
                .map(|cell| harmless(cell.as_bytes()).into_owned());
            to.write_record(cells).map_err(|_| broken())?;
        }
        Ok(Some(to.into_inner().map_err(|_| broken())?))
    }

    /// The next people of the list; empty at its end.
    async fn page(&mut self) -> Result<Vec<Line>, PostalError> {
        let mut conn = self.app.db.get().await?;
        let key = incident::store::wrapped_key(&mut conn, self.batch.incident).await?;
        key.ok_or(PostalError::Forgotten)?;
        while self.bucket < BUCKETS {
            let (id, bucket) = (self.batch.id, self.bucket);
            let items = store::page(&mut conn, id, bucket, self.after, AT_ONCE).await?;
            let Some((last, _)) = items.last() else {
                (self.bucket, self.after) = (bucket + 1, None);
                continue;
            };
            self.after = Some(*last);
            let ids: Vec<_> = items.iter().map(|(person, _)| *person).collect();
            let of = (self.batch.incident, bucket);
            let people = person::store::load_many(&mut conn, &self.key, of, &ids).await?;
            let named = |person: &Person| {
                let at = items.binary_search_by_key(&person.id, |(id, _)| *id);
                at.map_or(ElementSet::EMPTY, |at| items[at].1)
            };
            let back = store::of_people(&mut conn, bucket, &ids).await?;
            let mut back = last_returned(&back, &self.key)?;
            let line = |person: Person| {
                let (named, back) = (named(&person), back.remove(&person.id));
                (person, named, back.unwrap_or_default())
            };
            return Ok(people.into_iter().map(line).collect());
        }
        Ok(Vec::new())
    }

    fn cells(&self, of: &Person, named: ElementSet, returned: String) -> [String; COLUMNS.len()] {
        let contact = &of.contact;
        let locale = of.locale.as_str();
        let under = of.jurisdiction.as_ref();
        let under = under
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default();
        let country = under.split('-').next().unwrap_or_default().to_owned();
        let (link, code) = self.link_and_code(of);
        let address = contact.address.clone().unwrap_or_default();
        let [one, two, three, four] = lines(&address);
        [
            contact.reference.clone(),
            contact.name.clone().unwrap_or_default(),
            address,
            contact.postcode.clone().unwrap_or_default(),
            under,
            locale.to_owned(),
            of.flags.to_string(),
            in_words(named, locale),
            in_words(named.minus(of.named), locale),
            link,
            code,
            self.batch.id.to_string(),
            addressee(of, self.batch.kind),
            country,
            one,
            two,
            three,
            four,
            returned,
            in_words(of.told_wrongly(), locale),
            self.batch.kind.to_string(),
        ]
    }

    /// Empty for next of kin and safe channels: it is not verified who may open the page.
    fn link_and_code(&self, of: &Person) -> (String, String) {
        if !self.batch.kind.is_posted() {
            return (String::new(), String::new());
        }
        let link = StatusLink {
            person: of.id,
            epoch: of.link_epoch,
        };
        let keys = &self.app.keys;
        let base = self.app.config.http.public_url.trim_end_matches('/');
        let code = NoticeCode::of_letter(self.batch.id, of.id, keys);
        (format!("{base}/s/{}", link.token(keys)), code.to_string())
    }
}

/// When and why the last letter to each person came back.
fn last_returned(
    letters: &[Item],
    key: &IncidentKey,
) -> Result<BTreeMap<PersonId, String>, PostalError> {
    let mut last = BTreeMap::new();
    let closed = letters
        .iter()
        .filter(|letter| letter.status == PostalStatus::Returned);
    for letter in closed {
        let on = letter.closed_at.map(|at| at.date_naive().to_string());
        let why = letter.reason_in_words(key)?;
        last.insert(letter.person, format!("{}: {why}", on.unwrap_or_default()));
    }
    Ok(last)
}

/// The lines of an address; what does not fit stands in the last, separated by commas.
fn lines(address: &str) -> [String; LINES] {
    let mut lines: [String; LINES] = Default::default();
    let given = address
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    for (n, line) in given.enumerate() {
        let at = n.min(LINES - 1);
        if !lines[at].is_empty() {
            lines[at].push_str(", ");
        }
        lines[at].push_str(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_any_length_fits_its_columns() {
        assert_eq!(
            lines("1 High St\r\n\nLondon"),
            ["1 High St", "London", "", ""]
        );
        assert_eq!(lines("a\nb\nc\nd\ne"), ["a", "b", "c", "d, e"]);
        assert_eq!(lines(""), [""; LINES]);
    }
}
