//! What a reply means for a notice: the whole retry policy.
