//! A permit: what must be so before the text of a letter may leave, asked for while its recipient is named.

use std::pin::Pin;

/// Asked at most once, and answered the same ever after.
pub(super) enum Permit<'p> {
    /// Not yet known.
    Asked(Pin<&'p mut (dyn Future<Output = bool> + Send)>),
    /// Known.
    Known(bool),
}

impl Permit<'_> {
    /// Whether the text may leave.
    pub(super) async fn given(&mut self) -> bool {
        if let Self::Asked(answer) = self {
            *self = Self::Known(answer.as_mut().await);
        }
        matches!(self, Self::Known(true))
    }
}
