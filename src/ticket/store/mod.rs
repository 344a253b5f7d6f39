//! Tickets, their messages and their history in the database. Subjects and messages are sealed under the incident's key
//! on the way in and opened on the way out, so that callers never see a sealed one.

mod code;
mod desk;
mod find;
mod list;
mod page;
mod row;
mod shown;
mod thread;
mod waiting;
mod weigh;
mod write;

pub use code::{Known, NewCode, Often, last_code, replace_code, spend_code, use_try};
pub use desk::{Desk, Ended, Ends, TicketName, desk};
pub use find::{
    check_table, connected, find, find_by_number, find_theirs, history, is_answered, lock, thread,
};
pub use list::{
    Filter, PAGE_LIMIT, asked_lately, list, mine, newest_unfinished, of_people, of_person, queue,
    said_since, unfinished,
};
pub use page::{Cursor, NotACursor, Page};
pub use shown::{is_shown_with, shown_to};
pub use thread::thread_with_letters;
pub use waiting::{
    WAITING_CAP, Waiting, count_waiting, oldest_waiting, waiting, waiting_since_before,
};
pub use weigh::{weigh_again, weigh_recent};
pub use write::{
    claim, insert, insert_message, release_expired, release_of, say_who, seal_reason, set,
    set_lease, take_turn,
};
