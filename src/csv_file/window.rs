//! The part of a source that is being looked at.

use std::io::{self, ErrorKind, Read};

/// Octets read at once.
const AT_ONCE: usize = 64 << 10;

/// Bytes of a source from the beginning of a record on, as many as were asked for.
pub(super) struct Window<R> {
    source: R,
    held: Vec<u8>,
    /// What of `held` was read and not passed over.
    from: usize,
    to: usize,
    /// Whether the source has ended.
    is_all: bool,
}

impl<R: Read> Window<R> {
    /// A window on `source`; `start` was read from it before.
    pub(super) fn new(start: Vec<u8>, source: R) -> Self {
        Self {
            source,
            from: 0,
            to: start.len(),
            held: start,
            is_all: false,
        }
    }

    /// What is in it, and whether nothing follows.
    pub(super) fn look(&self) -> (&[u8], bool) {
        (&self.held[self.from..self.to], self.is_all)
    }

    /// Where its bytes come from.
    pub(super) const fn source(&self) -> &R {
        &self.source
    }

    /// Moves its beginning.
    pub(super) fn pass(&mut self, octets: usize) {
        self.from += octets;
    }

    /// Reads more into it.
    pub(super) fn widen(&mut self) -> io::Result<()> {
        self.held.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        // One read in most cases: what is left over is the beginning of one record.
        self.held.resize(self.to + AT_ONCE, 0);
        loop {
            match self.source.read(&mut self.held[self.to..]) {
                Ok(octets) => {
                    self.to += octets;
                    self.is_all = octets == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
