//! The fixed frame of a notice, in HTML and in text.
