//! What a decision about a copy reads and writes.

mod departed;
mod gap;
mod posted;

pub(crate) use self::departed::{
    give_batches_back, insert_outcomes, latest, letters_settled_since, list_approved, list_recent,
    list_under_way, list_waiting_letters, mark_drafts, settle_letters, settled_since,
};
pub(crate) use self::gap::insert_gap;
pub(crate) use self::posted::{count_need_letter, lists_waiting};
