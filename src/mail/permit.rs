//! A permit: what must be so before the text of a letter may leave. A part of it is asked while the recipient is named,
//! the rest when the server waits for the text, which may be much later.

use std::pin::Pin;

/// A question; its answer lets a text go, or not.
pub type Asked<'p> = Pin<Box<dyn Future<Output = bool> + Send + 'p>>;

/// What is asked before a text.
pub(super) struct Permit<'p, 'a> {
    first: First<'p>,
    last: &'p mut (dyn FnMut() -> Asked<'a> + Send + 'p),
}

/// Asked at most once, and answered the same ever after.
enum First<'p> {
    Asked(Pin<&'p mut (dyn Future<Output = bool> + Send)>),
    Known(bool),
}

impl<'p, 'a> Permit<'p, 'a> {
    /// `first` is asked while the recipient is named, `last` right before a text leaves.
    pub(super) fn new(
        first: Pin<&'p mut (dyn Future<Output = bool> + Send)>,
        last: &'p mut (dyn FnMut() -> Asked<'a> + Send + 'p),
    ) -> Self {
        Self {
            first: First::Asked(first),
            last,
        }
    }

    /// What could be known before the server waits for the text.
    pub(super) async fn given(&mut self) -> bool {
        if let First::Asked(answer) = &mut self.first {
            self.first = First::Known(answer.as_mut().await);
        }
        matches!(self.first, First::Known(true))
    }

    /// Whether the text may leave now.
    pub(super) async fn still(&mut self) -> bool {
        (self.last)().await
    }
}
