//! The second step on the status page: six digits sent to the address on file. A link alone shows nothing personal. A
//! code ends with the address it was sent to: once the list gives another, or forbids to write to it, the code opens
//! nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::intake::customer::Customer;
use super::letter::{self, Addressee};
use super::store::{self, Often};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{IncidentId, LetterId, PersonId};
use crate::outbox::{self, CODE_MINUTES, LetterKind, LetterStatus, NewLetter};
use crate::seal::{Keyring, random, same};

/// How often one may be typed.
const TRIES: i16 = 5;
/// A hundred guesses a day at a million codes.
const OFTEN: Often = Often {
    pause: TimeDelta::minutes(1),
    a_day: 20,
};

/// What can be said of the second step, at the moment it is asked. Addresses are masked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Step {
    /// A code can be asked for.
    #[default]
    Offer,
    /// No code can be sent: there is no e-mail address that may be used. The reason is not shown: the holder of the
    /// link may be the danger.
    NoMail,
    /// A code waits to be sent, and nothing is sent while the emergency stop is set.
    Stopped,
    /// A code waits to be sent.
    Sending {
        /// The address.
        to: String,
        /// Until when it is good.
        until: DateTime<Utc>,
    },
    /// A relay took a code.
    Sent {
        /// The address.
        to: String,
        /// Until when it is good.
        until: DateTime<Utc>,
    },
    /// The code was refused on its way.
    Refused {
        /// The address.
        to: String,
    },
    /// The last code was typed too often.
    UsedUp,
    /// The codes of a day are used up.
    TooMany {
        /// When there can be another.
        until: DateTime<Utc>,
    },
}

/// Where the second step of a person stands.
///
/// # Errors
/// `Missing` if there is no such person, or the incident was forgotten.
pub async fn step(
    conn: &mut Conn,
    app: &App,
    incident: IncidentId,
    person: PersonId,
) -> db::Result<Step> {
    let now = app.now();
    let customer = Customer::find(conn, app, incident, person).await?;
    let Some((to, address)) = addressee(&customer) else {
        return Ok(Step::NoMail);
    };
    let Some(last) = store::last_code(conn, person).await? else {
        return Ok(Step::Offer);
    };
    let is_theirs = last.sent_to.as_deref() == Some(address.as_slice());
    let is_good = is_theirs && last.expires_at > now;
    if !is_good || last.tries >= TRIES {
        let next_day = last.counted_from + TimeDelta::days(1);
        return Ok(match () {
            () if last.counted >= OFTEN.a_day && next_day > now => {
                Step::TooMany { until: next_day }
            }
            () if is_good => Step::UsedUp,
            () => Step::Offer,
        });
    }
    let (to, until) = (to.masked(), last.expires_at);
    let status = match last.letter {
        Some(letter) => outbox::store::status_of(conn, letter).await?,
        None => LetterStatus::Sent,
    };
    Ok(match status {
        LetterStatus::Sent => Step::Sent { to, until },
        LetterStatus::Failed | LetterStatus::Withheld | LetterStatus::Uncertain => {
            Step::Refused { to }
        }
        LetterStatus::Queued if outbox::store::is_stopped(conn).await? => Step::Stopped,
        LetterStatus::Queued => Step::Sending { to, until },
    })
}

/// The person, if a code may be sent to them, and the key of their address.
fn addressee(customer: &Customer) -> Option<(Addressee, [u8; 16])> {
    let to = Addressee::of(&customer.person)?;
    let key = customer.person.contact.keys(&customer.key).email?;
    Some((to, key))
}

/// Sends the person a new code, which replaces an older one; at most one a minute and twenty a day. A person without a
/// usable address gets none: [`step`] says so.
///
/// # Errors
/// `Missing` if there is no such person, or the incident was forgotten.
pub async fn send(app: &App, incident: IncidentId, person: PersonId) -> db::Result<()> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let customer = Customer::find(&mut tx, app, incident, person).await?;
    let Some((to, address)) = addressee(&customer) else {
        return Ok(());
    };
    store::take_turn(&mut tx, person).await?;
    let code = format!("{:06}", u64::from_be_bytes(random()) % 1_000_000);
    let id = LetterId::new(now);
    let kept = store::NewCode {
        hash: &hash(&app.keys, person, &code),
        sent_to: &address,
        letter: id,
    };
    let good = (now, TimeDelta::minutes(CODE_MINUTES));
    let replaced = store::replace_code(&mut tx, person, kept, good, OFTEN).await?;
    if !replaced.is_written() {
        return Ok(());
    }
    let new = NewLetter {
        id,
        kind: LetterKind::OneTimeCode,
        incident,
        to: to.recipient(),
        ticket: None,
        message_no: None,
        letter: &letter::one_time_code(app, &to, &code, CODE_MINUTES),
        at: now,
    };
    outbox::store::insert(&mut tx, &customer.key, &new).await?;
    tx.commit().await
}

/// Whether this is the code that was sent to the person's present address. It works once; five tries, right or
/// wrong, use it up.
///
/// # Errors
/// `Missing` if there is no such person, or the incident was forgotten.
pub async fn check(
    app: &App,
    incident: IncidentId,
    person: PersonId,
    typed: &str,
) -> db::Result<bool> {
    let Some(code) = digits(typed) else {
        return Ok(false);
    };
    let mut tx = app.db.begin().await?;
    let customer = Customer::find(&mut tx, app, incident, person).await?;
    let Some((_, address)) = addressee(&customer) else {
        return Ok(false);
    };
    let known = store::use_try(&mut tx, person, &address, TRIES, app.now()).await?;
    let typed = hash(&app.keys, person, &code);
    let right = match known {
        Some(known) if same(&known, &typed) => {
            let spent = store::spend_code(&mut tx, person, &known).await?;
            spent.is_written()
        }
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
