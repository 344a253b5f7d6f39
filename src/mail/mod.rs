//! Finished mail and the relays that take it; the only folder that names lettre.
//!
//! A verb fills a [`Draft`], [`compose()`] makes it a [`Letter`], a [`Relay`] gives a [`Line`],
//! and each letter sent down the line comes back as one [`Reply`]. What a reply means for the
//! notice is not decided here but in `delivery::policy`.

pub mod dkim;
pub mod folder;
pub mod memory;
pub mod read;
pub(crate) mod smtp;

mod answer;
mod canon;
mod compose;
mod encode;
mod features;
mod letter;
mod opening;
mod permit;
mod reach;
mod relay;
mod replies;
mod reply;
mod session;
mod settings;
mod sign_in;
mod silence;
mod stuffing;
mod tls;
mod url;
mod wire;

pub use compose::{ComposeError, Draft, Mailbox, compose};
pub use encode::one_line;
pub use letter::Letter;
pub use permit::Asked;
pub use relay::{Line, Relay, always};
pub use reply::Reply;
pub use silence::Silence;
pub use url::RelayUrlError;
