//! Status links and notice codes: made and checked without a database.
