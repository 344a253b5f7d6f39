//! A horizontal bar of several parts, as SVG rectangles.

/// One part of a bar, with its key below.
#[derive(Debug, Clone)]
pub struct Part {
    /// The word of the key.
    pub name: &'static str,
    /// Its figure.
    pub figure: i64,
    /// Which fill: `done`, `busy`, `look`, `idle` or `act`.
    pub fill: &'static str,
}

/// A rectangle of a drawing, in the drawing's own units.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "SVG's own names")]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub fill: &'static str,
}

/// Lays parts side by side on a bar 1000 wide; whatever is not zero stays visible.
pub fn lay(parts: &[Part]) -> Vec<Rect> {
    const LEAST: f64 = 4.0;
    let whole: i64 = parts.iter().map(|p| p.figure.max(0)).sum();
    let seen = parts.iter().filter(|p| p.figure > 0);
    let widths: Vec<(f64, &'static str)> = seen
        .map(|p| ((p.figure as f64 / whole as f64 * 1000.0).max(LEAST), p.fill))
        .collect();
    let scale = 1000.0 / widths.iter().map(|w| w.0).sum::<f64>().max(1.0);
    let mut x = 0.0;
    let place = |(width, fill): (f64, &'static str)| {
        let rect = Rect {
            x: tenth(x),
            y: 0.0,
            width: tenth(width * scale - 1.5),
            height: 10.0,
            fill,
        };
        x += width * scale;
        rect
    };
    widths.into_iter().map(place).collect()
}

/// Keeps drawings short: one decimal is finer than any screen here.
pub(super) fn tenth(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_filled_exactly_and_hides_nothing() {
        let part = |figure, fill| Part {
            name: "",
            figure,
            fill,
        };
        let bar = lay(&[part(10_000_000, "done"), part(1, "act"), part(0, "look")]);
        assert_eq!(bar.len(), 2);
        assert!(
            bar[1].width >= 2.0,
            "one person among ten million is still seen"
        );
        assert!((bar[1].x + bar[1].width - 1000.0).abs() < 2.0);
    }
}
