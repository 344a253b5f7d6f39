//! The problem of a change to an outdated version.

use std::fmt;

use super::{Kind, Problem};
use crate::audit::changed::Changed;

impl Problem {
    /// 409 with what changed: the present version, the changed parts, and who made the latest change when.
    pub fn changed(why: impl fmt::Display, changed: &Changed) -> Self {
        let last = changed.last();
        Self::new(Kind::Changed)
            .because(why)
            .with("version", changed.version)
            .with("changed", changed.words())
            .with("by", last.and_then(|last| last.by.as_deref()))
            .with("at", last.map(|last| last.at))
    }
}
