//! The public pages: what a customer sees, a phone in their hand. Each file holds what one page
//! needs to know; its template lies beside it.
//!
//! | request | page or answer | form fields (`csrf` in each) |
//! |---|---|---|
//! | `GET /` | [`home::Home`] | |
//! | `GET /incidents/{slug}` | [`incident::IncidentPage`] | |
//! | `GET /s/{token}` | [`my_status::MyStatus`] | |
//! | `POST /s/{token}/code` | sends a code, back to `back` with `?code#unlock` | `back` |
//! | `POST /s/{token}/open` | opens tier 1 for the session, back to `back` | `back`, `code` |
//! | `POST /s/{token}/leave` | closes tier 1, back to the page | |
//! | `POST /s/{token}/tickets` | asks, on to the next | `text`, `harm` (`yes` or absent) |
//! | `GET /s/{token}/tickets/{number}/asked` | [`asked::Asked`] | |
//! | `GET /s/{token}/tickets/{number}` | [`my_ticket::MyTicket`] | |
//! | `POST /s/{token}/tickets/{number}/messages` | replies, back to the ticket | `text` |
//! | `POST /s/{token}/tickets/{number}/reopen` | "this did not help" | |
//! | `GET, POST /verify` | [`verify::Verify`] | `code` |
//! | `GET, POST /find-me` | [`find_me::FindMe`] | `email` |
//!
//! A form that is refused answers 422 with the same page, its faults, and what was typed.

pub mod asked;
pub mod find_me;
pub mod home;
pub mod incident;
pub mod my_status;
pub mod my_ticket;
pub mod problem;
pub mod unlock;
pub mod verify;

use crate::web::page::Moment;

/// A dated public statement.
#[derive(Debug, Clone)]
pub struct Update {
    /// `known`, `checking` or `corrected`.
    pub kind: String,
    /// When it was published.
    pub at: Moment,
    /// Plain text; line breaks are kept.
    pub text: String,
}

/// One line of an incident's fact sheet.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its key, shown as words: `what_happened`.
    pub key: String,
    /// Plain text; line breaks are kept.
    pub value: String,
}
