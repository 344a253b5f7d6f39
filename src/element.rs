//! The kinds of data a breach exposes: one bit each.
