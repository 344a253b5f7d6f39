//! A reference that names another person than before.

use crate::person::store::Reference;

/// The sentence about a reference that was reassigned to another person.
pub(crate) fn reassigned(reference: Reference) -> String {
    match reference {
        Reference::NamesAnother(version) => format!(
            "The person of this reference changed: since version {version} the list names another person by it. This is \
             the former person, and what you write goes to them."
        ),
        Reference::NamedAnother(version) => format!(
            "The person of this reference changed: until version {version} the list named another person by it, whose \
             questions are not shown here."
        ),
    }
}
