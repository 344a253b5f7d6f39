//! The list for a mail house, or for those who tell next of kin and people at protected addresses: a batch as CSV.

use std::collections::BTreeMap;

use csv::WriterBuilder;
use serde_json::json;

use super::store::Belongs;
use super::take::{self, Insist};
use super::{
    Batch, Item, PostalError, PostalKind, PostalState, PostalStatus, addressee, outdated, store,
};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::csv_file::harmless;
use crate::db::{self, Conn};
use crate::deployment::watch::Witness;
use crate::element::in_words;
use crate::id::{BUCKETS, IncidentId, PersonId, PostalId, StaffId};
use crate::incident;
use crate::link::{NoticeCode, StatusLink};
use crate::person::flags::Flags;
use crate::person::{self, Person};
use crate::seal::IncidentKey;

/// How many people are read at once.
const AT_ONCE: i64 = 1_000;
/// Lines of an address that have a column of their own; the last takes the rest.
const LINES: usize = 4;

/// The columns of the list.
const COLUMNS: [&str; 22] = [
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
    "former_reference",
];

/// A letter of the list.
struct Line {
    to: Person,
    listed: Belongs,
    /// When the last letter to this person came back, and why; empty if none did.
    returned: String,
    /// Whether the person's reference names another person by now.
    is_former: bool,
}

/// A list being written, page by page.
pub struct Letters {
    /// The batch that it is.
    pub batch: Batch,
    /// How many people of what is written so far had a reference that names another person by now. Their id stands in the
    /// column `reference`, and what they had in `former_reference`.
    pub former: i64,
    app: App,
    key: IncidentKey,
    /// The list version of the incident for which all people on the list may be told by it.
    version: Option<i32>,
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
        former: 0,
        app: app.clone(),
        key,
        version: None,
        begun: false,
        bucket: 0,
        after: None,
    })
}

/// Begins to write the file of a list that waits; that it was taken out is on record before the first address leaves.
/// Addresses are those of now: it is not written once they may be others than those of the list as it was taken.
///
/// # Errors
/// [`PostalError::NotWaiting`], [`PostalError::Forgotten`]; [`PostalError::Outdated`] if a person on it must not be told by
/// it any more, [`PostalError::BeingActivated`]; [`PostalError::InDoubt`] while the database may be an older copy, which may
/// lack the list that says so.
pub async fn file(app: &App, by: StaffId, id: PostalId) -> Result<Letters, PostalError> {
    // Looked at here too: no node may have looked yet.
    if let Some(doubt) = Witness::new(app).look(app).await? {
        return Err(PostalError::InDoubt(Box::new(doubt)));
    }
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
    let version = outdated::refuse(&mut tx, &key, &batch, None).await?;
    let detail = json!({ "list": batch.kind, "batch": id, "people": batch.people });
    let (now, actor, of) = (app.now(), Actor::Staff(by), batch.incident);
    audit::store::append(&mut tx, now, actor, Action::LettersFile, of, &detail).await?;
    tx.commit().await?;
    Ok(Letters {
        batch,
        former: 0,
        app: app.clone(),
        key,
        version,
        begun: false,
        bucket: 0,
        after: None,
    })
}

impl Letters {
    /// The next piece of the file; `None` at its end. Elements are those of the moment when the list was taken.
    ///
    /// # Errors
    /// The rest of the file is not written: [`PostalError::Forgotten`] once the incident was forgotten,
    /// [`PostalError::Outdated`] once a person on the list must not be told by it any more, and
    /// [`PostalError::BeingActivated`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, PostalError> {
        let mut to = WriterBuilder::new().from_writer(Vec::new());
        let broken = || db::Error::inconsistent("postal_item", "a letter list");
        if !self.begun {
            to.write_record(COLUMNS).map_err(|_| broken())?;
        } else if self.bucket >= BUCKETS {
            return Ok(None);
        }
        self.begun = true;
        for line in self.page().await? {
            self.former += i64::from(line.is_former);
            let cells = self.cells(line);
            let cells = cells
                .iter()
                .map(|cell| harmless(cell.as_bytes()).into_owned());
            to.write_record(cells).map_err(|_| broken())?;
        }
        Ok(Some(to.into_inner().map_err(|_| broken())?))
    }

    /// The next people of the list; empty at its end.
    async fn page(&mut self) -> Result<Vec<Line>, PostalError> {
        // No list of affected people changes anybody before they are read.
        let mut tx = self.app.db.begin().await?;
        let lines = self.read(&mut tx).await;
        tx.roll_back().await;
        lines
    }

    async fn read(&mut self, conn: &mut Conn) -> Result<Vec<Line>, PostalError> {
        self.version = outdated::refuse(conn, &self.key, &self.batch, self.version).await?;
        let key = incident::store::wrapped_key(conn, self.batch.incident).await?;
        key.ok_or(PostalError::Forgotten)?;
        while self.bucket < BUCKETS {
            let (id, bucket) = (self.batch.id, self.bucket);
            let items = store::page(conn, id, bucket, self.after, AT_ONCE).await?;
            let Some(last) = items.last() else {
                (self.bucket, self.after) = (bucket + 1, None);
                continue;
            };
            self.after = Some(last.person);
            let ids: Vec<_> = items.iter().map(|listed| listed.person).collect();
            let of = (self.batch.incident, bucket);
            let people = person::store::load_many(conn, &self.key, of, &ids).await?;
            let listed = |person: &Person| {
                let at = items.binary_search_by_key(&person.id, |listed| listed.person);
                at.ok().map(|at| items[at])
            };
            let back = store::of_people(conn, bucket, &ids).await?;
            let mut back = last_returned(&back, &self.key)?;
            let former = person::store::former_among(conn, bucket, &ids).await?;
            let line = |to: Person| {
                Some(Line {
                    listed: listed(&to)?,
                    returned: back.remove(&to.id).unwrap_or_default(),
                    is_former: former.contains(&to.id),
                    to,
                })
            };
            return Ok(people.into_iter().filter_map(line).collect());
        }
        Ok(Vec::new())
    }

    fn cells(&self, line: Line) -> [String; COLUMNS.len()] {
        let (of, listed) = (&line.to, line.listed);
        let named = listed.named;
        let contact = &of.contact;
        // Joined with other files, a former person's reference would find the person who has it now.
        let (reference, former_reference) = match line.is_former {
            true => (of.id.to_string(), contact.reference.clone()),
            false => (contact.reference.clone(), String::new()),
        };
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
            reference,
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
            addressee(of, self.batch.kind, self.is_to_guardian(of, listed)),
            country,
            one,
            two,
            three,
            four,
            line.returned,
            in_words(of.told_wrongly(), locale),
            self.batch.kind.to_string(),
            former_reference,
        ]
    }

    /// As it was listed, which is what is asked about as the letters are recorded; of those told otherwise as it is now.
    fn is_to_guardian(&self, of: &Person, listed: Belongs) -> bool {
        match self.batch.kind.is_posted() {
            true => listed.minor,
            false => of.flags.contains(Flags::MINOR),
        }
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
