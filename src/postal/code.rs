//! The second step with the code that is printed in a letter, for people who were told by post. It opens the page of
//! its own person only, until the letter comes back or a later letter is posted.

use chrono::TimeDelta;

use super::store;
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{IncidentId, PersonId};
use crate::link::NoticeCode;
use crate::person::{self, Person};

/// Wrong codes a day, at one in 2^39.
const A_DAY: i16 = 20;

/// Whether a letter with a code that opens their page went to the person, or waits to be posted.
///
/// # Errors
/// The database's.
pub async fn is_out<C>(conn: &mut Conn, person: &Person<C>) -> db::Result<bool> {
    if person.flags.withheld_reason().is_some() {
        return Ok(false);
    }
    let items = store::of_person(conn, person.id).await?;
    Ok(items.iter().any(|item| item.opens(&items)))
}

/// The person of the letter in which this code stands, if it still counts.
///
/// # Errors
/// The database's.
pub async fn whose(
    app: &App,
    conn: &mut Conn,
    code: NoticeCode,
) -> db::Result<Option<(IncidentId, PersonId)>> {
    for item in store::of_code(conn, code.bucket(), &[code.key(&app.keys)]).await? {
        let all = store::of_person(conn, item.person).await?;
        if item.opens(&all) {
            return Ok(Some((item.batch.incident, item.person)));
        }
    }
    Ok(None)
}

/// Whether this code stands in any letter that was listed, also one that came back or was never posted.
///
/// # Errors
/// The database's.
pub async fn is_known(app: &App, conn: &mut Conn, code: NoticeCode) -> db::Result<bool> {
    let letters = store::of_code(conn, code.bucket(), &[code.key(&app.keys)]).await?;
    Ok(!letters.is_empty())
}

/// Whether this code stands in a letter to the person that still counts. Twenty wrong ones use up the day, counted
/// from the first. It opens nothing while a flag forbids to write to the person: others may have read the letter.
///
/// # Errors
/// The database's.
pub async fn check(app: &App, person: PersonId, typed: &str) -> db::Result<bool> {
    let Some(code) = NoticeCode::parse(typed) else {
        return Ok(false);
    };
    let mut tx = app.db.begin().await?;
    // Counted first, so that two at once count twice.
    let now = app.now();
    let tries = store::count_try(&mut tx, person, now, now - TimeDelta::days(1)).await?;
    let key = code.key(&app.keys);
    let flags = person::store::find_row(&mut tx, person).await?.flags;
    let allowed = tries <= A_DAY && flags.withheld_reason().is_none();
    let items = store::of_person(&mut tx, person).await?;
    let fits = |item: &super::Item| item.code_key == Some(key) && item.opens(&items);
    let right = allowed && code.bucket() == person.bucket() && items.iter().any(fits);
    if right {
        store::forgive_try(&mut tx, person).await?;
    }
    tx.commit().await?;
    Ok(right)
}
