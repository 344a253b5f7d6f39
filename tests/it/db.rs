//! The database: the private Postgres, schema, locks, TLS, restored copies, key rotation.

mod embedded;
mod key_rotation;
mod locks;
mod restore;
mod schema;
mod tls;
