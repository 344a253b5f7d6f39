//! A member of staff who is signed in types their password again, for an action that must be their own.

use super::sign_in::Attempts;
use super::{password, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db;
use crate::id::StaffId;

/// Why it is not confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmError {
    /// The password is another, or the account has none.
    #[error("this is not your password")]
    WrongPassword,
    /// Too many attempts; seconds until the next may be made.
    #[error("there were too many attempts: wait {0} seconds, then try again")]
    TooMany(u32),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Compares what was typed with the password of the account. Attempts count as in a change of the own password: as many as
/// sign-ins of one account.
///
/// # Errors
/// [`ConfirmError`].
pub(crate) async fn own_password(
    app: &App,
    attempts: &Attempts,
    who: StaffId,
    typed: &str,
) -> Result<(), ConfirmError> {
    let now = app.now();
    let counted = attempts.may_try_own_password(who, now);
    counted.map_err(ConfirmError::TooMany)?;
    let hash = store::password_of(&mut *app.db.get().await?, who).await?;
    if password::verify(hash, typed).await {
        return Ok(());
    }
    let refused = Action::StaffPasswordRefused;
    app.noticed.note(now, Actor::Staff(who), refused, who, 0);
    Err(ConfirmError::WrongPassword)
}
