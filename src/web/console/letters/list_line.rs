//! The lists that can be taken, as lines of the Letters page.

use super::due::DueList;
use crate::postal::PostalKind;

/// A list that can be taken.
#[derive(Debug, Clone)]
pub struct ListLine {
    /// `letter`, `guardian`, `kin` or `safe`.
    pub kind: &'static str,
    /// The people on it.
    pub who: &'static str,
    /// Its use.
    pub means: &'static str,
    /// Whether its letters are posted.
    pub by_post: bool,
    /// How many people belong on it or on a waiting list.
    pub people: i64,
    /// How many of these are on waiting lists of any kind; `None` if that is not known in time.
    pub waiting: Option<i64>,
    /// The sentence about people without a postal address; empty without any.
    pub without_address: String,
    /// Why it cannot be taken now; empty if it can.
    pub refused: String,
}

/// The line of a kind of list; `refused`: why it cannot be taken now.
pub(super) fn list_line(DueList { due, on_lists }: &DueList, refused: String) -> ListLine {
    let (who, means) = match due.kind {
        PostalKind::Letter => (
            "People whom no e-mail reaches",
            "For the mail house: names, postal addresses, links and the code that each letter prints.",
        ),
        PostalKind::Guardian => (
            "Parents and guardians of minors",
            "For the mail house. Minors of this incident get no e-mail.",
        ),
        PostalKind::Correction => (
            "People who were told of something that is not theirs, and whom no e-mail reaches",
            "For the mail house. The list says what was told wrongly; the letter says what is so now.",
        ),
        PostalKind::Kin => (
            "Next of kin of people who died",
            "For those who tell them. It carries no link and no code.",
        ),
        PostalKind::Safe | PostalKind::Single => (
            "People at a protected address",
            "For those who reach them through a safe channel. It carries no link and no code.",
        ),
    };
    ListLine {
        kind: due.kind.as_str(),
        who,
        means,
        by_post: due.kind.is_posted(),
        people: due.people,
        waiting: *on_lists,
        without_address: String::new(),
        refused,
    }
}
