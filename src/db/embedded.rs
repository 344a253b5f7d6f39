//! A private Postgres cluster for the demo and the tests.
