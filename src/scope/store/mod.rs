//! Scope versions, their staged rows and their rejects in the database.

/// What a staged row `r` says of a person `p`, in SQL: what is known of them where its file lacks the column. The
/// bits are those of `scope::lacks`.
macro_rules! said {
    (locale) => {
        "case when r.lacks & 16 <> 0 and p.id is not null then p.locale else r.locale end"
    };
    (jurisdiction) => {
        "case when r.lacks & 32 <> 0 and p.id is not null then p.jurisdiction else r.jurisdiction end"
    };
    (flags) => {
        "case when r.lacks & 64 <> 0 and p.id is not null then p.flags else r.flags end"
    };
}

/// Whether a refused line of the version names a person `p`, in SQL.
macro_rules! on_a_refused_line {
    () => {
        "exists (select from scope_reject j where j.incident_id = $1 and j.version = $2
            and j.bucket = p.bucket and j.reference_key = p.reference_key)"
    };
}

mod apply;
mod compare;
mod complete;
mod copy;
mod discard;
mod draft;
mod first;
mod groups;
mod identity;
mod reject;
mod staged;
mod stranger;
mod upload;
mod version;

pub use crate::incident::store::lists::{
    is_at_work, list_activating, try_lock, try_lock_session, unlock_session,
};
pub use apply::{Span, apply_former, apply_listed, apply_unlisted, by_bucket};
pub use compare::{Compared, Kind, compare, compare_in, count_kept, count_kinds};
pub use complete::{Completed, Former, Incomplete, complete, find_incomplete, take_over};
pub use copy::{Copy, Rejects, Rows, Says, StagedRow, copy_rejects, copy_rows};
pub use discard::{Which, delete_rejects, delete_rows, delete_staged, discard};
pub use draft::{
    Added, NewReject, Replaced, delete_rejects_at, delete_replaced, delete_version, find_draft,
    find_listed, insert_rejects, move_staged,
};
pub use first::{
    Own, analyze_own, attach_own, complete_own, count_own, create_own, delete_retracted, drop_own,
    is_first, key_own,
};
pub use groups::{RejectGroup, count_rejects, group_rejects, keep_groups};
pub use identity::{
    CountAsked, Judged, Moved, count_another_told, count_asked, count_told_retracted,
    count_told_too_much, find_moved, mark, record_told_too_much, set_other, told_too_much,
};
pub use reject::{
    Closed, close, each_correctable, find_rejects, find_row_keys, list_rejects, list_row_keys,
    reject_owner,
};
pub use staged::{
    Refused, analyze, begin, commit, delete_duplicates, find_by_index, find_duplicates, hurry,
    roll_back, set_progress, summarize, sweep,
};
pub use stranger::{delete_strangers, find_retracted, find_strangers};
pub use upload::{
    delete_idle_uploads, delete_upload, delete_uploads_of, find_piece, find_upload, find_upload_of,
    insert_piece, insert_upload, lock_upload, piece_owner, touch_upload,
};
pub use version::{
    find, insert, list, set_activating, set_active, set_delta, set_draft, set_lines,
};
