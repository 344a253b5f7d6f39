//! Finding a person by what they or the organisation know of them: through keyed hashes, never by text.

use super::{Person, store};
use crate::address::EmailAddress;
use crate::app::App;
use crate::db;
use crate::id::IncidentId;
use crate::incident::{self, Incident};
use crate::seal::Broken;

/// What is known of the person sought.
#[derive(Clone)]
pub enum Clue {
    /// The organisation's own number for them.
    Reference(String),
    /// Their e-mail address.
    Email(EmailAddress),
    /// Their name and postcode.
    NamePostcode(String, String),
}

impl std::fmt::Debug for Clue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clue(•••)")
    }
}

/// Why the search was refused.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for FindError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// The people of an incident who fit the clue, retracted ones too: several may share a mailbox. The result is empty
/// once the incident was forgotten.
///
/// # Errors
/// [`FindError::Missing`] without such an incident.
pub async fn find(app: &App, incident: IncidentId, clue: &Clue) -> Result<Vec<Person>, FindError> {
    let mut conn = app.db.get().await?;
    let found = incident::store::find(&mut conn, incident).await?;
    let Some(key) = found.key(&app.keys)? else {
        return Ok(Vec::new());
    };
    let people = match clue {
        Clue::Reference(reference) => {
            store::find_by_reference(&mut conn, &key, incident, reference).await?
        }
        Clue::Email(email) => store::find_by_email(&mut conn, &key, incident, email).await?,
        Clue::NamePostcode(name, postcode) => {
            store::find_by_name_postcode(&mut conn, &key, incident, name, postcode).await?
        }
    };
    Ok(people)
}

/// The people of several incidents who fit the clue, in the order of the incidents; those are left out that were
/// forgotten.
///
/// # Errors
/// [`FindError::Key`], or the database's.
pub async fn find_each(
    app: &App,
    incidents: &[&Incident],
    clue: &Clue,
) -> Result<Vec<Person>, FindError> {
    let mut keys = Vec::new();
    for of in incidents {
        keys.extend(of.key(&app.keys)?.map(|key| (of.id, key)));
    }
    let keyed: Vec<_> = keys.iter().map(|(id, key)| (*id, key)).collect();
    let mut conn = app.db.get().await?;
    let mut people = match clue {
        Clue::Reference(reference) => {
            store::find_each_by_reference(&mut conn, &keyed, reference).await?
        }
        Clue::Email(email) => store::find_each_by_email(&mut conn, &keyed, email).await?,
        Clue::NamePostcode(name, postcode) => {
            store::find_each_by_name_postcode(&mut conn, &keyed, name, postcode).await?
        }
    };
    people.sort_by_key(|one| incidents.iter().position(|of| of.id == one.incident));
    Ok(people)
}
