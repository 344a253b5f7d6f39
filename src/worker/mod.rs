//! The senders: loops, leases and cancellation. The rules are in `delivery`.

pub mod audit_log;
mod breaker;
mod chore;
mod connection;
pub mod decided;
mod heard;
mod idle;
mod leased_batch;
mod loader;
mod outbox_loader;
mod outbox_mail;
mod outcome_writer;
mod pace;
mod plan;
pub(crate) mod postman;
mod providers;
mod queue;
mod relay_state;
mod reply_handler;
mod send_permission;
mod unwritten_at_exit;
mod way;
mod wire;

use crate::app::App;
use crate::config::{ConfigError, RelayConfig};
use crate::mail::{Relay, RelayUrlError};
use crate::shutdown::Shutdown;

/// Why the senders could not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// A relay's URL.
    #[error("configuration: mail.relays: {name}: {why}")]
    Relay {
        /// Which relay.
        name: String,
        /// What is wrong.
        why: RelayUrlError,
    },
    /// Another setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No relay is configured.
    #[error("configuration: mail.relays is empty: nothing could be sent. See config/default.toml")]
    NoRelay,
}

/// A relay and how it may be used.
#[derive(Debug, Clone)]
pub struct Route {
    /// The relay.
    pub relay: Relay,
    /// Connections at once.
    pub connections: usize,
    /// Messages a second; 0 is unlimited.
    pub rate_per_second: u32,
    /// Used only while no other can be.
    pub standby: bool,
}

/// The relays of the configuration.
///
/// # Errors
/// [`WorkError::Relay`], [`WorkError::NoRelay`].
pub fn routes(relays: &[RelayConfig]) -> Result<Vec<Route>, WorkError> {
    if relays.is_empty() {
        return Err(WorkError::NoRelay);
    }
    relays
        .iter()
        .map(|config| {
            let relay = Relay::from_url(&config.name, config.url.expose()).map_err(|why| {
                WorkError::Relay {
                    name: config.name.clone(),
                    why,
                }
            })?;
            Ok(Route {
                relay,
                connections: config.connections,
                rate_per_second: config.rate_per_second,
                standby: config.standby,
            })
        })
        .collect()
}

/// Starts postman and chores; they run until `shutdown` asks them to leave.
pub fn start(app: &App, routes: Vec<Route>, shutdown: &Shutdown) {
    let app = &app.patient();
    postman::start(app, routes, shutdown);
    shutdown.spawn(chore::run(app.clone(), shutdown.clone()));
    shutdown.spawn(chore::review(app.clone(), shutdown.clone()));
    shutdown.spawn(chore::launch(app.clone(), shutdown.clone()));
}
