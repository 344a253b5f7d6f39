//! One row of the affected list: a person, or the errors that refuse it.
