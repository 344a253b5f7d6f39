//! Guidance as it was written before. It is the longest part of a notice, and most people of a breach lost the
//! same: so it is put together once for each set of elements, not for each person.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::element::ElementSet;

/// Sets that are remembered; beyond it all are dropped, and rendered again on demand.
const MOST: usize = 1_024;

/// In which form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Html,
    /// At this margin, from the beginning of a line.
    Text(String),
}

type Texts = HashMap<(ElementSet, Form), Arc<str>>;

/// The guidance of one template version in one locale.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(Arc<RwLock<Texts>>);

impl Kept {
    /// What was written of these elements, or what `write` writes now.
    pub(super) fn get<E>(
        &self,
        elements: ElementSet,
        form: Form,
        write: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<Arc<str>, E> {
        let of = (elements, form);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(&of) {
            return Ok(Arc::clone(text));
        }
        drop(known);
        let mut text = String::new();
        write(&mut text)?;
        let text = Arc::<str>::from(text);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(of, Arc::clone(&text));
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_once_is_not_written_again_and_a_failure_is_not_kept() {
        let (kept, none) = (Kept::default(), ElementSet::EMPTY);
        let failed = kept.get(none, Form::Html, |_| Err(()));
        assert_eq!(failed, Err(()));
        let write = |words: &'static str| {
            move |to: &mut String| {
                to.push_str(words);
                Ok::<_, ()>(())
            }
        };
        assert_eq!(&*kept.get(none, Form::Html, write("one")).unwrap(), "one");
        assert_eq!(&*kept.get(none, Form::Html, write("two")).unwrap(), "one");
        let margin = Form::Text("> ".to_owned());
        assert_eq!(&*kept.get(none, margin, write("three")).unwrap(), "three");
    }
}
