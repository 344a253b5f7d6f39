//! Taking a list: each person who belongs on it becomes a letter of one batch, in one transaction.

use std::collections::BTreeMap;

use serde_json::json;

use super::store::{Belongs, NewItem};
use super::{Batch, MinorsRule, PostalError, PostalKind, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::config::leads_home;
use crate::db::Conn;
use crate::deployment::watch::Witness;
use crate::id::{BUCKETS, IncidentId, PersonId, StaffId};
use crate::incident;
use crate::link::NoticeCode;
use crate::person;
use crate::person::contact::{Contact, Key};
use crate::seal::IncidentKey;

/// How many people are opened at once.
pub(super) const AT_ONCE: usize = 1_000;

/// What is asked for although something speaks against it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Insist {
    /// People on a list that waits are on this one too.
    pub again: bool,
    /// The list is taken although the links in its letters lead to this machine only: for a rehearsal.
    pub anyway: bool,
}

/// Takes a list. People on a list that waits stay out; of a list for the post, people without a postal address stay out
/// and are counted. Imports and activations of the incident wait until the end; customers who ask and agents who answer
/// do not.
///
/// # Errors
/// [`PostalError::State`], [`PostalError::Nobody`], [`PostalError::Waiting`], [`PostalError::NoAddress`],
/// [`PostalError::MinorsAreMailed`] for a list of guardians, [`PostalError::LinksLeadHome`]; [`PostalError::InDoubt`]
/// while the database may be an older copy, which does not know who had a letter after it was taken.
pub async fn take(
    app: &App,
    by: StaffId,
    of: IncidentId,
    kind: PostalKind,
    insist: Insist,
) -> Result<Batch, PostalError> {
    let url = &app.config.http.public_url;
    if kind.is_posted() && leads_home(url) && !insist.anyway {
        return Err(PostalError::LinksLeadHome {
            url: url.to_string(),
        });
    }
    // Looked at here too: no node may have looked yet.
    if let Some(doubt) = Witness::new(app).look(app).await? {
        return Err(PostalError::InDoubt(Box::new(doubt)));
    }
    // It may take long.
    let app = &app.patient();
    let again = insist.again;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    store::lock_taking(&mut tx, of).await?;
    // No list version comes in force before this one is taken; audiences are frozen all the while.
    incident::store::share_scope(&mut tx, of).await?;
    let found = incident::store::find(&mut tx, of).await?;
    let key = found.key(&app.keys)?.ok_or(PostalError::Forgotten)?;
    if !kind.may_tell_in(found.state) {
        return Err(PostalError::State(found.state));
    }
    let rule = store::minors(&mut tx, of).await?;
    if kind == PostalKind::Guardian && rule != MinorsRule::GuardianLetter {
        return Err(PostalError::MinorsAreMailed);
    }
    let mut batch = Batch::new(of, kind, by, now);
    store::insert_batch(&mut tx, &batch).await?;
    for bucket in 0..BUCKETS {
        let (people, without) = list(app, &mut tx, (&key, &batch), bucket, rule, again).await?;
        batch.people += people;
        batch.without_address += without;
    }
    if batch.people == 0 {
        return Err(empty(&mut tx, &batch, rule, again).await?);
    }
    let counts = (batch.people, batch.without_address);
    store::set_people(&mut tx, batch.id, counts).await?;
    let detail = json!({ "list": kind, "batch": batch.id, "people": batch.people, "again": again,
        "without_address": batch.without_address });
    let actor = Actor::Staff(by);
    audit::store::append(&mut tx, now, actor, Action::LettersExport, of, &detail).await?;
    tx.commit().await?;
    Ok(batch)
}

/// Why a list that was just read is empty.
async fn empty(
    tx: &mut Conn,
    batch: &Batch,
    rule: MinorsRule,
    again: bool,
) -> Result<PostalError, PostalError> {
    let mut belong = batch.without_address;
    if !again {
        belong = 0;
        for bucket in 0..BUCKETS {
            let of = (batch.kind, rule);
            belong += count(&store::to_list(tx, batch.incident, bucket, of, true).await?);
        }
    }
    // On lists of whichever kind.
    let (people, waiting) = (batch.without_address, belong - batch.without_address);
    Ok(match (people, waiting) {
        (0, 0) => PostalError::Nobody,
        (0, waiting) => PostalError::Waiting { waiting },
        (people, waiting) => PostalError::NoAddress { people, waiting },
    })
}

fn count<T>(of: &[T]) -> i64 {
    i64::try_from(of.len()).unwrap_or(i64::MAX)
}

/// Puts the people of one bucket on the list; how many, and how many have no postal address that a letter needs.
async fn list(
    app: &App,
    tx: &mut Conn,
    (key, batch): (&IncidentKey, &Batch),
    bucket: i32,
    rule: MinorsRule,
    again: bool,
) -> Result<(i64, i64), PostalError> {
    let mut people = store::to_list(tx, batch.incident, bucket, (batch.kind, rule), again).await?;
    let all = count(&people);
    let mut addressed = BTreeMap::new();
    if batch.kind.is_posted() {
        let of = (batch.incident, bucket);
        addressed = with_address(tx, key, of, &people).await?;
        people.retain(|one| addressed.contains_key(&one.person));
    }
    let code = |person| {
        // It is not verified that a relative or a shelter may open the person's page.
        let printed = batch.kind.is_posted();
        printed.then(|| NoticeCode::of_letter(batch.id, person, &app.keys).key(&app.keys))
    };
    let replaces = batch.kind == PostalKind::Correction;
    let letters: Vec<_> = people
        .into_iter()
        .map(|of| NewItem {
            code_key: code(of.person),
            replaces,
            address_key: addressed.get(&of.person).copied(),
            of,
        })
        .collect();
    store::insert_items(tx, batch.id, bucket, &letters).await?;
    Ok((count(&letters), all - count(&letters)))
}

/// Those of some people of one bucket who have a postal address, and its key.
async fn with_address(
    conn: &mut Conn,
    key: &IncidentKey,
    of: (IncidentId, i32),
    people: &[Belongs],
) -> Result<BTreeMap<PersonId, Key>, PostalError> {
    let mut found = BTreeMap::new();
    for some in people.chunks(AT_ONCE) {
        let ids: Vec<_> = some.iter().map(|one| one.person).collect();
        let opened = person::store::load_many(conn, key, of, &ids).await?;
        let addressed = opened.iter().filter_map(|one| {
            let address = one.contact.address_key(key)?;
            Some((one.id, address))
        });
        found.extend(addressed);
    }
    Ok(found)
}

pub(super) fn has_address(contact: &Contact) -> bool {
    let address = contact.address.as_deref();
    address.is_some_and(|address| !address.trim().is_empty())
}
