//! The progress line of an import.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::scope::import::Progress;

/// Shows the progress on a terminal. `size` is that of the file in octets, if it is known.
pub(super) fn bar(size: Option<u64>) -> impl Fn(Progress) {
    let terminal = std::io::stderr().is_terminal();
    let start = Instant::now();
    move |progress| {
        if terminal {
            let words = so_far(progress, size, start.elapsed());
            let _ = write!(std::io::stderr(), "\r\x1b[K{words}");
        }
    }
}

/// `12,400 rows, 3 rejected, 98,000 rows/s, 41 %, about 2 min left`.
fn so_far(progress: Progress, size: Option<u64>, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let rows = progress.accepted + progress.rejected;
    let rate = rows as f64 / seconds;
    let mut words = format!(
        "{rows} rows, {} rejected, {rate:.0} rows/s",
        progress.rejected
    );
    match size {
        _ if progress.comparing => words += ", comparing with the list in force",
        Some(size) if progress.bytes > 0 => {
            let part = (progress.bytes as f64 / size as f64).min(1.0);
            let left = seconds * (1.0 - part) / part;
            let left = match left {
                ..90.0 => format!("{left:.0} s"),
                left => format!("{:.0} min", left / 60.0),
            };
            words += &format!(", {:.0} %, about {left} left", part * 100.0);
        }
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_rate_and_time_left() {
        let at = |bytes, comparing| Progress {
            bytes,
            accepted: 990,
            rejected: 10,
            comparing,
        };
        let after = |progress, size| so_far(progress, size, Duration::from_secs(10));
        assert_eq!(
            after(at(250, false), Some(1_000)),
            "1000 rows, 10 rejected, 100 rows/s, 25 %, about 30 s left"
        );
        assert!(after(at(1, false), Some(1_000)).ends_with("about 166 min left"));
        assert_eq!(
            after(at(9, false), None),
            "1000 rows, 10 rejected, 100 rows/s"
        );
        assert!(after(at(9, true), Some(9)).ends_with("comparing with the list in force"));
    }
}
