//! Whether the file of a list that waits may be written. The file has the addresses and flags of now; what is recorded of the
//! list is judged by those of when it was taken. So the file is written only while all people on the list may be told by it.

use super::consent::{Barred, Question, Reason};
use super::{Batch, PostalError, moved, store};
use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident;
use crate::seal::IncidentKey;

/// Refuses the file of a list if a person on it must not be told by it any more, and while a list of affected people is
/// being put in force. Until the transaction ends no list of affected people begins to be. Returns the list version in
/// force; people are compared again only if it is another one than `seen`.
///
/// # Errors
/// [`PostalError::Outdated`], [`PostalError::BeingActivated`].
pub(super) async fn refuse(
    tx: &mut Conn,
    key: &IncidentKey,
    of: &Batch,
    seen: Option<i32>,
) -> Result<Option<i32>, PostalError> {
    let version = in_force(tx, of.incident).await?;
    if version.is_some() && version == seen {
        return Ok(version);
    }
    let mut barred = moved::barred(tx, key, of, 0, None).await?;
    add_unknown(tx, of, &mut barred).await?;
    if barred.is_empty() {
        return Ok(version);
    }
    let questions = barred.iter().map(Question::from).collect();
    Err(PostalError::Outdated { questions })
}

/// The list version in force, the incident's row shared.
async fn in_force(tx: &mut Conn, of: IncidentId) -> Result<Option<i32>, PostalError> {
    let version = incident::store::share_scope(tx, of).await?;
    match incident::store::lists::activating(tx, of).await? {
        Some(_) => Err(PostalError::BeingActivated),
        None => Ok(version),
    }
}

/// Adds the people of a list that was put back from its file, if a later list changed their contact data: to which address
/// their letter went is not known, so that the file may hold another one.
async fn add_unknown(tx: &mut Conn, of: &Batch, barred: &mut Vec<Barred>) -> db::Result<()> {
    let people = match of.kind.is_posted() {
        true => store::count_address_unknown(tx, of).await?,
        false => 0,
    };
    let moved = |one: &&mut Barred| one.reason == Reason::AddressChanged;
    match barred.iter_mut().find(moved) {
        Some(moved) => moved.people += people,
        None if people > 0 => barred.push(Barred {
            reason: Reason::AddressChanged,
            people,
            some: Vec::new(),
        }),
        None => {}
    }
    Ok(())
}
