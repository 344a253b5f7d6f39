//! What every verb is handed: the database, the keys, the clock and the settings. Cheap to clone.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};

use crate::clock::{Clock, Throttle};
use crate::config::{Config, ConfigError};
use crate::db::{self, Db, Limits};
use crate::mail::dkim::{Signer, Signers};
use crate::noticed::Noticed;
use crate::seal::{self, Keyring};
use crate::telemetry::Metrics;

/// One running Candor, whichever of its parts are at work in this process.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The keys derived from the master key.
    pub keys: Keyring,
    /// What signs letters.
    pub signers: Signers,
    /// The present time.
    pub clock: Clock,
    /// The settings.
    pub config: Arc<Config>,
    /// The figures of this process.
    pub metrics: Metrics,
    /// What was read and refused and is not in the audit log yet.
    pub noticed: Noticed,
    /// Whether [`Self::keys`] were found to be those of the database.
    pub has_right_keys: Arc<AtomicBool>,
    /// Limits how often this process looks for tickets with an expired lease.
    pub lease_check: Throttle,
}

/// Why the program could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or bad.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl App {
    /// Puts the parts together; opens no connection yet.
    ///
    /// # Errors
    /// [`StartError::Config`] naming the key that is missing or bad.
    pub fn new(config: Config, clock: Clock) -> Result<Self, StartError> {
        let keys = config.secrets.keyring()?;
        let signers = config.mail.dkim_keys(Signer::new)?.into_iter().collect();
        Self::with_keys(config, clock, keys, signers)
    }

    fn with_keys(
        config: Config,
        clock: Clock,
        keys: Keyring,
        signers: Signers,
    ) -> Result<Self, StartError> {
        Ok(Self {
            db: Db::with_limits(
                config.database_url()?,
                config.database.pool,
                Limits::from(&config.database),
            )?,
            keys,
            signers,
            clock,
            config: Arc::new(config),
            metrics: Metrics::new(),
            noticed: Noticed::default(),
            has_right_keys: Arc::default(),
            lease_check: Throttle::default(),
        })
    }

    /// The program for what needs no key, such as the emergency stop while the place of the keys is away: what it would
    /// seal could never be opened.
    ///
    /// # Errors
    /// [`StartError`] if the database's address is missing or bad.
    pub fn without_keys(config: Config, clock: Clock) -> Result<Self, StartError> {
        Self::with_keys(
            config,
            clock,
            Keyring::new(&seal::random()),
            Signers::default(),
        )
    }

    /// The same program for work that may take long: its statements and locks have no time limits.
    pub fn patient(&self) -> Self {
        Self {
            db: self.db.patient(),
            ..self.clone()
        }
    }

    /// The same program for acts of several transactions: each ends by itself, also within a request.
    /// The one that is the act calls [`crate::staff::replay::store::mark_done`].
    pub fn apart(&self) -> Self {
        Self {
            db: self.db.apart(),
            ..self.clone()
        }
    }

    /// The present time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}
