//! The database: pool, transactions, migrations, and what can go wrong there.

mod connect;
pub mod embedded;
pub mod enums;
mod error;
mod guarded;
mod migrate;
pub mod notify;
mod outage;
mod pool;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod schema;
mod statement;
mod tx;
mod watch;

pub use connect::Connector;
pub use error::{Error, Result};
pub use guarded::Guarded;
pub use migrate::{Migrations, migrate, pending};
pub use outage::Trouble;
pub use pool::{Conn, Db, Limits, PoolState};
pub use statement::statement;
pub use tx::{Lent, Tx, within};
