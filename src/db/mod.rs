//! The database: pool, transactions, migrations, and what can go wrong there.

pub mod bell;
pub mod embedded;
pub mod enums;
mod error;
mod migrate;
mod pool;
pub mod request;
pub mod schema;
mod statement;

pub use error::{Error, Result};
pub use migrate::{Migrations, migrate, pending};
pub use pool::{Conn, Db, Lent, Limits, PoolState, Tx};
pub use statement::statement;
