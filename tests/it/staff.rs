//! Staff accounts: signing in, sessions, keys and passwords.

mod credentials;
mod sign_in;
