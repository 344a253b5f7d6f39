//! A connection of a line, counted as long as it is kept.

use prometheus::IntGauge;

use super::trunk::{Counted, Trunk};
use crate::app::App;
use crate::mail;

/// An open connection, counted as long as it is kept.
pub struct Wire<'a> {
    /// The connection.
    pub line: mail::Line,
    _counted: Counted<'a>,
    _shown: Shown,
}

impl<'a> Wire<'a> {
    /// Counts a connection that was just opened.
    pub fn new(line: mail::Line, app: &App, trunk: &'a Trunk) -> Self {
        let relay = trunk.route.relay.name();
        let gauge = app.metrics.connections.with_label_values(&[relay]);
        gauge.inc();
        Self {
            line,
            _counted: trunk.opened(),
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
