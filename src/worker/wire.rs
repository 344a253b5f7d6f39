//! A connection of a connection, counted as long as it is kept.

use prometheus::IntGauge;

use super::relay_state::{Counted, RelayState};
use crate::app::App;
use crate::mail;

/// An open connection, counted as long as it is kept.
pub(crate) struct Wire<'a> {
    /// The connection.
    pub connection: mail::Line,
    _counted: Counted<'a>,
    _shown: Shown,
}

impl<'a> Wire<'a> {
    /// Counts a connection that was just opened.
    pub(crate) fn new(connection: mail::Line, app: &App, relay_state: &'a RelayState) -> Self {
        let relay = relay_state.route.relay.name();
        let gauge = app.metrics.connections.with_label_values(&[relay]);
        gauge.inc();
        Self {
            connection,
            _counted: relay_state.opened(),
            _shown: Shown(gauge),
        }
    }
}

/// One in a gauge, as long as it lives.
struct Shown(IntGauge);

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.dec();
    }
}
