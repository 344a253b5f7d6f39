//! Accounts of staff: signing in, the own account, the list that admins see.

pub mod list;
pub mod me;
pub mod sign_in;
