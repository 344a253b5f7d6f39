//! The one integration binary.

mod look;
