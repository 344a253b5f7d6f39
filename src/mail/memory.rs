//! A relay that keeps letters in memory and answers as it was told, for tests.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::letter::Letter;
use super::reply::Reply;

type Rule = Box<dyn FnMut(&Letter) -> Option<Reply> + Send>;

#[derive(Default)]
struct State {
    sent: Vec<Letter>,
    next: VecDeque<Reply>,
    rule: Option<Rule>,
    away: bool,
}

/// Accepts every letter unless it was told otherwise. The clones are one relay, so a test keeps
/// one and passes on another.
#[derive(Clone)]
pub struct MemoryRelay {
    name: Arc<str>,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for MemoryRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MemoryRelay {} ({} letters)",
            self.name,
            self.state().sent.len()
        )
    }
}

impl MemoryRelay {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            state: Arc::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The letters it accepted, in order.
    pub fn sent(&self) -> Vec<Letter> {
        self.state().sent.clone()
    }

    /// The same, and forgets them.
    pub fn take_sent(&self) -> Vec<Letter> {
        std::mem::take(&mut self.state().sent)
    }

    /// Answers the next letters with these, one each, before any rule is asked.
    pub fn answer_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().next.extend(replies);
    }

    /// Asks this about every further letter; `None` accepts it.
    pub fn answer_by(&self, rule: impl FnMut(&Letter) -> Option<Reply> + Send + 'static) {
        self.state().rule = Some(Box::new(rule));
    }

    /// While away it can be neither connected to nor sent to.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    pub(super) fn connect(&self) -> Result<(), Reply> {
        if self.state().away {
            Err(gone())
        } else {
            Ok(())
        }
    }

    pub(super) fn send(&self, letter: &Letter) -> Reply {
        let mut state = self.state();
        if state.away {
            return gone();
        }
        let told = state.next.pop_front();
        let told = told.or_else(|| state.rule.as_mut().and_then(|rule| rule(letter)));
        let reply = told.unwrap_or_else(|| Reply::Accepted {
            code: 250,
            text: "kept in memory".to_owned(),
        });
        if matches!(reply, Reply::Accepted { .. }) {
            state.sent.push(letter.clone());
        }
        reply
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A rule that panicked in one test thread must not hide what the others see.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> Reply {
    Reply::unreachable("the relay was told to be away")
}
