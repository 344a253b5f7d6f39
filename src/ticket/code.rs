//! The second step on the status page: six digits sent to the address on file. Whoever holds a link
//! alone sees nothing personal. The answer is the same whether or not there is an address.

use chrono::TimeDelta;

use super::intake::customer::Customer;
use super::letter::{self, Addressee};
use super::store::{self, Often};
use crate::app::App;
use crate::db;
use crate::id::{IncidentId, LetterId, PersonId};
use crate::outbox::{self, LetterKind, NewLetter};
use crate::seal::{Keyring, random, same};

/// How long a code is good, in minutes.
pub const MINUTES: i64 = 10;
/// How often one may be typed.
const TRIES: i16 = 5;
/// A hundred guesses a day at a million codes.
const OFTEN: Often = Often {
    pause: TimeDelta::minutes(1),
    a_day: 20,
};

/// Sends the person a new code, which replaces an older one; at most one a minute and twenty a day. A person without
/// an address, or to whose address nobody may write, gets none, and the caller does not learn it.
///
/// # Errors
/// `Missing` if there is no such person, or the incident was forgotten.
pub async fn send(app: &App, incident: IncidentId, person: PersonId) -> db::Result<()> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let customer = Customer::find(&mut tx, app, incident, person).await?;
    let Some(to) = Addressee::of(&customer.person) else {
        return Ok(());
    };
    store::take_turn(&mut tx, person).await?;
    let code = format!("{:06}", u64::from_be_bytes(random()) % 1_000_000);
    let (hash, good) = (
        hash(&app.keys, person, &code),
        (now, TimeDelta::minutes(MINUTES)),
    );
    if !store::replace_code(&mut tx, person, &hash, good, OFTEN).await? {
        return Ok(());
    }
    let new = NewLetter {
        id: LetterId::new(now),
        kind: LetterKind::OneTimeCode,
        incident,
        ticket: None,
        message_no: None,
        letter: &letter::one_time_code(app, &to, &code, MINUTES),
        at: now,
    };
    outbox::store::insert(&mut tx, &customer.key, &new).await?;
    tx.commit().await
}

/// Whether this is the person's code. It works once; five tries, right or wrong, use it up.
///
/// # Errors
/// The database's.
pub async fn check(app: &App, person: PersonId, typed: &str) -> db::Result<bool> {
    let Some(code) = digits(typed) else {
        return Ok(false);
    };
    let mut tx = app.db.begin().await?;
    let known = store::use_try(&mut tx, person, TRIES, app.now()).await?;
    let typed = hash(&app.keys, person, &code);
    let right = match known {
        Some(known) if same(&known, &typed) => store::spend_code(&mut tx, person, &known).await?,
        _ => false,
    };
    tx.commit().await?;
    Ok(right)
}

fn hash(keys: &Keyring, person: PersonId, code: &str) -> [u8; 32] {
    keys.link_mac(&[b"one-time code", person.uuid().as_bytes(), code.as_bytes()])
}

/// Six digits, however they were typed: spaces and hyphens between them, full width, Arabic-Indic.
fn digits(typed: &str) -> Option<String> {
    let digit = |c: char| match c {
        '0'..='9' => Some(c),
        '\u{0660}'..='\u{0669}' => char::from_digit(c as u32 - 0x0660, 10),
        '\u{06F0}'..='\u{06F9}' => char::from_digit(c as u32 - 0x06F0, 10),
        '\u{FF10}'..='\u{FF19}' => char::from_digit(c as u32 - 0xFF10, 10),
        _ => None,
    };
    let typed = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let code: Option<String> = typed.take(7).map(digit).collect();
    code.filter(|code| code.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_many_ways_but_is_six_digits() {
        for typed in [
            "012345",
            " 012 345\n",
            "012-345",
            "٠١٢٣٤٥",
            "۰۱۲۳۴۵",
            "０１２３４５",
        ] {
            assert_eq!(digits(typed).as_deref(), Some("012345"), "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "١٢٣", "½½½½½½"] {
            assert_eq!(digits(typed), None, "{typed}");
        }
    }
}
