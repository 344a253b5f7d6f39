//! Every typed id in one register.
