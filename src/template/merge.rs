//! Closed placeholders and optional blocks in a Markdown body.
