//! The only source of the present time; fixed in tests.
