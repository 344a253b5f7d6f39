//! Bad results of one relay that follow each other: transactions that are lost, messages that are deferred. Enough of
//! them mean the relay and say nothing about a campaign. Until that is known, the breaker hears nothing of them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::heard::Heard;
use crate::id::NoticeId;

/// The relay is away after this many lost transactions in a row, on any of its connections.
const LOST: u32 = 5;
/// Messages deferred one after the other after which the relay defers everything, if they are of several providers.
const DEFERRED: usize = 10;
/// How many providers are several.
const SEVERAL: usize = 3;
/// The same whatever their providers.
const DEFERRED_ALIKE: usize = 20;

/// What a bad result leads to.
#[derive(Debug)]
pub enum Means {
    /// It is not known yet whether the relay is meant.
    Open,
    /// The relay is meant: it is to be held. These results are counted by their campaigns all the same, since no other
    /// relay takes their messages.
    Relay(Vec<Heard>),
    /// These are counted by their campaigns.
    Campaigns(Vec<Heard>),
}

/// A message that was deferred.
#[derive(Debug)]
pub struct Deferral<'a> {
    pub notice: NoticeId,
    /// Who runs its mailbox.
    pub provider: &'a str,
    /// It was tried before: at the end of a campaign only such are left.
    pub is_again: bool,
    /// Another relay could take it, and does not deferred its own messages.
    pub others_take: bool,
}

/// The latest bad results of one relay.
#[derive(Debug, Default)]
pub struct Streak {
    /// Whether there are any: a relay that takes everything takes no lock.
    any: AtomicBool,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    lost: u32,
    /// Results that are counted unless the relay turns out to be away.
    lost_unsaid: Vec<Heard>,
    deferred: BTreeSet<NoticeId>,
    providers: BTreeSet<Box<str>>,
    deferred_unsaid: Vec<Heard>,
    /// It was held since it deferred everything, and has taken nothing since.
    is_suspect: bool,
}

impl Streak {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.any.store(true, Ordering::Relaxed);
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection broke during a transaction; `heard` is the result if the message text had been sent. `others_take`:
    /// another relay could take the message.
    pub fn lost(&self, heard: Option<Heard>, others_take: bool) -> Means {
        let mut rows = self.rows();
        rows.lost += 1;
        rows.lost_unsaid.extend(heard);
        if rows.lost < LOST {
            return Means::Open;
        }
        rows.lost = 0;
        let mut unsaid = std::mem::take(&mut rows.lost_unsaid);
        if others_take {
            unsaid.clear();
        }
        Means::Relay(unsaid)
    }

    /// A transaction ended with an answer, whatever it was: the relay is not away. What is counted now.
    pub fn answered(&self) -> Vec<Heard> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut rows = self.rows();
        rows.lost = 0;
        std::mem::take(&mut rows.lost_unsaid)
    }

    /// A message was taken, or its address refused: the relay does not defer everything. What is counted now.
    pub fn taken(&self) -> Vec<Heard> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut guard = self.rows();
        let rows = std::mem::take(&mut *guard);
        self.any.store(false, Ordering::Relaxed);
        drop(guard);
        let mut heard = rows.lost_unsaid;
        heard.extend(rows.deferred_unsaid);
        heard
    }

    /// A message was deferred.
    pub fn defer(&self, one: &Deferral<'_>, heard: Heard) -> Means {
        let mut rows = self.rows();
        if one.is_again && !rows.is_suspect {
            return Means::Campaigns(vec![heard]);
        }
        rows.count(one);
        if !one.others_take {
            let mut heard_now = std::mem::take(&mut rows.deferred_unsaid);
            heard_now.push(heard);
            return Means::Campaigns(heard_now);
        }
        if rows.puts_everything_off() {
            *rows = Rows {
                lost: rows.lost,
                lost_unsaid: std::mem::take(&mut rows.lost_unsaid),
                is_suspect: true,
                ..Rows::default()
            };
            return Means::Relay(Vec::new());
        }
        rows.deferred_unsaid.push(heard);
        Means::Open
    }

    /// Whether the latest message that a relay answered for was deferred.
    pub fn defers(&self) -> bool {
        self.any.load(Ordering::Relaxed) && !self.rows().deferred.is_empty()
    }
}

impl Rows {
    fn count(&mut self, one: &Deferral<'_>) {
        if self.deferred.len() < DEFERRED_ALIKE {
            self.deferred.insert(one.notice);
        }
        if self.providers.len() < SEVERAL {
            self.providers.insert(one.provider.into());
        }
    }

    fn puts_everything_off(&self) -> bool {
        let least = match self.providers.len() >= SEVERAL {
            true => DEFERRED,
            false => DEFERRED_ALIKE,
        };
        self.deferred.len() >= least
    }
}
