//! Whether an e-mail that waited may still leave, and to which address: decided from the person, or the account of staff, as
//! they are now.

use chrono::{DateTime, TimeDelta, Utc};

use super::{CODE_MINUTES, Claimed, LetterKind, LetterWithheld, OutboxLetter};
use crate::person::flags::WithheldReason;
use crate::person::{Person, PersonStanding};
use crate::staff::Staff;

/// The letter to send to `person`, at their present address. `retracted_at` is when the list said that they are not
/// affected, if it does.
///
/// A one-time code is never sent to another address than the one it was made for. A letter written before the person
/// was retracted is not sent: it may say what is no longer so. What is written to them afterwards is.
///
/// # Errors
/// Why it must not leave.
pub(crate) fn check(
    claimed: &Claimed,
    letter: OutboxLetter,
    person: &Person,
    retracted_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<OutboxLetter, LetterWithheld> {
    if let Some(reason) = person.flags.withheld_reason() {
        return Err(forbidden(reason));
    }
    let is_code = claimed.kind == LetterKind::OneTimeCode;
    if is_code && now - claimed.created_at >= TimeDelta::minutes(CODE_MINUTES) {
        return Err(LetterWithheld::Expired);
    }
    let retracted = person.standing == PersonStanding::Retracted;
    if retracted && !is_code && retracted_at.is_none_or(|at| claimed.created_at <= at) {
        return Err(LetterWithheld::Retracted);
    }
    if claimed
        .link_epoch
        .is_some_and(|epoch| epoch != person.link_epoch)
    {
        return Err(LetterWithheld::LinkRevoked);
    }
    let Some(address) = &person.contact.email else {
        return Err(LetterWithheld::NoAddress);
    };
    if letter.to == address.as_str() {
        return Ok(letter);
    }
    if is_code {
        return Err(LetterWithheld::AddressChanged);
    }
    Ok(OutboxLetter {
        to: address.as_str().to_owned(),
        to_name: person.contact.name.clone().unwrap_or_default(),
        ..letter
    })
}

/// The letter to send to a member of staff, at the present address of their account.
///
/// # Errors
/// Why it must not leave.
pub(crate) fn check_staff(
    letter: OutboxLetter,
    staff: &Staff,
) -> Result<OutboxLetter, LetterWithheld> {
    if staff.disabled_at.is_some() {
        return Err(LetterWithheld::AccountDisabled);
    }
    let address = staff.email.as_ref().ok_or(LetterWithheld::NoAddress)?;
    Ok(OutboxLetter {
        to: address.as_str().to_owned(),
        ..letter
    })
}

fn forbidden(reason: WithheldReason) -> LetterWithheld {
    match reason {
        WithheldReason::LegalHold => LetterWithheld::LegalHold,
        WithheldReason::Deceased => LetterWithheld::Deceased,
        WithheldReason::ProtectedAddress => LetterWithheld::ProtectedAddress,
        // Reasons of notices; flags never give them.
        WithheldReason::NoAddress
        | WithheldReason::Changed
        | WithheldReason::NotAffected
        | WithheldReason::AlreadyTold => LetterWithheld::NoAddress,
    }
}
