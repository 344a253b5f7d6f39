//! The letter list: whom the post must tell, as a CSV for the mail house.

use csv::WriterBuilder;
use serde_json::json;

use super::{PeopleFilter, Person, PersonStanding, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db;
use crate::element::in_words;
use crate::id::{IncidentId, PersonId, StaffId};
use crate::incident;
use crate::link::StatusLink;
use crate::scope::csv::harmless;
use crate::seal::{Broken, IncidentKey};

/// How many people are read at once.
const AT_ONCE: usize = 1_000;

/// The columns of the list.
const COLUMNS: [&str; 10] = [
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
];

/// Why there is no letter list.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// The incident's key was destroyed: nobody knows the addresses any more.
    #[error("this incident was forgotten: its addresses are gone")]
    Forgotten,
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// A letter list being written, page by page.
pub struct Letters {
    app: App,
    key: IncidentKey,
    incident: IncidentId,
    begun: bool,
    after: Option<PersonId>,
    done: bool,
}

/// Begins the export of the letter list; that it was taken is on record before the first address leaves.
///
/// # Errors
/// [`LettersError`].
pub async fn export(app: &App, by: StaffId, incident: IncidentId) -> Result<Letters, LettersError> {
    let mut tx = app.db.begin().await?;
    let found = incident::store::find(&mut tx, incident).await?;
    let key = found.key(&app.keys)?.ok_or(LettersError::Forgotten)?;
    let (now, actor) = (app.now(), Actor::Staff(by));
    let detail = json!({ "list": "needs_letter" });
    audit::store::append(&mut tx, now, actor, "letters.export", incident, &detail).await?;
    tx.commit().await?;
    Ok(Letters {
        app: app.clone(),
        key,
        incident,
        begun: false,
        after: None,
        done: false,
    })
}

impl Letters {
    /// The next piece of the file; `None` at its end. Whoever is told or needs a letter while it is
    /// written may stand in it or not.
    ///
    /// # Errors
    /// [`LettersError::Forgotten`] once the incident was forgotten: the rest of the list is not written.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, LettersError> {
        if self.done {
            return Ok(None);
        }
        let filter = PeopleFilter {
            standing: Some(PersonStanding::NeedsLetter),
            ..PeopleFilter::default()
        };
        let mut conn = self.app.db.get().await?;
        let (key, incident) = (&self.key, self.incident);
        if incident::store::wrapped_key(&mut conn, incident)
            .await?
            .is_none()
        {
            return Err(LettersError::Forgotten);
        }
        let page = store::list(&mut conn, key, incident, &filter, self.after, AT_ONCE).await?;
        drop(conn);
        let mut to = WriterBuilder::new().from_writer(Vec::new());
        let broken = || db::Error::inconsistent("person", "a letter list");
        if !self.begun {
            to.write_record(COLUMNS).map_err(|_| broken())?;
        }
        for person in &page.0 {
            let cells = self.cells(person);
            to.write_record(
                cells
                    .iter()
                    .map(|cell| harmless(cell.as_bytes()).into_owned()),
            )
            .map_err(|_| broken())?;
        }
        self.begun = true;
        self.done = page.1.is_none();
        self.after = page.1;
        let bytes = to.into_inner().map_err(|_| broken())?;
        Ok(Some(bytes))
    }

    fn cells(&self, of: &Person) -> [String; COLUMNS.len()] {
        let link = StatusLink {
            person: of.id,
            epoch: of.link_epoch,
        };
        let base = self.app.config.http.public_url.trim_end_matches('/');
        let locale = of.locale.as_str();
        let under = of
            .jurisdiction
            .as_ref()
            .map(|code| code.as_str().to_owned());
        [
            of.contact.reference.clone(),
            of.contact.name.clone().unwrap_or_default(),
            of.contact.address.clone().unwrap_or_default(),
            of.contact.postcode.clone().unwrap_or_default(),
            under.unwrap_or_default(),
            locale.to_owned(),
            of.flags.to_string(),
            in_words(of.exposed, locale),
            in_words(of.unnamed(), locale),
            format!("{base}/s/{}", link.token(&self.app.keys)),
        ]
    }
}
