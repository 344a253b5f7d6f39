//! People on a waiting list with a reference that was reassigned to another person.

use crate::web::figures::count;

/// The sentence of a list with such people.
pub(super) fn sentence(people: i64) -> String {
    let who = match people {
        1 => "1 person on this list was".to_owned(),
        n => format!("{} people on this list were", count(n)),
    };
    format!(
        "{who} listed under a reference that now names another person. In the file, the column “reference” has the id \
         of each, and “former_reference” the old reference."
    )
}
