//! The people who were sent the wrong texts of a recall.

use std::collections::BTreeMap;

use super::store::readers::{self, Sent};
pub use super::store::readers::{Count, Reader};
pub(crate) use super::store::readers::{FormerLocale, former_locales};
use super::{Recall, WrongTexts};
use crate::campaign::{self, Campaign};
use crate::db::{Conn, Result};
use crate::id::PersonId;
use crate::template::Variant;

/// How many people were sent a wrong text, and who of them used their page since.
///
/// # Errors
/// The database's.
pub async fn count(conn: &mut Conn, recall: &Recall) -> Result<Count> {
    let sent = sent(conn, recall).await?;
    readers::count(conn, recall.incident, &sent).await
}

/// These people, page by page, after `after` if given.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn,
    recall: &Recall,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Reader>> {
    let sent = sent(conn, recall).await?;
    readers::page(conn, recall.incident, &sent, after, limit).await
}

/// What the wrong texts are to the statement that finds their readers: of a campaign with right texts, too, the languages of
/// the incident's people are compared.
pub(super) async fn sent(conn: &mut Conn, recall: &Recall) -> Result<Sent> {
    let mut sent = Sent::default();
    let limited = |texts: &&WrongTexts| !texts.whole;
    let whole = recall.texts.iter().filter(|texts| texts.whole);
    sent.whole = whole.map(|texts| texts.campaign).collect();
    if recall.texts.iter().any(|texts| !texts.whole) {
        let locales = readers::locales(conn, recall.incident).await?;
        for texts in recall.texts.iter().filter(limited) {
            let campaign = campaign::store::find(conn, texts.campaign).await?;
            let all = texts_of(&campaign)?;
            let reached = locales
                .iter()
                .filter(|locale| texts.reached(&all, locale.as_str()));
            sent.pairs
                .extend(reached.map(|locale| (texts.campaign, locale.clone())));
        }
    }
    Ok(sent)
}

/// All texts of a campaign that was submitted.
pub(crate) fn texts_of(campaign: &Campaign) -> Result<BTreeMap<String, Variant>> {
    let content = campaign.submitted().map_err(|why| why.of(campaign.id))?;
    Ok(content.map(|content| content.variants).unwrap_or_default())
}
